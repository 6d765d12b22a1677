/* firewall.c - masquerade and isolation, in one nftables table of our own.
 *
 * A container's address means nothing outside this host.  On the way out it is
 * replaced by the host's (masquerade), on the way back the kernel puts it in
 * again.  The other way round, nobody from elsewhere is let into the bridge but
 * as an answer: published ports are served by the proxy, not by forwarding.
 *
 *	table ip drydock		ours alone: made, replaced and deleted as a whole
 *	  chain postrouting		nat, srcnat: from the subnet to elsewhere: masquerade
 *	  chain forward			filter: into the bridge only answers
 *
 * Each bridge has such a table.  What one lets out, another doesn't let in: that
 * is how networks are kept apart.  An internal one lets nothing out either.
 *
 * No other table is touched.  That has a price: "accept" in our chain ends that
 * chain only, and a drop in anybody else's still drops (nft(8), "verdicts"). So
 * chains on the forward hook whose policy is drop - Docker makes one, ufw too -
 * are looked for and told about.  We read them off the kernel by its own
 * protocol, since k_nftables() only changes.
 *
 * What can't be had here costs a warning: containers run without reaching the
 * outside.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "network/internal.h"
#include "network/answer.h"
#include "trace/decorator.h"

#define IP_FORWARD "/proc/sys/net/ipv4/ip_forward"
#define DEFAULT_BRIDGE "drydock0"

/* "drydock"; other bridges (a second daemon, tests) get a table of their own. */
static void table_name(const struct network *n, char *out, size_t cap)
{
	bool plain = !strcmp(n->bridge, DEFAULT_BRIDGE);

	snprintf(out, cap, plain ? "drydock" : "drydock_%s", n->bridge);
	for (char *p = out; *p; p++)
		if (*p == '-' || *p == '.' || *p == ':')
			*p = '_';	/* no part of an nft identifier */
}

/* Left on at the end, as Docker leaves it: others may rely on it by then. */
static void allow_forwarding(struct network *n)
{
	char text[8] = "";
	struct k_buf b = { text, sizeof(text) - 1, 0 };

	if (k_read_file(n->k, IP_FORWARD, &b) >= 0 && text[0] == '1')
		return;
	long r = k_write_file(n->k, IP_FORWARD, "1");
	if (r < 0)
		network_warn(n, "network %s: containers can't reach the outside: "
			     "ip_forward is off and can't be turned on: %s",
			     n->bridge, strerror(-r));
}

/* What differs from bridge to bridge, as commands inside of the two chains. */
static void add_rules(const struct network *n, struct str *nat, struct str *filter)
{
	if (!n->internal && !n->bare)
		str_addf(nat, "  ip saddr %s oifname != \"%s\" masquerade\n", n->subnet, n->bridge);
	if (n->internal)
		str_addf(filter, "  iifname \"%1$s\" oifname != \"%1$s\" drop\n", n->bridge);
	if (n->isolated)	/* also those that go round by way of the gateway */
		str_addf(filter, "  iifname \"%1$s\" oifname \"%1$s\" drop\n", n->bridge);
}

static void install_table(struct network *n)
{
	autostr struct str nat = { 0 }, filter = { 0 };
	char t[64];

	table_name(n, t, sizeof(t));
	add_rules(n, &nat, &filter);
	/* Made empty first, so that the delete can't fail: together they replace
	 * whatever a killed daemon left, in one transaction. */
	autofree char *commands = str_printf(
		"table ip %1$s\n"
		"delete table ip %1$s\n"
		"table ip %1$s {\n"
		" chain postrouting { type nat hook postrouting priority srcnat; policy accept;\n"
		"%3$s"
		" }\n"
		" chain forward { type filter hook forward priority filter; policy accept;\n"
		"%4$s"
		"  oifname \"%2$s\" ct state established,related accept\n"
		"  oifname \"%2$s\" iifname != \"%2$s\" drop\n"
		" }\n"
		"}\n", t, n->bridge, nat.s ? nat.s : "", filter.s ? filter.s : "");
	trace_why(n->k, WHY_NET_MASQUERADE);
	long r = k_nftables(n->k, commands);
	trace_why(n->k, WHY_TABLE);
	if (r < 0)
		network_warn(n, "network %s: containers can't reach the outside: "
			     "no nftables rule could be made: %s", n->bridge, strerror(-r));
}

/* ---- others' chains ---- */

struct chain_walk { struct network *n; const char *own; };

static const char *text_of(const struct nlattr *a)
{
	return a ? attr_data(a) : "";
}

static void see_chain(void *arg, const struct nlmsghdr *h)
{
	struct chain_walk *w = arg;
	const struct nfgenmsg *gen = NLMSG_DATA(h);
	const struct nlattr *a[NFTA_CHAIN_POLICY + 1], *hook[NFTA_HOOK_HOOKNUM + 1];

	answer_body(h, sizeof(*gen), a, ARRAY_SIZE(a));
	if (!a[NFTA_CHAIN_HOOK] || !a[NFTA_CHAIN_POLICY])
		return;
	answer_attrs(attr_data(a[NFTA_CHAIN_HOOK]), attr_len(a[NFTA_CHAIN_HOOK]),
		      hook, ARRAY_SIZE(hook));
	const char *table = text_of(a[NFTA_CHAIN_TABLE]);
	bool ours = !strcmp(table, w->own);
	bool ipv4 = gen->nfgen_family == NFPROTO_IPV4 || gen->nfgen_family == NFPROTO_INET;
	if (ours || !ipv4 || ntohl(attr_u32(hook[NFTA_HOOK_HOOKNUM], 0)) != NF_INET_FORWARD ||
	    ntohl(attr_u32(a[NFTA_CHAIN_POLICY], 0)) != NF_DROP)
		return;
	network_warn(w->n, "network %1$s: containers may not reach the outside: another program's "
		     "firewall drops what it doesn't know (table %2$s, chain %3$s); let ours pass "
		     "with: iptables -I FORWARD -i %1$s -j ACCEPT; "
		     "iptables -I FORWARD -o %1$s -m conntrack --ctstate ESTABLISHED,RELATED "
		     "-j ACCEPT",
		     w->n->bridge, table, text_of(a[NFTA_CHAIN_NAME]));
}

/* A kernel without nftables has no such chains: its refusal is no news here. */
static void look_for_drops(struct network *n)
{
	struct nfgenmsg gen = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	_Alignas(8) char room[64];
	struct nl nl;
	char own[64];

	table_name(n, own, sizeof(own));
	struct chain_walk w = { n, own };
	nl_init(&nl, room, sizeof(room));
	nl_begin(&nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, NLM_F_DUMP,
		      &gen, sizeof(gen));
	answer_dump(n->k, NETLINK_NETFILTER, &nl, see_chain, &w);
}

void firewall_open(struct network *n)
{
	if (!n->internal)
		allow_forwarding(n);
	install_table(n);
	if (!n->internal)
		look_for_drops(n);
}

void firewall_remove(struct network *n)
{
	char t[64], command[96];

	table_name(n, t, sizeof(t));
	snprintf(command, sizeof(command), "delete table ip %s\n", t);
	k_nftables(n->k, command);
}
