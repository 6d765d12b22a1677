/* filters.c - ?filters=, which most lists and all prunes take.
 *
 * A filter has values; a thing fits if one of them does, except labels, which must
 * all be there.  How a value is compared differs from filter to filter: as it is,
 * by its beginning, or as a regular expression (names).
 */
#include <errno.h>
#include <regex.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"

#define EXPRESSION_MAX 256	/* bytes; a container's name has far fewer */

/* {"v":true} or ["v"] -> ["v"]; NULL for anything else. */
static cJSON *values(const cJSON *given)
{
	const cJSON *v;
	cJSON *list = cJSON_CreateArray();
	bool ok = cJSON_IsArray(given) || cJSON_IsObject(given);
	cJSON_ArrayForEach(v, given) {
		bool text = cJSON_IsArray(given) ? cJSON_IsString(v) : cJSON_IsBool(v);
		ok &= text;
		if (text)
			cJSON_AddItemToArray(list, cJSON_CreateString(
				cJSON_IsString(v) ? v->valuestring : v->string));
	}
	if (ok)
		return list;
	cJSON_Delete(list);
	return NULL;
}

int query_filters(const struct request *r, cJSON **out, struct err *e)
{
	const char *text = query_or(r, "filters", "{}");
	autojson cJSON *given = NULL, *all = cJSON_CreateObject();
	const cJSON *f;
	if (json_parse(text, strlen(text), &given, NULL) < 0 || !cJSON_IsObject(given))
		return err_set(e, EINVAL, "invalid filter");
	cJSON_ArrayForEach(f, given) {
		cJSON *list = values(f);
		if (!list)
			return err_set(e, EINVAL, "invalid filter '%s'", f->string);
		json_put(all, f->string, list);
	}
	*out = steal_ptr(all);
	return 0;
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

static bool any(const cJSON *filters, const char *key, const char *value,
		bool (*fits)(const char *value, const char *want))
{
	const cJSON *list = json_obj(filters, key), *v;
	cJSON_ArrayForEach(v, list)
		if (fits(value, v->valuestring))
			return true;
	return !cJSON_GetArraySize(list);
}

bool filter_has(const cJSON *filters, const char *key, const char *value)
{
	return any(filters, key, value, str_eq);
}

bool filter_prefix(const cJSON *filters, const char *key, const char *value)
{
	return any(filters, key, value, str_starts);
}

/* regcomp() takes stack for each bracket and memory for each repetition, multiplied
 * where they are nested: what is long, or repeats by count twice, is no expression. */
static bool is_modest(const char *expression)
{
	const char *count = strchr(expression, '{');
	return strlen(expression) <= EXPRESSION_MAX && !(count && strchr(count + 1, '{'));
}

static bool matches(const char *value, const char *want)
{
	regex_t re;
	if (str_eq(value, want))
		return true;
	if (!is_modest(want) || regcomp(&re, want, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	bool fits = regexec(&re, value, 0, NULL, 0) == 0;
	regfree(&re);
	return fits;
}

bool filter_match(const cJSON *filters, const char *key, const char *value)
{
	return any(filters, key, value, matches);
}

static bool has_label(const cJSON *labels, const char *want)
{
	const char *eq = strchr(want, '=');
	autofree char *key = strndup(want, eq ? (size_t)(eq - want) : strlen(want));
	const char *have = json_str(labels, key);
	return have && (!eq || str_eq(have, eq + 1));
}

static bool has_labels(const cJSON *list, const cJSON *labels)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, list)
		if (!has_label(labels, v->valuestring))
			return false;
	return true;
}

bool filter_labels(const cJSON *filters, const cJSON *labels)
{
	const cJSON *without = json_obj(filters, "label!");
	return has_labels(json_obj(filters, "label"), labels) &&
	       !(cJSON_GetArraySize(without) && has_labels(without, labels));
}

int filter_bool(const cJSON *filters, const char *key, bool *out, struct err *e)
{
	const cJSON *list = json_obj(filters, key), *v;
	bool yes = false, no = false;
	if (!list)
		return 0;
	cJSON_ArrayForEach(v, list) {
		yes |= str_eq(v->valuestring, "true") || str_eq(v->valuestring, "1");
		no |= str_eq(v->valuestring, "false") || str_eq(v->valuestring, "0");
	}
	if (yes == no) {
		v = cJSON_GetArrayItem(list, 0);
		return err_set(e, EINVAL, "invalid filter '%s=[%s]'", key, v ? v->valuestring : "");
	}
	*out = yes;
	return 0;
}

/* "10m" before now, Unix seconds, RFC 3339, or its beginning: a day, or a time in UTC. */
static int parse_time(const char *text, uint64_t *ns)
{
	int64_t ago;
	if (clock_parse(text, ns) == 0)
		return 0;
	if (clock_duration(text, &ago) == 0) {
		*ns = clock_wall_ns() - (uint64_t)ago;
		return 0;
	}
	autofree char *whole = str_printf("%s%s", text, strchr(text, 'T') ? "Z" : "T00:00:00Z");
	return clock_parse(whole, ns);
}

int filter_time(const cJSON *filters, const char *key, uint64_t *ns, struct err *e)
{
	const cJSON *list = json_obj(filters, key), *v = cJSON_GetArrayItem(list, 0);
	if (cJSON_GetArraySize(list) > 1)
		return err_set(e, EINVAL, "more than one %s filter specified", key);
	if (v && parse_time(v->valuestring, ns) < 0)
		return err_set(e, EINVAL, "failed to parse value as time or duration: \"%s\"",
			       v->valuestring);
	return 0;
}
