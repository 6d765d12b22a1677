/* pool.c - network namespaces, ready before they are needed.
 *
 * A network namespace with a veth pair costs 2 ms to make (clone with
 * CLONE_NEWNET 0.7 ms, the pair, its address and routes 1.0 to 1.5 ms), but 6 µs
 * to step into.  So the keeper thread makes some ahead, and a container's start
 * only takes one.  Not many: 400 idle pairs in one bridge were measured to slow
 * down everything else on the host, 4 to 16 were not.
 *
 * The keeper makes one by stepping out of the host's namespace and back:
 *
 *	unshare(CLONE_NEWNET)		a new, empty namespace, and this thread in it
 *	open /proc/thread-self/ns/net	a descriptor that keeps it alive
 *	socket(AF_NETLINK)		it acts there for ever, wherever we stand
 *	setns(host)			back
 *	rtnetlink (host)		veth pair: one end in the bridge, eth0 in there
 *	rtnetlink (there)		lo and eth0 up, address, default route
 *
 * Users' own networks have no keeper and no pool: cable.c makes what they need
 * when it is needed.
 *
 * Only this thread does so: one that failed to come back must not serve anything
 * else.  Letting go is its work too: deleting a pair waits for an RCU grace
 * period under the kernel's one rtnl lock, and nobody should wait with it.  For
 * the same reason the keeper rests for SETTLE_NS after an endpoint was taken:
 * that container's start comes first.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/str.h"
#include "kernel/namespace.h"
#include "network/internal.h"
#include "network/link.h"
#include "trace/decorator.h"

#define SETTLE_NS 20000000ull		/* a start takes some 5 ms; four of them */
#define RETRY_NS 1000000000ull		/* after a failure, unless somebody waits */
#define TAKE_TIMEOUT_S 10
/* Link groups (ip-link(8)) are numbers anybody may use: 0x64726b00 is "drk". */
#define GROUP_OF_THE_DEAD 0x64726b00u

uint64_t netns_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

int open_socket(struct network *n, struct err *e)
{
	int sock = nl_open(n->k);

	return sock < 0 ? err_sys(e, -sock, "open an rtnetlink socket") : sock;
}

void endpoint_describe(struct endpoint *ep, uint32_t address, int prefix, address6 six)
{
	uint8_t m[6];

	ep->address = address;
	ep->prefix = prefix;
	address_text(address, ep->text);
	address_mac(address, m);
	snprintf(ep->mac, sizeof(ep->mac), "%02x:%02x:%02x:%02x:%02x:%02x",
		 m[0], m[1], m[2], m[3], m[4], m[5]);
	strcpy(ep->inside, "eth0");
	/* The name tells the address, so that a link left over says what it held. */
	snprintf(ep->veth, sizeof(ep->veth), "veth%08x", address);
	ep->six = six;
	if (six)
		address6_text(six, ep->text6);
}

void endpoint_give_addresses(struct network *n, const struct endpoint *ep)
{
	addresses_give(&n->addresses, ep->address);
	if (ep->six)
		addresses6_give(&n->addresses6, ep->six);
}

/* ---- making one (keeper thread) ---- */

void endpoint_free(struct endpoint *ep)
{
	strv_free(ep->names);
	free(ep);
}

/* Inside the new namespace, as Docker has it: port 80 is open to programs that
 * aren't root.  Older kernels have no such file. */
