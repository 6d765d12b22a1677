/* containers_list.c - docker ps. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "api/containers_show.h"
#include "api/routes.h"
#include "core/clock.h"
#include "runtime/container_config.h"
#include "runtime/container_places.h"

cJSON *show_networks(const struct container *c)
{
	cJSON *all = cJSON_CreateObject();

	for (size_t i = 0; i < c->n_places; i++)
		json_put(all, c->places[i]->net_name, place_show(c, c->places[i]));
	return all;
}

static cJSON *row_port(unsigned ctr, const char *proto, const struct port *p)
{
	cJSON *o = cJSON_CreateObject();
	if (p)
		json_put_str(o, "IP", p->host_ip);
	json_put_int(o, "PrivatePort", ctr);
	if (p)
		json_put_int(o, "PublicPort", p->host);
	json_put_str(o, "Type", proto);
	return o;
}

cJSON *show_row_ports(const struct container *c)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *v;
	if (c->status != CTR_RUNNING && c->status != CTR_PAUSED)
		return list;
	for (size_t i = 0; i < c->n_ports; i++)
		cJSON_AddItemToArray(list, row_port(c->ports[i].ctr, c->ports[i].proto, &c->ports[i]));
	cJSON_ArrayForEach(v, json_obj(c->config, "ExposedPorts")) {
		unsigned ctr = (unsigned)atoi(v->string);
		const char *slash = strchr(v->string, '/');
		bool published = false;
		for (size_t i = 0; i < c->n_ports; i++)
			published |= c->ports[i].ctr == ctr &&
				     str_eq(slash ? slash + 1 : "tcp", c->ports[i].proto);
		if (!published)
			cJSON_AddItemToArray(list, row_port(ctr, slash ? slash + 1 : "tcp", NULL));
	}
	return list;
}

/* The command as docker ps prints it: words with spaces in quotes. */
static char *row_command(const struct container *c)
{
	struct str s = { 0 };
	char **argv = config_argv(c->config);
	for (size_t i = 0; argv[i]; i++) {
		bool quote = i && strchr(argv[i], ' ');
		str_addf(&s, "%s%s%s%s", i ? " " : "", quote ? "'" : "", argv[i], quote ? "'" : "");
	}
	strv_free(argv);
	return str_take(&s);
}

/* The name it was made from, or the id if that name now means another image. */
static char *row_image(const struct request *r, const struct container *c)
{
	autofree char *id = NULL;
	if (image_find(r->api->images, c->image_ref, &id, NULL) == 0 && str_eq(id, c->image_id))
		return str_dup(c->image_ref);
	return str_printf("%.12s", strchr(c->image_id, ':') ? strchr(c->image_id, ':') + 1 : c->image_id);
}

static int64_t image_size(const struct request *r, const struct container *c)
{
	autoimage struct image *img = NULL;
	return image_get(r->api->images, c->image_id, &img, NULL) == 0 ? img->size : 0;
}

cJSON *show_row(const struct request *r, struct container *c, bool size)
{
	cJSON *o = cJSON_CreateObject(), *names = cJSON_CreateArray(), *host = cJSON_CreateObject();
	cJSON *nets = cJSON_CreateObject();
	autofree char *name = str_printf("/%s", c->name), *image = row_image(r, c);
	autofree char *command = row_command(c), *status = container_status_text(c);

	cJSON_AddItemToArray(names, cJSON_CreateString(name));
	json_put_str(o, "Id", c->id);
	json_put(o, "Names", names);
	json_put_str(o, "Image", image);
	json_put_str(o, "ImageID", c->image_id);
	json_put_str(o, "Command", command);
	json_put_int(o, "Created", (int64_t)(c->created_ns / 1000000000));
	json_put(o, "Ports", show_row_ports(c));
	if (size) {
		int64_t rw = container_size_rw(c);
		json_put_int(o, "SizeRw", rw);
		json_put_int(o, "SizeRootFs", rw + image_size(r, c));
	}
	const cJSON *labels = json_obj(c->config, "Labels");
	json_put(o, "Labels", cJSON_IsObject(labels) ? cJSON_Duplicate(labels, true) : cJSON_CreateObject());
	json_put_str(o, "State", ctr_status_names[c->status]);
	json_put_str(o, "Status", status);
	json_put_str(host, "NetworkMode", json_str_or(c->host, "NetworkMode", "default"));
	json_put(o, "HostConfig", host);
	json_put(nets, "Networks", show_networks(c));
	json_put(o, "NetworkSettings", nets);
	json_put(o, "Mounts", container_mounts(c));
	return o;
}

int containers_json(struct request *r, struct err *e)
{
	int limit = 0, err = query_want_int(r, "limit", INT_MIN, INT_MAX, &limit, e);
	struct ps_filter f = { .before = UINT64_MAX, .all = query_bool(r, "all") || limit > 0 };
	size_t n;
	if (err < 0)
		return err;
	if ((err = ps_filter_read(r, &f, e)) < 0) {
		cJSON_Delete(f.filters);
		return err;
	}
	cJSON *rows = cJSON_CreateArray();
	struct container **v = containers_list(r->api->containers, &n);
	for (size_t i = 0; i < n && (limit <= 0 || cJSON_GetArraySize(rows) < limit); i++) {
		container_lock(v[i]);
		if (!v[i]->gone && ps_filter_fits(&f, v[i]))
			cJSON_AddItemToArray(rows, show_row(r, v[i], query_bool(r, "size")));
		container_unlock(v[i]);
	}
	containers_list_free(v, n);
	cJSON_Delete(f.filters);
	view_fact(r, f.all ? "ps-a" : "ps", NULL, NULL, cJSON_GetArraySize(rows));
	return reply_json(r, 200, rows);
}
