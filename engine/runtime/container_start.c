/* container_start.c - start, end, restart.
 *
 * A start: the three files, a place in the network with its ports, the spec, the
 * launcher (everything up to execve), the clients that attached before, and the
 * word to go.  Whatever fails, the steps before are undone and the container is
 * as it was, with the reason kept in its state.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "runtime/container_internal.h"

static void set_error(struct container *c, const char *text)
{
	free(c->error);
	c->error = str_dup(text);
}

/* -- saying what went wrong -------------------------------------------------------- */

/* The code a shell gives for a program that couldn't be started (docker run's page):
 * 127 not found, 126 found but not executable, 128 anything else before it ran.
 * launch_words() answers 400 where it was the program. */
static int failure_code(const struct err *e)
{
	bool program = err_status(e) == 400;
	return program && e->code == ENOENT ? 127 : program && e->code == EACCES ? 126 : 128;
}

/* -- starting ---------------------------------------------------------------------- */

static int launch(struct container *c, struct spec *s, struct launch_info *info, struct err *e)
{
	int r = launch_prepare(c->all->launcher, s, &c->run, e);
	if (r < 0)
		return r;
	attach_waiting_to(c);
	if ((r = launch_go(c->run, info, e)) < 0) {
		launch_release(c->run);
		c->run = NULL;
		launch_sweep(c->all->launcher, c->id, s->run_dir, NULL);
		return r;
	}
	return 0;
}

static int start_parts(struct container *c, struct spec *s, struct launch_info *info,
		       struct err *e)
{
	char **unread = mem_alloc(sizeof(*unread));	/* said at creation already */
	int r = spec_build(c, s, true, e);
	if (r == 0)	/* behind the user's own, which win */
		r = links_env(c, &s->envp, e);
	if (r == 0 && (r = share_namespaces(c, s, e)) == 0)
		launch_clamp(c->all->launcher, s, &unread);
	strv_free(unread);
	if (r < 0 || (r = mounts_ready(c, e)) < 0)
		return r;
	if ((r = mounts_resolve(s, e)) < 0 || (r = net_start(c, s, e)) < 0 || (r = net_files(c, e)) < 0 ||
	    (r = launch(c, s, info, e)) < 0) {
		net_stop(c);
		mounts_done(c);
	}
	return r;
}

static void started(struct container *c, const struct origin *by, const struct launch_info *info,
		    const struct spec *s)
{
	c->status = CTR_RUNNING;
	c->pid = info->pid;
	c->exit_code = 0;
	c->oom = false;
	c->by_hand = false;
	c->started_ns = clock_wall_ns();
	c->starts++;
	set_error(c, "");
	health_start(c, false);
	container_save(c, NULL);
	hosts_follow(c);
	facts_started(c, info, s);
	container_event(c, "start", NULL);
}

static void failed(struct container *c, const struct err *e)
{
	int code = failure_code(e);

	if (code != 128 || !c->exit_code)	/* of a run before: it says more than 128 does */
		c->exit_code = code;
	c->pid = 0;
	set_error(c, e->what);
	attach_drop(c);
	container_save(c, NULL);
	c->exits++;
	pthread_cond_broadcast(&c->changed);
}

int start_locked(struct container *c, const struct origin *by, struct err *e)
{
	struct spec s = { .netns_fd = -1 };
	struct launch_info info = { .pid = 0 };

	attach_await(c);
	container_root_await(c);
	if (c->status == CTR_RUNNING || c->status == CTR_RESTARTING)
		return 1;
	if (c->status == CTR_PAUSED)
		return err_http(e, 409, EBUSY, "cannot start a paused container, try unpause instead");
	if (c->status == CTR_REMOVING || c->gone)
		return err_http(e, 409, EBUSY, "container is marked for removal and cannot be started");
	origin_keep(&c->by, by);
	const char *was = trace_subject(c->all->kernel, c->id);
	int r = start_parts(c, &s, &info, e);
	trace_subject(c->all->kernel, was);
	if (r == 0)
		started(c, by, &info, &s);
	else
		failed(c, e);
	free(info.upper);
	free(info.lower);
	spec_free(&s);
	return r;
}

/* Lock held.  --rm also means: a container that can't be started goes. */
static int start_or_remove(struct container *c, const struct origin *by, struct err *e)
{
	struct err ignored = { 0 };
	if (!container_is_up(c) && c->status != CTR_RESTARTING)
		restart_forget(c);
	int r = start_locked(c, by, e);
	if (r < 0 && host_flag(c, "AutoRemove") && !container_is_up(c))
		remove_locked(c, by, false, true, &ignored);
	return r;
}

int container_start(struct container *c, const struct origin *by, struct err *e)
{
	container_lock(c);
	int r = start_or_remove(c, by, e);
	container_unlock(c);
	return r;
}

/* -- ending ------------------------------------------------------------------------ */

void container_ended(struct container *c, const struct launch_exit *x)
{
	c->status = CTR_EXITED;
	c->exit_code = x->signal ? 128 + x->signal : x->code;
	c->oom = x->oom;
	c->pid = 0;
	health_stop(c);
	c->finished_ns = x->wall_ns ? x->wall_ns : clock_wall_ns();
	if (c->run)
		launch_release(c->run);
	c->run = NULL;
	net_stop(c);
	mounts_done(c);
	if (!host_flag(c, "AutoRemove"))	/* else the document goes in a moment */
		container_save(c, NULL);
	c->exits++;
	pthread_cond_broadcast(&c->changed);
}

/* -- restart ----------------------------------------------------------------------- */

int container_restart(struct container *c, const struct origin *by, int grace,
		      const char *signal, struct err *e)
{
	container_lock(c);
	c->restarting = true;
	container_unlock(c);
	int r = container_stop(c, by, grace, signal, e);
	container_lock(c);
	c->restarting = false;
	if (r >= 0)
		r = start_or_remove(c, by, e);
	if (r >= 0)
		container_event(c, "restart", NULL);
	container_unlock(c);
	return r < 0 ? r : 0;
}
