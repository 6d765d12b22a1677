/* xattr.c - extended attributes: named bytes beside a file (xattr(7)).
 *
 * The first part of a name says whose it is: user.* follows the file's mode and is for
 * regular files and directories only, trusted.* needs CAP_SYS_ADMIN (others don't even
 * see it), security.* is readable by all.  An overlay keeps its notes to itself in
 * trusted.overlay.*; what programs see of such names it decides (xattr_in, xattr_out).
 */
#include "sim/mount_priv.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 65536

/* ---- of one inode ---- */

static struct vfs_xattr **find(const struct vfs_inode *i, const char *name)
{
	struct vfs_xattr **x = (struct vfs_xattr **)&i->xattrs;

	while (*x && strcmp((*x)->name, name))
		x = &(*x)->next;
	return x;
}

const struct vfs_xattr *vfs_xattr_get(const struct vfs_inode *i, const char *name)
{
	return *find(i, name);
}

bool vfs_xattr_drop(struct vfs_inode *i, const char *name)
{
	struct vfs_xattr **x = find(i, name), *was = *x;

	if (!was)
		return false;
	*x = was->next;
	free(was->name);
	free(was);
	return true;
}

int vfs_xattr_put(struct vfs_inode *i, const char *name, const void *value, size_t len)
{
	struct vfs_xattr *x = mem_alloc(sizeof(*x) + len);

	vfs_xattr_drop(i, name);
	x->name = str_dup(name);
	x->len = len;
	if (len)
		memcpy(x->value, value, len);
	struct vfs_xattr **end = find(i, name);
	*end = x;
	return 0;
}

void vfs_xattr_copy(struct vfs_inode *to, const struct vfs_inode *from,
		    bool (*skip)(const char *name))
{
	for (const struct vfs_xattr *x = from->xattrs; x; x = x->next)
		if (!skip(x->name))
			vfs_xattr_put(to, x->name, x->value, x->len);
}

void vfs_xattr_free(struct vfs_inode *i)
{
	while (i->xattrs)
		vfs_xattr_drop(i, i->xattrs->name);
}

/* ---- rights ---- */

static int may_user(const struct vfs_cred *c, struct vfs_inode *i, int may)
{
	const struct vfs_inode *real = vfs_real(i);

	if (!S_ISREG(real->mode) && !S_ISDIR(real->mode))
		return may & MAY_WRITE ? -EPERM : -ENODATA;
	if (S_ISDIR(real->mode) && real->mode & S_ISVTX && may & MAY_WRITE &&
	    !vfs_owner_or_capable(c, i))
		return -EPERM;
	return vfs_permission(c, i, may);
}

static int may_use(const struct vfs_cred *c, struct vfs_inode *i, const char *name, int may)
{
	bool admin = vfs_capable(c, SIM_CAP_SYS_ADMIN);

	if (str_starts(name, "security.")) {
		bool file_caps = str_eq(name, "security.capability");
		if (!(may & MAY_WRITE) || (file_caps ? vfs_capable(c, SIM_CAP_SETFCAP) : admin))
			return 0;
		return -EPERM;
	}
	if (str_starts(name, "trusted."))
		return admin ? 0 : may & MAY_WRITE ? -EPERM : -ENODATA;
	if (str_starts(name, "user."))
		return may_user(c, i, may);
	return vfs_permission(c, i, may);
}

/* What the layer's filesystem says of a name: an overlay asks it after copying up. */
static int check_kind(const char *name)
{
	static const char *const kind[] = { "user.", "trusted.", "security." };

	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++)
		if (str_starts(name, kind[i]))
			return name[strlen(kind[i])] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

/* The name as the real inode has it. */
static int real_name(const struct vfs_inode *i, const char *name, char *out)
{
	const struct vfs_super_ops *ops = i->sb->ops;

	if (ops && ops->xattr_in)
		return ops->xattr_in(name, out) ? 0 : -EOPNOTSUPP;
	strcpy(out, name);
	return 0;
}

static int check_name(const char *name)
{
	size_t n = strlen(name);

	return n == 0 || n >= VFS_XATTR_NAME ? -ERANGE : 0;
}

/* ---- the calls ---- */

struct request {
	const struct vfs_cred *cred;
	struct vfs_path p;
	char name[VFS_XATTR_NAME];
};

static int begin_change(struct request *r, const char *name)
{
	int e = vfs_want_write(&r->p);

	if (e == 0)
		e = may_use(r->cred, r->p.d->inode, name, MAY_WRITE);
	return e < 0 ? e : real_name(r->p.d->inode, name, r->name);
}

