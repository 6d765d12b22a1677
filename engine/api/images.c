/* images.c - docker image inspect, history, tag, rmi, image prune. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/images_show.h"
#include "api/routes.h"
#include "core/clock.h"
#include "image/lineage.h"
#include "image/reference.h"
#include "runtime/container_event.h"

/* -- showing ----------------------------------------------------------------------- */

static void put_text(cJSON *o, const char *key, const struct image *img, const char *from)
{
	json_put_str(o, key, json_str_or(img->config, from, ""));
}

static cJSON *show_driver(const struct image *img)
{
	cJSON *d = cJSON_CreateObject(), *data = cJSON_CreateObject();
	struct str lower = { 0 };
	for (size_t i = img->n_layers; i > 1; i--)
		str_addf(&lower, "%s%s", lower.len ? ":" : "", img->layer_dirs[i - 2]);
	if (lower.len)
		json_put_str(data, "LowerDir", lower.s);
	if (img->n_layers)
		json_put_str(data, "UpperDir", img->layer_dirs[img->n_layers - 1]);
	json_put(d, "Data", data);
	json_put_str(d, "Name", "overlay2");
	str_free(&lower);
	return d;
}

/* The image's own, else that of the last step of its history. */
static const char *comment_of(const struct image *img)
{
	const cJSON *steps = json_obj(img->config, "history");
	const char *own = json_str_or(img->config, "comment", "");
	return *own ? own : json_str_or(cJSON_GetArrayItem(steps, cJSON_GetArraySize(steps) - 1),
					"comment", "");
}

/* What a container made from it would be configured with: until API 1.50 a whole
 * configuration, fields that an image can't have among them. */
static cJSON *show_config(const cJSON *config)
{
	static const struct { const char *key; int type; } fields[] = {
		{ "Hostname", cJSON_String }, { "Domainname", cJSON_String }, { "User", cJSON_String },
		{ "AttachStdin", cJSON_False }, { "AttachStdout", cJSON_False },
		{ "AttachStderr", cJSON_False }, { "Tty", cJSON_False }, { "OpenStdin", cJSON_False },
		{ "StdinOnce", cJSON_False }, { "Env", cJSON_NULL }, { "Cmd", cJSON_NULL },
		{ "Image", cJSON_String }, { "Volumes", cJSON_NULL }, { "WorkingDir", cJSON_String },
		{ "Entrypoint", cJSON_NULL }, { "OnBuild", cJSON_NULL }, { "Labels", cJSON_NULL },
	};
	cJSON *o = cJSON_IsObject(config) ? cJSON_Duplicate(config, true) : cJSON_CreateObject();
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (json_obj(o, fields[i].key))
			continue;
		json_put(o, fields[i].key, fields[i].type == cJSON_String ? cJSON_CreateString("") :
			 fields[i].type == cJSON_False ? cJSON_CreateFalse() : cJSON_CreateNull());
	}
	return o;
}

static cJSON *show_image(struct request *r, const struct image *img)
{
	cJSON *o = cJSON_CreateObject(), *fs = cJSON_CreateObject(), *meta = cJSON_CreateObject();
	cJSON *layers = cJSON_CreateArray();
	const cJSON *config = json_obj(img->config, "config");
	char created[40];

	json_put_str(o, "Id", img->id);
	json_put_strv(o, "RepoTags", img->tags);
	json_put_strv(o, "RepoDigests", img->digests);
	autofree char *parent = image_parent(r->api->images, img->id);
	json_put_str(o, "Parent", parent ? parent : "");
	json_put_str(o, "Comment", comment_of(img));
	json_put_str(o, "Created", clock_rfc3339((uint64_t)img->created_ns, created));
	json_put_str(o, "DockerVersion", "");
	put_text(o, "Author", img, "author");
	json_put(o, "Config", show_config(config));
	if (r->minor < 45) {	/* of the container that a build made it from: not kept */
		json_put_str(o, "Container", "");
		json_put(o, "ContainerConfig", show_config(NULL));
	}
	put_text(o, "Architecture", img, "architecture");
	if (json_str(img->config, "variant"))
		put_text(o, "Variant", img, "variant");
	json_put_str(o, "Os", json_str_or(img->config, "os", "linux"));
	json_put_int(o, "Size", img->size);
	if (r->minor < 44)
		json_put_int(o, "VirtualSize", img->size);
	json_put(o, "GraphDriver", show_driver(img));
	for (size_t i = 0; i < img->n_layers; i++)
		cJSON_AddItemToArray(layers, cJSON_CreateString(img->diff_ids[i]));
	json_put_str(fs, "Type", "layers");
	json_put(fs, "Layers", layers);
	json_put(o, "RootFS", fs);
	json_put_str(meta, "LastTagTime", img->tagged_ns ?
		     clock_rfc3339((uint64_t)img->tagged_ns, created) : "0001-01-01T00:00:00Z");
	json_put(o, "Metadata", meta);
	return o;
}

int images_inspect(struct request *r, struct err *e)
{
	autoimage struct image *img = NULL;
	int n = image_get(r->api->images, r->arg[0], &img, e);
	if (n < 0)
		return n;
	view_fact(r, "inspect", NULL, img->id, -1);
	return reply_json(r, 200, show_image(r, img));
}

int images_history(struct request *r, struct err *e)
{
	autoimage struct image *img = NULL;
	int n = image_get(r->api->images, r->arg[0], &img, e);
	if (n < 0)
		return n;
	cJSON *rows = image_history(r->api->images, img);
	view_fact(r, "history", NULL, img->id, cJSON_GetArraySize(rows));
	return reply_json(r, 200, rows);
}

