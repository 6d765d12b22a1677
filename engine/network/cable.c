/* cable.c - cables on demand: users' own networks, and whatever is plugged in or
 * out while a container runs.
 *
 * Two things can only be done from inside a namespace: making it, and opening the
 * rtnetlink socket that acts there.  A thread of its own does them and ends
 * there, so that no thread that serves others ever stands in the wrong place; it
 * hands out the two descriptors, and the rest is done from the host.
 *
 * A container that stops leaves its cable to the keeper (pool.c), which takes it away
 * when nothing else is to be done; should the address have a new owner before, that
 * one takes the old cable out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "network/internal.h"
#include "network/link.h"
#include "network/spare.h"

/* The thread's errand. */
struct errand {
	struct network *n;
	int netns;
	int (*fn)(struct network *n, void *arg, struct err *e);
	void *arg;
	int result;
	struct err e;
};

static void *step_in(void *arg)
{
	struct errand *r = arg;

	r->result = r->netns < 0 ? 0 : (int)k_setns(r->n->k, r->netns, CLONE_NEWNET);
	if (r->result < 0)
		err_sys(&r->e, -r->result, "enter the container's network namespace");
	else
		r->result = r->fn(r->n, r->arg, &r->e);
	return NULL;	/* the thread ends in there: it serves nobody else */
}

int netns_errand(struct network *n, int netns,
		 int (*fn)(struct network *n, void *arg, struct err *e), void *arg, struct err *e)
{
	struct errand r = { .n = n, .netns = netns, .fn = fn, .arg = arg };
	pthread_t t;

	int failed = network_thread(&t, step_in, &r, "net-errand");
	if (failed < 0)
		return err_sys(e, -failed, "start a thread");
	pthread_join(t, NULL);
	if (r.result < 0 && e)
		*e = r.e;
	return r.result;
}

static int make_inside(struct network *n, void *arg, struct err *e)
{
	int *fds = arg;		/* the namespace's, the socket's */

	return netns_make(n, &fds[0], &fds[1], e);
}

