/* server_reply.c - answers in the specification's form. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "registry/exchange.h"

enum MHD_Result exchange_reply(struct exchange *x, int status, const char *type, const char *text,
			       const char *const *headers)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
								 MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(r, "Docker-Distribution-Api-Version", "registry/2.0");
	if (type)
		MHD_add_response_header(r, "Content-Type", type);
	for (; headers && headers[0]; headers += 2)
		MHD_add_response_header(r, headers[0], headers[1]);
	enum MHD_Result done = MHD_queue_response(x->conn, (unsigned)status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result error_with(struct exchange *x, int status, const char *code,
				  const char *message, const char *const *headers)
{
	autojson cJSON *j = cJSON_CreateObject();
	cJSON *list = cJSON_CreateArray(), *item = cJSON_CreateObject();
	json_put_str(item, "code", code);
	json_put_str(item, "message", message);
	json_put(item, "detail", cJSON_CreateObject());
	cJSON_AddItemToArray(list, item);
	json_put(j, "errors", list);
	autofree char *text = json_line(j);
	return exchange_reply(x, status, "application/json", text, headers);
}

enum MHD_Result exchange_error(struct exchange *x, int status, const char *code,
			       const char *message)
{
	return error_with(x, status, code, message, NULL);
}

enum MHD_Result exchange_unauthorized(struct exchange *x)
{
	static const char *const how[] = {
		"WWW-Authenticate", "Basic realm=\"Drydock registry\"", NULL,
	};
	return error_with(x, 401, "UNAUTHORIZED", "authentication required", how);
}

enum MHD_Result exchange_err(struct exchange *x, const struct err *e)
{
	static const struct { int code, status; const char *name; } map[] = {
		{ ENOENT, 404, "MANIFEST_UNKNOWN" }, { EACCES, 404, "NAME_UNKNOWN" },
		{ EINVAL, 404, "MANIFEST_BLOB_UNKNOWN" }, { EBADMSG, 400, "DIGEST_INVALID" },
		{ EFBIG, 413, "SIZE_INVALID" }, { ENOSPC, 507, "UNKNOWN" },
		{ EBUSY, 405, "UNSUPPORTED" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (map[i].code == e->code)
			return exchange_error(x, map[i].status, map[i].name, e->what);
	return exchange_error(x, 500, "UNKNOWN", e->what);
}

const char *exchange_query(struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->conn, MHD_GET_ARGUMENT_KIND, name);
}

const char *exchange_header(struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->conn, MHD_HEADER_KIND, name);
}

/* ---- lists ----------------------------------------------------------------------- */

/* How many names a page may hold; *most stays as it is without n. */
static bool page_size(const char *n, size_t *most)
{
	char *end;
	if (!n)
		return true;
	*most = strtoul(n, &end, 10);
	return *n >= '0' && *n <= '9' && !*end;
}

enum MHD_Result exchange_list(struct exchange *x, const char *name, const char *key, char **list,
			      const char *path)
{
	const char *n = exchange_query(x, "n"), *last = exchange_query(x, "last");
	size_t most = SIZE_MAX, from = 0, to;
	autojson cJSON *j = cJSON_CreateObject();
	cJSON *items = cJSON_CreateArray();
	autofree char *link = NULL;

	bool good = page_size(n, &most);
	while (last && list[from] && strcmp(list[from], last) <= 0)
		from++;
	for (to = from; list[to] && to - from < most; to++)
		cJSON_AddItemToArray(items, cJSON_CreateString(list[to]));
	if (list[to] && to > from)
		link = str_printf("<%s?n=%zu&last=%s>; rel=\"next\"", path, most, list[to - 1]);
	strv_free(list);
	if (name)
		json_put_str(j, "name", name);
	json_put(j, key, items);
	if (!good)
		return exchange_error(x, 400, "PAGINATION_NUMBER_INVALID",
				      "invalid number of results requested");
	autofree char *text = json_line(j);
	const char *const headers[] = { link ? "Link" : NULL, link, NULL };
	return exchange_reply(x, 200, "application/json", text, headers);
}
