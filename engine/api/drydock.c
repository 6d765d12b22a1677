/* drydock.c - our own routes: the trace, the journal, the context, plans, ports. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "runtime/bundle.h"

int drydock_info(struct request *r, struct err *e)
{
	cJSON *o = cJSON_CreateObject(), *trace = cJSON_CreateObject(), *journal = cJSON_CreateObject();
	uint64_t events = 0, dropped = 0;
	if (r->api->trace)
		collector_stats(r->api->trace, &events, &dropped);
	autofree char *registry = r->api->registry_port ?
		str_printf("127.0.0.1:%u", r->api->registry_port) : str_dup("");
	json_put_str(o, "version", DRYDOCK_VERSION);
	json_put_str(o, "backend", r->api->backend);
	json_put_str(o, "api", API_VERSION);
	json_put_str(o, "socket", r->api->socket);
	json_put_str(o, "data_root", r->api->data_root);
	json_put_str(o, "course_registry", registry);
	json_put_int(trace, "events", (int64_t)events);
	json_put_int(trace, "dropped", (int64_t)dropped);
	json_put_int(trace, "last", r->api->trace ? (int64_t)collector_last(r->api->trace) : 0);
	json_put(o, "trace", trace);
	json_put_int(journal, "facts", r->api->journal ? journal_last(r->api->journal) : 0);
	json_put(o, "journal", journal);
	return reply_json(r, 200, o);
}

/* -- lines: of the trace, of the journal ------------------------------------------- */

struct lines {
	struct api *api;
	struct stream *s;
	uint64_t since;
	bool follow, trace;
	char *container;
};

static int on_line(void *arg, const char *line)
{
	struct lines *l = arg;
	if (!line)
		return stream_gone(l->s);
	autofree char *text = str_printf("%s\n", line);
	return stream_put(l->s, text, strlen(text)) < 0;
}

static void produce_lines(struct stream *s, void *arg)
{
	struct lines *l = arg;
	l->s = s;
	if (l->trace) {
		collector_read(l->api->trace, l->since, l->container, l->follow, on_line, l, NULL);
		return;
	}
	containers_settle(l->api->containers);
	journal_read(l->api->journal, (int64_t)l->since, l->follow, on_line, l, NULL);
}

static void release_lines(void *arg)
{
	struct lines *l = arg;
	free(l->container);
	free(l);
}

static int reply_lines(struct request *r, bool trace, const char *container)
{
	struct lines *l = mem_alloc(sizeof(*l));
	*l = (struct lines){ .api = r->api, .since = (uint64_t)query_int(r, "since", 0),
			     .follow = query_bool(r, "follow"), .trace = trace,
			     .container = str_dup(container) };
	return reply_stream(r, "application/x-ndjson", produce_lines, release_lines, l);
}

static int is_off(struct err *e)
{
	err_http(e, 503, ENODEV, "this daemon keeps no trace and no journal");
	return err_hint(e, "start it without --trace off");
}

int drydock_trace(struct request *r, struct err *e)
{
	const char *ref = query_or(r, "container", "");
	autocontainer struct container *c = NULL;
	if (!r->api->trace)
		return is_off(e);
	/* A removed container's events are still there, under its id. */
	if (*ref && containers_get(r->api->containers, ref, &c, NULL) == 0)
		ref = c->id;
	return reply_lines(r, true, *ref ? ref : NULL);
}

int drydock_facts(struct request *r, struct err *e)
{
	return r->api->journal ? reply_lines(r, false, NULL) : is_off(e);
}

int drydock_verify(struct request *r, struct err *e)
{
	struct err found = { 0 };
	if (!r->api->journal)
		return is_off(e);
	int n = journal_verify(r->api->journal, &found);
	cJSON *o = cJSON_CreateObject();
	json_put_bool(o, "ok", n == 0);
	json_put_str(o, "message", n ? found.what : "every fact carries the hash of the one before");
	return reply_json(r, 200, o);
}

int drydock_add_fact(struct request *r, struct err *e)
{
	const char *type = "", *cid = NULL, *step = NULL, *image = NULL;
	bool learner = false;
	int n;
	if (!r->api->journal)
		return is_off(e);
	if ((n = json_want_str(r->json, "type", &type, e)) < 0 ||
	    (n = json_want_str(r->json, "cid", &cid, e)) < 0 ||
	    (n = json_want_str(r->json, "image", &image, e)) < 0 ||
	    (n = json_want_str(r->json, "step", &step, e)) < 0)
		return n;
	if (!journal_type(type, &learner))
		return err_set(e, EINVAL, "no fact of type \"%s\"", type);
	if (!learner)
		return err_set(e, EPERM, "\"%s\" is what the engine sees: only the engine writes it", type);
	struct origin by = r->origin;
	if (step)
		by.step = step;
	const cJSON *data = json_obj(r->json, "data");
	int64_t seq = journal_add(r->api->journal, &by, type, cid, image,
				  cJSON_IsObject(data) ? cJSON_Duplicate(data, true) : NULL, e);
	if (seq < 0)
		return (int)seq;
	cJSON *o = cJSON_CreateObject();
	json_put_int(o, "seq", seq);
	return reply_json(r, 201, o);
}