static void set_defaults(struct kernel *k)
{
	k_write_file(k, "/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
}

void network_come_back(struct network *n)
{
	if (k_setns(n->k, n->host_netns, CLONE_NEWNET) < 0 &&
	    k_setns(n->k, n->host_netns, CLONE_NEWNET) < 0)
		abort();
}

/* One that belongs to the containers' user namespace, so that their root is root of it. */
static int enter_new(struct network *n)
{
	const struct namespace_want want = { CLONE_NEWNET, "net", n->host->userns, NULL, NULL };
	int fd = namespace_make(n->k, &want);
	if (fd < 0)
		return fd;
	int r = (int)k_setns(n->k, fd, CLONE_NEWNET);
	k_close(n->k, fd);
	return r;
}

int netns_make(struct network *n, int *netns, int *sock, struct err *e)
{
	struct kernel *k = n->k;

	trace_why(k, WHY_NET_NAMESPACE);
	int r = n->host->userns ? enter_new(n) : (int)k_unshare(k, CLONE_NEWNET);
	trace_why(k, WHY_TABLE);
	if (r < 0)
		return err_sys(e, -r, "make a network namespace");
	*netns = k_open(k, AT_FDCWD, "/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC, 0);
	set_defaults(k);
	*sock = open_socket(n, e);
	if (*netns >= 0 && *sock >= 0)
		return 0;
	r = *netns < 0 ? err_sys(e, -*netns, "open the new network namespace") : *sock;
	if (*sock >= 0)
		k_close(k, *sock);
	if (*netns >= 0)
		k_close(k, *netns);
	return r;
}

static int raise_host_end(struct network *n, int host, const char *veth, struct err *e)
{
	struct link l;

	int r = link_find(n->k, host, veth, &l, e);
	if (r == 0 && n->isolated)
		r = link_isolate(n->k, host, l.index, e);
	return r < 0 ? r : link_up(n->k, host, l.index, n->ipv6, e);
}

static void read_mac(const char *text, uint8_t mac[6])
{
	unsigned int b[6] = { 0 };

	sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]);
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
}

static int add_pair(struct network *n, struct endpoint *ep, int host, struct err *e)
{
	struct link_pair pair = {
		.name = ep->veth, .inside = ep->inside, .bridge = n->bridge_index,
		.netns_fd = ep->netns, .mtu = n->mtu,
	};

	read_mac(ep->mac, pair.mac);
	int r = link_add_veth(n->k, host, &pair, e);
	if (r == -EEXIST) {	/* of a namespace that is still dying */
		link_delete(n->k, host, ep->veth, NULL);
		r = link_add_veth(n->k, host, &pair, e);
	}
	return r < 0 ? r : raise_host_end(n, host, ep->veth, e);
}

static void addresses_inside(const struct network *n, const struct endpoint *ep, bool lead,
			     struct link_inside *in)
{
	struct subnet own = { ep->address, ep->prefix };
	struct subnet6 own6 = { ep->six, n->net6.prefix };

	in->address[0] = ip_of(&own);
	if (lead)
		in->gateway[0] = ip_of(&n->net);
	if (!ep->six)
		return;
	in->address[1] = ip_of6(&own6);
	if (lead)
		in->gateway[1] = ip_of6(&n->net6);
}

/* Wires the namespace to the bridge: `inside` acts in there, `host` out here. */
static int wire(struct network *n, struct endpoint *ep, int host, int inside, bool lead,
		struct err *e)
{
	struct link_inside in = { .quiet = n->ipv6 && !ep->six };
	struct link there;

	int r = add_pair(n, ep, host, e);
	if (r < 0)
		return r;
	addresses_inside(n, ep, lead, &in);
	r = link_find(n->k, inside, ep->inside, &there, e);
	in.index = there.index;
	if (r == 0)
		r = link_settle(n->k, inside, &in, e);
	if (r < 0)
		link_delete(n->k, host, ep->veth, NULL);
	return r;
}

int endpoint_wire(struct network *n, struct endpoint *ep, int inside, bool lead, struct err *e)
{
	int host = open_socket(n, e);

	if (host < 0)
		return host;
	trace_region(n->k, REGION_NETWORK);
	int r = wire(n, ep, host, inside, lead, e);
	k_close(n->k, host);
	trace_region(n->k, REGION_NONE);
	return r;
}

