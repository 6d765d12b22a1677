/* containers_commit.c - docker commit and export: what a container has become, as an
 * image or as a tar. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "api/images_show.h"
#include "api/routes.h"
#include "build/changes.h"
#include "core/clock.h"
#include "image/image.h"
#include "image/tar_write.h"
#include "runtime/container_config.h"
#include "runtime/container_event.h"
#include "runtime/container_root.h"

/* A tar with nothing in it: two blocks of zeros. */
#define EMPTY_LAYER "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

/* -- commit ------------------------------------------------------------------------ */

/* The base's document, or an empty one where the base is gone meanwhile. */
static cJSON *base_document(struct request *r, const struct container *c, struct err *e)
{
	autoimage struct image *img = NULL;
	return image_get(r->api->images, c->image_id, &img, e) < 0
	       ? NULL : cJSON_Duplicate(img->config, true);
}

static void set_text(cJSON *o, const char *key, const char *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(o, key);
	if (value && *value)
		json_put_str(o, key, value);
}

/* What ran in the container: Docker's created_by is its command. */
static char *command_of(const struct container *c)
{
	struct str text = { 0 };
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(c->config, "Cmd"))
		str_addf(&text, "%s%s", text.len ? " " : "", cJSON_IsString(v) ? v->valuestring : "");
	return str_take(&text);
}

static void add_history(struct request *r, const struct container *c, cJSON *doc, bool empty)
{
	cJSON *row = cJSON_CreateObject(), *list = json_obj(doc, "history");
	char when[36];
	autofree char *by = command_of(c);
	clock_rfc3339(clock_wall_ns(), when);
	set_text(doc, "created", when);
	set_text(doc, "author", query(r, "author"));
	json_put_str(row, "created", when);
	set_text(row, "created_by", by);
	set_text(row, "author", query(r, "author"));
	set_text(row, "comment", query(r, "comment"));
	if (empty)
		json_put_bool(row, "empty_layer", true);
	if (!cJSON_IsArray(list)) {
		cJSON_DeleteItemFromObjectCaseSensitive(doc, "history");
		json_put(doc, "history", list = cJSON_CreateArray());
	}
	cJSON_AddItemToArray(list, row);
}

/* The container's configuration under that of the request and the changes. */
static int new_config(struct request *r, const struct container *c, cJSON **out, struct err *e)
{
	autojson cJSON *own = cJSON_IsObject(r->json) ? cJSON_Duplicate(r->json, true)
						      : cJSON_CreateObject();
	char **changes = query_all(r, "changes");
	int n = changes_apply(own, changes, e);
	strv_free(changes);
	if (n == 0)
		*out = config_merge(own, c->config);
	return n;
}

/* The document is complete but for what the writable layer adds. */
static int put_layer(struct request *r, const struct container *c, cJSON *doc, const char *ref,
		     struct image **out, struct err *e)
{
	struct layer_made layer;
	autofree char *upper = container_path(c, "upper");
	int n = layer_from_live(r->api->images, upper, &layer, e);
	if (n < 0)
		return n;
	bool empty = str_eq(layer.diff_id, EMPTY_LAYER);
	if (!empty)
		cJSON_AddItemToArray(json_obj(json_obj(doc, "rootfs"), "diff_ids"),
				     cJSON_CreateString(layer.diff_id));
	add_history(r, c, doc, empty);
	n = image_create(r->api->images, doc, ref, out, e);
	if (n < 0 || empty)
		layer_let_go(r->api->images, &layer);
	return n;
}

static int commit(struct request *r, const struct container *c, const char *ref,
		  struct image **out, struct err *e)
{
	cJSON *config = NULL;
	autojson cJSON *doc = base_document(r, c, e);
	int n = doc ? new_config(r, c, &config, e) : -ENOENT;
	if (n < 0)
		return n;
	cJSON_DeleteItemFromObjectCaseSensitive(doc, "config");
	json_put(doc, "config", config);
	set_text(doc, "container", c->id);
	return put_layer(r, c, doc, ref, out, e);
}

static void commit_event(struct request *r, struct container *c, const struct image *img,
			 const char *ref)
{
	cJSON *a = cJSON_CreateObject(), *d = cJSON_CreateObject();
	json_put_str(a, "comment", query_or(r, "comment", ""));
	json_put_str(a, "imageID", img->id);
	json_put_str(a, "imageRef", ref ? ref : "");
	container_event(c, "commit", a);
	json_put_str(d, "image", img->id);
	request_fact(r, "ctr.commit", c->id, img->id, d);
}

/* Holding the container: it can't be started, stopped or removed meanwhile. */
static int commit_locked(struct request *r, struct container *c, const char *ref,
			 struct image **out, struct err *e)
{
	container_lock(c);
	int n = c->gone || c->status == CTR_REMOVING
		? err_http(e, 409, EBUSY, "You cannot commit container %s which is being removed", c->id)
		: commit(r, c, ref, out, e);
	container_unlock(c);
	return n;
}

int containers_commit(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	autoimage struct image *img = NULL;
	const char *repo = query_or(r, "repo", ""), *tag = query_or(r, "tag", "");
	autofree char *ref = *repo ? str_printf("%s%s%s", repo, *tag ? ":" : "", tag) : NULL;
	int n = containers_get(r->api->containers, query_or(r, "container", ""), &c, e);
	if (n == 0)
		n = image_name_check(ref, e);
	if (n < 0)
		return n;
	bool paused = query_bool(r, "pause") && c->status == CTR_RUNNING &&
		      container_pause(c, &r->origin, true, NULL) == 0;
	n = commit_locked(r, c, ref, &img, e);
	if (paused)
		container_pause(c, &r->origin, false, NULL);
	if (n < 0)
		return n;
	commit_event(r, c, img, ref);
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "Id", img->id);
	return reply_json(r, 201, o);
}

/* -- export ------------------------------------------------------------------------ */

struct export { struct container_root *root; struct stream *stream; };

static int write_export(struct container_root *root, struct stream *s, struct err *e)
{
	autotar struct tar_writer *tar = NULL;
	struct tar_tree tree = { .foreign = container_root_hides, .arg = root };
	int n = tar_begin(stream_sink, s, &tar, e);
	if (n == 0)
		n = tar_put_tree(tar, &tree, container_root_fd(root), "", e);
	return n == 0 ? tar_end(tar, e) : n;
}

static void produce_export(struct stream *s, void *arg)
{
	struct err e = { 0 };
	if (write_export(arg, s, &e) < 0)
		stream_break(s, &e);
}

static void free_export(void *arg) { container_root_close(arg); }

int containers_export(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	struct container_root *root;
	int n = request_container(r, &c, e);
	if (n == 0)
		n = container_root_open(c, ROOT_ALONE, &root, e);
	if (n < 0)
		return n;
	container_event(c, "export", NULL);
	return reply_stream(r, "application/octet-stream", produce_export, free_export, root);
}
