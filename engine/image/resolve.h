/* resolve.h - paths that can't leave a layer's directory. */
#ifndef DRYDOCK_IMAGE_RESOLVE_H
#define DRYDOCK_IMAGE_RESOLVE_H

#include <stdbool.h>

/* Opens the directory `path` (O_PATH) as a program whose root is `root` would
 * see it: symbolic links are followed, absolute ones and ".." stay inside.
 * -errno; -EXDEV and -ELOOP for what only an attack contains. */
int resolve_dir(int root, const char *path);

/* The second way, for kernels before 5.6 and for tests: DRYDOCK_NO_OPENAT2 in
 * the environment makes resolve_dir() take it. */
int resolve_dir_walk(int root, const char *path);

/* Opens anything, in the same sense; flags as of open(2), O_NOFOLLOW for the last
 * name.  For trees that others write in: needs openat2, else -ENOSYS. */
int resolve_open(int root, const char *path, int flags);

/* Makes the directories of `path` that are missing, 0755 and ours.  0 or -errno. */
int resolve_make_dirs(int root, const char *path);

/* Where an open directory is, without any symbolic link; caller frees, NULL if gone. */
char *resolve_where(int dir);

#endif
