/* rtnetlink.c - requests about links, addresses and routes, as rtnetlink(7) has them:
 * one message after the other, each answered or acknowledged.
 *
 * What a message may hold beyond what is read here is accepted and has no effect, as
 * with an attribute that a kernel doesn't know. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "kernel/netlink.h"
#include "sim/net.h"
#include "sim/token.h"

#define CAP_NET_ADMIN_BIT 12
#define TYPE_MASK 0x3fff	/* without NLA_F_NESTED */

struct request {
	struct task *t;
	struct net *net;
	const struct nlmsghdr *h;
	struct nl answer;
};

/* ---- reading ---- */

static void attributes(const void *data, size_t len, const struct nlattr **a, size_t n)
{
	const char *at = data, *end = at + len;

	memset(a, 0, n * sizeof(*a));
	while ((size_t)(end - at) >= sizeof(struct nlattr)) {
		const struct nlattr *one = (const void *)at;
		size_t size = NLMSG_ALIGN(one->nla_len);
		if (one->nla_len < sizeof(*one) || one->nla_len > (size_t)(end - at))
			return;
		if ((one->nla_type & TYPE_MASK) < n)
			a[one->nla_type & TYPE_MASK] = one;
		if (size > (size_t)(end - at))
			return;
		at += size;
	}
}

static const void *data_of(const struct nlattr *a) { return a + 1; }
static size_t size_of(const struct nlattr *a) { return a->nla_len - sizeof(*a); }

static uint32_t u32_of(const struct nlattr *a, uint32_t otherwise)
{
	uint32_t v = otherwise;

	if (a && size_of(a) >= sizeof(v))
		memcpy(&v, data_of(a), sizeof(v));
	return v;
}

static void text_of(const struct nlattr *a, char out[IFNAMSIZ])
{
	size_t n = a ? strnlen(data_of(a), size_of(a)) : 0;

	n = n < IFNAMSIZ ? n : IFNAMSIZ - 1;
	if (n)
		memcpy(out, data_of(a), n);
	out[n] = '\0';
}

/* The attributes behind the fixed part of a message. */
static bool body(const struct nlmsghdr *h, size_t fixed, const struct nlattr **a, size_t n)
{
	size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);

	if (h->nlmsg_len < NLMSG_HDRLEN + fixed)
		return false;
	attributes((const char *)h + skip, h->nlmsg_len > skip ? h->nlmsg_len - skip : 0, a, n);
	return true;
}

/* ---- links ---- */

static struct sim_link *which(struct request *q, const struct ifinfomsg *info,
			      const struct nlattr *const *a)
{
	char name[IFNAMSIZ];

	if (info->ifi_index > 0)
		return net_link(q->net, info->ifi_index);
	text_of(a[IFLA_IFNAME], name);
	return *name ? net_link_named(q->net, name) : NULL;
}

static void set_mac(struct sim_link *l, const struct nlattr *a)
{
	if (a && size_of(a) >= sizeof(l->mac))
		memcpy(l->mac, data_of(a), sizeof(l->mac));
}

static int set_master(struct sim_link *l, const struct nlattr *a)
{
	struct sim_link *bridge = a ? net_link(l->net, (int)u32_of(a, 0)) : NULL;

	if (!a)
		return 0;
	if (u32_of(a, 0) && (!bridge || bridge->kind != LINK_BRIDGE))
		return -EINVAL;
	l->master = bridge;
	return 0;
}

static struct net *other_net(struct request *q, const struct nlattr *const *a)
{
	int fd = (int)u32_of(a[IFLA_NET_NS_FD], (uint32_t)-1);
	struct ns *n = a[IFLA_NET_NS_FD] ? ns_from_file(fd_file(q->t, fd)) : NULL;

	if (a[IFLA_NET_NS_FD] && !n)
		n = token_find(q->t->sim, fd, TOKEN_NS);
	if (a[IFLA_NET_NS_PID]) {
		struct task *of = task_find(q->t->sim, ns_of(q->t, NS_PID),
					    (int)u32_of(a[IFLA_NET_NS_PID], 0));
		n = of ? of->ns[NS_NET] : NULL;
	}
	return n && n->type == NS_NET ? n->net : NULL;
}

