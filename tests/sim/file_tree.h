/* file_tree.h - what lies below a folder, as text: a line each with mode, owner and
 * content, in order of names; of the real file system or of a simulated one. */
#ifndef DRYDOCK_TESTS_SIM_FILE_TREE_H
#define DRYDOCK_TESTS_SIM_FILE_TREE_H

#include <sys/stat.h>

#include "core/str.h"

struct files {
	void *arg;
	int (*lstat)(void *arg, const char *path, struct stat *st);
	char **(*names)(void *arg, const char *dir);		/* caller: strv_free() */
	void (*content)(void *arg, const char *path, struct str *out);
	void (*target)(void *arg, const char *path, struct str *out);
};

void file_tree(const struct files *f, const char *dir, struct str *out);

#endif
