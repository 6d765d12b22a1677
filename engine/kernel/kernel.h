/* kernel.h - the waist: every call to the kernel that Drydock teaches.
 *
 * The calls are the rows of kernel_ops.def; the generated kernel_ops.h (included
 * below) declares enum k_op, struct kernel_ops and for each row a wrapper
 *
 *	long k_mount(struct kernel *k, const char *source, const char *target,
 *	             const char *fstype, unsigned long flags, const char *data);
 *
 * All return >= 0, or -errno; errno itself is never touched or read by callers.
 *
 * A backend (linux, sim, or a test's fake) fills in a kernel_ops table.  A
 * decorator (trace, fault, step) is a struct kernel whose ops are the generated
 * hook table and whose priv is a struct k_hook: before() may refuse the call
 * with -errno, after() sees the result; `next` carries it out.  cmd/ stacks them.
 *
 * No descriptor is assumed real: a backend may hand out numbers of its own range
 * (K_SIM_FD_BASE up), so only k_ calls may be given a descriptor that a k_ call
 * returned, except where kernel_ops.def says that it leaves the waist (pty
 * master, pipes).
 *
 * Everything here works between clone and exec: no allocation, no locks, no
 * library that might take one.
 */
#ifndef DRYDOCK_KERNEL_KERNEL_H
#define DRYDOCK_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define K_SIM_FD_BASE 0x40000000

struct kernel_ops;

struct kernel {
	const struct kernel_ops *ops;
	struct kernel *next;	/* what a decorator passes the call on to */
	void *priv;
};

/* How to start a process.  The child runs fn(arg) and leaves with its result:
 * a call that returns twice can neither be simulated nor tested.
 * vfork: share memory and suspend the caller until exec or exit (CLONE_VM|
 * CLONE_VFORK on `stack`); fn may then use prepared buffers and k_ calls only. */
struct k_spawn {
	uint64_t flags;		/* CLONE_NEW*, CLONE_INTO_CGROUP … */
	int (*fn)(void *arg);
	void *arg;
	int cgroup_fd;		/* with CLONE_INTO_CGROUP; else -1 */
	int userns_fd;		/* born in that user namespace, which owns all new ones of its;
				 * 0: in the caller's */
	bool vfork;
	void *stack;		/* with vfork: base and size of the child's stack */
	size_t stack_size;
	int *pidfd;		/* out, may be NULL: close-on-exec */
};	/* k_spawn() returns the child's pid */

struct k_exit { int pid; int code; int signal; };	/* signal 0: left with code */
struct k_caps { uint64_t effective, permitted, inheritable; };	/* bit n = capability n */
struct k_filter { unsigned short len; const void *prog; };	/* struct sock_filter[], bpf_insn[] */
struct k_gids { const gid_t *gid; };
struct k_rlimit { uint64_t soft, hard; };
struct k_mount_attr { uint64_t set, clear, propagation, userns_fd; };
struct k_buf { char *data; size_t cap; size_t len; };	/* len: out, bytes the kernel gave */
struct k_tty { int master, slave; };
struct k_nlmsg { const void *data; size_t len; };	/* one or more nlmsghdr, back to back */
/* One seccomp user notification (seccomp_unotify(2)); recv fills it in, send
 * answers it by id with "go on" (SECCOMP_USER_NOTIF_FLAG_CONTINUE). */
struct k_notify { uint64_t id; int pid; int nr; uint64_t args[6]; };

/* A call as data: what plans are made of, and what hooks see. */
union k_arg { int64_t i; const void *p; void *out; const char *s; };
struct k_call { int op; union k_arg a[6]; };	/* op: enum k_op */

struct k_hook {
	/* 0: go on; -errno: the call fails with it and is not made. */
	int (*before)(struct kernel *self, struct k_call *call);
	void (*after)(struct kernel *self, const struct k_call *call, long result,
		      uint64_t start_ns, uint64_t end_ns);
	/* A whole backend as one function over calls as data, instead of `next`;
	 * NULL for decorators. */
	long (*backend)(struct kernel *self, const struct k_call *call);
};

/* Backends and decorators. */
extern const struct kernel_ops kernel_linux_ops;	/* linux.c */
extern const struct kernel_ops kernel_hook_ops;		/* generated; priv begins with k_hook */
struct kernel *kernel_linux(void);			/* the backend itself, a singleton */

/* fault.h, step.h and trace/decorator.h make the decorators. */

#include "kernel_ops.h"	/* generated: enum k_op, struct kernel_ops, k_<name>(), k_invoke() */

#endif