static int change_link(struct request *q, struct sim_link *l, const struct ifinfomsg *info,
		       const struct nlattr *const *a)
{
	char name[IFNAMSIZ];
	int r = set_master(l, a[IFLA_MASTER]);

	if (r < 0)
		return r;
	set_mac(l, a[IFLA_ADDRESS]);
	l->mtu = (int)u32_of(a[IFLA_MTU], (uint32_t)l->mtu);
	l->group = u32_of(a[IFLA_GROUP], l->group);
	if (info->ifi_change & IFF_UP)
		l->up = info->ifi_flags & IFF_UP;
	if (a[IFLA_NET_NS_FD] || a[IFLA_NET_NS_PID]) {
		struct net *to = other_net(q, a);
		return to ? net_rename_into(l, to, l->name) : -EINVAL;
	}
	text_of(a[IFLA_IFNAME], name);
	if (info->ifi_index > 0 && *name)
		return net_rename_into(l, l->net, name);
	return 0;
}

/* The other end of a cable: a link message of its own. */
static int add_peer(struct request *q, struct sim_link *l, const struct nlattr *data)
{
	const struct nlattr *in[VETH_INFO_PEER + 1] = { NULL }, *a[IFLA_LINKINFO + 20];
	struct ifinfomsg none = { .ifi_change = 0 };
	char name[IFNAMSIZ] = "";

	memset(a, 0, sizeof(a));
	if (data)
		attributes(data_of(data), size_of(data), in, ARRAY_SIZE(in));
	if (in[VETH_INFO_PEER] && size_of(in[VETH_INFO_PEER]) >= sizeof(none))
		attributes((const char *)data_of(in[VETH_INFO_PEER]) + sizeof(none),
			   size_of(in[VETH_INFO_PEER]) - sizeof(none), a, ARRAY_SIZE(a));
	struct net *to = a[IFLA_NET_NS_FD] || a[IFLA_NET_NS_PID] ? other_net(q, a) : q->net;
	text_of(a[IFLA_IFNAME], name);
	if (!to)
		return -EINVAL;
	if (*name && net_link_named(to, name))
		return -EEXIST;
	struct sim_link *p = net_add_link(to, LINK_VETH, *name ? name : "veth");
	p->peer = l;
	l->peer = p;
	set_mac(p, a[IFLA_ADDRESS]);
	p->mtu = (int)u32_of(a[IFLA_MTU], (uint32_t)p->mtu);
	return 0;
}

static int add_link(struct request *q, const struct ifinfomsg *info, const struct nlattr *const *a)
{
	const struct nlattr *in[IFLA_INFO_DATA + 1] = { NULL };
	static const struct { const char *name; enum link_kind kind; } kinds[] = {
		{ "bridge", LINK_BRIDGE }, { "veth", LINK_VETH }, { "dummy", LINK_DUMMY },
	};
	char name[IFNAMSIZ], kind[IFNAMSIZ];

	if (a[IFLA_LINKINFO])
		attributes(data_of(a[IFLA_LINKINFO]), size_of(a[IFLA_LINKINFO]), in, ARRAY_SIZE(in));
	text_of(a[IFLA_IFNAME], name);
	text_of(in[IFLA_INFO_KIND], kind);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, kind) != 0)
			continue;
		struct sim_link *l = net_add_link(q->net, kinds[i].kind, *name ? name : kind);
		int r = l->kind == LINK_VETH ? add_peer(q, l, in[IFLA_INFO_DATA]) : 0;
		if (r == 0)
			r = change_link(q, l, &(struct ifinfomsg){ .ifi_flags = info->ifi_flags,
				.ifi_change = info->ifi_change }, a);
		if (r < 0)
			net_delete_link(l);
		return r;
	}
	return -EOPNOTSUPP;
}

