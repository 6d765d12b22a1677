#include "runtime/container_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "image/merged.h"
#include "image/resolve.h"
#include "runtime/container_internal.h"

#define MAX_SEEN 64	/* mounts: the root, and volumes and binds */

struct container_root {
	struct container *c;
	enum root_view view;
	int fd;
	uint64_t seen[MAX_SEEN];	/* mount ids: the root's first */
	size_t n_seen;
	pthread_t keeper;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ready, done;
	int result;
	struct err err;
};

/* ---- which mounts are to be seen ------------------------------------------------- */

static bool mount_id(int fd, uint64_t *id)
{
	struct statx st;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 || !(st.stx_mask & STATX_MNT_ID))
		return false;
	*id = st.stx_mnt_id;
	return true;
}

static void add_seen(struct container_root *r, int fd)
{
	uint64_t id;
	if (r->n_seen < MAX_SEEN && mount_id(fd, &id))
		r->seen[r->n_seen++] = id;
}

bool container_root_hides(void *root, int fd)
{
	const struct container_root *r = root;
	uint64_t id;
	if (!mount_id(fd, &id))
		return true;
	for (size_t i = 0; i < r->n_seen; i++)
		if (r->seen[i] == id)
			return false;
	return true;
}

/* Everything that is bound into the container: the user's, and our three files. */
static void each_bind(const struct spec *s,
		      void (*fn)(struct container_root *r, const char *source, const char *target,
				 bool readonly), struct container_root *r)
{
	const struct { const char *source, *target; } own[] = {
		{ s->hosts, "/etc/hosts" }, { s->hostname_file, "/etc/hostname" },
		{ s->resolv_conf, "/etc/resolv.conf" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i].source)
			fn(r, own[i].source, own[i].target, false);
	for (size_t i = 0; i < s->n_mounts; i++)
		if (!str_eq(s->mounts[i].type, "tmpfs"))
			fn(r, s->mounts[i].source, s->mounts[i].target,
			   s->mounts[i].flags & MS_RDONLY);
}

static void see_bind(struct container_root *r, const char *source, const char *target, bool ro)
{
	autofd int fd = resolve_open(r->fd, target, O_PATH);
	if (fd >= 0)
		add_seen(r, fd);
}

/* ---- a running one --------------------------------------------------------------- */

static int open_running(struct container_root *r, const struct spec *s, struct err *e)
{
	autofree char *path = str_printf("/proc/%d/root", r->c->pid);
	r->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->fd < 0)
		return err_sys(e, errno, "open the root of container %s", r->c->name);
	add_seen(r, r->fd);
	if (r->view == ROOT_WITH_VOLUMES)
		each_bind(s, see_bind, r);
	return 0;
}

/* ---- one that doesn't run -------------------------------------------------------- */

/* The place to mount on, made like docker's if it is missing. */
static int open_target(int root, const char *source, const char *target)
{
	struct stat st;
	int fd = resolve_open(root, target, O_PATH);
	if (fd != -ENOENT || stat(source, &st) < 0)
		return fd;
	if (S_ISDIR(st.st_mode))
		return resolve_make_dirs(root, target + 1) < 0 ? -ENOENT
		       : resolve_open(root, target, O_PATH);
	const char *slash = strrchr(target, '/');
	autofree char *parent = slash == target ? str_dup("")
				: strndup(target + 1, (size_t)(slash - target - 1));
	if (*parent && resolve_make_dirs(root, parent) < 0)
		return -ENOENT;
	autofd int dir = resolve_dir(root, parent);
	fd = dir < 0 ? dir : openat(dir, slash + 1, O_RDONLY | O_CREAT | O_NOFOLLOW |
				    O_CLOEXEC, 0644);
	return fd < 0 ? -ENOENT : fd;
}

