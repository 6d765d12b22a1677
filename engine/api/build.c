/* build.c - POST /build: the context comes as the body, the output goes as lines.
 *
 * What is wrong before the first line is out (the context, the Dockerfile, or all of
 * a quiet build that said nothing) is an answer of its own; after it, a failure is a
 * line like any other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/images_show.h"
#include "api/routes.h"
#include "build/build.h"
#include "build/context.h"
#include "image/reference.h"
#include "runtime/container_event.h"

struct building {
	struct api *api;
	struct stream *stream;
	struct build_options o;
	struct context context;
	cJSON *args, *labels, *host;
	char **tags, **cache_from;
	char *target, *platform, *auths;
	struct origin by;	/* owned text */
	bool quiet;
	struct str held;	/* output of a quiet build, shown if it fails */
};

static void building_free(void *arg)
{
	struct building *b = arg;
	context_free(&b->context);
	json_free(&b->args);
	json_free(&b->labels);
	json_free(&b->host);
	free(b->auths);
	strv_free(b->tags);
	strv_free(b->cache_from);
	free(b->target);
	free(b->platform);
	origin_free(&b->by);
	str_free(&b->held);
	free(b);
}

/* -- what is asked for --------------------------------------------------------------- */

/* A query that holds JSON: NULL where there is none. */
static int query_json(const struct request *r, const char *key, cJSON **out, struct err *e)
{
	const char *text = query_or(r, key, "");
	if (!*text || str_eq(text, "null"))
		return 0;
	if (json_parse(text, strlen(text), out, NULL) == 0)
		return 0;
	return err_set(e, EINVAL, "invalid JSON in the parameter %s", key);
}

static enum MHD_Result take_tag(void *arg, enum MHD_ValueKind kind, const char *key,
				const char *value)
{
	char ***tags = arg;
	if (str_eq(key, "t") && value && *value)
		strv_add(tags, value);
	return MHD_YES;
}

/* As people write them: "app" becomes "app:latest"; twice the same is once. */
static int read_tags(struct request *r, struct building *b, struct err *e)
{
	char **given = strv_dup(NULL);
	int n = 0;
	MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, take_tag, &given);
	b->tags = strv_dup(NULL);
	for (size_t i = 0; given[i] && n == 0; i++) {
		autoreference struct reference ref = { 0 };
		n = reference_parse(given[i], &ref, e);
		if (n == 0 && ref.digest)
			n = err_set(e, EINVAL, "build tag cannot contain a digest");
		autofree char *name = n == 0 ? reference_familiar(&ref) : NULL;
		bool known = false;
		for (size_t k = 0; b->tags[k]; k++)
			known |= str_eq(b->tags[k], name);
		if (name && !known)
			strv_add(&b->tags, name);
	}
	strv_free(given);
	return n;
}

/* What RUN's containers get: query, its HostConfig field, and its kind. */
static const struct { const char *key, *field; char kind; } host_fields[] = {
	{ "memory", "Memory", 'i' }, { "memswap", "MemorySwap", 'i' },
	{ "cpushares", "CpuShares", 'i' }, { "cpuperiod", "CpuPeriod", 'i' },
	{ "cpuquota", "CpuQuota", 'i' }, { "cpusetcpus", "CpusetCpus", 's' },
	{ "cpusetmems", "CpusetMems", 's' }, { "shmsize", "ShmSize", 'i' },
	{ "networkmode", "NetworkMode", 's' }, { "ulimits", "Ulimits", 'j' },
	{ "securityopt", "SecurityOpt", 'j' }, { "cgroupparent", "CgroupParent", 's' },
};

static int read_host(struct request *r, struct building *b, struct err *e)
{
	cJSON *o = b->host = cJSON_CreateObject();
	int n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(host_fields) && n == 0; i++) {
		const char *key = host_fields[i].key, *text = query_or(r, key, "");
		cJSON *json = NULL;
		if (host_fields[i].kind == 'i' && query_int(r, key, 0))
			json_put_int(o, host_fields[i].field, query_int(r, key, 0));
		else if (host_fields[i].kind == 's' && *text)
			json_put_str(o, host_fields[i].field, text);
		else if (host_fields[i].kind == 'j' && (n = query_json(r, key, &json, e)) == 0 && json)
			json_put(o, host_fields[i].field, json);
	}
	const char *hosts = query_or(r, "extrahosts", "");
	char **list = strv_dup(NULL);
	autofree char *copy = str_dup(hosts);
	char *save;
	for (char *h = strtok_r(copy, ",", &save); h; h = strtok_r(NULL, ",", &save))
		strv_add(&list, h);
	if (list[0])
		json_put_strv(o, "ExtraHosts", list);
	strv_free(list);
	return n;
}

