/* save.c - docker save: images as one tar.
 *
 *	blobs/sha256/HEX	layers as they were received (packed), configurations, and
 *				an OCI manifest for each image
 *	manifest.json		Docker's list: for each image its Config, RepoTags, Layers
 *	index.json, oci-layout	the OCI layout's beginning
 *	repositories		names again, for readers from before manifest.json
 *
 * The layers' bytes are those of the store: nothing is unpacked or packed again.
 */
#include "image/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/store.h"
#include "image/stream.h"
#include "image/tar_write.h"

#define BLOBS "blobs/sha256/"

struct saved { struct image *img; char **tags; };

struct image_save {
	struct image_store *s;
	struct saved *v;
	size_t n;
	char **ids;
	char holder[32];	/* under which the layers are pinned */
};

/* ---- what is asked for ----------------------------------------------------------- */

static struct saved *add_image(struct image_save *w, struct image *img)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->v[i].img->id, img->id)) {
			image_free(img);
			return &w->v[i];
		}
	w->v = mem_grow(w->v, (w->n + 1) * sizeof(*w->v));
	w->v[w->n] = (struct saved){ img, mem_alloc(sizeof(char *)) };
	return &w->v[w->n++];
}

static void add_tag(struct saved *v, const char *tag)
{
	for (char *const *t = v->tags; *t; t++)
		if (str_eq(*t, tag))
			return;
	strv_add(&v->tags, tag);
}

/* "python", which stands for all its tags? */
static bool is_name_only(const char *ref)
{
	const char *slash = strrchr(ref, '/');
	return !strpbrk(slash ? slash : ref, ":@");
}

static bool add_repository(struct image_save *w, const struct reference *ref, struct err *e)
{
	struct image **list = NULL;
	size_t n = 0;
	autofree char *repo = reference_familiar_name(ref);
	autofree char *prefix = str_printf("%s:", repo);
	bool any = false;
	if (image_list(w->s, &list, &n, e) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		char **tags = strv_dup(list[i]->tags);
		struct saved *v = NULL;
		for (char **t = tags; *t; t++)
			if (str_starts(*t, prefix) && !strchr(*t + strlen(prefix), '/')) {
				v = v ? v : add_image(w, list[i]);
				add_tag(v, *t);
			}
		any |= v != NULL;
		if (!v)
			image_free(list[i]);
		strv_free(tags);
	}
	free(list);
	return any;
}

static int add_ref(struct image_save *w, const char *ref, struct err *e)
{
	autoreference struct reference parsed = { 0 };
	bool is_name = reference_parse(ref, &parsed, NULL) == 0;
	struct image *img;
	if (is_name && is_name_only(ref) && add_repository(w, &parsed, e))
		return 0;
	int r = image_get(w->s, ref, &img, e);
	if (r < 0)
		return r;
	autofree char *name = is_name ? reference_familiar(&parsed) : NULL;
	bool tagged = false;
	for (char **t = img->tags; *t; t++)
		tagged |= str_eq(*t, name);
	struct saved *v = add_image(w, img);
	if (tagged)
		add_tag(v, name);
	return 0;
}

static int pin_layers(struct image_save *w, struct err *e)
{
	int r = 0;
	snprintf(w->holder, sizeof(w->holder), "save %u", atomic_fetch_add(&w->s->serial, 1));
	for (size_t i = 0; i < w->n; i++)
		for (size_t l = 0; l < w->v[i].img->n_layers && r == 0; l++)
			r = layer_pin(w->s, w->v[i].img->diff_ids[l], w->holder, e);
	return r;
}

int image_save_begin(struct image_store *s, char *const *refs, struct image_save **out,
		     struct err *e)
{
	struct image_save *w = mem_alloc(sizeof(*w));
	int r = 0;
	w->s = s;
	w->ids = mem_alloc(sizeof(char *));
	for (; *refs && r == 0; refs++)
		r = add_ref(w, *refs, e);
	for (size_t i = 0; i < w->n; i++)
		strv_add(&w->ids, w->v[i].img->id);
	if (r == 0)
		r = pin_layers(w, e);
	if (r < 0)
		image_save_free(w);
	else
		*out = w;
	return r;
}

char *const *image_save_ids(const struct image_save *w) { return w->ids; }

