/* networks_check.c - see networks_check.h: every way to ask for a network that
 * can't be, answered as docker 28 does. */
#include "runtime/networks_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "network/address.h"
#include "network/address6.h"

static bool is_six(const char *text) { return strchr(text, ':') != NULL; }

static bool is_bool(const char *text)
{
	static const char *const words[] = { "1", "t", "T", "TRUE", "true", "True", "0", "f", "F",
					     "FALSE", "false", "False" };	/* Go's ParseBool */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_eq(words[i], text))
			return true;
	return false;
}

const char *network_option(const cJSON *doc, const char *key, const char *dflt)
{
	return json_str_or(json_obj(doc, "Options"), key, dflt);
}

cJSON *network_config_of(const cJSON *doc, bool six)
{
	cJSON *config;

	cJSON_ArrayForEach(config, json_obj(json_obj(doc, "IPAM"), "Config"))
		if (is_six(json_str_or(config, "Subnet", "")) == six)
			return config;
	return NULL;
}

bool network_wants_ipv6(const cJSON *body)
{
	const char *text = network_option(body, OPTION_IPV6, "");

	return json_bool(body, "EnableIPv6") || (is_bool(text) && strchr("1tT", *text));
}

/* ---- addresses ---- */

/* Docker's lists of complaints: one alone, or all of them with stars. */
struct complaints { struct str text; int n; };

static void complain(struct complaints *c, char *text)
{
	str_addf(&c->text, "%s%s%s", c->n ? "\n" : "", c->n ? "* " : "", text);
	c->n++;
	free(text);
}

static bool is_block(const char *text)
{
	struct subnet6 six;
	struct subnet s;

	return subnet_read(text, &s) || subnet6_read(text, &six);
}

/* "172.18.5.4/16" is meant to be "172.18.0.0/16"; NULL if it is that. */
static char *masked(const char *block)
{
	char text[SUBNET6_TEXT];
	struct subnet6 six;
	struct subnet s;

	if (subnet6_read(block, &six) && six.own & ~subnet6_mask(&six))
		return str_dup(subnet6_text(&six, text));
	if (!subnet_read(block, &s) || !(s.own & ~subnet_mask(&s)))
		return NULL;
	return str_printf("%s/%d", address_text(s.own & subnet_mask(&s), text), s.prefix);
}

/* Is the range larger than its subnet, or elsewhere?  Both of one family. */
static void place_range(const char *range, const char *subnet, bool *larger, bool *inside)
{
	struct subnet6 s6, r6;
	struct subnet s, r;

	if (subnet_read(subnet, &s) && subnet_read(range, &r)) {
		*larger = r.prefix < s.prefix;
		*inside = subnet_overlaps(&s, &r);
	} else if (subnet6_read(subnet, &s6) && subnet6_read(range, &r6)) {
		*larger = r6.prefix < s6.prefix;
		*inside = subnet6_overlaps(&s6, &r6);
	}
}

static void check_range(struct complaints *c, const char *range, const char *subnet)
{
	bool larger = false, inside = true;

	if (!*range)
		return;
	if (!is_block(range)) {
		complain(c, str_printf("invalid ip-range %s: invalid CIDR block notation", range));
		return;
	}
	if (is_six(range) != is_six(subnet)) {
		complain(c, str_printf("invalid ip-range %s: parent subnet is an IPv%d block", range,
				       is_six(subnet) ? 6 : 4));
		return;
	}
	place_range(range, subnet, &larger, &inside);
	autofree char *right = masked(range);
	if (larger)
		complain(c, str_printf("invalid ip-range %s: CIDR block is bigger than its parent"
				       " subnet %s", range, subnet));
	if (right)
		complain(c, str_printf("invalid ip-range %s: it should be %s", range, right));
	if (!inside)
		complain(c, str_printf("invalid ip-range %s: parent subnet %s doesn't contain"
				       " ip-range", range, subnet));
}

/* Why an address can't be one of the subnet; NULL if it can.  Owned. */
static char *address_trouble(const char *address, const char *subnet)
{
	struct subnet6 s6;
	struct subnet s;
	struct in_addr in;
	address6 six;
	bool four = inet_pton(AF_INET, address, &in) == 1;

	if (!four && !address6_read(address, &six))
		return str_dup("invalid address");
	if (four == is_six(subnet))
		return str_printf("parent subnet is an IPv%d block", is_six(subnet) ? 6 : 4);
	if (four ? subnet_read(subnet, &s) && !subnet_contains(&s, ntohl(in.s_addr)) :
		   subnet6_read(subnet, &s6) && !subnet6_contains(&s6, six))
		return str_printf("parent subnet %s doesn't contain this address", subnet);
	return NULL;
}

