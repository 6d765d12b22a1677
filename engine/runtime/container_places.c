#include "runtime/container_places.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "network/address.h"
#include "network/address6.h"
#include "runtime/container_config.h"
#include "runtime/container_internal.h"
#include "runtime/networks_check.h"

const char *net_mode_name(const char *mode)
{
	return str_eq(mode, "default") || !*mode ? "bridge" : mode;
}

const char *place_wish(const struct place *p, const char *key)
{
	const char *text = json_str(json_obj(p->asked, "IPAMConfig"), key);

	return text && *text ? text : NULL;
}

/* ---- checking what is asked for ---- */

static int bad(struct err *e, const char *net, const char *why, const char *what)
{
	return err_set(e, EINVAL, "invalid config for network %s: invalid endpoint settings:\n%s%s", net,
		       why, what);
}

static bool is_mac(const char *text)
{
	unsigned int b[6];
	int end = 0;

	return sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		      &end) == 6 && !text[end];
}

static bool lies_in(const char *subnet, const char *address)
{
	struct subnet6 s6;
	struct subnet s;
	struct in_addr in;
	address6 six;

	if (inet_pton(AF_INET, address, &in) == 1)
		return subnet_read(subnet, &s) && subnet_contains(&s, ntohl(in.s_addr));
	return address6_read(address, &six) && subnet6_read(subnet, &s6) && subnet6_contains(&s6, six);
}

/* A fixed address is for subnets that were chosen on purpose. */
static int check_in_range(const struct net *n, const char *address, bool six, struct err *e)
{
	if (!*address)
		return 0;
	if (!net_is_own_subnet(n, six))
		return bad(e, n->name, "user specified IP address is supported only when connecting to"
			   " networks with user configured subnets", "");
	if (lies_in(json_str_or(network_config_of(n->doc, six), "Subnet", ""), address))
		return 0;
	return bad(e, n->name, "no configured subnet or ip-range contain the IP address ", address);
}

static int check_link_local(const char *name, const cJSON *list, struct err *e)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, list) {
		const char *text = cJSON_IsString(v) ? v->valuestring : "";
		struct in6_addr in;
		if ((inet_pton(AF_INET, text, &in) != 1 && inet_pton(AF_INET6, text, &in) != 1) ||
		    str_eq(text, "0.0.0.0") || str_eq(text, "::"))
			return bad(e, name, "invalid link-local IP address: ", text);
	}
	return 0;
}

static int check_settings(const char *name, const struct net *n, const cJSON *s, struct err *e)
{
	const cJSON *ipam = json_obj(s, "IPAMConfig");
	const char *four = json_str_or(ipam, "IPv4Address", ""), *six = json_str_or(ipam, "IPv6Address", "");
	const char *mac = json_str_or(s, "MacAddress", "");
	bool user = !str_eq(name, "bridge") && !str_eq(name, "host") && !str_eq(name, "none");
	struct in6_addr in;

	if (s && !cJSON_IsObject(s) && !cJSON_IsNull(s))
		return err_set(e, EINVAL, "invalid JSON: wrong type for EndpointsConfig.%s", name);
	if (!user && (*four || *six))
		return bad(e, name, "user specified IP address is supported on user defined networks"
			   " only", "");
	if (!user && cJSON_GetArraySize(json_obj(s, "Aliases")) > 0)
		return bad(e, name, "network-scoped aliases are only supported for user-defined"
			   " networks", "");
	if (*four && (inet_pton(AF_INET, four, &in) != 1 || str_eq(four, "0.0.0.0")))
		return bad(e, name, "invalid IPv4 address: ", four);
	if (*six && inet_pton(AF_INET6, six, &in) != 1)
		return bad(e, name, "invalid IPv6 address: ", six);
	if (*mac && !is_mac(mac))
		return err_set(e, EINVAL, "invalid MAC address %s", mac);
	int r = driver_opts_check(s, e);
	if (r == 0)
		r = check_link_local(name, json_obj(ipam, "LinkLocalIPs"), e);
	if (r == 0 && n && (r = check_in_range(n, four, false, e)) == 0)
		r = check_in_range(n, six, true, e);
	return r;
}

/* ---- the list ---- */

static struct place *append(struct container *c, const char *name)
{
	struct place *p = mem_alloc(sizeof(*p));

	c->places = mem_grow(c->places, (c->n_places + 1) * sizeof(*c->places));
	c->places[c->n_places++] = p;
	p->net_name = str_dup(name);
	p->address = str_dup("");
	p->address6 = str_dup("");
	p->mac = str_dup("");
	p->inside = str_dup("");
	return p;
}

int places_add(struct container *c, const char *ref, const cJSON *settings, struct place **out,
	       struct err *e)
{
	autonet struct net *n = NULL;
	bool known = networks_get(c->all, ref, &n, NULL) == 0;
	const char *name = known ? n->name : ref;
	int r = check_settings(name, n, settings, e);

