/* df.c - docker system df: what takes room on the disk. */
#include <errno.h>
#include <string.h>

#include "api/containers_show.h"
#include "api/images_show.h"
#include "api/routes.h"

enum { DF_CONTAINER = 1, DF_IMAGE = 2, DF_VOLUME = 4, DF_CACHE = 8, DF_ALL = 15 };

static const struct { const char *name; int bit; } kinds[] = {
	{ "container", DF_CONTAINER }, { "image", DF_IMAGE }, { "volume", DF_VOLUME },
	{ "build-cache", DF_CACHE },
};

struct wish { int kinds; const char *unknown; };

static enum MHD_Result add_kind(void *cls, enum MHD_ValueKind kind, const char *key,
				const char *value)
{
	struct wish *w = cls;
	if (!str_eq(key, "type"))
		return MHD_YES;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (value && str_eq(kinds[i].name, value)) {
			w->kinds |= kinds[i].bit;
			return MHD_YES;
		}
	w->unknown = value ? value : "";
	return MHD_YES;
}

/* ?type=, any number of times, since 1.42; everything without. */
static int wanted_kinds(struct request *r, int *out, struct err *e)
{
	struct wish w = { 0 };
	if (r->minor >= 42)
		MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, add_kind, &w);
	if (w.unknown)
		return err_set(e, EINVAL, "unknown object type: %s", w.unknown);
	*out = w.kinds ? w.kinds : DF_ALL;
	return 0;
}

static cJSON *show_containers(struct request *r)
{
	size_t n;
	cJSON *rows = cJSON_CreateArray();
	struct container **v = containers_list(r->api->containers, &n);
	for (size_t i = 0; i < n; i++) {
		container_lock(v[i]);
		if (!v[i]->gone)
			cJSON_AddItemToArray(rows, show_row(r, v[i], true));
		container_unlock(v[i]);
	}
	containers_list_free(v, n);
	return rows;
}

int system_df(struct request *r, struct err *e)
{
	autojson cJSON *volumes = NULL;
	int want = DF_ALL, n = wanted_kinds(r, &want, e);
	if (n < 0 || (want & DF_VOLUME && (n = show_volumes(r, NULL, true, &volumes, e)) < 0))
		return n;
	cJSON *o = cJSON_CreateObject();
	int64_t layers = 0;
	if (want & DF_IMAGE) {
		cJSON *images = df_images(r, &layers);
		json_put_int(o, "LayersSize", layers);
		json_put(o, "Images", images);
	}
	if (want & DF_CONTAINER)
		json_put(o, "Containers", show_containers(r));
	if (want & DF_VOLUME)
		json_put(o, "Volumes", steal_ptr(volumes));
	if (want & DF_CACHE)		/* steps are kept as images, and counted there */
		json_put(o, "BuildCache", cJSON_CreateArray());
	view_fact(r, "df", NULL, NULL, cJSON_GetArraySize(json_obj(o, "Containers")));
	return reply_json(r, 200, o);
}
