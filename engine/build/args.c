/* args.c - see args.h. */
#include "build/args.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

static const char *const proxies[] = {
	"ALL_PROXY", "FTP_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
	"all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy",
};

static bool is_proxy(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(proxies); i++)
		if (str_eq(proxies[i], name))
			return true;
	return false;
}

void args_begin(struct build_args *a, const cJSON *given)
{
	*a = (struct build_args){ given, cJSON_CreateObject(), cJSON_CreateObject(),
				  cJSON_CreateObject() };
}

void args_free(struct build_args *a)
{
	json_free(&a->allowed);
	json_free(&a->meta);
	json_free(&a->used);
}

void args_new_stage(struct build_args *a)
{
	cJSON_Delete(a->allowed);
	a->allowed = cJSON_CreateObject();
}

static void set(cJSON *o, const char *name, const char *value)
{
	json_replace(o, name, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void args_add(struct build_args *a, const char *name, const char *dflt, bool meta)
{
	set(a->allowed, name, dflt);
	set(a->used, name, "");
	if (meta)
		set(a->meta, name, dflt);
}

static const char *value_in(const struct build_args *a, const cJSON *defaults, const char *name)
{
	if (!json_obj(defaults, name) && !is_proxy(name))
		return NULL;
	const char *given = json_str(a->given, name), *dflt = json_str(defaults, name);
	return given ? given : dflt ? dflt : json_str(a->meta, name);
}

const char *args_value(const struct build_args *a, const char *name)
{
	return value_in(a, a->allowed, name);
}

const char *args_meta_value(const struct build_args *a, const char *name)
{
	return value_in(a, a->meta, name);
}

const char *env_value(const cJSON *env, const char *name)
{
	size_t len = strlen(name);
	const cJSON *v;
	cJSON_ArrayForEach(v, env)
		if (cJSON_IsString(v) && strncmp(v->valuestring, name, len) == 0 &&
		    v->valuestring[len] == '=')
			return v->valuestring + len + 1;
	return NULL;
}

static void add(char ***list, const struct build_args *a, const cJSON *env, const char *name)
{
	const char *value = args_value(a, name);
	if (!value || env_value(env, name))
		return;
	autofree char *line = str_printf("%s=%s", name, value);
	strv_add(list, line);
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

char **args_environment(const struct build_args *a, const cJSON *env, bool quiet)
{
	char **list = strv_dup(NULL);
	const cJSON *v;
	cJSON_ArrayForEach(v, a->allowed)
		add(&list, a, env, v->string);
	for (size_t i = 0; i < ARRAY_SIZE(proxies) && !quiet; i++)
		if (!json_obj(a->allowed, proxies[i]))
			add(&list, a, env, proxies[i]);
	qsort(list, strv_len(list), sizeof(*list), by_text);
	return list;
}

char *args_unused(const struct build_args *a)
{
	char **names = strv_dup(NULL);
	autostr struct str text = { 0 };
	const cJSON *v;
	cJSON_ArrayForEach(v, a->given)
		if (!json_obj(a->used, v->string) && !is_proxy(v->string))
			strv_add(&names, v->string);
	qsort(names, strv_len(names), sizeof(*names), by_text);
	for (size_t i = 0; names[i]; i++)
		str_addf(&text, "%s%s", i ? " " : "[", names[i]);
	strv_free(names);
	if (!text.len)
		return NULL;
	str_add(&text, "]");
	return str_take(&text);
}
