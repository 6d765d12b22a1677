/* networks.c - the three networks that are always there; swarm and plugins, of which
 * there are none, answered as a Docker daemon does that has none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/containers_show.h"
#include "api/routes.h"
#include "core/clock.h"

static const struct { const char *name, *driver; } nets[] = {
	{ "bridge", "bridge" }, { "host", "host" }, { "none", "null" },
};

static cJSON *show_ipam(const struct network *net)
{
	cJSON *ipam = cJSON_CreateObject(), *config = cJSON_CreateArray();
	if (net) {
		cJSON *one = cJSON_CreateObject();
		json_put_str(one, "Subnet", network_subnet(net));
		json_put_str(one, "Gateway", network_gateway(net));
		cJSON_AddItemToArray(config, one);
	}
	json_put_str(ipam, "Driver", "default");
	json_put(ipam, "Options", cJSON_CreateNull());
	json_put(ipam, "Config", config);
	return ipam;
}

static cJSON *show_members(struct request *r, const char *net)
{
	const struct network *bridge = containers_network(r->api->containers);
	cJSON *all = cJSON_CreateObject();
	size_t n;
	struct container **v = containers_list(r->api->containers, &n);
	for (size_t i = 0; i < n; i++) {
		container_lock(v[i]);
		bool up = v[i]->status == CTR_RUNNING || v[i]->status == CTR_PAUSED;
		if (up && str_eq(network_mode(v[i]), net)) {
			const char *prefix = v[i]->address ? strchr(network_subnet(bridge), '/') : "";
			autofree char *address = str_printf("%s%s", v[i]->address ? v[i]->address : "",
							    prefix);
			cJSON *o = cJSON_CreateObject();
			json_put_str(o, "Name", v[i]->name);
			json_put_str(o, "EndpointID", v[i]->id);
			json_put_str(o, "MacAddress", v[i]->mac ? v[i]->mac : "");
			json_put_str(o, "IPv4Address", address);
			json_put_str(o, "IPv6Address", "");
			json_put(all, v[i]->id, o);
		}
		container_unlock(v[i]);
	}
	containers_list_free(v, n);
	return all;
}

static cJSON *show_network(struct request *r, size_t i, bool members)
{
	struct network *net = i == 0 ? containers_network(r->api->containers) : NULL;
	cJSON *o = cJSON_CreateObject(), *from = cJSON_CreateObject(), *options = cJSON_CreateObject();
	char id[65], created[40];

	json_put_str(o, "Name", nets[i].name);
	json_put_str(o, "Id", network_id(r->api, nets[i].name, id));
	json_put_str(o, "Created", clock_rfc3339(r->api->started_ns, created));
	json_put_str(o, "Scope", "local");
	json_put_str(o, "Driver", nets[i].driver);
	json_put_bool(o, "EnableIPv4", true);
	json_put_bool(o, "EnableIPv6", false);
	json_put(o, "IPAM", show_ipam(net));
	json_put_bool(o, "Internal", false);
	json_put_bool(o, "Attachable", false);
	json_put_bool(o, "Ingress", false);
	json_put_str(from, "Network", "");
	json_put(o, "ConfigFrom", from);
	json_put_bool(o, "ConfigOnly", false);
	json_put(o, "Containers", members ? show_members(r, nets[i].name) : cJSON_CreateObject());
	if (net) {
		json_put_str(options, "com.docker.network.bridge.default_bridge", "true");
		json_put_str(options, "com.docker.network.bridge.name", network_bridge(net));
	}
	json_put(o, "Options", options);
	json_put(o, "Labels", cJSON_CreateObject());
	return o;
}

int networks_list(struct request *r, struct err *e)
{
	autojson cJSON *filters = NULL;
	int n = query_filters(r, &filters, e);
	if (n < 0)
		return n;
	cJSON *rows = cJSON_CreateArray();
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		const cJSON *names = json_obj(filters, "name"), *v;
		bool fits = !names;
		cJSON_ArrayForEach(v, names)
			fits |= strstr(nets[i].name, v->valuestring) != NULL;
		if (fits && filter_has(filters, "driver", nets[i].driver) && !json_obj(filters, "dangling") &&
		    filter_has(filters, "type", "builtin"))
			cJSON_AddItemToArray(rows, show_network(r, i, false));
	}
	return reply_json(r, 200, rows);
}

int networks_inspect(struct request *r, struct err *e)
{
	char id[65];
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		if (str_eq(r->arg[0], nets[i].name) || (strlen(r->arg[0]) >= 4 &&
		    str_starts(network_id(r->api, nets[i].name, id), r->arg[0])))
			return reply_json(r, 200, show_network(r, i, true));
	return err_http(e, 404, ENOENT, "network %s not found", r->arg[0]);
}

int networks_prune(struct request *r, struct err *e)
{
	cJSON *o = cJSON_CreateObject();
	json_put(o, "NetworksDeleted", cJSON_CreateNull());
	return reply_json(r, 200, o);
}

int no_swarm(struct request *r, struct err *e)
{
	return err_http(e, 503, ENOSYS, "This node is not a swarm manager. Use \"docker swarm init\" or"
			" \"docker swarm join\" to connect this node to swarm and try again.");
}

int no_plugins(struct request *r, struct err *e) { return reply_json(r, 200, cJSON_CreateArray()); }
