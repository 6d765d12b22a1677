/* socket.c - TCP as programs see it: a connection is two pipes, made at once or refused at
 * once; a closed port says so, an address nobody has is unreachable. */
#include "sim/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net.h"
#include "sim/pipe.h"

#define CAP_NET_BIND_BIT 10
#define BACKLOG_MAX 4096

enum socket_state { SO_NEW, SO_LISTENING, SO_CONNECTED };

struct socket {
	struct sim *sim;
	struct net *net;		/* counted by its namespace, below */
	struct ns *ns;
	unsigned refs;
	int family, type;
	enum socket_state state;
	bool bound, no_read, no_write;
	uint32_t address, peer_address;	/* host order; 0: any */
	uint16_t port, peer_port;
	struct socket *bound_next;	/* of net->bound */
	struct pipe *in, *out;
	struct net *far;		/* for counting; its peer's, while connected */
	struct socket *pending, *pending_next;	/* connections nobody has accepted yet */
	int backlog, n_pending;
	struct sim_queue change;
};

struct socket *socket_new(struct sim *s, struct net *net, int family, int type)
{
	struct socket *so = mem_alloc(sizeof(*so));

	so->sim = s;
	so->net = net;
	so->ns = ns_get(net->ns);
	so->refs = 1;
	so->family = family;
	so->type = type;
	return so;
}

static void unbind(struct socket *so)
{
	struct socket **at = &so->net->bound;

	if (!so->bound)
		return;
	while (*at != so)
		at = &(*at)->bound_next;
	*at = so->bound_next;
	so->bound = false;
}

void socket_put(struct socket *so)
{
	if (--so->refs)
		return;
	unbind(so);
	while (so->pending) {
		struct socket *c = so->pending;
		so->pending = c->pending_next;
		socket_put(c);
	}
	if (so->in && !so->no_read)
		pipe_close(so->in, true, false);
	if (so->out && !so->no_write)
		pipe_close(so->out, false, true);
	ns_put(so->ns);
	free(so);
}

/* ---- names ---- */

static struct socket *bound_to(struct net *n, uint32_t address, uint16_t port)
{
	for (struct socket *so = n->bound; so; so = so->bound_next)
		if (so->port == port && (!so->address || !address || so->address == address))
			return so;
	return NULL;
}

static uint16_t free_port(struct net *n)
{
	for (int tries = 0; tries < 32768; tries++) {
		uint16_t port = n->next_port++;
		if (n->next_port == 0)
			n->next_port = 32768;
		if (!bound_to(n, 0, port))
			return port;
	}
	return 0;
}

static int read_address(const struct sockaddr *a, socklen_t len, uint32_t *address, uint16_t *port)
{
	const struct sockaddr_in *in = (const void *)a;

	if (len < sizeof(*in))
		return -EINVAL;
	if (in->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	*address = ntohl(in->sin_addr.s_addr);
	*port = ntohs(in->sin_port);
	return 0;
}

static void write_address(struct sockaddr *a, socklen_t *len, uint32_t address, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(address) };

	if (!a)
		return;
	memcpy(a, &in, *len < sizeof(in) ? *len : sizeof(in));
	*len = sizeof(in);
}

static int take_name(struct socket *so, uint32_t address, uint16_t port)
{
	if (!port && !(port = free_port(so->net)))
		return -EADDRINUSE;
	so->address = address;
	so->port = port;
	so->bound_next = so->net->bound;
	so->net->bound = so;
	so->bound = true;
	return 0;
}

static long do_bind(struct task *t, struct socket *so, const struct sockaddr *a, socklen_t len)
{
	uint32_t address;
	uint16_t port;
	int r = read_address(a, len, &address, &port);

	if (r < 0)
		return r;
	if (so->bound)
		return -EINVAL;
	if (address && !net_is_own(so->net, address))
		return -EADDRNOTAVAIL;
	if (port && port < so->net->unprivileged && !sys_capable(t, CAP_NET_BIND_BIT))
		return -EACCES;
	if (port && bound_to(so->net, address, port))
		return -EADDRINUSE;
	return take_name(so, address, port);
}

