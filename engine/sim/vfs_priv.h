/* vfs_priv.h - inodes, names, filesystems: what the files of the simulated kernel share
 * among themselves.  Nobody outside of them includes this.
 *
 * Three kinds of things, as in Linux.  An *inode* is a file: what stat() tells, its data,
 * its extended attributes.  A *dentry* is a name in a directory that leads to an inode;
 * it knows its parent, so that ".." and getcwd() work.  A *super* is one filesystem
 * instance.  Names that don't exist have no dentry.
 *
 * Counting.  A dentry is held by the tree (its directory lists it), by each path, mount
 * or overlay that points to it, and by its children (a child holds its parent).  Taken
 * out of the tree it is `gone`, and freed with the last holder.  A dentry holds its
 * inode.  Where a function returns a dentry without saying so, it is borrowed: good until
 * the next call that changes names.
 *
 * Who does what.  namei.c walks, checks rights and the rules that all filesystems share;
 * a filesystem's vfs_inode_ops do the rest.  Attributes, data and extended attributes
 * live in the inode for good (`real` leads to it: an overlay's inode stands for one of a
 * layer), so that a filesystem has no functions for them; it is told before a change
 * (make_writable), which is where an overlay copies up.
 */
#ifndef DRYDOCK_SIM_VFS_PRIV_H
#define DRYDOCK_SIM_VFS_PRIV_H

#include "sim/vfs.h"

struct vfs_super;
struct vfs_inode;

struct vfs_name { const char *s; size_t n; uint32_t hash; };

struct vfs_xattr {
	struct vfs_xattr *next;
	char *name;
	size_t len;
	unsigned char value[];
};

struct vfs_inode {
	const struct vfs_inode_ops *ops;
	struct vfs_super *sb;
	struct vfs_inode *real;		/* NULL: this one; held through a dentry by sb */
	struct vfs_inode *prev, *next;	/* of sb */
	struct vfs_xattr *xattrs;
	uint64_t ino;
	int64_t size, atime, mtime, ctime;
	uint32_t mode, uid, gid, nlink, rdev, refs;
};

struct vfs_dentry {
	struct vfs_dentry *parent;		/* itself: a root */
	struct vfs_inode *inode;
	struct vfs_dentry *chain;		/* of the table of names */
	struct vfs_dentry *first, *last;	/* children in order of arrival */
	struct vfs_dentry *prev, *next;		/* siblings; once gone: all that are gone */
	uint32_t refs, hash;
	uint32_t mounted;			/* mounts that sit on this name */
	uint16_t len;
	bool gone;
	char *name;				/* points to `near` unless it is longer */
	char near[24];
};

/* What create() makes. */
struct vfs_new { uint32_t mode, uid, gid, rdev; const char *target; };

struct vfs_move {	/* rename: `to` is NULL where the name is new */
	struct vfs_dentry *from, *dir, *to;
	struct vfs_name name;
	unsigned flags;
};

struct vfs_inode_ops {
	/* The dentry is in the tree afterwards; -ENOENT. */
	int (*lookup)(struct vfs_dentry *dir, struct vfs_name name, struct vfs_dentry **out);
	/* Brings every entry of the directory into the tree, where that isn't so always. */
	int (*list)(struct vfs_dentry *dir);
	/* A directory that readdir shows beside the tree's names, or NULL. */
	struct vfs_dentry *(*also)(struct vfs_dentry *dir);
	int (*create)(struct vfs_dentry *dir, struct vfs_name name, const struct vfs_new *what,
		      struct vfs_dentry **out);
	int (*link)(struct vfs_dentry *from, struct vfs_dentry *dir, struct vfs_name name);
	int (*remove)(struct vfs_dentry *d);	/* unlink and rmdir: -ENOTEMPTY */
	int (*rename)(struct vfs_move *m);
	/* Before attributes or data change: 0, or why not. */
	int (*make_writable)(struct vfs_dentry *d);
	/* Of the inode that holds the data. */
	long (*read)(struct vfs_inode *i, void *buf, size_t n, int64_t at);
	long (*write)(struct vfs_inode *i, const void *buf, size_t n, int64_t at);
	int (*resize)(struct vfs_inode *i, int64_t size);
	int (*readlink)(struct vfs_dentry *d, const struct vfs_view *v, struct str *out);
	/* A link that leads to a place rather than a name (/proc/PID/root): holds *out. */
	int (*follow)(struct vfs_dentry *d, const struct vfs_view *v, struct vfs_path *out);
	/* Gives the file its own ops; NULL: vfs_data_ops, or the machine's for devices. */
	int (*open)(const struct vfs_view *v, struct vfs_file *f);
	void (*free)(struct vfs_inode *i);
};

