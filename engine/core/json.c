#include "core/json.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/str.h"

void json_free(cJSON **j)
{
	cJSON_Delete(*j);
	*j = NULL;
}

cJSON *json_obj(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

const char *json_str(const cJSON *o, const char *key)
{
	return cJSON_GetStringValue(json_obj(o, key));
}

const char *json_str_or(const cJSON *o, const char *key, const char *dflt)
{
	const char *s = json_str(o, key);
	return s ? s : dflt;
}

/* Numbers of JSON are doubles; one that no int64_t can hold is held by the nearest. */
static int64_t whole(double d)
{
	if (d != d)		/* no number: nothing in JSON, but casting it is undefined */
		return 0;
	if (d >= 0x1p63)
		return INT64_MAX;
	return d < -0x1p63 ? INT64_MIN : (int64_t)d;
}

int64_t json_int(const cJSON *o, const char *key, int64_t dflt)
{
	const cJSON *v = json_obj(o, key);
	return cJSON_IsNumber(v) ? whole(v->valuedouble) : dflt;
}

bool json_bool(const cJSON *o, const char *key) { return cJSON_IsTrue(json_obj(o, key)); }

char **json_strv(const cJSON *array)
{
	char **v = mem_alloc(sizeof(*v));
	const cJSON *item;
	cJSON_ArrayForEach(item, array)
		if (cJSON_IsString(item))
			strv_add(&v, item->valuestring);
	return v;
}

static int wrong_type(const char *key, const char *type, struct err *e)
{
	return err_set(e, EINVAL, "invalid JSON: %s must be a %s", key, type);
}

int json_want_str(const cJSON *o, const char *key, const char **out, struct err *e)
{
	const cJSON *v = json_obj(o, key);
	if (!v || cJSON_IsNull(v))
		return 0;
	if (!cJSON_IsString(v))
		return wrong_type(key, "string", e);
	*out = v->valuestring;
	return 0;
}

int json_want_int(const cJSON *o, const char *key, int64_t *out, struct err *e)
{
	const cJSON *v = json_obj(o, key);
	if (!v || cJSON_IsNull(v))
		return 0;
	if (!cJSON_IsNumber(v))
		return wrong_type(key, "number", e);
	*out = whole(v->valuedouble);
	return 0;
}

int json_want_pair(const cJSON *o, const char *key, unsigned short out[2], struct err *e)
{
	const cJSON *list = json_obj(o, key);
	unsigned short got[2];
	if (!list || cJSON_IsNull(list))
		return 0;
	for (int i = 0; i < 2; i++) {
		const cJSON *v = cJSON_GetArrayItem(list, i);
		if (!cJSON_IsArray(list) || !cJSON_IsNumber(v) || v->valuedouble < 0 ||
		    v->valuedouble > USHRT_MAX)
			return err_set(e, EINVAL, "invalid JSON: %s must be two numbers of at most %d", key,
				       USHRT_MAX);
		got[i] = (unsigned short)v->valuedouble;
	}
	memcpy(out, got, sizeof(got));
	return 0;
}

int json_want_bool(const cJSON *o, const char *key, bool *out, struct err *e)
{
	const cJSON *v = json_obj(o, key);
	if (!v || cJSON_IsNull(v))
		return 0;
	if (!cJSON_IsBool(v))
		return wrong_type(key, "boolean", e);
	*out = cJSON_IsTrue(v);
	return 0;
}

void json_put(cJSON *o, const char *key, cJSON *value)
{
	cJSON_AddItemToObject(o, key, value);
}

void json_put_str(cJSON *o, const char *key, const char *value)
{
	json_put(o, key, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void json_put_int(cJSON *o, const char *key, int64_t value)
{
	json_put(o, key, cJSON_CreateNumber((double)value));
}

void json_put_bool(cJSON *o, const char *key, bool value)
{
	json_put(o, key, cJSON_CreateBool(value));
}

void json_replace(cJSON *o, const char *key, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(o, key);
	json_put(o, key, value);
}

void json_put_strv(cJSON *o, const char *key, char *const *v)
{
	cJSON *a = cJSON_CreateArray();
	for (size_t i = 0; v && v[i]; i++)
		cJSON_AddItemToArray(a, cJSON_CreateString(v[i]));
	json_put(o, key, a);
}

int json_parse(const char *text, size_t len, cJSON **out, struct err *e)
{
	const char *end = NULL;
	cJSON *j = cJSON_ParseWithLengthOpts(text, len, &end, 0);
	if (!j)
		return err_set(e, EBADMSG, "invalid JSON at byte %zu",
			       end ? (size_t)(end - text) : 0);
	while (end < text + len && *end && strchr(" \t\r\n", *end))
		end++;
	if (end < text + len && *end) {
		cJSON_Delete(j);
		return err_set(e, EBADMSG, "invalid JSON: more text at byte %zu",
			       (size_t)(end - text));
	}
	*out = j;
	return 0;
}

char *json_line(const cJSON *o) { return cJSON_PrintUnformatted(o); }
