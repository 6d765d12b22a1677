/* os.h - where a supervisor that is a process of its own (os.c, look.c) and one that is a
 * task of the simulated kernel (engine/sim/supervisor.c) differ.  One of the two is linked. */
#ifndef DRYDOCK_SUPERVISOR_OS_H
#define DRYDOCK_SUPERVISOR_OS_H

#include <poll.h>

#include "super.h"

/* ---- the loop ---- */

int os_poll(struct super *s, struct pollfd *p, nfds_t n, int timeout_ms);	/* or -errno */
void os_rest(const struct super *s);	/* nothing has happened for a while: memory goes back */

/* ---- namespaces ---- */

/* Inodes, in the protocol's order; pid 0: our own. */
void os_namespaces(struct super *s, int pid, uint64_t out[MSG_NAMESPACES]);
int os_hold_mounts(int pid);		/* a descriptor that keeps them, or -1 */

/* ---- in the child ---- */

/* First thing there.  *end, the child's end of the channel, may become another number:
 * the parent closes its own copy soon. */
void os_child_begin(int *end);
long os_receive(int fd, void *buf, size_t n);	/* waits; as recv(2), or -errno */
/* A working directory that led out through a descriptor of ours (/proc/self/fd/N)
 * has no path below the container's root: -ENOENT (CVE-2024-21626). */
int os_check_cwd(void);
/* A process group of its own; in the foreground if it has a terminal. */
void os_own_group(bool tty);
/* PID 1 of `docker run --init`: adopts orphans and reaps them, and passes signals on to
 * the program; ends with its status, 128+signal as shells count. */
_Noreturn void os_be_init(struct kernel *k, int program);

/* ---- the exec watch: who that is, before it is let go on ---- */

/* Fills in what the event is about; false: nothing worth telling. */
bool look_at(struct super *s, int listener, const struct k_notify *n, struct msg *note);
/* How a program that a signal may have ended did: a wait status, or -1: unknown. */
int look_status(const struct live *l);

#endif