/* -- context ----------------------------------------------------------------------- */

static void relabel(char **label, const char *value)
{
	if (!value)
		return;
	free(*label);
	*label = str_dup(value);
}

int drydock_context(struct request *r, struct err *e)
{
	const char *session = NULL, *step = NULL;
	int n;
	if ((n = json_want_str(r->json, "session", &session, e)) < 0 ||
	    (n = json_want_str(r->json, "step", &step, e)) < 0)
		return n;
	pthread_mutex_lock(&r->api->lock);
	relabel(&r->api->session, session);
	relabel(&r->api->step, step);
	pthread_mutex_unlock(&r->api->lock);
	return reply_empty(r, 204);
}

int drydock_get_context(struct request *r, struct err *e)
{
	cJSON *o = cJSON_CreateObject();
	pthread_mutex_lock(&r->api->lock);
	json_put_str(o, "session", r->api->session ? r->api->session : "");
	json_put_str(o, "step", r->api->step ? r->api->step : "");
	pthread_mutex_unlock(&r->api->lock);
	return reply_json(r, 200, o);
}

/* -- plans and ports --------------------------------------------------------------- */

int drydock_plan(struct request *r, struct err *e)
{
	autostr struct str text = { 0 };
	if (!r->json)
		return err_set(e, EINVAL, "invalid JSON: got EOF while reading request body");
	int n = container_plan(r->api->containers, r->json, &text, e);
	if (n < 0)
		return n;
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "text", text.s ? text.s : "");
	return reply_json(r, 200, o);
}

/* A container; or an image, as a container of it that lives for this long. */
static int bundle_of(struct request *r, const char *name, struct container **c, bool *made,
		     char ***warnings, struct err *e)
{
	autojson cJSON *body = cJSON_CreateObject();
	struct err ignored = { 0 };
	if (containers_get(r->api->containers, name, c, &ignored) == 0)
		return 0;
	json_put_str(body, "Image", name);
	int n = container_create(r->api->containers, &r->origin, NULL, body, c, warnings, &ignored);
	*made = n == 0;
	if (n < 0 && err_status(&ignored) == 404) {
		err_http(e, 404, ENOENT, "No such container or image: %s", name);
		return err_hint(e, "an image has to be here: docker pull %s", name);
	}
	if (n < 0)
		*e = ignored;
	return n;
}

int drydock_bundle(struct request *r, struct err *e)
{
	const char *name = query_or(r, "name", ""), *dir = query_or(r, "path", "");
	char **warnings = mem_alloc(sizeof(*warnings));
	autocontainer struct container *c = NULL;
	bool made = false;
	int n = bundle_of(r, name, &c, &made, &warnings, e);
	if (n == 0)
		n = container_bundle(c, dir, &warnings, e);
	if (made)
		container_remove(c, &r->origin, true, true, NULL);
	if (n == 0) {
		cJSON *o = cJSON_CreateObject();
		json_put_strv(o, "Warnings", warnings);
		n = reply_json(r, 201, o);
	}
	strv_free(warnings);
	return n;
}

/* The container that publishes a host port; counted, or NULL. */
static struct container *publisher(struct request *r, unsigned port)
{
	size_t n;
	struct container **v = containers_list(r->api->containers, &n), *found = NULL;
	for (size_t i = 0; i < n; i++) {
		bool has = false;
		container_lock(v[i]);
		if (v[i]->status == CTR_RUNNING || v[i]->status == CTR_PAUSED)
			for (size_t k = 0; k < v[i]->n_ports; k++)
				has |= v[i]->ports[k].host == port;
		container_unlock(v[i]);
		if (has && !found)
			found = v[i];
		else
			container_put(v[i]);
	}
	free(v);
	return found;
}

/* Tries to listen there for a moment: the kernel knows best. */
static bool port_free(unsigned port)
{
	struct kernel *k = kernel_linux();	/* our own looking: no part of a container's trace */
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	long fd = k_socket(k, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	long n = k_bind(k, (int)fd, (struct sockaddr *)&in, sizeof(in));
	if (n == 0)
		n = k_listen(k, (int)fd, 1);
	k_close(k, (int)fd);
	return n == 0;
}

int drydock_port(struct request *r, struct err *e)
{
	char *end;
	unsigned long port = strtoul(r->arg[0], &end, 10);
	if (*end || port < 1 || port > 65535)
		return err_set(e, EINVAL, "no such port: %s", r->arg[0]);
	autocontainer struct container *c = publisher(r, (unsigned)port);
	cJSON *o = cJSON_CreateObject();
	json_put_bool(o, "free", !c && port_free((unsigned)port));
	if (c)
		container_lock(c);
	json_put_str(o, "holder", c ? c->name : "");
	if (c)
		container_unlock(c);
	return reply_json(r, 200, o);
}
