#include "runtime/container_log.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/size.h"
#include "core/str.h"

static const struct driver { const char *name; bool keeps, checks; const char *options[10]; } drivers[] = {
	{ "json-file", true, true, { "max-file", "max-size", "compress", "labels", "labels-regex", "env",
				     "env-regex", "tag" } },
	{ "local", true, true, { "max-file", "max-size", "compress" } },
	{ "none", false, false, { NULL } },
};
static const char *const common[] = { "mode", "max-buffer-size" };

#define LOCAL_MAX_SIZE (20 << 20)	/* the local driver's own, as dockerd's */
#define LOCAL_MAX_FILE 5

/* As go-units reads sizes of logs: with 1000 or 1024 alike. */
static int64_t size_of(const char *text) { return size_read(text, 1000); }

static const struct driver *driver_of(const cJSON *log)
{
	const char *type = json_str_or(log, "Type", "");
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (str_eq(drivers[i].name, *type ? type : "json-file"))
			return &drivers[i];
	return NULL;
}

static bool takes(const struct driver *d, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (str_eq(common[i], key))
			return true;
	for (size_t i = 0; d->options[i]; i++)
		if (str_eq(d->options[i], key))
			return true;
	return !d->checks;
}

static int check_option(const struct driver *d, const cJSON *v, struct err *e)
{
	char *end;
	const char *text = cJSON_IsString(v) ? v->valuestring : "";
	if (!takes(d, v->string))
		return err_set(e, EINVAL, "unknown log opt '%s' for %s log driver", v->string, d->name);
	if ((str_eq(v->string, "max-size") || str_eq(v->string, "max-buffer-size")) && size_of(text) < 0)
		return err_set(e, EINVAL, "invalid size: '%s'", text);
	if (str_eq(v->string, "max-file") && (strtol(text, &end, 10) < 1 || *end))
		return err_set(e, EINVAL, "max-file cannot be less than 1");
	if (str_eq(v->string, "mode") && !str_eq(text, "blocking") && !str_eq(text, "non-blocking"))
		return err_set(e, EINVAL, "logger: logging mode not supported: %s", text);
	return 0;
}

int log_check(const cJSON *log, struct err *e)
{
	const struct driver *d = driver_of(log);
	const cJSON *options = json_obj(log, "Config"), *v;
	if (!d)
		return err_set(e, EINVAL, "logger: no log driver named '%s' is registered",
			       json_str_or(log, "Type", ""));
	cJSON_ArrayForEach(v, options) {
		int r = check_option(d, v, e);
		if (r < 0)
			return r;
	}
	if (json_str(options, "max-file") && !json_str(options, "max-size") && str_eq(d->name, "json-file") &&
	    atoi(json_str(options, "max-file")) > 1)
		return err_set(e, EINVAL, "max-file option can only be used together with max-size");
	if (json_str(options, "max-buffer-size") && !str_eq(json_str(options, "mode"), "non-blocking"))
		return err_set(e, EINVAL, "logger: max-buffer-size option is only supported with"
			       " 'mode=non-blocking'");
	return 0;
}

bool log_is_kept(const cJSON *log)
{
	const struct driver *d = driver_of(log);
	return d && d->keeps;
}

void log_limits(const cJSON *log, struct log_limits *out)
{
	bool local = str_eq(json_str(log, "Type"), "local");
	const cJSON *options = json_obj(log, "Config");
	const char *size = json_str(options, "max-size"), *files = json_str(options, "max-file");
	*out = (struct log_limits){ local ? LOCAL_MAX_SIZE : 0, local ? LOCAL_MAX_FILE : 1 };
	if (size && size_of(size) > 0)
		out->max_size = size_of(size);
	if (files && atoi(files) > 0)
		out->max_file = atoi(files);
}

/* -- what stands on each line ------------------------------------------------------ */

static bool listed(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *s = list; s && *s; s += strcspn(s, ",")) {
		s += *s == ',';
		if (!strncmp(s, name, n) && (s[n] == ',' || !s[n]))
			return true;
	}
	return false;
}

static bool matches(const char *pattern, const char *name)
{
	regex_t re;
	if (!pattern || regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	bool yes = regexec(&re, name, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

static void add_env(cJSON *attrs, const cJSON *options, const cJSON *env)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, env) {
		const char *sep = cJSON_IsString(v) ? strchr(v->valuestring, '=') : NULL;
		if (!sep)
			continue;
		autofree char *name = strndup(v->valuestring, (size_t)(sep - v->valuestring));
		if (listed(json_str(options, "env"), name) || matches(json_str(options, "env-regex"), name))
			json_replace(attrs, name, cJSON_CreateString(sep + 1));
	}
}

/* The few words of a tag's template that docker's page names. */
static char *tag_text(const char *template, const char *id, const char *name)
{
	const struct { const char *word, *value; int width; } words[] = {
		{ "{{.ID}}", id, 12 }, { "{{.FullID}}", id, 64 }, { "{{.Name}}", name, 255 } };
	struct str out = { 0 };
	while (*template) {
		size_t i = 0;
		while (i < ARRAY_SIZE(words) && !str_starts(template, words[i].word))
			i++;
		if (i < ARRAY_SIZE(words)) {
			str_addf(&out, "%.*s", words[i].width, words[i].value);
			template += strlen(words[i].word);
		} else {
			str_addn(&out, template++, 1);
		}
	}
	return str_take(&out);
}

cJSON *log_attrs(const cJSON *log, const cJSON *config, const char *id, const char *name)
{
	const cJSON *options = json_obj(log, "Config"), *v;
	cJSON *attrs = cJSON_CreateObject();
	cJSON_ArrayForEach(v, json_obj(config, "Labels"))
		if (cJSON_IsString(v) && (listed(json_str(options, "labels"), v->string) ||
					  matches(json_str(options, "labels-regex"), v->string)))
			json_replace(attrs, v->string, cJSON_CreateString(v->valuestring));
	add_env(attrs, options, json_obj(config, "Env"));
	if (json_str(options, "tag")) {
		autofree char *tag = tag_text(json_str(options, "tag"), id, name);
		json_put_str(attrs, "tag", tag);
	}
	if (cJSON_GetArraySize(attrs))
		return attrs;
	cJSON_Delete(attrs);
	return NULL;
}
