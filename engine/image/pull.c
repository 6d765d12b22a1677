/* pull.c - from a name to an image: which registry, which manifest, which layers
 * are missing, and who fetches them.
 *
 * A registry is tried after the other: the mirrors (for names of docker.io, as
 * dockerd does), then the registry of the name unless we are offline.  The last
 * one's answer counts, with one exception: if it can't be reached while a mirror
 * has said "no such image", both are told, for it may be a typing error as well
 * as a pulled plug.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/json.h"
#include "core/str.h"
#include "image/pull.h"
#include "image/suggest.h"

#define WORKERS 3		/* docker's max-concurrent-downloads */
#define ATTEMPTS 5		/* and its max-download-attempts */
#define WORKERS_MAX 64
#define CONFIG_LIMIT (8u << 20)	/* a configuration is a few KiB */

/* ---- telling --------------------------------------------------------------------- */

static void tell(struct pull *p, const struct pull_progress *line)
{
	if (!p->o->progress)
		return;
	pthread_mutex_lock(&p->lock);
	p->o->progress(p->o->arg, line);
	pthread_mutex_unlock(&p->lock);
}

static const char *line_name(const char *digest, char buf[16])
{
	snprintf(buf, 16, "%.12s", digest_hex(digest));
	return buf;
}

void pull_tell(struct pull *p, const char *digest, const char *status, int64_t current,
	       int64_t total)
{
	char id[16];
	struct pull_progress line = { .status = status, .current = current, .total = total };
	line.id = digest ? line_name(digest, id) : NULL;
	tell(p, &line);
}

void pull_tell_done(struct pull *p, size_t index, const char *status, bool is_new)
{
	char id[16];
	const struct descriptor *d = &p->m.layers[index];
	struct pull_progress line = {
		.id = line_name(d->digest, id), .status = status, .current = d->size,
		.total = d->size, .digest = d->digest, .diff_id = p->diff_ids[index],
		.is_new = is_new,
	};
	tell(p, &line);
}

bool pull_stopped(void *arg)
{
	struct pull *p = arg;
	return p->failed || (p->o->cancel && *p->o->cancel);
}

/* ---- layers ---------------------------------------------------------------------- */

static bool take_next(struct pull *p, size_t *index)
{
	pthread_mutex_lock(&p->lock);
	bool any = p->next < p->m.n_layers && !pull_stopped(p);
	*index = p->next;
	p->next += any;
	pthread_mutex_unlock(&p->lock);
	return any;
}

