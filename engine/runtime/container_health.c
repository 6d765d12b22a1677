/* container_health.c - HEALTHCHECK: a program that is run again and again to ask a
 * container how it is.
 *
 * One small thread for each running container that has such a check.  It sleeps for an
 * interval, runs the probe as an exec of the engine's own, and takes what came of it:
 *
 *	starting --0--> healthy <--0-- unhealthy
 *	starting, healthy --fails `retries` times in a row--> unhealthy
 *
 * A failure in the start period counts only once the container has been healthy.  The
 * thread ends with the run that it watches.  Numbers left out, or 0, are Docker's.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/file.h"
#include "runtime/container_internal.h"

#define KEEP_RESULTS 5
#define KEEP_OUTPUT  4096
#define SECOND_NS    1000000000ll

struct health {
	const char *status;	/* one of the three words below */
	int streak;		/* failures in a row */
	cJSON *log;		/* the newest results, oldest first */
};
static const char starting[] = "starting", healthy[] = "healthy", unhealthy[] = "unhealthy";

struct probe {
	char **argv;
	int64_t interval, timeout, start_period, start_interval;	/* ns */
	int retries;
};

struct result { uint64_t start_ns, end_ns; int code; struct str output; };

/* -- what is asked for ------------------------------------------------------------- */

static int64_t number(const cJSON *check, const char *key, int64_t dflt)
{
	int64_t n = json_int(check, key, 0);
	return n > 0 ? n : dflt;
}

/* The words of Test, the first of which says how to take the others; NULL: no check. */
static char **probe_argv(const struct container *c, const cJSON *check)
{
	char **test = json_strv(json_obj(check, "Test")), **argv = NULL;
	bool shell = str_eq(test[0], "CMD-SHELL");
	if (shell && test[1]) {
		argv = json_strv(json_obj(c->config, "Shell"));
		if (!argv[0]) {
			strv_add(&argv, "/bin/sh");
			strv_add(&argv, "-c");
		}
		strv_add(&argv, test[1]);
	} else if (str_eq(test[0], "CMD") && test[1]) {
		argv = strv_dup(test + 1);
	}
	strv_free(test);
	return argv;
}

static bool probe_read(const struct container *c, struct probe *p)
{
	const cJSON *check = json_obj(c->config, "Healthcheck");
	*p = (struct probe){
		.argv = probe_argv(c, check),
		.interval = number(check, "Interval", 30 * SECOND_NS),
		.timeout = number(check, "Timeout", 30 * SECOND_NS),
		.start_period = number(check, "StartPeriod", 0),
		.start_interval = number(check, "StartInterval", 5 * SECOND_NS),
		.retries = (int)number(check, "Retries", 3),
	};
	return p->argv != NULL;
}

/* -- one probe --------------------------------------------------------------------- */

static bool read_exactly(int fd, void *to, size_t n, uint64_t until)
{
	for (char *at = to; n;) {
		uint64_t now = clock_mono_ns();
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (now >= until || poll(&p, 1, (int)((until - now) / 1000000 + 1)) <= 0)
			return false;
		ssize_t got = read(fd, at, n);
		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

/* The exec's framed streams up to their end; what is past KEEP_OUTPUT is dropped. */
static void collect(int fd, uint64_t until, struct str *out)
{
	unsigned char head[8];
	char data[1024];
	while (read_exactly(fd, head, sizeof(head), until)) {
		size_t left = (size_t)head[4] << 24 | (size_t)head[5] << 16 | (size_t)head[6] << 8 | head[7];
		while (left) {
			size_t n = left < sizeof(data) ? left : sizeof(data);
			if (!read_exactly(fd, data, n, until))
				return;
			size_t room = KEEP_OUTPUT - out->len;
			str_addn(out, data, n < room ? n : room);
			left -= n;
		}
	}
}

/* Its exit status; -EAGAIN if it hasn't ended by then, -ENOENT if nobody knows. */
static int exec_code(struct containers *cs, const char *id, uint64_t until)
{
	for (;;) {
		autojson cJSON *x = NULL;
		if (exec_inspect(cs, id, &x, NULL) < 0)
			return -ENOENT;
		if (!json_bool(x, "Running"))
			return (int)json_int(x, "ExitCode", -ENOENT);
		if (clock_mono_ns() >= until)
			return -EAGAIN;
		const struct timespec rest = { .tv_nsec = 20000000 };
		nanosleep(&rest, NULL);
	}
}

static void failed(struct result *r, const char *text)
{
	r->code = -1;
	str_clear(&r->output);
	str_add(&r->output, text);
}

static void timed_out(struct containers *cs, const char *id, const struct probe *p, struct result *r)
{
	char time[40];
	autofree char *said = str_take(&r->output);
	r->output = (struct str){ 0 };
	exec_kill(cs, id);
	r->code = -1;
	str_addf(&r->output, "Health check exceeded timeout (%s)%s%s",
		 clock_duration_text(p->timeout, time), *said ? ": " : "", said);
}

static void run_probe(struct container *c, const struct probe *p, struct result *r)
{
	struct origin by = { .actor = ACTOR_ENGINE };
	struct err e = { 0 };
	autojson cJSON *body = cJSON_CreateObject();
	char id[65];
	int pair[2];

	r->start_ns = clock_wall_ns();
	uint64_t until = clock_mono_ns() + (uint64_t)p->timeout;
	json_put_strv(body, "Cmd", p->argv);
	json_put_bool(body, "AttachStdout", true);
	json_put_bool(body, "AttachStderr", true);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		failed(r, strerror(errno));
		return;
	}
	autofd int fd = pair[0];
	if (exec_create(c, &by, body, id, &e) < 0) {
		close(pair[1]);
		failed(r, e.what);
	} else if (exec_start(c->all, id, pair[1], NULL, 0, 0, 0, &e) < 0) {
		failed(r, e.what);
	} else {
		collect(fd, until, &r->output);
		r->code = exec_code(c->all, id, until);
		if (r->code == -EAGAIN)
			timed_out(c->all, id, p, r);
	}
	r->end_ns = clock_wall_ns();
}

/* -- what came of it --------------------------------------------------------------- */

static void set_status(struct container *c, const char *status)
{
	if (c->health->status == status)
		return;
	autofree char *action = str_printf("health_status: %s", status);
	c->health->status = status;
	container_event(c, action, NULL);
}

static void keep_result(struct health *h, const struct result *r)
{
	char when[40];
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "Start", clock_rfc3339(r->start_ns, when));
	json_put_str(o, "End", clock_rfc3339(r->end_ns, when));
	json_put_int(o, "ExitCode", r->code);
	json_put_str(o, "Output", r->output.s ? r->output.s : "");
	cJSON_AddItemToArray(h->log, o);
	while (cJSON_GetArraySize(h->log) > KEEP_RESULTS)
		cJSON_DeleteItemFromArray(h->log, 0);
}

