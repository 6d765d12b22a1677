/* pseudo.h - filesystems whose files are made up when somebody looks: proc, sysfs,
 * cgroup, devpts, mqueue.
 *
 * Whoever knows the contents gives a table of functions.  A file is a number (its inode
 * number, unique in the filesystem, the same as long as it is the same file); names lead
 * to numbers by lookup(), asked anew at each walk, so that a process that ended is gone
 * from /proc.  A file's text is made when it is opened and read from the start, as the
 * kernel's seq_file does it; a write is handed on as it comes.
 */
#ifndef DRYDOCK_SIM_PSEUDO_H
#define DRYDOCK_SIM_PSEUDO_H

#include "sim/mount.h"

struct pseudo_node {
	uint64_t id;
	uint32_t mode;		/* with the type: S_IFREG | 0444 */
	uint32_t uid, gid, rdev;
};

typedef void pseudo_emit(void *emit_arg, const char *name);

/* `who`: the view that asks; NULL members: no such thing in this filesystem. */
struct pseudo_ops {
	const char *type;	/* "proc": a literal */
	uint32_t magic;		/* statfs(2)'s f_type */
	int (*lookup)(void *arg, uint64_t dir, const char *name, struct pseudo_node *out);
								/* -ENOENT */
	int (*list)(void *arg, uint64_t dir, pseudo_emit *emit, void *emit_arg);
	int (*read)(void *arg, const struct vfs_view *who, uint64_t file, struct str *out);
	long (*write)(void *arg, const struct vfs_view *who, uint64_t file, const char *text,
		      size_t n);				/* text ends with a NUL */
	int (*readlink)(void *arg, const struct vfs_view *who, uint64_t link, struct str *out);
	/* A link that leads to a place (/proc/PID/root, /proc/PID/fd/3): holds *out;
	 * -EINVAL: it is one of text. */
	int (*follow)(void *arg, const struct vfs_view *who, uint64_t link, struct vfs_path *out);
	/* Gives the file ops and priv of its own (namespaces, terminals); 0 without ops: it is
	 * one of text, or a device for the machine's hook. */
	int (*open)(void *arg, const struct vfs_view *who, uint64_t file, struct vfs_file *f);
	int (*mkdir)(void *arg, uint64_t dir, const char *name, const struct pseudo_node *owner);
	int (*rmdir)(void *arg, uint64_t dir, const char *name);
	void (*free)(void *arg);	/* the filesystem goes, with the last mount of it */
};

/* A filesystem whose root directory is `root`.  Mount it by a vfs_type whose make() gives
 * it; one reference.  `options` as mountinfo shows them: ",hidepid=2", or "". */
struct vfs_super *pseudo_super(struct vfs *fs, const struct pseudo_ops *ops, void *arg,
			       const struct pseudo_node *root, const char *options);
/* One more reference to it, for a type that gives the same filesystem each time. */
struct vfs_super *pseudo_again(struct vfs_super *sb);
/* A place for a file without a name (a pipe, a socket): what /proc/PID/fd/N can follow()
 * to, and open() is then asked about.  Held. */
void pseudo_place(struct vfs_super *sb, const struct pseudo_node *n, const char *name,
		  struct vfs_path *out);
/* Which filesystem and file a path leads to, if it is one of these ops: NULL, or its arg. */
void *pseudo_of(const struct vfs_path *p, const struct pseudo_ops *ops, uint64_t *id);

#endif
