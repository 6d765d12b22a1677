/* store.h - the inside of the image store (image.h is its outside).
 *
 * Files come first, records after: a blob or layer is made whole below tmp/,
 * renamed to its place, and only then written down.  So whatever moment the
 * program is killed in, the next start needs to know only two rules:
 *   - what lies below tmp/, or in its place without a record, is thrown away;
 *   - a record whose files are missing is dropped (after unpacking the layer
 *     again where its blob is still there).
 * Blobs are synced before they are renamed.  Unpacked layers are not (thousands
 * of small files): after a power cut image_check() finds what is missing.
 *
 * Nothing counts references.  What is unused is a question to the database:
 * layers that no image lists and no one at work has pinned.
 */
#ifndef DRYDOCK_IMAGE_STORE_H
#define DRYDOCK_IMAGE_STORE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sqlite3.h>

#include "core/error.h"
#include "core/str.h"
#include "image/digest.h"
#include "image/image.h"

/* A layer on its way, for others that want the same one. */
struct flight {
	char diff_id[DIGEST_TEXT];
	_Atomic int64_t current, total;	/* bytes of the blob */
	int users;			/* the one that fetches, and those that wait */
	bool landed;
	struct flight *next;
};

struct image_store {
	char *root;			/* ROOT/image */
	struct kernel *k;
	sqlite3 *db;
	int lock_fd;			/* flock: one process a store */
	pthread_mutex_t lock;		/* database transactions, flights, renames into place */
	pthread_cond_t landed;
	struct flight *flights;
	atomic_uint serial;		/* names below tmp/ */
	int workers, attempts;		/* image_store_pulls() */
};

static inline void store_unlock(pthread_mutex_t **m) { pthread_mutex_unlock(*m); }
/* Holds the store's lock until the end of the block. */
#define STORE_LOCKED(s) \
	__attribute__((cleanup(store_unlock), unused)) pthread_mutex_t *locked_ = \
		(pthread_mutex_lock(&(s)->lock), &(s)->lock)

/* Adds to an error about a full disk what to do about it; returns -e->code. */
int store_hint(struct err *e);

/* Paths; the caller frees. */
char *store_blob_path(struct image_store *s, const char *digest);
char *store_layer_path(struct image_store *s, const char *diff_id);	/* …/layers/HEX/fs */
char *store_tmp_path(struct image_store *s, const char *what);		/* a name nobody has */

/* A blob being written: blob_begin, write to fd, then blob_keep.  blob_drop is
 * safe after either. */
struct blob_new { int fd; char *tmp; };
int blob_begin(struct image_store *s, struct blob_new *b, struct err *e);
int blob_keep(struct image_store *s, struct blob_new *b, const char *digest, struct err *e);
void blob_drop(struct blob_new *b);
#define autoblob __attribute__((cleanup(blob_drop)))
int blob_put(struct image_store *s, const void *data, size_t len, char digest[DIGEST_TEXT],
	     struct err *e);
int blob_get(struct image_store *s, const char *digest, struct str *out, struct err *e);

struct layer_record {
	char diff_id[DIGEST_TEXT], digest[DIGEST_TEXT];
	int64_t size, unpacked;		/* bytes: the blob, and all regular files */
};
/* 0, or -ENOENT without touching *out. */
int layer_find(struct image_store *s, const char *diff_id, struct layer_record *out,
	       struct err *e);
/* Moves tmp (which holds fs/) into place and writes the record; tmp is gone in
 * any case.  Pins the layer until layer_unpin(). */
int layer_keep(struct image_store *s, const char *tmp, const struct layer_record *rec,
	       struct err *e);
/* The same for a layer whose blob is in place but which isn't unpacked yet. */
int layer_from_blob(struct image_store *s, const struct layer_record *rec, struct err *e);
/* Pinned layers stay although no image lists them (yet). */
int layer_pin(struct image_store *s, const char *diff_id, const char *holder, struct err *e);
/* diff_id NULL: all that holder has pinned. */
void layer_unpin(struct image_store *s, const char *holder, const char *diff_id);

/* Removes layers and blobs nobody needs; *deleted and *bytes may be NULL.  Not
 * with the lock held. */
int store_collect(struct image_store *s, char ***deleted, int64_t *bytes, struct err *e);

/* Stores a configuration and writes the image down; its layers are in place and
 * pinned.  repo, name and digest may be NULL. */
struct image_record {
	const char *text;	/* the configuration as bytes, which make the id … */
	size_t len;
	const cJSON *config;	/* … and as a document */
	char *const *diff_ids;
	const char *repo;	/* familiar name */
	const char *name;	/* familiar, with tag */
	const char *digest;	/* familiar name@digest */
	char id[DIGEST_TEXT];	/* out */
};
int image_record(struct image_store *s, struct image_record *r, struct err *e);
/* name or digest reference -> image; moves it if it was another's. Lock held. */
int name_put(struct image_store *s, const char *ref, const char *repo, bool is_digest,
	     const char *id, struct err *e);
/* Notes that an image got a name now.  Lock held. */
int image_tagged(struct image_store *s, const char *id, struct err *e);
int image_load(struct image_store *s, const char *id, struct image **out, struct err *e);
/* rootfs.diff_ids of a configuration: EINVAL where they are not a list of digests. */
int image_diff_ids(const cJSON *config, char ***out, struct err *e);

#endif
