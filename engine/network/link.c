/* link.c - see link.h.
 *
 * What `ip link`, `ip address` and `ip route` do, message by message: the types
 * RTM_NEW/DEL/GET + LINK/ADDR/ROUTE with a small fixed structure (ifinfomsg,
 * ifaddrmsg, rtmsg) and attributes.  rtnetlink(7), veth(4).
 */
#include "network/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

#include "core/cleanup.h"
#include "network/answer.h"
#include "trace/decorator.h"

struct ip ip_of(const struct subnet *s)
{
	uint32_t be = htonl(s->own);
	struct ip ip = { .family = AF_INET, .prefix = s->prefix };

	memcpy(ip.bytes, &be, sizeof(be));
	return ip;
}

struct ip ip_of6(const struct subnet6 *s)
{
	struct ip ip = { .family = AF_INET6, .prefix = s->prefix };

	address6_bytes(s->own, ip.bytes);
	return ip;
}

static size_t ip_size(const struct ip *ip) { return ip->family == AF_INET ? 4 : 16; }

static const char *ip_text(const struct ip *ip, char text[ADDRESS6_TEXT])
{
	return inet_ntop(ip->family, ip->bytes, text, ADDRESS6_TEXT);
}

/* A request being written, with its room. */
struct request {
	struct nl nl;
	_Alignas(8) char room[1024];
};

static void begin(struct request *q)
{
	nl_init(&q->nl, q->room, sizeof(q->room));
}

/* Makes the change; the trace says why. */
static int change(struct kernel *k, int sock, struct request *q, enum why why)
{
	trace_why(k, why);
	int r = nl_send(k, sock, &q->nl, NULL);
	trace_why(k, WHY_TABLE);
	return r;
}

/* A message about a link: the one with that index, or if 0 the one named. */
static void about_link(struct nl *m, int type, int flags, int index, const char *name)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = index };

	nl_begin(m, type, flags, &info, sizeof(info));
	if (name)
		nl_attr_str(m, IFLA_IFNAME, name);
}

static void raise_link(struct nl *m, int index)
{
	struct ifinfomsg info = {
		.ifi_family = AF_UNSPEC, .ifi_index = index,
		.ifi_flags = IFF_UP, .ifi_change = IFF_UP,
	};

	nl_begin(m, RTM_NEWLINK, 0, &info, sizeof(info));
}

/* No address by itself, hence no neighbour discovery nor multicast on a cable that
 * only carries IPv4.  By netlink and not by .../disable_ipv6: a write there, while
 * another holds the kernel's rtnl lock, is tried over and over at full speed. */
static void no_ipv6_address(struct nl *m, int index)
{
	uint8_t none = IN6_ADDR_GEN_MODE_NONE;

	about_link(m, RTM_NEWLINK, 0, index, NULL);
	size_t spec = nl_nest(m, IFLA_AF_SPEC), six = nl_nest(m, AF_INET6);
	nl_attr_put(m, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof(none));
	nl_nest_end(m, six);
	nl_nest_end(m, spec);
}

static void give_broadcast(struct nl *m, const struct ip *address)
{
	uint32_t own;

	memcpy(&own, address->bytes, sizeof(own));
	nl_attr_u32(m, IFA_BROADCAST, own | htonl(address->prefix ? ~0u >> address->prefix : ~0u));
}

/* Who has which address is decided by us: IPv6 needn't spend a second on asking
 * whether another has it (IFA_F_NODAD). */
