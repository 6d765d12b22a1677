/* networks_bridge.c - see networks_bridge.h.
 *
 * IPAM.Config has at most one block of each family, of IPv4 first.  A family without one
 * is given a subnet of the pools, which stands there from then on.
 */
#include "runtime/networks_bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "network/address.h"
#include "network/address6.h"
#include "runtime/container_internal.h"
#include "runtime/networks_check.h"

static bool option_is(const struct net *n, const char *key, const char *value)
{
	return str_eq(network_option(n->doc, key, ""), value);
}

/* ---- does one of another network of ours overlap it? ---- */

static bool blocks_overlap(const char *a, const char *b)
{
	struct subnet6 p6, q6;
	struct subnet p, q;

	return (subnet_read(a, &p) && subnet_read(b, &q) && subnet_overlaps(&p, &q)) ||
	       (subnet6_read(a, &p6) && subnet6_read(b, &q6) && subnet6_overlaps(&p6, &q6));
}

static bool overlaps_one(const struct net *other, const char *subnet)
{
	const cJSON *config;

	cJSON_ArrayForEach(config, json_obj(json_obj(other->doc, "IPAM"), "Config"))
		if (blocks_overlap(json_str_or(config, "Subnet", ""), subnet))
			return true;
	return false;
}

static int check_overlap(struct containers *cs, const struct net *n, bool six, struct err *e)
{
	const char *subnet = json_str_or(network_config_of(n->doc, six), "Subnet", "");

	for (size_t i = 0; i < cs->n_nets; i++)
		if (overlaps_one(cs->nets[i], subnet))
			return err_http(e, 403, EEXIST, "invalid pool request: Pool overlaps with other"
					" one on this address space");
	return 0;
}

/* ---- the bridge's own addresses ---- */

static char *first_of(const char *subnet, const char *range)
{
	char text[ADDRESS_TEXT];
	struct subnet s, r;

	if (!subnet_read(subnet, &s) || s.prefix < 8 || s.prefix > 30)
		return NULL;
	uint32_t first = subnet_read(range, &r) ? r.own : s.own;
	return str_dup(address_text(first + (first == s.own), text));
}

static char *first6_of(const char *subnet, const char *range)
{
	char text[ADDRESS6_TEXT];
	struct subnet6 s, r;

	if (!subnet6_read(subnet, &s) || s.prefix < 1 || s.prefix > 126)
		return NULL;
	address6 first = subnet6_read(range, &r) ? r.own : s.own;
	return str_dup(address6_text(first + (first == s.own), text));
}

static int check_size(const char *subnet, bool six, struct err *e)
{
	if (atoi(strchr(subnet, '/') + 1) > (six ? 126 : 30))
		return err_http(e, 403, EADDRNOTAVAIL, "failed to allocate gateway (): No available"
				" addresses on this pool");
	return err_set(e, EINVAL, "invalid network config:\ninvalid subnet %s: want %s bits or more",
		       subnet, six ? "1" : "8");
}

/* The subnet's own address and its broadcast address are no host's. */
static int check_gateway(const char *gateway, const char *subnet, struct err *e)
{
	struct subnet6 six;
	struct subnet s, g;
	address6 g6;
	autofree char *block = str_printf("%s/32", gateway);
	bool taken = false;

	if (subnet_read(subnet, &s) && subnet_read(block, &g))
		taken = !(g.own & ~subnet_mask(&s)) || !(~g.own & ~subnet_mask(&s));
	else if (subnet6_read(subnet, &six) && address6_read(gateway, &g6))
		taken = !(g6 & ~subnet6_mask(&six));
	return taken ? err_http(e, 403, EADDRINUSE, "failed to allocate gateway (%s): Address already in"
				" use", gateway) : 0;
}

/* "GATEWAY/BITS" of a block; the gateway is the subnet's first address unless said
 * otherwise (and then the ip-range's first, as Docker has it).  NULL: none is given. */
