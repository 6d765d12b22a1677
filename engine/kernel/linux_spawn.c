/* linux_spawn.c - clone3, and clone where the kernel has no clone3.
 *
 * Two ways to start a child:
 *
 * - plain: the child gets a copy of our memory and simply goes on in the same
 *   function.  Its cost grows with the size of the caller.
 * - vfork (CLONE_VM|CLONE_VFORK): the child borrows our memory while we sleep.
 *   It can't go on in our stack frame - what it pushes there we would find when
 *   we wake - so it gets a stack of its own, and since C has no way to say "go
 *   on over there", a few lines of assembly make the call, switch and call fn.
 *
 * CLONE_CLEAR_SIGHAND gives the child default signal handlers, so that none of
 * the caller's runs in it, least of all in the same memory.  The old clone can't
 * do that, nor CLONE_INTO_CGROUP: with it, callers keep signals blocked.
 *
 * Namespaces belong to the user namespace that their maker is in (user_namespaces(7)),
 * and who has entered one can't come back.  So where a child is to be born in another
 * user namespace, a messenger enters that and starts the child as its own sibling
 * (CLONE_PARENT): setns, clone3 and the messenger's end are three calls more.
 */
#include "kernel/linux.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ull
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

/* The kernel's struct clone_args; <linux/sched.h> clashes with <sched.h> in musl. */
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

/* clone3(args); in the child: exit_group(fn(arg)), on args->stack. */
static long clone3_call(struct clone3_args *args, int (*fn)(void *), void *arg)
{
#if defined(__x86_64__)
	long result = SYS_clone3;
	register int (*run)(void *) __asm__("r12") = fn;
	register void *with __asm__("r13") = arg;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[leave], %%eax\n\t"
			 "syscall\n\t"
			 "1:"
			 : "+a"(result)
			 : "D"(args), "S"(sizeof(*args)), "r"(run), "r"(with),
			   [leave] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long result __asm__("x0") = (long)args;
	register long size __asm__("x1") = sizeof(*args);
	register long number __asm__("x8") = SYS_clone3;
	register int (*run)(void *) __asm__("x19") = fn;
	register void *with __asm__("x20") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x20\n\t"
			 "blr x19\n\t"
			 "mov x8, %[leave]\n\t"
			 "svc #0\n\t"
			 "1:"
			 : "+r"(result)
			 : "r"(size), "r"(number), "r"(run), "r"(with),
			   [leave] "i"(SYS_exit_group)
			 : "memory");
	return result;
#else
	return -ENOSYS;		/* clone() below does it */
#endif
}

static long vfork_clone3(const struct k_spawn *how, struct clone3_args *args)
{
	/* The stack must be aligned to 16 bytes where fn is called. */
	uint64_t top = ((uint64_t)(uintptr_t)how->stack + how->stack_size) & ~15ull;

	args->flags |= CLONE_VM | CLONE_VFORK;
	args->stack = (uint64_t)(uintptr_t)how->stack;
	args->stack_size = top - args->stack;
	return clone3_call(args, how->fn, how->arg);
}

static long plain_clone3(const struct k_spawn *how, struct clone3_args *args)
{
	long pid = SYS(clone3, args, sizeof(*args));

	if (pid == 0)
		syscall(SYS_exit_group, how->fn(how->arg));
	return pid;
}

/* The C library's clone() switches stacks for us, but can't do without one: the
 * plain case is the bare system call (its last two arguments are swapped on some
 * architectures; both are NULL here). */
static long old_clone(const struct k_spawn *how)
{
	unsigned long flags = how->flags | SIGCHLD | (how->pidfd ? CLONE_PIDFD : 0);

	if (how->flags >> 32)
		return -ENOSYS;		/* CLONE_INTO_CGROUP … */
	if (how->vfork) {
		char *top = (char *)(((uintptr_t)how->stack + how->stack_size) & ~(uintptr_t)15);
		return linux_result(clone(how->fn, top, (int)(flags | CLONE_VM | CLONE_VFORK),
					  how->arg, how->pidfd));
	}
	long pid = SYS(clone, flags, NULL, how->pidfd, NULL, NULL);
	if (pid == 0)
		syscall(SYS_exit_group, how->fn(how->arg));
	return pid;
}

static long start(const struct k_spawn *how)
{
	bool sibling = how->flags & CLONE_PARENT;	/* its end is told like its maker's */
	struct clone3_args args = {
		.flags = how->flags | CLONE_CLEAR_SIGHAND | (how->pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)how->pidfd,
		.exit_signal = sibling ? 0 : SIGCHLD,
		.cgroup = how->flags & CLONE_INTO_CGROUP ? (uint64_t)how->cgroup_fd : 0,
	};
	long pid = how->vfork ? vfork_clone3(how, &args) : plain_clone3(how, &args);

	return pid == -ENOSYS ? old_clone(how) : pid;
}

/* ---- born in another user namespace ---- */

#define MESSENGER_STACK 65536	/* the child of a plain clone goes on in a copy of it */

struct messenger { struct k_spawn how; long result; };

static int enter_and_start(void *arg)
{
	struct messenger *m = arg;

	m->result = SYS(setns, m->how.userns_fd, CLONE_NEWUSER);
	if (m->result == 0)
		m->result = start(&m->how);
	return 0;
}

/* The messenger's number for the child is that of its own pid namespace. */
static long pid_of(int pidfd)
{
	char path[64], text[512];
	const char *at = NULL;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", pidfd);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		at = strstr(text, "Pid:");
	}
	if (fd >= 0)
		close(fd);
	return at ? atol(at + 4) : -ESRCH;
}

/* It has our memory and our descriptors, so that result and pidfd are ours at once. */
static long send_messenger(const struct k_spawn *how)
{
	struct messenger m = { .how = *how };
	char *stack = malloc(MESSENGER_STACK);

	if (!stack)
		return -ENOMEM;
	m.how.flags |= CLONE_PARENT;
	char *top = (char *)(((uintptr_t)stack + MESSENGER_STACK) & ~(uintptr_t)15);
	long pid = linux_result(clone(enter_and_start, top, CLONE_VM | CLONE_VFORK | CLONE_FILES |
				      SIGCHLD, &m));
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	free(stack);
	if (pid < 0)
		return pid;
	return m.result > 0 && how->pidfd ? pid_of(*how->pidfd) : m.result;
}

long linux_spawn(struct kernel *k, const struct k_spawn *how)
{
	return how->userns_fd ? send_messenger(how) : start(how);
}