static void check_addresses(struct complaints *c, const cJSON *config, const char *subnet)
{
	const char *gateway = json_str_or(config, "Gateway", "");
	autofree char *why = *gateway ? address_trouble(gateway, subnet) : NULL;
	const cJSON *aux;

	if (why)
		complain(c, str_printf("invalid gateway %s: %s", gateway, why));
	cJSON_ArrayForEach(aux, json_obj(config, "AuxiliaryAddresses")) {
		autofree char *bad = address_trouble(cJSON_IsString(aux) ? aux->valuestring : "", subnet);
		if (bad)
			complain(c, str_printf("invalid auxiliary address %s: %s", aux->string, bad));
	}
}

static void check_config(struct complaints *c, const cJSON *config, bool ipv6)
{
	const char *subnet = json_str_or(config, "Subnet", "");

	if (!is_block(subnet)) {
		complain(c, str_printf("invalid subnet %s: invalid CIDR block notation", subnet));
		return;
	}
	if (is_six(subnet) && !ipv6)
		return;
	autofree char *right = masked(subnet);
	if (right)
		complain(c, str_printf("invalid subnet %s: it should be %s", subnet, right));
	check_range(c, json_str_or(config, "IPRange", ""), subnet);
	check_addresses(c, config, subnet);
}

static int check_ipam(const cJSON *body, struct err *e)
{
	const cJSON *ipam = json_obj(body, "IPAM"), *config;
	const char *driver = json_str_or(ipam, "Driver", "");
	struct complaints c = { .n = 0 };
	int count[2] = { 0 };	/* of IPv4, of IPv6 */

	if (*driver && !str_eq(driver, "default"))
		return err_http(e, 404, ENOENT, "could not find plugin %s in v1 plugin registry: plugin"
				" not found", driver);
	cJSON_ArrayForEach(config, json_obj(ipam, "Config")) {
		check_config(&c, config, network_wants_ipv6(body));
		count[is_six(json_str_or(config, "Subnet", ""))]++;
	}
	autofree char *text = str_take(&c.text);
	if (c.n)
		return err_set(e, EINVAL, "invalid network config:\n%s%s", c.n > 1 ? "* " : "", text);
	if (count[0] > 1 || (count[1] > 1 && network_wants_ipv6(body)))
		return err_http(e, 403, EINVAL, "bridge driver doesn't support multiple subnets");
	return 0;
}

/* ---- options ---- */

static bool is_number(const char *text) { return *text && strspn(text, "0123456789") == strlen(text); }

static bool is_host_address(const char *text)
{
	struct in_addr in;

	return inet_pton(AF_INET, text, &in) == 1;
}

static bool is_host_address6(const char *text)
{
	address6 in;

	return address6_read(text, &in);
}

/* Docker's others ("routed", "isolated" …) open networks to packets from outside. */
static bool is_gateway_mode(const char *text) { return !*text || str_eq(text, "nat"); }

static bool is_empty(const char *text) { return !*text; }

static bool is_off(const char *text) { return is_bool(text) && strchr("0fF", *text); }

bool network_is_link_name(const char *text)
{
	return *text && strlen(text) < IF_NAMESIZE && !strpbrk(text, "/: \t\n") && !str_eq(text, ".") &&
	       !str_eq(text, "..");
}

/* With a number behind it, it is still a name. */
static bool is_prefix(const char *text)
{
	return network_is_link_name(text) && strlen(text) < IF_NAMESIZE - 3;
}

/* The options this driver heeds; others of com.docker.network are for drivers and
 * hosts that we don't have, and change nothing here, as unknown ones do in docker. */
