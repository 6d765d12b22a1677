/* pipe.h - pipes, also as the two directions of a connection. */
#ifndef DRYDOCK_SIM_PIPE_H
#define DRYDOCK_SIM_PIPE_H

#include "sim/task.h"

struct pipe;

struct pipe *pipe_new(void);	/* nobody reads or writes it yet */
void pipe_open(struct pipe *p, bool reads, bool writes);
/* Its last user frees it: true then. */
bool pipe_close(struct pipe *p, bool reads, bool writes);
struct sim_queue *pipe_queue(struct pipe *p);
short pipe_ready(const struct pipe *p);	/* POLLIN … of both ends */
long pipe_take(struct sim *s, struct pipe *p, void *buf, size_t n, bool nonblock);
long pipe_put(struct sim *s, struct pipe *p, const void *buf, size_t n, bool nonblock);

struct vfs_file *pipe_file(struct sim *s, struct pipe *p, int flags);
struct pipe *pipe_of(const struct vfs_file *f);	/* NULL: no pipe */
short pipe_file_ready(const struct vfs_file *f);

#endif
