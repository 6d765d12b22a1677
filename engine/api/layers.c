/* layers.c - our own routes for looking into the stack of a container or an image: what
 * each layer added, changed and deleted, and which of them a path comes from.
 *
 * A name means a container first, and an image otherwise.  Layers are listed top first,
 * as the overlay has them: a container's writable one, the engine's (names of files that
 * it mounts something on, such as /etc/hosts), then those of the image. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "core/file.h"
#include "runtime/container_files.h"

#define UNSEEN (-1)	/* the path is in no layer, or hidden by one */

struct stack {
	struct layers layers;
	struct image *image;
	struct container *container;	/* NULL: an image's stack */
	size_t own;			/* how many lie above the image's */
};

static void stack_free(struct stack *s)
{
	if (s->image)
		image_free(s->image);
	if (s->container)
		container_put(s->container);
}
#define autostack __attribute__((cleanup(stack_free)))

static int of_container(struct request *r, struct stack *s, struct err *e)
{
	struct container *c = s->container;
	container_lock(c);
	int n = container_layers(c, &s->layers, e);
	autofree char *id = str_dup(c->image_id);
	container_unlock(c);
	if (n == 0)
		n = image_get(r->api->images, id, &s->image, e);
	if (n == 0)
		s->own = s->layers.n - s->image->n_layers;
	return n;
}

static int of_image(struct request *r, const char *name, struct stack *s, struct err *e)
{
	int n = image_get(r->api->images, name, &s->image, e);
	if (n < 0)
		return n;
	if (s->image->n_layers > ARRAY_SIZE(s->layers.dir))
		return err_set(e, E2BIG, "image %s has %zu layers: an overlay takes no more than 128",
			       name, s->image->n_layers);
	for (size_t i = s->image->n_layers; i > 0; i--)
		s->layers.dir[s->layers.n++] = s->image->layer_dirs[i - 1];
	return 0;
}

static int stack_of(struct request *r, struct stack *s, struct err *e)
{
	const char *name = r->arg[0];
	struct err ignored = { 0 };
	if (containers_get(r->api->containers, name, &s->container, &ignored) == 0)
		return of_container(r, s, e);
	int n = of_image(r, name, s, e);
	if (n < 0 && err_status(e) == 404) {
		err_http(e, 404, ENOENT, "No such container or image: %s", name);
		return err_hint(e, "`docker ps -a` and `docker images` list what there is");
	}
	return n;
}

/* The image's layer (from 0, the base) that place i of the stack is, or -1. */
static long image_layer(const struct stack *s, size_t i)
{
	return i < s->own ? -1 : (long)(s->layers.n - 1 - i);
}

/* ---- what a layer is ---------------------------------------------------------------- */

/* The step of the history that made layer `want`: steps without files are passed over. */
static const char *step_of(const struct image *img, long want)
{
	const cJSON *steps = json_obj(img->config, "history"), *step;
	long layer = 0;
	cJSON_ArrayForEach(step, steps)
		if (!json_bool(step, "empty_layer") && layer++ == want)
			return json_str_or(step, "created_by", "");
	return "";
}

static bool has_layer(const struct image *img, const char *diff_id)
{
	for (size_t i = 0; i < img->n_layers; i++)
		if (str_eq(img->diff_ids[i], diff_id))
			return true;
	return false;
}

/* Names of the other images that have the layer. */
static cJSON *shared_with(struct request *r, const struct image *img, const char *diff_id)
{
	cJSON *names = cJSON_CreateArray();
	struct image **v;
	size_t n;
	if (image_list(r->api->images, &v, &n, NULL) < 0)
		return names;
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(v[i]->id, img->id) && v[i]->tags[0] && has_layer(v[i], diff_id))
			cJSON_AddItemToArray(names, cJSON_CreateString(v[i]->tags[0]));
		image_free(v[i]);
	}
	free(v);
	return names;
}

static void describe(struct request *r, const struct stack *s, size_t i, cJSON *o)
{
	long layer = image_layer(s, i);
	bool writable = s->container && i == 0;
	json_put_str(o, "kind", layer >= 0 ? "image" : writable ? "writable" : "engine");
	json_put_str(o, "dir", s->layers.dir[i]);
	if (layer < 0)
		return;
	json_put_str(o, "diff_id", s->image->diff_ids[layer]);
	json_put_str(o, "step", step_of(s->image, layer));
	json_put(o, "shared", shared_with(r, s->image, s->image->diff_ids[layer]));
}

/* ---- what it changes ------------------------------------------------------------------ */

struct count {
	struct layers below;
	int64_t added, changed, deleted, bytes;
	cJSON *files;	/* NULL: only count */
};

