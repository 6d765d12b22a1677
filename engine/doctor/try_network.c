/* try_network.c - cables and bridges, the way out, and the ports that the lab publishes. */
#include "doctor/try.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "kernel/namespace.h"
#include "network/link.h"
#include "rootless/rootless.h"

/* These are tried in a network namespace of the round's own: one for all, since making
 * and ending one costs more than all else here. */
#define BRIDGE "doctor0"

int try_bridge(struct trial *t)
{
	static const uint8_t mac[6] = { 0x02, 0x42, 0xac, 0x11, 0, 1 };
	autofd int sock = nl_open(t->k);

	return sock < 0 ? sock : link_add_bridge(t->k, sock, BRIDGE, mac, NULL);
}

/* As a container's: one end in the bridge, if that is there, the other in another network
 * namespace. */
int try_veth(struct trial *t)
{
	const struct namespace_want want = { .flag = CLONE_NEWNET, .file = "net" };
	autofd int sock = nl_open(t->k), other = namespace_make(t->k, &want);
	struct link bridge = { 0 };

	if (sock < 0 || other < 0)
		return sock < 0 ? sock : other;
	link_find(t->k, sock, BRIDGE, &bridge, NULL);
	const struct link_pair pair = { .name = "doctor1", .inside = "eth0",
					.bridge = bridge.index, .netns_fd = other };
	return link_add_veth(t->k, sock, &pair, NULL);
}

int try_masquerade(struct trial *t)
{
	return (int)k_nftables(t->k,
		"add table ip drydock_doctor\n"
		"add chain ip drydock_doctor out { type nat hook postrouting priority srcnat; }\n"
		"add rule ip drydock_doctor out ip saddr 172.17.0.0/16 masquerade\n");
}

/* /proc/net/route: interface, destination, gateway …; the default's destination is 0. */
int try_route(struct trial *t)
{
	autofile FILE *f = fopen("/proc/net/route", "re");
	char line[256], name[32], to[16];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%31s %15s", name, to) == 2 && str_eq(to, "00000000")) {
			says(t, "by way of %s", name);
			return 0;
		}
	says(t, "no default route");
	return -ENETUNREACH;
}

int try_outgoing(struct trial *t)
{
	const char *program = outgoing_choose();

	says(t, "%s", *program ? program : "neither is installed");
	return *program ? 0 : -ENOENT;
}

int try_tun(struct trial *t)
{
	autofd int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		mends(t, "# chmod 666 /dev/net/tun");
	return fd < 0 ? -errno : 0;
}

/* ---- ports ---- */

static int claim(struct trial *t, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = (int)k_socket(t->k, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	long r = k_bind(t->k, fd, (struct sockaddr *)&in, sizeof(in));
	if (r == 0)
		r = k_listen(t->k, fd, 1);
	k_close(t->k, fd);
	return (int)r;
}

/* A daemon locks its data root as long as it lives. */
static bool daemon_runs(struct trial *t)
{
	autofree char *path = str_printf("%s/lock", t->ask->data_root);
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int try_port(struct trial *t, uint16_t port)
{
	int r = claim(t, port);

	if (r != -EADDRINUSE)
		return r;
	/* Who has it: it is theirs to end. */
	if (daemon_runs(t)) {
		says(t, "port %u is in use, perhaps by a container of the lab", port);
		mends(t, "$ drydock docker ps --filter publish=%u", port);
	} else {
		says(t, "port %u: another program listens there", port);
		mends(t, "$ ss -ltnp 'sport = :%u'", port);
	}
	return r;
}

int try_port_8080(struct trial *t) { return try_port(t, 8080); }

int try_port_registry(struct trial *t)
{
	int r = try_port(t, 10740);

	if (r != -EADDRINUSE || !daemon_runs(t))
		return r;
	says(t, "in use, by the daemon that runs");
	return 0;
}

int try_ports_8000(struct trial *t)
{
	int r = try_port(t, 8000);

	return r < 0 ? r : try_port(t, 8001);
}

/* That somebody has it already shows that it can be had. */
int try_low_port(struct trial *t)
{
	int r = claim(t, 80);

	return r == -EADDRINUSE ? 0 : r;
}