/* Where attributes and data are. */
static inline struct vfs_inode *vfs_real(struct vfs_inode *i)
{
	while (i->real)
		i = i->real;
	return i;
}

struct vfs_super_ops {
	void (*statfs)(struct vfs_super *sb, struct vfs_statfs *out);
	/* st_dev and st_ino where they aren't the inode's own. */
	void (*identify)(struct vfs_dentry *d, struct stat *st);
	/* Are these names of one file?  NULL: by the inode they share. */
	bool (*same)(const struct vfs_inode *a, const struct vfs_inode *b);
	/* Names of extended attributes as the real inode has them, and back; false: no
	 * such name is shown.  `out` holds VFS_XATTR_NAME bytes. */
	bool (*xattr_in)(const char *name, char *out);
	bool (*xattr_out)(const char *name, char *out);
	void (*free)(struct vfs_super *sb);	/* priv, and what it holds */
};

#define VFS_NAME_MAX 255
#define VFS_PATH_MAX 4096	/* with the NUL */
#define VFS_XATTR_NAME 256	/* with the NUL */

struct vfs_super {
	struct vfs *fs;
	const char *type;		/* "tmpfs": a literal */
	const struct vfs_super_ops *ops;
	void *priv;
	struct vfs_super *prev, *next;
	struct vfs_dentry *root;
	struct vfs_inode *inodes;
	char *options;			/* as mountinfo shows them, after ro or rw; or "" */
	uint64_t next_ino;
	uint64_t max_bytes, used_bytes, max_inodes, used_inodes;	/* max 0: no limit */
	uint32_t dev, magic, refs;	/* refs: mounts, overlays above, open fs contexts */
	bool readonly;
};

struct vfs {
	struct vfs_hooks hooks;
	struct vfs_dentry **names;	/* hash table, a power of two */
	size_t n_names, cap_names;
	struct vfs_dentry *gone;
	struct vfs_super *supers;
	struct vfs_file *files;
	struct vfs_mntns *init_ns, *namespaces;
	struct vfs_mount **mounts;	/* hash table by (parent, mount point) */
	size_t n_mounts, cap_mounts;
	struct vfs_mount *all_mounts;
	const struct vfs_type **types;
	size_t n_types;
	uint32_t next_dev, next_mount;
	uint64_t next_ns;
	uint8_t *groups;		/* peer group numbers in use */
	size_t cap_groups;
	bool dying;			/* all goes at once: nobody lets go of anything */
};

/* ---- dentry.c ---- */

struct vfs_name vfs_name(const char *s, size_t n);
struct vfs_dentry *vfs_dentry_root(struct vfs_inode *i);	/* takes the reference to i */
/* Into the tree; takes the reference to i. */
struct vfs_dentry *vfs_dentry_add(struct vfs_dentry *dir, struct vfs_name name, struct vfs_inode *i);
struct vfs_dentry *vfs_dentry_find(struct vfs_dentry *dir, struct vfs_name name);
void vfs_dentry_remove(struct vfs_dentry *d);		/* out of the tree */
void vfs_dentry_move(struct vfs_dentry *d, struct vfs_dentry *dir, struct vfs_name name);
void vfs_dentry_swap(struct vfs_dentry *a, struct vfs_dentry *b);	/* RENAME_EXCHANGE */
struct vfs_dentry *vfs_dentry_get(struct vfs_dentry *d);
void vfs_dentry_put(struct vfs_dentry *d);
bool vfs_dentry_below(const struct vfs_dentry *d, const struct vfs_dentry *top);

