/* start.c - a container's start, and what all programs' starts have in common.
 *
 *	START:  make pipes, run the supervisor's stage (control groups, clone)
 *	GO:     passed on at once; the child, still setting itself up, finds it there
 *	READY:  from the child → CREATED; it goes on to execve, where the exec watch
 *	        stops it until we have looked at it
 *	        its socket closes: execve worked → STARTED
 *
 * A failure at any point, in either process, ends with the child gone, the undo
 * calls made in reverse, and FAILED as the only answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os.h"

/* Tells the tracer where we are in the outline, and why the next call is made. */
static void enter(struct plan_run *r, const struct plan_step *s)
{
	trace_region(r->k, (enum region)s->region);
	trace_why(r->k, (enum why)s->why);
}

/* ---- a program's streams ---- */

/* A pipe whose far end (0: the child reads) goes into the slot. */
static int make_pipe(struct plan_run *r, int slot, bool child_reads, int *mine)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r->slot[slot] = ends[child_reads ? 0 : 1];
	*mine = ends[child_reads ? 1 : 0];
	fcntl(*mine, F_SETFL, O_NONBLOCK);
	return 0;
}

static int make_streams(struct process *p, bool open_stdin)
{
	struct io *io = &p->io;
	int r = 0;

	if (io->tty) {
		io->in = IN_PENDING;
		return 0;
	}
	if (open_stdin)
		r = make_pipe(&p->run, SLOT_STDIN, true, &io->in);
	else
		p->run.slot[SLOT_STDIN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 2 && r == 0; i++)
		r = make_pipe(&p->run, SLOT_STDOUT + i, false, &io->out[i].fd);
	return r;
}

static void close_slots(struct plan_run *r)
{
	for (int slot = SLOT_STDIN; slot < SLOT_FIRST_FREE; slot++) {
		bool ours = slot == SLOT_CHILD || slot == SLOT_PIDFD || slot == SLOT_INIT;
		int fd = (int)r->slot[slot];
		if (!ours && fd >= 0)
			close(fd);
	}
}

/* ---- any program: PID 1 or an exec ---- */

static int load_plan(struct process *p, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	p->plan_size = (size_t)st.st_size;
	p->plan_map = mmap(NULL, p->plan_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd,
			   0);
	if (p->plan_map == MAP_FAILED) {
		p->plan_map = NULL;
		return -errno;
	}
	return plan_load(p->plan_map, p->plan_size, &p->plan);
}

void process_unload(struct process *p)
{
	if (p->plan_map)
		munmap(p->plan_map, p->plan_size);
	p->plan_map = NULL;
}

static int prepare_run(struct super *s, struct process *p, const struct packet_fds *fds,
		       const int32_t *fd_slot)
{
	struct plan_run *r = &p->run;
	int ends[2];

	plan_run_init(r, s->k, &p->plan);
	r->owner = p;
	r->enter = enter;
	r->spawn = (struct k_spawn){ .fn = child_main, .arg = p };
	r->slot[SLOT_INIT] = s->main.pidfd;
	for (int i = 1; fds && i < fds->n; i++)
		r->slot[fd_slot[i - 1]] = fds->fd[i];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	p->channel = ends[0];
	p->child_end = ends[1];
	return 0;
}

/* The ring for children has one writer at a time: this is the next. */
static void next_child_traced(struct super *s, bool is_exec)
{
	struct trace_ring *ring = s->child_tracer.ring;
	struct kernel *below = s->base;

	if (*s->faults)
		below = fault_init(&s->child_fault, below, s->faults,
				   is_exec ? "exec" : "child", NULL);
	tracer_init(&s->child_tracer, below ? below : s->base, ring,
		    is_exec ? STAGE_EXEC : STAGE_CHILD, s->backend);
}

