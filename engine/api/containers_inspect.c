/* containers_inspect.c - docker inspect of a container. */
#include <stdio.h>

#include "api/containers_show.h"
#include "api/routes.h"
#include "core/clock.h"
#include "runtime/container_config.h"

static void put_time(cJSON *o, const char *key, uint64_t ns)
{
	char buf[40];
	json_put_str(o, key, ns ? clock_rfc3339(ns, buf) : "0001-01-01T00:00:00Z");
}

static cJSON *show_state(const struct container *c)
{
	cJSON *s = cJSON_CreateObject();
	json_put_str(s, "Status", ctr_status_names[c->status]);
	json_put_bool(s, "Running", c->status == CTR_RUNNING || c->status == CTR_PAUSED ||
			c->status == CTR_RESTARTING);	/* as dockerd counts */
	json_put_bool(s, "Paused", c->status == CTR_PAUSED);
	json_put_bool(s, "Restarting", c->status == CTR_RESTARTING);
	json_put_bool(s, "OOMKilled", c->oom);
	json_put_bool(s, "Dead", c->status == CTR_DEAD);
	json_put_int(s, "Pid", c->pid);
	json_put_int(s, "ExitCode", c->exit_code);
	json_put_str(s, "Error", c->error);
	put_time(s, "StartedAt", c->started_ns);
	put_time(s, "FinishedAt", c->finished_ns);
	cJSON *health = container_health_json(c);
	if (health)
		json_put(s, "Health", health);
	return s;
}

/* {"80/tcp": [{"HostIp","HostPort"}], "443/tcp": null} */
static cJSON *show_ports(const struct container *c)
{
	cJSON *all = cJSON_CreateObject();
	const cJSON *v;
	bool up = c->status == CTR_RUNNING || c->status == CTR_PAUSED;
	for (size_t i = 0; up && i < c->n_ports; i++) {
		autofree char *key = str_printf("%u/%s", c->ports[i].ctr, c->ports[i].proto);
		autofree char *port = str_printf("%u", c->ports[i].host);
		cJSON *list = json_obj(all, key), *b = cJSON_CreateObject();
		if (!list)
			json_put(all, key, list = cJSON_CreateArray());
		json_put_str(b, "HostIp", c->ports[i].host_ip);
		json_put_str(b, "HostPort", port);
		cJSON_AddItemToArray(list, b);
	}
	cJSON_ArrayForEach(v, json_obj(c->config, "ExposedPorts"))
		if (up && !json_obj(all, v->string))
			json_put(all, v->string, cJSON_CreateNull());
	return all;
}

static cJSON *show_network_settings(const struct container *c)
{
	cJSON *o = cJSON_CreateObject(), *nets = show_networks(c);
	/* The old fields beside the map speak of the default bridge only. */
	const cJSON *first = json_obj(nets, "bridge");
	autofree char *sandbox = c->pid ? str_printf("/proc/%d/ns/net", c->pid) : str_dup("");
	static const char *const same[] = { "EndpointID", "Gateway", "GlobalIPv6Address", "IPAddress",
					    "IPv6Gateway", "MacAddress" };

	json_put_str(o, "Bridge", "");
	json_put_str(o, "SandboxID", c->pid ? c->id : "");
	json_put_str(o, "SandboxKey", sandbox);
	json_put(o, "Ports", show_ports(c));
	json_put_bool(o, "HairpinMode", false);
	json_put_str(o, "LinkLocalIPv6Address", "");
	json_put_int(o, "LinkLocalIPv6PrefixLen", 0);
	json_put(o, "SecondaryIPAddresses", cJSON_CreateNull());
	json_put(o, "SecondaryIPv6Addresses", cJSON_CreateNull());
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		json_put_str(o, same[i], json_str_or(first, same[i], ""));
	json_put_int(o, "IPPrefixLen", json_int(first, "IPPrefixLen", 0));
	json_put_int(o, "GlobalIPv6PrefixLen", json_int(first, "GlobalIPv6PrefixLen", 0));
	json_put(o, "Networks", nets);
	return o;
}

/* The directories of the overlay, as the kernel is given them. */
static cJSON *show_driver(struct container *c)
{
	cJSON *d = cJSON_CreateObject(), *data = cJSON_CreateObject();
	autofree char *work = container_path(c, "work"), *merged = container_path(c, "merged");
	struct str lower = { 0 };
	struct layers l = { .n = 0 };
	if (container_layers(c, &l, NULL) == 0)
		for (size_t i = 1; i < l.n; i++)
			str_addf(&lower, "%s%s", i > 1 ? ":" : "", l.dir[i]);
	json_put_str(data, "LowerDir", lower.s ? lower.s : "");
	json_put_str(data, "MergedDir", merged);
	json_put_str(data, "UpperDir", c->upper ? c->upper : "");
	json_put_str(data, "WorkDir", work);
	json_put(d, "Data", data);
	json_put_str(d, "Name", "overlay2");
	str_free(&lower);
	return d;
}

static void put_path(cJSON *o, const char *key, const struct container *c, const char *name)
{
	autofree char *path = container_path(c, name);
	json_put_str(o, key, path);
}

/* Kernel memory could be limited before API 1.42. */
static cJSON *show_host(const struct request *r, const struct container *c)
{
	cJSON *host = cJSON_Duplicate(c->host, true);
	if (r->minor >= 42)
		cJSON_DeleteItemFromObjectCaseSensitive(host, "KernelMemory");
	return host;
}

static cJSON *show_container(struct request *r, struct container *c)
{
	cJSON *o = cJSON_CreateObject();
	char **argv = config_argv(c->config);
	autofree char *name = str_printf("/%s", c->name), *log = container_log_path(c);

	json_put_str(o, "Id", c->id);
	put_time(o, "Created", c->created_ns);
	json_put_str(o, "Path", argv[0] ? argv[0] : "");
	json_put_strv(o, "Args", argv[0] ? argv + 1 : argv);
	json_put(o, "State", show_state(c));
	json_put_str(o, "Image", c->image_id);
	put_path(o, "ResolvConfPath", c, "resolv.conf");
	put_path(o, "HostnamePath", c, "hostname");
	put_path(o, "HostsPath", c, "hosts");
	json_put_str(o, "LogPath", log);
	json_put_str(o, "Name", name);
	json_put_int(o, "RestartCount", c->restarts);
	json_put_str(o, "Driver", "overlay2");
	json_put_str(o, "Platform", "linux");
	json_put_str(o, "MountLabel", "");
	json_put_str(o, "ProcessLabel", "");
	json_put_str(o, "AppArmorProfile", "");
	json_put(o, "ExecIDs", container_exec_ids(c));
	json_put(o, "HostConfig", show_host(r, c));
	json_put(o, "GraphDriver", show_driver(c));
	if (query_bool(r, "size")) {
		autoimage struct image *img = NULL;
		int64_t rw = container_size_rw(c);
		json_put_int(o, "SizeRw", rw);
		bool known = image_get(r->api->images, c->image_id, &img, NULL) == 0;
		json_put_int(o, "SizeRootFs", rw + (known ? img->size : 0));
	}
	json_put(o, "Mounts", container_mounts(c));
	json_put(o, "Config", cJSON_Duplicate(c->config, true));
	json_put(o, "NetworkSettings", show_network_settings(c));
	strv_free(argv);
	return o;
}

int containers_inspect(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int n = request_container(r, &c, e);
	if (n < 0)
		return n;
	container_lock(c);
	cJSON *o = show_container(r, c);
	container_unlock(c);
	view_fact(r, "inspect", c->id, c->image_id, -1);
	return reply_json(r, 200, o);
}