void image_save_free(struct image_save *w)
{
	if (*w->holder)
		layer_unpin(w->s, w->holder, NULL);
	for (size_t i = 0; i < w->n; i++) {
		image_free(w->v[i].img);
		strv_free(w->v[i].tags);
	}
	free(w->v);
	strv_free(w->ids);
	free(w);
}

/* ---- blobs ----------------------------------------------------------------------- */

struct writing {
	struct image_save *w;
	struct tar_writer *tar;
	char **written;		/* digests: a blob of two images is there once */
	cJSON *docker, *index;	/* manifest.json; index.json's manifests */
	cJSON *repositories;
};

/* 1: it was there already. */
static int first_time(struct writing *x, const char *digest)
{
	for (char **d = x->written; *d; d++)
		if (str_eq(*d, digest))
			return 0;
	strv_add(&x->written, digest);
	return 1;
}

static int put_blob(struct writing *x, const char *digest, int64_t size, struct err *e)
{
	autofree char *path = store_blob_path(x->w->s, digest);
	autofree char *name = str_printf(BLOBS "%s", digest_hex(digest));
	if (!first_time(x, digest))
		return 0;
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "open %s", path);
	return tar_put_file(x->tar, name, fd, size, 0, e);
}

static int put_text(struct writing *x, const char *text, char digest[DIGEST_TEXT], struct err *e)
{
	digest_of(text, strlen(text), digest);
	autofree char *name = str_printf(BLOBS "%s", digest_hex(digest));
	return first_time(x, digest) ? tar_put_text(x->tar, name, text, 0, e) : 0;
}

static const struct { unsigned char magic[4]; size_t len; const char *type; } packings[] = {
	{ { 0x1f, 0x8b }, 2, TYPE_OCI_LAYER_GZIP },
	{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, "application/vnd.oci.image.layer.v1.tar+zstd" },
	{ { 0 }, 0, "application/vnd.oci.image.layer.v1.tar" },
};

static const char *layer_type(struct image_store *s, const char *digest)
{
	unsigned char head[4] = { 0 };
	autofree char *path = store_blob_path(s, digest);
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));
	size_t i = 0;
	while (packings[i].len &&
	       (n < (ssize_t)packings[i].len || memcmp(head, packings[i].magic, packings[i].len)))
		i++;
	return packings[i].type;
}

/* ---- one image ------------------------------------------------------------------- */

static cJSON *put_layers(struct writing *x, const struct image *img, cJSON *files, struct err *e)
{
	cJSON *list = cJSON_CreateArray();
	for (size_t i = 0; i < img->n_layers; i++) {
		struct layer_record rec;
		if (layer_find(x->w->s, img->diff_ids[i], &rec, e) < 0 ||
		    put_blob(x, rec.digest, rec.size, e) < 0) {
			cJSON_Delete(list);
			return NULL;
		}
		autofree char *name = str_printf(BLOBS "%s", digest_hex(rec.digest));
		cJSON_AddItemToArray(files, cJSON_CreateString(name));
		struct descriptor d = { .size = rec.size };
		memcpy(d.digest, rec.digest, sizeof(d.digest));
		cJSON_AddItemToArray(list, descriptor_json(&d, layer_type(x->w->s, rec.digest)));
	}
	return list;
}

/* One entry of index.json for each name, or one without. */
static void add_to_index(struct writing *x, const struct saved *v, const struct descriptor *d)
{
	char **tags = v->tags[0] ? v->tags : (char *[]){ NULL, NULL };
	do {
		cJSON *row = descriptor_json(d, TYPE_OCI_MANIFEST);
		autoreference struct reference ref = { 0 };
		if (*tags && reference_parse(*tags, &ref, NULL) == 0) {
			cJSON *notes = cJSON_CreateObject();
			autofree char *name = reference_name(&ref);
			autofree char *whole = str_printf("%s:%s", name, ref.tag);
			json_put_str(notes, "io.containerd.image.name", whole);
			json_put_str(notes, "org.opencontainers.image.ref.name", ref.tag);
			json_put(row, "annotations", notes);
		}
		cJSON_AddItemToArray(x->index, row);
	} while (*tags && *++tags);
}

