/* networks.c - docker network: list, inspect, create, remove, connect, prune. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/containers_show.h"
#include "api/routes.h"
#include "core/clock.h"
#include "runtime/container_places.h"
#include "runtime/networks.h"

/* ---- showing ---- */

static cJSON *show_member(const struct container *c, const struct place *p)
{
	cJSON *o = cJSON_CreateObject();
	autofree char *four = p->ep ? str_printf("%s/%d", p->address, endpoint_prefix(p->ep)) :
				      str_dup("");
	autofree char *six = p->ep && *p->address6 ?
		str_printf("%s/%d", p->address6, network_prefix6(p->net->bridge)) : str_dup("");

	json_put_str(o, "Name", c->name);
	json_put_str(o, "EndpointID", p->endpoint_id);
	json_put_str(o, "MacAddress", p->mac);
	json_put_str(o, "IPv4Address", four);
	json_put_str(o, "IPv6Address", six);
	return o;
}

static cJSON *show_members(struct request *r, const struct net *net)
{
	cJSON *all = cJSON_CreateObject();
	size_t n;
	struct container **v = containers_list(r->api->containers, &n);

	for (size_t i = 0; i < n; i++) {
		container_lock(v[i]);
		const struct place *p = place_in(v[i], net->id);
		if (p && *p->endpoint_id)
			json_put(all, v[i]->id, show_member(v[i], p));
		container_unlock(v[i]);
	}
	containers_list_free(v, n);
	return all;
}

static void copy(cJSON *o, const struct net *n, const char *key)
{
	json_put(o, key, cJSON_Duplicate(json_obj(n->doc, key), true));
}

static cJSON *show_network(struct request *r, const struct net *n, bool members)
{
	cJSON *o = cJSON_CreateObject(), *from = cJSON_CreateObject();
	char created[40];

	json_put_str(o, "Name", n->name);
	json_put_str(o, "Id", n->id);
	json_put_str(o, "Created", clock_rfc3339(n->created_ns, created));
	json_put_str(o, "Scope", "local");
	json_put_str(o, "Driver", n->driver);
	json_put_bool(o, "EnableIPv4", true);
	copy(o, n, "EnableIPv6");
	copy(o, n, "IPAM");
	if (!str_eq(n->driver, "bridge"))
		cJSON_ReplaceItemInObjectCaseSensitive(json_obj(o, "IPAM"), "Config",
						       cJSON_CreateNull());
	copy(o, n, "Internal");
	copy(o, n, "Attachable");
	json_put_bool(o, "Ingress", false);
	json_put_str(from, "Network", "");
	json_put(o, "ConfigFrom", from);
	json_put_bool(o, "ConfigOnly", false);
	json_put(o, "Containers", members ? show_members(r, n) : cJSON_CreateObject());
	copy(o, n, "Options");
	copy(o, n, "Labels");
	return o;
}

/* ---- listing ---- */

static const char *const list_filters[] = { "driver", "type", "name", "id", "label", "scope",
					    "dangling", NULL };

/* name=, id=: a part of it. */
static bool part_fits(const cJSON *filters, const char *key, const char *value)
{
	const cJSON *list = json_obj(filters, key), *v;

	cJSON_ArrayForEach(v, list)
		if (strstr(value, v->valuestring))
			return true;
	return !list;
}

static int check_type(const cJSON *filters, struct err *e)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, json_obj(filters, "type"))
		if (!str_eq(v->valuestring, "builtin") && !str_eq(v->valuestring, "custom"))
			return err_set(e, EINVAL, "invalid filter: 'type'='%s'", v->valuestring);
	return 0;
}

/* -1: no such filter; else 0 or 1. */
static int read_dangling(const cJSON *filters, int *out, struct err *e)
{
	const cJSON *list = json_obj(filters, "dangling");
	const char *text = cJSON_GetArraySize(list) ? cJSON_GetArrayItem(list, 0)->valuestring : NULL;

	*out = -1;
	if (!text)
		return 0;
	if (cJSON_GetArraySize(list) > 1)
		return err_set(e, EINVAL, "got more than one value for filter key \"dangling\"");
	if (str_eq(text, "1") || str_eq(text, "true"))
		*out = 1;
	else if (str_eq(text, "0") || str_eq(text, "false"))
		*out = 0;
	else
		return err_set(e, EINVAL, "invalid value for filter 'dangling', must be \"true\" (or"
			       " \"1\"), or \"false\" (or \"0\")");
	return 0;
}

static bool wanted(struct request *r, const cJSON *filters, int dangling, const struct net *n)
{
	if (!filter_has(filters, "driver", n->driver) || !part_fits(filters, "name", n->name) ||
	    !part_fits(filters, "id", n->id) || !filter_has(filters, "scope", "local") ||
	    !filter_has(filters, "type", n->builtin ? "builtin" : "custom") ||
	    !filter_labels(filters, json_obj(n->doc, "Labels")))
		return false;
	return dangling < 0 ||
	       dangling == (!n->builtin && !networks_in_use(r->api->containers, n));
}

