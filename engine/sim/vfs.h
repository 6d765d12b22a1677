/* vfs.h - the simulated kernel's files: what tasks do with them.
 *
 * A struct vfs holds all filesystems, mounts and open files of one machine; vfs_free()
 * gives all of it back, whatever is still open.  Nothing here knows of tasks: each call
 * is given a *view*, which is what a task brings to a path: its mount namespace, root
 * and working directory, credentials, umask.  Descriptor numbers are the task's too:
 * where a system call takes a directory's descriptor, these take the path that the open
 * file has (`at`; NULL: the working directory; an absolute path never looks at it).
 *
 * Results are those of the system call: >= 0, or -errno.  Paths, flags and modes too;
 * times are nanoseconds of the machine's clock.  One thread; a call never waits: what
 * may (pipes, terminals, sockets) are files of other parts, which bring their own
 * struct vfs_file_ops.
 *
 * Ownership: a vfs_path that a call fills in holds references, vfs_path_put() lets go;
 * a vfs_file is counted, vfs_file_get()/vfs_file_put().
 *
 * mount.h has mounts and namespaces of mounts; pseudo.h the filesystems that are made of
 * callbacks (proc, sysfs, cgroup, devpts).
 */
#ifndef DRYDOCK_SIM_VFS_H
#define DRYDOCK_SIM_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/str.h"
#include "sim/abi.h"

struct vfs;
struct vfs_mount;	/* a filesystem (or a part of one) attached somewhere */
struct vfs_mntns;	/* a mount namespace, counted */
struct vfs_dentry;	/* a name in a directory */
struct vfs_file;

struct vfs_path { struct vfs_mount *mnt; struct vfs_dentry *d; };

/* Who asks.  caps: bit n = capability n, effective.  Borrowed while a call runs. */
struct vfs_cred {
	uint32_t uid, gid;
	const uint32_t *groups;
	size_t n_groups;
	uint64_t caps;
};

struct vfs_view {
	struct vfs *fs;
	struct vfs_mntns *ns;
	struct vfs_path root, cwd;
	const struct vfs_cred *cred;	/* the task's; set before each call if it changes */
	uint32_t umask;
};

/* ---- the machine's part ---- */

/* /proc/sys/fs/protected_* (proc_sys_fs(5)): what others left in /tmp. */
struct vfs_protect { unsigned hardlinks, symlinks, regular, fifos; };

struct vfs_hooks {
	void *arg;
	struct vfs_protect protect;
	int64_t (*now)(void *arg);	/* nanoseconds since 1970; NULL: time stands still */
	/* Somebody opens a device, fifo or socket: gives the file its ops and priv, or
	 * -errno.  NULL: -ENXIO. */
	int (*open_special)(void *arg, const struct vfs_view *v, struct vfs_file *f);
	/* Calls fn for the view of each task: pivot_root(2) moves those that stand at the
	 * old root.  NULL: only the caller's moves. */
	void (*each_view)(void *arg, void (*fn)(struct vfs_view *v, void *fn_arg), void *fn_arg);
};

/* Makes an initial mount namespace, its / an empty tmpfs, and mounts the filesystem
 * types mount.h lists.  *hooks is copied. */
struct vfs *vfs_new(const struct vfs_hooks *hooks);
void vfs_free(struct vfs *fs);
void *vfs_hook_arg(struct vfs *fs);

/* A view of the initial namespace, at its /.  vfs_view_copy(): as fork does. */
void vfs_view_init(struct vfs_view *v, struct vfs *fs, const struct vfs_cred *cred);
void vfs_view_copy(struct vfs_view *to, const struct vfs_view *from);
void vfs_view_drop(struct vfs_view *v);

void vfs_path_get(const struct vfs_path *p);
void vfs_path_put(struct vfs_path *p);		/* and clears it */

/* ---- names ---- */

/* What a path leads to.  flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
int vfs_walk(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
	     struct vfs_path *out);
int vfs_mkdir(const struct vfs_view *v, const struct vfs_path *at, const char *path, uint32_t mode);
int vfs_mknod(const struct vfs_view *v, const struct vfs_path *at, const char *path, uint32_t mode,
	      uint32_t dev);	/* dev: sim_makedev() */
int vfs_symlink(const struct vfs_view *v, const char *target, const struct vfs_path *at,
		const char *path);
int vfs_link(const struct vfs_view *v, const struct vfs_path *from_at, const char *from,
	     const struct vfs_path *to_at, const char *to, int flags);	/* AT_SYMLINK_FOLLOW */
int vfs_unlink(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags);
						/* AT_REMOVEDIR */
