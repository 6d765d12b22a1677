/* backend_net.c - the engine's sockets.
 *
 * In the machine's own network namespace they are real ones: a published port is open
 * on the student's machine.  Where a thread of the engine has stepped into a container's
 * namespace, the socket it makes is simulated; what it holds then is one end of a real
 * pair, and two tasks of the kernel carry the bytes between the pair and the connection. */
#include "sim/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/host_file.h"
#include "sim/net.h"
#include "sim/socket.h"
#include "sim/token.h"

#define PIECE 4096

/* ---- rtnetlink sockets: a file that remembers its namespace ---- */

static void netlink_release(struct vfs_file *f) { ns_put(f->priv); }

static const struct vfs_file_ops netlink_ops = { .release = netlink_release };

static long open_netlink(struct task *t)
{
	return fd_add(t, vfs_file_new(t->sim->fs, &netlink_ops, ns_get(t->ns[NS_NET]), O_RDWR), true);
}

long row_rtnetlink(struct task *t, const struct k_call *c)
{
	struct vfs_file *f = engine_file(t, (int)c->a[0].i);
	const struct k_nlmsg *request = c->a[1].p;

	if (!f || f->ops != &netlink_ops)
		return f ? -ENOTSOCK : -EBADF;
	return net_request(t, ((struct ns *)f->priv)->net, request->data, request->len, c->a[2].out);
}

long row_nftables(struct task *t, const struct k_call *c)
{
	str_addf(&t->ns[NS_NET]->net->firewall, "%s\n", c->a[0].s);
	return 0;
}

/* ---- into a container ---- */

/* One connection: the socket, and our end of the pair. */
struct relay { struct socket *so; int fd, users; bool started; uint64_t inode; };

static void relay_put(struct relay *r)
{
	if (--r->users)
		return;
	close(r->fd);
	socket_put(r->so);
	free(r);
}

static int carry_in(struct task *t, void *arg)
{
	struct relay *r = arg;
	char piece[PIECE];
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	ssize_t n;

	while (host_task_poll(t, &p, 1, -1) > 0 &&
	       (n = recv(r->fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0 &&
	       socket_write(r->so, piece, (size_t)n, false) == n)
		;
	socket_shutdown(r->so, SHUT_WR);
	relay_put(r);
	return 0;
}

static bool send_whole(struct task *t, int fd, const char *data, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	while (n > 0) {
		if (host_task_poll(t, &p, 1, -1) <= 0)
			return false;
		ssize_t put = send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put < 0)
			return false;
		data += put;
		n -= (size_t)put;
	}
	return true;
}

static int carry_out(struct task *t, void *arg)
{
	struct relay *r = arg;
	char piece[PIECE];
	long n;

	while ((n = socket_read(r->so, piece, sizeof(piece), false)) > 0)
		if (!send_whole(t, r->fd, piece, (size_t)n))
			break;
	shutdown(r->fd, SHUT_WR);
	relay_put(r);
	return 0;
}

static void start(struct task *t, struct relay *r)
{
	struct spawn in = { .fn = carry_in, .arg = r, .engine = true, .kernel = true };
	struct spawn out = { .fn = carry_out, .arg = r, .engine = true, .kernel = true };

	r->users = 2;
	token_remove(t->sim, r->inode, r);
	if (task_spawn(t, &in, NULL) < 0)
		relay_put(r);
	if (task_spawn(t, &out, NULL) < 0)
		relay_put(r);
}

static long open_inside(struct task *t, int type)
{
	int ends[2], flags = type & (SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	if (flags & SOCK_NONBLOCK)
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
	struct relay *r = mem_alloc(sizeof(*r));
	*r = (struct relay){ .fd = ends[1], .users = 1, .inode = token_inode(ends[0]) };
	r->so = socket_new(t->sim, t->ns[NS_NET]->net, AF_INET, SOCK_STREAM);
	token_add(t->sim, ends[0], TOKEN_SOCKET, r);
	return ends[0];
}

/* ---- rows ---- */

static bool at_home(const struct task *t) { return t->ns[NS_NET] == t->sim->initial[NS_NET]; }

long row_socket(struct task *t, const struct k_call *c)
{
	int family = (int)c->a[0].i, type = (int)c->a[1].i;

	if (family == AF_NETLINK)
		return open_netlink(t);
	if (!t->owner)
		return sys_socket(t, family, type, (int)c->a[2].i);
	if (!at_home(t))
		return family == AF_INET ? open_inside(t, type) : -EAFNOSUPPORT;
	int fd = socket(family, type, (int)c->a[2].i);
	return fd < 0 ? -errno : fd;
}

static bool is_real(struct task *t, int fd) { return t->owner && fd < K_SIM_FD_BASE; }

long row_bind(struct task *t, const struct k_call *c)
{
	int fd = (int)c->a[0].i;

	if (!is_real(t, fd))
		return sys_bind(t, fd, c->a[1].p, (socklen_t)c->a[2].i);
	return bind(fd, c->a[1].p, (socklen_t)c->a[2].i) < 0 ? -errno : 0;
}

long row_listen(struct task *t, const struct k_call *c)
{
	int fd = (int)c->a[0].i;

	if (!is_real(t, fd))
		return sys_listen(t, fd, (int)c->a[1].i);
	return listen(fd, (int)c->a[1].i) < 0 ? -errno : 0;
}

long row_connect(struct task *t, const struct k_call *c)
{
	int fd = (int)c->a[0].i;
	struct relay *r = token_find(t->sim, fd, TOKEN_SOCKET);

	if (r) {
		long done = socket_connect(t, r->so, c->a[1].p, (socklen_t)c->a[2].i, true);
		if (done == 0)
			start(t, r);
		return done;
	}
	if (!is_real(t, fd))
		return sys_connect(t, fd, c->a[1].p, (socklen_t)c->a[2].i);
	return connect(fd, c->a[1].p, (socklen_t)c->a[2].i) < 0 ? -errno : 0;
}
