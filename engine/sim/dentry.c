/* dentry.c - names, inodes and filesystems come and go.
 *
 * All names of a machine stand in one hash table, keyed by directory and name, so that
 * an empty directory costs nothing and a full one is as fast; a directory's children
 * also hang together in order of arrival, which is the order readdir gives: the same
 * input always lists the same way.
 */
#include "sim/vfs_priv.h"

#include <stdlib.h>
#include <string.h>

struct vfs_name vfs_name(const char *s, size_t n)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return (struct vfs_name){ s, n, h };
}

static struct vfs *fs_of(const struct vfs_dentry *d)
{
	return d->inode->sb->fs;
}

/* ---- the table of names ---- */

static struct vfs_dentry **bucket(struct vfs *fs, const struct vfs_dentry *dir, uint32_t hash)
{
	uint64_t key = ((uintptr_t)dir >> 5) * 0x9e3779b97f4a7c15ull ^ hash * 0xff51afd7ed558ccdull;

	return &fs->names[(key ^ key >> 29) & (fs->cap_names - 1)];
}

static void grow(struct vfs *fs)
{
	size_t old = fs->cap_names;
	struct vfs_dentry **was = fs->names;

	fs->cap_names = old ? old * 2 : 1024;
	fs->names = mem_alloc(fs->cap_names * sizeof(*fs->names));
	for (size_t i = 0; i < old; i++)
		for (struct vfs_dentry *d = was[i], *next; d; d = next) {
			struct vfs_dentry **b = bucket(fs, d->parent, d->hash);
			next = d->chain;
			d->chain = *b;
			*b = d;
		}
	free(was);
}

/* ---- siblings ---- */

static void list_add(struct vfs_dentry *dir, struct vfs_dentry *d)
{
	d->next = NULL;
	d->prev = dir->last;
	*(dir->last ? &dir->last->next : &dir->first) = d;
	dir->last = d;
}

static void list_drop(struct vfs_dentry *dir, struct vfs_dentry *d)
{
	*(d->prev ? &d->prev->next : &dir->first) = d->next;
	*(d->next ? &d->next->prev : &dir->last) = d->prev;
}

static void attach(struct vfs_dentry *d)
{
	struct vfs *fs = fs_of(d);

	if (fs->n_names >= fs->cap_names)
		grow(fs);
	struct vfs_dentry **b = bucket(fs, d->parent, d->hash);
	d->chain = *b;
	*b = d;
	fs->n_names++;
	list_add(d->parent, d);
}

static void detach(struct vfs_dentry *d)
{
	struct vfs *fs = fs_of(d);
	struct vfs_dentry **b = bucket(fs, d->parent, d->hash);

	while (*b != d)
		b = &(*b)->chain;
	*b = d->chain;
	fs->n_names--;
	list_drop(d->parent, d);
}

static void set_name(struct vfs_dentry *d, struct vfs_name name)
{
	char *to = name.n < sizeof(d->near) ? d->near : mem_alloc(name.n + 1);
	char *was = d->name == d->near ? NULL : d->name;

	memmove(to, name.s, name.n);
	to[name.n] = 0;
	free(was);
	d->name = to;
	d->len = (uint16_t)name.n;
	d->hash = name.hash;
}

static struct vfs_dentry *new_dentry(struct vfs_dentry *dir, struct vfs_name name,
				     struct vfs_inode *i)
{
	struct vfs_dentry *d = mem_alloc(sizeof(*d));

	d->inode = i;
	d->refs = 1;
	d->name = d->near;
	set_name(d, name);
	d->parent = dir ? vfs_dentry_get(dir) : d;
	return d;
}

struct vfs_dentry *vfs_dentry_root(struct vfs_inode *i)
{
	return new_dentry(NULL, vfs_name("/", 1), i);
}

struct vfs_dentry *vfs_dentry_add(struct vfs_dentry *dir, struct vfs_name name, struct vfs_inode *i)
{
	struct vfs_dentry *d = new_dentry(dir, name, i);

	attach(d);
	return d;
}

struct vfs_dentry *vfs_dentry_find(struct vfs_dentry *dir, struct vfs_name name)
{
	struct vfs *fs = fs_of(dir);

	if (!fs->cap_names)
		return NULL;
	for (struct vfs_dentry *d = *bucket(fs, dir, name.hash); d; d = d->chain)
		if (d->parent == dir && d->hash == name.hash && d->len == name.n &&
		    !memcmp(d->name, name.s, name.n))
			return d;
	return NULL;
}

void vfs_dentry_remove(struct vfs_dentry *d)
{
	struct vfs *fs = fs_of(d);

	detach(d);
	d->gone = true;
	d->prev = NULL;
	d->next = fs->gone;
	if (fs->gone)
		fs->gone->prev = d;
	fs->gone = d;
	vfs_dentry_put(d);
}

void vfs_dentry_move(struct vfs_dentry *d, struct vfs_dentry *dir, struct vfs_name name)
{
	struct vfs_dentry *was = d->parent;

	detach(d);
	set_name(d, name);
	d->parent = vfs_dentry_get(dir);
	attach(d);
	vfs_dentry_put(was);
}