static int read_query(struct request *r, struct building *b, struct err *e)
{
	autojson cJSON *from = NULL;
	int n = str_eq(query_or(r, "version", "1"), "2")
		? err_set(e, EINVAL, "BuildKit is not part of this engine: set DOCKER_BUILDKIT=0") : 0;
	if (n == 0)
		n = read_tags(r, b, e);
	if (n == 0)
		n = query_json(r, "buildargs", &b->args, e);
	if (n == 0)
		n = query_json(r, "labels", &b->labels, e);
	if (n == 0)
		n = query_json(r, "cachefrom", &from, e);
	if (n == 0)
		n = read_host(r, b, e);
	b->cache_from = json_strv(from);
	b->target = str_dup(query_or(r, "target", ""));
	b->platform = str_dup(query_or(r, "platform", ""));
	b->auths = str_dup(MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND,
						       "X-Registry-Config"));
	b->quiet = query_bool(r, "q");
	return n;
}

static int read_context(struct request *r, struct building *b, struct err *e)
{
	const char *remote = query_or(r, "remote", ""), *file = query_or(r, "dockerfile", "");
	if (*remote)
		return context_from_url(r->api->images, remote, file, &b->context, e);
	return context_from_tar(r->api->images, request_take_body(r), file, &b->context, e);
}

/* -- what comes of it ------------------------------------------------------------------- */

static void put_stream(struct building *b, const char *text)
{
	autojson cJSON *o = cJSON_CreateObject();
	json_put_str(o, "stream", text);
	stream_json(b->stream, o);
}

static void say(void *arg, const char *text, size_t len)
{
	struct building *b = arg;
	autostr struct str copy = { 0 };
	for (size_t i = 0; i < len; i++)	/* a NUL would end our text */
		str_addn(&copy, text + i, text[i] != '\0');
	if (b->quiet)
		str_add(&b->held, copy.len ? copy.s : "");
	else if (copy.len)
		put_stream(b, copy.s);
}

static void made(void *arg, const char *id)
{
	struct building *b = arg;
	autojson cJSON *o = cJSON_CreateObject();
	cJSON *aux = cJSON_CreateObject();
	json_put_str(aux, "ID", id);
	json_put(o, "aux", aux);
	stream_json(b->stream, o);
}

static void progress(void *arg, const struct pull_progress *g)
{
	struct building *b = arg;
	if (!b->quiet)
		pull_progress_line(b->stream, g);
}

static void tell_failure(struct building *b, int code, const struct err *e)
{
	autojson cJSON *o = cJSON_CreateObject(), *d = cJSON_CreateObject();
	if (b->held.len)
		put_stream(b, b->held.s);
	else if (stream_fail_early(b->stream, e))
		return;
	if (code)
		json_put_int(d, "code", code);
	json_put_str(d, "message", e->what);
	json_put(o, "errorDetail", steal_ptr(d));
	json_put_str(o, "error", e->what);
	if (e->hint[0])
		json_put_str(o, "hint", e->hint);
	stream_json(b->stream, o);
}

static void tell_events(struct building *b, const char *id)
{
	for (size_t i = 0; b->tags[i]; i++) {
		cJSON *a = cJSON_CreateObject();
		json_put_str(a, "name", b->tags[i]);
		event_add("image", "tag", id, a);
	}
}

static void produce(struct stream *s, void *arg)
{
	struct building *b = arg;
	struct build_result result;
	struct err e = { 0 };
	b->stream = s;
	b->o.cancel = stream_cancel(s);
	if (build_image(&b->o, &result, &e) < 0) {
		tell_failure(b, result.code, &e);
		return;
	}
	tell_events(b, result.id);
	if (b->quiet) {
		autofree char *line = str_printf("%s\n", result.id);
		put_stream(b, line);
	}
}

static void fill_options(struct request *r, struct building *b)
{
	origin_keep(&b->by, &r->origin);
	b->o = (struct build_options){
		.images = r->api->images, .containers = r->api->containers, .by = b->by,
		.context = b->context.files ? b->context.dir : NULL,
		.name = b->context.name ? b->context.name : "Dockerfile",
		.text = b->context.text.s, .len = b->context.text.len,
		.args = b->args, .labels = b->labels, .tags = b->tags, .cache_from = b->cache_from,
		.target = b->target, .platform = b->platform, .host = b->host,
		.no_cache = query_bool(r, "nocache"), .pull = query_bool(r, "pull"),
		.rm = str_eq(query_or(r, "rm", "1"), "1") || query_bool(r, "rm"),
		.force_rm = query_bool(r, "forcerm"), .auths = b->auths,
		.mirrors = r->api->mirrors, .insecure = r->api->insecure,
		.progress = progress, .say = say, .made = made, .arg = b,
	};
}

int build_route(struct request *r, struct err *e)
{
	struct building *b = mem_alloc(sizeof(*b));
	b->api = r->api;
	int n = read_query(r, b, e);
	if (n == 0)
		n = read_context(r, b, e);
	if (n == 0) {
		fill_options(r, b);
		n = build_check(&b->o, e);
	}
	if (n == 0)
		return reply_held_stream(r, "application/json", produce, building_free, b, e);
	building_free(b);
	return n;
}
