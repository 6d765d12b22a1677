/* images_push.c - docker push: one tag, or all of a repository.
 *
 * The course registry stands where Docker Hub is: `docker push myuser/my-ml-api:v1`
 * goes there, as `docker pull` asks it first.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/images_show.h"
#include "api/routes.h"
#include "image/reference.h"

struct push {
	struct api *api;
	struct stream *stream;
	char **refs;		/* familiar, with tag */
	char *auth, *shelf;	/* shelf: the course registry's folder, or NULL */
	char *repository;	/* in full, for the first line */
	struct err missing;	/* there is nothing to push */
};

static void progress(void *arg, const struct pull_progress *g)
{
	pull_progress_line(((struct push *)arg)->stream, g);
}

/* What clients that want the digest read it from. */
static void tell_done(struct push *p, const char *ref, const struct push_done *done)
{
	autojson cJSON *o = cJSON_CreateObject();
	cJSON *aux = cJSON_CreateObject();
	json_put_str(aux, "Tag", strrchr(ref, ':') + 1);
	json_put_str(aux, "Digest", done->digest);
	json_put_int(aux, "Size", done->size);
	json_put(o, "progressDetail", cJSON_CreateObject());
	json_put(o, "aux", aux);
	stream_json(p->stream, o);
}

static void produce(struct stream *s, void *arg)
{
	struct push *p = arg;
	p->stream = s;
	if (p->missing.code) {	/* said after the line that docker's begins with */
		autofree char *line = str_printf("The push refers to repository [%s]", p->repository);
		progress(p, &(struct pull_progress){ .status = line });
		stream_fail(s, &p->missing);
	}
	for (char **ref = p->refs; *ref; ref++) {
		struct err e = { 0 };
		struct push_done done;
		struct push_options o = {
			.ref = *ref, .shelf = p->shelf, .auth = p->auth, .insecure = p->api->insecure,
			.progress = progress, .arg = p, .cancel = stream_cancel(s),
		};
		if (image_push(p->api->images, &o, &done, &e) < 0) {
			stream_fail(s, &e);
			return;
		}
		tell_done(p, *ref, &done);
		image_event("push", *ref, *ref);
	}
}

static void release(void *arg)
{
	struct push *p = arg;
	strv_free(p->refs);
	free(p->auth);
	free(p->repository);
	free(p->shelf);
	free(p);
}

static void add_tags(struct request *r, const char *name, char ***refs)
{
	struct image **list;
	size_t n;
	autofree char *prefix = str_printf("%s:", name);
	if (image_list(r->api->images, &list, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		for (char **t = list[i]->tags; *t; t++)
			if (str_starts(*t, prefix) && !strchr(*t + strlen(prefix), '/'))
				strv_add(refs, *t);
		image_free(list[i]);
	}
	free(list);
}

/* The tags that are meant: the one that is asked for, or all. */
static int find_refs(struct request *r, const struct reference *ref, char ***refs, struct err *e)
{
	const char *tag = query_or(r, "tag", "");
	autofree char *name = reference_familiar_name(ref);
	autoimage struct image *img = NULL;
	if (!*tag)
		add_tags(r, name, refs);
	if (!*tag && !(*refs)[0])
		return err_http(e, 404, ENOENT, "An image does not exist locally with the tag: %s", name);
	if (!*tag)
		return 0;
	autofree char *whole = str_printf("%s:%s", name, tag);
	if (!reference_tag_ok(tag))
		return err_set(e, EINVAL, "invalid tag format");
	if (image_get(r->api->images, whole, &img, e) < 0)
		return err_http(e, 404, ENOENT, "An image does not exist locally with the tag: %s", name);
	strv_add(refs, whole);
	return 0;
}

int images_push(struct request *r, struct err *e)
{
	autoreference struct reference ref = { 0 };
	int n = reference_parse(r->arg[0], &ref, e);
	if (n < 0)
		return n;
	struct push *p = mem_alloc(sizeof(*p));
	p->api = r->api;
	p->refs = mem_alloc(sizeof(char *));
	p->auth = str_dup(MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "X-Registry-Auth"));
	if (str_eq(ref.domain, "docker.io") && r->api->registry_port)
		p->shelf = str_dup(r->api->shelf);
	p->repository = reference_name(&ref);
	n = find_refs(r, &ref, &p->refs, &p->missing);
	if (n == 0 || n == -ENOENT)
		return reply_held_stream(r, "application/json", produce, release, p, e);
	*e = p->missing;
	release(p);
	return n;
}
