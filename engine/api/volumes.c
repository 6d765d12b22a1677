/* volumes.c - docker volume: create, ls, inspect, rm, prune. */
#include <errno.h>
#include <string.h>

#include "api/containers_show.h"
#include "api/routes.h"
#include "core/clock.h"
#include "runtime/container_event.h"

static struct volumes *volumes_of(const struct request *r)
{
	return containers_volumes(r->api->containers);
}

static cJSON *show_volume(const struct volume *v)
{
	cJSON *o = cJSON_CreateObject();
	char created[40];
	json_put_str(o, "CreatedAt", clock_rfc3339(v->created_ns / 1000000000 * 1000000000, created));
	json_put_str(o, "Driver", "local");
	json_put(o, "Labels", v->labels ? cJSON_Duplicate(v->labels, true) : cJSON_CreateNull());
	json_put_str(o, "Mountpoint", v->dir);
	json_put_str(o, "Name", v->name);
	json_put(o, "Options", v->options ? cJSON_Duplicate(v->options, true) : cJSON_CreateNull());
	json_put_str(o, "Scope", "local");
	return o;
}

static int64_t count_users(const struct request *r, const struct volume *v)
{
	autofree char *users = containers_use_volume(r->api->containers, v->name);
	int64_t n = users != NULL;
	for (const char *s = users; s && *s; s++)
		n += *s == ',';
	return n;
}

static cJSON *show_usage(const struct request *r, const struct volume *v)
{
	cJSON *usage = cJSON_CreateObject();
	json_put_int(usage, "RefCount", count_users(r, v));
	json_put_int(usage, "Size", volume_size(v));
	return usage;
}

static bool any_in_name(const cJSON *names, const char *name)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, names)
		if (strstr(name, v->valuestring))
			return true;
	return !names;
}

/* dangling=true: those nobody uses; false: the others. */
static bool dangling_fits(const struct request *r, const cJSON *filters, const struct volume *v)
{
	const cJSON *want = cJSON_GetArrayItem(json_obj(filters, "dangling"), 0);
	if (!want)
		return true;
	return (str_eq(want->valuestring, "true") || str_eq(want->valuestring, "1")) ==
	       (count_users(r, v) == 0);
}

int show_volumes(struct request *r, const cJSON *filters, bool usage, cJSON **out, struct err *e)
{
	struct volume **v;
	size_t n;
	int err = volume_list(volumes_of(r), &v, &n, e);
	if (err < 0)
		return err;
	*out = cJSON_CreateArray();
	for (size_t i = 0; i < n; i++) {
		if (!any_in_name(json_obj(filters, "name"), v[i]->name) ||
		    !filter_has(filters, "driver", "local") || !filter_labels(filters, v[i]->labels) ||
		    !dangling_fits(r, filters, v[i]))
			continue;
		cJSON *o = show_volume(v[i]);
		if (usage)
			json_put(o, "UsageData", show_usage(r, v[i]));
		cJSON_AddItemToArray(*out, o);
	}
	volume_list_free(v, n);
	return 0;
}

int volumes_list(struct request *r, struct err *e)
{
	static const char *const known[] = { "dangling", "driver", "label", "name", NULL };
	autojson cJSON *filters = NULL;
	cJSON *list, *o = NULL;
	int n = query_filters(r, &filters, e);
	if (n < 0 || (n = filter_check(filters, known, e)) < 0 ||
	    (n = show_volumes(r, filters, false, &list, e)) < 0)
		return n;
	o = cJSON_CreateObject();
	json_put(o, "Volumes", list);
	json_put(o, "Warnings", cJSON_CreateNull());
	view_fact(r, "volumes", NULL, NULL, cJSON_GetArraySize(list));
	return reply_json(r, 200, o);
}

int volumes_inspect(struct request *r, struct err *e)
{
	autovolume struct volume *v = NULL;
	int n = volume_get(volumes_of(r), r->arg[0], &v, e);
	return n < 0 ? n : reply_json(r, 200, show_volume(v));
}

int volumes_create(struct request *r, struct err *e)
{
	autovolume struct volume *v = NULL;
	const cJSON *labels = json_obj(r->json, "Labels"), *options = json_obj(r->json, "DriverOpts");
	const char *name = NULL, *driver = NULL;
	bool made;
	int n;
	if ((n = json_want_str(r->json, "Name", &name, e)) < 0 ||
	    (n = json_want_str(r->json, "Driver", &driver, e)) < 0)
		return n;
	if ((n = volume_check_driver(driver ? driver : "", e)) < 0)
		return err_wrap(e, "create %s", name ? name : "");
	if ((n = volume_create(volumes_of(r), name, labels, options, &v, &made, e)) < 0)
		return n;
	if (made)
		event_volume("create", v->name, NULL);
	return reply_json(r, 201, show_volume(v));
}

static int delete_volume(struct request *r, const char *name, struct err *e)
{
	int n = volume_remove(volumes_of(r), name, containers_use_volume, r->api->containers, e);
	if (n == 0)
		event_volume("destroy", name, NULL);
	return n;
}

int volumes_delete(struct request *r, struct err *e)
{
	int n = delete_volume(r, r->arg[0], e);
	if (n == -ENOENT && query_bool(r, "force")) {
		err_clear(e);
		n = 0;
	}
	return n < 0 ? n : reply_empty(r, 204);
}

/* Before API 1.42 all unused volumes went, since then those without a name, unless
 * all=true is asked for. */
static bool prunes(bool named, const cJSON *filters, const struct volume *v)
{
	return (named || json_obj(v->labels, VOLUME_ANONYMOUS)) && filter_labels(filters, v->labels);
}

int volumes_prune(struct request *r, struct err *e)
{
	static const char *const known[] = { "all", "label", "label!", NULL };
	autojson cJSON *filters = NULL;
	struct volume **v;
	size_t count;
	bool named = r->minor < 42;
	int64_t bytes = 0;
	int n = query_filters(r, &filters, e);
	if (n < 0 || (n = filter_check(filters, known, e)) < 0 ||
	    (n = filter_bool(filters, "all", &named, e)) < 0 ||
	    (n = volume_list(volumes_of(r), &v, &count, e)) < 0)
		return n;
	cJSON *o = cJSON_CreateObject(), *gone = cJSON_CreateArray();
	for (size_t i = 0; i < count; i++) {
		int64_t size = volume_size(v[i]);
		struct err in_use = { 0 };
		if (prunes(named, filters, v[i]) && delete_volume(r, v[i]->name, &in_use) == 0) {
			cJSON_AddItemToArray(gone, cJSON_CreateString(v[i]->name));
			bytes += size;
		}
	}
	volume_list_free(v, count);
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "what", "volume");
	json_put_int(d, "n", cJSON_GetArraySize(gone));
	json_put_int(d, "bytes", bytes);
	request_fact(r, "prune", NULL, NULL, d);
	prune_event("volume", bytes);
	json_put(o, "VolumesDeleted", gone);
	json_put_int(o, "SpaceReclaimed", bytes);
	return reply_json(r, 200, o);
}
