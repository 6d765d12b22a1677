/* server.c - the embedded registry: a listener, with TLS and a list of users where
 * it is given them.
 *
 * One thread a connection (libmicrohttpd makes them): a class pulls a few layers
 * each, and a slow reader holds up nobody else.  A reader that is slower than slow
 * is one of a limited number, for each address and altogether, and is dropped when
 * nothing moves for a while.  Who may not come in is told so before a byte of a
 * body is read.
 */
#include "registry/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "registry/exchange.h"
#include "registry/htpasswd.h"
#include "registry/storage.h"

#define STACK (192u << 10)	/* bytes a connection's thread gets */
#define HEAD_MAX (64u << 10)	/* bytes for a request's head: tokens are a few KiB */
#define IDLE_SECONDS 120u	/* an unused connection is closed; clients make a new one */
#define CONNECTIONS 1024u	/* at once; docker opens up to five for a pull */
#define CONNECTIONS_EACH 512u	/* from one address: a class may sit behind one */
#define UNUSED_SECONDS 3600	/* how long a blob waits for the manifest that lists it */

struct registry_server {
	struct MHD_Daemon *mhd;
	char *root;
	uint16_t port;
	bool read_only;
	struct htpasswd *users;		/* NULL: everybody */
	struct str cert, key;
};

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	struct registry_server *s = arg;
	struct exchange *x = *state;
	if (!x && s->users && !htpasswd_allows(s->users, MHD_lookup_connection_value(conn,
				MHD_HEADER_KIND, "Authorization"))) {
		struct exchange stranger = { .conn = conn };
		return exchange_unauthorized(&stranger);
	}
	if (!x) {
		*state = exchange_begin(s->root, s->read_only, conn, url, method);
		return MHD_YES;
	}
	if (*len) {
		exchange_feed(x, data, *len);
		*len = 0;
		return MHD_YES;
	}
	return exchange_answer(x, url, method);
}

static void on_done(void *arg, struct MHD_Connection *conn, void **state,
		    enum MHD_RequestTerminationCode why)
{
	if (*state)
		exchange_end(*state);
	*state = NULL;
}

/* ---- start, stop ----------------------------------------------------------------- */

static int listen_on(const char *address, uint16_t port, int *out, struct err *e)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
	if (!is_six && inet_pton(AF_INET, address, &four.sin_addr) != 1)
		return err_set(e, EINVAL, "registry: %s is no address", address);
	autofd int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;
	const struct sockaddr *sa = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	if (fd < 0)
		return err_sys(e, errno, "registry: socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, sa, is_six ? sizeof(six) : sizeof(four)) < 0 || listen(fd, 64) < 0) {
		err_sys(e, errno, "registry: listen on %s:%u", address, port);
		return err_hint(e, "choose another port with --port, or 0 for any free one");
	}
	*out = steal_fd(&fd);
	return 0;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	return ntohs(a.sin6_port);	/* at the same place in sockaddr_in */
}

static int read_secrets(struct registry_server *s, const struct registry_options *o, struct err *e)
{
	int r = 0;
	if (!o->tls_cert != !o->tls_key)
		return err_set(e, EINVAL, "registry: TLS needs both a certificate and its key");
	if (o->tls_cert) {
		r = file_read(o->tls_cert, &s->cert, e);
		r = r < 0 ? r : file_read(o->tls_key, &s->key, e);
	}
	if (r == 0 && o->htpasswd)
		r = htpasswd_open(o->htpasswd, &s->users, e);
	return r;
}

/* fd is the server's from here on, if this goes well. */
static int start_http(struct registry_server *s, int fd, struct err *e)
{
	bool tls = s->cert.len > 0;
	struct MHD_OptionItem with_tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, s->cert.s },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, s->key.s },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
			 MHD_USE_POLL | (tls ? MHD_USE_TLS : 0);
	s->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_request, s,
				  MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
				  MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX,
				  MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
				  MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_EACH,
				  MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
				  MHD_OPTION_ARRAY, tls ? with_tls : none, MHD_OPTION_END);
	if (s->mhd)
		return 0;
	close(fd);
	err_set(e, EIO, "registry: the HTTP server does not start");
	return tls ? err_hint(e, "do certificate and key belong together, both as PEM?") : -EIO;
}

int registry_start(const struct registry_options *o, struct registry_server **out, struct err *e)
{
	int fd = -1;
	struct registry_server *s = mem_alloc(sizeof(*s));
	s->root = str_dup(o->root);
	s->read_only = o->read_only;
	int r = read_secrets(s, o, e);
	/* A reader may stand beside a server that is just being pushed to. */
	if (r == 0)
		r = storage_prepare(o->root, !o->read_only, e);
	if (r == 0 && !o->read_only)
		r = storage_collect(o->root, UNUSED_SECONDS, NULL, e);
	if (r == 0)
		r = listen_on(o->address ? o->address : "127.0.0.1", o->port, &fd, e);
	if (r == 0) {
		s->port = port_of(fd);
		r = start_http(s, fd, e);
	}
	if (r < 0)
		registry_stop(s);
	else
		*out = s;
	return r;
}

uint16_t registry_port(const struct registry_server *r) { return r->port; }

void registry_stop(struct registry_server *r)
{
	if (!r)
		return;
	if (r->mhd)
		MHD_stop_daemon(r->mhd);	/* closes the listening socket, too */
	htpasswd_free(r->users);
	if (r->key.s)
		explicit_bzero(r->key.s, r->key.cap);
	str_free(&r->key);
	str_free(&r->cert);
	free(r->root);
	free(r);
}
