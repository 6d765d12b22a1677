/* launch.c - starting a container: plan, supervisor, go. */
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "runtime/launch_internal.h"
#include "runtime/plan_parts.h"

int launch_memfd(const void *data, size_t n, const char *doing, struct err *e)
{
	autofd int fd = memfd_create("drydock", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "%s", doing);
	int r = write_all(fd, data, n);
	return r < 0 ? err_sys(e, -r, "%s", doing) : steal_fd(&fd);
}

int launch_filters(struct plan_input *in, bool profile, const char *own, struct err *e)
{
	int r = seccomp_program(profile, in->spec->caps, &in->filter, e);
	return r < 0 || !own ? r : seccomp_file(own, in->spec->caps, &in->own, e);
}

static int make_plan(struct launcher *l, const struct spec *s, struct str *out, struct err *e)
{
	struct plan_input in = { .spec = s, .host = l->host };
	int r = launch_filters(&in, s->seccomp_default && !s->privileged, s->seccomp_profile, e);

	if (r == 0)
		r = plan_start(&in, out, e);
	free(in.own.insn);
	return r;
}

/* ---- what goes along with START ---- */

static int add_fd(struct msg *m, struct packet_fds *fds, int slot, int fd)
{
	m->start.fd_slot[m->start.n_fd_slots++] = slot;
	fds->fd[fds->n++] = fd;
	return fd;
}

static int open_ns(int pid, const char *name, struct err *e)
{
	autofree char *path = str_printf("/proc/%d/ns/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, errno, "join a container's namespace: %s", path) : fd;
}

/* The namespaces that are entered instead of made. */
static int add_namespaces(struct msg *m, struct packet_fds *fds, const struct spec *s,
			  struct err *e)
{
	const struct { bool join; int pid; const char *name; int slot; } want[] = {
		{ s->net == NET_JOIN, s->join_pid, "net", SLOT_NS_NET },
		{ s->pid_mode == NS_JOIN, s->pid_join, "pid", SLOT_NS_PID },
		{ s->ipc_mode == NS_JOIN, s->ipc_join, "ipc", SLOT_NS_IPC },
		{ s->uts_mode == NS_JOIN, s->join_pid, "uts", SLOT_NS_UTS },
	};

	if (s->userns_fd)
		add_fd(m, fds, SLOT_NS_USER, fcntl(s->userns_fd, F_DUPFD_CLOEXEC, 3));
	if (s->net == NET_NEW)
		add_fd(m, fds, SLOT_NS_NET, fcntl(s->netns_fd, F_DUPFD_CLOEXEC, 3));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		int fd = want[i].join ? open_ns(want[i].pid, want[i].name, e) : 0;
		if (fd < 0)
			return fd;
		if (want[i].join)
			add_fd(m, fds, want[i].slot, fd);
	}
	return 0;
}

/* Where the kernel counts its kills for memory. */
static char *oom_path(const struct host *h, const struct spec *s)
{
	if (!h->cgroup[CG_MEMORY])
		return str_dup("");
	return str_printf("%s/%s/%s", h->cgroup[CG_MEMORY], s->cgroup,
			  h->cgroup_v2 ? "memory.events" : "memory.oom_control");
}

static void fill_start(struct msg *m, struct launcher *l, const struct spec *s)
{
	autofree char *oom = oom_path(l->host, s);
	const char *fault = getenv("DRYDOCK_FAULT");

	m->type = MSG_START;
	m->start.tty = s->tty;
	m->start.open_stdin = s->open_stdin;
	m->start.stdin_once = s->stdin_once;
	m->start.private_pids = s->pid_mode == NS_PRIVATE;
	msg_add_text(m, s->id);
	m->start.log_size = s->log_max_size;
	m->start.log_files = s->log_max_file;
	msg_add_text(m, s->log_path ? s->log_path : "");
	msg_add_text(m, s->log_attrs ? s->log_attrs : "");
	msg_add_text(m, s->run_dir);
	msg_add_text(m, oom);
	msg_add_text(m, fault ? fault : "");
}

static int send_start(struct running *r, const struct spec *s, int plan_fd, struct err *e)
{
	struct msg m = { .type = 0 };
	struct packet_fds fds = { { plan_fd }, 1 };

	int err = add_namespaces(&m, &fds, s, e);
	if (err == 0) {
		fill_start(&m, r->l, s);
		err = msg_send(r->link, &m, &fds, 0);
		if (err < 0)
			err_sys(e, -err, "start the container: its supervisor is gone");
	}
	for (int i = 1; i < fds.n; i++)
		close(fds.fd[i]);
	return err;
}

/* ---- the answer ---- */

static int await(struct running *r, uint16_t type, struct err *e)
{
	struct msg m;
	struct packet_fds fds;
	int n;

	/* A client that attached before may leave meanwhile: nobody's news yet.  And a
	 * supervisor that left with our GO unread has said why: the kernel tells of the
	 * first before it gives the second (unix(7), ECONNRESET). */
	do
		n = msg_recv(r->link, &m, &fds, 0);
	while ((n == 1 && m.type == MSG_DETACHED) || n == -ECONNRESET);
	if (n == 1 && m.type == type) {
		r->state = m.state;
		if (fds.n == 1)
			r->pidfd = fds.fd[0];
		return 0;
	}
	if (n == 1 && m.type == MSG_FAILED)
		return launch_words(&m.failed, r->plan.s, r->plan.len, false, r->argv, e);
	launch_sweep(r->l, r->id, r->run_dir, NULL);
	return err_set(e, EPIPE, "start the container: its supervisor died");
}

