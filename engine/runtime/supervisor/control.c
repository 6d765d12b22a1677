/* control.c - the daemon's requests, and its coming and going. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "super.h"

void control_say(struct super *s, const struct msg *m, const struct packet_fds *fds)
{
	bool record = m->type == MSG_PROC || m->type == MSG_DETACHED;
	struct pollfd room = { .fd = s->link, .events = POLLOUT };
	int r = -EPIPE;

	/* How things ended is told in any case.  What a program did is told if the
	 * daemon keeps up: one that hangs may hold containers up, but not for long. */
	if (s->link >= 0)
		r = msg_send(s->link, m, fds, record ? MSG_DONTWAIT : 0);
	if (r == -EAGAIN && poll(&room, 1, 1000) > 0)
		r = msg_send(s->link, m, fds, MSG_DONTWAIT);
	if (r < 0 && record && s->main.state != P_FREE)
		spool_add(s, m);
}

struct process *process_by_id(struct super *s, const char *id)
{
	if (!*id)
		return &s->main;
	for (int i = 0; i < MAX_EXECS; i++)
		if (s->exec[i].state != P_FREE && strcmp(s->exec[i].id, id) == 0)
			return &s->exec[i];
	return NULL;
}

static void on_start(struct super *s, struct msg *m, struct packet_fds *fds)
{
	if (s->main.state == P_FREE)
		start_container(s, m, fds);
}

static void on_go(struct super *s, struct msg *m, struct packet_fds *fds)
{
	start_go(s);
}

static void on_attach(struct super *s, struct msg *m, struct packet_fds *fds)
{
	if (fds->n < 1)
		return;
	io_attach(s, &s->main.io, (int[2]){ fds->fd[0], fds->n > 1 ? fds->fd[1] : -1 }, &m->attach);
	fds->n = 0;
}

static void on_exec(struct super *s, struct msg *m, struct packet_fds *fds)
{
	exec_start(s, m, fds);
}

static void on_resize(struct super *s, struct msg *m, struct packet_fds *fds)
{
	uint16_t at = 0;
	const char *id = msg_next_text(m, &at);
	struct process *p = process_by_id(s, id ? id : "");

	if (!p || !p->io.tty)
		return;
	p->io.rows = m->resize.rows;
	p->io.cols = m->resize.cols;
	terminal_size(s, p);
}

static void on_hello(struct super *s, struct msg *m, struct packet_fds *fds)
{
	struct packet_fds mine = { { s->main.pidfd, s->ring_fd[0], s->ring_fd[1] }, 3 };
	struct msg answer = { .type = 0 };

	spool_end(s);
	start_state(s, &answer, MSG_STATE);
	control_say(s, &answer, &mine);
}

static void (*const handlers[])(struct super *s, struct msg *m, struct packet_fds *fds) = {
	[MSG_START] = on_start,   [MSG_GO] = on_go,	    [MSG_ATTACH] = on_attach,
	[MSG_EXEC] = on_exec,	  [MSG_RESIZE] = on_resize, [MSG_HELLO] = on_hello,
};

/* The daemon is gone.  A container that runs goes on; one that was only being
 * made goes away, since nobody would ever start it. */
static void on_hangup(struct super *s)
{
	close_fd(&s->link);
	if (s->main.state == P_FREE)
		s->gone = true;
	else if (s->main.state < P_RUNNING)
		start_abandon(s);
}

void control_message(struct super *s, void *obj, int fd, short events)
{
	struct msg *m = &scratch.request;	/* one at a time, too large for a stack */
	struct packet_fds fds;

	if (fd != s->link)
		return;
	if (!(events & POLLIN)) {
		if (events & (POLLHUP | POLLERR))
			on_hangup(s);
		return;
	}
	int r = msg_recv(fd, m, &fds, MSG_DONTWAIT);
	if (r == -EAGAIN)
		return;
	if (r <= 0) {
		on_hangup(s);
		return;
	}
	if (m->type < sizeof(handlers) / sizeof(handlers[0]) && handlers[m->type])
		handlers[m->type](s, m, &fds);
	for (int i = 0; i < fds.n; i++)
		close(fds.fd[i]);
}

/* A daemon that was started anew; the old one, if it hangs on, is let go. */
void control_accept(struct super *s, void *obj, int fd, short events)
{
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (c < 0)
		return;
	close_fd(&s->link);
	s->link = c;
}

/* run_dir may be longer than a socket's address allows: it is named by a
 * descriptor. */
int control_listen(struct super *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	mkdir(s->run_dir, 0700);	/* the daemon does so, too, as we speak */
	int dir = open(s->run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -errno;
	unlinkat(dir, "control", 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control", dir);
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		listen(s->listener, 4) < 0 ? -errno : 0;
	close(dir);
	return r;
}

void control_unlisten(struct super *s)
{
	char path[PATH_CAP + 16];

	close_fd(&s->listener);
	snprintf(path, sizeof(path), "%s/control", s->run_dir);
	unlink(path);
}
