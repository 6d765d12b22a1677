/* namei.c - from a path to a file.
 *
 * A path is walked part by part from the root or the working directory.  Each directory
 * on the way must be one we may walk through; "." stays, ".." goes to the parent (not
 * above the view's root, and out of a mount to where it sits), a name is looked up, and
 * if something is mounted there the walk goes on in what is mounted.  A symbolic link
 * puts its text in front of the rest of the path: 40 of them, then ELOOP.
 *
 * Calls that make or remove a name need the directory and the last part instead of the
 * file: vfs_walk_parent() stops there and never follows the last part.
 *
 * Nothing is counted while walking: no name can disappear in between.  Only a link that
 * leads to a place (/proc/PID/root) is held until the walk is over.
 */
#include "sim/mount_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

#define MAX_LINKS 40

struct walk {
	const struct vfs_view *v;
	struct vfs_path at;		/* borrowed */
	struct vfs_path kept;		/* what a link led to */
	char *text;			/* with the links put in; ours */
	const char *rest;
	int links;
};

int vfs_lookup(struct vfs_dentry *dir, struct vfs_name name, struct vfs_dentry **out)
{
	if (name.n > VFS_NAME_MAX)
		return -ENAMETOOLONG;
	return dir->inode->ops->lookup ? dir->inode->ops->lookup(dir, name, out) : -ENOTDIR;
}

int vfs_want_write(const struct vfs_path *p)
{
	return p->d->inode->sb->readonly || (p->mnt && p->mnt->flags & SIM_ATTR_RDONLY) ? -EROFS : 0;
}

int vfs_get_link(struct vfs_dentry *d, const struct vfs_view *v, struct str *out)
{
	return d->inode->ops->readlink ? d->inode->ops->readlink(d, v, out) : -EINVAL;
}

/* One step up: out of the mount too, where we stand at its root. */
static void go_up(struct walk *w)
{
	struct vfs_path *p = &w->at;

	for (;;) {
		if (p->mnt == w->v->root.mnt && p->d == w->v->root.d)
			return;
		if (p->d != p->mnt->root) {
			p->d = p->d->parent;
			break;
		}
		if (!p->mnt->parent)
			return;
		p->d = p->mnt->point;
		p->mnt = p->mnt->parent;
	}
	vfs_mount_cross(p);
}

static void put_in_front(struct walk *w, const char *target)
{
	char *text = str_printf("%s%s", target, w->rest);

	free(w->text);
	w->text = text;
	w->rest = text;
	if (*text == '/')
		w->at = w->v->root;
}

static int follow(struct walk *w, struct vfs_dentry *link, bool last)
{
	autostr struct str target = { 0 };
	struct vfs_path to;

	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if (last && vfs_may_follow(w->v, link) < 0)
		return -EACCES;
	if (w->at.mnt->flags & SIM_ATTR_NOSYMFOLLOW)
		return -ELOOP;
	if (link->inode->ops->follow) {
		int r = link->inode->ops->follow(link, w->v, &to);
		if (r == 0) {
			if (w->kept.d)
				vfs_path_put(&w->kept);
			w->kept = w->at = to;
		}
		if (r != -EINVAL)
			return r;
	}
	int r = vfs_get_link(link, w->v, &target);
	if (r < 0)
		return r;
	if (!target.len)
		return -ENOENT;
	put_in_front(w, target.s);
	return 0;
}

/* Cuts the next part off; n = 0: there is none. */
static struct vfs_name next_part(struct walk *w)
{
	while (*w->rest == '/')
		w->rest++;
	size_t n = strcspn(w->rest, "/");
	struct vfs_name name = vfs_name(w->rest, n);
	w->rest += n;
	return name;
}

static bool is_dots(struct vfs_name n, size_t dots)
{
	return n.n == dots && !memcmp(n.s, "..", dots);
}

static bool only_slashes(const char *s)
{
	return !s[strspn(s, "/")];
}

static int may_walk(const struct walk *w)
{
	if (!vfs_is_dir(w->at.d->inode))
		return -ENOTDIR;
	return vfs_permission(w->v->cred, w->at.d->inode, MAY_EXEC);
}

/* One part further. */
static int step(struct walk *w, struct vfs_name name, bool follow_it, bool last)
{
	struct vfs_dentry *d;

	if (is_dots(name, 1))
		return 0;
	if (is_dots(name, 2)) {
		go_up(w);
		return 0;
	}
	int r = vfs_lookup(w->at.d, name, &d);
	if (r < 0)
		return r;
	struct vfs_path to = { w->at.mnt, d };
	vfs_mount_cross(&to);
	if (S_ISLNK(to.d->inode->mode) && follow_it)
		return follow(w, to.d, last);
	w->at = to;
	return 0;
}

static int begin(struct walk *w, const struct vfs_view *v, const struct vfs_path *at,
		 const char *path)
{
	*w = (struct walk){ .v = v, .rest = path };
	w->at = *path == '/' ? v->root : at ? *at : v->cwd;
	return strlen(path) >= VFS_PATH_MAX ? -ENAMETOOLONG : 0;
}

static void finish(struct walk *w)
{
	if (w->kept.d)
		vfs_path_put(&w->kept);
	free(w->text);
}

