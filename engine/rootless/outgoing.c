/* outgoing.c - the way out of a network namespace that has no cable.
 *
 * pasta(1) and slirp4netns(1) do the same by different means: a tap interface inside,
 * and outside an ordinary process that opens an ordinary connection for each that
 * packets from the tap begin.  Both answer DNS questions at an address of their own.
 * The host's own loopback stays out of reach: what listens there trusts its users.
 */
#include "core/cleanup.h"
#include "core/str.h"
#include "rootless/internal.h"

/* Link-local (RFC 3927), so that it can't be in anybody's network. */
#define PASTA_RESOLVER "169.254.1.1"
#define SLIRP_RESOLVER "10.0.2.3"	/* slirp4netns(1), "Description" */

/* Stand for themselves with the number of the process inside. */
#define PID   "PID"
#define USERS "USERS"

/* In this order: the pasta of Debian 12 loses what is forwarded to it. */
static const struct way {
	const char *name, *resolver;
	const char *argv[20];		/* USERS, PID: of the process inside */
} ways[] = {
	{ "slirp4netns", SLIRP_RESOLVER,
	  { "slirp4netns", "--configure", "--mtu=1500", "--disable-host-loopback",
	    USERS, PID, "tap0", NULL } },
	{ "pasta", PASTA_RESOLVER,
	  { "pasta", "--foreground", "--quiet", "--config-net", "--mtu", "1500", "--no-map-gw",
	    "--dns-forward", PASTA_RESOLVER, "-t", "none", "-u", "none", "-T", "none", "-U",
	    "none", PID, NULL } },
};

static const struct way *way_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (str_eq(ways[i].name, name))
			return &ways[i];
	return NULL;
}

const char *outgoing_choose(void)
{
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (run_there(ways[i].name, path))
			return ways[i].name;
	return "";
}

const char *outgoing_resolver(const char *name)
{
	const struct way *w = way_of(name);

	return w ? w->resolver : NULL;
}

int outgoing_start(struct kernel *k, int pid, const char *name)
{
	const struct way *w = way_of(name);
	autofree char *number = str_printf("%d", pid);
	autofree char *users = str_printf("--userns-path=/proc/%d/ns/user", pid);
	char **argv = mem_alloc(sizeof(*argv));

	for (size_t i = 0; w && w->argv[i]; i++)
		strv_add(&argv, str_eq(w->argv[i], PID) ? number :
				str_eq(w->argv[i], USERS) ? users : w->argv[i]);
	int r = w ? run_background(k, argv) : 0;
	strv_free(argv);
	return r;
}
