/* tree.h - trees of files: summed, and copied into a layer or a volume. */
#ifndef DRYDOCK_IMAGE_TREE_H
#define DRYDOCK_IMAGE_TREE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"
#include "image/digest.h"
#include "kernel/kernel.h"

/* A digest of the file or directory at `path` with all in it: kind, mode, owner,
 * size, link, attributes and content, but no times.  A link itself isn't followed. */
int tree_sum(const char *path, char sum[DIGEST_TEXT], struct err *e);

struct tree_copy {
	struct kernel *k;
	bool keep_owner;	/* else all is uid's and gid's */
	uid_t uid;
	gid_t gid;
	long mode;		/* of files and directories; -1: as it was */
};
/* Copies what is at `from` to the entry `name` of the open directory `dir`.  What is
 * there goes, except that a directory meets one: then both are merged.  Several names of
 * one file are one file again, within one call. */
int tree_copy(const struct tree_copy *o, const char *from, int dir, const char *name,
	      struct err *e);
/* What is in the directory `from` into the open directory. */
int tree_copy_inside(const struct tree_copy *o, const char *from, int dir, struct err *e);

/* The directory `path` below `root`, an open directory that is "/" for it, and its
 * parents, made where they are missing (0755, uid's and gid's); O_PATH, or -errno. */
int tree_make_dir(const struct tree_copy *o, int root, const char *path);

/* The names in a directory, sorted (strv). */
int tree_names(const char *path, char ***out, struct err *e);

#endif
