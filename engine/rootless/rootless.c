/* rootless.c - going inside, and the one who stays outside. */
#include "rootless/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "rootless/internal.h"
#include "rootless/switches.h"

#define WITHOUT_NETWORK (CLONE_NEWUSER | CLONE_NEWNS)
#define NEW_NAMESPACES  (WITHOUT_NETWORK | CLONE_NEWNET)

struct entry {
	struct kernel *k;
	const char *exec_root;	/* NULL: the host's network, and nobody comes back */
	char **argv;
	char program[PATH_MAX];	/* ours; by its own name, which ps shows */
	int door[2];		/* outside's end, inside's */
	int go[2];		/* a byte through it: the users are mapped */
	int ns[NAMESPACES];	/* of a daemon before us; -1: they are new */
	enum rights rights;
	unsigned user;
	const char *outgoing;
	int helper;		/* pasta or slirp4netns; <= 0: none */
	int signals;
};

static const int passed_on[] = { SIGTERM, SIGINT, SIGHUP };

/* ---- inside: between clone and exec, in a copy of our memory ---------------------- */

/* Our mounts are nobody else's business, but what the host mounts later is ours. */
static long settle_mounts(struct entry *t)
{
	autofree char *own = str_printf("%s/resolv.conf", t->exec_root);
	const char *address = outgoing_resolver(t->outgoing);
	long r = k_mount(t->k, NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);

	if (r < 0 || !address)
		return r;
	autofree char *text = str_printf("nameserver %s\n", address);
	if (file_write_atomic(own, text, strlen(text), 0644, NULL) == 0)
		k_mount(t->k, own, "/etc/resolv.conf", NULL, MS_BIND, NULL);
	return 0;
}

static long enter_old(struct entry *t)
{
	static const int kind[NAMESPACES] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET };
	long r = 0;

	for (int i = 0; i < NAMESPACES && r == 0; i++)
		r = k_setns(t->k, t->ns[i], kind[i]);
	return r;
}

static int inside(void *arg)
{
	struct entry *t = arg;
	long r;

	k_prctl(t->k, PR_SET_PDEATHSIG, SIGKILL, 0);	/* killed together, as one daemon */
	if (users_await(t->go, &t->rights) < 0)
		return 1;
	r = t->ns[0] >= 0 ? enter_old(t) : 0;
	r = r < 0 ? r : users_become_root(t->k);
	if (r == 0 && t->ns[0] < 0)
		r = settle_mounts(t);
	if (r == 0) {
		autofree char *told = str_printf("%d %d %u %s", t->door[1], (int)t->rights,
						 t->user, *t->outgoing ? t->outgoing : "-");
		setenv(INSIDE_VARIABLE, told, 1);
		fcntl(t->door[1], F_SETFD, 0);
		r = k_execve(t->k, t->program, t->argv, environ);
	}
	fprintf(stderr, "drydock: go into the user namespace: %s\n", strerror((int)-r));
	return 1;
}

/* ---- outside ----------------------------------------------------------------------- */

static int spawn_inside(struct entry *t, int *pidfd, struct err *e)
{
	struct k_spawn how = { .fn = inside, .arg = t, .cgroup_fd = -1, .pidfd = pidfd,
			       .flags = t->ns[0] >= 0 ? 0 : t->exec_root ? NEW_NAMESPACES
								   : WITHOUT_NETWORK };
	long pid = k_spawn(t->k, &how);

	close(steal_fd(&t->go[0]));
	close(steal_fd(&t->door[1]));
	return pid < 0 ? switch_refused(t->k, (int)-pid, e) : (int)pid;
}

/* Users first, then the byte that lets it go on. */
static int settle(struct entry *t, int pid, struct err *e)
{
	int r = 0;

	if (t->ns[0] < 0) {
		r = maps_write(t->k, pid, &t->rights, e);
		if (r == 0 && t->exec_root)
			r = namespaces_note(t->exec_root, pid, t->rights, e);
	}
	if (r < 0)
		return r;
	if ((r = users_come(t->go, t->rights)) < 0)
		return err_sys(e, -r, "start the daemon");
	t->helper = outgoing_start(t->k, pid, t->outgoing);
	return 0;
}

static void watch_helper(struct entry *t)
{
	struct k_exit end = { 0 };

	if (t->helper <= 0 || k_wait(t->k, t->helper, WNOHANG, &end) < 0 || !end.pid)
		return;
	t->helper = 0;
	fprintf(stderr, "drydock: %s has ended with code %d: nothing goes out of containers to the"
		" network any more\n", t->outgoing, end.signal ? 128 + end.signal : end.code);
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		fprintf(stderr, "hint: it needs /dev/net/tun: as root, `chmod 666 /dev/net/tun`\n");
}

/* Until it has ended: its exit code. */
static int keep(struct entry *t, int pid, int pidfd)
{
	struct pollfd p[] = { { t->signals, POLLIN, 0 }, { t->door[0], POLLIN, 0 } };
	struct k_exit end = { 0 };
	struct signalfd_siginfo s;

	for (;;) {
		poll(p, 2, -1);
		if (p[1].revents & POLLIN)
			door_serve(t->k, t->door[0]);
		else if (p[1].revents)
			p[1].fd = -1;
		if (read(t->signals, &s, sizeof(s)) != sizeof(s))
			continue;
		if (s.ssi_signo != SIGCHLD) {
			k_kill(t->k, pidfd, (int)s.ssi_signo);
			continue;
		}
		watch_helper(t);
		if (k_wait(t->k, pid, WNOHANG, &end) == 0 && end.pid)
			return end.signal ? 128 + end.signal : end.code;
	}
}

static int take_signals(struct entry *t, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaddset(&set, passed_on[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return t->signals < 0 ? err_sys(e, errno, "listen to signals") : 0;
}

static int prepare(struct entry *t, struct err *e)
{
	int r = t->exec_root ? dir_make(t->exec_root, 0700, e) : 0;
	ssize_t n = readlink("/proc/self/exe", t->program, sizeof(t->program) - 1);

	if (n < 0)
		return err_sys(e, errno, "find out which program this is");
	t->program[n] = '\0';

	r = r < 0 ? r : take_signals(t, e);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, t->door) < 0 ||
	    pipe2(t->go, O_CLOEXEC) < 0)
		return err_sys(e, errno, "start the daemon");
	if (t->exec_root)
		namespaces_find(t->exec_root, t->ns, &t->rights);
	return 0;
}

static void release(struct entry *t)
{
	int *all[] = { &t->door[0], &t->door[1], &t->go[0], &t->go[1], &t->ns[0], &t->ns[1],
		       &t->ns[2], &t->signals };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		cleanup_fd(all[i]);
}

int rootless_run(struct kernel *k, const char *exec_root, char **argv, int *code, struct err *e)
{
	__attribute__((cleanup(release))) struct entry t = {
		.k = k, .user = getuid(), .exec_root = exec_root, .argv = argv,
		.door = { -1, -1 }, .go = { -1, -1 }, .ns = { -1, -1, -1 },
		.outgoing = exec_root ? outgoing_choose() : "", .signals = -1,
	};
	autofd int pidfd = -1;
	int r = prepare(&t, e);
	int pid = r < 0 ? r : spawn_inside(&t, &pidfd, e);

	if (pid < 0)
		return pid;
	r = settle(&t, pid, e);
	if (r < 0) {
		k_kill(k, pidfd, SIGKILL);
		k_wait(k, pid, 0, &(struct k_exit){ 0 });
		return r;
	}
	*code = keep(&t, pid, pidfd);
	return 0;
}
