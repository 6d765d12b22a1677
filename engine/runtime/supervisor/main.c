/* main.c - the supervisor: parent of one container.
 *
 * The daemon starts a few of these ahead of need.  A spare waits on its socket;
 * START makes it the supervisor of a container, for good: it makes the plan's
 * calls, owns streams and log, and writes down how the program ended.  It lives
 * as long as the container, whatever becomes of the daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "super.h"

struct super the_super;
struct scratch scratch;

#define MAX_POLL 512
#define PATIENCE_S 2
#define REST_MS 500		/* the collector looks more often, so it has read all by then */
#define STACK (128 << 10)	/* bytes below here: more than was ever in use */

static struct pollfd polled[MAX_POLL];
static struct { on_ready *fn; void *obj; } ready[MAX_POLL];
static nfds_t n_polled;

void poll_add(int fd, short events, on_ready *fn, void *obj)
{
	if (fd < 0 || n_polled == MAX_POLL)
		return;
	polled[n_polled] = (struct pollfd){ .fd = fd, .events = events };
	ready[n_polled].fn = fn;
	ready[n_polled++].obj = obj;
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
	poll_add(p->channel, POLLIN, process_channel, p);
	if (p->state != P_ENDED)
		poll_add(p->pidfd, POLLIN, process_ended, p);
	io_poll(s, &p->io);
}

/* The daemon's requests come first: a client that attached before the start must
 * be there when the first output is read. */
static void fill_poll(struct super *s)
{
	n_polled = 0;
	if (!child_busy(s))
		poll_add(s->link, POLLIN, control_message, NULL);
	else
		poll_add(s->link, 0, control_message, NULL);
	poll_add(s->listener, POLLIN, control_accept, NULL);
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

/* Of 300 containers side by side nearly all wait: what a start or a message has dirtied
 * and nobody needs goes back, the scratch, the stack below here and the events that the
 * daemon has read.  (The range may reach below the stack's mapping: madvise(2) then says
 * ENOMEM, and has done its work.) */
static void rest(const struct super *s)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);

	if (s->main.state == P_SETTING_UP || child_busy(s))
		return;
	madvise(&scratch, sizeof(scratch), MADV_DONTNEED);
	madvise((void *)(here - page - STACK), STACK, MADV_DONTNEED);
	if (s->tracer.ring)
		trace_ring_rest(s->tracer.ring);
	if (s->child_tracer.ring)
		trace_ring_rest(s->child_tracer.ring);
}

static void loop(struct super *s)
{
	time_t until = 0;
	bool rested = false;

	while (!s->gone) {
		if (finish(s, &until)) {
			end_container(s);
			break;
		}
		fill_poll(s);
		int n = poll(polled, n_polled, s->main.state == P_ENDED ? 100 : rested ? -1 : REST_MS);
		if (n < 0 && errno != EINTR)
			break;
		rested = n == 0;
		if (rested)
			rest(s);
		for (nfds_t i = 0; i < n_polled && !s->gone; i++)
			if (polled[i].revents)
				ready[i].fn(s, ready[i].obj, polled[i].fd, polled[i].revents);
	}
}

static void map_rings(struct super *s)
{
	struct trace_ring *mine = NULL, *childs = NULL;

	s->ring_fd[0] = SUPER_RING_FD;
	s->ring_fd[1] = SUPER_CHILD_RING_FD;
	if (trace_ring_map(SUPER_RING_FD, &mine) < 0 ||
	    trace_ring_map(SUPER_CHILD_RING_FD, &childs) < 0)
		mine = childs = NULL;
	/* Stacked as trace(fault(linux)); start_container() puts the faults in. */
	s->k = tracer_init(&s->tracer, kernel_linux(), mine, STAGE_SUPERVISOR, BACKEND_LINUX);
	s->child_k = tracer_init(&s->child_tracer, kernel_linux(), childs, STAGE_CHILD,
				 BACKEND_LINUX);
}

static void init(struct super *s)
{
	/* Neither a client that hangs up nor a terminal's ctrl-c may end us. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	for (int fd = SUPER_LINK_FD; fd <= SUPER_CHILD_RING_FD; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	s->link = SUPER_LINK_FD;
	s->listener = s->log = s->mnt_ns = -1;
	s->main.channel = s->main.pidfd = -1;
	io_init(&s->main.io);
	s->watches = s->spool = -1;
	map_rings(s);
	start_look_around(s);
}

int main(void)
{
	init(&the_super);
	loop(&the_super);
	return 0;
}