int vfs_rename(const struct vfs_view *v, const struct vfs_path *from_at, const char *from,
	       const struct vfs_path *to_at, const char *to, unsigned flags);	/* RENAME_* */
int vfs_readlink(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		 struct str *out);		/* appended */
int vfs_chdir(struct vfs_view *v, const char *path);
int vfs_fchdir(struct vfs_view *v, const struct vfs_path *to);
int vfs_chroot(struct vfs_view *v, const char *path);
/* As the view sees it: "/a/b"; "(unreachable)/a" from outside of its root. */
void vfs_path_text(const struct vfs_view *v, const struct vfs_path *p, struct str *out);
int vfs_getcwd(const struct vfs_view *v, struct str *out);	/* -ENOENT: removed */

/* ---- attributes; flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH ---- */

int vfs_stat(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
	     struct stat *out);
int vfs_access(const struct vfs_view *v, const struct vfs_path *at, const char *path, int mode);
int vfs_chmod(const struct vfs_view *v, const struct vfs_path *at, const char *path, uint32_t mode,
	      int flags);
int vfs_chown(const struct vfs_view *v, const struct vfs_path *at, const char *path, uint32_t uid,
	      uint32_t gid, int flags);		/* -1: as it is */
/* VFS_NOW: the clock's; VFS_OMIT: as it is. */
#define VFS_NOW INT64_MAX
#define VFS_OMIT INT64_MIN
int vfs_utimens(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		int64_t atime, int64_t mtime, int flags);
int vfs_truncate(const struct vfs_view *v, const char *path, int64_t size);

/* Extended attributes (xattr(7)); get and list: the length, whatever `cap` is 0. */
int vfs_setxattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		 const char *name, const void *value, size_t len, int how, int flags);
						/* how: 1 create only, 2 replace only */
long vfs_getxattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		  const char *name, void *out, size_t cap, int flags);
long vfs_listxattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		   char *out, size_t cap, int flags);
int vfs_removexattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		    const char *name, int flags);

struct vfs_statfs { uint64_t total, free, inodes, free_inodes; uint32_t magic; };  /* bytes */
int vfs_statfs(const struct vfs_view *v, const struct vfs_path *at, const char *path,
	       struct vfs_statfs *out);

/* ---- open files ---- */

/* What a file of another part does; NULL members: -EINVAL (seek: -ESPIPE). */
struct vfs_file_ops {
	long (*read)(struct vfs_file *f, void *buf, size_t n);
	long (*write)(struct vfs_file *f, const void *buf, size_t n);
	int64_t (*seek)(struct vfs_file *f, int64_t offset, int whence);
	void (*release)(struct vfs_file *f);	/* the last reference is gone */
};

struct vfs_file {
	struct vfs *fs;
	const struct vfs_file_ops *ops;
	void *priv;			/* of the ops */
	struct vfs_path path;		/* mnt NULL: has no name (a pipe) */
	int flags;			/* O_* as opened; O_APPEND and O_NONBLOCK may be changed */
	int64_t pos;
	unsigned refs;
	/* Opened with CAP_FSETID: a write leaves the set-user-ID bit.  (The kernel asks the
	 * one who writes; who writes is mostly who opened.) */
	bool keeps_ids;
	struct vfs_file *prev, *next;	/* of all open files */
};

int vfs_open(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
	     uint32_t mode, struct vfs_file **out);
/* A file without a name (pipe, socket, namespace …), one reference. */
struct vfs_file *vfs_file_new(struct vfs *fs, const struct vfs_file_ops *ops, void *priv,
			      int flags);
struct vfs_file *vfs_file_get(struct vfs_file *f);
void vfs_file_put(struct vfs_file *f);
long vfs_read(struct vfs_file *f, void *buf, size_t n);
long vfs_write(struct vfs_file *f, const void *buf, size_t n);
long vfs_pread(struct vfs_file *f, void *buf, size_t n, int64_t at);
long vfs_pwrite(struct vfs_file *f, const void *buf, size_t n, int64_t at);
int64_t vfs_seek(struct vfs_file *f, int64_t offset, int whence);
int vfs_ftruncate(struct vfs_file *f, int64_t size);

/* An entry of a directory; type is the S_IFMT part of the mode. */
typedef void vfs_emit(void *arg, const char *name, uint64_t ino, uint32_t type);
/* All entries from the file's position on, "." and ".." first; the directory must not be
 * changed by `emit`.  Returns how many; 0 at the end. */
long vfs_readdir(struct vfs_file *f, vfs_emit *emit, void *arg);

#endif
