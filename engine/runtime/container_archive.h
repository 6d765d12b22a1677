/* container_archive.h - docker cp: paths of a container as tar, both ways.
 *
 * Paths are the container's: its links are followed inside of it, and nothing leads
 * out.  A path that ends in "/" or "/." means what is there, a link's target;
 * without, it means the link itself.
 */
#ifndef DRYDOCK_RUNTIME_CONTAINER_ARCHIVE_H
#define DRYDOCK_RUNTIME_CONTAINER_ARCHIVE_H

#include <stdint.h>
#include <time.h>

#include "runtime/container_root.h"

struct path_stat {
	char *name;		/* the path's last part; owned */
	char *target;		/* where a link leads in the end, "" for anything else; owned */
	int64_t size;
	uint32_t mode;		/* as Go's os.FileMode */
	struct timespec mtime;
};
/* shown: the container as the caller named it, for errors: 404 "Could not find the
 * file P in container X". */
int container_path_stat(struct container_root *r, const char *path, const char *shown,
			struct path_stat *out, struct err *e);
void path_stat_free(struct path_stat *s);
#define autopathstat __attribute__((cleanup(path_stat_free)))

/* The file or directory as a tar whose names begin with the path's last part. */
int container_archive_get(struct container_root *r, const char *path,
			  int (*sink)(void *arg, const void *data, size_t len, struct err *e),
			  void *arg, struct err *e);

struct archive_put {
	const char *path, *shown;
	bool keep_kinds;	/* noOverwriteDirNonDir */
	bool give;		/* copyUIDGID: all to the container's user */
};
/* Unpacks the tar at fd (closed), packed or not, into the directory. */
int container_archive_put(struct container_root *r, const struct archive_put *o, int fd,
			  struct err *e);

#endif