static bool in_start_period(const struct container *c, const struct probe *p, uint64_t now)
{
	return c->health->status == starting && now < c->started_ns + (uint64_t)p->start_period;
}

static void take_result(struct container *c, const struct probe *p, const struct result *r)
{
	struct health *h = c->health;
	keep_result(h, r);
	if (r->code == 0) {
		h->streak = 0;
		set_status(c, healthy);
	} else if (!in_start_period(c, p, r->start_ns) && ++h->streak >= p->retries) {
		set_status(c, unhealthy);
	}
	container_save(c, NULL);
}

/* -- watching ---------------------------------------------------------------------- */

static bool goes_on(const struct container *c, uint64_t run)
{
	return container_is_up(c) && c->exits == run && !c->gone && !c->all->stopping;
}

/* Lock held, let go of meanwhile. */
static void sleep_until(struct container *c, uint64_t run, uint64_t until)
{
	for (uint64_t now; goes_on(c, run) && (now = clock_mono_ns()) < until;) {
		uint64_t ms = (until - now) / 1000000 + 1;
		clock_wait_ms(&c->changed, &c->mutex, ms < 3600000 ? (unsigned)ms : 3600000);
	}
}

static void watch(struct container *c, const struct probe *p)
{
	uint64_t run = c->exits;
	while (goes_on(c, run)) {
		bool early = in_start_period(c, p, clock_wall_ns());
		int64_t rest = early && p->start_interval < p->interval ? p->start_interval : p->interval;
		struct result r = { .code = -1 };
		sleep_until(c, run, clock_mono_ns() + (uint64_t)rest);
		if (!goes_on(c, run) || c->status == CTR_PAUSED)
			continue;
		container_unlock(c);
		run_probe(c, p, &r);
		container_lock(c);
		if (goes_on(c, run) && c->health)
			take_result(c, p, &r);
		str_free(&r.output);
	}
}

static void *watcher(void *arg)
{
	struct container *c = arg;
	struct containers *cs = c->all;
	struct probe p;
	container_lock(c);
	if (probe_read(c, &p))
		watch(c, &p);
	container_unlock(c);
	strv_free(p.argv);
	container_put(c);
	__atomic_sub_fetch(&cs->helpers, 1, __ATOMIC_RELEASE);
	return NULL;
}

static struct health *health_new(void)
{
	struct health *h = mem_alloc(sizeof(*h));
	h->status = starting;
	h->log = cJSON_CreateArray();
	return h;
}

void health_start(struct container *c, bool again)
{
	struct probe p;
	bool asked = probe_read(c, &p);
	strv_free(p.argv);
	if (!asked)
		return;
	if (!c->health)
		c->health = health_new();
	if (!again) {
		c->health->status = starting;
		c->health->streak = 0;
	}
	container_helper(c, watcher);
}

/* Docker says unhealthy of what doesn't run, without an event. */
void health_stop(struct container *c)
{
	if (c->health)
		c->health->status = unhealthy;
}

void health_free(struct health *h)
{
	if (!h)
		return;
	cJSON_Delete(h->log);
	free(h);
}

/* -- showing, keeping -------------------------------------------------------------- */

const char *container_health(const struct container *c)
{
	return c->health ? c->health->status : "none";
}

cJSON *container_health_json(const struct container *c)
{
	if (!c->health)
		return NULL;
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "Status", c->health->status);
	json_put_int(o, "FailingStreak", c->health->streak);
	json_put(o, "Log", cJSON_Duplicate(c->health->log, true));
	return o;
}

struct health *health_load(const cJSON *o)
{
	static const char *const words[] = { starting, healthy, unhealthy };
	if (!cJSON_IsObject(o))
		return NULL;
	struct health *h = health_new();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_eq(words[i], json_str(o, "Status")))
			h->status = words[i];
	h->streak = (int)json_int(o, "FailingStreak", 0);
	if (cJSON_IsArray(json_obj(o, "Log"))) {
		cJSON_Delete(h->log);
		h->log = cJSON_Duplicate(json_obj(o, "Log"), true);
	}
	return h;
}
