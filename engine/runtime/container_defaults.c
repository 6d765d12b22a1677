/* container_defaults.c - what the daemon's own options say for containers that don't.
 *
 * The daemon's defaults are a HostConfig, too (dockerd's --dns, --default-ulimit,
 * --log-opt …).  A field that a request leaves out, or sends empty as clients do, gets
 * the default; limits and the log's options are joined by name.
 */
#include <string.h>

#include "runtime/container_internal.h"

static bool is_empty(const cJSON *v)
{
	return !v || cJSON_IsNull(v) || (cJSON_IsString(v) && !*v->valuestring) ||
	       (cJSON_IsNumber(v) && v->valuedouble == 0) ||
	       ((cJSON_IsArray(v) || cJSON_IsObject(v)) && !cJSON_GetArraySize(v));
}

static bool has_limit(const cJSON *list, const char *name)
{
	const cJSON *u;
	cJSON_ArrayForEach(u, list)
		if (str_eq(json_str(u, "Name"), name))
			return true;
	return false;
}

static void join_limits(cJSON *host, const cJSON *defaults)
{
	cJSON *own = json_obj(host, "Ulimits");
	const cJSON *u;
	cJSON_ArrayForEach(u, defaults)
		if (!has_limit(own, json_str(u, "Name")))
			cJSON_AddItemToArray(own, cJSON_Duplicate(u, true));
}

/* Options are those of a driver: they go only where it is the one. */
static void join_log(cJSON *host, const cJSON *defaults)
{
	cJSON *own = json_obj(host, "LogConfig"), *config = json_obj(own, "Config");
	const char *type = json_str_or(own, "Type", "");
	const cJSON *v;
	if (*type && !str_eq(type, json_str(defaults, "Type")))
		return;
	json_replace(own, "Type", cJSON_CreateString(json_str_or(defaults, "Type", "")));
	if (!cJSON_IsObject(config))
		json_replace(own, "Config", config = cJSON_CreateObject());
	cJSON_ArrayForEach(v, json_obj(defaults, "Config"))
		if (!json_obj(config, v->string))
			json_put(config, v->string, cJSON_Duplicate(v, true));
}

cJSON *defaults_body(const cJSON *defaults, const cJSON *body)
{
	static const struct { const char *key; void (*join)(cJSON *host, const cJSON *v); } joined[] = {
		{ "Ulimits", join_limits }, { "LogConfig", join_log },
	};
	cJSON *with = cJSON_Duplicate(body, true);
	const cJSON *v;
	if (!cJSON_IsObject(json_obj(with, "HostConfig")))
		json_replace(with, "HostConfig", cJSON_CreateObject());
	cJSON *host = json_obj(with, "HostConfig");
	cJSON_ArrayForEach(v, defaults) {
		size_t i = 0;
		while (i < ARRAY_SIZE(joined) && !str_eq(joined[i].key, v->string))
			i++;
		if (is_empty(json_obj(host, v->string)))
			json_replace(host, v->string, cJSON_Duplicate(v, true));
		else if (i < ARRAY_SIZE(joined))
			joined[i].join(host, v);
	}
	return with;
}
