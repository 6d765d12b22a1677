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
 * A network with IPv6 has the same once more, as table ip6: containers' addresses of
 * IPv6 are of this host's making, too.
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

/* What differs between the two families. */
struct family { const char *table, *forward, *forward_name, *command; int nfproto; };
static const struct family families[] = {
	{ "ip", "/proc/sys/net/ipv4/ip_forward", "ip_forward", "iptables", NFPROTO_IPV4 },
	{ "ip6", "/proc/sys/net/ipv6/conf/all/forwarding", "IPv6 forwarding", "ip6tables",
	  NFPROTO_IPV6 },
};

/* Of those, the network's own. */
static size_t family_count(const struct network *n) { return n->six ? 2 : 1; }

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
static void allow_forwarding(struct network *n, const struct family *f)
{
	char text[8] = "";
	struct k_buf b = { text, sizeof(text) - 1, 0 };

	if (k_read_file(n->k, f->forward, &b) >= 0 && text[0] == '1')
		return;
	long r = k_write_file(n->k, f->forward, "1");
	if (r < 0)
		network_warn(n, "network %s: containers can't reach the outside: "
			     "%s is off and can't be turned on: %s",
			     n->bridge, f->forward_name, strerror(-r));
}

/* The address that packets get on their way out: the link's own, or a chosen one. */
static void add_masquerade(const struct network *n, const struct family *f, struct str *nat)
{
	bool four = f == &families[0];
	const char *source = four ? n->source : n->source6;

	str_addf(nat, "  %s saddr %s oifname != \"%s\" %s%s\n", f->table,
		 four ? n->subnet : n->subnet6, n->bridge, source ? "snat to " : "masquerade",
		 source ? source : "");
}

/* What differs from bridge to bridge, as commands inside of the two chains. */
static void add_rules(const struct network *n, const struct family *f, struct str *nat,
		      struct str *filter)
{
	if (!n->internal && !n->bare)
		add_masquerade(n, f, nat);
	if (n->internal)
		str_addf(filter, "  iifname \"%1$s\" oifname != \"%1$s\" drop\n", n->bridge);
	if (n->isolated)	/* also those that go round by way of the gateway */
		str_addf(filter, "  iifname \"%1$s\" oifname \"%1$s\" drop\n", n->bridge);
}

static void install_table(struct network *n, const struct family *f)
{
	autostr struct str nat = { 0 }, filter = { 0 };
	char t[64];

	table_name(n, t, sizeof(t));
	add_rules(n, f, &nat, &filter);
	/* Made empty first, so that the delete can't fail: together they replace
	 * whatever a killed daemon left, in one transaction. */
	autofree char *commands = str_printf(
		"table %5$s %1$s\n"
		"delete table %5$s %1$s\n"
		"table %5$s %1$s {\n"
		" chain postrouting { type nat hook postrouting priority srcnat; policy accept;\n"
		"%3$s"
		" }\n"
		" chain forward { type filter hook forward priority filter; policy accept;\n"
		"%4$s"
		"  oifname \"%2$s\" ct state established,related accept\n"
		"  oifname \"%2$s\" iifname != \"%2$s\" drop\n"
		" }\n"
		"}\n", t, n->bridge, nat.s ? nat.s : "", filter.s ? filter.s : "", f->table);
	trace_why(n->k, WHY_NET_MASQUERADE);
	long r = k_nftables(n->k, commands);
	trace_why(n->k, WHY_TABLE);
	if (r < 0)
		network_warn(n, "network %s: containers can't reach the outside: "
			     "no nftables rule could be made: %s", n->bridge, strerror(-r));
}

/* Made first, so that the removal can't fail. */
static void remove_table(struct network *n, const struct family *f)
{
	char t[64], commands[192];

	table_name(n, t, sizeof(t));
	snprintf(commands, sizeof(commands), "table %1$s %2$s\ndelete table %1$s %2$s\n", f->table, t);
	k_nftables(n->k, commands);
}

/* ---- others' chains ---- */

struct chain_walk { struct network *n; const char *own; };

/* The family whose packets a chain of this kind sees; NULL: none of the network's. */
static const struct family *family_of(const struct network *n, int nfproto)
{
	for (size_t i = 0; i < family_count(n); i++)
		if (nfproto == families[i].nfproto || nfproto == NFPROTO_INET)
			return &families[i];
	return NULL;
}

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
	const struct family *f = family_of(w->n, gen->nfgen_family);
	if (ours || !f || ntohl(attr_u32(hook[NFTA_HOOK_HOOKNUM], 0)) != NF_INET_FORWARD ||
	    ntohl(attr_u32(a[NFTA_CHAIN_POLICY], 0)) != NF_DROP)
		return;
	network_warn(w->n, "network %1$s: containers may not reach the outside: another program's "
		     "firewall drops what it doesn't know (table %2$s, chain %3$s); let ours pass "
		     "with: %4$s -I FORWARD -i %1$s -j ACCEPT; "
		     "%4$s -I FORWARD -o %1$s -m conntrack --ctstate ESTABLISHED,RELATED "
		     "-j ACCEPT",
		     w->n->bridge, table, text_of(a[NFTA_CHAIN_NAME]), f->command);
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
	if (!n->six && n->host == n)
		remove_table(n, &families[1]);	/* it may have had IPv6 under a daemon that was killed */
	for (size_t i = 0; i < family_count(n); i++) {
		if (!n->internal && !n->no_forward && !n->host->no_forward)
			allow_forwarding(n, &families[i]);
		install_table(n, &families[i]);
	}
	if (!n->internal)
		look_for_drops(n);
}

void firewall_remove(struct network *n)
{
	for (size_t i = 0; i < family_count(n); i++)
		remove_table(n, &families[i]);
}
