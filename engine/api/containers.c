/* containers.c - one container's life: create, start, stop, wait, remove … */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "core/clock.h"
#include "image/manifest.h"

/* --platform: the image is here, but for another kind of machine.  404, which makes the
 * client ask a registry for the right one. */
static int check_platform(struct request *r, struct err *e)
{
	const char *want = r->minor >= 41 ? query_or(r, "platform", "") : "";
	const char *ref = json_str_or(r->json, "Image", "");
	autoimage struct image *img = NULL;
	if (!*want || image_get(r->api->images, ref, &img, NULL) < 0 ||
	    platform_suits(img->config, want))
		return 0;
	return err_http(e, 404, ENOENT, "image with reference %s was found but does not provide the "
			"specified platform (%s)", ref, want);
}

int containers_create(struct request *r, struct err *e)
{
	struct container *c;
	char **warnings = mem_alloc(sizeof(*warnings));
	int n = r->json ? check_platform(r, e) :
			  err_set(e, EINVAL, "invalid JSON: got EOF while reading request body");
	if (n == 0)
		n = container_create(r->api->containers, &r->origin, query(r, "name"), r->json, &c,
				     &warnings, e);
	if (n == 0) {
		cJSON *o = cJSON_CreateObject();
		json_put_str(o, "Id", c->id);
		json_put_strv(o, "Warnings", warnings);
		container_put(c);
		n = reply_json(r, 201, o);
	}
	strv_free(warnings);
	return n;
}

/* 204 when done, 304 when there was nothing to do. */
static int reply_done(struct request *r, int n)
{
	return n < 0 ? n : reply_empty(r, n > 0 ? 304 : 204);
}

int containers_start(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	if (r->body.len > 2)		/* "{}" is what some clients send for nothing */
		return err_set(e, EINVAL, "starting container with non-empty request body was deprecated "
			       "since API v1.22 and removed in v1.24");
	if (*query_or(r, "checkpoint", ""))
		return err_set(e, EINVAL, "checkpoint is only supported in experimental mode");
	int n = request_container(r, &c, e);
	return n < 0 ? n : reply_done(r, container_start(c, &r->origin, e));
}

/* Since 1.42 a request may name another signal than the container's own. */
static const char *stop_signal(const struct request *r)
{
	return r->minor >= 42 ? query(r, "signal") : NULL;
}

int containers_stop(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int grace = -1, n = query_want_int(r, "t", -1, INT_MAX, &grace, e);
	if (n < 0 || (n = request_container(r, &c, e)) < 0)
		return n;
	return reply_done(r, container_stop(c, &r->origin, grace, stop_signal(r), e));
}

int containers_restart(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int grace = -1, n = query_want_int(r, "t", -1, INT_MAX, &grace, e);
	if (n < 0 || (n = request_container(r, &c, e)) < 0)
		return n;
	return reply_done(r, container_restart(c, &r->origin, grace, stop_signal(r), e));
}

int containers_kill(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int n = request_container(r, &c, e);
	if (n < 0) {
		err_wrap(e, "cannot kill container: %s", r->arg[0]);
		return n;
	}
	return reply_done(r, container_kill(c, &r->origin, query(r, "signal"), e));
}

static int pause_route(struct request *r, bool pause, struct err *e)
{
	autocontainer struct container *c = NULL;
	int n = request_container(r, &c, e);
	return n < 0 ? n : reply_done(r, container_pause(c, &r->origin, pause, e));
}

int containers_pause(struct request *r, struct err *e) { return pause_route(r, true, e); }
int containers_unpause(struct request *r, struct err *e) { return pause_route(r, false, e); }

int containers_rename(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	const char *name = query_or(r, "name", "");
	int n = request_container(r, &c, e);
	if (n < 0)
		return n;
	if (!*name)
		return err_set(e, EINVAL, "Neither old nor new names may be empty");
	return reply_done(r, container_rename(c, name, e));
}

int containers_update(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	char **warnings = mem_alloc(sizeof(*warnings));
	int n = request_container(r, &c, e);
	if (n == 0)
		n = r->json ? container_update(c, r->json, &warnings, e) :
			      err_set(e, EINVAL, "invalid JSON: got EOF while reading request body");
	if (n == 0) {
		cJSON *o = cJSON_CreateObject();
		if (warnings[0])
			json_put_strv(o, "Warnings", warnings);
		else
			json_put(o, "Warnings", cJSON_CreateNull());
		n = reply_json(r, 200, o);
	}
	strv_free(warnings);
	return n;
}

int containers_resize(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int h, w, n = request_container(r, &c, e);
	if (n == 0 && (n = query_size(r, &h, &w, e)) == 0)
		n = container_resize(c, h, w, e);
	return n < 0 ? n : reply_empty(r, 200);
}

int containers_delete(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int n = request_container_or_tell(r, "ctr.rm.refused", &c, e);
	if (n == 0 && query_bool(r, "link"))
		n = err_http(e, 409, EBUSY,
			     "Conflict, cannot remove the default link name of the container");
	return n < 0 ? n : reply_done(r, container_remove(c, &r->origin, query_bool(r, "force"),
								    query_bool(r, "v"), e));
}

