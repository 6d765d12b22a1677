/* host_file.h - real descriptors inside of the machine.
 *
 * The engine gives a container's program real pipes and sockets as its streams, and
 * the supervisor, a task like others, listens to real ones.  A task that must wait for
 * such a descriptor waits in the machine, and the machine for all of them, by epoll.
 */
#ifndef DRYDOCK_SIM_HOST_FILE_H
#define DRYDOCK_SIM_HOST_FILE_H

#include "sim/task.h"

/* A file that is the real descriptor fd; takes it. */
struct vfs_file *host_file(struct sim *s, int fd, int flags);
/* The real descriptor behind a file, borrowed; -1: it has none. */
int host_file_fd(const struct vfs_file *f);

int host_watch(struct sim *s, struct host_source *src, short events);	/* until… */
void host_unwatch(struct host_source *src);

/* poll(2) on real descriptors, by a task. */
/* Until one of them or of the queues has something. */
int host_task_wait(struct task *t, const struct pollfd *p, size_t n, struct sim_queue *const *q,
		   size_t n_q, uint64_t deadline);
int host_task_poll(struct task *t, struct pollfd *p, size_t n, int timeout_ms);

void host_epoll_open(struct sim *s);	/* makes the epoll, once */
void host_epoll_close(struct sim *s);
/* Waits for the world outside without the lock; how many things have happened. */
int host_poll(struct sim *s, int timeout_ms);

#endif