static int walk_all(struct walk *w, int how)
{
	int r = 0;

	while (r == 0) {
		while (*w->rest == '/')
			w->rest++;
		if (!*w->rest)
			return 0;
		if ((r = may_walk(w)) < 0)
			return r;
		struct vfs_name name = next_part(w);
		bool slash = *w->rest, last = only_slashes(w->rest);
		r = step(w, name, !last || slash || how & WALK_FOLLOW, last);
		if (r == 0 && last && slash && only_slashes(w->rest) && !vfs_is_dir(w->at.d->inode))
			return -ENOTDIR;
	}
	return r;
}

int vfs_walk_how(const struct vfs_view *v, const struct vfs_path *at, const char *path, int how,
		 struct vfs_path *out)
{
	struct walk w;
	int r = begin(&w, v, at, path);

	if (r == 0 && !*path)
		r = how & WALK_EMPTY ? 0 : -ENOENT;
	else if (r == 0)
		r = walk_all(&w, how);
	if (r == 0 && how & WALK_DIRECTORY && !vfs_is_dir(w.at.d->inode))
		r = -ENOTDIR;
	if (r == 0) {
		*out = w.at;
		vfs_path_get(out);
	}
	finish(&w);
	return r;
}

int vfs_walk(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
	     struct vfs_path *out)
{
	return vfs_walk_how(v, at, path, (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
			    (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), out);
}

static int keep_parent(struct walk *w, struct vfs_name name, struct vfs_parent *out)
{
	out->kind = name.n == 0 ? LAST_ROOT : is_dots(name, 1) ? LAST_DOT :
		    is_dots(name, 2) ? LAST_DOTDOT : LAST_NAME;
	out->slash = *w->rest;
	if (name.n > VFS_NAME_MAX) {	/* found out by whoever looks it up */
		out->name = (struct vfs_name){ out->text, name.n, 0 };
		out->text[0] = 0;
	} else {
		memcpy(out->text, name.s, name.n);
		out->text[name.n] = 0;
		out->name = vfs_name(out->text, name.n);
	}
	out->dir = w->at;
	vfs_path_get(&out->dir);
	return 0;
}

int vfs_walk_parent(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		    struct vfs_parent *out)
{
	struct walk w;
	int r = begin(&w, v, at, path);

	if (r == 0 && !*path)
		r = -ENOENT;
	while (r == 0) {
		while (*w.rest == '/')
			w.rest++;
		if (*w.rest && (r = may_walk(&w)) < 0)
			break;
		struct vfs_name name = next_part(&w);
		if (only_slashes(w.rest)) {
			r = keep_parent(&w, name, out);
			break;
		}
		r = step(&w, name, true, false);
	}
	finish(&w);
	return r;
}

/* ---- where a view stands ---- */

static int stand(const struct vfs_view *v, struct vfs_path *where, const struct vfs_path *to)
{
	int r = vfs_is_dir(to->d->inode) ? vfs_permission(v->cred, to->d->inode, MAY_EXEC) : -ENOTDIR;

	if (r < 0)
		return r;
	vfs_path_get(to);
	vfs_path_put(where);
	*where = *to;
	return 0;
}

int vfs_fchdir(struct vfs_view *v, const struct vfs_path *to)
{
	return stand(v, &v->cwd, to);
}

static int walk_and_stand(struct vfs_view *v, struct vfs_path *where, const char *path)
{
	struct vfs_path to;
	int r = vfs_walk_how(v, NULL, path, WALK_FOLLOW | WALK_DIRECTORY, &to);

	if (r < 0)
		return r;
	r = where == &v->root && !vfs_capable(v->cred, SIM_CAP_SYS_CHROOT) ? -EPERM
									  : stand(v, where, &to);
	vfs_path_put(&to);
	return r;
}

int vfs_chdir(struct vfs_view *v, const char *path)
{
	return walk_and_stand(v, &v->cwd, path);
}

int vfs_chroot(struct vfs_view *v, const char *path)
{
	return walk_and_stand(v, &v->root, path);
}

static void put_part(struct str *out, const char *name)
{
	autofree char *rest = out->s;

	*out = (struct str){ 0 };
	str_addf(out, "/%s%s", name, rest ? rest : "");
}

void vfs_path_text(const struct vfs_view *v, const struct vfs_path *p, struct str *out)
{
	struct vfs_path at = *p;
	autostr struct str text = { 0 };
	bool reached = true;

	while (at.mnt != v->root.mnt || at.d != v->root.d) {
		if (at.d != at.mnt->root && at.d->parent != at.d) {
			put_part(&text, at.d->name);
			at.d = at.d->parent;
		} else if (at.mnt->parent) {
			at.d = at.mnt->point;
			at.mnt = at.mnt->parent;
		} else {
			reached = false;
			break;
		}
	}
	str_add(out, reached ? "" : "(unreachable)");
	str_add(out, text.len ? text.s : "/");
}

int vfs_getcwd(const struct vfs_view *v, struct str *out)
{
	if (v->cwd.d->gone)
		return -ENOENT;
	vfs_path_text(v, &v->cwd, out);
	return 0;
}