	if (r < 0)
		return r;
	struct place *p = append(c, name);
	if (known)
		memcpy(p->net_id, n->id, sizeof(p->net_id));
	p->asked = cJSON_IsObject(settings) ? cJSON_Duplicate(settings, true) : cJSON_CreateObject();
	if (out)
		*out = p;
	return 0;
}

static bool is_solitary(const char *mode)
{
	return str_eq(mode, "none") || str_eq(mode, "host") || str_starts(mode, "container:");
}

static int solitary(const char *mode, struct err *e)
{
	return str_eq(mode, "none") ?
		err_set(e, EINVAL, "container cannot be connected to multiple networks with one of the"
			" networks in private (none) mode") :
		err_set(e, EINVAL, "container sharing network namespace with another container or host"
			" cannot be connected to any other network");
}

/* Who shares a network has no interface of its own. */
static int check_no_mac(const cJSON *body, const char *mode, struct err *e)
{
	const cJSON *all = json_obj(json_obj(body, "NetworkingConfig"), "EndpointsConfig");

	if (*json_str_or(body, "MacAddress", "") || *json_str_or(json_obj(all, mode), "MacAddress", ""))
		return err_set(e, EINVAL, "conflicting options: mac-address and the network mode");
	return 0;
}

/* Who shares another's network has none of its own to be set up: what is said of it all the
 * same would have no effect. */
static int check_shared(const cJSON *body, const char *mode, struct err *e)
{
	const cJSON *host = json_obj(body, "HostConfig");
	const struct { const cJSON *v; const char *what; } rows[] = {
		{ json_obj(body, "Hostname"), "hostname and the network mode" },
		{ json_obj(host, "Links"), "container type network can't be used with links. This would"
					   " result in undefined behavior" },
		{ json_obj(host, "Dns"), "dns and the network mode" },
		{ json_obj(host, "ExtraHosts"), "custom host-to-IP mapping and the network mode" },
		{ json_obj(host, "PortBindings"), "port publishing and the container type network mode" },
		{ json_obj(host, "PublishAllPorts"), "port publishing and the container type network"
						     " mode" },
		{ json_obj(body, "ExposedPorts"), "port exposing and the container type network mode" },
	};

	if (!mode[strlen("container:")])
		return err_set(e, EINVAL, "invalid network mode: invalid container format"
			       " container:<name|id>");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!config_is_nothing(rows[i].v))
			return err_set(e, EINVAL, "conflicting options: %s", rows[i].what);
	return 0;
}

/* The old place of a MAC address, which the default network's settings win over. */
static void inherit_mac(struct container *c, const cJSON *body)
{
	const char *mac = json_str_or(body, "MacAddress", "");
	cJSON *asked = c->n_places ? c->places[0]->asked : NULL;

	if (*mac && asked && !*json_str_or(asked, "MacAddress", "")) {
		cJSON_DeleteItemFromObjectCaseSensitive(asked, "MacAddress");
		json_put_str(asked, "MacAddress", mac);
	}
}

static const cJSON *settings_for(const cJSON *all, const char *mode)
{
	const cJSON *s = json_obj(all, mode);

	return s || !str_eq(mode, "bridge") ? s : json_obj(all, "default");
}

int places_build(struct container *c, const cJSON *body, struct err *e)
{
	const cJSON *all = json_obj(json_obj(body, "NetworkingConfig"), "EndpointsConfig"), *s;
	const char *mode = net_mode_name(host_text(c, "NetworkMode"));
	const char *mac = json_str_or(body, "MacAddress", "");
	int r;

	if (all && !cJSON_IsNull(all) && !cJSON_IsObject(all))
		return err_set(e, EINVAL, "invalid JSON: wrong type for NetworkingConfig.EndpointsConfig");
	if (*mac && !is_mac(mac))
		return err_set(e, EINVAL, "invalid MAC address %s", mac);
	bool joins = str_starts(mode, "container:");
	r = joins ? check_shared(body, mode, e) :
		    places_add(c, mode, settings_for(all, mode), NULL, e);
	if (r == 0 && (joins || str_eq(mode, "host")))
		r = check_no_mac(body, mode, e);
	if (r < 0)
		return r;
	inherit_mac(c, body);
	cJSON_ArrayForEach(s, all) {
		if (str_eq(net_mode_name(s->string), mode))
			continue;
		if (is_solitary(mode))
			return solitary(mode, e);
		if ((r = places_add(c, net_mode_name(s->string), s, NULL, e)) < 0)
			return r;
	}
	return 0;
}

static void set(char **field, const char *text)
{
	free(*field);
	*field = str_dup(text);
}

void place_clear(struct place *p)
{
	p->endpoint_id[0] = '\0';
	set(&p->address, "");
	set(&p->address6, "");
	set(&p->mac, "");
	set(&p->inside, "");
	p->ep = NULL;
	if (p->net)
		net_put(p->net);
	p->net = NULL;
}

