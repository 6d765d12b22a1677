/* tar_write.h - trees and single files as a tar stream: layers, exports, archives.
 *
 * What is written goes to a function of the caller's, in pieces; nothing is kept.
 * Trees are walked by descriptor, name by name, without following a link: what
 * runs in a container may change it meanwhile, but can't lead us out of it.
 */
#ifndef DRYDOCK_IMAGE_TAR_WRITE_H
#define DRYDOCK_IMAGE_TAR_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/kernel.h"

/* Takes the next bytes: 0, or -errno with e filled in. */
typedef int (*tar_sink)(void *arg, const void *data, size_t len, struct err *e);

struct tar_writer;
int tar_begin(tar_sink sink, void *arg, struct tar_writer **out, struct err *e);
int tar_end(struct tar_writer *t, struct err *e);	/* the end mark; free it all the same */
void tar_free(struct tar_writer **t);
#define autotar __attribute__((cleanup(tar_free)))

struct tar_tree {
	struct kernel *k;
	bool layer;		/* an overlay's upper directory: its notes become whiteouts */
	/* True for a directory or file that is none of ours to show (another
	 * filesystem): it is written empty.  NULL: all are shown. */
	bool (*foreign)(void *arg, int fd);
	void *arg;
	int64_t bytes;		/* out: the regular files' sizes, added */
	int depth;		/* private: of the directory that is being walked */
};
/* Directories inside each other: as many as a path can name (PATH_MAX / 2).  More are
 * refused, ELOOP: the walk takes a descriptor and under 1 KiB of stack for each. */
#define TAR_DEPTH 2048

/* All that is in the open directory, its names behind `as` ("" or "etc"), sorted;
 * times are cut to whole seconds, and no user names written.  A second name of a
 * file is a link to the first, across all calls for one writer. */
int tar_put_tree(struct tar_writer *t, struct tar_tree *o, int dir, const char *as,
		 struct err *e);
/* One entry of an open directory, under the name `as`; a directory with all in it. */
int tar_put_entry(struct tar_writer *t, struct tar_tree *o, int dir, const char *name,
		  const char *as, struct err *e);

/* Things of our own: root's, 0644, with this time (seconds). */
int tar_put_dir(struct tar_writer *t, const char *name, int64_t mtime, struct err *e);
int tar_put_text(struct tar_writer *t, const char *name, const char *text, int64_t mtime,
		 struct err *e);
int tar_put_file(struct tar_writer *t, const char *name, int fd, int64_t size, int64_t mtime,
		 struct err *e);

#endif
