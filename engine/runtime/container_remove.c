/* container_remove.c - a container goes: rm, prune, and taking directories away.
 *
 * The document goes first, then the directory is renamed to containers/.gone/ID:
 * from there on the container doesn't exist, and nobody waits while a reaper
 * thread sweeps what the kernel still holds of it and deletes the tree.  What a
 * killed daemon left in .gone the next takes away.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/idmap.h"
#include "runtime/container_internal.h"

static pthread_mutex_t reap_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t reap_more = PTHREAD_COND_INITIALIZER;
static unsigned reap_wanted;

static char *gone_dir(const struct containers *cs)
{
	return str_printf("%s/containers/.gone", cs->data_root);
}

static void reap_all(struct containers *cs)
{
	autofree char *gone = gone_dir(cs);
	autodir DIR *d = opendir(gone);
	struct dirent *ent;
	while (d && (ent = readdir(d))) {
		if (ent->d_name[0] == '.')
			continue;
		autofree char *run = str_printf("%s/containers/%s", cs->exec_root, ent->d_name);
		autofree char *dir = str_printf("%s/%s", gone, ent->d_name);
		launch_sweep(cs->launcher, ent->d_name, run, NULL);
		dir_remove(dir, NULL);
	}
}

/* Takes away what lies in .gone whenever there is something new, and at the start. */
void *reaper_run(void *arg)
{
	struct containers *cs = arg;
	unsigned done = 0;

	for (;;) {
		reap_all(cs);
		pthread_mutex_lock(&reap_lock);
		while (done == reap_wanted && !cs->stopping)
			pthread_cond_wait(&reap_more, &reap_lock);
		bool stop = done == reap_wanted;
		done = reap_wanted;
		pthread_mutex_unlock(&reap_lock);
		if (stop)
			return NULL;
	}
}

void reaper_wake(void)
{
	pthread_mutex_lock(&reap_lock);
	reap_wanted++;
	pthread_cond_signal(&reap_more);
	pthread_mutex_unlock(&reap_lock);
}

static void discard_dir(struct container *c)
{
	autofree char *gone = gone_dir(c->all), *from = container_path(c, "");
	autofree char *to = str_printf("%s/%s", gone, c->id);
	from[strlen(from) - 1] = '\0';
	mkdir(gone, 0700);
	if (rename(from, to) < 0)
		dir_remove(from, NULL);
}

static void removed_facts(struct container *c, const struct origin *by, bool force, int64_t bytes)
{
	cJSON *d = cJSON_CreateObject();
	json_put_bool(d, "force", force);
	json_put_int(d, "bytes", bytes);
	json_put_str(d, "name", c->name);
	container_fact(c, by, "ctr.rm", d);
	container_event(c, "destroy", NULL);
}

static void refused_fact(struct container *c, const struct origin *by, const char *why)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "why", why);
	container_fact(c, by, "ctr.rm.refused", d);
}

static int refuse(struct container *c, const struct origin *by, struct err *e)
{
	refused_fact(c, by, "running");
	if (c->status == CTR_PAUSED)
		return err_http(e, 409, EBUSY, "cannot remove container \"/%s\": container is paused"
				" and must be unpaused first", c->name);
	err_http(e, 409, EBUSY, "cannot remove container \"/%s\": container is %s: stop the container"
		 " before removing or force remove", c->name, ctr_status_names[c->status]);
	return err_hint(e, "`docker stop %s` first, or `docker rm -f %s`", c->name, c->name);
}

/* Forced: SIGKILL, and wait for the end to be noted. */
static void kill_it(struct container *c, const struct origin *by)
{
	c->by_hand = true;
	if (c->status == CTR_PAUSED)
		launch_pause(c->run, false, NULL);
	launch_kill(c->run, SIGKILL, NULL);
	container_event(c, "kill", NULL);
	for (int i = 0; i < 20 && container_is_up(c); i++)
		clock_wait_ms(&c->changed, &c->mutex, 500);
}

/* On a full disk not even the document can be taken away, and `docker rm` is how its
 * owner makes room: what the container wrote goes first then. */
static int forget(struct container *c, const char *upper, struct err *e)
{
	int r = state_delete(c->all->state, "container", c->id, e);
	if (r != -ENOSPC)
		return r;
	err_clear(e);
	dir_remove(upper, NULL);
	return state_delete(c->all->state, "container", c->id, e);
}