static int make(struct network *n, struct endpoint *ep, struct err *e)
{
	int inside = -1, host = open_socket(n, e);

	if (host < 0)
		return host;
	trace_region(n->k, REGION_NETWORK);
	int r = netns_make(n, &ep->netns, &inside, e);
	network_come_back(n);
	if (r == 0) {
		ep->inode = netns_inode(ep->netns);
		r = wire(n, ep, host, inside, true, e);
		k_close(n->k, inside);
		if (r < 0)
			k_close(n->k, ep->netns);
	}
	k_close(n->k, host);
	trace_region(n->k, REGION_NONE);
	return r;
}

/* Deletes both ends (each takes the other along) and lets the namespaces go. */
static void unmake(struct network *n, struct endpoint *const *dead, int count)
{
	const char *veth[LINK_BATCH];
	int host = nl_open(n->k);

	for (int i = 0; i < count; i++)
		veth[i] = dead[i]->veth;
	if (host >= 0) {
		link_delete_many(n->k, host, veth, count, GROUP_OF_THE_DEAD + n->bridge_index, NULL);
		k_close(n->k, host);
	}
	for (int i = 0; i < count; i++)
		k_close(n->k, dead[i]->netns);
}

/* ---- the keeper ---- */

static void insert_ready(struct network *n, struct endpoint *ep)
{
	struct endpoint **at = &n->ready;

	while (*at && (*at)->address < ep->address)
		at = &(*at)->next;
	ep->next = *at;
	*at = ep;
	n->n_ready++;
}

static void push_dead(struct network *n, struct endpoint *ep)
{
	ep->next = n->dead;
	n->dead = ep;
	n->n_dead++;
}

static int take_addresses(struct network *n, uint32_t *address, address6 *six)
{
	int r = addresses_take(&n->addresses, address);

	*six = 0;
	if (r == 0 && n->six && (r = addresses6_take(&n->addresses6, six)) < 0)
		addresses_give(&n->addresses, *address);
	return r;
}

/* Called and left with the lock held; drops it to work. */
static void make_one(struct network *n)
{
	struct endpoint *ep = mem_alloc(sizeof(*ep));
	struct err e = { 0 };
	uint32_t address;
	address6 six;

	int r = take_addresses(n, &address, &six);
	pthread_mutex_unlock(&n->lock);
	if (r < 0) {
		err_set(&e, -r, "network %s: every address of %s is taken", n->bridge, n->subnet);
	} else {
		endpoint_describe(ep, address, n->net.prefix, six);
		ep->net = n;
		r = make(n, ep, &e);
	}
	pthread_mutex_lock(&n->lock);
	n->trouble = e;
	if (r == 0) {
		n->trouble.code = 0;
		insert_ready(n, ep);
	} else {
		if (ep->address)
			endpoint_give_addresses(n, ep);
		free(ep);
		n->taken_ns = clock_mono_ns() + RETRY_NS;
	}
	pthread_cond_broadcast(&n->changed);
}

static void bury(struct network *n)
{
	struct endpoint *dead[LINK_BATCH];
	int count = 0;

	for (; n->dead && count < LINK_BATCH; n->dead = n->dead->next)
		dead[count++] = n->dead;
	n->n_dead -= count;
	pthread_mutex_unlock(&n->lock);
	unmake(n, dead, count);
	pthread_mutex_lock(&n->lock);
	for (int i = 0; i < count; i++) {
		endpoint_give_addresses(n, dead[i]);
		endpoint_free(dead[i]);
	}
	pthread_cond_broadcast(&n->changed);
}

static void wait_until(struct network *n, uint64_t mono_ns)
{
	struct timespec ts = { mono_ns / 1000000000, mono_ns % 1000000000 };

	pthread_cond_timedwait(&n->changed, &n->lock, &ts);
}

/* A burst of starts leaves no time to settle: from half a pool down, make more. */
static bool running_out(const struct network *n)
{
	return n->n_ready < n->waiting || (n->n_ready < n->want / 2 && !n->trouble.code);
}