int process_spawn(struct super *s, struct process *p, int plan_fd, bool open_stdin,
		  const struct packet_fds *fds, const int32_t *fd_slot)
{
	int r = load_plan(p, plan_fd);

	p->super = s;
	p->pid = p->pidfd = p->channel = p->child_end = -1;
	if (r < 0)
		return r;
	r = prepare_run(s, p, fds, fd_slot);
	if (r == 0)
		r = make_streams(p, open_stdin);
	next_child_traced(s, p->is_exec);
	if (r == 0)
		r = plan_run_stage(&p->run, STAGE_SUPERVISOR);
	trace_region(s->k, REGION_NONE);
	close_fd(&p->child_end);
	close_slots(&p->run);
	p->pid = (int)p->run.slot[SLOT_CHILD];
	p->pidfd = (int)p->run.slot[SLOT_PIDFD];
	p->state = P_SETTING_UP;
	return r;
}

/* The child is gone after this, whatever state it was in. */
static void kill_child(struct super *s, struct process *p)
{
	struct k_exit end;

	if (p->pid <= 0)
		return;
	k_kill(s->k, p->pidfd, SIGKILL);
	k_wait(s->k, p->pid, 0, &end);
	p->pid = -1;
}

void process_failed(struct super *s, struct process *p, int step, int error)
{
	bool program = step >= 0 && p->plan.step && p->plan.step[step].program;

	kill_child(s, p);
	trace_region(s->k, REGION_UNDO);
	plan_undo(&p->run);
	trace_region(s->k, REGION_NONE);
	close_fd(&p->channel);
	if (p->is_exec) {
		exec_failed(s, p, step, error, program);
		return;
	}
	struct msg m = { .type = MSG_FAILED,
			 .failed = { step, error, (uint8_t)program } };
	io_close(s, &p->io);
	if (s->listener >= 0)
		control_unlisten(s);
	control_say(s, &m, NULL);
	s->gone = true;
}

/* ---- the container ---- */

static void take_text(const struct msg *m, uint16_t *at, char *out, size_t cap)
{
	const char *text = msg_next_text(m, at);
	snprintf(out, cap, "%s", text ? text : "");
}

/* Faults on purpose, for tests: between tracer and kernel. */
static void stack_faults(struct super *s)
{
	struct kernel *k = fault_init(&s->fault, s->base, s->faults, "supervisor", NULL);

	if (k)
		s->tracer.kernel.next = k;
}

static void take_settings(struct super *s, const struct msg *m)
{
	uint16_t at = 0;

	take_text(m, &at, s->id, sizeof(s->id));
	take_text(m, &at, s->log_path, sizeof(s->log_path));
	take_text(m, &at, s->log_attrs, sizeof(s->log_attrs));
	s->log_max_size = m->start.log_size;
	s->log_files = m->start.log_files;
	take_text(m, &at, s->run_dir, sizeof(s->run_dir));
	take_text(m, &at, s->oom_path, sizeof(s->oom_path));
	take_text(m, &at, s->faults, sizeof(s->faults));
	if (*s->faults)
		stack_faults(s);
	s->private_pids = m->start.private_pids;
	s->main.io.tty = m->start.tty;
	s->main.io.stdin_once = m->start.stdin_once;
	s->main.io.keep_log = true;
	sha256_init(&s->sha);
}

/* What can wait till the child is busy on the other processor. */
static int start_more(struct super *s)
{
	if (*s->log_path)
		log_open(s);
	return control_listen(s);
}

void start_container(struct super *s, const struct msg *m, const struct packet_fds *fds)
{
	struct process *p = &s->main;

	take_settings(s, m);
	trace_subject(s->k, s->id);
	int r = process_spawn(s, p, fds->fd[0], m->start.open_stdin, fds, m->start.fd_slot);
	((struct packet_fds *)fds)->n = 1;		/* the others were slots, and are closed */
	if (r == 0)
		r = start_more(s);
	if (r < 0)
		process_failed(s, p, p->run.failed, -r);
}

void start_go(struct super *s)
{
	if (s->main.state != P_SETTING_UP || s->going)
		return;
	s->going = true;
	send(s->main.channel, "g", 1, MSG_NOSIGNAL);
}

void start_abandon(struct super *s)
{
	process_failed(s, &s->main, -1, ECANCELED);
}

