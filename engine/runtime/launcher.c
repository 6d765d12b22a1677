/* launcher.c - the daemon's end: spare supervisors, and one thread that listens.
 *
 * Spares are started ahead of need, so that a container's start pays no exec.
 * Each has its trace rings already; its birth is the first thing in them.  Those
 * that are taken are replaced by the launcher's thread: in a quiet moment if there
 * is one before the last is taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "runtime/launch_internal.h"

#define BIRTH_STACK 32768
#define SPARES_LOW 1	/* so few aren't waited with */
#define QUIET_MS 30	/* nothing happened for so long: a start won't be disturbed */

const char *const launch_ns_names[8] = {
	"mnt", "pid", "net", "ipc", "uts", "cgroup", "user", NULL,
};

/* ---- spares ---- */

/* Everything the child needs, made before the clone: it shares our memory. */
struct birth {
	struct kernel *k;
	struct tracer tracer;
	const char *program;
	char *argv[2], *envp[1];
	int fd[3 + 3];		/* what becomes descriptors 0 to 5 */
};

static int become_supervisor(void *arg)
{
	struct birth *b = arg;

	k_setsid(b->k);
	for (int i = 0; i < 6; i++)
		k_dup3(b->k, b->fd[i], i, 0);
	/* Another thread may have one open at this moment that isn't close-on-exec yet: a
	 * client's connection that a spare holds, too, never ends for the client. */
	k_close_range(b->k, 6, INT_MAX, 0);
	k_execve(b->k, b->program, b->argv, b->envp);
	return 127;
}

/* Above the range the child dups to, so that no dup3 hits one still needed. */
static int high(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, 64);

	close(fd);
	return up;
}

static void close_all(const int *fd, int n)
{
	for (int i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static int make_rings(struct launcher *l, struct spare *s, int fd[2])
{
	fd[0] = fd[1] = -1;
	for (int i = 0; i < 2 && l->trace; i++)
		if (collector_ring(l->trace, RING_SLOTS_SUPERVISOR, "", &s->ring[i], &fd[i]) < 0)
			return -ENOMEM;
	return 0;
}

static long spawn_supervisor(struct launcher *l, int link, const int ring_fd[2],
			     struct trace_ring *ring)
{
	autofree char *stack = mem_alloc(BIRTH_STACK);
	int null = high(open("/dev/null", O_RDWR | O_CLOEXEC));
	struct birth b = {
		.program = l->supervisor,
		.argv = { (char *)"drydock-supervisor", NULL }, .envp = { NULL },
		.fd = { null, null, null, link,
			ring_fd[0] >= 0 ? ring_fd[0] : null, ring_fd[1] >= 0 ? ring_fd[1] : null },
	};
	struct k_spawn how = { .fn = become_supervisor, .arg = &b, .cgroup_fd = -1, .vfork = true,
			       .stack = stack, .stack_size = BIRTH_STACK };

	b.k = tracer_init(&b.tracer, kernel_linux(), ring, STAGE_SUPERVISOR, BACKEND_LINUX);
	trace_why(b.k, WHY_SPARE);
	trace_why(l->k, WHY_SPARE);
	long pid = k_spawn(l->k, &how);
	trace_why(l->k, WHY_TABLE);
	tracer_exec_done(&b.tracer);
	close(null);
	return pid;
}

static int make_spare(struct launcher *l, struct spare *out, struct err *e)
{
	struct spare s = { .ring = { NULL, NULL } };
	int ends[2], ring_fd[2];

	if (access(l->supervisor, X_OK) < 0) {
		err_sys(e, errno, "start a supervisor: %s", l->supervisor);
		return err_hint(e, "It belongs beside the daemon's own program, or in libexec.");
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, errno, "start a supervisor");
	make_rings(l, &s, ring_fd);
	for (int i = 0; i < 2; i++)
		if (ring_fd[i] >= 0)
			ring_fd[i] = high(ring_fd[i]);
	ends[1] = high(ends[1]);
	long pid = spawn_supervisor(l, ends[1], ring_fd, s.ring[0]);
	close_all(ring_fd, 2);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_sys(e, (int)-pid, "start a supervisor: %s", l->supervisor);
	}
	s.link = ends[0];
	s.pid = (int)pid;
	*out = s;
	return 0;
}

static void discard_spare(struct launcher *l, struct spare *s)
{
	struct k_exit end;

	close(s->link);		/* it leaves when it sees that */
	trace_why(l->k, WHY_SPARE_END);
	k_wait(l->k, s->pid, 0, &end);
	trace_why(l->k, WHY_TABLE);
	for (int i = 0; i < 2; i++)
		if (s->ring[i])
			collector_drop(l->trace, s->ring[i]);
}

static void fill_spares(struct launcher *l)
{
	struct spare s;

	pthread_mutex_lock(&l->lock);
	while (l->filling && !l->stop && l->n_spares < SPARES) {
		pthread_mutex_unlock(&l->lock);
		bool made = make_spare(l, &s, NULL) == 0;
		pthread_mutex_lock(&l->lock);
		if (!made)
			break;
		l->spare[l->n_spares++] = s;
	}
	pthread_mutex_unlock(&l->lock);
}

static void wake(struct launcher *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof(one));
	(void)n;
}

/* Somebody may have killed it while it waited. */
static bool alive(const struct spare *s)
{
	struct pollfd p = { .fd = s->link };
	return poll(&p, 1, 0) == 0;
}

