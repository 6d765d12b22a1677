#include "launch_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"

/* ---- TAP ---- */

static int n_tests, n_failed;

bool ok(bool good, const char *name)
{
	n_tests++;
	n_failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", n_tests, name);
	fflush(stdout);
	return good;
}

void is(const struct str *got, const char *want, const char *name)
{
	const char *text = got->s ? got->s : "";

	if (!ok(strcmp(text, want) == 0, name))
		printf("# got: %s\n# not: %s\n", text, want);
}

void is_number(long got, long want, const char *name)
{
	if (!ok(got == want, name))
		printf("# got %ld, not %ld\n", got, want);
}

void has(const struct str *got, const char *part, const char *name)
{
	if (!ok(strstr(got->s ? got->s : "", part), name))
		printf("# no %s in: %s\n", part, got->s ? got->s : "");
}

int tap_done(void)
{
	printf("1..%d\n", n_tests);
	return n_failed != 0;
}

/* ---- events ---- */

static void on_exited(void *arg, const char *id, const struct launch_exit *x)
{
	struct world *w = arg;

	pthread_mutex_lock(&w->lock);
	w->end = *x;
	w->exited = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void on_exec_exited(void *arg, const char *id, const char *exec_id, int code)
{
	struct world *w = arg;

	pthread_mutex_lock(&w->lock);
	w->exec_code = code;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void on_lost(void *arg, const char *id, int n)
{
	struct world *w = arg;

	pthread_mutex_lock(&w->lock);
	w->lost += n;
	pthread_mutex_unlock(&w->lock);
}

static void on_proc(void *arg, const char *id, const struct launch_proc *p)
{
	struct world *w = arg;

	pthread_mutex_lock(&w->lock);
	str_add(&w->procs, p->ended ? "-" : "+");
	for (int i = 0; p->argv[i]; i++)
		str_addf(&w->procs, "%s%s", i ? " " : "", p->argv[i]);
	if (p->ended)
		str_addf(&w->procs, "=%d\n", p->code);
	else
		str_addf(&w->procs, "|%s|%s|%s\n", p->exe, p->cwd, p->initiator);
	pthread_mutex_unlock(&w->lock);
}

static void on_detached(void *arg, const char *id, const char *how)
{
	struct world *w = arg;

	pthread_mutex_lock(&w->lock);
	snprintf(w->detached, sizeof(w->detached), "%s", how);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

/* ---- the world ---- */

static char *below(const struct world *w, const char *path)
{
	char *whole = str_printf("%s/%s", w->dir, path);
	dir_make(whole, 0755, NULL);
	return whole;
}

static void make_rootfs(struct world *w)
{
	static const char *const applets[] = {
		"sh", "cat", "echo", "ls", "id", "sleep", "true", "false", "head", "dd", "stat",
		"tty", "stty", "mount", "unshare", "kill", "touch", "grep", "pwd", "env", "nc", "ip",
		"readlink", "hostname", "wc", "tr", "seq", "mknod", "tail", "sha256sum", "ps", "yes",
	};
	autofree char *bin = below(w, "lower/bin");
	autofree char *etc = below(w, "lower/etc");
	autofree char *plain = str_printf("%s/plain-file", etc);
	autofree char *copy = str_printf("cp /bin/busybox %s/busybox && : > %s", bin, plain);

	if (system(copy) != 0)
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(applets); i++) {
		autofree char *link = str_printf("%s/%s", bin, applets[i]);
		if (symlink("busybox", link) < 0 && errno != EEXIST)
			abort();
	}
}

/* Where the build put the supervisor: told by the runner, or two levels above us. */
static void find_supervisor(void)
{
	const char *build = getenv("DRYDOCK_BUILD");
	char self[512] = "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		abort();
	for (int i = 0; i < 3; i++)
		*strrchr(self, '/') = '\0';
	autofree char *path = str_printf("%s/drydock-supervisor", build ? build : self);
	setenv("DRYDOCK_SUPERVISOR", path, 0);
}

void world_open(struct world *w)
{
	struct launch_events ev = {
		.exited = on_exited, .exec_exited = on_exec_exited, .proc = on_proc,
		.detached = on_detached, .lost = on_lost, .arg = w,
	};
	struct err e = { 0 };
	char dir[] = "/tmp/drydock-launch-XXXXXX";

	find_supervisor();
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->dir = str_dup(mkdtemp(dir));
	make_rootfs(w);
	autofree char *traces = below(w, "trace");
	autofree char *run = below(w, "run");
	if (collector_open(traces, &w->trace, &e) < 0 ||
	    launcher_open(collector_kernel(w->trace, kernel_linux(), BACKEND_LINUX), run, &ev,
			  &w->l, &e) < 0) {
		err_print(&e);
		exit(1);
	}
	launcher_trace(w->l, w->trace);
}

static void free_spec(struct spec *s)
{
	free(s->id);
	free(s->upper);
	free(s->work);
	free(s->merged);
	free(s->run_dir);
	free(s->log_path);
	free(s->cgroup);
	strv_free(s->lower);
	strv_free(s->argv);
	strv_free(s->envp);
	strv_free(s->masked);
	strv_free(s->readonly);
	free(s->mounts);
	*s = (struct spec){ .id = NULL };
}

void world_close(struct world *w)
{
	launcher_close(w->l);
	collector_close(w->trace);
	free_spec(&w->spec);
	str_free(&w->procs);
	dir_remove(w->dir, NULL);
	free(w->dir);
}

static void docker_paths(struct spec *s)
{
	static const char *const masked[] = {
		"/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
		"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
		"/sys/firmware",
	};
	static const char *const readonly[] = {
		"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
	};

	for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
		strv_add(&s->masked, masked[i]);
	for (size_t i = 0; i < ARRAY_SIZE(readonly); i++)
		strv_add(&s->readonly, readonly[i]);
}

struct spec *world_spec(struct world *w, const char *script)
{
	struct spec *s = &w->spec;

	free_spec(s);
	s->id = str_printf("%032d%032d", getpid(), ++w->n_started);
	autofree char *c = str_printf("c%d", w->n_started);
	autofree char *home = below(w, c);
	autofree char *lower = below(w, "lower");
	s->upper = str_printf("%s/upper", home);
	s->work = str_printf("%s/work", home);
	s->merged = str_printf("%s/merged", home);
	dir_make(s->upper, 0755, NULL);
	dir_make(s->work, 0755, NULL);
	dir_make(s->merged, 0755, NULL);
	s->run_dir = str_printf("%s/run/%s", w->dir, s->id);
	s->log_path = str_printf("%s/log", home);
	s->cgroup = str_printf("drydock/%s", s->id);
	strv_add(&s->lower, lower);
	strv_add(&s->argv, "sh");
	strv_add(&s->argv, "-c");
	strv_add(&s->argv, script);
	strv_add(&s->envp, "PATH=/usr/bin:/bin");
	s->cwd = (char *)"/";
	s->hostname = (char *)"testbox";
	s->caps = 0xa80425fb;
	s->seccomp_default = true;
	s->net = NET_NONE;
	docker_paths(s);
	return s;
}

int world_start(struct world *w, int *client, struct err *e)
{
	struct attach_options o = { .in = true, .out = true, .err = true,
				    .framed = !w->spec.tty };
	int ends[2];

	w->exited = false;
	w->detached[0] = '\0';
	str_clear(&w->procs);
	int r = launch_prepare(w->l, &w->spec, &w->r, e);
	if (r < 0)
		return r;
	if (client) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
			abort();
		o.fd = ends[0];
		*client = ends[1];
		launch_attach(w->r, &o, e);
	}
	r = launch_go(w->r, NULL, e);
	if (r < 0)
		launch_release(w->r);
	return r;
}

/* Until the events have made it true, or 20 s are over; true: in time. */
static bool wait_for(struct world *w, bool (*happened)(const struct world *w))
{
	struct timespec t;
	int late = 0;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 20;
	pthread_mutex_lock(&w->lock);
	while (!happened(w) && !late)
		late = pthread_cond_timedwait(&w->changed, &w->lock, &t);
	pthread_mutex_unlock(&w->lock);
	return !late;
}

static bool has_exited(const struct world *w) { return w->exited; }
static bool has_exec_code(const struct world *w) { return w->exec_code >= 0; }
static bool is_detached(const struct world *w) { return w->detached[0]; }

int world_wait(struct world *w)
{
	bool in_time = wait_for(w, has_exited);

	launch_release(w->r);
	w->r = NULL;
	return in_time ? w->end.code : -ETIMEDOUT;
}

int world_wait_exec(struct world *w)
{
	wait_for(w, has_exec_code);
	return w->exec_code;
}

void world_wait_detached(struct world *w)
{
	wait_for(w, is_detached);
}

static bool read_whole(int fd, void *out, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t r = read(fd, (char *)out + got, n - got);
		if (r <= 0)
			return false;
		got += (size_t)r;
	}
	return true;
}

