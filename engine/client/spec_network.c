/* spec_network.c - notations about networks: --network's long form, and the blocks of
 * addresses that `network create` is given. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/specs.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

/* ---- --network name=backend,alias=web,ip=172.20.0.9 ---- */

static const struct { const char *key, *group, *name; bool list; } fields[] = {
	{ "alias", NULL, "Aliases", true },
	{ "ip", "IPAMConfig", "IPv4Address", false },
	{ "ip6", "IPAMConfig", "IPv6Address", false },
	{ "link-local-ip", "IPAMConfig", "LinkLocalIPs", true },
	{ "mac-address", NULL, "MacAddress", false },
};

static void put_field(cJSON *settings, size_t i, const char *value)
{
	const char *group = fields[i].group;
	cJSON *o = group ? json_obj(settings, group) : settings;

	if (!o)
		o = cJSON_AddObjectToObject(settings, group);
	if (!fields[i].list) {
		cJSON_DeleteItemFromObjectCaseSensitive(o, fields[i].name);
		json_put_str(o, fields[i].name, value);
		return;
	}
	cJSON *list = json_obj(o, fields[i].name);
	if (!list)
		list = cJSON_AddArrayToObject(o, fields[i].name);
	cJSON_AddItemToArray(list, cJSON_CreateString(value));
}

static void put_driver_option(cJSON *settings, char *pair)
{
	cJSON *o = json_obj(settings, "DriverOpts");
	char *eq = strchr(pair, '=');

	if (!o)
		o = cJSON_AddObjectToObject(settings, "DriverOpts");
	if (eq)
		*eq++ = '\0';
	json_put_str(o, pair, eq ? eq : "");
}

static int take_field(char *field, char **name, cJSON *settings, struct err *e)
{
	char *value = strchr(field, '=');

	if (!value || !value[1])
		return err_set(e, EINVAL, "invalid field %s", field);
	*value++ = '\0';
	if (str_eq(field, "name")) {
		free(*name);
		*name = str_dup(value);
		return 0;
	}
	if (str_eq(field, "driver-opt")) {
		put_driver_option(settings, value);
		return 0;
	}
	if (str_eq(field, "gw-priority")) {
		json_put_int(settings, "GwPriority", strtol(value, NULL, 10));
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (str_eq(fields[i].key, field)) {
			put_field(settings, i, value);
			return 0;
		}
	return err_set(e, EINVAL, "invalid field key %s", field);
}

int spec_network(const char *text, char **name, cJSON **settings, struct err *e)
{
	autofree char *copy = str_dup(text), *found = NULL;
	autojson cJSON *o = cJSON_CreateObject();
	char *save;
	int r = 0;

	if (!strchr(text, '=')) {
		*name = str_dup(text);
		*settings = steal_ptr(o);
		return 0;
	}
	for (char *f = strtok_r(copy, ",", &save); f && r == 0; f = strtok_r(NULL, ",", &save))
		r = take_field(f, &found, o, e);
	if (r < 0)
		return r;
	if (!found)
		return err_set(e, EINVAL, "network name cannot be empty");
	*name = steal_ptr(found);
	*settings = steal_ptr(o);
	return 0;
}

/* ---- network create's --subnet, --gateway, --ip-range, --aux-address ---- */

struct block { int family, bits; unsigned char bytes[16]; };

static bool read_block(const char *text, struct block *b)
{
	const char *slash = strchr(text, '/');
	autofree char *host = strndup(text, slash ? (size_t)(slash - text) : strlen(text));

	b->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	b->bits = slash ? atoi(slash + 1) : b->family == AF_INET ? 32 : 128;
	return inet_pton(b->family, host, b->bytes) == 1 && b->bits >= 0 && b->bits <= 128;
}

static bool holds(const char *subnet, const char *text)
{
	struct block s, a;

	if (!read_block(subnet, &s) || !read_block(text, &a) || s.family != a.family ||
	    a.bits < s.bits)
		return false;
	for (int i = 0; i < s.bits; i++)
		if ((s.bytes[i / 8] ^ a.bytes[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

/* The configuration of the subnet that an address or range lies in; NULL: none. */
static cJSON *config_for(cJSON *list, const char *text)
{
	cJSON *config;

	cJSON_ArrayForEach(config, list)
		if (holds(json_str_or(config, "Subnet", ""), text))
			return config;
	return NULL;
}

static int put_each(cJSON *list, char *const *values, const char *key, const char *what,
		    struct err *e)
{
	for (; *values; values++) {
		cJSON *config = config_for(list, *values);
		if (!config)
			return err_set(e, EINVAL, "no matching subnet for %s %s", what, *values);
		if (json_obj(config, key))
			return err_set(e, EINVAL, "cannot configure multiple %ss (%s, %s) on the same"
				       " subnet (%s)", what, *values, json_str(config, key),
				       json_str(config, "Subnet"));
		json_put_str(config, key, *values);
	}
	return 0;
}

static int put_reserved(cJSON *list, char *const *values, struct err *e)
{
	for (; *values; values++) {
		const char *eq = strchr(*values, '=');
		cJSON *config = eq ? config_for(list, eq + 1) : NULL;
		if (!config)
			return err_set(e, EINVAL, "no matching subnet for aux-address %s",
				       eq ? eq + 1 : *values);
		cJSON *all = json_obj(config, "AuxiliaryAddresses");
		if (!all)
			all = cJSON_AddObjectToObject(config, "AuxiliaryAddresses");
		autofree char *key = strndup(*values, (size_t)(eq - *values));
		json_put_str(all, key, eq + 1);
	}
	return 0;
}

int spec_ipam(const struct ipam_words *w, cJSON **out, struct err *e)
{
	autojson cJSON *list = cJSON_CreateArray();

	if (!w->subnets[0] && (w->ranges[0] || w->gateways[0]))
		return err_set(e, EINVAL, "every ip-range or gateway must have a corresponding subnet");
	for (char *const *s = w->subnets; *s; s++) {
		cJSON *config = cJSON_CreateObject();
		json_put_str(config, "Subnet", *s);
		cJSON_AddItemToArray(list, config);
	}
	int r = put_each(list, w->ranges, "IPRange", "range", e);
	r = r ? r : put_each(list, w->gateways, "Gateway", "gateway", e);
	r = r ? r : put_reserved(list, w->reserved, e);
	if (r)
		return r;
	*out = steal_ptr(list);
	return 0;
}