static long do_listen(struct socket *so, int backlog)
{
	if (so->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	if (so->state == SO_CONNECTED)
		return -EINVAL;
	if (!so->bound && take_name(so, 0, 0) < 0)
		return -EADDRINUSE;
	so->backlog = backlog < 1 ? 1 : backlog > BACKLOG_MAX ? BACKLOG_MAX : backlog;
	so->state = SO_LISTENING;
	return 0;
}

/* ---- connections ---- */

/* Both ends of one direction. */
static struct pipe *wire(struct socket *from, struct socket *to)
{
	struct pipe *p = pipe_new();

	pipe_open(p, true, true);
	from->out = p;
	to->in = p;
	return p;
}

static void meet(struct socket *so, struct socket *listener, uint32_t to, uint16_t port)
{
	struct socket *far = socket_new(so->sim, listener->net, AF_INET, SOCK_STREAM);
	struct socket **at = &listener->pending;

	far->state = so->state = SO_CONNECTED;
	wire(so, far);
	wire(far, so);
	far->address = so->peer_address = to;
	far->port = so->peer_port = port;
	far->peer_address = so->address;
	far->peer_port = so->port;
	so->far = far->net;
	far->far = so->net;
	while (*at)
		at = &(*at)->pending_next;
	*at = far;
	listener->n_pending++;
	queue_wake(&listener->change);
}

long socket_connect(struct task *t, struct socket *so, const struct sockaddr *a, socklen_t len,
		    bool nonblock)
{
	uint32_t to;
	uint16_t port;
	int r = read_address(a, len, &to, &port);

	if (r < 0)
		return r;
	if (so->state != SO_NEW)
		return so->state == SO_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	to = to ? to : 0x7f000001;
	struct net *n = net_reach(so->net, to, &r);
	if (!n)
		return r;
	if (so->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	struct socket *l = bound_to(n, to, port);
	if (!l || l->state != SO_LISTENING || l->n_pending >= l->backlog)
		return -ECONNREFUSED;
	if (!so->bound && take_name(so, 0, 0) < 0)
		return -EADDRNOTAVAIL;
	so->address = net_source(so->net, to);
	meet(so, l, to, port);
	return 0;
}

static long wait_for_visitor(struct task *t, struct socket *so, bool nonblock)
{
	if (so->state != SO_LISTENING)
		return -EINVAL;
	while (!so->pending) {
		int r = nonblock ? -EAGAIN : task_wait(t, &so->change, SIM_NEVER);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- bytes ---- */

long socket_read(struct socket *so, void *buf, size_t n, bool nonblock)
{
	if (so->state != SO_CONNECTED)
		return -ENOTCONN;
	return so->no_read ? 0 : pipe_take(so->sim, so->in, buf, n, nonblock);
}

long socket_write(struct socket *so, const void *buf, size_t n, bool nonblock)
{
	if (so->state != SO_CONNECTED)
		return -ENOTCONN;
	long r = so->no_write ? -EPIPE : pipe_put(so->sim, so->out, buf, n, nonblock);
	if (r > 0)
		net_count(so->net, so->far, (uint64_t)r);
	return r;
}

long socket_shutdown(struct socket *so, int how)
{
	if (so->state != SO_CONNECTED)
		return -ENOTCONN;
	if (how != SHUT_WR && !so->no_read) {
		so->no_read = true;
		pipe_close(so->in, true, false);
	}
	if (how != SHUT_RD && !so->no_write) {
		so->no_write = true;
		pipe_close(so->out, false, true);
	}
	return 0;
}

/* ---- as files ---- */

static long file_read(struct vfs_file *f, void *buf, size_t n)
{
	return socket_read(f->priv, buf, n, f->flags & O_NONBLOCK);
}

static long file_write(struct vfs_file *f, const void *buf, size_t n)
{
	return socket_write(f->priv, buf, n, f->flags & O_NONBLOCK);
}

static void file_release(struct vfs_file *f) { socket_put(f->priv); }

static const struct vfs_file_ops socket_ops = {
	.read = file_read, .write = file_write, .release = file_release,
};

struct socket *socket_of(const struct vfs_file *f)
{
	return f && f->ops == &socket_ops ? f->priv : NULL;
}

short socket_ready(const struct socket *so)
{
	if (so->state == SO_LISTENING)
		return so->pending ? POLLIN : 0;
	if (so->state != SO_CONNECTED)
		return POLLOUT | POLLHUP;
	short r = 0;
	if (so->no_read || pipe_ready(so->in) & (POLLIN | POLLHUP))
		r |= POLLIN;
	if (so->no_write || pipe_ready(so->out) & (POLLOUT | POLLERR))
		r |= POLLOUT;
	return r;
}

struct sim_queue *socket_queue(struct socket *so)
{
	return so->state == SO_CONNECTED && !so->no_read ? pipe_queue(so->in) : &so->change;
}

static long add_file(struct task *t, struct socket *so, int flags)
{
	int keep = O_RDWR | (flags & SOCK_NONBLOCK ? O_NONBLOCK : 0);

	return fd_add(t, vfs_file_new(t->sim->fs, &socket_ops, so, keep), flags & SOCK_CLOEXEC);
}

/* ---- calls ---- */

static struct socket *at(struct task *t, int fd, long *r)
{
	struct vfs_file *f = fd_file(t, fd);
	struct socket *so = socket_of(f);

	*r = !f ? -EBADF : !so ? -ENOTSOCK : 0;
	return so;
}

static bool nonblock(struct task *t, int fd) { return fd_file(t, fd)->flags & O_NONBLOCK; }

long sys_socket(struct task *t, int family, int type, int protocol)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (family != AF_INET)
		return sys_leave(t, -EAFNOSUPPORT);
	if (kind != SOCK_STREAM && kind != SOCK_DGRAM)
		return sys_leave(t, -ESOCKTNOSUPPORT);
	return sys_leave(t, add_file(t, socket_new(t->sim, t->ns[NS_NET]->net, family, kind), type));
}

long sys_bind(struct task *t, int fd, const struct sockaddr *a, socklen_t len)
{
	long r;
	struct socket *so = at(t, fd, &r);

	return sys_leave(t, so ? do_bind(t, so, a, len) : r);
}

long sys_listen(struct task *t, int fd, int backlog)
{
	long r;
	struct socket *so = at(t, fd, &r);

	return sys_leave(t, so ? do_listen(so, backlog) : r);
}

static long do_accept(struct task *t, int fd, struct sockaddr *a, socklen_t *len)
{
	long r;
	struct socket *so = at(t, fd, &r);

	if (so)
		r = wait_for_visitor(t, so, nonblock(t, fd));
	if (r < 0)
		return r;
	struct socket *c = so->pending;
	so->pending = c->pending_next;
	so->n_pending--;
	write_address(a, len, c->peer_address, c->peer_port);
	return add_file(t, c, 0);
}

long sys_accept(struct task *t, int fd, struct sockaddr *a, socklen_t *len)
{
	long r;

	do
		r = do_accept(t, fd, a, len);
	while (sys_again(t, r));
	return r;
}

long sys_connect(struct task *t, int fd, const struct sockaddr *a, socklen_t len)
{
	long r;
	struct socket *so = at(t, fd, &r);

	return sys_leave(t, so ? socket_connect(t, so, a, len, nonblock(t, fd)) : r);
}

long sys_getsockname(struct task *t, int fd, struct sockaddr *a, socklen_t *len)
{
	long r;
	struct socket *so = at(t, fd, &r);

	if (so)
		write_address(a, len, so->address, so->port);
	return sys_leave(t, r);
}

long sys_getpeername(struct task *t, int fd, struct sockaddr *a, socklen_t *len)
{
	long r;
	struct socket *so = at(t, fd, &r);

	if (so && so->state != SO_CONNECTED)
		r = -ENOTCONN;
	else if (so)
		write_address(a, len, so->peer_address, so->peer_port);
	return sys_leave(t, r);
}

long sys_shutdown(struct task *t, int fd, int how)
{
	long r;
	struct socket *so = at(t, fd, &r);

	return sys_leave(t, so ? socket_shutdown(so, how) : r);
}

/* ---- names: /etc/hosts ---- */

static long find_host(const char *hosts, const char *name, uint32_t *address)
{
	char line[512], *save = NULL;
	struct in_addr in;

	while (*hosts) {
		size_t n = strcspn(hosts, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)n, hosts);
		line[strcspn(line, "#")] = '\0';
		char *word = strtok_r(line, " \t", &save);
		bool four = word && inet_pton(AF_INET, word, &in) == 1;
		while (four && (word = strtok_r(NULL, " \t", &save)))
			if (strcasecmp(word, name) == 0) {
				*address = in.s_addr;
				return 0;
			}
		hosts += n + (hosts[n] == '\n');
	}
	return -ENOENT;
}

long sys_resolve(struct task *t, const char *name, uint32_t *address)
{
	struct in_addr in;
	char text[4096];
	struct vfs_file *f;

	if (inet_pton(AF_INET, name, &in) == 1) {
		*address = in.s_addr;
		return sys_leave(t, 0);
	}
	long r = vfs_open(&t->view, NULL, "/etc/hosts", O_RDONLY, 0, &f);
	if (r == 0) {
		long n = vfs_read(f, text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = '\0';
		vfs_file_put(f);
		r = find_host(text, name, address);
	}
	return sys_leave(t, r < 0 ? -ENOENT : 0);
}
