/* images_pull.c - docker pull: progress as it comes, and facts of what arrived. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/images_show.h"
#include "api/routes.h"
#include "image/reference.h"
#include "runtime/container_event.h"

struct pull {
	struct api *api;
	struct stream *stream;
	char *ref, *platform, *auth;
	char *shown;		/* the name as people write it: without docker.io/library/ */
	struct origin by;	/* owned text */
	int n_new, n_exists;
	int64_t bytes;
	bool all;		/* every tag of the repository */
};

static void fact(struct pull *p, const char *type, const char *image, cJSON *d)
{
	if (p->api->journal)
		journal_add(p->api->journal, &p->by, type, NULL, image, d, NULL);
	else
		cJSON_Delete(d);
}

static void layer_fact(struct pull *p, const struct pull_progress *g)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "digest", g->digest);
	json_put_str(d, "diff_id", g->diff_id ? g->diff_id : "");
	json_put_int(d, "bytes", g->is_new ? g->total : 0);
	json_put_str(d, "state", g->is_new ? "new" : "exists");
	fact(p, "image.layer", NULL, d);
	p->n_new += g->is_new;
	p->n_exists += !g->is_new;
	p->bytes += g->is_new ? g->total : 0;
}

/* Docker's bar, for clients that print "progress" as it is. */
static char *bar(int64_t current, int64_t total)
{
	char b[51];
	int full = total > 0 ? (int)(current * 50 / total) : 0;
	if (full > 50)
		full = 50;
	memset(b, ' ', 50);
	memset(b, '=', (size_t)full);
	if (full < 50)
		b[full] = '>';
	b[50] = '\0';
	return str_printf("[%s]  %.4gMB/%.4gMB", b, (double)current / 1e6, (double)total / 1e6);
}

void pull_progress_line(struct stream *s, const struct pull_progress *g)
{
	autojson cJSON *o = cJSON_CreateObject();
	json_put_str(o, "status", g->status);
	if (g->id && g->total > 0 && strstr(g->status, "ing")) {
		cJSON *d = cJSON_CreateObject();
		autofree char *text = bar(g->current, g->total);
		json_put_int(d, "current", g->current);
		json_put_int(d, "total", g->total);
		json_put(o, "progressDetail", d);
		json_put_str(o, "progress", text);
	} else if (g->id && !str_starts(g->status, "Pulling from")) {
		json_put(o, "progressDetail", cJSON_CreateObject());
	}
	if (g->id)
		json_put_str(o, "id", g->id);
	stream_json(s, o);
}

static void progress(void *arg, const struct pull_progress *g)
{
	struct pull *p = arg;
	if (g->digest && (str_eq(g->status, "Pull complete") || str_eq(g->status, "Already exists")))
		layer_fact(p, g);
	pull_progress_line(p->stream, g);
}

static void begin_facts(struct pull *p)
{
	struct reference ref;
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "ref", p->shown);
	if (reference_parse(p->ref, &ref, NULL) == 0) {
		json_put_str(d, "registry", ref.domain);
		reference_free(&ref);
	}
	fact(p, "image.pull.begin", NULL, d);
}

static void resolve_fact(struct pull *p, bool found)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "ref", p->shown);
	json_put_bool(d, "found", found);
	json_put_str(d, "where", "registry");
	fact(p, "image.resolve", NULL, d);
}

static void end_facts(struct pull *p, const struct image *img)
{
	cJSON *c = cJSON_CreateObject(), *d = cJSON_CreateObject(), *a = cJSON_CreateObject();
	json_put_str(c, "digest", img->id);
	json_put_int(c, "layers", (int64_t)img->n_layers);
	json_put_int(c, "history", cJSON_GetArraySize(json_obj(img->config, "history")));
	fact(p, "image.config", img->id, c);
	json_put_str(d, "ref", p->shown);
	json_put_str(d, "digest", img->id);
	json_put_int(d, "new", p->n_new);
	json_put_int(d, "exists", p->n_exists);
	json_put_int(d, "bytes", p->bytes);
	fact(p, "image.pull.end", img->id, d);
	json_put_str(a, "name", p->shown);
	event_add("image", "pull", p->shown, a);
}

static struct pull_options options(struct pull *p)
{
	return (struct pull_options){
		.ref = p->ref, .platform = p->platform, .auth = p->auth, .mirrors = p->api->mirrors,
		.insecure = p->api->insecure, .progress = progress, .arg = p,
		.cancel = stream_cancel(p->stream),
	};
}

static int pull_one(struct pull *p, struct err *e)
{
	autoimage struct image *img = NULL;
	struct pull_options o = options(p);
	begin_facts(p);
	int r = image_pull(p->api->images, &o, &img, e);
	resolve_fact(p, r == 0 || err_status(e) != 404);
	if (r == 0)
		end_facts(p, img);
	return r;
}

/* A name alone means every tag that its repository has. */
static int pull_all(struct pull *p, struct err *e)
{
	struct pull_options o = options(p);
	autofree char *repository = str_dup(p->ref), *familiar = str_dup(p->shown);
	char **tags;
	*strrchr(familiar, ':') = '\0';	/* "latest", which nobody asked for */
	int r = image_remote_tags(p->api->images, &o, &tags, e);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && tags[i]; i++) {
		free(p->ref);
		free(p->shown);
		p->ref = str_printf("%s:%s", repository, tags[i]);
		p->shown = str_printf("%s:%s", familiar, tags[i]);
		p->n_new = p->n_exists = 0;
		p->bytes = 0;
		r = pull_one(p, e);
	}
	strv_free(tags);
	return r;
}

static void produce(struct stream *s, void *arg)
{
	struct pull *p = arg;
	struct err e = { 0 };
	p->stream = s;
	if ((p->all ? pull_all(p, &e) : pull_one(p, &e)) < 0)
		stream_fail(s, &e);
}

static void release(void *arg)
{
	struct pull *p = arg;
	free(p->ref);
	free(p->shown);
	free(p->platform);
	free(p->auth);
	origin_free(&p->by);
	free(p);
}

/* Has it a tag or a digest?  A colon before the last slash is a port's. */
static bool names_one(const char *ref)
{
	const char *slash = strrchr(ref, '/');
	return strpbrk(slash ? slash : ref, ":@") != NULL;
}

int images_create(struct request *r, struct err *e)
{
	const char *from = query_or(r, "fromImage", ""), *tag = query_or(r, "tag", "");
	if (!*from)
		return images_import(r, e);
	/* "name:" is how some clients say that they mean all tags. */
	int len = (int)strlen(from) - str_ends(from, ":");
	autofree char *name = str_printf("%.*s%s%s", len, from, !*tag ? "" :
					 strchr(tag, ':') ? "@" : ":", tag);
	autofree char *shown = NULL;
	struct reference ref;
	int n = reference_parse(name, &ref, e);
	if (n < 0)
		return n;
	shown = reference_familiar(&ref);
	reference_free(&ref);
	struct pull *p = mem_alloc(sizeof(*p));
	*p = (struct pull){
		.api = r->api, .all = !names_one(name), .shown = steal_ptr(shown),
		.platform = *query_or(r, "platform", "") ? str_dup(query(r, "platform")) : NULL,
		.auth = str_dup(MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "X-Registry-Auth")),
	};
	p->ref = steal_ptr(name);
	origin_keep(&p->by, &r->origin);
	return reply_held_stream(r, "application/json", produce, release, p, e);
}
