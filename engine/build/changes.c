#include "build/changes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "build/expand.h"
#include "build/node.h"
#include "build/text.h"
#include "core/cleanup.h"
#include "core/str.h"
#include "image/config_change.h"

/* How the words after an instruction are read. */
enum reading { AS_IT_IS, AS_WORDS, AS_PAIRS };

static const struct { const char *word; enum reading reading; } allowed[] = {
	{ "CMD", AS_IT_IS }, { "ENTRYPOINT", AS_IT_IS }, { "ENV", AS_PAIRS },
	{ "EXPOSE", AS_WORDS }, { "HEALTHCHECK", AS_IT_IS }, { "LABEL", AS_PAIRS },
	{ "ONBUILD", AS_IT_IS }, { "STOPSIGNAL", AS_WORDS }, { "USER", AS_WORDS },
	{ "VOLUME", AS_WORDS }, { "WORKDIR", AS_WORDS },
};

/* What the image and earlier changes set: variables for the words that follow. */
struct variables { const cJSON *config; char *last; };

static const char *variable(void *arg, const char *name)
{
	struct variables *v = arg;
	free(v->last);
	return v->last = image_config_env(v->config, name);
}

static int read_args(const struct node *n, enum reading how, struct expander *x, char ***out,
		     struct err *e)
{
	char **args = mem_alloc(sizeof(*args));
	int r = 0;
	size_t i = 0;
	for (const struct node *a = n->next; a && r == 0; a = a->next, i++) {
		autofree char *word = NULL;
		if (how == AS_PAIRS && i % 3 == 2)
			continue;	/* the "=" of a pair */
		if (how != AS_IT_IS)
			r = expand_word(x, a->value ? a->value : "", &word, e);
		if (r == 0)
			strv_add(&args, word ? word : a->value ? a->value : "");
	}
	if (r < 0)
		strv_free(args);
	else
		*out = args;
	return r;
}

/* ONBUILD's only argument is the whole line behind the word. */
static char **trigger(const struct node *n)
{
	char **args = mem_alloc(sizeof(*args));
	const char *text = text_skip_space(n->original);
	strv_add(&args, text_skip_space(text + strlen("ONBUILD")));
	return args;
}

static int apply(cJSON *config, const struct node *n, bool *cmd_set, struct err *e)
{
	struct variables vars = { config, NULL };
	struct expander x = { .escape = '\\', .get = variable, .arg = &vars };
	struct config_change c = { n->value, NULL, n->flags, n->json };
	autofree char *word = text_upper(n->value);
	char **args = NULL;
	size_t i = 0;
	while (i < ARRAY_SIZE(allowed) && !str_eq(allowed[i].word, word))
		i++;
	autofree char *lower = text_lower(n->value);
	if (i == ARRAY_SIZE(allowed))
		return err_set(e, EINVAL, "%s is not a valid change command", lower);
	int r = 0;
	if (str_eq(word, "ONBUILD"))
		args = trigger(n);
	else
		r = read_args(n, allowed[i].reading, &x, &args, e);
	c.args = args;
	if (r == 0)
		r = image_config_change(config, &c, cmd_set, e);
	strv_free(args);
	free(vars.last);
	return r;
}

int changes_apply(cJSON *config, char *const *lines, struct err *e)
{
	autostr struct str text = { 0 };
	autodockerfile struct dockerfile d = { 0 };
	bool cmd_set = false;
	for (; *lines; lines++)
		str_addf(&text, "%s\n", *lines);
	if (!text.len || strspn(text.s, " \t\r\n") == text.len)
		return 0;
	int r = dockerfile_parse(text.s, text.len, &d, e);
	for (size_t i = 0; r == 0 && i < d.root->n_child; i++)
		r = apply(config, d.root->child[i], &cmd_set, e);
	return r;
}
