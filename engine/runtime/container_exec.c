/* container_exec.c - a further program in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "runtime/container_internal.h"
#include "runtime/user.h"

#define KEEP 64

static void exec_free(struct exec *x)
{
	container_put(x->c);
	strv_free(x->argv);
	strv_free(x->env);
	free(x->user);
	free(x->cwd);
	free(x->detach_keys);
	origin_free(&x->by);
	free(x);
}

static struct exec *find(struct containers *cs, const char *id)
{
	for (struct exec *x = cs->execs; x; x = x->next)
		if (str_eq(x->id, id))
			return x;
	return NULL;
}

/* The exec with its container locked and counted: release with let_go(). */
static int take(struct containers *cs, const char *id, struct exec **out, struct err *e)
{
	struct container *c = NULL;
	pthread_mutex_lock(&cs->lock);
	struct exec *x = find(cs, id);
	if (x) {
		c = x->c;
		__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&cs->lock);
	if (c) {	/* looked up again: it may have gone before the lock was ours */
		container_lock(c);
		pthread_mutex_lock(&cs->lock);
		x = find(cs, id);
		pthread_mutex_unlock(&cs->lock);
		if (x) {
			*out = x;
			return 0;
		}
		container_unlock(c);
		container_put(c);
	}
	return err_http(e, 404, ENOENT, "No such exec instance: %s", id);
}

static void let_go(struct container *c)
{
	container_unlock(c);
	container_put(c);
}

static void exec_event(struct exec *x, const char *action, bool with_code)
{
	cJSON *more = cJSON_CreateObject();
	struct str command = { 0 };
	json_put_str(more, "execID", x->id);
	if (with_code) {
		autofree char *code = str_printf("%d", x->exit_code);
		json_put_str(more, "exitCode", code);
		container_event(x->c, action, more);
		return;
	}
	str_addf(&command, "%s:", action);
	for (size_t i = 0; x->argv[i]; i++)
		str_addf(&command, " %s", x->argv[i]);
	container_event(x->c, command.s, more);
	str_free(&command);
}

/* The newest KEEP finished ones stay, so that their clients can ask how they ended. */
static void drop(struct container *c, bool all)
{
	struct exec *gone = NULL;
	size_t kept = 0;
	pthread_mutex_lock(&c->all->lock);
	for (struct exec **p = &c->all->execs; *p; ) {
		struct exec *x = *p;
		/* Others' are looked at with their container's lock only. */
		if (x->c != c || (!all && (!x->started || x->running || ++kept <= KEEP))) {
			p = &x->next;
			continue;
		}
		*p = x->next;
		x->next = gone;
		gone = x;
	}
	pthread_mutex_unlock(&c->all->lock);
	for (struct exec *next; gone; gone = next) {
		next = gone->next;
		exec_free(gone);
	}
}

/* -- creating ---------------------------------------------------------------------- */

static int refuse(struct container *c, const struct origin *by, struct err *e)
{
	cJSON *d = cJSON_CreateObject();
	bool paused = c->status == CTR_PAUSED;
	json_put_str(d, "why", paused ? "paused" : "not-running");
	container_fact(c, by, "ctr.exec.refused", d);
	if (c->status == CTR_RESTARTING)
		return container_is_restarting(c, e);
	if (paused)
		return err_http(e, 409, EBUSY,
				"container %s is paused, unpause the container before exec", c->name);
	err_http(e, 409, EBUSY, "container %s is not running", c->id);
	return err_hint(e, "`docker start %s` first: exec adds a program to a container that runs",
			c->name);
}

static struct exec *exec_new(struct container *c, const struct origin *by, const cJSON *body)
{
	struct exec *x = mem_alloc(sizeof(*x));
	random_id(x->id);
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	x->c = c;
	x->argv = json_strv(json_obj(body, "Cmd"));
	x->env = json_strv(json_obj(body, "Env"));
	x->user = str_dup(json_str_or(body, "User", ""));
	x->cwd = str_dup(json_str_or(body, "WorkingDir", ""));
	x->detach_keys = str_dup(json_str(body, "DetachKeys"));
	x->tty = json_bool(body, "Tty");
	x->privileged = json_bool(body, "Privileged");
	x->in = json_bool(body, "AttachStdin");
	x->out = json_bool(body, "AttachStdout");
	x->err = json_bool(body, "AttachStderr");
	x->exit_code = -1;
	origin_keep(&x->by, by);
	return x;
}

