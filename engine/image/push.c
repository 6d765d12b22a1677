/* push.c - an image to a registry: what it has is not sent again.
 *
 * For each layer, in this order: is the blob there; can it be taken over from a
 * repository of that registry which we know to have the image; else it is sent.
 * The manifest comes last, so that a push that breaks leaves no name that points
 * at something missing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/str.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/store.h"
#include "image/stream.h"
#include "registry/client.h"
#include "registry/import.h"
#include "registry/storage.h"

#define TRIES 3	/* in a row without a single new byte, if the connection breaks */
#define PAUSE_NS 200000000L	/* before the next one; twice as long the second time */
#define TELL_NS 100000000u	/* a progress line every 0.1 s, as docker */

struct push {
	struct image_store *s;
	const struct push_options *o;
	struct reference ref;
	struct image *img;
	struct registry *to;
	struct manifest m;
};

/* One blob on its way: reads the file, counts, tells. */
struct sending {
	struct stream s;
	struct stream *file;
	struct push *p;
	const char *diff_id;	/* NULL: the configuration, which has no line */
	int64_t at, size;
	uint64_t told_ns;
};

static void tell(struct push *p, const char *diff_id, const char *status, int64_t at, int64_t size)
{
	char id[16];
	struct pull_progress line = { .status = status, .current = at, .total = size };
	if (!p->o->progress)
		return;
	if (diff_id) {
		snprintf(id, sizeof(id), "%.12s", digest_hex(diff_id));
		line.id = id;
	}
	p->o->progress(p->o->arg, &line);
}

static bool stopped(void *arg)
{
	const struct push *p = arg;
	return p->o->cancel && *p->o->cancel;
}

static ssize_t sending_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct sending *x = (struct sending *)s;
	ssize_t n = x->file->read(x->file, buf, cap, e);
	uint64_t now = clock_mono_ns();
	x->at += n > 0 ? n : 0;
	if (x->diff_id && (now - x->told_ns >= TELL_NS || x->at == x->size)) {
		x->told_ns = now;
		tell(x->p, x->diff_id, "Pushing", x->at, x->size);
	}
	return n;
}

static int send_once(struct push *p, const struct descriptor *d, const char *diff_id,
		     struct registry_upload *up, struct err *e)
{
	autofree char *path = store_blob_path(p->s, d->digest);
	autostream struct stream *file = NULL;
	struct sending x = { .s = { sending_read, NULL }, .p = p, .diff_id = diff_id,
			     .size = d->size };
	int r = registry_upload_begin(p->to, up, e);
	if (r == 0)
		r = stream_file_from(path, up->at, &file, e);
	if (r < 0)
		return r;
	x.file = file;
	x.at = up->at;
	return registry_upload_send(p->to, up, d->digest, &x.s, d->size, e);
}

/* A connection that breaks is taken up again where it broke. */
static int send_blob(struct push *p, const struct descriptor *d, const char *diff_id, struct err *e)
{
	autoupload struct registry_upload up = { 0 };
	int r = send_once(p, d, diff_id, &up, e);
	int64_t reached = up.at;
	for (int i = 1; i < TRIES && (r == -ECONNRESET || r == -ETIMEDOUT) && !stopped(p); i++) {
		err_clear(e);
		nanosleep(&(struct timespec){ .tv_nsec = i * PAUSE_NS }, NULL);
		r = send_once(p, d, diff_id, &up, e);
		if (up.at > reached)
			i = 0;
		reached = up.at;
	}
	return r;
}

/* Repositories of the same registry that the image was pulled from or pushed to. */
static int take_over(struct push *p, const struct descriptor *d, char **from, struct err *e)
{
	for (char **name = p->img->digests; *name; name++) {
		autoreference struct reference other = { 0 };
		if (reference_parse(*name, &other, NULL) < 0 ||
		    !str_eq(other.domain, p->ref.domain) || str_eq(other.path, p->ref.path))
			continue;
		int r = registry_blob_mount(p->to, d->digest, other.path, e);
		if (r == 1)
			*from = str_dup(other.path);
		if (r != 0)
			return r;
	}
	return 0;
}

static int push_layer(struct push *p, size_t i, struct err *e)
{
	const struct descriptor *d = &p->m.layers[i];
	const char *diff_id = p->img->diff_ids[i];
	autofree char *from = NULL;
	int r = registry_blob_has(p->to, d->digest, e);
	if (r == 1)
		tell(p, diff_id, "Layer already exists", 0, 0);
	if (r != 0)
		return r < 0 ? r : 0;
	r = take_over(p, d, &from, e);
	if (r == 1) {
		autofree char *status = str_printf("Mounted from %s", from);
		tell(p, diff_id, status, 0, 0);
	}
	if (r != 0)
		return r < 0 ? r : 0;
	r = send_blob(p, d, diff_id, e);
	if (r == 0)
		tell(p, diff_id, "Pushed", 0, 0);
	return r;
}

/* ---- the whole ------------------------------------------------------------------- */

