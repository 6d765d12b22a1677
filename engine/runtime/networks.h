/* networks.h - the networks there are, as users know them.
 *
 * Three are always there: "bridge" (the default one), "host" and "none".  Users'
 * own are bridges; each is a document in the state database (kind "network"), so
 * that a daemon that starts finds them again, and a struct network of engine/network
 * while this host can give it one.
 *
 * A struct net is counted: networks_get() must be paired with net_put().  Everything
 * in it but `bridge`, `doc` of the default bridge and `gone` stays as it was made.
 */
#ifndef DRYDOCK_RUNTIME_NETWORKS_H
#define DRYDOCK_RUNTIME_NETWORKS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "network/network.h"
#include "trace/fact.h"

struct containers;

struct net {
	char id[65];
	char *name;
	const char *driver;	/* "bridge", "host", "null" */
	bool builtin;
	uint64_t created_ns;	/* wall clock */
	/* As the API shows them: Internal, Attachable, EnableIPv6, IPAM, Options, Labels;
	 * also "own" and "own6": the subnet was the user's. */
	cJSON *doc;
	struct network *bridge;	/* NULL: host and none; a bridge this host can't give */

	int refs;		/* atomic */
	int users;		/* connected places */
	bool gone;
};

/* After the default bridge was opened (it may be NULL). */
int networks_open(struct containers *cs, struct err *e);
void networks_close(struct containers *cs);

/* By id, name or unambiguous id prefix: 404 "network x not found". */
int networks_get(struct containers *cs, const char *ref, struct net **out, struct err *e);
void net_put(struct net *n);
static inline void cleanup_net(struct net **n) { if (*n) net_put(*n); }
#define autonet __attribute__((cleanup(cleanup_net)))
/* All, in the order of their making, each counted; the array is the caller's too. */
struct net **networks_list(struct containers *cs, size_t *n);
void networks_list_free(struct net **v, size_t n);
bool net_is_user(const struct net *n);		/* has names, aliases, fixed addresses */
/* The user chose the subnet (six: of IPv6): fixed addresses are allowed. */
bool net_is_own_subnet(const struct net *n, bool six);

/* body: the API's.  out: counted.  400, 403, 409 in docker's words. */
int networks_create(struct containers *cs, const struct origin *by, const cJSON *body,
		    struct net **out, struct err *e);
/* 403 while containers are connected. */
int networks_remove(struct containers *cs, const struct origin *by, struct net *n, struct err *e);
/* Is any running container connected? */
bool networks_in_use(struct containers *cs, const struct net *n);
/* While something uses it, a network can't be removed.  -ENOENT: it is gone. */
int networks_use(struct containers *cs, struct net *n);
void networks_unuse(struct containers *cs, struct net *n);

#endif