int exec_create(struct container *c, const struct origin *by, const cJSON *body, char id[65],
		struct err *e)
{
	if (cJSON_GetArraySize(json_obj(body, "Cmd")) <= 0)
		return err_set(e, EINVAL, "No exec command specified");
	container_lock(c);
	if (c->status != CTR_RUNNING) {
		int r = refuse(c, by, e);
		container_unlock(c);
		return r;
	}
	drop(c, false);
	struct exec *x = exec_new(c, by, body);
	pthread_mutex_lock(&c->all->lock);
	x->next = c->all->execs;
	c->all->execs = x;
	pthread_mutex_unlock(&c->all->lock);
	memcpy(id, x->id, sizeof(x->id));
	exec_event(x, "exec_create", false);
	container_unlock(c);
	return 0;
}

/* -- starting ---------------------------------------------------------------------- */

/* Once only, and in a container that runs. */
static int may_start(struct exec *x, struct err *e)
{
	if (x->running)
		return err_http(e, 409, EBUSY, "exec command %s is already running", x->id);
	if (x->started)
		return err_http(e, 409, EBUSY, "exec command %s has already run", x->id);
	return x->c->status == CTR_RUNNING ? 0 : refuse(x->c, &x->by, e);
}

int exec_check(struct containers *cs, const char *id, bool *tty, struct err *e)
{
	struct exec *x;
	int r = take(cs, id, &x, e);
	if (r < 0)
		return r;
	struct container *c = x->c;
	if (may_start(x, e) < 0)
		r = -e->code;
	else
		*tty = x->tty;
	let_go(c);
	return r;
}

static char **exec_env(const struct exec *x, char *const *base, const char *home)
{
	char **env = mem_alloc(sizeof(*env));
	for (size_t i = 0; base[i]; i++) {
		size_t n = strcspn(base[i], "=");
		bool replaced = home && str_starts(base[i], "HOME=");
		for (size_t k = 0; x->env[k]; k++)
			replaced |= !strncmp(base[i], x->env[k], n + 1);
		if (!replaced)
			strv_add(&env, base[i]);
	}
	if (home) {
		autofree char *var = str_printf("HOME=%s", home);
		strv_add(&env, var);
	}
	if (x->tty)
		strv_add(&env, "TERM=xterm");
	for (size_t k = 0; x->env[k]; k++)
		strv_add(&env, x->env[k]);
	return env;
}

/* The container runs: its root as it sees it itself has its users, in one place. */
static int exec_user(const struct exec *x, struct user *u, struct err *e)
{
	const char *who = *x->user ? x->user : json_str_or(x->c->config, "User", "");
	autofree char *root = str_printf("/proc/%d/root", x->c->pid);
	const struct layers l = { .dir = { root }, .n = 1, .k = x->c->all->kernel };
	char **extra = json_strv(json_obj(x->c->host, "GroupAdd"));
	int r = user_resolve(&l, who, extra, u, e);
	strv_free(extra);
	return r;
}

