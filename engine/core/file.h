/* file.h - plain files of our own: configuration, state, blobs.  (What is
 * taught - cgroup and /proc files, whiteouts - goes through the waist.) */
#ifndef DRYDOCK_CORE_FILE_H
#define DRYDOCK_CORE_FILE_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/error.h"
#include "core/str.h"

int file_read(const char *path, struct str *out, struct err *e);
/* Written beside, synced and renamed: readers see the old or the new text. */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode,
		      struct err *e);
int dir_make(const char *path, mode_t mode, struct err *e);	/* like mkdir -p */
/* The same for one that containers write in: 0755, and root's inside (idmap.h) if it is new. */
int dir_make_inside(const char *path, struct err *e);
/* Removes a tree, never following a symlink; absent is success. */
int dir_remove(const char *path, struct err *e);
int dir_remove_at(int dir, const char *name);	/* 0 or -errno */
bool dir_is_empty(const char *path);	/* or isn't there */
/* Bytes used by regular files below path (st_size), not crossing mounts. */
int dir_size(const char *path, int64_t *bytes, struct err *e);
/* Every name below the open directory, each directory before what is in it: fn gets where
 * it is (an open directory, and the path from there with "/" in front).  However deep; a
 * directory that is moved meanwhile is left out from there on.  0 or -errno. */
struct dir_entry { int dir; const char *name, *path; struct stat st; };
int dir_walk(int dir, void (*fn)(void *arg, const struct dir_entry *e), void *arg);
/* The folder that the running program lies in; caller frees. */
char *file_own_folder(void);
int write_all(int fd, const void *data, size_t len);	/* 0 or -errno */

#endif