static int list_blobs(struct push *p, struct err *e)
{
	struct layer_record rec;
	autostr struct str config = { 0 };
	int r = blob_get(p->s, p->img->id, &config, e);
	memcpy(p->m.config.digest, p->img->id, DIGEST_TEXT);
	p->m.config.size = (int64_t)config.len;
	p->m.layers = mem_alloc(p->img->n_layers * sizeof(*p->m.layers));
	for (size_t i = 0; i < p->img->n_layers && r == 0; i++) {
		r = layer_find(p->s, p->img->diff_ids[i], &rec, e);
		memcpy(p->m.layers[i].digest, rec.digest, DIGEST_TEXT);
		p->m.layers[i].size = rec.size;
		p->m.n_layers++;
	}
	return r;
}

static int push_blobs(struct push *p, struct err *e)
{
	for (size_t i = p->m.n_layers; i-- > 0; )
		tell(p, p->img->diff_ids[i], "Preparing", 0, 0);
	for (size_t i = 0; i < p->m.n_layers; i++) {
		int r = push_layer(p, i, e);
		if (r < 0)
			return r;
	}
	int r = registry_blob_has(p->to, p->m.config.digest, e);
	return r != 0 ? (r < 0 ? r : 0) : send_blob(p, &p->m.config, NULL, e);
}

/* The last line; and the image is known by that digest from here on. */
static int pushed(struct push *p, const struct push_done *done, struct err *e)
{
	autofree char *repo = reference_familiar_name(&p->ref);
	autofree char *status = str_printf("%s: digest: %s size: %lld", p->ref.tag, done->digest,
					   (long long)done->size);
	autofree char *name = str_printf("%s@%s", repo, done->digest);
	tell(p, NULL, status, 0, 0);
	STORE_LOCKED(p->s);
	return name_put(p->s, name, repo, true, p->img->id, e);
}

static int push_manifest(struct push *p, struct push_done *out, struct err *e)
{
	autofree char *text = manifest_write(&p->m);
	int r = registry_manifest_put(p->to, p->ref.tag, TYPE_DOCKER_MANIFEST, text, e);
	if (r < 0)
		return r;
	out->size = (int64_t)strlen(text);
	digest_of(text, strlen(text), out->digest);
	return pushed(p, out, e);
}

static int connect_registry(struct push *p, struct err *e)
{
	struct registry_target t = { .repository = p->ref.path, .auth = p->o->auth, .push = true,
				     .stop = stopped, .arg = p };
	autofree char *url = p->o->url ? str_dup(p->o->url)
			     : registry_url(p->ref.domain, p->o->insecure, &t.maybe_tls);
	t.url = url;
	return registry_open(&t, &p->to, e);
}

/* ---- to a folder ----------------------------------------------------------------- */

/* The course's own images are nobody's to replace, as the hub's official ones. */
static int may_shelve(const struct push *p, struct err *e)
{
	if (!str_starts(p->ref.path, "library/"))
		return 0;
	err_http(e, 403, EACCES, "denied: requested access to the resource is denied");
	return err_hint(e, "names without a user are the official images': tag it as "
			"yourname/%s:%s and push that", p->ref.path + strlen("library/"), p->ref.tag);
}

static int shelve(struct push *p, struct push_done *out, struct err *e)
{
	bool *had = mem_alloc(p->m.n_layers + 1);
	int r = may_shelve(p, e);
	for (size_t i = p->m.n_layers; i-- > 0 && r == 0; ) {
		tell(p, p->img->diff_ids[i], "Preparing", 0, 0);
		had[i] = storage_has_blob(p->o->shelf, p->m.layers[i].digest, NULL);
	}
	if (r == 0)
		r = registry_import(p->o->shelf, p->s, p->img, p->ref.path, p->ref.tag, out->digest, e);
	for (size_t i = 0; i < p->m.n_layers && r == 0; i++)
		tell(p, p->img->diff_ids[i], had[i] ? "Layer already exists" : "Pushed", 0, 0);
	free(had);
	if (r == 0 && !storage_has_blob(p->o->shelf, out->digest, &out->size))
		out->size = 0;
	return r == 0 ? pushed(p, out, e) : r;
}

static int push(struct push *p, struct push_done *out, struct err *e)
{
	int r = reference_parse(p->o->ref, &p->ref, e);
	if (r == 0 && !p->ref.tag)
		return err_http(e, 400, EINVAL, "cannot push a digest reference");
	if (r == 0)
		r = image_get(p->s, p->o->ref, &p->img, e);
	if (r < 0)
		return r;
	autofree char *line = str_printf("The push refers to repository [%s/%s]", p->ref.domain,
					 p->ref.path);
	tell(p, NULL, line, 0, 0);
	r = list_blobs(p, e);
	if (r == 0 && p->o->shelf)
		return shelve(p, out, e);
	if (r == 0)
		r = connect_registry(p, e);
	if (r == 0)
		r = push_blobs(p, e);
	if (r == 0)
		r = push_manifest(p, out, e);
	if (r == -EACCES)
		err_hint(e, "`docker login` first, or push to a name of yours, user/app:v1");
	return r;
}

int image_push(struct image_store *s, const struct push_options *o, struct push_done *out,
	       struct err *e)
{
	struct push p = { .s = s, .o = o };
	int r = push(&p, out, e);
	if (r == -ENOENT && p.img == NULL && e) {
		autofree char *name = reference_familiar_name(&p.ref);
		err_http(e, 404, ENOENT, "An image does not exist locally with the tag: %s", name);
	}
	registry_close(&p.to);
	manifest_free(&p.m);
	reference_free(&p.ref);
	if (p.img)
		image_free(p.img);
	return r;
}