static int own_cidr(const struct net *n, bool six, char **out, struct err *e)
{
	const cJSON *config = network_config_of(n->doc, six);
	const char *subnet = json_str_or(config, "Subnet", "");
	const char *gateway = json_str_or(config, "Gateway", "");
	const char *range = json_str_or(config, "IPRange", "");

	if (!config)
		return 0;
	autofree char *first = six ? first6_of(subnet, range) : first_of(subnet, range);
	int r = first ? check_gateway(gateway, subnet, e) : check_size(subnet, six, e);
	if (r < 0)
		return r;
	*out = str_printf("%s%s", *gateway ? gateway : first, strchr(subnet, '/'));
	return 0;
}

/* ---- into the document ---- */

static void note_subnet(struct net *n, bool six)
{
	const char *gateway = six ? network_gateway6(n->bridge) : network_gateway(n->bridge);
	cJSON *config = network_config_of(n->doc, six);
	cJSON *list = json_obj(json_obj(n->doc, "IPAM"), "Config");

	if (!config) {
		config = cJSON_CreateObject();
		cJSON_InsertItemInArray(list, six ? cJSON_GetArraySize(list) : 0, config);
		json_put_str(config, "Subnet",
			     six ? network_subnet6(n->bridge) : network_subnet(n->bridge));
	}
	if (!*json_str_or(config, "Gateway", "")) {
		cJSON_DeleteItemFromObjectCaseSensitive(config, "Gateway");
		json_put_str(config, "Gateway", gateway);
	}
}

void network_note_subnets(struct net *n)
{
	note_subnet(n, false);
	if (network_six(n->bridge))
		note_subnet(n, true);
}

/* ---- making it ---- */

static void reserve(char ***reserved, const cJSON *config)
{
	const cJSON *aux;

	cJSON_ArrayForEach(aux, json_obj(config, "AuxiliaryAddresses"))
		strv_add(reserved, aux->valuestring);
}

static int open_bridge(struct containers *cs, struct net *n, const char *cidr, const char *cidr6,
		       struct err *e)
{
	autofree char *own_name = str_printf("br-%.12s", n->id);
	const cJSON *four = network_config_of(n->doc, false), *six = network_config_of(n->doc, true);
	char **reserved = mem_alloc(sizeof(*reserved));
	struct network_config c = {
		.bridge = network_option(n->doc, OPTION_BRIDGE, own_name), .name = n->name,
		.cidr = cidr, .exact = four != NULL, .range = json_str(four, "IPRange"),
		.six = json_bool(n->doc, "EnableIPv6"), .cidr6 = cidr6,
		.range6 = json_str(six, "IPRange"), .internal = json_bool(n->doc, "Internal"),
		.isolated = option_is(n, OPTION_ICC, "false"),
		.bare = option_is(n, OPTION_MASQ, "false"),
		.mtu = atoi(network_option(n->doc, OPTION_MTU, "0")),
		.source = network_option(n->doc, OPTION_SOURCE, NULL),
		.source6 = network_option(n->doc, OPTION_SOURCE6, NULL),
	};

	reserve(&reserved, four);
	reserve(&reserved, six);
	c.reserved = reserved;
	int r = network_add(cs->network, &c, &n->bridge, e);
	strv_free(reserved);
	if (r == 0)
		network_note_subnets(n);
	return r;
}

int network_make_bridge(struct containers *cs, struct net *n, bool again, struct err *e)
{
	char *cidr[2] = { NULL, NULL };
	int families = json_bool(n->doc, "EnableIPv6") ? 2 : 1, r = 0;

	if (!cs->network) {
		err_set(e, ENODEV, "this host gives the engine no bridge network");
		return err_hint(e, "containers can run with --network none or --network host");
	}
	for (int six = 0; six < families && r == 0; six++)
		if ((r = own_cidr(n, six, &cidr[six], e)) == 0 && !again)
			r = check_overlap(cs, n, six, e);
	r = r < 0 ? r : open_bridge(cs, n, cidr[0], cidr[1], e);
	free(cidr[0]);
	free(cidr[1]);
	return r;
}