static void place_free(struct place *p)
{
	place_clear(p);
	cJSON_Delete(p->asked);
	char *const text[] = { p->net_name, p->address, p->address6, p->mac, p->inside };
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		free(text[i]);
	free(p);
}

void places_remove(struct container *c, struct place *p)
{
	size_t i = 0;

	while (i < c->n_places && c->places[i] != p)
		i++;
	memmove(c->places + i, c->places + i + 1, (c->n_places - i - 1) * sizeof(*c->places));
	c->n_places--;
	place_free(p);
}

void places_free(struct container *c)
{
	for (size_t i = 0; i < c->n_places; i++)
		place_free(c->places[i]);
	free(c->places);
}

struct place *place_in(const struct container *c, const char *net_id)
{
	for (size_t i = 0; i < c->n_places; i++)
		if (str_eq(c->places[i]->net_id, net_id))
			return c->places[i];
	return NULL;
}

/* ---- kept in the state database ---- */

cJSON *places_json(const struct container *c)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < c->n_places; i++) {
		const struct place *p = c->places[i];
		cJSON *o = cJSON_CreateObject();
		json_put_str(o, "id", p->net_id);
		json_put_str(o, "name", p->net_name);
		json_put(o, "asked", cJSON_Duplicate(p->asked, true));
		json_put_str(o, "endpoint", p->endpoint_id);
		json_put_str(o, "address", p->address);
		json_put_str(o, "address6", p->address6);
		json_put_str(o, "mac", p->mac);
		json_put_str(o, "inside", p->inside);
		cJSON_AddItemToArray(list, o);
	}
	return list;
}

void places_load(struct container *c, const cJSON *list)
{
	const cJSON *o;

	cJSON_ArrayForEach(o, list) {
		struct place *p = append(c, json_str_or(o, "name", ""));
		snprintf(p->net_id, sizeof(p->net_id), "%s", json_str_or(o, "id", ""));
		snprintf(p->endpoint_id, sizeof(p->endpoint_id), "%s", json_str_or(o, "endpoint", ""));
		p->asked = cJSON_Duplicate(json_obj(o, "asked"), true);
		set(&p->address, json_str_or(o, "address", ""));
		set(&p->address6, json_str_or(o, "address6", ""));
		set(&p->mac, json_str_or(o, "mac", ""));
		set(&p->inside, json_str_or(o, "inside", ""));
	}
}

/* ---- shown ---- */

static void add_once(char ***v, const char *name)
{
	for (char **p = *v; *p; p++)
		if (str_eq(*p, name))
			return;
	if (*name)
		strv_add(v, name);
}

char **place_names(const struct container *c, const struct place *p)
{
	char **v = mem_alloc(sizeof(*v));
	autofree char *id = str_printf("%.12s", c->id);
	const cJSON *alias;

	add_once(&v, c->name);
	cJSON_ArrayForEach(alias, json_obj(p->asked, "Aliases"))
		if (cJSON_IsString(alias))
			add_once(&v, alias->valuestring);
	add_once(&v, id);
	add_once(&v, json_str_or(c->config, "Hostname", ""));
	return v;
}

static void show_asked(cJSON *o, const struct place *p, const char *key)
{
	const cJSON *v = json_obj(p->asked, key);

	json_put(o, key, v ? cJSON_Duplicate(v, true) : cJSON_CreateNull());
}

cJSON *place_show(const struct container *c, const struct place *p)
{
	cJSON *o = cJSON_CreateObject();
	bool user = !str_eq(p->net_name, "bridge") && !is_solitary(p->net_name);
	bool led = p->ep && p->net && p->net->bridge && !network_internal(p->net->bridge);
	bool six = p->ep && *p->address6;

	show_asked(o, p, "IPAMConfig");
	show_asked(o, p, "Links");
	show_asked(o, p, "Aliases");
	json_put_str(o, "MacAddress", p->mac);
	show_asked(o, p, "DriverOpts");
	json_put_str(o, "NetworkID", c->starts ? p->net_id : "");
	json_put_str(o, "EndpointID", p->endpoint_id);
	json_put_str(o, "Gateway", led ? network_gateway(p->net->bridge) : "");
	json_put_str(o, "IPAddress", p->address);
	json_put_int(o, "IPPrefixLen", p->ep ? endpoint_prefix(p->ep) : 0);
	json_put_str(o, "IPv6Gateway", led && six ? network_gateway6(p->net->bridge) : "");
	json_put_str(o, "GlobalIPv6Address", p->address6);
	json_put_int(o, "GlobalIPv6PrefixLen", six ? network_prefix6(p->net->bridge) : 0);
	char **names = user ? place_names(c, p) : NULL;
	if (names)
		json_put_strv(o, "DNSNames", names);
	else
		json_put(o, "DNSNames", cJSON_CreateNull());
	strv_free(names);
	return o;
}
