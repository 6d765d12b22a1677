/* loop.c - the supervisor: parent of one container.
 *
 * The daemon starts a few of these ahead of need.  A spare waits on its socket;
 * START makes it the supervisor of a container, for good: it makes the plan's
 * calls, owns streams and log, and writes down how the program ended.  It lives
 * as long as the container, whatever becomes of the daemon.
 */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "os.h"

struct scratch scratch;

#define PATIENCE_S 2
#define REST_MS 500		/* the collector looks more often, so it has read all by then */

void poll_add(struct super *s, int fd, short events, on_ready *fn, void *obj)
{
	if (fd < 0 || s->n_polled == MAX_POLL)
		return;
	s->polled[s->n_polled] = (struct pollfd){ .fd = fd, .events = events };
	s->ready[s->n_polled].fn = fn;
	s->ready[s->n_polled++].obj = obj;
}

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* While an exec's child sets itself up it writes to the one ring for children: the
 * next request waits. */
static bool child_busy(const struct super *s)
{
	for (int i = 0; i < MAX_EXECS; i++)
		if (s->exec[i].state == P_SETTING_UP)
			return true;
	return false;
}

static void poll_process(struct super *s, struct process *p)
{
	if (p->state == P_FREE)
		return;
	poll_add(s, p->channel, POLLIN, process_channel, p);
	if (p->state != P_ENDED)
		poll_add(s, p->pidfd, POLLIN, process_ended, p);
	io_poll(s, &p->io);
}

/* The daemon's requests come first: a client that attached before the start must
 * be there when the first output is read. */
static void fill_poll(struct super *s)
{
	s->n_polled = 0;
	if (!child_busy(s))
		poll_add(s, s->link, POLLIN, control_message, NULL);
	else
		poll_add(s, s->link, 0, control_message, NULL);
	poll_add(s, s->listener, POLLIN, control_accept, NULL);
	poll_process(s, &s->main);
	for (int i = 0; i < MAX_EXECS; i++)
		poll_process(s, &s->exec[i]);
	watch_poll(s);
}

/* Execs that have ended and whose clients have everything; true if none is left. */
static bool finish_execs(struct super *s)
{
	bool none = true;

	for (int i = 0; i < MAX_EXECS; i++) {
		struct process *p = &s->exec[i];
		if (p->state != P_FREE && !(p->state == P_ENDED && exec_over(s, p)))
			none = false;
	}
	return none;
}

/* PID 1 has ended.  Its namespace took all others with it; what they wrote is in
 * the pipes.  A client whose socket takes no more is given a moment. */
static bool finish(struct super *s, time_t *until)
{
	bool execs = finish_execs(s);
	struct timespec now;

	if (s->main.state != P_ENDED)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!*until)
		*until = now.tv_sec + PATIENCE_S;
	return (io_drained(s, &s->main.io, s->private_pids) && execs) || now.tv_sec > *until;
}

void super_loop(struct super *s)
{
	time_t until = 0;
	bool rested = false;

	while (!s->gone) {
		if (finish(s, &until)) {
			end_container(s);
			break;
		}
		fill_poll(s);
		int n = os_poll(s, s->polled, s->n_polled,
				s->main.state == P_ENDED ? 100 : rested ? -1 : REST_MS);
		if (n < 0 && n != -EINTR)
			break;
		rested = n == 0;
		if (rested && s->main.state != P_SETTING_UP && !child_busy(s))
			os_rest(s);
		for (nfds_t i = 0; i < s->n_polled && !s->gone; i++)
			if (s->polled[i].revents)
				s->ready[i].fn(s, s->ready[i].obj, s->polled[i].fd,
					       s->polled[i].revents);
	}
}

static void map_rings(struct super *s, const int fd[2])
{
	struct trace_ring *mine = NULL, *childs = NULL;

	s->ring_fd[0] = fd[0];
	s->ring_fd[1] = fd[1];
	if (trace_ring_map(fd[0], &mine) < 0 || trace_ring_map(fd[1], &childs) < 0)
		mine = childs = NULL;
	/* Stacked as trace(fault(base)); start_container() puts the faults in. */
	s->k = tracer_init(&s->tracer, s->base, mine, STAGE_SUPERVISOR, s->backend);
	s->child_k = tracer_init(&s->child_tracer, s->base, childs, STAGE_CHILD, s->backend);
}

void super_init(struct super *s, int link, const int ring_fd[2])
{
	s->link = link;
	s->listener = s->log = s->mnt_ns = -1;
	s->main.channel = s->main.pidfd = -1;
	io_init(&s->main.io);
	s->watches = s->spool = -1;
	map_rings(s, ring_fd);
	start_look_around(s);
}
