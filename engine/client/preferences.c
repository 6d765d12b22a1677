#include "client/preferences.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

/* verb: the first of its paths; NULL: any that has the option. */
static const struct preference { const char *verb, *option, *key; } preferences[] = {
	{ "container ls", "format", "psFormat" },
	{ "image ls", "format", "imagesFormat" },
	{ "container stats", "format", "statsFormat" },
	{ "network ls", "format", "networksFormat" },
	{ "volume ls", "format", "volumesFormat" },
	{ NULL, "detach-keys", "detachKeys" },
};

static bool has_option(const struct verb *v, const char *name)
{
	const struct option *o = v->options;

	while (o && o->name && strcmp(o->name, name) != 0)
		o++;
	return o && o->name;
}

static bool is_about(const struct preference *p, const struct command *c)
{
	size_t n = strcspn(c->verb->paths, "|");

	if (p->verb && (strlen(p->verb) != n || strncmp(p->verb, c->verb->paths, n) != 0))
		return false;
	/* Whoever asks for ids alone gets these, whatever the format. */
	bool ids = p->verb && has_option(c->verb, "quiet") && opt_on(&c->opt, "quiet");
	return has_option(c->verb, p->option) && !ids;
}

void preferences_options(struct command *c, const cJSON *config)
{
	for (size_t i = 0; i < ARRAY_SIZE(preferences); i++) {
		const char *value = json_str_or(config, preferences[i].key, "");

		if (*value && is_about(&preferences[i], c))
			opt_default(&c->opt, preferences[i].option, value);
	}
}

void preferences_headers(struct http *h, const cJSON *config)
{
	const cJSON *one;

	/* The client says itself who it is, as docker's does. */
	cJSON_ArrayForEach(one, json_obj(config, "HttpHeaders"))
		if (cJSON_IsString(one) && strcasecmp(one->string, "User-Agent") != 0 &&
		    !strpbrk(one->string, "\r\n: "))
			http_header(h, one->string, one->valuestring);
}
