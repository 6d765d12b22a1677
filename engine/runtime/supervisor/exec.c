/* exec.c - docker exec: more programs in the container. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "super.h"

static struct process *free_slot(struct super *s)
{
	for (int i = 0; i < MAX_EXECS; i++)
		if (s->exec[i].state == P_FREE)
			return &s->exec[i];
	return NULL;
}

static void say(struct super *s, struct process *p, struct msg *m)
{
	m->tag = p->tag;
	msg_add_text(m, p->id);
	control_say(s, m, NULL);
}

/* Gives the slot back, and its memory: an idle supervisor shall be small again. */
static void release(struct super *s, struct process *p)
{
	io_close(s, &p->io);
	close_fd(&p->channel);
	close_fd(&p->pidfd);
	process_unload(p);
	uintptr_t from = ((uintptr_t)p + 4095) & ~4095ul, to = (uintptr_t)(p + 1) & ~4095ul;
	p->state = P_FREE;
	if (to > from)
		madvise((void *)from, to - from, MADV_DONTNEED);
	p->state = P_FREE;
}

void exec_failed(struct super *s, struct process *p, int step, int error, bool program)
{
	struct msg m = { .type = MSG_FAILED, .failed = { step, error, (uint8_t)program } };

	say(s, p, &m);
	release(s, p);
}

void exec_started(struct super *s, struct process *p)
{
	struct msg m = { .type = MSG_EXEC_STARTED, .state = { .pid = p->pid } };
	say(s, p, &m);
}

/* It is over when its clients have what it wrote.  Children that it left behind
 * may write on, but docker waits for the program only. */
bool exec_over(struct super *s, struct process *p)
{
	struct msg m = { .type = MSG_EXEC_EXITED };

	if (!io_drained(s, &p->io, false))
		return false;
	m.exited.code = p->end.code;
	m.exited.signal = p->end.signal;
	say(s, p, &m);
	release(s, p);
	return true;
}

static void set_up(struct process *p, const struct msg *m)
{
	uint16_t at = 0;
	const char *id = msg_next_text(m, &at);

	p->is_exec = true;
	p->tag = m->tag;
	snprintf(p->id, sizeof(p->id), "%s", id ? id : "?");
	p->plan = (struct plan){ .n_steps = 0 };
	io_init(&p->io);
	p->io.tty = m->exec.tty;
	p->io.stdin_once = true;
	p->io.keep_log = false;
}

void exec_start(struct super *s, const struct msg *m, struct packet_fds *fds)
{
	struct process *p = free_slot(s);

	bool room = p && watch_room(s);

	if (!room || s->main.state != P_RUNNING || fds->n < 1) {
		struct msg no = { .type = MSG_FAILED, .tag = m->tag,
				  .failed = { -1, room ? ESRCH : EAGAIN, 0 } };
		control_say(s, &no, NULL);
		return;
	}
	set_up(p, m);
	const struct msg_attach *a = &m->exec.attach;
	int r = process_spawn(s, p, fds->fd[0], m->exec.attached && a->in, NULL, NULL);
	if (m->exec.attached && fds->n >= 2) {
		io_attach(s, &p->io, (int[2]){ fds->fd[1], fds->n > 2 ? fds->fd[2] : -1 }, a);
		fds->n = 1;
	}
	if (r < 0)
		process_failed(s, p, p->run.failed, -r);
}