static void give_address(struct nl *m, int index, const struct ip *address)
{
	struct ifaddrmsg info = {
		.ifa_family = (unsigned char)address->family,
		.ifa_prefixlen = (unsigned char)address->prefix,
		.ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_scope = RT_SCOPE_UNIVERSE, .ifa_index = index,
	};

	nl_begin(m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	nl_attr_put(m, IFA_LOCAL, address->bytes, ip_size(address));
	nl_attr_put(m, IFA_ADDRESS, address->bytes, ip_size(address));
	if (address->family == AF_INET)
		give_broadcast(m, address);
}

static void route_everything_to(struct nl *m, const struct ip *gateway)
{
	struct rtmsg info = {
		.rtm_family = (unsigned char)gateway->family, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};

	nl_begin(m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
	nl_attr_put(m, RTA_GATEWAY, gateway->bytes, ip_size(gateway));
}

/* ---- making and unmaking ---- */

int link_add_bridge(struct kernel *k, int sock, const char *name, const uint8_t mac[6],
		    struct err *e)
{
	struct request q;

	begin(&q);
	about_link(&q.nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, name);
	/* Without an address of its own a bridge takes its lowest port's, and changes
	 * it as ports come and go: the containers' idea of the gateway would be stale. */
	nl_attr_put(&q.nl, IFLA_ADDRESS, mac, 6);
	size_t info = nl_nest(&q.nl, IFLA_LINKINFO);
	nl_attr_str(&q.nl, IFLA_INFO_KIND, "bridge");
	nl_nest_end(&q.nl, info);
	int r = change(k, sock, &q, WHY_NET_BRIDGE);
	return r < 0 ? err_sys(e, -r, "make the bridge %s", name) : 0;
}

static void put_mtu(struct nl *m, int mtu)
{
	if (mtu)
		nl_attr_u32(m, IFLA_MTU, (uint32_t)mtu);
}

int link_add_veth(struct kernel *k, int sock, const struct link_pair *pair, struct err *e)
{
	struct ifinfomsg peer = { .ifi_family = AF_UNSPEC };
	struct request q;

	begin(&q);
	about_link(&q.nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, pair->name);
	if (pair->bridge)
		nl_attr_u32(&q.nl, IFLA_MASTER, pair->bridge);
	put_mtu(&q.nl, pair->mtu);
	size_t info = nl_nest(&q.nl, IFLA_LINKINFO);
	nl_attr_str(&q.nl, IFLA_INFO_KIND, "veth");
	size_t data = nl_nest(&q.nl, IFLA_INFO_DATA);
	/* The peer is described as a link message of its own.  It can't be raised
	 * here (ENOTCONN, and it costs 20 ms): link_settle() does that. */
	size_t other = nl_nest(&q.nl, VETH_INFO_PEER);
	nl_raw(&q.nl, &peer, sizeof(peer));
	nl_attr_str(&q.nl, IFLA_IFNAME, pair->inside);
	if (pair->mac)
		nl_attr_put(&q.nl, IFLA_ADDRESS, pair->mac, 6);
	put_mtu(&q.nl, pair->mtu);
	nl_attr_u32(&q.nl, IFLA_NET_NS_FD, pair->netns_fd);
	nl_nest_end(&q.nl, other);
	nl_nest_end(&q.nl, data);
	nl_nest_end(&q.nl, info);
	int r = change(k, sock, &q, WHY_NET_VETH);
	return r < 0 ? err_sys(e, -r, "make the veth pair %s", pair->name) : 0;
}

int link_enslave(struct kernel *k, int sock, int index, const struct link_pair *as, struct err *e)
{
	struct request q;

	begin(&q);
	about_link(&q.nl, RTM_NEWLINK, 0, index, as->name);
	put_mtu(&q.nl, as->mtu);
	nl_attr_u32(&q.nl, IFLA_MASTER, as->bridge);
	int r = change(k, sock, &q, WHY_NET_VETH);
	return r < 0 ? err_sys(e, -r, "make %s a port of bridge %d", as->name, as->bridge) : 0;
}

int link_isolate(struct kernel *k, int sock, int index, struct err *e)
{
	struct ifinfomsg info = { .ifi_family = AF_BRIDGE, .ifi_index = index };
	struct request q;
	uint8_t yes = 1;

	begin(&q);
	nl_begin(&q.nl, RTM_SETLINK, 0, &info, sizeof(info));
	size_t port = nl_nest(&q.nl, IFLA_PROTINFO | NLA_F_NESTED);
	nl_attr_put(&q.nl, IFLA_BRPORT_ISOLATED, &yes, sizeof(yes));
	nl_nest_end(&q.nl, port);
	int r = change(k, sock, &q, WHY_TABLE);
	return r < 0 ? err_sys(e, -r, "isolate link %d", index) : 0;
}

int link_set_mtu(struct kernel *k, int sock, int index, int mtu, struct err *e)
{
	struct request q;

	begin(&q);
	about_link(&q.nl, RTM_NEWLINK, 0, index, NULL);
	put_mtu(&q.nl, mtu);
	int r = change(k, sock, &q, WHY_TABLE);
	return r < 0 ? err_sys(e, -r, "set the MTU of link %d to %d", index, mtu) : 0;
}

int link_up(struct kernel *k, int sock, int index, bool quiet, struct err *e)
{
	struct request q;

	begin(&q);
	if (quiet)
		no_ipv6_address(&q.nl, index);
	raise_link(&q.nl, index);
	int r = change(k, sock, &q, WHY_NET_UP);
	return r < 0 ? err_sys(e, -r, "raise link %d", index) : 0;
}

int link_delete(struct kernel *k, int sock, const char *name, struct err *e)
{
	struct request q;

	begin(&q);
	about_link(&q.nl, RTM_DELLINK, 0, 0, name);
	int r = change(k, sock, &q, WHY_TABLE);
	return r < 0 ? err_sys(e, -r, "delete the link %s", name) : 0;
}

static void move_to_group(struct nl *m, int index, uint32_t group)
{
	about_link(m, RTM_NEWLINK, 0, index, NULL);
	nl_attr_u32(m, IFLA_GROUP, group);
}

int link_delete_many(struct kernel *k, int sock, const int *indexes, int n, uint32_t group,
		     struct err *e)
{
	struct request mark, all;

	begin(&mark);
	for (int i = 0; i < n && i < LINK_BATCH; i++)
		move_to_group(&mark.nl, indexes[i], group);
	change(k, sock, &mark, WHY_TABLE);	/* those that are gone can't be moved */
	begin(&all);
	about_link(&all.nl, RTM_DELLINK, 0, 0, NULL);
	nl_attr_u32(&all.nl, IFLA_GROUP, group);
	int r = change(k, sock, &all, WHY_TABLE);
	return r < 0 && r != -ENODEV ? err_sys(e, -r, "delete %d links", n) : 0;
}

int link_add_address(struct kernel *k, int sock, int index, const struct ip *address,
		     struct err *e)
{
	struct request q;
	char text[ADDRESS6_TEXT];

	begin(&q);
	give_address(&q.nl, index, address);
	int r = change(k, sock, &q, WHY_NET_ADDRESS);
	return r < 0 && r != -EEXIST ? err_sys(e, -r, "give link %d the address %s", index,
					       ip_text(address, text)) : 0;
}

int link_settle(struct kernel *k, int sock, const struct link_inside *in, struct err *e)
{
	struct request q;
	char text[ADDRESS6_TEXT];

	begin(&q);
	if (in->name) {
		about_link(&q.nl, RTM_NEWLINK, 0, in->index, in->name);
		put_mtu(&q.nl, in->mtu);
		nl_attr_put(&q.nl, IFLA_ADDRESS, in->mac, 6);
	}
	if (in->quiet)
		no_ipv6_address(&q.nl, in->index);
	raise_link(&q.nl, LO_INDEX);
	for (size_t i = 0; i < ARRAY_SIZE(in->address); i++)
		if (in->address[i].family)
			give_address(&q.nl, in->index, &in->address[i]);
	raise_link(&q.nl, in->index);
	for (size_t i = 0; i < ARRAY_SIZE(in->gateway); i++)
		if (in->gateway[i].family)
			route_everything_to(&q.nl, &in->gateway[i]);
	int r = change(k, sock, &q, WHY_NET_ADDRESS);
	return r < 0 ? err_sys(e, -r, "set up the network namespace of %s",
			       ip_text(&in->address[0], text)) : 0;
}

int link_lead(struct kernel *k, int sock, const struct ip *gateway, struct err *e)
{
	struct request q;
	char text[ADDRESS6_TEXT];

	begin(&q);
	route_everything_to(&q.nl, gateway);
	int r = change(k, sock, &q, WHY_NET_ROUTE);
	return r < 0 ? err_sys(e, -r, "route everything to %s", ip_text(gateway, text)) : 0;
}

/* ---- asking ---- */

static void read_kind(const struct nlattr *info, char kind[16])
{
	const struct nlattr *a[IFLA_INFO_KIND + 1];

	if (!info)
		return;
	answer_attrs(attr_data(info), attr_len(info), a, ARRAY_SIZE(a));
	if (a[IFLA_INFO_KIND])
		memcpy(kind, attr_data(a[IFLA_INFO_KIND]),
		       attr_len(a[IFLA_INFO_KIND]) < 16 ? attr_len(a[IFLA_INFO_KIND]) : 15);
}

static void read_link(const struct nlmsghdr *h, struct link *out)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	const struct nlattr *a[IFLA_LINKINFO + 1];

	memset(out, 0, sizeof(*out));
	answer_body(h, sizeof(*info), a, ARRAY_SIZE(a));
	out->index = info->ifi_index;
	out->peer = attr_u32(a[IFLA_LINK], 0);
	if (a[IFLA_IFNAME] && attr_len(a[IFLA_IFNAME]) <= sizeof(out->name))
		memcpy(out->name, attr_data(a[IFLA_IFNAME]), attr_len(a[IFLA_IFNAME]));
	if (a[IFLA_ADDRESS] && attr_len(a[IFLA_ADDRESS]) == sizeof(out->mac))
		memcpy(out->mac, attr_data(a[IFLA_ADDRESS]), sizeof(out->mac));
	read_kind(a[IFLA_LINKINFO], out->kind);
}

int link_find(struct kernel *k, int sock, const char *name, struct link *out, struct err *e)
{
	_Alignas(4) char room[8192];	/* a link with all its statistics is some 1.5 KiB */
	struct k_buf answer = { room, sizeof(room), 0 };
	struct request q;

	begin(&q);
	about_link(&q.nl, RTM_GETLINK, 0, 0, name);
	int r = nl_ask(k, sock, &q.nl, &answer);
	if (r < 0)
		return err_sys(e, -r, "look up the link %s", name);
	size_t len = answer.len;
	const struct nlmsghdr *h = (const void *)room;
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type != RTM_NEWLINK)
			continue;
		read_link(h, out);
		return 0;
	}
	return err_sys(e, ENODEV, "look up the link %s", name);
}

