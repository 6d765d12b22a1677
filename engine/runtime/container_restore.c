/* container_restore.c - the daemon begins: what of the last one is still there?
 *
 * Containers that run are found again by their supervisors, with their address
 * and host ports; those that ended meanwhile left an exit record.  Whatever a
 * killed daemon had half made has no document, or a document that says "created":
 * its directory, its mounts, its cgroup and its supervisor are taken away.  So is
 * the container of a build's step that was under way: nobody waits for it any more.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "runtime/container_internal.h"

static char *run_dir_of(const struct container *c)
{
	return str_printf("%s/containers/%s", c->all->exec_root, c->id);
}

static bool exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

/* Who PID 1 is: the journal saw it start, but that daemon is gone (proc(5)). */
static void meet_init(struct container *c)
{
	char exe[PATH_MAX];
	autofree char *link = str_printf("/proc/%d/exe", c->pid);
	autofree char *path = str_printf("/proc/%d/cmdline", c->pid);
	autostr struct str cmd = { 0 };
	ssize_t n = readlink(link, exe, sizeof(exe) - 1);
	if (n < 0 || file_read(path, &cmd, NULL) < 0)
		return;
	exe[n] = '\0';
	c->init_exe = str_dup(exe);
	c->init_argv = mem_alloc(sizeof(*c->init_argv));
	for (size_t at = 0; at < cmd.len; at += strlen(cmd.s + at) + 1)
		strv_add(&c->init_argv, cmd.s + at);
}

/* It runs: take it up again. */
static void adopt(struct container *c, const struct launch_info *info)
{
	c->pid = info->pid;
	if (c->status != CTR_PAUSED)
		c->status = CTR_RUNNING;
	if (!c->started_ns)
		c->started_ns = clock_wall_ns();
	if (!c->starts)
		c->starts = 1;
	meet_init(c);
	net_adopt(c);
	changes_baseline(c);
	health_start(c, true);
	container_save(c, NULL);
}

/* It ended while nobody looked. */
static void bury(struct container *c, const char *run_dir)
{
	struct launch_exit x = { .code = 255 };	/* what dockerd says of an end it didn't see */
	launch_exit_record(run_dir, &x, NULL);
	launch_spooled(c->all->launcher, c->id, run_dir);
	worker_settle(c->all);		/* what its programs did came before its end */
	container_ended(c, &x);
	facts_exit(c, &x);
	changes_look(c);
}

static void restore_one(struct container *c)
{
	autofree char *run_dir = run_dir_of(c);
	struct launch_info info = { .pid = 0 };
	bool was_up = container_is_up(c);

	c->in_build = c->in_build && was_up;	/* one that had failed is there to be looked at */
	if (c->status == CTR_RESTARTING || c->status == CTR_REMOVING)
		c->status = CTR_EXITED;
	if (!was_up && !exists(run_dir))
		return;
	if (launch_reattach(c->all->launcher, c->id, run_dir, &c->run, &info, NULL) == 0 &&
	    info.pid > 0) {
		adopt(c, &info);
	} else if (was_up) {
		bury(c, run_dir);
		launch_sweep(c->all->launcher, c->id, run_dir, NULL);
	} else {
		launch_sweep(c->all->launcher, c->id, run_dir, NULL);
	}
	free(info.upper);
	free(info.lower);
}

/* After everything is found again: --rm and restart policies have their way. */
static void catch_up(struct container *c)
{
	struct err e = { 0 };
	container_lock(c);
	struct origin by = { 0 };
	origin_keep(&by, &c->by);
	if (c->in_build)
		remove_locked(c, &by, true, true, &e);
	else if (!container_is_up(c) && c->starts > 0 && host_flag(c, "AutoRemove"))
		remove_locked(c, &by, false, true, &e);
	else if (restart_with_daemon(c))
		start_locked(c, &by, &e);
	origin_free(&by);
	container_unlock(c);
}

static int load_one(void *arg, const char *id, const cJSON *doc)
{
	struct containers *cs = arg;
	struct container *c = container_load(cs, doc);
	if (table_add(cs, c, NULL) < 0) {	/* two of one name: nobody is lost for that */
		fprintf(stderr, "drydock: container name \"%s\" is used twice; %s goes by its id now\n",
			c->name, c->id);
		free(c->name);
		c->name = str_dup(c->id);
		table_add(cs, c, NULL);
		container_save(c, NULL);
	}
	restore_one(c);
	container_put(c);
	return 0;
}

/* Calls fn(cs, name, path) for each entry of dir that is a container's id nobody knows. */
static void each_unknown(struct containers *cs, const char *dir,
			 void (*fn)(struct containers *cs, const char *id, const char *path))
{
	autodir DIR *d = opendir(dir);
	struct dirent *ent;
	while (d && (ent = readdir(d))) {
		if (strlen(ent->d_name) != 64)
			continue;
		autocontainer struct container *c = table_find_id(cs, ent->d_name);
		autofree char *path = str_printf("%s/%s", dir, ent->d_name);
		if (!c)
			fn(cs, ent->d_name, path);
	}
}

static void sweep_run(struct containers *cs, const char *id, const char *path)
{
	launch_sweep(cs->launcher, id, path, NULL);
	dir_remove(path, NULL);
}

static void sweep_data(struct containers *cs, const char *id, const char *path)
{
	autofree char *run_dir = str_printf("%s/containers/%s", cs->exec_root, id);
	launch_sweep(cs->launcher, id, run_dir, NULL);
	dir_remove(path, NULL);
}

