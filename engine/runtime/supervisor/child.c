/* child.c - what runs between clone and exec.
 *
 * The child carries out its stage of the plan and tells its parent, in records
 * of fixed size over a socket, what the parent must know: the terminal's master,
 * the watch's listener, "ready", or which step failed and how.  A successful
 * execve closes the socket, which is how the parent learns of it.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "os.h"

int channel_send(int fd, const struct child_report *r, int with_fd)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int))]; } space;
	struct iovec iov = { (void *)r, sizeof(*r) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (with_fd >= 0) {
		memset(&space, 0, sizeof(space));
		h.msg_control = space.buf;
		h.msg_controllen = sizeof(space.buf);
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &with_fd, sizeof(int));
	}
	return sendmsg(fd, &h, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int channel_recv(int fd, struct child_report *r, int *with_fd)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int))]; } space;
	struct iovec iov = { r, sizeof(*r) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space.buf,
			    .msg_controllen = sizeof(space.buf) };
	ssize_t n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);

	*with_fd = -1;
	if (n != sizeof(*r))
		return n < 0 ? -errno : 0;
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(with_fd, CMSG_DATA(c), sizeof(int));
	return 1;
}

/* The child's own: what its parent does meanwhile must not change it. */
struct child {
	struct process *p;
	struct plan_run run;
	int end;		/* of the channel */
	int error;		/* positive errno: why it stopped */
};

static int tell(struct child *c, enum child_word word, int with_fd)
{
	struct child_report r = { .word = (int32_t)word };
	return channel_send(c->end, &r, with_fd);
}

static int wait_go(struct child *c)
{
	char go;
	int r = tell(c, CHILD_READY, -1);

	if (r < 0)
		return r;
	return os_receive(c->end, &go, 1) == 1 ? 0 : -ECANCELED;
}

static void report_failure(struct child *c)
{
	struct child_report r = { CHILD_FAILED, c->run.failed, c->error };

	channel_send(c->end, &r, -1);
}

/* ---- docker run --init ---- */

/* The rest of the plan, in a child of PID 1.  It gets a process group of its own,
 * in the foreground, so that ctrl-c reaches it once and not twice. */
static int rest_of_plan(void *arg)
{
	struct child c = *(struct child *)arg;
	int next = c.run.failed + 1;

	os_child_begin(&c.end);
	os_own_group(c.p->io.tty);
	c.run.owner = &c;
	c.run.failed = -1;
	c.error = -plan_run_from(&c.run, STAGE_CHILD, next);
	report_failure(&c);
	return 127;
}

static int split_init(struct plan_run *r, const struct plan_step *s, struct child *c)
{
	struct k_spawn how = { .fn = rest_of_plan, .arg = c, .cgroup_fd = -1 };

	r->failed = (int)(s - r->plan->step);	/* where the child goes on */
	long pid = k_spawn(r->k, &how);
	if (pid < 0)
		return (int)pid;
	/* It isn't traced: the ring now belongs to the program's side. */
	os_be_init(c->p->super->base, (int)pid);
}

/* ---- the stage ---- */

static int act(struct plan_run *r, const struct plan_step *s)
{
	struct child *c = r->owner;
	int fd = s->kind[0] == ARG_SLOT ? (int)r->slot[s->arg[0]] : -1;

	switch (s->op) {
	case ACT_CHECK_CWD: return os_check_cwd();
	case ACT_HAND_TTY: return tell(c, CHILD_TTY, fd);
	case ACT_HAND_WATCH: return tell(c, CHILD_WATCH, fd);
	case ACT_WAIT_GO: return wait_go(c);
	case ACT_INIT: return split_init(r, s, c);
	}
	return -ENOSYS;
}

int child_main(void *process)
{
	struct process *p = process;
	struct child c = { .p = p, .run = p->run, .end = p->child_end };

	os_child_begin(&c.end);
	c.run.k = p->super->child_k;
	c.run.owner = &c;
	c.run.act = act;
	k_close(c.run.k, p->channel);	/* else we would never see our parent end */
	c.error = -plan_run_stage(&c.run, p->is_exec ? STAGE_EXEC : STAGE_CHILD);
	report_failure(&c);
	return 127;
}