static void *keep(void *arg)
{
	struct network *n = arg;

	pthread_mutex_lock(&n->lock);
	while (!n->stop) {
		uint64_t settled = n->taken_ns + SETTLE_NS;
		if (running_out(n))
			make_one(n);
		else if (n->n_dead > n->want)
			bury(n);
		else if (!n->dead && n->n_ready >= n->want)
			pthread_cond_wait(&n->changed, &n->lock);
		else if (clock_mono_ns() < settled)
			wait_until(n, settled);
		else if (n->dead)
			bury(n);
		else
			make_one(n);
	}
	while (n->ready) {
		struct endpoint *ep = n->ready;
		n->ready = ep->next;
		push_dead(n, ep);
	}
	while (n->dead)
		bury(n);
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

/* ---- taking and giving back (any thread) ---- */

static struct endpoint *pop_ready(struct network *n, const char *cid)
{
	struct endpoint *ep = n->ready;

	n->ready = ep->next;
	n->n_ready--;
	ep->next = n->busy;
	n->busy = ep;
	snprintf(ep->cid, sizeof(ep->cid), "%s", cid);
	return ep;
}

/* Waits for the keeper while the pool is empty; false once it is of no use. */
static bool wait_ready(struct network *n)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TAKE_TIMEOUT_S;
	n->waiting++;
	n->trouble.code = 0;
	while (!n->ready && !n->trouble.code && !n->stop) {
		pthread_cond_broadcast(&n->changed);
		if (pthread_cond_timedwait(&n->changed, &n->lock, &until) == ETIMEDOUT)
			break;
	}
	n->waiting--;
	return n->ready != NULL;
}

int pool_take(struct network *n, const char *cid, struct endpoint **out, struct err *e)
{
	int r = 0;

	pthread_mutex_lock(&n->lock);
	if (n->ready || wait_ready(n)) {
		*out = pop_ready(n, cid);
		n->taken_ns = clock_mono_ns();
	} else if (n->trouble.code) {
		r = -n->trouble.code;
		if (e)
			*e = n->trouble;
	} else {
		r = err_set(e, ETIMEDOUT, "network %s: no network namespace was made in %d s",
			    n->bridge, TAKE_TIMEOUT_S);
	}
	pthread_cond_broadcast(&n->changed);
	pthread_mutex_unlock(&n->lock);
	return r;
}

static void unlink_busy(struct network *n, const struct endpoint *ep)
{
	struct endpoint **at = &n->busy;

	while (*at && *at != ep)
		at = &(*at)->next;
	if (*at)
		*at = ep->next;
}

void pool_drop_busy(struct network *n, struct endpoint *ep)
{
	pthread_mutex_lock(&n->lock);
	unlink_busy(n, ep);
	endpoint_give_addresses(n, ep);
	pthread_mutex_unlock(&n->lock);
}

void pool_give_back(struct network *n, struct endpoint *ep)
{
	pthread_mutex_lock(&n->lock);
	unlink_busy(n, ep);
	push_dead(n, ep);
	n->taken_ns = clock_mono_ns();
	pthread_cond_broadcast(&n->changed);
	pthread_mutex_unlock(&n->lock);
}

void pool_add_busy(struct network *n, struct endpoint *ep)
{
	pthread_mutex_lock(&n->lock);
	addresses_reserve(&n->addresses, ep->address);
	if (ep->six)
		addresses6_reserve(&n->addresses6, ep->six);
	ep->net = n;
	ep->next = n->busy;
	n->busy = ep;
	pthread_mutex_unlock(&n->lock);
}

int pool_open(struct network *n, struct err *e)
{
	pthread_condattr_t a;

	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&n->changed, &a);
	pthread_condattr_destroy(&a);
	int r = network_thread(&n->keeper, keep, n, "net-keeper");
	n->keeper_runs = r == 0;
	return r < 0 ? err_sys(e, -r, "start the network's keeper") : 0;
}

void pool_close(struct network *n)
{
	pthread_mutex_lock(&n->lock);
	n->stop = true;
	pthread_cond_broadcast(&n->changed);
	pthread_mutex_unlock(&n->lock);
	if (n->keeper_runs)
		pthread_join(n->keeper, NULL);
	pthread_cond_destroy(&n->changed);
}
