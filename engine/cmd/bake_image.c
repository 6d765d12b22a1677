/* bake_image.c - from a recipe to an image in the course registry.
 *
 * The words of a Recipe are rows of a table; each changes the image's
 * configuration document (OCI image specification, config.md) and leaves a row
 * in its history, as a Dockerfile's would.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "image/manifest.h"
#include "registry/import.h"
#include "registry/server.h"

/* ---- the words ------------------------------------------------------------------------ */

typedef int (*word_fn)(struct cake *c, const char *key, const char *text, struct err *e);

static int word_run(struct cake *c, const char *key, const char *text, struct err *e)
{
	return bake_run(c, text, e);
}

static int word_text(struct cake *c, const char *key, const char *text, struct err *e)
{
	cJSON_DeleteItemFromObjectCaseSensitive(cake_config(c), key);
	json_put_str(cake_config(c), key, text);
	return 0;
}

static int word_list(struct cake *c, const char *key, const char *text, struct err *e)
{
	cJSON *list;
	int r = json_parse(text, strlen(text), &list, e);
	if (r < 0)
		return r;
	cJSON_DeleteItemFromObjectCaseSensitive(cake_config(c), key);
	json_put(cake_config(c), key, list);
	return 0;
}

/* NAME=value, where an earlier one of the same name gives way. */
static int word_env(struct cake *c, const char *key, const char *text, struct err *e)
{
	const char *equals = strchr(text, '=');
	cJSON *list = json_obj(cake_config(c), key), *one;
	if (!equals)
		return err_set(e, EINVAL, "%s: not NAME=value", text);
	if (!list)
		json_put(cake_config(c), key, list = cJSON_CreateArray());
	for (int i = cJSON_GetArraySize(list); i > 0; i--) {
		one = cJSON_GetArrayItem(list, i - 1);
		if (strncmp(one->valuestring, text, equals - text + 1) == 0)
			cJSON_DeleteItemFromArray(list, i - 1);
	}
	cJSON_AddItemToArray(list, cJSON_CreateString(text));
	return 0;
}

static int word_label(struct cake *c, const char *key, const char *text, struct err *e)
{
	autofree char *name = str_dup(text);
	char *value = strchr(name, '=');
	if (!value)
		return err_set(e, EINVAL, "%s: not name=\"value\"", text);
	*value++ = '\0';
	if (*value == '"') {
		value++;
		value[strcspn(value, "\"")] = '\0';
	}
	cJSON_DeleteItemFromObjectCaseSensitive(cake_object(c, key), name);
	json_put_str(cake_object(c, key), name, value);
	return 0;
}

static int word_expose(struct cake *c, const char *key, const char *text, struct err *e)
{
	autofree char *port = str_printf("%s%s", text, strchr(text, '/') ? "" : "/tcp");
	json_put(cake_object(c, key), port, cJSON_CreateObject());
	return 0;
}

static const struct word { const char *word; word_fn fn; const char *key; } words[] = {
	{ "RUN",        word_run,    NULL },
	{ "ENV",        word_env,    "Env" },
	{ "CMD",        word_list,   "Cmd" },
	{ "ENTRYPOINT", word_list,   "Entrypoint" },
	{ "LABEL",      word_label,  "Labels" },
	{ "EXPOSE",     word_expose, "ExposedPorts" },
	{ "STOPSIGNAL", word_text,   "StopSignal" },
	{ "WORKDIR",    word_text,   "WorkingDir" },
	{ "USER",       word_text,   "User" },
};

static int cake_line(struct cake *c, const char *line, struct err *e)
{
	size_t n = strcspn(line, " ");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) != n || strncmp(line, words[i].word, n))
			continue;
		int r = words[i].fn(c, words[i].key, line + n + (line[n] == ' '), e);
		if (r == 0 && words[i].key)	/* RUN writes its own row */
			cake_history(c, line, true);
		return r;
	}
	return err_set(e, EINVAL, "%s: no such word in a Recipe", line);
}

/* ---- the beginning and the end ----------------------------------------------------------- */

static cJSON *config_from_scratch(void)
{
	cJSON *config = cJSON_CreateObject(), *rootfs = cJSON_CreateObject();
	json_put_str(config, "architecture", strchr(platform_here(), '/') + 1);
	json_put_str(config, "os", "linux");
	json_put(config, "config", cJSON_CreateObject());
	json_put_str(rootfs, "type", "layers");
	json_put(rootfs, "diff_ids", cJSON_CreateArray());
	json_put(config, "rootfs", rootfs);
	json_put(config, "history", cJSON_CreateArray());
	return config;
}

/* The base was baked by an earlier run: it comes from the course registry as any
 * image does, by a pull. */
static int pull_base(struct bake *b, const struct recipe *base, struct image **out,
		     struct err *e)
{
	struct registry_options o = { .root = b->registry, .address = "127.0.0.1",
				      .read_only = true };
	struct registry_server *server;
	int r = registry_start(&o, &server, e);
	if (r < 0)
		return r;
	autofree char *ref = str_printf("127.0.0.1:%u/%s", registry_port(server), base->name);
	struct pull_options p = { .ref = ref };
	r = image_pull(b->store, &p, out, e);
	registry_stop(server);
	return r;
}

static int cake_begin(struct cake *c, const struct recipe *base, struct err *e)
{
	if (!base) {
		c->config = config_from_scratch();
		return 0;
	}
	int r = image_get(c->bake->store, base->name, &c->top, NULL);
	if (r < 0)
		r = pull_base(c->bake, base, &c->top, e);
	if (r == 0)
		c->config = cJSON_Duplicate(c->top->config, true);
	return r;
}

static int cake_publish(struct cake *c, struct err *e)
{
	const char *registry = c->bake->registry;
	char digest[DIGEST_TEXT];
	autofree char *repo = str_dup(c->recipe->name);
	char *tag = strrchr(repo, ':');
	cJSON *labels = cake_object(c, "Labels");
	cJSON_DeleteItemFromObjectCaseSensitive(labels, RECIPE_LABEL);	/* the base's */
	json_put_str(labels, RECIPE_LABEL, c->recipe->hash);
	int r = cake_store(c, c->recipe->name, e);
	*tag++ = '\0';
	if (r == 0)
		r = registry_import(registry, c->bake->store, c->top, repo, tag, digest, e);
	if (r == 0)
		r = course_note(registry, c->recipe, digest, e);
	if (r == 0)
		printf("  ready: %s, %zu layer%s, %.1f MB\n", c->recipe->name, c->top->n_layers,
		       c->top->n_layers == 1 ? "" : "s", c->top->size / 1e6);
	return r;
}

int bake_image(struct bake *b, const struct recipe *r, const struct recipe *base, struct err *e)
{
	struct cake c = { .bake = b, .recipe = r };
	int rc = cake_begin(&c, base, e);
	for (size_t i = 0; rc == 0 && r->lines[i]; i++)
		rc = cake_line(&c, r->lines[i], e);
	if (rc == 0)
		rc = cake_publish(&c, e);
	if (rc < 0)
		err_wrap(e, "bake %s", r->name);
	if (c.top)
		image_free(c.top);
	json_free(&c.config);
	return rc;
}