static const struct { const char *key, *why; bool (*fits)(const char *text); } known[] = {
	{ OPTION_ICC, "strconv.ParseBool: parsing \"%s\": invalid syntax", is_bool },
	{ OPTION_MASQ, "strconv.ParseBool: parsing \"%s\": invalid syntax", is_bool },
	{ OPTION_MTU, "strconv.Atoi: parsing \"%s\": invalid syntax", is_number },
	{ OPTION_HOST, "nil ip", is_host_address },
	{ OPTION_PREFIX, "invalid interface name", is_prefix },
	{ OPTION_IPV6, "strconv.ParseBool: parsing \"%s\": invalid syntax", is_bool },
	{ OPTION_SOURCE, "nil ip", is_host_address },
	{ OPTION_SOURCE6, "nil ip", is_host_address6 },
	{ OPTION_MODE, "this engine knows the gateway mode nat only", is_gateway_mode },
	{ OPTION_MODE6, "this engine knows the gateway mode nat only", is_gateway_mode },
	{ OPTION_TRUSTED, "this engine lets nobody in but by published ports", is_empty },
	{ OPTION_INHIBIT, "this engine's bridges are their containers' gateway", is_off },
	{ OPTION_BRIDGE, "invalid interface name", network_is_link_name },
};

static int check_options(const cJSON *body, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const char *text = network_option(body, known[i].key, NULL);
		if (!text || known[i].fits(text))
			continue;
		struct str why = { 0 };
		const char *at = strstr(known[i].why, "%s");
		str_addn(&why, known[i].why, at ? (size_t)(at - known[i].why) : strlen(known[i].why));
		if (at)
			str_addf(&why, "%s%s", text, at + 2);
		err_set(e, EINVAL, "failed to parse %s value: %s (%s)", known[i].key, text, why.s);
		str_free(&why);
		return -EINVAL;
	}
	return 0;
}

/* ---- the rest ---- */

static int check_types(const cJSON *body, struct err *e)
{
	static const char *const objects[] = { "IPAM", "Options", "Labels" };
	static const char *const flags[] = { "Internal", "Attachable", "EnableIPv6", "Ingress",
					     "ConfigOnly" };
	const char *text;
	bool flag;

	if (!cJSON_IsObject(body))
		return err_set(e, EINVAL, "invalid JSON: got EOF while reading request body");
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		const cJSON *v = json_obj(body, objects[i]);
		if (v && !cJSON_IsObject(v) && !cJSON_IsNull(v))
			return err_set(e, EINVAL, "invalid JSON: wrong type for %s", objects[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (!cJSON_IsNull(json_obj(body, flags[i])) &&
		    json_want_bool(body, flags[i], &flag, e) < 0)
			return -EINVAL;
	int r = json_want_str(body, "Name", &text, e);
	return r < 0 ? r : json_want_str(body, "Driver", &text, e);
}

static int check_driver(const char *driver, struct err *e)
{
	if (!*driver || str_eq(driver, "bridge"))
		return 0;
	if (str_eq(driver, "host") || str_eq(driver, "null"))
		return err_http(e, 403, EPERM, "only one instance of \"%s\" network is allowed", driver);
	if (str_eq(driver, "overlay"))
		return err_http(e, 403, EPERM, "This node is not a swarm manager. Use \"docker swarm"
				" init\" or \"docker swarm join\" to connect this node to swarm and"
				" try again.");
	err_http(e, 404, ENOENT, "could not find plugin %s in v1 plugin registry: plugin not found",
		 driver);
	return err_hint(e, "this engine's networks are bridges: leave out -d, or say -d bridge");
}

int network_check(const cJSON *body, struct err *e)
{
	static const char *const predefined[] = { "bridge", "host", "none", "default" };
	const char *name = json_str_or(body, "Name", "");
	int r = check_types(body, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(predefined); i++)
		if (str_eq(predefined[i], name))
			return err_http(e, 403, EPERM, "operation is not permitted on predefined %s"
					" network ", name);
	if (!name[strspn(name, " \t\n")])
		return err_set(e, EINVAL, "invalid name: name is empty");
	if (json_bool(body, "ConfigOnly") || json_bool(body, "Ingress") ||
	    *json_str_or(json_obj(body, "ConfigFrom"), "Network", ""))
		return err_set(e, EINVAL, "configuration-only and ingress networks are a swarm's: this"
			       " engine has none");
	if (str_eq(json_str(body, "Scope"), "swarm"))
		return err_set(e, EINVAL, "cannot create a swarm scoped network when swarm is not active");
	if (cJSON_IsFalse(json_obj(body, "EnableIPv4"))) {
		err_set(e, EINVAL, "IPv4 can't be disabled for this engine's networks");
		return err_hint(e, "leave out --ipv4=false: IPv6 comes beside IPv4 here");
	}
	if ((r = check_driver(json_str_or(body, "Driver", ""), e)) < 0 ||
	    (r = check_ipam(body, e)) < 0)
		return r;
	return check_options(body, e);
}
