/* image.h - the local store: blobs, layers, images and their names.
 *
 * On disk below ROOT/image/:  blobs/sha256/HEX (as received), layers/HEX/fs
 * (unpacked; HEX is the layer's DiffID, so that one base serves every image on
 * it, whatever order it was pulled in), tmp/ (everything half made; emptied at
 * start), image.db (names and metadata), lock: one process a store.
 * All functions are thread-safe.
 */
#ifndef DRYDOCK_IMAGE_IMAGE_H
#define DRYDOCK_IMAGE_IMAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/kernel.h"

struct image_store;

struct image {
	char *id;		/* "sha256:…" of the configuration */
	cJSON *config;		/* the OCI/Docker image configuration document */
	size_t n_layers;
	char **diff_ids;	/* base first */
	char **layer_dirs;	/* the same order: absolute paths, ready for lowerdir */
	int64_t *layer_sizes;	/* and bytes, unpacked */
	char **tags;		/* "name:tag" in familiar form */
	char **digests;		/* "name@sha256:…" */
	int64_t size;		/* bytes, all layers unpacked */
	int64_t created_ns;
	int64_t tagged_ns;	/* when it last got a name here; 0: never, as after a pull */
};
void image_free(struct image *img);
#define autoimage __attribute__((cleanup(cleanup_image)))
static inline void cleanup_image(struct image **i) { if (*i) image_free(*i); }

/* k is used for what is taught: whiteouts and overlay xattrs.  Repairs what a
 * kill has left.  EBUSY while another process has the store open. */
int image_store_open(const char *root, struct kernel *k, struct image_store **out, struct err *e);
void image_store_close(struct image_store *s);
/* How many layers of a pull are fetched at a time, and how often in a row a broken one is
 * tried; 0: Docker's 3 and 5.  Before the first pull. */
void image_store_pulls(struct image_store *s, int workers, int attempts);

/* name[:tag], name@digest, or an unambiguous id prefix.  ENOENT (404) with
 * docker's words: "No such image: REF". */
int image_get(struct image_store *s, const char *ref, struct image **out, struct err *e);
/* Only its id ("sha256:…", owned): nothing is read but the names. */
int image_find(struct image_store *s, const char *ref, char **id, struct err *e);
int image_list(struct image_store *s, struct image ***out, size_t *n, struct err *e);
int image_tag(struct image_store *s, const char *id, const char *ref, struct err *e);

/* One entry per thing done; freed with strv_free. */
struct image_removed { char **untagged; char **deleted; int64_t bytes; };
void image_removed_free(struct image_removed *r);
/* in_use(arg, id, …) says whether a container uses the image, and writes which:
 * "running ID" (409 in any case) or "ID" of one that is stopped (409 unless
 * REMOVE_FORCE; its layers then stay until the container goes).  NULL: nothing is in use.
 * Images without a name that it was built on go along, but for REMOVE_KEEP_PARENTS. */
enum image_removal { REMOVE_FORCE = 1, REMOVE_KEEP_PARENTS = 2 };	/* to be or'ed */
int image_remove(struct image_store *s, const char *ref, int how,
		 bool (*in_use)(void *arg, const char *id, char *holder, size_t cap), void *arg,
		 struct image_removed *out, struct err *e);
/* Images with no name (all: and no container). */
int image_prune(struct image_store *s, bool all,
		bool (*in_use)(void *arg, const char *id, char *holder, size_t cap), void *arg,
		struct image_removed *out, struct err *e);

/* The history array of docker history / GET /images/x/history, newest first. */
cJSON *image_history(struct image_store *s, const struct image *img);

/* Pull: progress is called from several threads under a lock, in docker's words. */
struct pull_progress {
	const char *id;		/* short layer digest, or NULL for a line of the whole pull */
	const char *status;	/* "Downloading", "Already exists", "Pull complete" … */
	int64_t current, total;
	const char *digest, *diff_id;	/* on "Pull complete" / "Already exists" */
	bool is_new;
};
struct pull_options {
	const char *ref;		/* as the user wrote it, normalised inside */
	const char *platform;		/* NULL: this machine's */
	const char *auth;		/* X-Registry-Auth, base64url JSON, or NULL */
	char *const *mirrors;		/* tried in order before the registry of the name */
	char *const *insecure;		/* host[:port] allowed over plain HTTP; loopback always is */
	bool offline;			/* only the mirrors */
	void (*progress)(void *arg, const struct pull_progress *p);
	void *arg;
	const _Atomic bool *cancel;	/* true: give up, leaving nothing half-made */
};
int image_pull(struct image_store *s, const struct pull_options *o, struct image **out,
	       struct err *e);

/* What the registry of a name says of it, and nothing is fetched: owned, Docker's
 * {"Descriptor":{"mediaType","digest","size"},"Platforms":[{"architecture","os"}]}, and the
 * manifest's text as "Raw". */
int image_inspect_remote(struct image_store *s, const struct pull_options *o, cJSON **out,
			 struct err *e);

/* The tags that the registry of a name has for its repository; owned. */
int image_remote_tags(struct image_store *s, const struct pull_options *o, char ***out,
		      struct err *e);

/* Push: to the registry of the name, to `url` if given, or into the folder of a
 * registry on this machine (the course registry takes the place of Docker Hub that
 * way).  Lines as docker's; id is the layer's. */
struct push_options {
	const char *ref;		/* name:tag of an image here */
	const char *url;		/* "http://127.0.0.1:5000", or NULL */
	const char *shelf;		/* registry/storage.h's ROOT, or NULL */
	const char *auth;		/* as in pull_options, and the rest too */
	char *const *insecure;
	void (*progress)(void *arg, const struct pull_progress *p);
	void *arg;
	const _Atomic bool *cancel;
};
struct push_done { char digest[72]; int64_t size; };	/* of the manifest */
int image_push(struct image_store *s, const struct push_options *o, struct push_done *out,
	       struct err *e);

/* Packs a directory tree (an overlay upper: whiteouts become .wh. files) as a
 * gzip layer and stores the blob.  layer_from_tree() adopts the tree itself as
 * the unpacked layer: on success dir is gone.  layer_from_live() leaves it alone
 * (a container may still use it) and keeps a copy.  The layer stays until an
 * image_create() lists it, or the store is closed. */
struct layer_made { char digest[72], diff_id[72]; int64_t size, unpacked; };
int layer_from_tree(struct image_store *s, const char *dir, struct layer_made *out, struct err *e);
int layer_from_live(struct image_store *s, const char *dir, struct layer_made *out, struct err *e);
/* No image will list it after all. */
void layer_let_go(struct image_store *s, const struct layer_made *layer);
/* Stores a configuration whose layers are all here; gives it the name unless NULL. */
int image_create(struct image_store *s, const cJSON *config, const char *ref, struct image **out,
		 struct err *e);
/* Checks every blob and unpacked layer of an image again. */
int image_check(struct image_store *s, const struct image *img, struct err *e);

#endif
