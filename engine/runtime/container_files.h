/* container_files.h - which layer does a path come from?
 *
 * The kernel merges an overlay's layers; nothing tells from the merged view
 * which of them a file belongs to.  So the daemon walks the same stack by the
 * overlay's own rules (kernel documentation, filesystems/overlayfs: a whiteout
 * is a character device 0:0, an opaque directory hides what is below it), one
 * name at a time, following symbolic links as if the top were "/".
 *
 * A container may change its files while we look: no step follows a link
 * outside, and what is read is read through the descriptor that was checked.
 */
#ifndef DRYDOCK_RUNTIME_CONTAINER_FILES_H
#define DRYDOCK_RUNTIME_CONTAINER_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/str.h"
#include "kernel/kernel.h"

/* A stack of directories, top first.  Borrowed text. */
struct layers {
	const char *dir[130];	/* the overlay itself takes no more than 128 lower ones */
	size_t n;
	struct kernel *k;	/* asks for the overlay's marks; NULL: past the trace */
};

struct layer_file {
	size_t layer;		/* index into layers.dir */
	struct stat st;
	char path[PATH_MAX];	/* where links led: absolute inside the container */
};

/* -ENOENT, -ELOOP, -ENOTDIR as open(2) would say.  follow: the last name too. */
int layers_find(const struct layers *l, const char *path, bool follow, struct layer_file *out);
/* Reads a regular file of at most `max` bytes that layers_find() found. */
int layers_read(const struct layers *l, const struct layer_file *f, size_t max, struct str *out);
/* The file `path` (as layers_find() with follow) as text; absent is -ENOENT. */
int layers_read_path(const struct layers *l, const char *path, size_t max, struct str *out);

/* What layer i itself says about a path without links on the way to it: 0 with its stat (a
 * whiteout is one, too), or -ENOENT and the like. */
int layers_stat(const struct layers *l, size_t i, const char *path, struct stat *st);

bool is_whiteout(const struct stat *st);
/* Lowercase hex SHA-256; hex has room for 65 bytes. */
void sha256_hex(const void *data, size_t n, char *hex);

#endif
