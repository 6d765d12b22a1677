/* container_stop.c - signals: stop with grace, kill, pause; and waiting for the end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runtime/container_internal.h"

#define DEFAULT_GRACE 10	/* seconds between the stop signal and SIGKILL, as Docker's */

/* signal(7), in the order of the numbers of every architecture Linux shares them on. */
static const struct { const char *name; int number; } signals[] = {
	{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL },
	{ "TRAP", SIGTRAP }, { "ABRT", SIGABRT }, { "BUS", SIGBUS }, { "FPE", SIGFPE },
	{ "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM }, { "STKFLT", SIGSTKFLT },
	{ "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN }, { "TTOU", SIGTTOU }, { "URG", SIGURG }, { "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "WINCH", SIGWINCH },
	{ "IO", SIGIO }, { "PWR", SIGPWR }, { "SYS", SIGSYS },
};

/* "RTMIN", "RTMIN+3", "RTMAX-2"; those past the middle go by the other name, as in Docker. */
static int realtime_number(const char *text)
{
	static const struct { const char *name; char sign; int most; } ends[] = {
		{ "RTMIN", '+', 15 }, { "RTMAX", '-', 14 } };
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (strncasecmp(text, ends[i].name, 5))
			continue;
		char *end;
		int base = i ? SIGRTMAX : SIGRTMIN;
		long n = strtol(text + 5, &end, 10);	/* with its sign */
		if (!text[5])
			return base;
		if (text[5] != ends[i].sign || *end || labs(n) < 1 || labs(n) > ends[i].most)
			return -EINVAL;
		return base + (int)n;
	}
	return -EINVAL;
}

int signal_number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);
	if (end != text)
		return !*end && n > 0 && n <= SIGRTMAX ? (int)n : -EINVAL;
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (!strcasecmp(text, signals[i].name))
			return signals[i].number;
	return realtime_number(text);
}

static const char *signal_name(int n)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].number == n)
			return signals[i].name;
	return "RT";
}

/* The container's own stop signal: --stop-signal, the image's, or SIGTERM. */
static int own_signal(const struct container *c)
{
	const char *text = json_str_or(c->config, "StopSignal", "");
	int n = *text ? signal_number(text) : SIGTERM;
	return n > 0 ? n : SIGTERM;
}

static void signal_facts(struct container *c, const struct origin *by, int sig, const char *effect)
{
	cJSON *d = cJSON_CreateObject(), *more = cJSON_CreateObject();
	autofree char *name = str_printf("SIG%s", signal_name(sig)), *number = str_printf("%d", sig);
	json_put_str(d, "name", name);
	json_put_str(d, "by", actor_name(by->actor));
	json_put_str(d, "effect", effect);
	container_fact(c, by, "sig", d);
	json_put_str(more, "signal", number);
	container_event(c, "kill", more);
}

/* Lock held.  ESRCH means that it has ended by itself just now: no failure. */
static int send_signal(struct container *c, const struct origin *by, int sig, const char *effect,
		       struct err *e)
{
	int r = launch_kill(c->run, sig, e);
	if (r < 0 && r != -ESRCH)
		return r;
	signal_facts(c, by, sig, effect);
	return 0;
}

/* Lock held: until this run of it has ended (somebody may start it again at once), or
 * the deadline (CLOCK_MONOTONIC, 0: never). */
static bool wait_down(struct container *c, uint64_t deadline)
{
	uint64_t exits = c->exits;
	while (container_is_up(c) && c->exits == exits && (!deadline || clock_mono_ns() < deadline)) {
		uint64_t left = deadline ? (deadline - clock_mono_ns()) / 1000000 + 1 : 500;
		clock_wait_ms(&c->changed, &c->mutex, left < 500 ? (unsigned)left : 500);
	}
	return !container_is_up(c) || c->exits != exits;
}

static void stopped_fact(struct container *c, const struct origin *by, int grace, int sig,
			 bool escalated)
{
	cJSON *d = cJSON_CreateObject();
	autofree char *name = str_printf("SIG%s", signal_name(sig));
	json_put_int(d, "grace", grace);
	json_put_bool(d, "escalated", escalated);
	json_put_str(d, "signal", name);
	container_fact(c, by, "ctr.stop", d);
	container_event(c, "stop", NULL);
}

static int stop_locked(struct container *c, const struct origin *by, int grace, int sig,
		       struct err *e)
{
	bool escalated = false;
	uint64_t now = clock_mono_ns();
	int r;

	c->by_hand = true;
	if (c->status == CTR_PAUSED)
		launch_pause(c->run, false, NULL);
	if ((r = send_signal(c, by, sig, "stop", e)) < 0)
		return r;
	/* grace < 0: Docker waits for ever. */
	if (!wait_down(c, grace < 0 ? 0 : now + (uint64_t)grace * 1000000000ull)) {
		escalated = true;
		if ((r = send_signal(c, by, SIGKILL, "escalated", e)) < 0)
			return r;
		wait_down(c, 0);
	}
	stopped_fact(c, by, grace, sig, escalated);
	container_save(c, NULL);
	return 0;
}

