/* side.h - the real kernel and the simulated one behind the same set of file calls.
 *
 * What compares the two is written once, over a struct side.  Paths are relative to the
 * folder of the sequence that runs (its working directory).  All return >= 0 or -errno.
 */
#ifndef DRYDOCK_TESTS_SIM_SIDE_H
#define DRYDOCK_TESTS_SIM_SIDE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/str.h"

#define SIDE_FILES 4	/* files a sequence may hold open */

struct side {
	void (*user)(uint32_t id);		/* 0: root with all rights; user and group */
	long (*open)(int slot, const char *path, int flags, uint32_t mode);
	void (*close)(int slot);		/* may be closed already */
	long (*read)(int slot, void *buf, size_t n, int64_t at);
	long (*write)(int slot, const void *buf, size_t n, int64_t at);	/* at -1: as it stands */
	long (*truncate)(const char *path, int64_t size);
	long (*mkdir)(const char *path, uint32_t mode);
	long (*mknod)(const char *path, uint32_t mode, uint32_t major, uint32_t minor);
	long (*symlink)(const char *target, const char *path);
	long (*link)(const char *from, const char *to);
	long (*remove)(const char *path, int dir);
	long (*rename)(const char *from, const char *to, unsigned flags);
	long (*chmod)(const char *path, uint32_t mode);
	long (*chown)(const char *path, uint32_t uid, uint32_t gid);	/* of a link itself */
	long (*utime)(const char *path, int64_t seconds);
	long (*setxattr)(const char *path, const char *name, const void *v, size_t n, int how);
	long (*getxattr)(const char *path, const char *name, void *v, size_t n);
	long (*listxattr)(const char *path, char *out, size_t n);
	long (*removexattr)(const char *path, const char *name);
	long (*stat)(const char *path, struct stat *st);		/* lstat */
	long (*readlink)(const char *path, char *out, size_t n);	/* NUL added */
	long (*names)(const char *path, char ***out);	/* without . and ..; caller: strv_free */
	long (*access)(const char *path, int how);
	/* A fresh folder to stand in, with l0..lN-1, up, work and m in it. */
	void (*begin)(unsigned layers);
	/* The overlay of l0 (topmost) … and up on m. */
	long (*mount)(unsigned layers);
	void (*end)(void);
};

extern const struct side side_kernel, side_sim;

void side_sim_prepare(void);
/* NULL, or why the kernel can't be compared here. Enters a private mount namespace. */
const char *side_kernel_prepare(void);

#endif
