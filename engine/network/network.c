/* network.c - see network.h: opening, attaching, adopting, closing.
 *
 * The picture, for one container with a published port:
 *
 *	host's namespace				 container's namespace
 *	  eth0 ── masquerade ── drydock0 ── veth ═══════════ eth0 172.17.0.2
 *	                        172.17.0.1	              │
 *	  0.0.0.0:8080 ── proxy ── (socket born in there) ────┘ :80
 *
 * bridge.c makes the bridge, pool.c the namespaces and their cables, firewall.c
 * the way out, ports.c and proxy.c the way in.  Nothing is written to disk: what
 * a killed daemon leaves is in the kernel, and is found there by the next one.
 * Its pool dies with it, since a namespace without process or descriptor goes
 * away and takes its cable along; a running container's is adopted; and what is
 * then still in the bridge is swept.
 */
#include "network/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "network/internal.h"
#include "network/link.h"
#include "network/proxy.h"

#define POOL_MIN 4
#define POOL_MAX 16
/* Ours call nothing deep (measured: under 16 KiB), libnftables keeps messages of
 * 64 KiB on its stack.  What isn't touched costs nothing. */
#define STACK (512u << 10)
#define FIRST_FREE_PORT 32768

void network_warn(struct network *n, const char *fmt, ...)
{
	char text[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strv_add(&n->warnings, text);
}

int network_thread(pthread_t *t, void *(*fn)(void *), void *arg, const char *name)
{
	pthread_attr_t a;
	sigset_t all, before;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(t, &a, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&a);
	if (r == 0)
		pthread_setname_np(*t, name);
	return -r;
}

/* ---- opening and closing ---- */

static int clamp_pool(int want)
{
	return want < POOL_MIN ? POOL_MIN : want > POOL_MAX ? POOL_MAX : want;
}

static void describe_subnet(struct network *n)
{
	char text[ADDRESS_TEXT];

	address_text(n->net.own, n->gateway);
	address_text(n->net.own & subnet_mask(&n->net), text);
	snprintf(n->subnet, sizeof(n->subnet), "%s/%d", text, n->net.prefix);
	if (!n->six)
		return;
	address6_text(n->net6.own, n->gateway6);
	subnet6_text(&n->net6, n->subnet6);
}

static int open_host(struct network *n, struct err *e)
{
	n->host_netns = (int)k_open(n->k, AT_FDCWD, "/proc/thread-self/ns/net",
				    O_RDONLY | O_CLOEXEC, 0);
	if (n->host_netns < 0)
		return err_sys(e, -n->host_netns, "open the host's network namespace");
	n->host_inode = netns_inode(n->host_netns);
	n->ipv6 = access("/proc/sys/net/ipv6", F_OK) == 0;
	return 0;
}

static void free_network(struct network *n)
{
	while (n->strays) {
		struct stray *s = n->strays;
		n->strays = s->next;
		free(s);
	}
	if (n->host_netns >= 0)
		k_close(n->k, n->host_netns);
	strv_free(n->warnings);
	char *const owned[] = { n->name, n->source, n->source6 };
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		free(owned[i]);
	free(n->pools);
	free(n->pools6);
	addresses6_free(&n->addresses6);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

static int open_all(struct network *n, const struct network_config *c,
		    void (*visit)(void *arg, const struct net_visit *v), void *arg, struct err *e)
{
	int r = open_host(n, e);
	if (r == 0)
		r = bridge_open(n, c, e);
	if (r < 0)
		return r;
	describe_subnet(n);
	firewall_open(n);
	if (n->host != n)
		return 0;
	r = proxy_open(n, visit, arg, &n->proxy, e);
	if (r < 0)
		return r;
	r = pool_open(n, e);
	if (r < 0)
		proxy_close(n->proxy);
	return r;
}

static int new_network(struct kernel *k, const struct network_config *c, struct network **out,
		       struct err *e)
{
	if (strlen(c->bridge) >= IF_NAMESIZE)
		return err_set(e, EINVAL, "network %s: an interface's name has at most %d letters",
			       c->bridge, IF_NAMESIZE - 1);
	struct network *n = mem_alloc(sizeof(*n));
	n->k = k;
	n->host = n;
	n->host_netns = -1;
	n->internal = c->internal;
	n->door = c->door;
	n->isolated = c->isolated;
	n->userns = c->userns;
	n->bare = c->bare;
	n->no_forward = c->no_forward;
	n->mtu = c->mtu;
	n->six = c->six;
	n->name = str_dup(c->name);
	n->source = str_dup(c->source);
	n->source6 = str_dup(c->source6);
	snprintf(n->bridge, sizeof(n->bridge), "%s", c->bridge);
	n->warnings = strv_dup((char *[]){ NULL });
	pthread_mutex_init(&n->lock, NULL);
	*out = n;
	return 0;
}

/* The same host has the same subnets again; another most likely has others. */
static void local_pool(struct network *n, const char *of, struct subnet6_pool *out)
{
	char host[96] = "";
	struct k_buf b = { host, sizeof(host) - 1, 0 };

	if (k_read_file(n->k, "/etc/machine-id", &b) < 0)
		gethostname(host, sizeof(host) - 1);
	autofree char *seed = str_printf("drydock %s %s", of, host);
	subnet6_local(seed, out);
}

static int read_pools(struct network *n, char *const *pools, struct err *e)
{
	size_t count = (pools ? strv_len(pools) : 0) + 1;
	int r = 0;

	n->pools = mem_alloc(count * sizeof(*n->pools));
	n->pools6 = mem_alloc(count * sizeof(*n->pools6));
	for (; pools && *pools && r == 0; pools++)
		r = strchr(*pools, ':') ?
			subnet6_pool_read(*pools, &n->pools6[n->n_pools6++], e) :
			subnet_pool_read(*pools, &n->pools[n->n_pools++], e);
	if (r == 0 && !n->n_pools6)
		local_pool(n, "networks", &n->pools6[n->n_pools6++]);
	local_pool(n, n->bridge, &n->own6);
	return r;
}

int network_open(struct kernel *k, const struct network_config *c,
		 void (*visit)(void *arg, const struct net_visit *v), void *arg,
		 struct network **out, struct err *e)
{
	struct network *n;

	int r = new_network(k, c, &n, e);
	if (r < 0)
		return r;
	n->want = clamp_pool(c->pool);
	n->next_port = FIRST_FREE_PORT;
	r = read_pools(n, c->pools, e);
	if (r == 0)
		r = open_all(n, c, visit, arg, e);
	if (r < 0) {
		free_network(n);
		return r;
	}
	*out = n;
	return 0;
}

int network_add(struct network *host, const struct network_config *c, struct network **out,
		struct err *e)
{
	struct network *n;

	int r = new_network(host->k, c, &n, e);
	if (r < 0)
		return r;
	n->host = host;
	r = open_all(n, c, NULL, NULL, e);
	if (r < 0) {
		free_network(n);
		return r;
	}
	n->proxy = host->proxy;
	pthread_mutex_lock(&host->lock);
	n->more = host->more;
	host->more = n;
	pthread_cond_broadcast(&host->changed);	/* spares are wanted from now on */
	pthread_mutex_unlock(&host->lock);
	*out = n;
	return 0;
}

/* These containers go on without us. */
static void let_go(struct network *n)
{
	while (n->busy) {
		struct endpoint *ep = n->busy;
		n->busy = ep->next;
		k_close(n->k, ep->netns);
		endpoint_free(n->k, ep);
	}
}

static void leave_host(struct network *n)
{
	struct network **at = &n->host->more;

	pthread_mutex_lock(&n->host->lock);
	while (*at && *at != n)
		at = &(*at)->more;
	if (*at)
		*at = n->more;
	pthread_cond_broadcast(&n->host->changed);
	pthread_mutex_unlock(&n->host->lock);
}

static void end_network(struct network *n, bool remove)
{
	let_go(n);
	if (remove) {
		firewall_remove(n);
		bridge_remove(n);
	}
	free_network(n);
}

void network_drop(struct network *n, bool remove)
{
	leave_host(n);
	for (struct endpoint *ep = n->busy; ep; ep = ep->next)
		ports_close(n, ep);
	if (remove)
		network_sweep(n);
	end_network(n, remove);
}

void network_close(struct network *n, bool remove)
{
	while (n->more)
		network_drop(n->more, remove);
	for (struct endpoint *ep = n->busy; ep; ep = ep->next)
		ports_close(n, ep);
	while (remove && n->busy)
		pool_give_back(n, n->busy);
	if (remove)
		network_sweep(n);
	pool_close(n);
	proxy_close(n->proxy);
	end_network(n, remove);
}

/* ---- containers ---- */

int network_attach(struct network *n, const char *cid, struct endpoint **out, struct err *e)
{
	return pool_take(n, cid, out, e);
}

void network_detach(struct network *n, struct endpoint *ep)
{
	ports_close(n, ep);
	if (n->keeper_runs) {
		pool_give_back(n, ep);
		return;
	}
	pool_retire(n, ep);
}

static void forget_pair(struct network *n, uint32_t address)
{
	pthread_mutex_lock(&n->lock);
	addresses6_give(&n->addresses6, endpoint_pair_of(n, address));
	pthread_mutex_unlock(&n->lock);
}

int network_adopt(struct network *n, const struct network_was *was, struct endpoint **out,
		  struct err *e)
{
	autofree struct endpoint *ep = mem_alloc(sizeof(*ep));
	char path[64];
	struct subnet own;
	autofree char *cidr = str_printf("%s/%d", was->address, n->net.prefix);
	address6 six = 0;

	int r = subnet_parse(cidr, &own, e);
	if (r < 0)
		return r;
	if (n->six && !address6_read(was->address6, &six))	/* the network had no IPv6 then */
		forget_pair(n, own.own);
	endpoint_describe(ep, own.own, own.prefix, six);
	snprintf(ep->cid, sizeof(ep->cid), "%s", was->cid);
	snprintf(ep->inside, sizeof(ep->inside), "%s", was->inside);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", was->pid);
	ep->netns = (int)k_open(n->k, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (ep->netns < 0)
		return err_sys(e, -ep->netns, "adopt container %.12s: open %s", was->cid, path);
	ep->inode = netns_inode(ep->netns);
	r = cable_find(n, ep, e);
	if (r < 0) {
		k_close(n->k, ep->netns);
		return err_wrap(e, "adopt container %.12s", was->cid);
	}
	pool_add_busy(n, ep);
	*out = steal_ptr(ep);
	return 0;
}

void network_sweep(struct network *n)
{
	int sock = n->strays ? open_socket(n, NULL) : -1;

	while (n->strays) {
		struct stray *s = n->strays;
		n->strays = s->next;
		if (sock >= 0)
			link_delete(n->k, sock, s->name, NULL);
		pthread_mutex_lock(&n->lock);
		addresses_give(&n->addresses, s->address);
		addresses6_give(&n->addresses6, endpoint_pair_of(n, s->address));
		pthread_mutex_unlock(&n->lock);
		free(s);
	}
	if (sock >= 0)
		k_close(n->k, sock);
}

static bool has_address(struct network *n, const struct name_at *at, uint64_t *inode)
{
	bool found = false;

	pthread_mutex_lock(&n->lock);
	for (struct endpoint *ep = n->busy; ep && !found; ep = ep->next) {
		found = endpoint_is_at(ep, at);
		if (found)
			*inode = ep->inode;
	}
	pthread_mutex_unlock(&n->lock);
	return found;
}

uint64_t network_netns_of(struct network *n, const struct name_at *at)
{
	uint64_t inode = n->host_inode;

	if (has_address(n, at, &inode))
		return inode;
	pthread_mutex_lock(&n->lock);	/* the list of others; each has its own lock */
	for (struct network *o = n->more; o; o = o->more)
		if (has_address(o, at, &inode))
			break;
	pthread_mutex_unlock(&n->lock);
	return inode;
}

bool network_address_of(struct network *n, const char *cid, char text[ADDRESS_TEXT])
{
	bool found = false;

	pthread_mutex_lock(&n->lock);
	for (struct endpoint *ep = n->busy; ep && !found; ep = ep->next) {
		found = !strcmp(ep->cid, cid);
		if (found)
			memcpy(text, ep->text, sizeof(ep->text));
	}
	pthread_mutex_unlock(&n->lock);
	return found;
}

/* ---- asking ---- */

int endpoint_netns_fd(const struct endpoint *ep) { return ep->netns; }
uint64_t endpoint_netns_inode(const struct endpoint *ep) { return ep->inode; }
const char *endpoint_address(const struct endpoint *ep) { return ep->text; }
int endpoint_prefix(const struct endpoint *ep) { return ep->prefix; }
const char *endpoint_address6(const struct endpoint *ep) { return ep->text6; }
const char *endpoint_mac(const struct endpoint *ep) { return ep->mac; }
const char *network_gateway(const struct network *n) { return n->gateway; }
const char *network_subnet(const struct network *n) { return n->subnet; }
bool network_six(const struct network *n) { return n->six; }
const char *network_gateway6(const struct network *n) { return n->gateway6; }
const char *network_subnet6(const struct network *n) { return n->subnet6; }
int network_prefix6(const struct network *n) { return n->net6.prefix; }
const char *network_bridge(const struct network *n) { return n->bridge; }
bool network_ipv6(const struct network *n) { return n->ipv6; }
const char *endpoint_inside(const struct endpoint *ep) { return ep->inside; }
bool network_internal(const struct network *n) { return n->internal; }
char *const *network_warnings(const struct network *n) { return n->warnings; }
