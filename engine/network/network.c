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
#define STACK (128u << 10)	/* our threads call nothing deep; measured: under 16 KiB */
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
	r = proxy_open(n, visit, arg, &n->proxy, e);
	if (r < 0)
		return r;
	r = pool_open(n, e);
	if (r < 0)
		proxy_close(n->proxy);
	return r;
}

int network_open(struct kernel *k, const struct network_config *c,
		 void (*visit)(void *arg, const struct net_visit *v), void *arg,
		 struct network **out, struct err *e)
{
	if (strlen(c->bridge) >= IF_NAMESIZE)
		return err_set(e, EINVAL, "network %s: an interface's name has at most %d letters",
			       c->bridge, IF_NAMESIZE - 1);
	struct network *n = mem_alloc(sizeof(*n));
	n->k = k;
	n->want = clamp_pool(c->pool);
	n->next_port = FIRST_FREE_PORT;
	snprintf(n->bridge, sizeof(n->bridge), "%s", c->bridge);
	n->warnings = strv_dup((char *[]){ NULL });
	pthread_mutex_init(&n->lock, NULL);
	int r = open_all(n, c, visit, arg, e);
	if (r < 0) {
		free_network(n);
		return r;
	}
	*out = n;
	return 0;
}

void network_close(struct network *n, bool remove)
{
	for (struct endpoint *ep = n->busy; ep; ep = ep->next)
		ports_close(n, ep);
	while (remove && n->busy)
		pool_give_back(n, n->busy);
	if (remove)
		network_sweep(n);
	pool_close(n);
	proxy_close(n->proxy);
	while (n->busy) {	/* these containers go on without us */
		struct endpoint *ep = n->busy;
		n->busy = ep->next;
		k_close(n->k, ep->netns);
		free(ep);
	}
	if (remove) {
		firewall_remove(n);
		bridge_remove(n);
	}
	free_network(n);
}

/* ---- containers ---- */

int network_attach(struct network *n, const char *cid, struct endpoint **out, struct err *e)
{
	return pool_take(n, cid, out, e);
}

void network_detach(struct network *n, struct endpoint *ep)
{
	ports_close(n, ep);
	pool_give_back(n, ep);
}

/* The stray with that index leaves the list; its host end's name goes to veth. */
static bool claim_stray(struct network *n, int index, char veth[IF_NAMESIZE])
{
	pthread_mutex_lock(&n->lock);
	struct stray **at = &n->strays;
	while (*at && (*at)->index != index)
		at = &(*at)->next;
	struct stray *s = *at;
	if (s) {
		*at = s->next;
		memcpy(veth, s->name, IF_NAMESIZE);
	}
	pthread_mutex_unlock(&n->lock);
	free(s);
	return s != NULL;
}

/* A helper thread's errand: into the namespace, and a question there. */
struct look_in { struct network *n; int netns; struct link eth0; int result; struct err e; };

static void *look_in(void *arg)
{
	struct look_in *l = arg;
	struct kernel *k = l->n->k;

	l->result = (int)k_setns(k, l->netns, CLONE_NEWNET);
	if (l->result < 0) {
		err_sys(&l->e, -l->result, "enter the container's network namespace");
		return NULL;
	}
	int sock = open_socket(l->n, &l->e);
	l->result = sock < 0 ? sock : link_find(k, sock, "eth0", &l->eth0, &l->e);
	if (sock >= 0)
		k_close(k, sock);
	return NULL;	/* the thread ends in there: it serves nobody else */
}

static int find_cable(struct network *n, struct endpoint *ep, struct err *e)
{
	struct look_in l = { .n = n, .netns = ep->netns };
	pthread_t t;

	int r = network_thread(&t, look_in, &l, "net-look");
	if (r < 0)
		return err_sys(e, -r, "start a thread");
	pthread_join(t, NULL);
	if (l.result < 0) {
		if (e)
			*e = l.e;
		return l.result;
	}
	if (!claim_stray(n, l.eth0.peer, ep->veth))
		return err_set(e, ENOENT, "its cable isn't in the bridge %s", n->bridge);
	return 0;
}

int network_adopt(struct network *n, const char *cid, int pid, const char *address,
		  struct endpoint **out, struct err *e)
{
	autofree struct endpoint *ep = mem_alloc(sizeof(*ep));
	char path[64];
	struct subnet own;
	autofree char *cidr = str_printf("%s/%d", address, n->net.prefix);

	int r = subnet_parse(cidr, &own, e);
	if (r < 0)
		return r;
	endpoint_describe(ep, own.own, own.prefix);
	snprintf(ep->cid, sizeof(ep->cid), "%s", cid);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	ep->netns = (int)k_open(n->k, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (ep->netns < 0)
		return err_sys(e, -ep->netns, "adopt container %.12s: open %s", cid, path);
	ep->inode = netns_inode(ep->netns);
	r = find_cable(n, ep, e);
	if (r < 0) {
		k_close(n->k, ep->netns);
		return err_wrap(e, "adopt container %.12s", cid);
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
		pthread_mutex_unlock(&n->lock);
		free(s);
	}
	if (sock >= 0)
		k_close(n->k, sock);
}

uint64_t network_netns_of(struct network *n, uint32_t address)
{
	uint64_t inode = n->host_inode;

	pthread_mutex_lock(&n->lock);
	for (struct endpoint *ep = n->busy; ep; ep = ep->next)
		if (ep->address == address)
			inode = ep->inode;
	pthread_mutex_unlock(&n->lock);
	return inode;
}

/* ---- asking ---- */

int endpoint_netns_fd(const struct endpoint *ep) { return ep->netns; }
uint64_t endpoint_netns_inode(const struct endpoint *ep) { return ep->inode; }
const char *endpoint_address(const struct endpoint *ep) { return ep->text; }
int endpoint_prefix(const struct endpoint *ep) { return ep->prefix; }
const char *endpoint_mac(const struct endpoint *ep) { return ep->mac; }
const char *network_gateway(const struct network *n) { return n->gateway; }
const char *network_subnet(const struct network *n) { return n->subnet; }
const char *network_bridge(const struct network *n) { return n->bridge; }
bool network_ipv6(const struct network *n) { return n->ipv6; }
char *const *network_warnings(const struct network *n) { return n->warnings; }
