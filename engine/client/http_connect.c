/* http_connect.c - from DOCKER_HOST to a socket.  Only numeric addresses: a
 * resolver costs a command more than everything else it does, and the daemon
 * listens on a unix socket or on loopback. */
#include "client/http_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/str.h"

#define DOCKER_PORT 2375	/* registered with IANA for plain docker */

#define MACHINES_SOCKET "/run/drydock/drydock.sock"

/* Where a daemon listens that we start ourselves, and nobody said where. */
static char *own_socket(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0)
		return str_dup(MACHINES_SOCKET);
	return run && *run ? str_printf("%s/drydock/drydock.sock", run) :
			     str_printf("/tmp/drydock-%u/drydock.sock", geteuid());
}

/* In /tmp anybody may have made what has our name on it. */
static bool is_strangers(const char *path)
{
	struct stat st;

	return str_starts(path, "/tmp/") && lstat(path, &st) == 0 && st.st_uid != geteuid();
}

#define CANDIDATES 4

/* The places a daemon's socket may be, best first. */
static char *candidate(int i)
{
	const char *root = getenv("DRYDOCK_ROOT");

	switch (i) {
	case 0:
		return root && *root ? str_printf("%s/run/drydock.sock", root) : NULL;
	case 1:
		return str_dup(MACHINES_SOCKET);
	case 2:
		return own_socket();
	default:
		return str_dup("/var/run/docker.sock");
	}
}

char *http_default_host(void)
{
	const char *set = getenv("DOCKER_HOST"), *root = getenv("DRYDOCK_ROOT");

	if (set && *set)
		return str_dup(set);
	/* One that we may connect to, rather than one that is only there. */
	for (int i = 0; i < 2 * CANDIDATES; i++) {
		autofree char *path = candidate(i % CANDIDATES);

		if (!path || (i % CANDIDATES == 2 && is_strangers(path)))
			continue;
		if ((i == 0 && root) || access(path, i < CANDIDATES ? W_OK : F_OK) == 0)
			return str_printf("unix://%s", path);
	}
	autofree char *own = own_socket();
	return str_printf("unix://%s", own);
}

static int unix_address(const char *path, struct http_address *out)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&out->sa;

	if (*path != '/' || strlen(path) >= sizeof(un->sun_path))
		return -EINVAL;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	out->len = sizeof(*un);
	return 0;
}

static int port_number(const char *text, in_port_t *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (!*text || (*end && strcmp(end, "/") != 0) || !v || v > 65535)
		return -EINVAL;
	*out = htons((in_port_t)v);
	return 0;
}

static int ipv6_address(const char *text, struct http_address *out)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->sa;
	const char *close = strchr(text, ']');
	autofree char *ip = close ? strndup(text + 1, (size_t)(close - text - 1)) : NULL;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(DOCKER_PORT);
	out->len = sizeof(*in6);
	if (!ip || inet_pton(AF_INET6, ip, &in6->sin6_addr) != 1)
		return -EINVAL;
	return close[1] == ':' ? port_number(close + 2, &in6->sin6_port) : 0;
}

static int tcp_address(const char *text, struct http_address *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&out->sa;
	const char *colon = strchr(text, ':');
	autofree char *ip = colon ? strndup(text, (size_t)(colon - text)) : str_dup(text);

	if (*text == '[')
		return ipv6_address(text, out);
	in->sin_family = AF_INET;
	in->sin_port = htons(DOCKER_PORT);
	out->len = sizeof(*in);
	if (inet_pton(AF_INET, !*ip || str_eq(ip, "localhost") ? "127.0.0.1" : ip,
		      &in->sin_addr) != 1)
		return -EINVAL;
	return colon ? port_number(colon + 1, &in->sin_port) : 0;
}

int http_address(const char *host, struct http_address *out, struct err *e)
{
	struct http_address a = { 0 };
	int r = -EINVAL;

	if (str_starts(host, "unix://"))
		r = unix_address(host + 7, &a);
	else if (str_starts(host, "tcp://"))
		r = tcp_address(host + 6, &a);
	else if (str_starts(host, "http://"))
		r = tcp_address(host + 7, &a);
	if (r) {
		err_set(e, EINVAL, "Failed to initialize: unable to resolve docker endpoint: "
			"invalid bind address format: %s", host);
		err_hint(e, "use unix:///path/to/socket or tcp://127.0.0.1:port");
		return -EINVAL;
	}
	*out = a;
	return 0;
}

static int connect_failed(int code, const char *host, struct err *e)
{
	if (code == EACCES || code == EPERM) {
		err_set(e, code, "permission denied while trying to connect to the Docker daemon "
			"socket at %s", host);
		err_hint(e, "use sudo, or join the group that owns the socket");
		return -code;
	}
	err_set(e, code, "Cannot connect to the Docker daemon at %s. Is the docker daemon running?",
		host);
	err_hint(e, "`drydock daemon` starts one; DOCKER_HOST says where to look for it");
	return -code;
}

int http_connect(const struct http_address *a, const char *host, struct err *e)
{
	autofd int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return err_sys(e, errno, "socket for %s", host);
	if (connect(fd, (const struct sockaddr *)&a->sa, a->len))
		return connect_failed(errno, host, e);
	if (a->sa.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return steal_fd(&fd);
}