int restore_all(struct containers *cs, struct err *e)
{
	autofree char *run = str_printf("%s/containers", cs->exec_root);
	autofree char *data = str_printf("%s/containers", cs->data_root);
	size_t n;
	int r = state_each(cs->state, "container", load_one, cs, e);
	if (r < 0)
		return r;
	each_unknown(cs, run, sweep_run);
	each_unknown(cs, data, sweep_data);
	struct container **v = containers_list(cs, &n);
	for (size_t i = n; i > 0; i--)
		catch_up(v[i - 1]);
	containers_list_free(v, n);
	return 0;
}

/* -- opening and closing ----------------------------------------------------------- */

static int open_parts(struct containers *cs, const struct containers_options *o, struct err *e)
{
	autofree char *db = str_printf("%s/drydock.db", o->data_root);
	autofree char *run = str_printf("%s/containers", o->exec_root);
	autofree char *volumes = str_printf("%s/volumes", o->data_root);
	struct launch_events events = container_launch_events;
	int r;

	events.arg = cs;
	if ((r = dir_make(run, 0711, e)) < 0 || (r = init_layer_make(cs, e)) < 0 ||
	    (r = state_open(db, &cs->state, e)) < 0 ||
	    (r = volumes_open(volumes, db, o->kernel, &cs->volumes, e)) < 0 ||
	    (r = launcher_open(o->kernel, o->exec_root, &events, &cs->launcher, e)) < 0 ||
	    (r = worker_start(cs, e)) < 0 || (r = userns_open(cs, e)) < 0)
		return r;
	launcher_trace(cs->launcher, o->trace);
	/* A host that gives no bridge still runs containers without one. */
	struct err net = { 0 };
	cs->bridge.userns = cs->userns;
	if (network_open(o->kernel, &cs->bridge, facts_visit, cs, &cs->network, &net) < 0)
		err_print(&net);
	for (char *const *w = cs->network ? network_warnings(cs->network) : NULL; w && *w; w++)
		fprintf(stderr, "drydock: %s\n", *w);
	if ((r = networks_open(cs, e)) < 0)
		return r;
	r = restore_all(cs, e);
	if (cs->network)	/* whatever wasn't adopted belonged to a killed daemon */
		network_sweep(cs->network);
	return r;
}

int containers_open(const struct containers_options *o, struct containers **out, struct err *e)
{
	struct containers *cs = mem_alloc(sizeof(*cs));
	cs->kernel = o->kernel;
	cs->data_root = str_dup(o->data_root);
	cs->exec_root = str_dup(o->exec_root);
	cs->images = o->images;
	cs->defaults = o->defaults;
	cs->bridge = o->network;
	cs->host_ip = o->host_ip;
	cs->host_gateway = o->host_gateway;
	cs->network_opts = o->network_opts;
	cs->seccomp = o->seccomp;
	cs->no_new_privs = o->no_new_privs;
	cs->journal = o->journal;
	cs->last = &cs->first;
	pthread_mutex_init(&cs->images_lock, NULL);
	pthread_mutex_init(&cs->lock, NULL);
	pthread_mutex_init(&cs->work_lock, NULL);
	pthread_cond_init(&cs->work_more, NULL);
	pthread_cond_init(&cs->work_done, NULL);
	int r = open_parts(cs, o, e);
	if (r < 0) {	/* what runs already must not see the stores close */
		containers_close(cs, false);
		return r;
	}
	*out = cs;
	return 0;
}

struct stopper { struct container *c; pthread_t thread; bool running; };

static void *stop_one(void *arg)
{
	struct container *c = arg;
	struct origin by = { .actor = ACTOR_ENGINE };
	struct err e = { 0 };
	if (container_stop(c, &by, -1, NULL, &e) == 0) {
		container_lock(c);
		c->by_hand = false;	/* a restart policy goes on with the next daemon */
		container_save(c, NULL);
		container_unlock(c);
	}
	return NULL;
}

/* All at once: one that takes its whole grace must not keep the others. */
static void stop_all(struct containers *cs)
{
	size_t n;
	struct container **v = containers_list(cs, &n);
	struct stopper *s = mem_alloc(n * sizeof(*s));
	for (size_t i = 0; i < n; i++) {
		container_lock(v[i]);
		bool up = container_is_up(v[i]);
		container_unlock(v[i]);
		s[i].running = up && pthread_create(&s[i].thread, NULL, stop_one, v[i]) == 0;
	}
	for (size_t i = 0; i < n; i++)
		if (s[i].running)
			pthread_join(s[i].thread, NULL);
	free(s);
	containers_list_free(v, n);
}

/* What goes on without us is only let go of. */
static void release_running(struct containers *cs)
{
	size_t n;
	struct container **v = containers_list(cs, &n);
	for (size_t i = 0; i < n; i++) {
		container_lock(v[i]);
		if (v[i]->run)
			launch_release(v[i]->run);
		v[i]->run = NULL;
		container_unlock(v[i]);
	}
	containers_list_free(v, n);
}

void containers_close(struct containers *cs, bool stop)
{
	size_t n;
	if (stop)
		stop_all(cs);
	worker_stop(cs);
	release_running(cs);
	if (cs->launcher)
		launcher_close(cs->launcher);
	if (cs->network)
		network_close(cs->network, stop);
	if (cs->state)
		state_close(cs->state);
	if (cs->volumes)
		volumes_close(cs->volumes);
	struct container **v = containers_list(cs, &n);
	for (size_t i = 0; i < n; i++) {
		execs_drop(v[i]);
		table_remove(v[i]);
	}
	containers_list_free(v, n);
	networks_close(cs);
	free(cs->v);
	if (cs->userns)
		close(cs->userns);
	free(cs->data_root);
	free(cs->exec_root);
	free(cs->init_layer);
	free(cs);
}
