/* unpack.h - a tar stream becomes a directory that overlayfs can take as a layer. */
#ifndef DRYDOCK_IMAGE_UNPACK_H
#define DRYDOCK_IMAGE_UNPACK_H

#include <archive.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "image/stream.h"
#include "kernel/kernel.h"

/* Reads tar to its end and fills the directory, which exists and is empty.
 * *bytes: the regular files' sizes together.  EBADMSG for a tar that is damaged
 * or names something outside; the directory is then half full and to be thrown
 * away by the caller. */
int layer_unpack(struct kernel *k, struct stream *tar, const char *dir, int64_t *bytes,
		 struct err *e);

/* The same for any tree that is there already and that others may write in. */
struct unpack_options {
	struct kernel *k;
	int root;		/* open directory: "/" for all names and links */
	const char *below;	/* where in it the archive's names begin; "" for the root */
	bool layer;		/* whiteouts hide names; else they are files like others */
	bool keep_kinds;	/* a directory isn't replaced by a file, nor a file by one */
	bool give;		/* all to this user … */
	uid_t uid;
	gid_t gid;
	/* True for a directory that nothing may be written to.  NULL: none is. */
	bool (*foreign)(void *arg, int fd);
	void *arg;
	int64_t bytes;		/* out */
};
int tar_unpack(struct unpack_options *o, struct stream *tar, struct err *e);

/* Compares the directory with the tar it was made from: EBADMSG and the first
 * path that differs in kind, mode, owner, size or content. */
int layer_compare(struct stream *tar, const char *dir, struct err *e);

/* What both read from. */
struct tar_source { struct stream *in; void *buf; struct err err; };
struct archive *tar_open(struct tar_source *src, struct err *e);
/* Next header: 1, 0 at the end, -errno. */
int tar_next(struct archive *a, struct tar_source *src, struct archive_entry **entry,
	     struct err *e);
void tar_close(struct archive *a, struct tar_source *src);
int tar_fail(struct archive *a, struct tar_source *src, struct err *e);

/* A name as tar writes it, made relative and plain: no leading "/" or "./", no
 * empty or "." part.  NULL if a part is "..": the caller frees. */
char *tar_clean_name(const char *name);

#endif