static void *work(void *arg)
{
	struct pull *p = arg;
	size_t index;
	while (take_next(p, &index)) {
		struct err e = { 0 };
		struct layer_record rec;
		if (layer_find(p->s, p->diff_ids[index], &rec, NULL) == 0 ||
		    pull_layer(p, index, &e) == 0)
			continue;
		pthread_mutex_lock(&p->lock);
		if (!p->failed)
			p->err = e;
		p->failed = true;
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

void image_store_pulls(struct image_store *s, int workers, int attempts)
{
	s->workers = workers > WORKERS_MAX ? WORKERS_MAX : workers;
	s->attempts = attempts;
}

static size_t workers(const struct pull *p) { return (size_t)(p->s->workers ? p->s->workers : WORKERS); }

/* Base first, as docker lists them; what is here already needs no worker. */
static void announce(struct pull *p)
{
	struct layer_record rec;
	for (size_t i = 0; i < p->m.n_layers; i++) {
		if (layer_find(p->s, p->diff_ids[i], &rec, NULL) == 0) {
			pull_tell_done(p, i, "Already exists", false);
			continue;
		}
		pull_tell(p, p->m.layers[i].digest, "Pulling fs layer", 0, 0);
		if (p->fresh++ >= workers(p))
			pull_tell(p, p->m.layers[i].digest, "Waiting", 0, 0);
	}
}

static int fetch_layers(struct pull *p, struct err *e)
{
	pthread_t threads[WORKERS_MAX];
	size_t n = 0;
	announce(p);
	/* This thread is one of the workers. */
	while (n + 1 < workers(p) && n + 1 < p->fresh &&
	       pthread_create(&threads[n], NULL, work, p) == 0)
		n++;
	work(p);
	while (n)
		pthread_join(threads[--n], NULL);
	if (p->failed) {
		*e = p->err;
		return -e->code;
	}
	return pull_stopped(p) ? err_set(e, ECANCELED, "context canceled") : 0;
}

/* ---- manifest and configuration -------------------------------------------------- */

static int parse_doc(const struct registry_doc *d, cJSON **out, struct err *e)
{
	if (json_parse(d->text, d->len, out, e) < 0 || !cJSON_IsObject(*out))
		return err_set(e, EBADMSG, "invalid manifest: the registry sent no JSON document");
	return 0;
}

/* *digest: of what the name stands for, which for several platforms is the index. */
static int fetch_manifest(struct pull *p, char digest[DIGEST_TEXT], struct err *e)
{
	autodoc struct registry_doc doc = { 0 }, child = { 0 };
	autojson cJSON *j = NULL, *inner = NULL;
	struct descriptor d;
	int r = registry_manifest(p->from, p->ref.digest ? p->ref.digest : p->ref.tag, &doc, e);
	if (r == 0)
		r = parse_doc(&doc, &j, e);
	if (r < 0)
		return r;
	memcpy(digest, doc.digest, DIGEST_TEXT);
	if (!manifest_is_index(doc.type, j))
		return manifest_parse(j, &p->m, e);
	r = index_choose(j, p->o->platform, &d, e);
	if (r == 0)
		r = registry_manifest(p->from, d.digest, &child, e);
	if (r == 0)
		r = parse_doc(&child, &inner, e);
	return r == 0 ? manifest_parse(inner, &p->m, e) : r;
}

static int fetch_config(struct pull *p, struct str *text, cJSON **config, struct err *e)
{
	autostream struct stream *body = NULL;
	autofree char *raw = NULL;
	char got[DIGEST_TEXT];
	size_t len;
	int r = registry_blob(p->from, p->m.config.digest, p->m.config.size, &body, e);
	if (r == 0)
		r = stream_whole(body, CONFIG_LIMIT, &raw, &len, e);
	if (r < 0)
		return r;
	digest_of(raw, len, got);
	if (!str_eq(got, p->m.config.digest))
		return err_set(e, EBADMSG, "image config verification failed for digest %s",
			       p->m.config.digest);
	r = json_parse(raw, len, config, e);
	if (r == 0)
		r = image_diff_ids(*config, &p->diff_ids, e);
	if (r < 0)
		return r;
	if (strv_len(p->diff_ids) != p->m.n_layers)
		return err_set(e, EBADMSG, "layers from manifest don't match image configuration");
	str_addn(text, raw, len);
	return 0;
}

/* ---- one registry ---------------------------------------------------------------- */

static int record(struct pull *p, const struct str *text, cJSON *config, const char *digest,
		  struct err *e)
{
	autofree char *repo = reference_familiar_name(&p->ref);
	autofree char *by_digest = str_printf("%s@%s", repo, digest);
	return image_record(p->s, &(struct image_record){
		.text = text->s, .len = text->len, .config = config, .diff_ids = p->diff_ids,
		.repo = repo, .name = p->ref.digest ? NULL : p->familiar, .digest = by_digest }, e);
}

static bool is_here(struct pull *p)
{
	autoimage struct image *img = NULL;
	struct layer_record rec;
	if (image_get(p->s, p->m.config.digest, &img, NULL) < 0)
		return false;
	for (size_t i = 0; i < img->n_layers; i++)
		if (layer_find(p->s, img->diff_ids[i], &rec, NULL) < 0)
			return false;
	return true;
}

static void tell_begin(struct pull *p)
{
	autofree char *status = str_printf("Pulling from %s", p->ref.path);
	struct pull_progress line = {
		.id = p->ref.digest ? p->ref.digest : p->ref.tag, .status = status,
	};
	tell(p, &line);
}

static void tell_end(struct pull *p, const char *digest, bool up_to_date)
{
	autofree char *line = str_printf("Digest: %s", digest);
	autofree char *status = str_printf("Status: %s for %s", up_to_date
			? "Image is up to date" : "Downloaded newer image", p->familiar);
	pull_tell(p, NULL, line, 0, 0);
	pull_tell(p, NULL, status, 0, 0);
}

static int pull_from(struct pull *p, struct err *e)
{
	char digest[DIGEST_TEXT];
	autostr struct str text = { 0 };
	autojson cJSON *config = NULL;
	int r = fetch_manifest(p, digest, e);
	if (r < 0)
		return r;
	tell_begin(p);
	r = fetch_config(p, &text, &config, e);
	/* Pinned first: whatever is here from now on stays until we are done. */
	for (size_t i = 0; r == 0 && i < p->m.n_layers; i++)
		r = layer_pin(p->s, p->diff_ids[i], p->holder, e);
	bool here = r == 0 && is_here(p);
	if (r == 0 && !here)
		r = fetch_layers(p, e);
	if (r == 0)
		r = record(p, &text, config, digest, e);
	if (r == 0)
		tell_end(p, digest, here);
	return r;
}

/* ---- only looking ---------------------------------------------------------------- */

static void add_platform(cJSON *list, const cJSON *from)
{
	static const char *const keys[] = { "architecture", "os", "os.version", "variant" };
	cJSON *o = cJSON_CreateObject();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_str(from, keys[i]) || i < 2)
			json_put_str(o, keys[i], json_str_or(from, keys[i], ""));
	cJSON_AddItemToArray(list, o);
}

/* An index lists its platforms; of a single manifest the configuration tells. */
static int list_platforms(struct pull *p, const struct registry_doc *doc, const cJSON *j,
			  cJSON *list, struct err *e)
{
	const cJSON *m;
	autostr struct str text = { 0 };
	autojson cJSON *config = NULL;
	if (manifest_is_index(doc->type, j)) {
		cJSON_ArrayForEach(m, json_obj(j, "manifests"))
			add_platform(list, json_obj(m, "platform"));
		return 0;
	}
	int r = manifest_parse(j, &p->m, e);
	if (r == 0)
		r = fetch_config(p, &text, &config, e);
	if (r == 0)
		add_platform(list, config);
	return r;
}

static int inspect_from(struct pull *p, struct err *e)
{
	autodoc struct registry_doc doc = { 0 };
	autojson cJSON *j = NULL, *list = cJSON_CreateArray();
	int r = registry_manifest(p->from, p->ref.digest ? p->ref.digest : p->ref.tag, &doc, e);
	if (r == 0)
		r = parse_doc(&doc, &j, e);
	if (r == 0)
		r = list_platforms(p, &doc, j, list, e);
	if (r < 0)
		return r;
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "mediaType", *doc.type ? doc.type : json_str_or(j, "mediaType", ""));
	json_put_str(d, "digest", doc.digest);
	json_put_int(d, "size", (int64_t)doc.len);
	cJSON_Delete(p->about);
	p->about = cJSON_CreateObject();
	json_put(p->about, "Descriptor", d);
	json_put(p->about, "Platforms", steal_ptr(list));
	json_put_str(p->about, "Raw", doc.text);
	return 0;
}