static int new_link(struct request *q)
{
	const struct ifinfomsg *info = NLMSG_DATA(q->h);
	const struct nlattr *a[IFLA_LINKINFO + 20];

	if (!body(q->h, sizeof(*info), a, ARRAY_SIZE(a)))
		return -EINVAL;
	struct sim_link *l = which(q, info, a);
	if (l && q->h->nlmsg_flags & NLM_F_EXCL)
		return -EEXIST;
	if (l)
		return change_link(q, l, info, a);
	return q->h->nlmsg_flags & NLM_F_CREATE ? add_link(q, info, a) : -ENODEV;
}

/* bridge link set … isolated on */
static int set_port(struct request *q)
{
	const struct ifinfomsg *info = NLMSG_DATA(q->h);
	const struct nlattr *a[IFLA_LINKINFO + 20], *port[IFLA_BRPORT_ISOLATED + 1];

	if (!body(q->h, sizeof(*info), a, ARRAY_SIZE(a)))
		return -EINVAL;
	struct sim_link *l = net_link(q->net, info->ifi_index);
	if (!l)
		return -ENODEV;
	if (info->ifi_family != AF_BRIDGE || !a[IFLA_PROTINFO])
		return change_link(q, l, info, a);
	attributes(data_of(a[IFLA_PROTINFO]), size_of(a[IFLA_PROTINFO]), port, ARRAY_SIZE(port));
	if (port[IFLA_BRPORT_ISOLATED])
		l->isolated = *(const uint8_t *)data_of(port[IFLA_BRPORT_ISOLATED]);
	return 0;
}

static int delete_group(struct net *n, uint32_t group)
{
	int found = 0;

	for (struct sim_link *l = n->links; l;) {
		struct sim_link *next = l->next;
		if (l->group == group && l->kind != LINK_LO) {
			net_delete_link(l);
			found++;
			next = n->links;	/* a peer may have been the next */
		}
		l = next;
	}
	return found ? 0 : -ENODEV;
}

static int del_link(struct request *q)
{
	const struct ifinfomsg *info = NLMSG_DATA(q->h);
	const struct nlattr *a[IFLA_LINKINFO + 20];

	if (!body(q->h, sizeof(*info), a, ARRAY_SIZE(a)))
		return -EINVAL;
	struct sim_link *l = which(q, info, a);
	if (!l && !info->ifi_index && !a[IFLA_IFNAME] && a[IFLA_GROUP])
		return delete_group(q->net, u32_of(a[IFLA_GROUP], 0));
	if (!l)
		return -ENODEV;
	if (l->kind == LINK_LO)
		return -EOPNOTSUPP;
	net_delete_link(l);
	return 0;
}

/* ---- addresses and routes ---- */

static int new_address(struct request *q)
{
	const struct ifaddrmsg *info = NLMSG_DATA(q->h);
	const struct nlattr *a[IFA_BROADCAST + 1];

	if (!body(q->h, sizeof(*info), a, ARRAY_SIZE(a)))
		return -EINVAL;
	struct sim_link *l = net_link(q->net, (int)info->ifa_index);
	if (!l)
		return -ENODEV;
	if (info->ifa_family != AF_INET || !a[IFA_LOCAL] || info->ifa_prefixlen > 32)
		return -EINVAL;
	uint32_t address = ntohl(u32_of(a[IFA_LOCAL], 0));
	for (size_t i = 0; i < l->n_addresses; i++)
		if (l->address[i].address == address)
			return -EEXIST;
	if (l->n_addresses == LINK_ADDRESSES)
		return -ENOBUFS;
	l->address[l->n_addresses++] = (struct link_address){ address, info->ifa_prefixlen };
	return 0;
}

static struct sim_link *link_to(struct net *n, uint32_t gateway)
{
	for (struct sim_link *l = n->links; l; l = l->next)
		for (size_t i = 0; l->up && i < l->n_addresses; i++)
			if (!((l->address[i].address ^ gateway) >> (32 - l->address[i].prefix)))
				return l;
	return NULL;
}