struct port_walk {
	int bridge;
	void (*fn)(void *arg, const struct link *l);
	void *arg;
};

static void see_port(void *arg, const struct nlmsghdr *h)
{
	struct port_walk *w = arg;
	const struct nlattr *a[IFLA_MASTER + 1];
	struct link l;

	answer_body(h, sizeof(struct ifinfomsg), a, ARRAY_SIZE(a));
	if (attr_u32(a[IFLA_MASTER], 0) != (uint32_t)w->bridge)
		return;
	read_link(h, &l);
	w->fn(w->arg, &l);
}

int link_each_port(struct kernel *k, int bridge, void (*fn)(void *arg, const struct link *l),
		   void *arg, struct err *e)
{
	struct port_walk w = { bridge, fn, arg };
	struct request q;

	begin(&q);
	about_link(&q.nl, RTM_GETLINK, NLM_F_DUMP, 0, NULL);
	nl_attr_u32(&q.nl, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_attr_u32(&q.nl, IFLA_MASTER, bridge);
	int r = answer_dump(k, NETLINK_ROUTE, &q.nl, see_port, &w);
	return r < 0 ? err_sys(e, -r, "list the links of bridge %d", bridge) : 0;
}

struct address_walk { int index; bool found; struct subnet *out; };

static void see_address(void *arg, const struct nlmsghdr *h)
{
	struct address_walk *w = arg;
	const struct ifaddrmsg *info = NLMSG_DATA(h);
	const struct nlattr *a[IFA_LOCAL + 1];

	if ((int)info->ifa_index != w->index || w->found)
		return;
	answer_body(h, sizeof(*info), a, ARRAY_SIZE(a));
	w->out->own = ntohl(attr_u32(a[IFA_LOCAL], 0));
	w->out->prefix = info->ifa_prefixlen;
	w->found = w->out->own != 0;
}

int link_address(struct kernel *k, int index, struct subnet *out, struct err *e)
{
	struct ifaddrmsg info = { .ifa_family = AF_INET };
	struct address_walk w = { index, false, out };
	struct request q;

	begin(&q);
	nl_begin(&q.nl, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
	int r = answer_dump(k, NETLINK_ROUTE, &q.nl, see_address, &w);
	if (r < 0)
		return err_sys(e, -r, "list addresses");
	return w.found ? 0 : err_sys(e, ENOENT, "look up the address of link %d", index);
}

struct route_walk { const struct ip *net; int except; bool taken; };

/* Are the first `bits` of both the same? */
static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	return !memcmp(a, b, (size_t)whole) &&
	       (!rest || ((a[whole] ^ b[whole]) & 0xff00 >> rest & 0xff) == 0);
}

static void see_route(void *arg, const struct nlmsghdr *h)
{
	struct route_walk *w = arg;
	const struct rtmsg *info = NLMSG_DATA(h);
	const struct nlattr *a[RTA_OIF + 1];

	answer_body(h, sizeof(*info), a, ARRAY_SIZE(a));
	bool counts = info->rtm_dst_len > 0 && info->rtm_type == RTN_UNICAST && a[RTA_DST] &&
		      attr_len(a[RTA_DST]) == ip_size(w->net) &&
		      (int)attr_u32(a[RTA_OIF], 0) != w->except;
	int bits = info->rtm_dst_len < w->net->prefix ? info->rtm_dst_len : w->net->prefix;
	if (counts && same_bits(attr_data(a[RTA_DST]), w->net->bytes, bits))
		w->taken = true;
}

int link_route_taken(struct kernel *k, const struct ip *net, int except, bool *taken,
		     struct err *e)
{
	struct rtmsg info = { .rtm_family = (unsigned char)net->family };
	struct route_walk w = { net, except, false };
	struct request q;

	begin(&q);
	nl_begin(&q.nl, RTM_GETROUTE, NLM_F_DUMP, &info, sizeof(info));
	int r = answer_dump(k, NETLINK_ROUTE, &q.nl, see_route, &w);
	if (r < 0)
		return err_sys(e, -r, "list the host's routes");
	*taken = w.taken;
	return 0;
}