static const char *kind_of(const struct stat *st)
{
	return S_ISDIR(st->st_mode) ? "dir" : S_ISLNK(st->st_mode) ? "link" :
	       S_ISREG(st->st_mode) ? "file" : "other";
}

/* A directory that is below as well is only there to hold what is in it. */
static void count_entry(void *arg, const struct dir_entry *en)
{
	struct count *c = arg;
	struct layer_file f;
	bool gone = is_whiteout(&en->st);
	bool below = c->below.n && layers_find(&c->below, en->path, false, &f) == 0;
	bool same_dir = below && S_ISDIR(en->st.st_mode) && S_ISDIR(f.st.st_mode);
	if (S_ISREG(en->st.st_mode))
		c->bytes += en->st.st_size;
	if (same_dir)
		return;
	*(gone ? &c->deleted : below ? &c->changed : &c->added) += 1;
	if (!c->files)
		return;
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "path", en->path);
	json_put_str(o, "op", gone ? "delete" : below ? "modify" : "add");
	json_put_str(o, "kind", gone ? "" : kind_of(&en->st));
	json_put_int(o, "size", S_ISREG(en->st.st_mode) ? en->st.st_size : 0);
	cJSON_AddItemToArray(c->files, o);
}

static void put_count(const struct stack *s, size_t i, bool files, cJSON *o)
{
	struct count c = { .below = s->layers, .files = files ? cJSON_CreateArray() : NULL };
	long layer = image_layer(s, i);
	c.below.n = s->layers.n - i - 1;
	memmove(c.below.dir, s->layers.dir + i + 1, c.below.n * sizeof(c.below.dir[0]));
	autofd int fd = open(s->layers.dir[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		dir_walk(fd, count_entry, &c);
	json_put_int(o, "added", c.added);
	json_put_int(o, "changed", c.changed);
	json_put_int(o, "deleted", c.deleted);
	/* A file with two names is counted twice here, and once in what the image says. */
	json_put_int(o, "bytes", layer < 0 ? c.bytes : s->image->layer_sizes[layer]);
	if (files)
		json_put(o, "files", c.files);
}

static void put_owner(const struct stack *s, cJSON *o)
{
	const struct container *c = s->container;
	json_put_str(o, "kind", c ? "container" : "image");
	json_put_str(o, "id", c ? c->id : s->image->id);
	json_put_str(o, "name", c ? c->name : s->image->tags[0] ? s->image->tags[0] : "");
	json_put_str(o, "image", s->image->tags[0] ? s->image->tags[0] : s->image->id);
}

/* GET /drydock/layers/NAME[?files=1]: files are always listed for the writable layer. */
int drydock_layers(struct request *r, struct err *e)
{
	autostack struct stack s = { 0 };
	int n = stack_of(r, &s, e);
	if (n < 0)
		return n;
	cJSON *o = cJSON_CreateObject(), *layers = cJSON_CreateArray();
	bool files = query_bool(r, "files");
	put_owner(&s, o);
	for (size_t i = 0; i < s.layers.n; i++) {
		cJSON *l = cJSON_CreateObject();
		describe(r, &s, i, l);
		put_count(&s, i, files || (s.container && i == 0), l);
		cJSON_AddItemToArray(layers, l);
	}
	json_put(o, "layers", layers);
	return reply_json(r, 200, o);
}

/* ---- where a path comes from ------------------------------------------------------------ */

/* GET /drydock/where/NAME?path=/x: in which layers the path is, and which one is seen. */
int drydock_where(struct request *r, struct err *e)
{
	autostack struct stack s = { 0 };
	autofree char *clean = str_clean_path(query_or(r, "path", ""));
	autofree char *path = str_printf("/%s", clean);
	struct layer_file f = { .layer = 0 };
	int n = stack_of(r, &s, e);
	if (n < 0)
		return n;
	bool found = layers_find(&s.layers, path, false, &f) == 0;
	cJSON *o = cJSON_CreateObject(), *layers = cJSON_CreateArray();
	put_owner(&s, o);
	json_put_str(o, "path", found ? f.path : path);
	json_put_int(o, "from", found ? (int64_t)f.layer : UNSEEN);
	for (size_t i = 0; i < s.layers.n; i++) {
		struct stat st;
		cJSON *l = cJSON_CreateObject();
		bool here = layers_stat(&s.layers, i, found ? f.path : path, &st) == 0;
		describe(r, &s, i, l);
		json_put_str(l, "has", !here ? "" : is_whiteout(&st) ? "deleted" : kind_of(&st));
		json_put_int(l, "size", here && S_ISREG(st.st_mode) ? st.st_size : 0);
		cJSON_AddItemToArray(layers, l);
	}
	json_put(o, "layers", layers);
	return reply_json(r, 200, o);
}