static void mount_bind(struct container_root *r, const char *source, const char *target, bool ro)
{
	struct kernel *k = r->c->all->kernel;
	struct k_mount_attr attr = { .set = MOUNT_ATTR_RDONLY };
	autofd int to = open_target(r->fd, source, target);
	autofd int tree = to < 0 ? -1 : (int)k_open_tree(k, AT_FDCWD, source, OPEN_TREE_CLONE |
							 OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0)
		return;	/* a source that went away: the start would say so */
	if (ro)
		k_mount_setattr(k, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr);
	if (k_move_mount(k, tree, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
		add_seen(r, tree);
}

static int open_overlay(struct container_root *r, const struct spec *s, struct err *e)
{
	struct layers l;
	int n = container_layers(r->c, &l, e);
	if (n < 0)
		return n;
	struct merged m = { .dir = l.dir + 1, .n = l.n - 1, .upper = s->upper, .work = s->work };
	r->fd = merged_open(r->c->all->kernel, &m, s->merged, e);
	return r->fd < 0 ? r->fd : 0;
}

/* In a namespace of our own, so that nothing of it is seen or left anywhere. */
static int mount_volumes(struct container_root *r, const struct spec *s, struct err *e)
{
	struct kernel *k = r->c->all->kernel;
	struct k_mount_attr attr = { .set = MOUNT_ATTR_RDONLY };
	int n = (int)k_unshare(k, CLONE_NEWNS);
	if (n == 0)
		n = (int)k_mount(k, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (n == 0)
		n = (int)k_move_mount(k, r->fd, "", AT_FDCWD, s->merged, MOVE_MOUNT_F_EMPTY_PATH);
	if (n < 0)
		return err_sys(e, -n, "mount the files of container %s", r->c->name);
	each_bind(s, mount_bind, r);
	if (s->readonly_root)
		k_mount_setattr(k, r->fd, "", AT_EMPTY_PATH, &attr);
	return 0;
}

static int open_stopped(struct container_root *r, struct spec *s, struct err *e)
{
	int n = open_overlay(r, s, e);
	if (n < 0)
		return n;
	add_seen(r, r->fd);
	if (r->view != ROOT_WITH_VOLUMES)
		return 0;
	n = mounts_resolve(s, e);
	return n < 0 ? n : mount_volumes(r, s, e);
}

/* ---- the thread that keeps it ---------------------------------------------------- */

static int open_view(struct container_root *r, bool *keeps)
{
	struct spec s = { .netns_fd = -1 };
	bool up = container_is_up(r->c);
	int n;
	if (r->c->gone || r->c->status == CTR_REMOVING || r->c->status == CTR_DEAD)
		return err_http(&r->err, 409, EBUSY, "container %s is being removed", r->c->id);
	n = spec_build(r->c, &s, false, &r->err);
	if (n == 0)
		n = up ? open_running(r, &s, &r->err) : open_stopped(r, &s, &r->err);
	spec_free(&s);
	*keeps = n == 0 && !up;
	return n;
}

void container_root_await(struct container *c)
{
	while (c->viewed)
		pthread_cond_wait(&c->changed, &c->mutex);
}

static void set_viewed(struct container *c, bool viewed)
{
	c->viewed = viewed;
	pthread_cond_broadcast(&c->changed);
}

static void *keep(void *arg)
{
	struct container_root *r = arg;
	bool keeps = false;
	container_lock(r->c);
	container_root_await(r->c);
	int n = open_view(r, &keeps);
	if (keeps)
		set_viewed(r->c, true);
	container_unlock(r->c);
	pthread_mutex_lock(&r->lock);
	r->result = n;
	r->ready = true;
	pthread_cond_broadcast(&r->changed);
	while (!r->done)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
	if (r->fd >= 0)
		close(r->fd);
	if (!keeps)
		return NULL;
	container_lock(r->c);
	set_viewed(r->c, false);
	container_unlock(r->c);
	return NULL;
}

int container_root_open(struct container *c, enum root_view view, struct container_root **out,
			struct err *e)
{
	struct container_root *r = mem_alloc(sizeof(*r));
	r->view = view;
	r->fd = -1;
	r->c = c;
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	int failed = pthread_create(&r->keeper, NULL, keep, r);
	if (failed) {
		container_put(c);
		free(r);
		return err_sys(e, failed, "open the files of container %s", c->id);
	}
	pthread_mutex_lock(&r->lock);
	while (!r->ready)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
	int n = r->result;
	if (n < 0 && e)
		*e = r->err;
	if (n < 0)
		container_root_close(r);
	else
		*out = r;
	return n;
}

void container_root_close(struct container_root *r)
{
	pthread_mutex_lock(&r->lock);
	r->done = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->keeper, NULL);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	container_put(r->c);
	free(r);
}

int container_root_fd(const struct container_root *r) { return r->fd; }
struct container *container_root_of(const struct container_root *r) { return r->c; }
