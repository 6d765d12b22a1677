/* request.c - reading what a client asks. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"

const char *query(const struct request *r, const char *key)
{
	return MHD_lookup_connection_value(r->conn, MHD_GET_ARGUMENT_KIND, key);
}

const char *query_or(const struct request *r, const char *key, const char *dflt)
{
	const char *v = query(r, key);
	return v && *v ? v : dflt;
}

struct taken { const char *key; char **values; };

static enum MHD_Result take_value(void *arg, enum MHD_ValueKind kind, const char *key,
				  const char *value)
{
	struct taken *t = arg;
	if (str_eq(key, t->key))
		strv_add(&t->values, value ? value : "");
	return MHD_YES;
}

char **query_all(const struct request *r, const char *key)
{
	struct taken t = { key, mem_alloc(sizeof(char *)) };
	MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, take_value, &t);
	return t.values;
}

bool query_bool(const struct request *r, const char *key)
{
	static const char *const no[] = { "", "0", "no", "false", "none", "False" };
	const char *v = query_or(r, key, "");
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (str_eq(v, no[i]))
			return false;
	return true;
}

/* The text as a whole number; -EINVAL, or -ERANGE where no int64_t can hold it. */
static int number(const char *text, int64_t *out)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (end == text || *end || isspace((unsigned char)*text))
		return -EINVAL;
	if (errno)
		return -errno;
	*out = n;
	return 0;
}

int64_t query_int(const struct request *r, const char *key, int64_t dflt)
{
	int64_t n = dflt;
	return number(query_or(r, key, ""), &n) == 0 ? n : dflt;
}

int query_want_int(const struct request *r, const char *key, int min, int max, int *out,
		   struct err *e)
{
	const char *text = query_or(r, key, "");
	int64_t n;
	if (!*text)
		return 0;
	int err = number(text, &n);
	if (err == -EINVAL)
		return err_set(e, EINVAL, "strconv.Atoi: parsing \"%s\": invalid syntax", text);
	if (err < 0 || n < min || n > max)
		return err_set(e, EINVAL, "strconv.Atoi: parsing \"%s\": value out of range", text);
	*out = (int)n;
	return 0;
}

int query_size(const struct request *r, int *rows, int *cols, struct err *e)
{
	*rows = *cols = 0;
	int n = query_want_int(r, "h", 0, USHRT_MAX, rows, e);
	return n < 0 ? n : query_want_int(r, "w", 0, USHRT_MAX, cols, e);
}

int query_time(const struct request *r, const char *key, uint64_t dflt, uint64_t *ns,
	       struct err *e)
{
	const char *v = query_or(r, key, "");
	*ns = dflt;
	if (!*v || str_eq(v, "0"))
		return 0;
	if (clock_parse(v, ns) < 0)
		return err_set(e, EINVAL, "invalid value for \"%s\": %s", key, v);
	return 0;
}

int query_filters(const struct request *r, cJSON **out, struct err *e)
{
	const char *text = query_or(r, "filters", "{}");
	autojson cJSON *given = NULL;
	const cJSON *f, *v;
	if (json_parse(text, strlen(text), &given, NULL) < 0 || !cJSON_IsObject(given))
		return err_set(e, EINVAL, "invalid filters: %s", text);
	cJSON *all = cJSON_CreateObject();
	cJSON_ArrayForEach(f, given) {
		cJSON *list = cJSON_CreateArray();
		cJSON_ArrayForEach(v, f)
			cJSON_AddItemToArray(list, cJSON_CreateString(
				cJSON_IsString(v) ? v->valuestring : v->string ? v->string : ""));
		json_put(all, f->string, list);
	}
	*out = all;
	return 0;
}

bool filter_has(const cJSON *filters, const char *key, const char *value)
{
	const cJSON *list = json_obj(filters, key), *v;
	if (!list)
		return true;
	cJSON_ArrayForEach(v, list)
		if (str_eq(v->valuestring, value))
			return true;
	return false;
}

bool filter_labels(const cJSON *filters, const cJSON *labels)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(filters, "label")) {
		const char *eq = strchr(v->valuestring, '=');
		autofree char *key = strndup(v->valuestring, eq ? (size_t)(eq - v->valuestring) :
							       strlen(v->valuestring));
		const char *have = json_str(labels, key);
		if (!have || (eq && !str_eq(have, eq + 1)))
			return false;
	}
	return true;
}

uint64_t filter_until(const cJSON *filters)
{
	static const struct { char unit; uint64_t ns; } units[] = {
		{ 's', 1000000000ull }, { 'm', 60000000000ull }, { 'h', 3600000000000ull } };
	const cJSON *v = cJSON_GetArrayItem(json_obj(filters, "until"), 0);
	uint64_t at, ago = 0;
	if (!v)
		return UINT64_MAX;
	char *s = v->valuestring;
	while (*s >= '0' && *s <= '9') {
		uint64_t n = strtoull(s, &s, 10);
		for (size_t i = 0; i < ARRAY_SIZE(units); i++)
			if (*s == units[i].unit)
				ago += n * units[i].ns;
		if (*s)
			s++;
	}
	if (ago && !*s)
		return clock_wall_ns() - ago;
	return clock_parse(v->valuestring, &at) == 0 ? at : 0;
}

int filter_check(const cJSON *filters, const char *const *words, struct err *e)
{
	const cJSON *f;
	cJSON_ArrayForEach(f, filters) {
		const char *const *w = words;
		while (*w && !str_eq(*w, f->string))
			w++;
		if (!*w)
			return err_set(e, EINVAL, "invalid filter '%s'", f->string);
	}
	return 0;
}

int request_container(struct request *r, struct container **out, struct err *e)
{
	return containers_get(r->api->containers, r->arg[0], out, e);
}

int request_container_or_tell(struct request *r, const char *type, struct container **out,
			      struct err *e)
{
	int n = request_container(r, out, e);
	if (n == -ENOENT) {
		cJSON *d = cJSON_CreateObject();
		json_put_str(d, "why", "no-such");
		request_fact(r, type, NULL, NULL, d);
	}
	return n;
}

void request_fact(struct request *r, const char *type, const char *cid, const char *image,
		  cJSON *data)
{
	if (r->api->journal)
		journal_add(r->api->journal, &r->origin, type, cid, image, data, NULL);
	else
		cJSON_Delete(data);
}

void view_fact(struct request *r, const char *what, const char *cid, const char *image, int rows)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "what", what);
	if (image)
		json_put_str(d, "digest", image);
	if (rows >= 0)
		json_put_int(d, "rows", rows);
	request_fact(r, "view", cid, image, d);
}