/* Everything the launcher needs; fd is taken over by it. */
static int run(struct exec *x, struct exec_spec *xs, struct err *e)
{
	struct container *c = x->c;
	struct spec s = { .netns_fd = -1 };
	struct user u = { 0 };
	char **env = NULL;
	int r = spec_build(c, &s, false, e);

	if (r == 0)
		r = exec_user(x, &u, e);
	if (r == 0) {
		env = exec_env(x, s.envp, config_has_env(c->config, "HOME") ? NULL : u.home);
		xs->id = x->id;
		xs->argv = x->argv;
		xs->envp = env;
		xs->cwd = *x->cwd ? x->cwd : s.cwd;
		xs->uid = u.uid;
		xs->gid = u.gid;
		xs->groups = u.groups;
		xs->n_groups = u.n_groups;
		xs->tty = x->tty;
		xs->seccomp_profile = s.seccomp_profile;
		xs->privileged = x->privileged;
		xs->ulimits = s.ulimits;
		xs->n_ulimits = s.n_ulimits;
		xs->oom_score_adj = s.oom_score_adj;
		int keep = xs->attach.fd >= 0 ? fcntl(xs->attach.fd, F_DUPFD_CLOEXEC, 0) : -1;
		r = launch_exec(c->run, xs, &x->pid, e);
		if (r < 0)
			xs->attach.fd = keep;
		else if (keep >= 0)
			close(keep);
	}
	strv_free(env);
	user_free(&u);
	spec_free(&s);
	return r;
}

/* Docker tells an attached client what went wrong on the stream itself. */
static void tell_client(int fd, bool tty, const struct err *e)
{
	autofree char *text = str_printf("%s\r\n", e->what);
	size_t n = strlen(text);
	unsigned char head[8] = { 1, 0, 0, 0, (unsigned char)(n >> 24), (unsigned char)(n >> 16),
				  (unsigned char)(n >> 8), (unsigned char)n };
	if (!tty)
		write_all(fd, head, sizeof(head));
	write_all(fd, text, n);
	close(fd);
}

static int start(struct exec *x, struct exec_spec *xs, struct err *e)
{
	int r;
	if ((r = may_start(x, e)) == 0) {
		x->started = x->running = true;
		exec_event(x, "exec_start", false);
		if ((r = run(x, xs, e)) < 0) {
			x->running = false;
			x->exit_code = e->code == ENOENT ? 127 : 126;
		}
	}
	if (r < 0 && xs->attach.fd >= 0)
		tell_client(xs->attach.fd, x->tty, e);
	return r;
}

int exec_start(struct containers *cs, const char *id, int fd, const void *early, size_t early_len,
	       int rows, int cols, struct err *e)
{
	struct exec *x;
	int r = take(cs, id, &x, e);
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	struct container *c = x->c;
	struct exec_spec xs = {
		.rows = (unsigned short)rows, .cols = (unsigned short)cols,
		.attach = { .fd = fd, .in = x->in, .out = x->out, .err = x->err, .framed = !x->tty,
			    .detach_keys = x->detach_keys, .early = early, .early_len = early_len },
	};
	r = start(x, &xs, e);
	let_go(c);
	return r;
}

void exec_kill(struct containers *cs, const char *id)
{
	struct exec *x;
	if (take(cs, id, &x, NULL) < 0)
		return;
	struct container *c = x->c;
	/* Past the trace: no part of what the container does. */
	long fd = x->running && x->pid > 0 ? k_pidfd_open(kernel_linux(), x->pid, 0) : -ESRCH;
	if (fd >= 0) {
		k_kill(kernel_linux(), (int)fd, SIGKILL);
		k_close(kernel_linux(), (int)fd);
	}
	let_go(c);
}

int exec_resize(struct containers *cs, const char *id, int rows, int cols, struct err *e)
{
	struct exec *x;
	int r = take(cs, id, &x, e);
	if (r < 0)
		return r;
	struct container *c = x->c;
	if (!x->running || !c->run)
		r = err_http(e, 400, EINVAL, "exec process is not started");
	else
		r = launch_resize(c->run, x->id, rows, cols, e);
	let_go(c);
	return r;
}

/* -- looking ----------------------------------------------------------------------- */

static cJSON *process_config(const struct exec *x)
{
	cJSON *p = cJSON_CreateObject();
	json_put_bool(p, "tty", x->tty);
	json_put_str(p, "entrypoint", x->argv[0]);
	json_put_strv(p, "arguments", x->argv + 1);
	json_put_bool(p, "privileged", x->privileged);
	if (*x->user)
		json_put_str(p, "user", x->user);
	return p;
}