void start_look_around(struct super *s)
{
	os_namespaces(s, 0, s->own_ns);
}

/* When it hands over the watch's listener: its namespaces are final, and it still
 * has something to do.  The mount namespace is held: its teardown then doesn't
 * delay the news of the exit. */
static void look_at_child(struct super *s)
{
	os_namespaces(s, s->main.pid, s->ns_inode);
	for (int i = 0; i < MSG_NAMESPACES; i++)
		if (s->ns_inode[i] == s->own_ns[i])
			s->ns_inode[i] = 0;	/* shared with the host */
	s->mnt_ns = os_hold_mounts(s->main.pid);
}

void start_state(struct super *s, struct msg *m, uint16_t type)
{
	m->type = type;
	m->state.pid = s->main.pid;
	m->state.exec_ns = s->exec_ns;
	memcpy(m->state.ns_inode, s->ns_inode, sizeof(s->ns_inode));
}

static void child_ready(struct super *s, struct process *p)
{
	struct msg m = { .type = 0 };
	struct packet_fds fds = { { p->pidfd }, 1 };

	s->created = true;
	start_state(s, &m, MSG_CREATED);
	control_say(s, &m, &fds);
}

static void container_started(struct super *s)
{
	struct timespec t;
	struct msg m = { .type = 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	s->exec_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	start_state(s, &m, MSG_STARTED);
	control_say(s, &m, NULL);
	if (s->holding)
		control_say(s, &scratch.held, NULL);
	s->holding = false;
}

/* The socket closed: execve worked (or the child was killed on its way, which
 * the exit status will tell). */
static void channel_closed(struct super *s, struct process *p)
{
	close_fd(&p->channel);
	tracer_exec_done(&s->child_tracer);
	if (!p->is_exec && !(s->created && s->going)) {
		process_failed(s, p, -1, EIO);
		return;
	}
	p->state = P_RUNNING;
	if (p->is_exec || plan_keep_undo(&p->run, &s->undo) == 0)
		process_unload(p);
	if (p->is_exec)
		exec_started(s, p);
	else
		container_started(s);
}

void terminal_size(struct super *s, const struct process *p)
{
	if (p->io.in < 0 || !p->io.rows)
		return;
	trace_why(s->k, WHY_TABLE);
	k_tty_size(s->k, p->io.in, p->io.rows, p->io.cols);
}

static void take_terminal(struct super *s, struct process *p, int master)
{
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	p->io.in = p->io.out[0].fd = master;
	terminal_size(s, p);
}

static void take_watch(struct super *s, struct process *p, int listener)
{
	watch_add(s, listener, p->is_exec);
	if (!p->is_exec)
		look_at_child(s);
}

void process_channel(struct super *s, void *obj, int fd, short events)
{
	struct process *p = obj;
	struct child_report r;
	int with;

	if (fd != p->channel)
		return;
	if (channel_recv(fd, &r, &with) <= 0) {
		channel_closed(s, p);
		return;
	}
	switch ((enum child_word)r.word) {
	case CHILD_TTY: take_terminal(s, p, with); break;
	case CHILD_WATCH: take_watch(s, p, with); break;
	case CHILD_READY: child_ready(s, p); break;
	case CHILD_FAILED: process_failed(s, p, r.step, r.error); break;
	}
}

void process_ended(struct super *s, void *obj, int fd, short events)
{
	struct process *p = obj;

	/* While it sets up, the channel tells more than the exit does. */
	if (fd != p->pidfd || p->channel >= 0)
		return;
	trace_region(s->k, REGION_EXIT);
	trace_why(s->k, p->is_exec ? WHY_TABLE : WHY_END_WAIT);
	k_wait(s->k, p->pid, 0, &p->end);
	if (p->is_exec)
		trace_region(s->k, REGION_NONE);	/* the container goes on */
	watch_ended(s, p->pid, &p->end);
	p->state = P_ENDED;	/* the loop sees to the rest */
	io_program_ended(&p->io);
}
