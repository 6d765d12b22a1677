/* volume.h - volumes: directories that outlive the containers they are mounted in.
 *
 * On disk: ROOT/NAME/_data, and a row in the state database.  The row is written
 * before the directory and goes after it has been renamed out of sight, so that a
 * killed daemon leaves a volume that is whole or none: a row without a directory gets
 * one again, a directory that waits to be removed is removed at the next start.
 *
 * Options are Docker's `local` driver's: without any, _data is the volume.  With
 * `type`, `device` and `o` it is where that is mounted while a container runs that
 * uses it.
 *
 * All functions are thread-safe.  Errors have Docker's words.
 */
#ifndef DRYDOCK_VOLUME_VOLUME_H
#define DRYDOCK_VOLUME_VOLUME_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/kernel.h"

/* A volume that was made without a name has this label, as with Docker since 23. */
#define VOLUME_ANONYMOUS "com.docker.volume.anonymous"

struct volumes;

struct volume {
	char *name, *dir;		/* dir: the volume's contents, absolute */
	cJSON *labels, *options;	/* objects of text, or NULL */
	uint64_t created_ns;		/* wall clock */
};
void volume_free(struct volume *v);
#define autovolume __attribute__((cleanup(cleanup_volume)))
static inline void cleanup_volume(struct volume **v) { if (*v) volume_free(*v); }

/* k mounts what volumes with options name.  root is made if missing. */
int volumes_open(const char *root, const char *db_path, struct kernel *k, struct volumes **out,
		 struct err *e);
void volumes_close(struct volumes *vs);

/* EINVAL for a name or options that can't be.  name "" or NULL: a random one, and the
 * label that says so.  A volume that is there already is returned as it is, *made
 * (may be NULL) tells.  labels, options: borrowed, may be NULL. */
int volume_create(struct volumes *vs, const char *name, const cJSON *labels, const cJSON *options,
		  struct volume **out, bool *made, struct err *e);
/* Where the contents of a volume of this name are, or would be; owned. */
char *volume_path(const struct volumes *vs, const char *name);
/* The check of a name alone. */
int volume_check_name(const char *name, struct err *e);
/* "" and "local" are the driver there is; 404 for others. */
int volume_check_driver(const char *driver, struct err *e);
/* 404 "get x: no such volume". */
int volume_get(struct volumes *vs, const char *name, struct volume **out, struct err *e);
/* All of them by name; the array is the caller's (volumes_free). */
int volume_list(struct volumes *vs, struct volume ***out, size_t *n, struct err *e);
void volume_list_free(struct volume **v, size_t n);
/* users(arg, name) returns the ids that use it, ", " between them, owned; NULL: nobody.
 * 409 if there are any. */
int volume_remove(struct volumes *vs, const char *name,
		  char *(*users)(void *arg, const char *name), void *arg, struct err *e);

/* Makes the contents reachable at its dir, and takes that back; nothing to do for a
 * volume without options, or one that is mounted already. */
int volume_mount(struct volumes *vs, const struct volume *v, struct err *e);
int volume_unmount(struct volumes *vs, const struct volume *v, struct err *e);
/* Bytes of its files. */
int64_t volume_size(const struct volume *v);

#endif