static int make_writable(struct vfs_dentry *d)
{
	return d->inode->ops->make_writable ? d->inode->ops->make_writable(d) : 0;
}

static int set(struct request *q, const char *name, const void *value, size_t len, int how)
{
	int r = begin_change(q, name);

	if (r < 0)
		return r;
	bool there = vfs_xattr_get(vfs_real(q->p.d->inode), q->name);
	/* An overlay copies up before the layer's filesystem looks at the flags. */
	if ((r = make_writable(q->p.d)) < 0 || (r = check_kind(name)) < 0)
		return r;
	if (how & 1 && there)
		return -EEXIST;
	if (how & 2 && !there)
		return -ENODATA;
	struct vfs_inode *i = vfs_real(q->p.d->inode);
	i->ctime = vfs_now(i->sb->fs);
	return vfs_xattr_put(i, q->name, value, len);
}

int vfs_setxattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		 const char *name, const void *value, size_t len, int how, int flags)
{
	struct request q = { v->cred };
	int r = how & ~3 ? -EINVAL : check_name(name);

	if (r == 0 && len > VALUE_MAX)
		r = -E2BIG;
	if (r == 0)
		r = vfs_walk(v, at, path, flags, &q.p);
	if (r < 0)
		return r;
	r = set(&q, name, value, len, how);
	vfs_path_put(&q.p);
	return r;
}

static int drop(struct request *q, const char *name)
{
	int r = begin_change(q, name);

	if (r == 0)
		r = check_kind(name);
	if (r < 0)
		return r;
	/* An overlay doesn't copy up for a name that isn't there. */
	if (!vfs_xattr_get(vfs_real(q->p.d->inode), q->name))
		return -ENODATA;
	if ((r = make_writable(q->p.d)) < 0)
		return r;
	struct vfs_inode *i = vfs_real(q->p.d->inode);
	vfs_xattr_drop(i, q->name);
	i->ctime = vfs_now(i->sb->fs);
	return 0;
}

int vfs_removexattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		    const char *name, int flags)
{
	struct request q = { v->cred };
	int r = check_name(name);

	if (r == 0)
		r = vfs_walk(v, at, path, flags, &q.p);
	if (r < 0)
		return r;
	r = drop(&q, name);
	vfs_path_put(&q.p);
	return r;
}

static long get(struct request *q, const char *name, void *out, size_t cap)
{
	struct vfs_inode *i = q->p.d->inode;
	int r = may_use(q->cred, i, name, MAY_READ);

	if (r == 0)
		r = check_kind(name);
	if (r == 0)
		r = real_name(i, name, q->name);
	if (r < 0)
		return r;
	const struct vfs_xattr *x = vfs_xattr_get(vfs_real(i), q->name);
	if (!x)
		return -ENODATA;
	if (cap && cap < x->len)
		return -ERANGE;
	if (cap)
		memcpy(out, x->value, x->len);
	return (long)x->len;
}

long vfs_getxattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		  const char *name, void *out, size_t cap, int flags)
{
	struct request q = { v->cred };
	long r = check_name(name);

	if (r == 0)
		r = vfs_walk(v, at, path, flags, &q.p);
	if (r < 0)
		return r;
	r = get(&q, name, out, cap);
	vfs_path_put(&q.p);
	return r;
}

static long list(const struct vfs_cred *c, const struct vfs_inode *i, char *out, size_t cap)
{
	const struct vfs_super_ops *ops = i->sb->ops;
	char shown[VFS_XATTR_NAME];
	size_t n = 0;

	for (const struct vfs_xattr *x = vfs_real((struct vfs_inode *)i)->xattrs; x; x = x->next) {
		const char *name = x->name;
		if (ops && ops->xattr_out)
			name = ops->xattr_out(x->name, shown) ? shown : NULL;
		if (!name || (str_starts(name, "trusted.") && !vfs_capable(c, SIM_CAP_SYS_ADMIN)))
			continue;
		size_t len = strlen(name) + 1;
		if (cap && n + len > cap)
			return -ERANGE;
		if (cap)
			memcpy(out + n, name, len);
		n += len;
	}
	return (long)n;
}

long vfs_listxattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		   char *out, size_t cap, int flags)
{
	struct vfs_path p;
	long r = vfs_walk(v, at, path, flags, &p);

	if (r < 0)
		return r;
	r = list(v->cred, p.d->inode, out, cap);
	vfs_path_put(&p);
	return r;
}
