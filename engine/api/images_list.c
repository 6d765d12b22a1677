/* images_list.c - docker images and the images of docker system df: rows and filters. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "api/images_show.h"
#include "api/routes.h"
#include "image/lineage.h"

const cJSON *image_labels(const struct image *img)
{
	return json_obj(json_obj(img->config, "config"), "Labels");
}

/* All images, and how many of them each layer is part of. */
struct shelf { struct image **v; size_t n; cJSON *layers; };

static void shelf_free(struct shelf *s)
{
	for (size_t i = 0; i < s->n; i++)
		image_free(s->v[i]);
	free(s->v);
	cJSON_Delete(s->layers);
}

static int newer_first(const void *a, const void *b)
{
	const struct image *x = *(struct image *const *)a, *y = *(struct image *const *)b;
	return (x->created_ns < y->created_ns) - (x->created_ns > y->created_ns);
}

static int shelf_fill(struct image_store *store, struct shelf *s, struct err *e)
{
	int err = image_list(store, &s->v, &s->n, e);
	if (err < 0)
		return err;
	if (s->n)		/* no array at all if there is none */
		qsort(s->v, s->n, sizeof(*s->v), newer_first);
	s->layers = cJSON_CreateObject();
	return 0;
}

/* The bytes of all layers, each counted once. */
static int64_t count_layers(struct shelf *s)
{
	int64_t sum = 0;
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->v[i]->n_layers; k++) {
			cJSON *count = json_obj(s->layers, s->v[i]->diff_ids[k]);
			if (count) {
				cJSON_SetNumberValue(count, count->valuedouble + 1);
				continue;
			}
			json_put_int(s->layers, s->v[i]->diff_ids[k], 1);
			sum += s->v[i]->layer_sizes[k];
		}
	return sum;
}

/* What other images share with this one; the layers have been counted. */
static int64_t shared_size(const struct shelf *s, const struct image *img)
{
	int64_t sum = 0;
	for (size_t k = 0; k < img->n_layers; k++)
		if (json_int(s->layers, img->diff_ids[k], 0) > 1)
			sum += img->layer_sizes[k];
	return sum;
}

static int uses(struct request *r, const char *id)
{
	size_t n;
	int count = 0;
	struct container **v = containers_list(r->api->containers, &n);
	for (size_t i = 0; i < n; i++)
		count += str_eq(v[i]->image_id, id);
	containers_list_free(v, n);
	return count;
}

/* -- rows -------------------------------------------------------------------------- */

/* Before 1.43 an image without a name had this one. */
static void put_names(const struct request *r, cJSON *o, char *const *tags, char *const *digests)
{
	static const char *const no_tag[] = { "<none>:<none>", NULL };
	static const char *const no_digest[] = { "<none>@<none>", NULL };
	bool none = r->minor < 43 && !tags[0] && !digests[0];
	json_put_strv(o, "RepoDigests", none ? (char *const *)no_digest : digests);
	json_put_strv(o, "RepoTags", none ? (char *const *)no_tag : tags);
}

/* Names are those that were asked for; containers, shared: -1 where nobody did. */
static cJSON *show_row(struct request *r, const struct image *img, char *const *tags,
		       char *const *digests, int containers, int64_t shared)
{
	cJSON *o = cJSON_CreateObject();
	const cJSON *labels = image_labels(img);
	autofree char *parent = image_parent(r->api->images, img->id);
	json_put_int(o, "Containers", containers);
	json_put_int(o, "Created", img->created_ns / 1000000000);
	json_put_str(o, "Id", img->id);
	json_put(o, "Labels", cJSON_IsObject(labels) ? cJSON_Duplicate(labels, true) : cJSON_CreateNull());
	json_put_str(o, "ParentId", parent ? parent : "");
	put_names(r, o, tags, digests);
	json_put_int(o, "SharedSize", shared);
	json_put_int(o, "Size", img->size);
	if (r->minor < 44)
		json_put_int(o, "VirtualSize", img->size);
	return o;
}

/* One of a build's steps that others were made from: shown only with all=1. */
static bool in_between(struct request *r, const struct image *img)
{
	return !img->tags[0] && !img->digests[0] && image_has_children(r->api->images, img->id);
}

cJSON *df_images(struct request *r, int64_t *layers)
{
	struct shelf s = { 0 };
	cJSON *rows = cJSON_CreateArray();
	*layers = 0;
	if (shelf_fill(r->api->images, &s, NULL) < 0)
		return rows;
	*layers = count_layers(&s);
	for (size_t i = 0; i < s.n; i++)
		if (!in_between(r, s.v[i]))
			cJSON_AddItemToArray(rows, show_row(r, s.v[i], s.v[i]->tags,
							    s.v[i]->digests, uses(r, s.v[i]->id),
							    shared_size(&s, s.v[i])));
	shelf_free(&s);
	return rows;
}