static int tags_from(struct pull *p, struct err *e)
{
	strv_free(steal_ptr(p->tags));
	return registry_tags(p->from, &p->tags, e);
}

/* ---- which registry -------------------------------------------------------------- */

static void start_over(struct pull *p)
{
	registry_close(&p->from);
	manifest_free(&p->m);
	strv_free(steal_ptr(p->diff_ids));
	p->next = p->fresh = 0;
	p->failed = false;
}

static int try_registry(struct pull *p, const char *url, const char *auth, bool maybe_tls,
			struct err *e)
{
	struct registry_target t = {
		.url = url, .repository = p->ref.path, .auth = auth, .maybe_tls = maybe_tls,
		.stop = pull_stopped, .arg = p,
		.attempts = p->s->attempts ? p->s->attempts : ATTEMPTS,
	};
	start_over(p);
	int r = registry_open(&t, &p->from, e);
	if (r == 0)
		r = registry_ping(p->from, e);
	return r == 0 ? p->act(p, e) : r;
}

/* Trouble of this machine, or the user's wish: another registry wouldn't help. */
static bool is_final(int err)
{
	return err == 0 || err == -ECANCELED || err == -ENOSPC || err == -EDQUOT ||
	       err == -EROFS || err == -ENOMEM;
}

static bool says_no(int err) { return err == -ENOENT || err == -ENXIO || err == -EACCES; }

/* A slip of the keys is likelier than a registry gone wrong. */
static int hint_name(struct pull *p, bool hub, const char *otherwise, struct err *e)
{
	autofree char *near = hub ? suggest_image(&p->ref, p->o->mirrors) : NULL;
	autofree char *repo = reference_familiar_name(&p->ref);
	if (near && p->ref.digest && str_eq(near, repo))
		return err_hint(e, "%s is there, but not with this digest", repo);
	return near ? err_hint(e, "did you mean %s?", near) : err_hint(e, "%s", otherwise);
}

/* The registry's answer in the words of the daemon that asked it. */
static int explain_no(struct pull *p, int err, struct err *e)
{
	autofree char *repo = reference_familiar_name(&p->ref), *cause = str_dup(e->what);
	bool hub = str_eq(p->ref.domain, "docker.io");
	if (err == -ENOENT) {
		err_http(e, 404, ENOENT, "manifest for %s not found: %s", p->familiar, cause);
		return hint_name(p, hub, "the repository is there, but not with this tag", e);
	}
	if (err == -ENXIO && !hub) {
		err_http(e, 404, EACCES, "repository %s not found: %s", repo, cause);
		return err_hint(e, "that registry has no such repository: check the name");
	}
	/* The hub doesn't tell what is not there from what is not ours to see. */
	err_http(e, 404, EACCES, "pull access denied for %s, repository does not exist or "
		 "may require 'docker login': %s", repo, err == -EACCES ? cause
		 : "denied: requested access to the resource is denied");
	return hint_name(p, hub, "check the name: `docker images` lists what is here already", e);
}

