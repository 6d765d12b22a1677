/* pseudo.c - files that are made up (pseudo.h).
 *
 * Names are kept in the tree like those of any other filesystem, since mounts and open
 * files hold on to them; each lookup asks whether a name is still what it was.  One that
 * isn't is taken out with all below it.
 */
#include "sim/pseudo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "sim/mount_priv.h"

struct pseudo {
	const struct pseudo_ops *ops;
	void *arg;
	struct vfs_mount *nowhere;	/* for pseudo_place(): in no namespace */
};

struct pseudo_inode {
	struct vfs_inode i;	/* ino: the file's number */
	bool owned;		/* chown or chmod has been here: what lookup says is old */
};

static const struct vfs_inode_ops inode_ops;

static struct pseudo *of(const struct vfs_inode *i)
{
	return i->sb->priv;
}

/* ---- names ---- */

static void take_node(struct vfs_inode *i, const struct pseudo_node *n)
{
	if (((struct pseudo_inode *)i)->owned)
		return;
	i->mode = n->mode;
	i->uid = n->uid;
	i->gid = n->gid;
	i->rdev = n->rdev;
}

static struct vfs_inode *new_inode(struct vfs_super *sb, const struct pseudo_node *n)
{
	struct vfs_inode *i = vfs_inode_new(sb, sizeof(struct pseudo_inode), &inode_ops, n->mode);

	i->ino = n->id;
	take_node(i, n);
	return i;
}

/* Out of the tree with all below it, deepest first. */
static void forget(struct vfs_dentry *top)
{
	vfs_dentry_get(top);
	for (struct vfs_dentry *d = top; !top->gone; d = top) {
		while (d->first)
			d = d->first;
		vfs_umount_name(d);
		vfs_dentry_remove(d);
	}
	vfs_dentry_put(top);
}

static int lookup(struct vfs_dentry *dir, struct vfs_name name, struct vfs_dentry **out)
{
	const struct pseudo *p = of(dir->inode);
	struct vfs_dentry *was = vfs_dentry_find(dir, name);
	char text[VFS_NAME_MAX + 1];
	struct pseudo_node n = { 0 };

	if (!vfs_is_dir(dir->inode) || !p->ops->lookup)
		return -ENOTDIR;
	memcpy(text, name.s, name.n);
	text[name.n] = 0;
	int r = p->ops->lookup(p->arg, dir->inode->ino, text, &n);
	if (was && (r < 0 || was->inode->ino != n.id || (was->inode->mode ^ n.mode) & S_IFMT)) {
		forget(was);
		was = NULL;
	}
	if (r < 0)
		return r;
	if (was)
		take_node(was->inode, &n);
	*out = was ? was : vfs_dentry_add(dir, name, new_inode(dir->inode->sb, &n));
	return 0;
}

static void add_name(void *arg, const char *name)
{
	strv_add(arg, name);
}

static int list(struct vfs_dentry *dir)
{
	const struct pseudo *p = of(dir->inode);
	struct vfs_dentry *d;
	char **names = NULL;

	int r = p->ops->list ? p->ops->list(p->arg, dir->inode->ino, add_name, &names) : 0;
	for (struct vfs_dentry *c = dir->first, *next; c; c = next) {
		next = c->next;
		lookup(dir, vfs_dentry_name(c), &d);
	}
	for (size_t i = 0; names && names[i]; i++)
		lookup(dir, vfs_name(names[i], strlen(names[i])), &d);
	strv_free(names);
	return r;
}

static int create(struct vfs_dentry *dir, struct vfs_name name, const struct vfs_new *n,
		  struct vfs_dentry **out)
{
	const struct pseudo *p = of(dir->inode);
	const struct pseudo_node owner = { .mode = n->mode, .uid = n->uid, .gid = n->gid };

	if (!S_ISDIR(n->mode) || !p->ops->mkdir)
		return S_ISREG(n->mode) ? -EACCES : -EPERM;
	autofree char *text = str_printf("%.*s", (int)name.n, name.s);
	int r = p->ops->mkdir(p->arg, dir->inode->ino, text, &owner);
	return r < 0 ? r : lookup(dir, name, out);
}

static int remove_dir(struct vfs_dentry *d)
{
	const struct pseudo *p = of(d->inode);

	if (!vfs_is_dir(d->inode) || !p->ops->rmdir)
		return -EPERM;
	int r = p->ops->rmdir(p->arg, d->parent->inode->ino, d->name);
	if (r == 0)
		forget(d);
	return r;
}

static int make_writable(struct vfs_dentry *d)
{
	((struct pseudo_inode *)d->inode)->owned = true;
	return 0;
}

static int readlink_node(struct vfs_dentry *d, const struct vfs_view *v, struct str *out)
{
	const struct pseudo *p = of(d->inode);

	return S_ISLNK(d->inode->mode) && p->ops->readlink
		? p->ops->readlink(p->arg, v, d->inode->ino, out) : -EINVAL;
}

