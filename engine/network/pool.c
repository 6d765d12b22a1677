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
 * Users' own networks have no keeper and no pool.  What they need is made ahead as far
 * as it can be (spare.c), or else when it is needed (cable.c); the keeper of the default
 * bridge makes the one and takes the remains of both away.
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
#include "network/spare.h"
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

/* ---- making one (keeper thread) ---- */

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

static int make(struct network *n, struct endpoint *ep, struct err *e)
{
	int inside = -1;

	trace_region(n->k, REGION_NETWORK);
	int r = netns_make(n, &ep->netns, &inside, e);
	network_come_back(n);
	trace_region(n->k, REGION_NONE);
	if (r < 0)
		return r;
	ep->inode = netns_inode(ep->netns);
	r = endpoint_wire(n, ep, inside, true, e);
	k_close(n->k, inside);
	if (r < 0)
		k_close(n->k, ep->netns);
	return r;
}

/* Deletes both ends (each takes the other along) and lets the namespaces go. */
static void unmake(struct network *n, struct endpoint *const *dead, int count)
{
	int index[LINK_BATCH], host = nl_open(n->k);

	for (int i = 0; i < count; i++)
		index[i] = dead[i]->index;
	if (host >= 0) {
		link_delete_many(n->k, host, index, count, GROUP_OF_THE_DEAD + n->bridge_index, NULL);
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

/* Called and left with the lock held; drops it to work. */
static void make_one(struct network *n)
{
	struct endpoint *ep = mem_alloc(sizeof(*ep));
	struct err e = { 0 };
	uint32_t address;
	address6 six;

	int r = endpoint_take_addresses(n, &address, &six);
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
		endpoint_free(n->k, dead[i]);
	}
	pthread_cond_broadcast(&n->changed);
}

static int spares_wanted(const struct network *n) { return n->more ? SPARES : 0; }

/* Called and left with the lock held; drops it to work. */
static void make_spare(struct network *n)
{
	struct spare *s = NULL;
	struct err e = { 0 };

	pthread_mutex_unlock(&n->lock);
	trace_region(n->k, REGION_NETWORK);
	int r = spare_make(n, &s, &e);
	trace_region(n->k, REGION_NONE);
	pthread_mutex_lock(&n->lock);
	if (r < 0) {	/* whoever needs one makes it, and says what is wrong */
		n->taken_ns = clock_mono_ns() + RETRY_NS;
		return;
	}
	s->next = n->spares;
	n->spares = s;
	n->n_spares++;
}

/* The same. */
static void drop_spares(struct network *n)
{
	struct spare *list = n->spares;

	if (!list)
		return;
	n->spares = NULL;
	n->n_spares = 0;
	pthread_mutex_unlock(&n->lock);
	spares_free(n, list, GROUP_OF_THE_DEAD + (uint32_t)n->bridge_index);
	pthread_mutex_lock(&n->lock);
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

static bool idle(const struct network *n)
{
	return !n->dead && n->n_ready >= n->want && n->n_spares >= spares_wanted(n) &&
	       (n->more || !n->spares);
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
		else if (idle(n))
			pthread_cond_wait(&n->changed, &n->lock);
		else if (clock_mono_ns() < settled)
			wait_until(n, settled);
		else if (n->dead)
			bury(n);
		else if (n->n_ready < n->want)
			make_one(n);
		else if (n->more)
			make_spare(n);
		else
			drop_spares(n);
	}
	drop_spares(n);
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

/* The keeper has work, but not at once.  Lock held. */
static void wake_keeper(struct network *n)
{
	n->taken_ns = clock_mono_ns();
	pthread_cond_broadcast(&n->changed);
}

void pool_retire(struct network *n, struct endpoint *ep)
{
	pthread_mutex_lock(&n->lock);
	unlink_busy(n, ep);
	endpoint_give_addresses(n, ep);
	ep->address = 0;
	ep->six = 0;
	pthread_mutex_unlock(&n->lock);
	pthread_mutex_lock(&n->host->lock);
	push_dead(n->host, ep);
	wake_keeper(n->host);
	pthread_mutex_unlock(&n->host->lock);
}

struct spare *pool_take_spare(struct network *host)
{
	pthread_mutex_lock(&host->lock);
	struct spare *s = host->spares;
	if (s) {
		host->spares = s->next;
		host->n_spares--;
		wake_keeper(host);
	}
	pthread_mutex_unlock(&host->lock);
	return s;
}

void pool_give_back(struct network *n, struct endpoint *ep)
{
	pthread_mutex_lock(&n->lock);
	unlink_busy(n, ep);
	push_dead(n, ep);
	wake_keeper(n);
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
