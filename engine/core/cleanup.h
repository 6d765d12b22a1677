/* cleanup.h - release by scope.
 *
 *	autofree char *path = str_printf("%s/x", root);
 *	autofd int fd = open(...);
 *
 * steal_fd() and steal_ptr() hand the resource on and disarm the cleanup.
 */
#ifndef DRYDOCK_CORE_CLEANUP_H
#define DRYDOCK_CORE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p) { free(*(void **)p); }
static inline void cleanup_fd(int *fd) { if (*fd >= 0) close(*fd); }
static inline void cleanup_file(FILE **f) { if (*f) fclose(*f); }
static inline void cleanup_dir(DIR **d) { if (*d) closedir(*d); }

#define autofree __attribute__((cleanup(cleanup_free)))
#define autofd   __attribute__((cleanup(cleanup_fd)))
#define autofile __attribute__((cleanup(cleanup_file)))
#define autodir  __attribute__((cleanup(cleanup_dir)))
#define autostr  __attribute__((cleanup(str_free)))	/* struct str, core/str.h */
#define autojson __attribute__((cleanup(json_free)))	/* cJSON *, core/json.h */

static inline int steal_fd(int *fd) { int r = *fd; *fd = -1; return r; }
#define steal_ptr(p) ({ __typeof__(p) r_ = (p); (p) = NULL; r_; })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