/* proc(5): the state is the letter after the name's closing bracket. */
static bool is_alive(int pid)
{
	autofree char *path = str_printf("/proc/%d/stat", pid);
	autostr struct str text = { 0 };
	if (file_read(path, &text, NULL) < 0)
		return false;
	const char *end = strrchr(text.s, ')');
	return end && !strchr("ZX", end[2]);
}

/* A client asks for the exit status as soon as its stream ends, which may be before
 * the supervisor's word has reached us.  NULL: it was dropped while we waited. */
static struct exec *wait_for_word(struct container *c, struct exec *x, const char *id)
{
	for (int i = 0; i < 4 && x && x->running && x->pid > 0 && !is_alive(x->pid); i++) {
		clock_wait_ms(&c->changed, &c->mutex, 500);
		pthread_mutex_lock(&c->all->lock);
		x = find(c->all, id);
		pthread_mutex_unlock(&c->all->lock);
	}
	return x;
}

static cJSON *show_exec(const struct exec *x)
{
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "ID", x->id);
	json_put_bool(o, "Running", x->running);
	json_put(o, "ExitCode", x->exit_code < 0 ? cJSON_CreateNull() :
						   cJSON_CreateNumber(x->exit_code));
	json_put(o, "ProcessConfig", process_config(x));
	json_put_bool(o, "OpenStdin", x->in);
	json_put_bool(o, "OpenStderr", x->err);
	json_put_bool(o, "OpenStdout", x->out);
	json_put_bool(o, "CanRemove", false);
	json_put_str(o, "ContainerID", x->c->id);
	json_put_str(o, "DetachKeys", x->detach_keys ? x->detach_keys : "");
	json_put_int(o, "Pid", x->pid);
	return o;
}

int exec_inspect(struct containers *cs, const char *id, cJSON **out, struct err *e)
{
	struct exec *x;
	int r = take(cs, id, &x, e);
	if (r < 0)
		return r;
	struct container *c = x->c;
	if ((x = wait_for_word(c, x, id)))
		*out = show_exec(x);
	else
		r = err_http(e, 404, ENOENT, "No such exec instance: %s", id);
	let_go(c);
	return r;
}

cJSON *container_exec_ids(struct container *c)
{
	cJSON *a = cJSON_CreateArray();
	pthread_mutex_lock(&c->all->lock);
	for (struct exec *x = c->all->execs; x; x = x->next)
		if (x->c == c && x->running)
			cJSON_AddItemToArray(a, cJSON_CreateString(x->id));
	pthread_mutex_unlock(&c->all->lock);
	if (cJSON_GetArraySize(a))
		return a;
	cJSON_Delete(a);
	return cJSON_CreateNull();
}

bool exec_origin(struct container *c, struct origin *out)
{
	bool found = false;
	pthread_mutex_lock(&c->all->lock);
	for (struct exec *x = c->all->execs; x && !found; x = x->next)
		if (x->c == c && x->running) {
			*out = x->by;
			found = true;
		}
	pthread_mutex_unlock(&c->all->lock);
	return found;
}

/* -- ending ------------------------------------------------------------------------ */

void exec_finished(struct container *c, const char *exec_id, int code)
{
	pthread_mutex_lock(&c->all->lock);
	struct exec *x = find(c->all, exec_id);
	pthread_mutex_unlock(&c->all->lock);
	if (!x)
		return;
	x->running = false;
	x->exit_code = code;
	pthread_cond_broadcast(&c->changed);
	exec_event(x, "exec_die", true);
	changes_look(c);
}

void execs_end(struct container *c)
{
	pthread_mutex_lock(&c->all->lock);
	for (struct exec *x = c->all->execs; x; x = x->next)
		if (x->c == c && x->running) {
			x->running = false;
			x->exit_code = 137;	/* it ended with PID 1: by SIGKILL */
		}
	pthread_mutex_unlock(&c->all->lock);
}

void execs_drop(struct container *c) { drop(c, true); }