int images_search(struct request *r, struct err *e)
{
	err_http(e, 501, ENOSYS, "search needs Docker Hub, which this engine does not ask");
	return err_hint(e, "`docker images` lists what is here; `docker pull NAME` gets an image"
			" by its name");
}

/* -- names and removal ------------------------------------------------------------- */

void image_event(const char *action, const char *id, const char *name)
{
	cJSON *a = cJSON_CreateObject();
	json_put_str(a, "name", name);
	event_add("image", action, id, a);
}

int image_name_check(const char *ref, struct err *e)
{
	struct reference parsed;
	int n = ref ? reference_parse(ref, &parsed, e) : 0;
	if (!ref || n < 0)
		return n;
	bool digest = parsed.digest != NULL;
	reference_free(&parsed);
	return digest ? err_http(e, 400, EINVAL, "refusing to create a tag with a digest reference") : 0;
}

int images_tag(struct request *r, struct err *e)
{
	autoimage struct image *img = NULL;
	const char *repo = query_or(r, "repo", ""), *tag = query_or(r, "tag", "");
	int n = image_get(r->api->images, r->arg[0], &img, e);
	if (n < 0)
		return n;
	autofree char *ref = str_printf("%s%s%s", repo, *tag ? ":" : "", tag);
	if ((n = image_tag(r->api->images, img->id, ref, e)) < 0)
		return n;
	image_event("tag", img->id, ref);
	return reply_empty(r, 201);
}

static cJSON *removed_json(const struct image_removed *rm)
{
	cJSON *a = cJSON_CreateArray();
	for (size_t k = 0; k < 2; k++)
		for (char *const *v = k ? rm->deleted : rm->untagged; v && *v; v++) {
			cJSON *o = cJSON_CreateObject();
			json_put_str(o, k ? "Deleted" : "Untagged", *v);
			cJSON_AddItemToArray(a, o);
		}
	return a;
}

static void removed_facts(struct request *r, const char *ref, const char *id,
			  const struct image_removed *rm)
{
	cJSON *d = cJSON_CreateObject();
	bool deleted = rm->deleted && rm->deleted[0];
	json_put_str(d, "ref", ref);
	json_put_str(d, "digest", id);
	json_put_bool(d, "untagged", !deleted);
	json_put_int(d, "bytes", rm->bytes);
	request_fact(r, "image.rm", NULL, id, d);
	for (char *const *v = rm->untagged; v && *v; v++)
		image_event("untag", id, id);
	if (deleted)
		image_event("delete", id, id);
}

int images_delete(struct request *r, struct err *e)
{
	struct image_removed rm = { 0 };
	autoimage struct image *img = NULL;
	int n = image_get(r->api->images, r->arg[0], &img, e);
	if (n < 0)
		return n;
	int how = (query_bool(r, "force") ? REMOVE_FORCE : 0) |
		  (query_bool(r, "noprune") ? REMOVE_KEEP_PARENTS : 0);
	containers_hold_images(r->api->containers, true);
	n = image_remove(r->api->images, r->arg[0], how, containers_use_image, r->api->containers,
			 &rm, e);
	containers_hold_images(r->api->containers, false);
	if (n < 0)
		return n;
	removed_facts(r, r->arg[0], img->id, &rm);
	n = reply_json(r, 200, removed_json(&rm));
	strv_free(rm.untagged);
	strv_free(rm.deleted);
	return n;
}

struct prune {
	struct containers *containers;
	const cJSON *filters;
	uint64_t until;
	struct image_store *images;
};

/* A prune leaves alone what a container uses and what the filters don't mean. */
static bool spared(void *arg, const char *id, char *holder, size_t cap)
{
	struct prune *p = arg;
	autoimage struct image *img = NULL;
	if (image_get(p->images, id, &img, NULL) == 0 &&
	    ((uint64_t)img->created_ns > p->until || !filter_labels(p->filters, image_labels(img))))
		return true;
	return containers_use_image(p->containers, id, holder, cap);
}

int images_prune(struct request *r, struct err *e)
{
	static const char *const known[] = { "dangling", "until", "label", "label!", NULL };
	autojson cJSON *filters = NULL;
	struct image_removed rm = { 0 };
	int n = query_filters(r, &filters, e);
	if (n < 0 || (n = filter_check(filters, known, e)) < 0)
		return n;
	struct prune p = { r->api->containers, filters, UINT64_MAX, r->api->images };
	bool dangling = true;
	if ((n = filter_bool(filters, "dangling", &dangling, e)) < 0 ||
	    (n = filter_time(filters, "until", &p.until, e)) < 0)
		return n;
	containers_hold_images(r->api->containers, true);
	n = image_prune(r->api->images, !dangling, spared, &p, &rm, e);
	containers_hold_images(r->api->containers, false);
	if (n < 0)
		return n;
	cJSON *o = cJSON_CreateObject(), *list = removed_json(&rm), *fact = cJSON_CreateObject();
	int count = cJSON_GetArraySize(list);
	json_put_str(fact, "what", "image");
	json_put_int(fact, "n", count);
	json_put_int(fact, "bytes", rm.bytes);
	request_fact(r, "prune", NULL, NULL, fact);
	prune_event("image", rm.bytes);
	if (!count) {
		cJSON_Delete(list);
		list = cJSON_CreateNull();
	}
	json_put(o, "ImagesDeleted", list);
	json_put_int(o, "SpaceReclaimed", rm.bytes);
	strv_free(rm.untagged);
	strv_free(rm.deleted);
	return reply_json(r, 200, o);
}