/* -- filters ----------------------------------------------------------------------- */

struct want {
	const cJSON *filters;
	bool all, by_dangling, dangling;
	uint64_t before, since;		/* created, exclusive */
};

/* name:tag or name alone, as a pattern of the shell; * stops at a slash. */
static bool name_fits(const char *name, const char *pattern)
{
	autofree char *bare = str_dup(name);
	char *end = strchr(name, '@') ? strchr(bare, '@') : strrchr(bare, ':');
	if (fnmatch(pattern, name, FNM_PATHNAME) == 0)
		return true;
	if (end)
		*end = '\0';
	return fnmatch(pattern, bare, FNM_PATHNAME) == 0;
}

/* Those of an image's names that one of the patterns fits; owned. */
static char **names_that_fit(const cJSON *patterns, char *const *names)
{
	char **fit = mem_alloc(sizeof(*fit));
	const cJSON *p;
	for (char *const *v = names; *v; v++) {
		bool fits = !patterns;
		cJSON_ArrayForEach(p, patterns)
			fits |= name_fits(*v, p->valuestring);
		if (fits)
			strv_add(&fit, *v);
	}
	return fit;
}

static bool wanted(struct request *r, const struct want *w, const struct image *img)
{
	uint64_t made = (uint64_t)img->created_ns;
	if (made >= w->before || made <= w->since || !filter_labels(w->filters, image_labels(img)))
		return false;
	if (w->by_dangling && w->dangling != !img->tags[0])
		return false;
	return (w->all && !w->dangling) || !in_between(r, img);
}

/* before= and since= name images. */
static int created_of(struct request *r, const cJSON *filters, const char *key, bool oldest,
		      uint64_t *ns, struct err *e)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(filters, key)) {
		autoimage struct image *img = NULL;
		int n = image_get(r->api->images, v->valuestring, &img, e);
		if (n < 0)
			return n;
		uint64_t made = (uint64_t)img->created_ns;
		if (oldest ? made < *ns : made > *ns)
			*ns = made;
	}
	return 0;
}

static int read_want(struct request *r, cJSON *filters, struct want *w, struct err *e)
{
	static const char *const known[] = { "reference", "dangling", "label", "before", "since",
		"until", NULL };
	int n = filter_check(filters, known, e);
	if (n < 0 || (n = filter_bool(filters, "dangling", &w->dangling, e)) < 0 ||
	    (n = filter_time(filters, "until", &w->before, e)) < 0 ||
	    (n = created_of(r, filters, "before", true, &w->before, e)) < 0 ||
	    (n = created_of(r, filters, "since", false, &w->since, e)) < 0)
		return n;
	const char *old = query_or(r, "filter", "");	/* what reference= was before 1.41 */
	if (r->minor < 41 && *old) {
		cJSON *list = cJSON_CreateArray();
		cJSON_AddItemToArray(list, cJSON_CreateString(old));
		cJSON_DeleteItemFromObjectCaseSensitive(filters, "reference");
		json_put(filters, "reference", list);
	}
	w->filters = filters;
	w->all = query_bool(r, "all");
	w->by_dangling = json_obj(filters, "dangling") != NULL;
	return 0;
}

int images_list(struct request *r, struct err *e)
{
	autojson cJSON *filters = NULL;
	struct want w = { .before = UINT64_MAX };
	struct shelf s = { 0 };
	int err = query_filters(r, &filters, e);
	if (err < 0 || (err = read_want(r, filters, &w, e)) < 0 ||
	    (err = shelf_fill(r->api->images, &s, e)) < 0)
		return err;
	bool shared = r->minor >= 42 && query_bool(r, "shared-size");
	const cJSON *patterns = json_obj(filters, "reference");
	if (shared)
		count_layers(&s);
	cJSON *rows = cJSON_CreateArray();
	for (size_t i = 0; i < s.n; i++) {
		char **names = names_that_fit(patterns, s.v[i]->tags);
		char **digests = names_that_fit(patterns, s.v[i]->digests);
		if (wanted(r, &w, s.v[i]) && (!patterns || names[0] || digests[0]))
			cJSON_AddItemToArray(rows, show_row(r, s.v[i], names, digests, -1,
							    shared ? shared_size(&s, s.v[i]) : -1));
		strv_free(names);
		strv_free(digests);
	}
	shelf_free(&s);
	view_fact(r, "images", NULL, NULL, cJSON_GetArraySize(rows));
	return reply_json(r, 200, rows);
}