/* `size` is that of the structure that begins with the inode. */
struct vfs_inode *vfs_inode_new(struct vfs_super *sb, size_t size,
				const struct vfs_inode_ops *ops, uint32_t mode);
struct vfs_inode *vfs_inode_get(struct vfs_inode *i);
void vfs_inode_put(struct vfs_inode *i);

struct vfs_super *vfs_super_new(struct vfs *fs, const char *type, uint32_t magic,
				const struct vfs_super_ops *ops);
struct vfs_super *vfs_super_get(struct vfs_super *sb);
void vfs_super_put(struct vfs_super *sb);
int64_t vfs_now(struct vfs *fs);

void vfs_free_names(struct vfs *fs);			/* when all goes */

static inline bool vfs_is_dir(const struct vfs_inode *i) { return S_ISDIR(i->mode); }
static inline struct vfs_name vfs_dentry_name(const struct vfs_dentry *d)
{
	return (struct vfs_name){ d->name, d->len, d->hash };
}

/* ---- perm.c: the rights of vfs_cred ---- */

enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };	/* as access(2) has them */
bool vfs_capable(const struct vfs_cred *c, int cap);
bool vfs_in_group(const struct vfs_cred *c, uint32_t gid);
int vfs_permission(const struct vfs_cred *c, struct vfs_inode *i, int may);
bool vfs_owner_or_capable(const struct vfs_cred *c, struct vfs_inode *i);
int vfs_may_create(const struct vfs_cred *c, struct vfs_dentry *dir);
int vfs_may_delete(const struct vfs_cred *c, struct vfs_dentry *d, bool as_dir);
/* In a sticky directory, what somebody else left there may be a trap: a link followed as
 * the last part of a path, and a file that O_CREAT finds there already. */
int vfs_may_follow(const struct vfs_view *v, struct vfs_dentry *link);
int vfs_may_reuse(const struct vfs_view *v, struct vfs_dentry *d);
/* Owner and mode of a new file in `dir`: its group and S_ISGID are inherited. */
void vfs_init_owner(const struct vfs_view *v, struct vfs_dentry *dir, struct vfs_new *n);

/* ---- namei.c ---- */

enum vfs_last { LAST_NAME, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

/* A walk to the directory that holds the last part of the path. */
struct vfs_parent {
	struct vfs_path dir;		/* held */
	enum vfs_last kind;
	bool slash;			/* a slash follows the last part */
	struct vfs_name name;
	char text[VFS_NAME_MAX + 1];
};
int vfs_walk_parent(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		    struct vfs_parent *out);
enum { WALK_FOLLOW = 1, WALK_DIRECTORY = 2, WALK_EMPTY = 4 };
int vfs_walk_how(const struct vfs_view *v, const struct vfs_path *at, const char *path, int how,
		 struct vfs_path *out);
int vfs_lookup(struct vfs_dentry *dir, struct vfs_name name, struct vfs_dentry **out);
int vfs_want_write(const struct vfs_path *p);		/* -EROFS */
int vfs_get_link(struct vfs_dentry *d, const struct vfs_view *v, struct str *out);

/* The name is new and its walk done: open() with O_CREAT. */
int vfs_create_file(const struct vfs_view *v, struct vfs_parent *p, uint32_t mode,
		    struct vfs_dentry **out);

/* ---- attr.c, xattr.c, file.c ---- */

void vfs_fill_stat(struct vfs_dentry *d, struct stat *st);
int vfs_resize(const struct vfs_cred *c, struct vfs_dentry *d, int64_t size);
void vfs_kill_privileges(struct vfs_inode *i);		/* set-user-ID and the like, after a write */

const struct vfs_xattr *vfs_xattr_get(const struct vfs_inode *i, const char *name);
int vfs_xattr_put(struct vfs_inode *i, const char *name, const void *value, size_t len);
bool vfs_xattr_drop(struct vfs_inode *i, const char *name);
void vfs_xattr_copy(struct vfs_inode *to, const struct vfs_inode *from,
		    bool (*skip)(const char *name));
void vfs_xattr_free(struct vfs_inode *i);

extern const struct vfs_file_ops vfs_data_ops;		/* regular files and directories */

#endif