static int open_inside(struct network *n, void *arg, struct err *e)
{
	int *sock = arg;

	*sock = open_socket(n, e);
	return *sock < 0 ? *sock : 0;
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

int cable_find(struct network *n, struct endpoint *ep, struct err *e)
{
	struct link there;
	int inside;

	int r = netns_errand(n, ep->netns, open_inside, &inside, e);
	if (r < 0)
		return r;
	r = link_find(n->k, inside, ep->inside, &there, e);
	k_close(n->k, inside);
	if (r < 0)
		return r;
	if (!claim_stray(n, there.peer, ep->veth))
		return err_set(e, ENOENT, "its cable isn't in the bridge %s", n->bridge);
	ep->index = there.peer;
	snprintf(ep->mac, sizeof(ep->mac), "%02x:%02x:%02x:%02x:%02x:%02x", there.mac[0],
		 there.mac[1], there.mac[2], there.mac[3], there.mac[4], there.mac[5]);
	return 0;
}

/* ---- plugging in ---- */

static int say_no_address(struct network *n, int code, const char *wanted, int family,
			  struct err *e)
{
	if (code == EADDRINUSE)
		return err_http(e, 403, EADDRINUSE, "Address already in use");
	if (code == ERANGE)
		return err_set(e, EINVAL, "no configured subnet or ip-range contain the IP address %s",
			       wanted);
	return err_http(e, 403, code, "no available IPv%d addresses on this network's address"
			" pools: %s (%s)", family, n->name ? n->name : "bridge", n->bridge);
}

static int take_both(struct network *n, uint32_t *four, address6 *six, struct err *e)
{
	pthread_mutex_lock(&n->lock);
	int r = endpoint_take_addresses(n, four, six);
	pthread_mutex_unlock(&n->lock);
	return r < 0 ? say_no_address(n, -r, NULL, *six ? 6 : 4, e) : 0;
}

static int take_address(struct network *n, const char *wanted, uint32_t *out, struct err *e)
{
	struct in_addr in;

	if (wanted && inet_pton(AF_INET, wanted, &in) != 1)
		return err_set(e, EINVAL, "invalid IPv4 address: %s", wanted);
	pthread_mutex_lock(&n->lock);
	int r = wanted ? addresses_claim(&n->addresses, ntohl(in.s_addr))
		       : addresses_take(&n->addresses, out);
	pthread_mutex_unlock(&n->lock);
	if (r == 0 && wanted)
		*out = ntohl(in.s_addr);
	return r < 0 ? say_no_address(n, -r, wanted, 4, e) : 0;
}

static int take_address6(struct network *n, const char *wanted, address6 *out, struct err *e)
{
	*out = 0;
	if (!n->six)
		return wanted ? say_no_address(n, ERANGE, wanted, 6, e) : 0;
	if (wanted && !address6_read(wanted, out))
		return err_set(e, EINVAL, "invalid IPv6 address: %s", wanted);
	pthread_mutex_lock(&n->lock);
	int r = wanted ? addresses6_claim(&n->addresses6, *out)
		       : addresses6_take(&n->addresses6, out);
	pthread_mutex_unlock(&n->lock);
	return r < 0 ? say_no_address(n, -r, wanted, 6, e) : 0;
}

static int plug(struct network *n, struct endpoint *ep, const struct network_wish *w,
		struct err *e)
{
	struct spare *spare = w->netns < 0 ? pool_take_spare(n->host) : NULL;
	int fds[2];

	if (spare)
		return spare_use(n, spare, ep, w->lead && !n->internal, e);
	int r = w->netns < 0 ? netns_errand(n, -1, make_inside, fds, e)
			     : netns_errand(n, w->netns, open_inside, &fds[1], e);
	if (r < 0)
		return r;
	ep->netns = w->netns < 0 ? fds[0] : fcntl(w->netns, F_DUPFD_CLOEXEC, 0);
	ep->inode = netns_inode(ep->netns);
	r = endpoint_wire(n, ep, fds[1], w->lead && !n->internal, e);
	k_close(n->k, fds[1]);
	if (r < 0)
		k_close(n->k, ep->netns);
	return r;
}

static void give_addresses(struct network *n, const struct endpoint *ep)
{
	pthread_mutex_lock(&n->lock);
	endpoint_give_addresses(n, ep);
	pthread_mutex_unlock(&n->lock);
}

/* The endpoint that is wished for, with its addresses. */
static int describe(struct network *n, const struct network_wish *w, struct endpoint *ep,
		    struct err *e)
{
	bool any = !w->address && !w->address6;
	address6 six = 0;

	int r = any ? take_both(n, &ep->address, &six, e) : take_address(n, w->address, &ep->address, e);
	if (r < 0)
		return r;
	if (!any && (r = take_address6(n, w->address6, &six, e)) < 0) {
		give_addresses(n, ep);
		return r;
	}
	endpoint_describe(ep, ep->address, n->net.prefix, six);
	snprintf(ep->cid, sizeof(ep->cid), "%s", w->cid);
	snprintf(ep->inside, sizeof(ep->inside), "%s", w->inside);
	if (w->mac && *w->mac)
		snprintf(ep->mac, sizeof(ep->mac), "%s", w->mac);
	return 0;
}

int network_connect(struct network *n, const struct network_wish *w, struct endpoint **out,
		    struct err *e)
{
	struct endpoint *ep = mem_alloc(sizeof(*ep));

	int r = describe(n, w, ep, e);
	if (r == 0 && (r = plug(n, ep, w, e)) < 0)
		give_addresses(n, ep);
	if (r < 0) {
		free(ep);
		return r;
	}
	pool_add_busy(n, ep);
	*out = ep;
	return 0;
}

/* ---- pulling out ---- */

void network_disconnect(struct endpoint *ep)
{
	struct kernel *k = ep->net->k;
	int host = nl_open(k);

	if (host >= 0) {
		link_delete(k, host, ep->veth, NULL);
		k_close(k, host);
	}
	network_detach(ep->net, ep);
}

int endpoint_lead(struct endpoint *ep, bool six, struct err *e)
{
	const struct network *n = ep->net;
	struct ip gateway = six ? ip_of6(&n->net6) : ip_of(&n->net);
	int inside;

	int r = netns_errand(ep->net, ep->netns, open_inside, &inside, e);
	if (r < 0)
		return r;
	r = link_lead(ep->net->k, inside, &gateway, e);
	k_close(ep->net->k, inside);
	return r;
}

static int write_sysctls(struct network *n, void *arg, struct err *e)
{
	for (char *const *v = arg; *v; v++) {
		autofree char *path = str_printf("/proc/sys/%.*s", (int)strcspn(*v, "="), *v);
		long r = k_write_file(n->k, path, strchr(*v, '=') + 1);
		if (r < 0)
			return err_sys(e, (int)-r, "failed to set %s", *v);
	}
	return 0;
}

int endpoint_sysctls(struct endpoint *ep, char *const *settings, struct err *e)
{
	return netns_errand(ep->net, ep->netns, write_sysctls, (void *)settings, e);
}

static bool read_ip(const char *text, struct ip *out)
{
	*out = (struct ip){ .family = AF_INET };
	if (inet_pton(AF_INET, text, out->bytes) == 1) {
		out->prefix = out->bytes[0] < 128 ? 8 : out->bytes[0] < 192 ? 16 : 24;
		return true;
	}
	*out = (struct ip){ .family = AF_INET6, .prefix = 64 };
	return inet_pton(AF_INET6, text, out->bytes) == 1;
}

int endpoint_add_address(struct endpoint *ep, const char *address, struct err *e)
{
	struct kernel *k = ep->net->k;
	struct link there;
	struct ip ip;
	int inside;

	if (!read_ip(address, &ip))
		return err_set(e, EINVAL, "invalid IP address: %s", address);
	int r = netns_errand(ep->net, ep->netns, open_inside, &inside, e);
	if (r < 0)
		return r;
	r = link_find(k, inside, ep->inside, &there, e);
	if (r == 0)
		r = link_add_address(k, inside, there.index, &ip, e);
	k_close(k, inside);
	return r;
}