/* It rests between two runs: there is nobody to ask. */
static int give_up(struct container *c)
{
	c->by_hand = true;
	c->status = CTR_EXITED;
	container_save(c, NULL);
	container_event(c, "stop", NULL);
	pthread_cond_broadcast(&c->changed);
	return 0;
}

int container_stop(struct container *c, const struct origin *by, int grace, const char *signal,
		   struct err *e)
{
	int sig = signal && *signal ? signal_number(signal) : 0;
	if (sig < 0)
		return err_set(e, EINVAL, "Invalid signal: %s", signal);
	container_lock(c);
	if (grace < 0)
		grace = (int)json_int(c->config, "StopTimeout", DEFAULT_GRACE);
	int r = 1;
	if (container_is_up(c))
		r = stop_locked(c, by, grace, sig ? sig : own_signal(c), e);
	else if (c->status == CTR_RESTARTING)
		r = give_up(c);
	container_unlock(c);
	return r;
}

int container_is_restarting(const struct container *c, struct err *e)
{
	return err_http(e, 409, EBUSY, "Container %s is restarting, wait until the container is running",
			c->id);
}

int container_kill(struct container *c, const struct origin *by, const char *signal,
		   struct err *e)
{
	int r, sig = signal && *signal ? signal_number(signal) : SIGKILL;
	if (sig < 0 && signal[0] > '0' && signal[0] <= '9')
		return err_set(e, EINVAL, "cannot kill container: %s: the linux daemon does not support"
			       " signal %s", c->name, signal);
	if (sig < 0)
		return err_set(e, EINVAL, "Invalid signal: %s", signal);
	container_lock(c);
	if (c->status == CTR_RESTARTING) {
		r = container_is_restarting(c, e);
	} else if (!container_is_up(c)) {
		r = err_http(e, 409, EINVAL, "cannot kill container: %s: container %s is not running",
			     c->name, c->id);
	} else {
		if (sig == SIGKILL || sig == own_signal(c))
			c->by_hand = true;
		r = send_signal(c, by, sig, sig == SIGKILL ? "kill" : "sent", e);
		/* A frozen process can't die. */
		if (r == 0 && sig == SIGKILL && c->status == CTR_PAUSED)
			launch_pause(c->run, false, NULL);
		/* Docker answers when a killed container is down. */
		if (r == 0 && sig == SIGKILL)
			wait_down(c, clock_mono_ns() + 10000000000ull);
	}
	container_unlock(c);
	return r;
}

int container_pause(struct container *c, const struct origin *by, bool pause, struct err *e)
{
	int r = 0;
	container_lock(c);
	if (c->status == CTR_RESTARTING)
		r = container_is_restarting(c, e);
	else if (!container_is_up(c) && pause)
		r = err_http(e, 409, EINVAL, "container %s is not running", c->id);
	else if (pause == (c->status == CTR_PAUSED))
		r = err_http(e, pause ? 409 : 500, EINVAL, pause ? "container %s is already paused" :
			     "Container %s is not paused", c->id);
	else if ((r = launch_pause(c->run, pause, e)) == 0) {
		c->status = pause ? CTR_PAUSED : CTR_RUNNING;
		container_save(c, NULL);
		container_event(c, pause ? "pause" : "unpause", NULL);
	}
	container_unlock(c);
	return r;
}

int container_resize(struct container *c, int rows, int cols, struct err *e)
{
	int r;
	container_lock(c);
	if (!container_is_up(c) || !c->run)
		r = err_http(e, 409, EINVAL, "container %s is not running", c->id);
	else
		r = launch_resize(c->run, NULL, rows, cols, e);
	container_unlock(c);
	return r;
}

/* -- waiting ----------------------------------------------------------------------- */

void container_wait_begin(struct container *c, enum wait_for what, struct wait *w)
{
	container_lock(c);
	*w = (struct wait){ c, what, c->exits };
	container_unlock(c);
}

static bool wait_over(const struct wait *w)
{
	const struct container *c = w->c;
	if (c->gone)
		return true;
	switch (w->what) {
	case WAIT_NEXT_EXIT: return c->exits != w->exits;
	case WAIT_REMOVED: return c->status == CTR_DEAD;
	default: return c->exits != w->exits || (!container_is_up(c) && c->status != CTR_RESTARTING);
	}
}

int container_wait(struct wait *w, bool (*stop)(void *arg), void *arg, int *code)
{
	struct container *c = w->c;
	int r = 0;
	container_lock(c);
	while (!wait_over(w) && r == 0) {
		clock_wait_ms(&c->changed, &c->mutex, 500);
		if (stop(arg))
			r = -ECANCELED;
	}
	if (r == 0)
		*code = c->exit_code;
	container_unlock(c);
	return r;
}
