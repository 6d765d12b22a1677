/* container_restart.c - restart policies.
 *
 *	no, on-failure[:N], always, unless-stopped
 *
 * A container that ends and is to run again rests in between: 100 ms, twice as long each
 * time, up to a minute, and from the beginning once it has run for 10 s (numbers and rules
 * are dockerd's).  What was stopped by hand stays down, but for `always`, which comes back
 * with the next daemon.
 */
#include <string.h>

#include "runtime/container_internal.h"

#define FIRST_MS 100
#define MOST_MS  60000
#define RESET_NS 10000000000ull

static const char *policy_of(const struct container *c)
{
	return json_str_or(json_obj(c->host, "RestartPolicy"), "Name", "no");
}

static bool failed_seldom(const struct container *c)
{
	int64_t most = json_int(json_obj(c->host, "RestartPolicy"), "MaximumRetryCount", 0);
	return c->exit_code != 0 && (!most || c->restarts < most);
}

bool restart_wanted(const struct container *c)
{
	const char *policy = policy_of(c);
	if (c->by_hand || c->all->stopping)
		return false;
	if (str_eq(policy, "on-failure"))
		return failed_seldom(c);
	return str_eq(policy, "always") || str_eq(policy, "unless-stopped");
}

bool restart_with_daemon(const struct container *c)
{
	if (container_is_up(c) || c->starts == 0)
		return false;
	return str_eq(policy_of(c), "always") || restart_wanted(c);
}

/* Lock held, let go of meanwhile.  True if it is still up to us. */
static bool rest(struct container *c)
{
	uint64_t run = c->exits, until = clock_mono_ns() + c->delay_ms * 1000000ull, now;
	while (c->status == CTR_RESTARTING && c->exits == run && !c->gone && !c->all->stopping &&
	       (now = clock_mono_ns()) < until)
		clock_wait_ms(&c->changed, &c->mutex, (unsigned)((until - now) / 1000000 + 1));
	return c->status == CTR_RESTARTING && c->exits == run && !c->gone;
}

/* Its policy may have been changed while it rested. */
static void go_on(struct container *c)
{
	struct origin by = { 0 };
	struct err e = { 0 };
	bool go = restart_wanted(c);
	origin_keep(&by, &c->by);
	c->status = CTR_EXITED;
	if (go)
		start_locked(c, &by, &e);
	else
		container_save(c, NULL);
	origin_free(&by);
	pthread_cond_broadcast(&c->changed);
}

static void *restarter(void *arg)
{
	struct container *c = arg;
	struct containers *cs = c->all;
	container_lock(c);
	if (rest(c))
		go_on(c);
	container_unlock(c);
	container_put(c);
	__atomic_sub_fetch(&cs->helpers, 1, __ATOMIC_RELEASE);
	return NULL;
}

void restart_later(struct container *c)
{
	bool ran_well = c->finished_ns - c->started_ns > RESET_NS;
	c->delay_ms = ran_well || !c->delay_ms ? FIRST_MS : 2 * c->delay_ms;
	if (c->delay_ms > MOST_MS)
		c->delay_ms = MOST_MS;
	c->restarts++;
	c->status = CTR_RESTARTING;
	container_save(c, NULL);
	if (!container_helper(c, restarter))
		c->status = CTR_EXITED;
}

/* By hand: the counts begin anew. */
void restart_forget(struct container *c)
{
	c->restarts = 0;
	c->delay_ms = 0;
}
