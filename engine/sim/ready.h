/* ready.h - which files have something to give: poll(2) over all kinds of them. */
#ifndef DRYDOCK_SIM_READY_H
#define DRYDOCK_SIM_READY_H

#include "sim/task.h"

short ready_now(const struct vfs_file *f);		/* POLLIN … */
struct sim_queue *ready_queue(struct vfs_file *f);	/* woken when that changes; or NULL */
mode_t ready_mode(const struct vfs_file *f);		/* S_IFIFO … of a file without a name */
/* Until one of the queues or a real descriptor among p has something. */
int ready_wait(struct task *t, struct pollfd *p, size_t n, struct sim_queue *const *q, size_t n_q,
	       uint64_t deadline);

#endif