void vfs_dentry_swap(struct vfs_dentry *a, struct vfs_dentry *b)
{
	char text[VFS_NAME_MAX + 1];
	struct vfs_dentry *dir = vfs_dentry_get(a->parent);
	struct vfs_name name = vfs_dentry_name(a);

	memcpy(text, name.s, name.n);
	name.s = text;
	vfs_dentry_move(a, b->parent, vfs_dentry_name(b));
	vfs_dentry_move(b, dir, name);
	vfs_dentry_put(dir);
}

struct vfs_dentry *vfs_dentry_get(struct vfs_dentry *d)
{
	d->refs++;
	return d;
}

static void free_dentry(struct vfs_dentry *d)
{
	if (d->name != d->near)
		free(d->name);
	free(d);
}

void vfs_dentry_put(struct vfs_dentry *d)
{
	while (d && --d->refs == 0) {	/* not by recursion: a tree may be deep */
		struct vfs_dentry *parent = d->parent == d ? NULL : d->parent;
		struct vfs *fs = fs_of(d);

		if (d->gone) {
			*(d->prev ? &d->prev->next : &fs->gone) = d->next;
			if (d->next)
				d->next->prev = d->prev;
		}
		vfs_inode_put(d->inode);
		free_dentry(d);
		d = parent;
	}
}

bool vfs_dentry_below(const struct vfs_dentry *d, const struct vfs_dentry *top)
{
	for (; d != top; d = d->parent)
		if (d->parent == d)
			return false;
	return true;
}

/* ---- inodes ---- */

struct vfs_inode *vfs_inode_new(struct vfs_super *sb, size_t size,
				const struct vfs_inode_ops *ops, uint32_t mode)
{
	struct vfs_inode *i = mem_alloc(size);

	i->ops = ops;
	i->sb = sb;
	i->refs = 1;
	i->ino = ++sb->next_ino;
	i->mode = mode;
	i->nlink = S_ISDIR(mode) ? 2 : 1;
	i->atime = i->mtime = i->ctime = vfs_now(sb->fs);
	i->next = sb->inodes;
	if (sb->inodes)
		sb->inodes->prev = i;
	sb->inodes = i;
	return i;
}

struct vfs_inode *vfs_inode_get(struct vfs_inode *i)
{
	i->refs++;
	return i;
}

static void free_inode(struct vfs_inode *i)
{
	if (i->ops->free)
		i->ops->free(i);
	vfs_xattr_free(i);
	free(i);
}

void vfs_inode_put(struct vfs_inode *i)
{
	if (--i->refs)
		return;
	*(i->prev ? &i->prev->next : &i->sb->inodes) = i->next;
	if (i->next)
		i->next->prev = i->prev;
	free_inode(i);
}

/* ---- filesystems ---- */

struct vfs_super *vfs_super_new(struct vfs *fs, const char *type, uint32_t magic,
				const struct vfs_super_ops *ops)
{
	struct vfs_super *sb = mem_alloc(sizeof(*sb));

	sb->fs = fs;
	sb->type = type;
	sb->ops = ops;
	sb->magic = magic;
	sb->refs = 1;
	sb->dev = sim_makedev(0, ++fs->next_dev);
	sb->options = str_dup("");
	sb->next = fs->supers;
	if (fs->supers)
		fs->supers->prev = sb;
	fs->supers = sb;
	return sb;
}

struct vfs_super *vfs_super_get(struct vfs_super *sb)
{
	sb->refs++;
	return sb;
}

static void free_super(struct vfs_super *sb)
{
	if (sb->ops && sb->ops->free)
		sb->ops->free(sb);
	free(sb->options);
	free(sb);
}

/* Leaves first: the deepest child, then its siblings, then their parent. */
static void drop_tree(struct vfs_dentry *root)
{
	struct vfs_dentry *d = root;

	while (root->first) {
		while (d->first)
			d = d->first;
		struct vfs_dentry *parent = d->parent;
		vfs_dentry_remove(d);
		d = parent;
	}
	vfs_dentry_put(root);
}

void vfs_super_put(struct vfs_super *sb)
{
	if (--sb->refs)
		return;
	if (sb->root)
		drop_tree(sb->root);
	*(sb->prev ? &sb->prev->next : &sb->fs->supers) = sb->next;
	if (sb->next)
		sb->next->prev = sb->prev;
	free_super(sb);
}

void vfs_free_names(struct vfs *fs)
{
	fs->dying = true;
	for (size_t i = 0; i < fs->cap_names; i++)
		for (struct vfs_dentry *d = fs->names[i], *next; d; d = next) {
			next = d->chain;
			free_dentry(d);
		}
	for (struct vfs_dentry *d = fs->gone, *next; d; d = next) {
		next = d->next;
		free_dentry(d);
	}
	for (struct vfs_super *sb = fs->supers, *next; sb; sb = next) {
		next = sb->next;
		for (struct vfs_inode *i = sb->inodes, *n; i; i = n) {
			n = i->next;
			free_inode(i);
		}
		if (sb->root)
			free_dentry(sb->root);
		free_super(sb);
	}
	free(fs->names);
}