static int new_route(struct request *q)
{
	const struct rtmsg *info = NLMSG_DATA(q->h);
	const struct nlattr *a[RTA_GATEWAY + 1];
	struct sim_route **at = &q->net->routes;

	if (!body(q->h, sizeof(*info), a, ARRAY_SIZE(a)) || info->rtm_dst_len > 32)
		return -EINVAL;
	uint32_t to = ntohl(u32_of(a[RTA_DST], 0)), gateway = ntohl(u32_of(a[RTA_GATEWAY], 0));
	struct sim_link *by = a[RTA_OIF] ? net_link(q->net, (int)u32_of(a[RTA_OIF], 0)) :
			      link_to(q->net, gateway);
	if (!by)
		return a[RTA_OIF] ? -ENODEV : -ENETUNREACH;
	while (*at && ((*at)->to != to || (*at)->prefix != info->rtm_dst_len))
		at = &(*at)->next;
	if (*at && !(q->h->nlmsg_flags & NLM_F_REPLACE))
		return -EEXIST;
	if (!*at)
		*at = mem_alloc(sizeof(**at));
	(*at)->to = to;
	(*at)->prefix = info->rtm_dst_len;
	(*at)->gateway = gateway;
	(*at)->by = by;
	return 0;
}

/* ---- asking ---- */

static const char *const kind_names[] = { NULL, "bridge", "veth", "dummy" };

static void tell_link(struct request *q, const struct sim_link *l, int flags)
{
	struct ifinfomsg info = {
		.ifi_type = l->kind == LINK_LO ? 772 : 1, .ifi_index = l->index,
		.ifi_flags = (l->up ? IFF_UP | IFF_RUNNING : 0) |
			     (l->kind == LINK_LO ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST),
	};
	struct nl *m = &q->answer;

	nl_begin(m, RTM_NEWLINK, (uint16_t)flags, &info, sizeof(info));
	nl_attr_str(m, IFLA_IFNAME, l->name);
	nl_attr_u32(m, IFLA_MTU, (uint32_t)l->mtu);
	nl_attr_u32(m, IFLA_GROUP, l->group);
	nl_attr_put(m, IFLA_ADDRESS, l->mac, sizeof(l->mac));
	if (l->peer)
		nl_attr_u32(m, IFLA_LINK, (uint32_t)l->peer->index);
	if (l->master)
		nl_attr_u32(m, IFLA_MASTER, (uint32_t)l->master->index);
	if (!kind_names[l->kind])
		return;
	size_t nest = nl_nest(m, IFLA_LINKINFO);
	nl_attr_str(m, IFLA_INFO_KIND, kind_names[l->kind]);
	nl_nest_end(m, nest);
}

static int get_link(struct request *q)
{
	const struct ifinfomsg *info = NLMSG_DATA(q->h);
	const struct nlattr *a[IFLA_LINKINFO + 20];

	if (q->h->nlmsg_flags & NLM_F_DUMP) {
		for (const struct sim_link *l = q->net->links; l; l = l->next)
			tell_link(q, l, NLM_F_MULTI);
		return 0;
	}
	if (!body(q->h, sizeof(*info), a, ARRAY_SIZE(a)))
		return -EINVAL;
	struct sim_link *l = which(q, info, a);
	if (!l)
		return -ENODEV;
	tell_link(q, l, 0);
	return 0;
}

static int get_address(struct request *q)
{
	for (const struct sim_link *l = q->net->links; l; l = l->next)
		for (size_t i = 0; i < l->n_addresses; i++) {
			struct ifaddrmsg info = {
				.ifa_family = AF_INET, .ifa_index = (unsigned)l->index,
				.ifa_prefixlen = (uint8_t)l->address[i].prefix,
			};
			uint32_t address = htonl(l->address[i].address);
			nl_begin(&q->answer, RTM_NEWADDR, NLM_F_MULTI, &info, sizeof(info));
			nl_attr_u32(&q->answer, IFA_ADDRESS, address);
			nl_attr_u32(&q->answer, IFA_LOCAL, address);
			nl_attr_str(&q->answer, IFA_LABEL, l->name);
		}
	return 0;
}