static void add_to_repositories(struct writing *x, const struct saved *v)
{
	size_t n = v->img->n_layers;
	for (char **t = v->tags; *t && n; t++) {
		autofree char *name = str_dup(*t);
		char *colon = strrchr(name, ':');
		*colon = '\0';
		cJSON *repo = json_obj(x->repositories, name);
		if (!repo) {
			repo = cJSON_CreateObject();
			json_put(x->repositories, name, repo);
		}
		json_put_str(repo, colon + 1, digest_hex(v->img->diff_ids[n - 1]));
	}
}

static int put_manifest(struct writing *x, const struct saved *v, int64_t config_size,
			cJSON *layers, struct err *e)
{
	autojson cJSON *m = cJSON_CreateObject();
	struct descriptor config = { .size = config_size }, self;
	memcpy(config.digest, v->img->id, sizeof(config.digest));
	json_put_int(m, "schemaVersion", 2);
	json_put_str(m, "mediaType", TYPE_OCI_MANIFEST);
	json_put(m, "config", descriptor_json(&config, TYPE_OCI_CONFIG));
	json_put(m, "layers", layers);
	autofree char *text = json_line(m);
	self.size = (int64_t)strlen(text);
	int r = put_text(x, text, self.digest, e);
	if (r == 0)
		add_to_index(x, v, &self);
	return r;
}

static int put_image(struct writing *x, const struct saved *v, struct err *e)
{
	autostr struct str config = { 0 };
	cJSON *files = cJSON_CreateArray(), *row = cJSON_CreateObject();
	autofree char *name = str_printf(BLOBS "%s", digest_hex(v->img->id));
	json_put_str(row, "Config", name);
	if (v->tags[0])
		json_put_strv(row, "RepoTags", v->tags);
	else
		json_put(row, "RepoTags", cJSON_CreateNull());
	json_put(row, "Layers", files);
	cJSON_AddItemToArray(x->docker, row);
	add_to_repositories(x, v);
	int r = blob_get(x->w->s, v->img->id, &config, e);
	if (r == 0)
		r = put_blob(x, v->img->id, (int64_t)config.len, e);
	cJSON *layers = r == 0 ? put_layers(x, v->img, files, e) : NULL;
	return layers ? put_manifest(x, v, (int64_t)config.len, layers, e) : r < 0 ? r : -EIO;
}

/* ---- the whole ------------------------------------------------------------------- */

static int put_json(struct writing *x, const char *name, const cJSON *o, struct err *e)
{
	autofree char *text = json_line(o);
	return tar_put_text(x->tar, name, text, 0, e);
}

static int put_documents(struct writing *x, struct err *e)
{
	autojson cJSON *index = cJSON_CreateObject();
	json_put_int(index, "schemaVersion", 2);
	json_put_str(index, "mediaType", TYPE_OCI_INDEX);
	json_put(index, "manifests", steal_ptr(x->index));
	int r = put_json(x, "index.json", index, e);
	if (r == 0)
		r = put_json(x, "manifest.json", x->docker, e);
	if (r == 0)
		r = tar_put_text(x->tar, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 0, e);
	if (r == 0 && x->repositories->child)
		r = put_json(x, "repositories", x->repositories, e);
	return r;
}

static int put_all(struct writing *x, struct err *e)
{
	int r = tar_put_dir(x->tar, "blobs/", 0, e);
	if (r == 0)
		r = tar_put_dir(x->tar, BLOBS, 0, e);
	for (size_t i = 0; i < x->w->n && r == 0; i++)
		r = put_image(x, &x->w->v[i], e);
	if (r == 0)
		r = put_documents(x, e);
	return r == 0 ? tar_end(x->tar, e) : r;
}

int image_save_write(struct image_save *w, int (*sink)(void *arg, const void *data, size_t len,
						       struct err *e), void *arg, struct err *e)
{
	autotar struct tar_writer *tar = NULL;
	int r = tar_begin(sink, arg, &tar, e);
	if (r < 0)
		return r;
	struct writing x = { .w = w, .tar = tar, .written = mem_alloc(sizeof(char *)),
			     .docker = cJSON_CreateArray(), .index = cJSON_CreateArray(),
			     .repositories = cJSON_CreateObject() };
	r = put_all(&x, e);
	strv_free(x.written);
	cJSON_Delete(x.docker);
	cJSON_Delete(x.index);
	cJSON_Delete(x.repositories);
	return r;
}