int launcher_take_spare(struct launcher *l, struct spare *out, struct err *e)
{
	for (;;) {
		pthread_mutex_lock(&l->lock);
		bool have = l->n_spares > 0;
		if (have)
			*out = l->spare[--l->n_spares];
		l->filling = true;
		pthread_mutex_unlock(&l->lock);
		if (!have)
			return make_spare(l, out, e);
		if (alive(out))
			return 0;
		discard_spare(l, out);
	}
}

/* ---- running containers ---- */

struct running *running_new(struct launcher *l, const char *id, const char *run_dir)
{
	struct running *r = mem_alloc(sizeof(*r));

	r->l = l;
	r->refs = 1;
	r->link = r->pidfd = -1;
	strncpy(r->id, id, sizeof(r->id) - 1);
	r->run_dir = str_dup(run_dir);
	pthread_mutex_lock(&l->lock);
	r->next = l->all;
	l->all = r;
	pthread_mutex_unlock(&l->lock);
	return r;
}

static void unlink_running(struct launcher *l, struct running *r)
{
	for (struct running **at = &l->all; *at; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			return;
		}
}

void running_unref(struct running *r)
{
	struct launcher *l = r->l;

	pthread_mutex_lock(&l->lock);
	bool last = --r->refs == 0;
	if (last)
		unlink_running(l, r);
	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	if (!r->gone)
		launch_supervisor_left(r);
	if (r->pidfd >= 0)
		close(r->pidfd);
	launch_forget_known(r);
	strv_free(r->argv);
	str_free(&r->plan);
	free(r->upper);
	free(r->lower);
	free(r->run_dir);
	free(r);
}

void launcher_watch(struct running *r)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = r };

	pthread_mutex_lock(&r->l->lock);
	r->refs++;
	r->watched = true;
	pthread_mutex_unlock(&r->l->lock);
	epoll_ctl(r->l->epoll, EPOLL_CTL_ADD, r->link, &ev);
	wake(r->l);	/* a spare was used: the thread will make another */
}

static void on_link(struct launcher *l, struct running *r)
{
	if (launch_message(r))
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, r->link, NULL);
	launch_supervisor_left(r);
	running_unref(r);
}

static size_t count_spares(struct launcher *l)
{
	pthread_mutex_lock(&l->lock);
	size_t n = l->filling ? l->n_spares : SPARES;
	pthread_mutex_unlock(&l->lock);
	return n;
}

static void *run_thread(void *arg)
{
	struct launcher *l = arg;
	struct epoll_event ev[16];
	uint64_t count;

	while (!l->stop) {
		size_t spares = count_spares(l);
		int n = epoll_wait(l->epoll, ev, 16, spares < SPARES ? QUIET_MS : -1);
		for (int i = 0; i < n && !l->stop; i++) {
			if (ev[i].data.ptr)
				on_link(l, ev[i].data.ptr);
			else if (read(l->wake, &count, sizeof(count)) < 0)
				break;
		}
		if (n == 0 || spares <= SPARES_LOW)
			fill_spares(l);
	}
	return NULL;
}

/* ---- open and close ---- */

/* Tests say where. */
char *launcher_program(void)
{
	const char *set = getenv("DRYDOCK_SUPERVISOR");
	char self[PATH_MAX] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = n > 0 ? strrchr(self, '/') : NULL;

	if (set)
		return str_dup(set);
	if (slash)
		*slash = '\0';
	char *beside = str_printf("%s/drydock-supervisor", self);
	if (access(beside, X_OK) == 0)
		return beside;
	free(beside);
	return str_printf("%s/../libexec/drydock/drydock-supervisor", self);
}

static int start_thread(struct launcher *l, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->wake < 0 ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &ev) < 0)
		return err_sys(e, errno, "start the launcher");
	int r = pthread_create(&l->thread, NULL, run_thread, l);
	return r ? err_sys(e, r, "start the launcher's thread") : 0;
}

int launcher_open(struct kernel *k, const char *exec_root, const struct launch_events *ev,
		  struct launcher **out, struct err *e)
{
	struct launcher *l = mem_alloc(sizeof(*l));

	l->k = k;
	l->exec_root = str_dup(exec_root);
	l->ev = *ev;
	l->supervisor = launcher_program();
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	int r = host_open(k, &l->host, e);
	if (r == 0)
		r = start_thread(l, e);
	if (r == 0)
		*out = l;
	return r;
}

void launcher_trace(struct launcher *l, struct collector *c)
{
	pthread_mutex_lock(&l->lock);
	l->trace = c;
	l->filling = true;
	pthread_mutex_unlock(&l->lock);
	wake(l);
}

void launcher_close(struct launcher *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_mutex_unlock(&l->lock);
	wake(l);
	pthread_join(l->thread, NULL);
	for (size_t i = 0; i < l->n_spares; i++)
		discard_spare(l, &l->spare[i]);
	for (struct running *r = l->all, *next; r; r = next) {
		next = r->next;
		if (r->watched && !r->gone)
			running_unref(r);	/* the thread's share */
	}
	close(l->epoll);
	close(l->wake);
	host_close(l->host);
	free(l->supervisor);
	free(l->exec_root);
	free(l);
}

const struct host *launcher_host(const struct launcher *l) { return l->host; }

char *const *launcher_warnings(const struct launcher *l)
{
	static char *const none[] = { NULL };
	return l->host->warnings ? l->host->warnings : none;
}