void launch_wait_gone(struct launcher *l, const char *id)
{
	pthread_mutex_lock(&l->lock);
	for (struct running *r = l->all; r;) {
		if (strcmp(r->id, id) == 0 && r->watched && r->exited && !r->gone) {
			pthread_cond_wait(&l->changed, &l->lock);
			r = l->all;
		} else {
			r = r->next;
		}
	}
	pthread_mutex_unlock(&l->lock);
}

static struct running *take_supervisor(struct launcher *l, const struct spec *s, struct err *e)
{
	struct spare spare;

	if (launcher_take_spare(l, &spare, e) < 0)
		return NULL;
	struct running *r = running_new(l, s->id, s->run_dir);
	r->request_ns = clock_mono_ns();
	r->link = spare.link;
	r->super_pid = spare.pid;
	for (int i = 0; i < 2; i++) {
		r->ring[i] = spare.ring[i];
		if (r->ring[i])
			collector_label(l->trace, r->ring[i], s->id);
	}
	r->argv = strv_dup(s->argv);
	r->upper = str_dup(s->upper);
	saved_from(&r->saved, s);
	saved_groups(&r->saved, l->host);
	return r;
}

static char *joined(char *const *v)
{
	struct str b = { 0 };

	for (size_t i = strv_len(v); i-- > 0;)
		str_addf(&b, "%s%s", v[i], i ? ":" : "");
	return str_take(&b);
}

static int hand_over(struct running *r, const struct spec *s, struct err *e)
{
	autofd int plan_fd = launch_memfd(r->plan.s, r->plan.len, "hand over the plan", e);

	if (plan_fd < 0)
		return plan_fd;
	int err = send_start(r, s, plan_fd, e);
	if (err == 0)	/* from here on while the supervisor works */
		err = dir_make(r->run_dir, 0700, e);
	return err < 0 ? err : saved_write(&r->saved, r->run_dir, e);
}

/* Where the run_dirs are; the container's own is made by whoever needs it first. */
static int make_parent(const char *run_dir, struct err *e)
{
	const char *slash = strrchr(run_dir, '/');
	autofree char *parent = str_printf("%.*s", slash ? (int)(slash - run_dir) : 0, run_dir);

	return *parent ? dir_make(parent, 0700, e) : 0;
}

int launch_prepare(struct launcher *l, struct spec *s, struct running **out, struct err *e)
{
	autostr struct str plan = { 0 };
	uint64_t request_ns = clock_mono_ns();

	launch_wait_gone(l, s->id);
	int err = make_parent(s->run_dir, e);
	if (err == 0)
		err = make_plan(l, s, &plan, e);
	if (err < 0)
		return err;
	struct running *r = take_supervisor(l, s, e);
	if (!r)
		return e && e->code ? -e->code : -EAGAIN;
	r->request_ns = request_ns;
	r->lower = joined(s->lower);
	r->plan = plan;
	plan = (struct str){ 0 };
	err = hand_over(r, s, e);
	if (err < 0) {
		launch_release(r);
		return err;
	}
	*out = r;
	return 0;
}

static void fill_info(const struct running *r, struct launch_info *info)
{
	*info = (struct launch_info){
		.pid = r->state.pid,
		.request_ns = r->request_ns,
		.exec_ns = r->state.exec_ns,
		.upper = str_dup(r->upper),
		.lower = str_dup(r->lower),
	};
	memcpy(info->ns_inode, r->state.ns_inode, sizeof(r->state.ns_inode));
}

int launch_go(struct running *r, struct launch_info *info, struct err *e)
{
	struct msg go = { .type = MSG_GO };

	/* If it has failed already this can't be sent, but the reason be read. */
	msg_send(r->link, &go, NULL, 0);
	int err = await(r, MSG_CREATED, e);
	if (err == 0)
		err = await(r, MSG_STARTED, e);
	str_free(&r->plan);
	if (err < 0)
		return err;
	if (info)
		fill_info(r, info);
	launcher_watch(r);
	return 0;
}

void launch_release(struct running *r)
{
	running_unref(r);
}

/* ---- after a daemon's restart ---- */

static int connect_control(const char *run_dir, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	autofd int dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control", dir);
	if (dir < 0 || sock < 0 || connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_set(e, ENOENT, "find the container's supervisor in %s: none there",
			       run_dir);
	return steal_fd(&sock);
}

static void adopt_rings(struct running *r, const int fd[2])
{
	for (int i = 0; i < 2 && r->l->trace; i++) {
		struct trace_ring *ring;
		if (trace_ring_map(fd[i], &ring) < 0)
			continue;
		r->ring[i] = ring;
		collector_adopt(r->l->trace, ring, r->id);
	}
}

static int say_hello(struct running *r, struct err *e)
{
	struct msg m = { .type = MSG_HELLO };
	struct packet_fds fds = { .n = 0 };

	if (msg_send(r->link, &m, NULL, 0) < 0 || msg_recv(r->link, &m, &fds, 0) != 1 ||
	    m.type != MSG_STATE || fds.n != 3)
		return err_set(e, ENOENT, "talk to the supervisor in %s: it is leaving",
			       r->run_dir);
	r->state = m.state;
	r->pidfd = fds.fd[0];
	adopt_rings(r, fds.fd + 1);
	close(fds.fd[1]);
	close(fds.fd[2]);
	return 0;
}

int launch_reattach(struct launcher *l, const char *id, const char *run_dir,
		    struct running **out, struct launch_info *info, struct err *e)
{
	int link = connect_control(run_dir, e);

	if (link < 0)
		return link;
	struct running *r = running_new(l, id, run_dir);
	r->link = link;
	r->adopted = true;
	int err = saved_read(&r->saved, run_dir, e);
	if (err == 0)
		err = say_hello(r, e);
	if (err < 0) {
		launch_release(r);
		return err;
	}
	fill_info(r, info);
	launch_read_spool(r);
	launcher_watch(r);
	*out = r;
	return 0;
}