int containers_changes(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	cJSON *list;
	int n = request_container(r, &c, e);
	if (n < 0 || (n = container_changes(c, &list, e)) < 0)
		return n;
	view_fact(r, "diff", c->id, c->image_id, cJSON_GetArraySize(list));
	return reply_json(r, 200, list);
}

/* -- prune ------------------------------------------------------------------------- */

struct prune { const cJSON *filters; uint64_t until; };

static bool wants_prune(void *arg, struct container *c)
{
	const struct prune *p = arg;
	return c->created_ns <= p->until && filter_labels(p->filters, json_obj(c->config, "Labels"));
}

int containers_prune_route(struct request *r, struct err *e)
{
	static const char *const known[] = { "until", "label", "label!", NULL };
	autojson cJSON *filters = NULL;
	char **removed = mem_alloc(sizeof(*removed));
	int64_t bytes = 0;
	int n = query_filters(r, &filters, e);
	if (n == 0)
		n = filter_check(filters, known, e);
	struct prune p = { filters, UINT64_MAX };
	if (n == 0)
		n = filter_time(filters, "until", &p.until, e);
	if (n == 0)
		n = containers_prune(r->api->containers, &r->origin, wants_prune, &p, &removed, &bytes, e);
	if (n == 0) {
		cJSON *o = cJSON_CreateObject();
		if (removed[0])
			json_put_strv(o, "ContainersDeleted", removed);
		else
			json_put(o, "ContainersDeleted", cJSON_CreateNull());
		json_put_int(o, "SpaceReclaimed", bytes);
		prune_event("container", bytes);
		n = reply_json(r, 200, o);
	}
	strv_free(removed);
	return n;
}

/* -- wait -------------------------------------------------------------------------- */

static void free_wait(void *arg)
{
	struct wait *w = arg;
	container_put(w->c);
	free(w);
}

/* The head is sent before there is anything to say: docker run waits for it, and
 * only then starts the container. */
static void produce_wait(struct stream *s, void *arg)
{
	autojson cJSON *o = cJSON_CreateObject();
	int code;
	if (container_wait(arg, stream_gone, s, &code) < 0)
		return;
	json_put_int(o, "StatusCode", code);
	stream_json(s, o);
}

int containers_wait(struct request *r, struct err *e)
{
	static const struct { const char *word; enum wait_for what; } words[] = {
		{ "not-running", WAIT_NOT_RUNNING }, { "next-exit", WAIT_NEXT_EXIT },
		{ "removed", WAIT_REMOVED } };
	autocontainer struct container *c = NULL;
	const char *word = query_or(r, "condition", "not-running");
	int n = request_container(r, &c, e);
	if (n < 0)
		return n;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!str_eq(words[i].word, word))
			continue;
		struct wait *w = mem_alloc(sizeof(*w));
		container_wait_begin(c, words[i].what, w);
		steal_ptr(c);	/* the wait counts it from here on */
		return reply_stream(r, "application/json", produce_wait, free_wait, w);
	}
	return err_set(e, EINVAL, "invalid condition: \"%s\"", word);
}

/* -- attach ------------------------------------------------------------------------ */

struct attach {
	struct container *c;
	struct attach_options o;
	struct origin by;
	bool stream, logs, out, err;
};

static void free_attach(struct attach *a)
{
	container_put(a->c);
	free((char *)a->o.detach_keys);
	origin_free(&a->by);
	free(a);
}

static void attach_upgraded(void *arg, int fd, const void *early, size_t early_len)
{
	struct attach *a = arg;
	a->o.fd = fd;
	a->o.early = early;
	a->o.early_len = early_len;
	if (a->logs)
		logs_replay(a->c, fd, a->out, a->err);
	if (a->stream)
		container_attach(a->c, &a->by, &a->o, NULL);
	else
		close(fd);
	free_attach(a);
}

int containers_attach_ws(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int n = request_container(r, &c, e);
	if (n < 0)
		return n;
	err_http(e, 501, ENOSYS, "attaching over a websocket is not supported by this engine");
	return err_hint(e, "POST /containers/%.12s/attach upgrades to a raw stream", c->id);
}

int containers_attach(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int n = request_container(r, &c, e);
	if (n < 0)
		return n;
	container_lock(c);
	bool paused = c->status == CTR_PAUSED, tty = json_bool(c->config, "Tty");
	container_unlock(c);
	if (paused)
		return err_http(e, 409, EBUSY,
				"container %s is paused, unpause the container before attach", c->id);
	struct attach *a = mem_alloc(sizeof(*a));
	*a = (struct attach){
		.c = steal_ptr(c), .stream = query_bool(r, "stream"), .logs = query_bool(r, "logs"),
		.out = query_bool(r, "stdout"), .err = query_bool(r, "stderr"),
	};
	a->o = (struct attach_options){
		.fd = -1, .in = query_bool(r, "stdin"), .out = a->out, .err = a->err,
		.detach_keys = str_dup(query(r, "detachKeys")),
	};
	origin_keep(&a->by, &r->origin);
	if (a->stream)
		container_expect(a->c);
	return reply_upgrade(r, attach_upgraded, a, !tty);
}