int remove_locked(struct container *c, const struct origin *by, bool force, bool volumes,
		  struct err *e)
{
	autofree char *upper = container_path(c, "upper");
	int64_t bytes = 0;
	int r;

	container_root_await(c);
	if (c->gone || c->status == CTR_REMOVING)
		return err_http(e, 409, EBUSY, "removal of container %s is already in progress", c->id);
	if ((container_is_up(c) || c->status == CTR_RESTARTING) && !force)
		return refuse(c, by, e);
	if (container_is_up(c))
		kill_it(c, by);
	container_root_await(c);
	if (c->gone)		/* --rm took it away meanwhile */
		return 0;
	if (container_is_up(c))
		return err_http(e, 500, EBUSY, "cannot remove container \"/%s\": could not kill container:"
				" tried to kill container, but did not receive an exit event", c->name);
	enum ctr_status before = c->status;
	c->status = CTR_REMOVING;
	changes_look(c);
	dir_size(upper, &bytes, NULL);
	if ((r = forget(c, upper, e)) < 0) {
		c->status = before;
		return r;
	}
	discard_dir(c);
	c->gone = true;
	attach_drop(c);
	execs_drop(c);
	table_remove(c);
	if (volumes)
		mounts_remove_volumes(c);
	removed_facts(c, by, force, bytes);
	pthread_cond_broadcast(&c->changed);
	reaper_wake();
	return 0;
}

int container_remove(struct container *c, const struct origin *by, bool force, bool volumes,
		     struct err *e)
{
	container_lock(c);
	int r = remove_locked(c, by, force, volumes, e);
	container_unlock(c);
	return r;
}

int containers_prune(struct containers *cs, const struct origin *by,
		     bool (*want)(void *arg, struct container *c), void *arg, char ***removed,
		     int64_t *bytes, struct err *e)
{
	size_t n, count = 0;
	struct container **v = containers_list(cs, &n);
	*bytes = 0;
	for (size_t i = 0; i < n; i++) {
		struct container *c = v[i];
		container_lock(c);
		bool idle = !container_is_up(c) && c->status != CTR_RESTARTING && !c->gone;
		if (idle && want(arg, c)) {
			int64_t size = container_size_rw(c);
			if (remove_locked(c, by, false, false, e) == 0) {
				strv_add(removed, c->id);
				*bytes += size;
				count++;
			}
		}
		container_unlock(c);
	}
	containers_list_free(v, n);
	if (cs->journal) {
		cJSON *d = cJSON_CreateObject();
		json_put_str(d, "what", "container");
		json_put_int(d, "n", (int64_t)count);
		json_put_int(d, "bytes", *bytes);
		journal_add(cs->journal, by, "prune", NULL, NULL, d, NULL);
	}
	return 0;
}

int64_t container_size_rw(struct container *c)
{
	autofree char *upper = container_path(c, "upper");
	int64_t bytes = 0;
	dir_size(upper, &bytes, NULL);
	return bytes;
}

/* -- the init layer ---------------------------------------------------------------- */

/* What every container finds in its root whatever the image holds: places to mount
 * on.  One read-only layer for all of them, between the image's and the writable
 * one, so that these names never look like something the container has written. */
int init_layer_make(struct containers *cs, struct err *e)
{
	static const char *const dirs[] = { "", "dev", "dev/pts", "dev/shm", "dev/mqueue", "proc",
					    "sys", "etc" };
	static const char *const files[] = { "etc/hosts", "etc/hostname", "etc/resolv.conf",
					     "dev/console", ".dockerenv" };
	int r;
	cs->init_layer = str_printf("%s/containers/.init", cs->data_root);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		autofree char *path = str_printf("%s/%s", cs->init_layer, dirs[i]);
		if ((r = dir_make_inside(path, e)) < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		autofree char *path = str_printf("%s/%s", cs->init_layer, files[i]);
		autofd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
		if (fd < 0)
			return err_sys(e, errno, "make %s", path);
		if ((r = idmap_give(fd, "")) < 0)
			return err_sys(e, -r, "make %s", path);
	}
	autofree char *mtab = str_printf("%s/etc/mtab", cs->init_layer);
	if (symlink("/proc/mounts", mtab) < 0 && errno != EEXIST)
		return err_sys(e, errno, "make %s", mtab);
	return 0;
}