int networks_list_route(struct request *r, struct err *e)
{
	autojson cJSON *filters = NULL;
	int dangling, err = query_filters(r, &filters, e);
	size_t n;

	if (err < 0 || (err = filter_check(filters, list_filters, e)) < 0 ||
	    (err = check_type(filters, e)) < 0 || (err = read_dangling(filters, &dangling, e)) < 0)
		return err;
	cJSON *rows = cJSON_CreateArray();
	struct net **v = networks_list(r->api->containers, &n);
	for (size_t i = 0; i < n; i++)
		if (wanted(r, filters, dangling, v[i]))
			cJSON_AddItemToArray(rows, show_network(r, v[i], r->minor < 28));
	networks_list_free(v, n);
	return reply_json(r, 200, rows);
}

/* ---- one ---- */

static int request_net(struct request *r, struct net **out, struct err *e)
{
	return networks_get(r->api->containers, r->arg[0], out, e);
}

int networks_inspect(struct request *r, struct err *e)
{
	autonet struct net *n = NULL;
	const char *scope = query_or(r, "scope", "local");
	int err = request_net(r, &n, e);

	if (err < 0)
		return err;
	if (!str_eq(scope, "local"))
		return err_http(e, 404, ENOENT, "network %s not found", r->arg[0]);
	return reply_json(r, 200, show_network(r, n, true));
}

int networks_create_route(struct request *r, struct err *e)
{
	autonet struct net *n = NULL;
	int err = networks_create(r->api->containers, &r->origin, r->json, &n, e);

	if (err < 0)
		return err;
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "Id", n->id);
	json_put_str(o, "Warning", "");
	return reply_json(r, 201, o);
}

int networks_delete(struct request *r, struct err *e)
{
	autonet struct net *n = NULL;
	int err = request_net(r, &n, e);

	if (err == 0)
		err = networks_remove(r->api->containers, &r->origin, n, e);
	return err < 0 ? err : reply_empty(r, 204);
}

/* The network of the path and the container that the body names. */
static int request_member(struct request *r, struct container **c, struct net **n, struct err *e)
{
	const char *ref;
	int err = json_want_str(r->json, "Container", &ref, e);

	if (err == 0)
		err = containers_get(r->api->containers, json_str_or(r->json, "Container", ""), c, e);
	return err < 0 ? err : request_net(r, n, e);
}

int networks_connect(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	autonet struct net *n = NULL;
	int err = request_member(r, &c, &n, e);

	if (err == 0)
		err = container_connect(c, &r->origin, n, json_obj(r->json, "EndpointConfig"), e);
	return err < 0 ? err : reply_empty(r, 200);
}

/* What is left where the network or the container is gone.  A network may go while a
 * container that is to be in it doesn't run; a container leaves no endpoint behind. */
static int disconnect_rest(struct request *r, struct container *c, struct err *e)
{
	autonet struct net *n = NULL;
	int err = c ? container_forget_network(c, r->arg[0], e) : request_net(r, &n, e);

	if (c)
		return err < 0 ? err : reply_empty(r, 200);
	return err < 0 ? err : err_http(e, 404, ENOENT, "endpoint %s not found",
					json_str_or(r->json, "Container", ""));
}

int networks_disconnect(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	autonet struct net *n = NULL;
	int err = request_member(r, &c, &n, e);

	if (err == -ENOENT && json_bool(r->json, "Force"))
		return disconnect_rest(r, c, e);
	return err < 0 || (err = container_disconnect(c, &r->origin, n, e)) < 0 ? err :
	       reply_empty(r, 200);
}

/* ---- prune ---- */

int networks_prune(struct request *r, struct err *e)
{
	static const char *const known[] = { "until", "label", "label!", NULL };
	autojson cJSON *filters = NULL;
	int err = query_filters(r, &filters, e);
	uint64_t until = UINT64_MAX;
	size_t n;

	if (err < 0 || (err = filter_check(filters, known, e)) < 0 ||
	    (err = filter_time(filters, "until", &until, e)) < 0)
		return err;
	cJSON *o = cJSON_CreateObject(), *names = cJSON_CreateArray();
	struct net **v = networks_list(r->api->containers, &n);
	for (size_t i = 0; i < n; i++)
		if (!v[i]->builtin && v[i]->created_ns <= until &&
		    filter_labels(filters, json_obj(v[i]->doc, "Labels")) &&
		    networks_remove(r->api->containers, &r->origin, v[i], NULL) == 0)
			cJSON_AddItemToArray(names, cJSON_CreateString(v[i]->name));
	networks_list_free(v, n);
	if (!cJSON_GetArraySize(names)) {
		cJSON_Delete(names);
		names = cJSON_CreateNull();
	}
	json_put(o, "NetworksDeleted", names);
	prune_event("network", 0);
	return reply_json(r, 200, o);
}

