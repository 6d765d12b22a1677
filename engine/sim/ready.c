#include "sim/ready.h"

#include <errno.h>

#include "sim/host_file.h"
#include "sim/pipe.h"
#include "sim/socket.h"
#include "sim/tty.h"

short ready_now(const struct vfs_file *f)
{
	struct pollfd p = { .fd = host_file_fd(f), .events = POLLIN | POLLOUT };

	if (p.fd >= 0)
		return poll(&p, 1, 0) > 0 ? p.revents : 0;
	if (pipe_of(f))
		return pipe_file_ready(f);
	if (tty_of(f))
		return tty_ready(tty_of(f));
	if (socket_of(f))
		return socket_ready(socket_of(f));
	return POLLIN | POLLOUT;
}

struct sim_queue *ready_queue(struct vfs_file *f)
{
	if (pipe_of(f))
		return pipe_queue(pipe_of(f));
	if (tty_of(f))
		return tty_queue(tty_of(f));
	return socket_of(f) ? socket_queue(socket_of(f)) : NULL;
}

mode_t ready_mode(const struct vfs_file *f)
{
	if (tty_of(f))
		return S_IFCHR | 0620;
	if (socket_of(f))
		return S_IFSOCK | 0777;
	return S_IFIFO | 0600;
}

/* Both kinds at once: the real ones are watched for while the task waits. */
int ready_wait(struct task *t, struct pollfd *p, size_t n, struct sim_queue *const *q, size_t n_q,
	       uint64_t deadline)
{
	struct pollfd real[n ? n : 1];
	size_t n_real = 0;

	for (size_t i = 0; i < n; i++) {
		struct vfs_file *f = fd_file(t, p[i].fd);
		int fd = f ? host_file_fd(f) : -1;
		if (fd >= 0)
			real[n_real++] = (struct pollfd){ .fd = fd, .events = p[i].events };
	}
	return host_task_wait(t, real, n_real, q, n_q, deadline);
}
