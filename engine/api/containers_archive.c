/* containers_archive.c - what docker cp asks for: HEAD tells what a path is, GET gives
 * it as a tar, PUT unpacks one into it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "core/base64.h"
#include "core/clock.h"
#include "runtime/container_archive.h"

/* The path as it is asked for, and the container's files opened. */
static int open_root(struct request *r, const char **path, struct container_root **out,
		     struct err *e)
{
	autocontainer struct container *c = NULL;
	int n = request_container(r, &c, e);
	*path = query_or(r, "path", "");
	if (n < 0)
		return n;
	if (!**path)
		return err_set(e, EINVAL, "missing path in query");
	return container_root_open(c, ROOT_WITH_VOLUMES, out, e);
}

static void tell(struct request *r, const struct container_root *root, const char *path,
		 const char *direction)
{
	struct container *c = container_root_of(root);
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "path", path);
	json_put_str(d, "direction", direction);
	request_fact(r, "ctr.cp", c->id, c->image_id, d);
}

static void put_stat_header(struct request *r, const struct path_stat *s)
{
	autojson cJSON *o = cJSON_CreateObject();
	char when[36];
	json_put_str(o, "name", s->name);
	json_put_int(o, "size", s->size);
	json_put_int(o, "mode", s->mode);
	json_put_str(o, "mtime", clock_rfc3339((uint64_t)s->mtime.tv_sec * 1000000000ull +
					       (uint64_t)s->mtime.tv_nsec, when));
	json_put_str(o, "linkTarget", s->target);
	autofree char *text = json_line(o);
	autofree char *encoded = base64_encode(text, strlen(text), false);
	reply_header(r, "X-Docker-Container-Path-Stat", encoded);
}

static int stat_path(struct request *r, struct container_root *root, const char *path,
		     struct err *e)
{
	autopathstat struct path_stat s = { 0 };
	int n = container_path_stat(root, path, r->arg[0], &s, e);
	if (n == 0)
		put_stat_header(r, &s);
	return n;
}

/* With what the path is as a header of the answer. */
static int open_path(struct request *r, const char **path, struct container_root **out,
		     struct err *e)
{
	int n = open_root(r, path, out, e);
	if (n < 0)
		return n;
	n = stat_path(r, *out, *path, e);
	if (n < 0)
		container_root_close(*out);
	return n;
}

int containers_archive_stat(struct request *r, struct err *e)
{
	struct container_root *root;
	const char *path;
	int n = open_path(r, &path, &root, e);
	if (n < 0)
		return n;
	container_root_close(root);
	return reply_empty(r, 200);
}

/* -- get --------------------------------------------------------------------------- */

struct getting { struct container_root *root; char *path; };

static void produce(struct stream *s, void *arg)
{
	struct getting *g = arg;
	struct err e = { 0 };
	if (container_archive_get(g->root, g->path, stream_sink, s, &e) < 0)
		stream_break(s, &e);
}

static void release(void *arg)
{
	struct getting *g = arg;
	container_root_close(g->root);
	free(g->path);
	free(g);
}

int containers_archive_get(struct request *r, struct err *e)
{
	struct container_root *root;
	const char *path;
	int n = open_path(r, &path, &root, e);
	if (n < 0)
		return n;
	tell(r, root, path, "out");
	struct getting *g = mem_alloc(sizeof(*g));
	*g = (struct getting){ root, str_dup(path) };
	return reply_stream(r, "application/x-tar", produce, release, g);
}

/* -- put --------------------------------------------------------------------------- */

int containers_archive_put(struct request *r, struct err *e)
{
	struct container_root *root;
	struct archive_put o = { .shown = r->arg[0],
				 .keep_kinds = query_bool(r, "noOverwriteDirNonDir"),
				 .give = query_bool(r, "copyUIDGID") };
	int n = open_root(r, &o.path, &root, e);
	if (n < 0)
		return n;
	n = container_archive_put(root, &o, request_take_body(r), e);
	if (n == 0) {
		tell(r, root, o.path, "in");
		container_event(container_root_of(root), "extract-to-dir", NULL);
	}
	container_root_close(root);
	return n < 0 ? n : reply_empty(r, 200);
}