static int explain(struct pull *p, int err, bool mirror_said_no, struct err *e)
{
	autofree char *repo = reference_familiar_name(&p->ref), *cause = str_dup(e->what);
	if (says_no(err))
		return explain_no(p, err, e);
	if (err != -EHOSTUNREACH && err != -ETIMEDOUT)
		return err;
	if (!mirror_said_no)
		return err_hint(e, "the registry of %s can't be reached: check the network", repo);
	/* Clients other than ours drop the hint: the half they need is in the message. */
	err_http(e, 404, -err, "%s (and no mirror has %s)", cause, p->familiar);
	autofree char *unknown = str_printf("%s is not a course image, and Docker Hub can't be reached "
					    "from here: check the spelling, or the network", repo);
	return hint_name(p, str_eq(p->ref.domain, "docker.io"), unknown, e);
}

static int try_mirrors(struct pull *p, bool *said_no, struct err *e)
{
	int r = -ENOENT;
	bool any = false;
	if (!str_eq(p->ref.domain, "docker.io"))
		return r;
	for (char *const *m = p->o->mirrors; m && *m; m++) {
		bool tls = str_starts(*m, "http://");
		any = true;
		err_clear(e);
		r = try_registry(p, *m, NULL, tls, e);
		*said_no |= says_no(r);
		if (is_final(r))
			return r;
	}
	return any ? r : -ENOENT;
}

static int pull(struct pull *p, struct err *e)
{
	bool said_no = false, maybe_tls;
	int r = try_mirrors(p, &said_no, e), mirror = r;
	struct err why = *e;
	if (is_final(r))
		return r;
	if (!p->o->offline) {
		autofree char *url = registry_url(p->ref.domain, p->o->insecure, &maybe_tls);
		err_clear(e);
		r = try_registry(p, url, p->o->auth, maybe_tls, e);
		/* A hub out of reach is no news where a mirror had it, but damaged. */
		if ((r == -EHOSTUNREACH || r == -ETIMEDOUT) && why.code && !says_no(mirror)) {
			*e = why;
			r = mirror;
		}
	} else if (!e->code) {
		err_set(e, EHOSTUNREACH, "pull %s: offline, and no mirror is set", p->familiar);
		r = -EHOSTUNREACH;
	}
	return r < 0 ? explain(p, r, said_no, e) : 0;
}

static int prepare(struct pull *p, struct err *e)
{
	static atomic_uint count;
	int r = reference_parse(p->o->ref, &p->ref, e);
	if (r < 0)
		return r;
	snprintf(p->holder, sizeof(p->holder), "pull %u", atomic_fetch_add(&count, 1));
	if (p->ref.digest) {	/* the digest decides; a tag beside it is no name */
		free(p->ref.tag);
		p->ref.tag = NULL;
	}
	p->familiar = reference_familiar(&p->ref);
	return 0;
}

static void finish(struct pull *p)
{
	start_over(p);
	cJSON_Delete(p->about);
	strv_free(p->tags);
	reference_free(&p->ref);
	free(p->familiar);
	pthread_mutex_destroy(&p->lock);
}

/* A question to whichever registry has the name: the answer is left in p. */
static int ask(struct pull *p, struct err *e)
{
	struct err here = { 0 };
	pthread_mutex_init(&p->lock, NULL);
	int r = prepare(p, &here);
	if (r == 0)
		r = pull(p, &here);
	if (r < 0 && e)
		*e = here;
	return r;
}

int image_inspect_remote(struct image_store *s, const struct pull_options *o, cJSON **out,
			 struct err *e)
{
	struct pull p = { .s = s, .o = o, .act = inspect_from };
	int r = ask(&p, e);
	if (r == 0)
		*out = steal_ptr(p.about);
	finish(&p);
	return r;
}

int image_remote_tags(struct image_store *s, const struct pull_options *o, char ***out,
		      struct err *e)
{
	struct pull p = { .s = s, .o = o, .act = tags_from };
	int r = ask(&p, e);
	if (r == 0)
		*out = steal_ptr(p.tags);
	finish(&p);
	return r;
}

int image_pull(struct image_store *s, const struct pull_options *o, struct image **out,
	       struct err *e)
{
	struct err here = { 0 };
	struct pull p = { .s = s, .o = o, .act = pull_from };
	pthread_mutex_init(&p.lock, NULL);
	int r = prepare(&p, &here);
	if (r == 0)
		r = pull(&p, &here);
	if (r == 0)
		r = image_get(s, p.ref.digest ? p.m.config.digest : p.familiar, out, &here);
	layer_unpin(s, p.holder, NULL);
	if (r < 0) {
		store_collect(s, NULL, NULL, NULL);	/* layers that came whole, for nothing */
		store_hint(&here);
	}
	if (r < 0 && e)
		*e = here;
	finish(&p);
	/* The buffers of a pull are megabytes that an idle daemon should not keep. */
	malloc_trim(0);
	return r;
}