static void tell_route(struct request *q, uint32_t to, int prefix, uint32_t gateway, int by)
{
	struct rtmsg info = { .rtm_family = AF_INET, .rtm_dst_len = (uint8_t)prefix,
			      .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST };

	nl_begin(&q->answer, RTM_NEWROUTE, NLM_F_MULTI, &info, sizeof(info));
	if (prefix)
		nl_attr_u32(&q->answer, RTA_DST, htonl(to));
	if (gateway)
		nl_attr_u32(&q->answer, RTA_GATEWAY, htonl(gateway));
	nl_attr_u32(&q->answer, RTA_OIF, (uint32_t)by);
}

static int get_route(struct request *q)
{
	for (const struct sim_route *r = q->net->routes; r; r = r->next)
		tell_route(q, r->to, r->prefix, r->gateway, r->by->index);
	for (const struct sim_link *l = q->net->links; l; l = l->next)
		for (size_t i = 0; l->up && l->kind != LINK_LO && i < l->n_addresses; i++)
			tell_route(q, l->address[i].address & (~0u << (32 - l->address[i].prefix)),
				   l->address[i].prefix, 0, l->index);
	return 0;
}

/* ---- the table ---- */

static const struct { uint16_t type; bool asks; int (*fn)(struct request *q); } requests[] = {
	{ RTM_NEWLINK, false, new_link },	{ RTM_SETLINK, false, set_port },
	{ RTM_DELLINK, false, del_link },	{ RTM_GETLINK, true, get_link },
	{ RTM_NEWADDR, false, new_address },	{ RTM_GETADDR, true, get_address },
	{ RTM_NEWROUTE, false, new_route },	{ RTM_GETROUTE, true, get_route },
};

static int carry_out(struct request *q)
{
	const struct ns *user = q->net->ns->owner ? q->net->ns->owner :
						    q->t->sim->initial[NS_USER];

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		if (requests[i].type != q->h->nlmsg_type)
			continue;
		if (!requests[i].asks && !ns_capable(q->t, user, CAP_NET_ADMIN_BIT))
			return -EPERM;
		return requests[i].fn(q);
	}
	return -EOPNOTSUPP;
}

/* NLMSG_DONE behind a list, else an acknowledgement; then all bear the request's number. */
static void acknowledge(struct request *q, size_t begin, int r)
{
	struct nl *m = &q->answer;

	if (r == 0 && q->h->nlmsg_flags & NLM_F_DUMP) {
		nl_begin(m, NLMSG_DONE, NLM_F_MULTI, &r, sizeof(r));
	} else if (r < 0 || q->h->nlmsg_flags & NLM_F_ACK) {
		struct nlmsgerr e = { .error = r, .msg = *q->h };
		nl_begin(m, NLMSG_ERROR, 0, &e, sizeof(e));
	}
	for (size_t at = begin; at < m->len && !m->full;) {
		struct nlmsghdr *h = (void *)(m->buf + at);
		h->nlmsg_flags &= NLM_F_MULTI;
		h->nlmsg_seq = q->h->nlmsg_seq;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
}

long net_request(struct task *t, struct net *n, const void *data, size_t len, struct k_buf *reply)
{
	struct request q = { .t = t, .net = n };
	int error = 0;

	nl_init(&q.answer, reply->data, reply->cap);
	for (q.h = data; NLMSG_OK(q.h, len); q.h = NLMSG_NEXT(q.h, len)) {
		size_t begin = q.answer.len;
		int r = carry_out(&q);
		acknowledge(&q, begin, r);
		error = error ? error : r;
	}
	reply->len = q.answer.len;
	if (q.answer.full)
		return -EMSGSIZE;
	return error ? error : (long)reply->len;
}
