/* mem.c - files in memory: tmpfs, and with a real directory behind it the host's files.
 *
 * The tree of names is the directory: nothing is kept beside it.  Data is one piece of
 * memory, as long as what was written; behind its end a file is zeros without memory
 * (a hole in front of written data counts as written, other than on a real tmpfs).
 *
 * `host`: a path of the machine that this inode began as.  A directory's entries and a
 * file's contents are read from there when somebody asks for the first time, and
 * belong to the simulated machine from then on: what it changes stays in memory, the
 * real files are never written.  So one copy of an image's layers, as they lie on the
 * disk, serves all containers, and costs memory only for what is looked at.
 */
#include "sim/mem.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"

#ifdef __APPLE__
#define st_atim st_atimespec
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

#define TMPFS_MAGIC 0x01021994
#define ENTRY_SIZE 20		/* what an entry adds to a directory's size, as tmpfs counts */
#define PAGE 4096
#define FILE_MAX (1ll << 40)	/* EFBIG beyond */

struct mem_inode {
	struct vfs_inode i;
	unsigned char *data;	/* of a symbolic link: its text */
	size_t len, cap;	/* what is in data; i.size may be more, never less */
	char *host;		/* NULL: nothing of it is left to be read */
};

static const struct vfs_inode_ops mem_ops;

static struct mem_inode *mem(struct vfs_inode *i)
{
	return (struct mem_inode *)i;
}

/* ---- room ---- */

static uint64_t pages(int64_t bytes)
{
	return ((uint64_t)bytes + PAGE - 1) / PAGE * PAGE;
}

static int take_room(struct vfs_super *sb, size_t from, size_t to)
{
	uint64_t was = pages((int64_t)from), now = pages((int64_t)to);

	if (now > was && sb->max_bytes && sb->used_bytes + (now - was) > sb->max_bytes)
		return -ENOSPC;
	sb->used_bytes += now - was;
	return 0;
}

static int take_inode(struct vfs_super *sb)
{
	if (sb->max_inodes && sb->used_inodes >= sb->max_inodes)
		return -ENOSPC;
	sb->used_inodes++;
	return 0;
}

static void mem_free(struct vfs_inode *i)
{
	struct mem_inode *m = mem(i);

	if (!i->sb->fs->dying) {
		i->sb->used_inodes--;
		if (!S_ISLNK(i->mode))
			take_room(i->sb, m->len, 0);
	}
	free(m->data);
	free(m->host);
}

/* ---- the host's files ---- */

