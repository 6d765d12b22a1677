/* sim.h - one simulated computer: making it, running it, ending it.
 *
 * A machine has a kernel (struct kernel, every row of kernel_ops.def), tasks and
 * files; several machines may live in one process and know nothing of each other.
 *
 * Who makes calls.  A modelled program is a task that runs on the machine's own
 * thread (or, without one, inside of sim_run()).  A thread of the daemon that calls
 * k_…() on the machine's kernel is a task as well, one for each thread: it has
 * namespaces and a pid, shares descriptors with the other threads, and sits outside
 * of the scheduler.  Such calls take the machine's lock; one that must wait lets the
 * machine run meanwhile.
 *
 * Descriptors.  Programs count from 0, as everywhere.  What the engine opens counts
 * from K_SIM_FD_BASE, so that one of these reaching a real call fails at once.  What
 * leaves the waist (pidfds, namespaces that are handed on, terminals, sockets into a
 * container) is a real descriptor that stands for a simulated thing, known by its
 * inode: see token.h.  A real descriptor that the engine hands in - a pipe that is to
 * be a program's stdout - is taken as it is: see host_file.c.
 */
#ifndef DRYDOCK_SIM_SIM_H
#define DRYDOCK_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/kernel.h"
#include "sim/sys.h"

struct sim_options {
	uint64_t seed;		/* of sys_random() and of nothing else */
	uint64_t epoch_ns;	/* CLOCK_REALTIME at the start; 0: the real clock's */
	/* Virtual time keeps step with the real clock: `sleep 5` takes five seconds. */
	bool paced;
	const char *hostname;	/* NULL: "drydock" */
};

struct sim *sim_create(const struct sim_options *o);
/* Ends all tasks, gives everything back.  Its thread, if any, is ended first. */
void sim_destroy(struct sim *s);
struct kernel *sim_kernel(struct sim *s);

/* A thread of its own runs the machine from here on. */
int sim_start(struct sim *s, struct err *e);
/* Runs it here until all tasks wait for something that never comes (-EDEADLK never:
 * sleeping tasks are woken, time jumps). */
void sim_run(struct sim *s);

/* The calling thread as a task; for the sys_…() calls of tests and of the daemon. */
struct task *sim_self(struct sim *s);
/* The number that the initial pid namespace gives to whoever calls: for tracers. */
int32_t sim_self_pid(struct kernel *k);
/* The inode of the namespace `name` ("mnt", "pid" …) of the process with that number in
 * the initial pid namespace; 0: no such process. */
uint64_t sim_ns_inode(struct sim *s, int pid, const char *name);

/* The machine behind a kernel, whatever decorators stand before it; NULL: another backend. */
struct sim *sim_of(struct kernel *k);

/* Monotonic nanoseconds of the machine. */
uint64_t sim_clock(const struct sim *s);

#endif