static int follow(struct vfs_dentry *d, const struct vfs_view *v, struct vfs_path *out)
{
	const struct pseudo *p = of(d->inode);

	return p->ops->follow ? p->ops->follow(p->arg, v, d->inode->ino, out) : -EINVAL;
}

/* ---- an open file of text ---- */

struct text {
	struct vfs_view who;		/* who opened it: /proc/self is another for each */
	struct vfs_cred cred;		/* who.cred */
	struct str text;
	bool made;
};

static long text_read(struct vfs_file *f, void *buf, size_t n)
{
	struct text *t = f->priv;
	const struct pseudo *p = of(f->path.d->inode);

	if (!p->ops->read)
		return -EINVAL;
	if (!t->made || f->pos == 0) {
		str_clear(&t->text);
		int r = p->ops->read(p->arg, &t->who, f->path.d->inode->ino, &t->text);
		if (r < 0)
			return r;
		t->made = true;
	}
	if (f->pos >= (int64_t)t->text.len)
		return 0;
	if (n > t->text.len - (size_t)f->pos)
		n = t->text.len - (size_t)f->pos;
	memcpy(buf, t->text.s + f->pos, n);
	f->pos += (int64_t)n;
	return (long)n;
}

static long text_write(struct vfs_file *f, const void *buf, size_t n)
{
	struct text *t = f->priv;
	const struct pseudo *p = of(f->path.d->inode);
	autofree char *copy = str_printf("%.*s", (int)n, (const char *)buf);

	return p->ops->write ? p->ops->write(p->arg, &t->who, f->path.d->inode->ino, copy, n) : -EINVAL;
}

static int64_t text_seek(struct vfs_file *f, int64_t offset, int whence)
{
	int64_t to = whence == SEEK_SET ? offset : whence == SEEK_CUR ? f->pos + offset : -1;

	return to < 0 ? -EINVAL : (f->pos = to);
}

static void text_release(struct vfs_file *f)
{
	struct text *t = f->priv;

	if (!f->fs->dying)
		vfs_view_drop(&t->who);
	str_free(&t->text);
	free(t);
}

static const struct vfs_file_ops text_ops = {
	.read = text_read, .write = text_write, .seek = text_seek, .release = text_release,
};

static int open_node(const struct vfs_view *v, struct vfs_file *f)
{
	const struct vfs_inode *i = f->path.d->inode;
	const struct pseudo *p = of(i);
	int r = p->ops->open ? p->ops->open(p->arg, v, i->ino, f) : 0;

	if (r < 0 || f->ops || !S_ISREG(i->mode))
		return r;
	struct text *t = mem_alloc(sizeof(*t));
	vfs_view_copy(&t->who, v);
	t->cred = *v->cred;
	t->cred.groups = NULL;		/* the task's own, which may be gone */
	t->cred.n_groups = 0;
	t->who.cred = &t->cred;
	f->ops = &text_ops;
	f->priv = t;
	return 0;
}

static const struct vfs_inode_ops inode_ops = {
	.lookup = lookup, .list = list, .create = create, .remove = remove_dir,
	.make_writable = make_writable, .readlink = readlink_node, .follow = follow,
	.open = open_node,
};

/* ---- the filesystem ---- */

static void free_pseudo(struct vfs_super *sb)
{
	struct pseudo *p = sb->priv;

	if (p->ops->free)
		p->ops->free(p->arg);
	free(p);
}

static const struct vfs_super_ops super_ops = { .free = free_pseudo };

struct vfs_super *pseudo_super(struct vfs *fs, const struct pseudo_ops *ops, void *arg,
			       const struct pseudo_node *root, const char *options)
{
	struct vfs_super *sb = vfs_super_new(fs, ops->type, ops->magic, &super_ops);
	struct pseudo *p = sb->priv = mem_alloc(sizeof(*p));

	p->ops = ops;
	p->arg = arg;
	free(sb->options);
	sb->options = str_dup(options);
	sb->root = vfs_dentry_root(new_inode(sb, root));
	return sb;
}

struct vfs_super *pseudo_again(struct vfs_super *sb)
{
	return vfs_super_get(sb);
}

void pseudo_place(struct vfs_super *sb, const struct pseudo_node *n, const char *name,
		  struct vfs_path *out)
{
	struct pseudo *p = sb->priv;

	if (!p->nowhere)
		p->nowhere = vfs_mount_new(sb, sb->root, p->ops->type);
	*out = (struct vfs_path){ p->nowhere, vfs_dentry_add(sb->root, vfs_name(name, strlen(name)),
							       new_inode(sb, n)) };
	vfs_path_get(out);
	vfs_dentry_remove(out->d);	/* nobody finds it by its name */
}

void *pseudo_of(const struct vfs_path *p, const struct pseudo_ops *ops, uint64_t *id)
{
	const struct vfs_super *sb = p->d->inode->sb;

	if (sb->ops != &super_ops || ((struct pseudo *)sb->priv)->ops != ops)
		return NULL;
	*id = p->d->inode->ino;
	return ((struct pseudo *)sb->priv)->arg;
}