static int64_t ns(struct timespec t)
{
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void take_stat(struct vfs_super *sb, struct vfs_inode *i, const struct stat *st)
{
	const struct mem_host *h = sb->priv;
	bool own = h && h->own_as_root && st->st_uid == h->uid;

	i->mode = st->st_mode;
	i->uid = own ? 0 : st->st_uid;
	i->gid = own ? 0 : st->st_gid;
	i->rdev = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ? (uint32_t)st->st_rdev : 0;
	i->nlink = (uint32_t)st->st_nlink;
	i->size = st->st_size;
	i->atime = ns(st->st_atim);
	i->mtime = ns(st->st_mtim);
	i->ctime = ns(st->st_ctim);
}

/* An inode for what lies at a path of the machine; takes `path` over. */
static struct vfs_inode *from_host(struct vfs_super *sb, char *path, const struct stat *st)
{
	struct mem_inode *m = (void *)vfs_inode_new(sb, sizeof(*m), &mem_ops, st->st_mode);

	sb->used_inodes++;
	take_stat(sb, &m->i, st);
	m->host = path;
	const struct mem_host *h = sb->priv;
	if (h && h->look)
		h->look(h->arg, path, &m->i);
	return &m->i;
}

static int host_lookup(struct vfs_dentry *dir, struct vfs_name name, struct vfs_dentry **out)
{
	char *path = str_printf("%s/%.*s", mem(dir->inode)->host, (int)name.n, name.s);
	struct stat st;

	if (lstat(path, &st) < 0) {
		int e = errno;
		free(path);
		return e == ENOTDIR || e == ELOOP ? -ENOENT : -e;
	}
	*out = vfs_dentry_add(dir, name, from_host(dir->inode->sb, path, &st));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All entries at once, in the order of their names: a disk's own order is an accident. */
static int mem_list(struct vfs_dentry *dir)
{
	struct mem_inode *m = mem(dir->inode);
	char **names = NULL;
	struct vfs_dentry *d;

	if (!m->host)
		return 0;
	autodir DIR *real = opendir(m->host);
	if (!real)
		return -errno;
	for (struct dirent *e; (e = readdir(real));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			strv_add(&names, e->d_name);
	qsort(names, strv_len(names), sizeof(*names), by_name);
	for (size_t i = 0; names && names[i]; i++) {
		struct vfs_name n = vfs_name(names[i], strlen(names[i]));
		if (!vfs_dentry_find(dir, n))
			host_lookup(dir, n, &d);
	}
	strv_free(names);
	free(m->host);
	m->host = NULL;
	return 0;
}

static long host_read(const struct mem_inode *m, void *buf, size_t n, int64_t at)
{
	autofd int fd = open(m->host, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	long r = pread(fd, buf, n, (off_t)at);
	return r < 0 ? -errno : r;
}

/* The whole contents, before they change. */
static int load(struct mem_inode *m)
{
	if (!m->host || !S_ISREG(m->i.mode))
		return 0;
	int r = take_room(m->i.sb, 0, (size_t)m->i.size);
	if (r < 0)
		return r;
	m->cap = (size_t)m->i.size + 1;
	m->data = mem_alloc(m->cap);
	for (m->len = 0; m->len < (size_t)m->i.size;) {
		long n = host_read(m, m->data + m->len, (size_t)m->i.size - m->len, (int64_t)m->len);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		m->len += (size_t)n;
	}
	free(m->host);
	m->host = NULL;
	return 0;
}

/* ---- names ---- */

static int mem_lookup(struct vfs_dentry *dir, struct vfs_name name, struct vfs_dentry **out)
{
	if (!vfs_is_dir(dir->inode))
		return -ENOTDIR;
	*out = vfs_dentry_find(dir, name);
	if (*out)
		return 0;
	return mem(dir->inode)->host ? host_lookup(dir, name, out) : -ENOENT;
}

static void count_entry(struct vfs_inode *dir, struct vfs_inode *i, int by)
{
	dir->size += by * ENTRY_SIZE;
	if (vfs_is_dir(i))
		dir->nlink += by;
}

static int mem_create(struct vfs_dentry *dir, struct vfs_name name, const struct vfs_new *n,
		      struct vfs_dentry **out)
{
	struct vfs_super *sb = dir->inode->sb;
	int r = mem_list(dir);

	if (r < 0 || (r = take_inode(sb)) < 0)
		return r;
	struct mem_inode *m = (void *)vfs_inode_new(sb, sizeof(*m), &mem_ops, n->mode);
	m->i.uid = n->uid;
	m->i.gid = n->gid;
	m->i.rdev = n->rdev;
	if (n->target) {
		m->len = strlen(n->target);
		m->i.size = (int64_t)m->len;
		m->data = (unsigned char *)str_dup(n->target);
	}
	count_entry(dir->inode, &m->i, 1);
	*out = vfs_dentry_add(dir, name, &m->i);
	return 0;
}

static int mem_link(struct vfs_dentry *from, struct vfs_dentry *dir, struct vfs_name name)
{
	struct vfs_inode *i = from->inode;
	int r = mem_list(dir);

	if (r < 0)
		return r;
	i->nlink++;
	i->ctime = vfs_now(i->sb->fs);
	count_entry(dir->inode, i, 1);
	vfs_dentry_add(dir, name, vfs_inode_get(i));
	return 0;
}

static int check_empty(struct vfs_dentry *d)
{
	int r = vfs_is_dir(d->inode) ? mem_list(d) : 0;

	return r < 0 ? r : d->first ? -ENOTEMPTY : 0;
}

static int mem_remove(struct vfs_dentry *d)
{
	struct vfs_inode *i = d->inode;
	int r = check_empty(d);

	if (r == 0)
		r = mem_list(d->parent);	/* or it would be found there again */
	if (r < 0)
		return r;
	count_entry(d->parent->inode, i, -1);
	i->nlink -= vfs_is_dir(i) ? 2 : 1;
	i->ctime = vfs_now(i->sb->fs);
	vfs_dentry_remove(d);
	return 0;
}

static int leave_whiteout(struct vfs_dentry *dir, struct vfs_name name)
{
	const struct vfs_inode *in = dir->inode;
	const struct vfs_new n = { .mode = S_IFCHR, .gid = in->mode & S_ISGID ? in->gid : 0 };
	struct vfs_dentry *d;

	return mem_create(dir, name, &n, &d);
}

static int mem_rename(struct vfs_move *m)
{
	char text[VFS_NAME_MAX + 1];
	struct vfs_dentry *d = m->from, *old = d->parent;
	struct vfs_name name = vfs_dentry_name(d);
	int r = mem_list(m->dir);

	if (r == 0)
		r = mem_list(old);
	if (r < 0)
		return r;
	d->inode->ctime = vfs_now(d->inode->sb->fs);
	if (m->flags & RENAME_EXCHANGE) {
		count_entry(old->inode, d->inode, -1);
		count_entry(m->dir->inode, d->inode, 1);
		count_entry(m->dir->inode, m->to->inode, -1);
		count_entry(old->inode, m->to->inode, 1);
		vfs_dentry_swap(d, m->to);
		return 0;
	}
	if (m->to && ((r = check_empty(m->to)) < 0 || (r = mem_remove(m->to)) < 0))
		return r;
	memcpy(text, name.s, name.n);
	name.s = text;
	count_entry(old->inode, d->inode, -1);
	count_entry(m->dir->inode, d->inode, 1);
	vfs_dentry_move(d, m->dir, m->name);
	return m->flags & RENAME_WHITEOUT ? leave_whiteout(old, name) : 0;
}

/* ---- data ---- */

static int mem_readlink(struct vfs_dentry *d, const struct vfs_view *v, struct str *out)
{
	struct mem_inode *m = mem(d->inode);
	char text[VFS_PATH_MAX];

	if (!S_ISLNK(d->inode->mode))
		return -EINVAL;
	if (!m->data) {
		ssize_t n = readlink(m->host, text, sizeof(text) - 1);
		if (n < 0)
			return -errno;
		text[n] = 0;
		m->data = (unsigned char *)str_dup(text);
		m->len = (size_t)n;
		m->i.size = n;
	}
	str_add(out, (char *)m->data);
	return 0;
}

static long mem_read(struct vfs_inode *i, void *buf, size_t n, int64_t at)
{
	struct mem_inode *m = mem(i);

	if (at >= i->size)
		return 0;
	if (n > (size_t)(i->size - at))
		n = (size_t)(i->size - at);
	if (m->host && S_ISREG(i->mode))
		return host_read(m, buf, n, at);
	size_t have = (size_t)at < m->len ? m->len - (size_t)at : 0;
	if (have > n)
		have = n;
	if (have)
		memcpy(buf, m->data + at, have);
	memset((char *)buf + have, 0, n - have);
	return (long)n;
}

/* Memory for the first `len` bytes; what is new is zero. */
static int reach(struct mem_inode *m, size_t len)
{
	size_t cap = m->cap ? m->cap : 64;

	if (len <= m->len)
		return 0;
	int r = take_room(m->i.sb, m->len, len);
	if (r < 0)
		return r;
	while (cap < len)
		cap *= 2;
	if (cap > m->cap)
		m->data = mem_grow(m->data, cap);
	m->cap = cap;
	memset(m->data + m->len, 0, len - m->len);
	m->len = len;
	return 0;
}

static long mem_write(struct vfs_inode *i, const void *buf, size_t n, int64_t at)
{
	struct mem_inode *m = mem(i);

	if (at >= FILE_MAX || n > (size_t)(FILE_MAX - at))
		return -EFBIG;
	int r = load(m);
	if (r == 0)
		r = reach(m, (size_t)at + n);
	if (r < 0)
		return r;
	memcpy(m->data + at, buf, n);
	if (i->size < at + (int64_t)n)
		i->size = at + (int64_t)n;
	return (long)n;
}

static int mem_resize(struct vfs_inode *i, int64_t size)
{
	struct mem_inode *m = mem(i);

	if (size > FILE_MAX)
		return -EFBIG;
	if (!S_ISREG(i->mode))
		return -EINVAL;
	if (size == 0 && m->host) {
		free(m->host);
		m->host = NULL;
	}
	int r = load(m);
	if (r < 0)
		return r;
	if ((size_t)size < m->len) {
		take_room(i->sb, m->len, (size_t)size);
		m->len = (size_t)size;
	}
	i->size = size;
	return 0;
}

static const struct vfs_inode_ops mem_ops = {
	.lookup = mem_lookup, .list = mem_list, .create = mem_create, .link = mem_link,
	.remove = mem_remove, .rename = mem_rename, .read = mem_read, .write = mem_write,
	.resize = mem_resize, .readlink = mem_readlink, .free = mem_free,
};

/* ---- filesystems ---- */

static void super_free(struct vfs_super *sb)
{
	free(sb->priv);
}

static const struct vfs_super_ops super_ops = { .free = super_free };

struct vfs_super *vfs_mem_super(struct vfs *fs, const char *type, uint32_t mode)
{
	struct vfs_super *sb = vfs_super_new(fs, type, TMPFS_MAGIC, &super_ops);
	struct mem_inode *m = (void *)vfs_inode_new(sb, sizeof(*m), &mem_ops, S_IFDIR | mode);

	sb->used_inodes = 1;
	sb->root = vfs_dentry_root(&m->i);
	return sb;
}

int vfs_host_super(struct vfs *fs, const char *path, const struct mem_host *how,
		   struct vfs_super **out)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	struct vfs_super *sb = vfs_super_new(fs, "host", TMPFS_MAGIC, &super_ops);
	struct mem_host *h = mem_alloc(sizeof(*h));
	if (how)
		*h = *how;
	sb->priv = h;
	sb->root = vfs_dentry_root(from_host(sb, str_dup(path), &st));
	*out = sb;
	return 0;
}