void world_read(int client, bool framed, struct str *out, struct str *err)
{
	char data[65536];
	unsigned char h[8];
	ssize_t n;

	while (framed && read_whole(client, h, 8)) {
		size_t size = (size_t)h[4] << 24 | (size_t)h[5] << 16 | (size_t)h[6] << 8 | h[7];
		if (size > sizeof(data) || !read_whole(client, data, size))
			break;
		str_addn(h[0] == 2 ? err : out, data, size);
	}
	while (!framed && (n = read(client, data, sizeof(data))) > 0)
		str_addn(out, data, (size_t)n);
	close(client);
}

int world_run(struct world *w, struct str *out)
{
	struct err e = { 0 };
	int client = -1, r = world_start(w, &client, &e);

	if (r < 0) {
		str_addf(out, "%s", e.what);
		if (client >= 0)
			close(client);
		return r;
	}
	shutdown(client, SHUT_WR);
	world_read(client, !w->spec.tty, out, out);
	return world_wait(w);
}

int world_exec(struct world *w, char *const *argv, bool tty, int *client, struct err *e)
{
	static char *const envp[] = { (char *)"PATH=/bin", NULL };
	int ends[2] = { -1, -1 };

	if (client && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	struct exec_spec x = {
		.id = "exec1", .argv = argv, .envp = envp, .cwd = "/", .tty = tty, .rows = 33,
		.cols = 99,
		.attach = { .fd = ends[0], .in = true, .out = true, .err = true,
			    .framed = !tty },
	};
	if (client)
		*client = ends[1];
	w->exec_code = -1;
	return launch_exec(w->r, &x, NULL, e);
}

int world_doomed(struct world *w)
{
	int pid = fork(), status;

	if (pid == 0) {
		struct launch_events none = { .arg = NULL };
		struct err e = { 0 };
		autofree char *run = str_printf("%s/run", w->dir);
		setsid();
		if (launcher_open(kernel_linux(), run, &none, &w->l, &e) < 0 ||
		    world_start(w, NULL, &e) < 0)
			err_print(&e);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	return WTERMSIG(status);
}

/* ---- leftovers ---- */

static bool dir_has(const char *dir, const char *word, char *found, size_t cap)
{
	autodir DIR *d = opendir(dir);
	struct dirent *ent;

	while (d && (ent = readdir(d)))
		if (strstr(ent->d_name, word)) {
			snprintf(found, cap, "%s/%s", dir, ent->d_name);
			return true;
		}
	return false;
}

static const char *look_for_leftovers(struct world *w)
{
	static char found[512];
	autodir DIR *d = opendir("/sys/fs/cgroup");
	struct dirent *ent;
	char pid[40];
	autostr struct str mounts = { 0 };

	snprintf(pid, sizeof(pid), "%032d", getpid());
	while (d && (ent = readdir(d))) {
		autofree char *dir = str_printf("/sys/fs/cgroup/%s/drydock", ent->d_name);
		if (dir_has(dir, pid, found, sizeof(found)))
			return found;
	}
	if (dir_has("/sys/fs/cgroup/drydock", pid, found, sizeof(found)))
		return found;
	file_read("/proc/self/mountinfo", &mounts, NULL);
	return mounts.s && strstr(mounts.s, w->dir) ? "a mount" : "";
}

/* The news of an exit comes before the cleaning up. */
const char *world_leftovers(struct world *w)
{
	const char *found = "";

	for (int i = 0; i < 200; i++) {
		found = look_for_leftovers(w);
		if (!*found)
			break;
		usleep(10000);
	}
	return found;
}

int world_main(world_test *const *tests)
{
	struct world w;

	if (geteuid() != 0) {
		puts("1..0 # SKIP needs root");
		return 0;
	}
	world_open(&w);
	for (; *tests; tests++)
		(*tests)(&w);
	world_close(&w);
	return tap_done();
}
