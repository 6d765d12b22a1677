/* update.c - docker update: limits and restart policy of containers that exist. */
#include <errno.h>
#include <stdio.h>

#include "client/body.h"
#include "client/url.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

static const struct option update_options[] = {
#include "client/update_options.def"
	{ 0 },
};

static int update_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	autojson cJSON *body = cJSON_CreateObject();
	struct http_answer a = { 0 };
	const cJSON *warning;
	int r = body_options(body, &c->opt, e);

	r = r ? r : url_call(h, "POST", "/containers/", name, "/update", body, &a, e);
	cJSON_ArrayForEach(warning, json_obj(a.json, "Warnings"))
		if (cJSON_IsString(warning))
			fprintf(stderr, "%s\n", warning->valuestring);
	http_answer_free(&a);
	return r;
}

static int update_verb(struct command *c)
{
	struct err e = { 0 };

	for (const struct option *o = update_options; o->name; o++)
		if (opt_given(&c->opt, o->name))
			return command_each(c);
	err_set(&e, EINVAL, "you must provide one or more flags when using this command");
	return command_fail(c, &e);
}

const struct verb verbs_update[] = {
	{ .paths = "container update|update", .usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	  .about = "Change limits and restart policy of containers", .options = update_options,
	  .min_args = 1, .max_args = -1, .complete = COMPLETE_CONTAINER, .run = update_verb,
	  .each = update_one, .echo = true },
	{ 0 },
};
