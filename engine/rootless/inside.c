/* inside.c - the first steps of the one who is root in here. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "network/link.h"
#include "rootless/internal.h"

static int door = -1;
static char outgoing[16];

int door_fd(void)
{
	return door;
}

const char *rootless_outgoing(void)
{
	return outgoing;
}

static void lift_loopback(struct kernel *k)
{
	int sock = nl_open(k);
	struct link lo;

	if (sock < 0)
		return;
	if (link_find(k, sock, "lo", &lo, NULL) == 0)
		link_up(k, sock, lo.index, true, NULL);
	k_close(k, sock);
}

bool rootless_inside(struct kernel *k)
{
	const char *told = getenv(INSIDE_VARIABLE);
	unsigned user;
	int rights;

	if (!told || sscanf(told, "%d %d %u %15s", &door, &rights, &user, outgoing) != 4)
		return false;
	if (str_eq(outgoing, "-"))
		outgoing[0] = '\0';
	unsetenv(INSIDE_VARIABLE);
	fcntl(door, F_SETFD, FD_CLOEXEC);
	rights_set((enum rights)rights, user);
	lift_loopback(k);
	return true;
}
