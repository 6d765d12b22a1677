/* floor.c - the least a container's start can cost: floor PROGRAM DIRECTORY
 *
 * Makes the kernel calls of our own plan (floor_calls.h), with its filter, and
 * nothing else: no daemon, plan, trace or journal.  As with us, the network
 * namespace and the writable layer's directories are there already.  Prints the
 * nanoseconds from its first call to PROGRAM's first instruction, which PROGRAM
 * (hello.c) tells.  DIRECTORY/floor is made and left to the caller. */
#include "tests/bench/floor_calls.h"

#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/seccomp.h"

#define MUST(call) ({ long r_ = (call); if (r_ < 0) { perror(#call); exit(1); } r_; })
#define DOCKER_CAPS 0xa80425fbu

static long *slot;	/* shared, so that the parent learns the listener's number */

static void make(const struct call *c)
{
	for (; c->name; c++) {
		long a[5];
		for (int i = 0; i < 5; i++)
			a[i] = c->arg[i] <= SLOT(0) && c->arg[i] > SLOT(SLOTS) ?
				slot[SLOT(0) - c->arg[i]] : c->arg[i];
		long r = syscall(c->number, a[0], a[1], a[2], a[3], a[4]);
		if (c->into)
			slot[c->into] = r;
		if (r < 0 && !c->or_skip) {
			perror(c->name);
			_exit(1);
		}
		if ((r < 0 || c->number == SYS_getpid) && c->or_skip)
			c += c->or_skip - 1;
	}
}

static void child(bool v2)
{
	static char *const argv[] = { "/hello", NULL };

	if (!v2)
		make(join_v1);
	make(root);
	make(v2 ? see_groups_v2 : see_groups_v1);
	make(program);
	execve(argv[0], argv, argv + 1);
	_exit(127);
}

/* What is there before a start: namespace, directories, files, the filter. */
static void prepare(const char *hello, const char *dir)
{
	static struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	static struct __user_cap_data_struct caps[2] = { { DOCKER_CAPS, DOCKER_CAPS, 0 } };
	const struct seccomp_program *filter;
	char command[1024];

	slot = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int host = MUST(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	MUST(unshare(CLONE_NEWNET));
	slot[NET] = MUST(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	MUST(setns(host, CLONE_NEWNET));
	slot[DEVNULL] = MUST(open("/dev/null", O_RDONLY | O_CLOEXEC));
	slot[CAPS_HEAD] = (long)&head;
	slot[CAPS] = (long)caps;
	MUST(seccomp_program(true, DOCKER_CAPS, &filter, NULL));
	static struct { unsigned short len; void *insn; } f;
	f.len = filter->len;
	f.insn = filter->insn;
	slot[FILTER] = (long)&f;
	snprintf(command, sizeof(command), "cd %s && rm -rf floor && mkdir -p floor/lower "
		 "floor/upper floor/work floor/merged floor/init/etc floor/init/proc "
		 "floor/init/dev floor/init/sys && cp %s floor/lower/hello && cd floor && "
		 "for f in resolv.conf hostname hosts; do touch $f init/etc/$f; done", dir, hello);
	MUST(system(command) ? -1 : 0);
	MUST(chdir(dir) | chdir("floor"));
}

/* The exec watch: as our supervisor does, says "go on" to exec and exit. */
static void answer(int pidfd)
{
	int listener = MUST(syscall(SYS_pidfd_getfd, pidfd, slot[WATCH], 0));
	struct pollfd p = { .fd = listener, .events = POLLIN };

	while (poll(&p, 1, -1) == 1 && p.revents & POLLIN) {
		struct seccomp_notif n = { 0 };
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
			continue;
		struct seccomp_notif_resp yes = {
			.id = n.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &yes);
	}
}

int main(int argc, char **argv)
{
	bool v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	int out[2], ready[2], go[2], pidfd = -1;
	char text[32] = "";
	struct timespec t;

	prepare(argv[1], argc > 2 ? argv[2] : "/tmp");
	if (!v2)
		make(before_v1);
	clock_gettime(CLOCK_MONOTONIC, &t);
	MUST(pipe2(out, O_CLOEXEC) | pipe2(ready, O_CLOEXEC) | pipe2(go, O_CLOEXEC));
	slot[OUT] = out[1];
	slot[READY] = ready[1];
	slot[GO] = go[0];
	make(v2 ? make_groups_v2 : make_groups_v1);
	struct clone_args how = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD |
			 (v2 ? CLONE_INTO_CGROUP | CLONE_NEWCGROUP : 0),
		.pidfd = (long)&pidfd, .exit_signal = SIGCHLD, .cgroup = slot[CGROUP],
	};
	pid_t pid = MUST(syscall(SYS_clone3, &how, sizeof(how)));
	if (pid == 0)
		child(v2);
	close(ready[1]);
	MUST(read(ready[0], text, 1) == 1 ? 0 : -1);
	MUST(write(go[1], "g", 1));
	answer(pidfd);
	MUST(read(out[0], text, sizeof(text) - 1));
	waitpid(pid, NULL, 0);
	make(remove_groups);
	printf("%lld\n", atoll(text) - (t.tv_sec * 1000000000ll + t.tv_nsec));
	return 0;
}
