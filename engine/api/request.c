/* request.c - reading what a client asks. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"
#include "runtime/container_event.h"

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

void prune_event(const char *type, int64_t bytes)
{
	cJSON *a = cJSON_CreateObject();
	autofree char *text = str_printf("%lld", (long long)bytes);
	json_put_str(a, "reclaimed", text);
	event_add(type, "prune", "", a);
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
