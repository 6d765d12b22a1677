/* socket.h - sockets of the machine: streams between tasks, of one namespace or of two. */
#ifndef DRYDOCK_SIM_SOCKET_H
#define DRYDOCK_SIM_SOCKET_H

#include "sim/task.h"

struct socket;

struct socket *socket_of(const struct vfs_file *f);	/* NULL: no socket */
short socket_ready(const struct socket *so);
struct sim_queue *socket_queue(struct socket *so);

/* Without a file: for the engine, which reaches into a namespace. */
struct socket *socket_new(struct sim *s, struct net *net, int family, int type);
void socket_put(struct socket *so);
long socket_connect(struct task *t, struct socket *so, const struct sockaddr *a, socklen_t len,
		    bool nonblock);
long socket_read(struct socket *so, void *buf, size_t n, bool nonblock);
long socket_write(struct socket *so, const void *buf, size_t n, bool nonblock);
long socket_shutdown(struct socket *so, int how);

#endif
