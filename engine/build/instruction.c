/* instruction.c - the table of instructions, and what is wrong with a line. */
#include "build/instruction.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/parse_line.h"
#include "build/text.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "image/config_change.h"

#define COPY_FLAGS "chown=|chmod=|link|"

static const struct instruction instructions[] = {
	{ "ADD",         2, -1, COPY_FLAGS "keep-git-dir|checksum=|", EXPAND_WORD },
	{ "ARG",         1, -1, "", EXPAND_WORD },
	{ "CMD",         0, -1, "", EXPAND_NOT },
	{ "COPY",        2, -1, COPY_FLAGS "from=|", EXPAND_WORD },
	{ "ENTRYPOINT",  0, -1, "", EXPAND_NOT },
	{ "ENV",         1, -1, "", EXPAND_WORD },
	{ "EXPOSE",      1, -1, "", EXPAND_WORDS },
	{ "FROM",        0, -1, "platform=|", EXPAND_NOT },
	{ "HEALTHCHECK", 1, -1, "interval=|timeout=|start-period=|start-interval=|retries=|", EXPAND_NOT },
	{ "LABEL",       1, -1, "", EXPAND_WORD },
	{ "MAINTAINER",  1,  1, "", EXPAND_NOT },
	{ "ONBUILD",     1, -1, "", EXPAND_NOT },
	{ "RUN",         0, -1, "mount=*|network=|security=|", EXPAND_NOT },
	{ "SHELL",       1, -1, "", EXPAND_NOT },
	{ "STOPSIGNAL",  1,  1, "", EXPAND_WORD },
	{ "USER",        1,  1, "", EXPAND_WORD },
	{ "VOLUME",      1, -1, "", EXPAND_WORD },
	{ "WORKDIR",     1,  1, "", EXPAND_WORD },
};

const char *const instruction_words[] = {
	"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
	"MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR", NULL
};

const struct instruction *instruction_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++)
		if (text_same_word(instructions[i].word, word))
			return &instructions[i];
	return NULL;
}

/* ---- flags ------------------------------------------------------------------------ */

/* The names of a row's flags as a list (strv). */
static char **flag_names(const struct instruction *in)
{
	char **names = strv_dup(NULL);
	for (const char *p = in->flags; *p; p += strcspn(p, "|") + 1) {
		autofree char *name = strndup(p, strcspn(p, "=|"));
		strv_add(&names, name);
	}
	return names;
}

/* What the table says behind a flag's name: "", "=" (once) or "=*"; NULL: unknown. */
static const char *flag_kind(const struct instruction *in, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = in->flags; *p; p += strcspn(p, "|") + 1)
		if (strncmp(p, name, len) == 0 && strchr("=|", p[len]))
			return p[len] == '|' ? "" : p[len + 1] == '*' ? "=*" : "=";
	return NULL;
}

static int unknown_flag(const struct instruction *in, const char *name, struct err *e)
{
	char **names = flag_names(in);
	const char *near = text_nearest(name, (const char *const *)names);
	autofree char *meant = near ? str_printf(" (did you mean %s?)", near) : str_dup("");
	strv_free(names);
	return err_set(e, EINVAL, "unknown flag: --%s%s", name, meant);
}

static bool given_before(char *const *flags, size_t at, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < at; i++)
		if (strncmp(flags[i] + 2, name, len) == 0 && strchr("=", flags[i][2 + len]))
			return true;
	return false;
}

static int check_flag(const struct instruction *in, char *const *flags, size_t at, struct err *e)
{
	const char *eq = strchr(flags[at], '=');
	autofree char *name = strndup(flags[at] + 2, strcspn(flags[at] + 2, "="));
	const char *kind = flag_kind(in, name);
	if (!kind)
		return unknown_flag(in, name, e);
	if (!str_eq(kind, "=*") && given_before(flags, at, name))
		return err_set(e, EINVAL, "duplicate flag specified: --%s", name);
	if (*kind && !eq)
		return err_set(e, EINVAL, "missing a value on flag: --%s", name);
	if (*kind || !eq)
		return 0;
	if (!eq[1])
		return err_set(e, EINVAL, "missing a value on flag: --%s", name);
	if (!text_same_word(eq + 1, "true") && !text_same_word(eq + 1, "false"))
		return err_set(e, EINVAL, "expecting boolean value for flag --%s, not: %s", name, eq + 1);
	return 0;
}

const char *instruction_flag(const struct node *n, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; n->flags && n->flags[i]; i++) {
		const char *f = n->flags[i] + 2;
		if (strncmp(f, name, len) == 0 && (!f[len] || f[len] == '='))
			return f[len] ? f + len + 1 : f + len;
	}
	return NULL;
}

/* ---- single instructions ----------------------------------------------------------- */

static bool stage_name_ok(const char *name)
{
	if (!isalpha((unsigned char)*name))
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(name);
}

static char *lowered(const char *s)
{
	char *low = str_dup(s);
	for (char *c = low; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return low;
}

static int check_from(const struct node *n, struct err *e)
{
	size_t args = node_args(n);
	if (args == 3 && text_same_word(n->next->next->value, "as")) {
		const char *name = n->next->next->next->value;
		autofree char *low = lowered(name);
		if (!stage_name_ok(low))
			return err_set(e, EINVAL, "invalid name for build stage: \"%s\", name can't "
				       "start with a number or contain symbols", name);
	} else if (args != 1) {
		return err_set(e, EINVAL, "FROM requires either one or three arguments");
	}
	return 0;
}

static int check_copy(const struct node *n, struct err *e)
{
	const struct node *last = n;
	struct heredoc h = { 0 };
	while (last->next)
		last = last->next;
	int r = heredoc_match(last->value, &h, NULL);
	free(h.name);
	if (r > 0)
		return err_set(e, EINVAL, "%s cannot accept a heredoc as a destination", n->value);
	return 0;
}

static int check_arg(const struct node *n, struct err *e)
{
	for (const struct node *a = n->next; a; a = a->next)
		if (*a->value == '=')
			return err_set(e, EINVAL, "ARG names can not be blank");
	return 0;
}

static int check_pairs(const struct node *n, struct err *e)
{
	autofree char *word = text_upper(n->value);
	for (const struct node *a = n->next; a; a = a->next->next->next)
		if (!*a->value)
			return err_set(e, EINVAL, "%s names can not be blank", word);
	return 0;
}

static int check_volume(const struct node *n, struct err *e)
{
	for (const struct node *a = n->next; a; a = a->next)
		if (!*text_skip_space(a->value))
			return err_set(e, EINVAL, "VOLUME specified can not be an empty string");
	return 0;
}

static int check_shell(const struct node *n, struct err *e)
{
	if (n->json)
		return 0;
	return err_set(e, EINVAL, "SHELL requires the arguments to be in JSON form: %s", n->original);
}

static int check_onbuild(const struct node *n, struct err *e)
{
	const struct node *inner = n->next->n_child ? n->next->child[0] : NULL;
	autofree char *word = inner ? text_upper(inner->value) : str_dup("");
	if (str_eq(word, "ONBUILD"))
		return err_set(e, EINVAL, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	if (str_eq(word, "FROM") || str_eq(word, "MAINTAINER"))
		return err_set(e, EINVAL, "%s isn't allowed as an ONBUILD trigger", word);
	return 0;
}

/* What it would do to an image says what is wrong with it. */
static int check_health(const struct node *n, struct err *e)
{
	autojson cJSON *scratch = cJSON_CreateObject();
	char **args = strv_dup(NULL);
	bool cmd_set = false;
	for (const struct node *a = n->next; a; a = a->next)
		strv_add(&args, a->value);
	struct config_change c = { n->value, args, n->flags, n->json };
	int r = image_config_change(scratch, &c, &cmd_set, e);
	strv_free(args);
	return r;
}

static const struct {
	const char *word;
	int (*check)(const struct node *n, struct err *e);
} checks[] = {
	{ "ADD", check_copy }, { "ARG", check_arg }, { "COPY", check_copy }, { "ENV", check_pairs },
	{ "FROM", check_from }, { "HEALTHCHECK", check_health }, { "LABEL", check_pairs },
	{ "ONBUILD", check_onbuild }, { "SHELL", check_shell }, { "VOLUME", check_volume },
};

/* ---- the whole line ------------------------------------------------------------------ */

static int count_args(const struct instruction *in, const struct node *n, struct err *e)
{
	int args = (int)node_args(n);
	if (args >= in->min_args && (in->max_args < 0 || args <= in->max_args))
		return 0;
	if (in->max_args == 1)
		return err_set(e, EINVAL, "%s requires exactly one argument", in->word);
	if (in->min_args == 2)
		return err_set(e, EINVAL, "%s requires at least two arguments, but only one was "
			       "provided. Destination could not be determined", in->word);
	return err_set(e, EINVAL, "%s requires at least one argument", in->word);
}

static int unknown_instruction(const char *word, struct err *e)
{
	const char *near = text_nearest(word, instruction_words);
	if (!near)
		return err_set(e, EINVAL, "unknown instruction: %s", word);
	autofree char *upper = text_upper(word);
	autofree char *meant = str_eq(upper, word) ? str_dup(near) : lowered(near);
	return err_set(e, EINVAL, "unknown instruction: %s (did you mean %s?)", word, meant);
}

int instruction_check(const struct node *n, struct err *e)
{
	const struct instruction *in = instruction_find(n->value);
	if (!in)
		return unknown_instruction(n->value, e);
	int r = count_args(in, n, e);
	for (size_t i = 0; r == 0 && n->flags && n->flags[i]; i++)
		r = check_flag(in, n->flags, i, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(checks); i++)
		if (text_same_word(checks[i].word, n->value))
			r = checks[i].check(n, e);
	return r;
}

/* ---- stages -------------------------------------------------------------------------- */

void stages_free(struct stages *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->stage[i].name);
		free(s->stage[i].step);
	}
	free(s->stage);
	free(s->meta);
	*s = (struct stages){ 0 };
}

static void add_node(const struct node ***list, size_t *n, const struct node *node)
{
	*list = mem_grow(*list, (*n + 1) * sizeof(node));
	(*list)[(*n)++] = node;
}

static void add_stage(struct stages *s, const struct node *from)
{
	const struct node *as = from->next->next;
	s->stage = mem_grow(s->stage, (s->n + 1) * sizeof(*s->stage));
	s->stage[s->n++] = (struct stage){
		.from = from, .base = from->next->value, .name = as ? lowered(as->next->value) : NULL,
	};
}

static int add_to_stages(struct stages *s, const struct node *n, struct err *e)
{
	if (text_same_word(n->value, "FROM"))
		add_stage(s, n);
	else if (s->n)
		add_node(&s->stage[s->n - 1].step, &s->stage[s->n - 1].n_step, n);
	else if (text_same_word(n->value, "ARG"))
		add_node(&s->meta, &s->n_meta, n);
	else
		return err_set(e, EINVAL, "no build stage in current context");
	return 0;
}

int stages_read(const struct dockerfile *d, struct stages *out, struct err *e)
{
	struct stages s = { 0 };
	int r = 0;
	for (size_t i = 0; i < d->root->n_child && r == 0; i++) {
		const struct node *n = d->root->child[i];
		r = instruction_check(n, e);
		if (r < 0)
			err_wrap(e, "dockerfile parse error on line %d", n->line);
		else
			r = add_to_stages(&s, n, e);
		if (r < 0)
			node_hint(n, e);
	}
	if (r < 0)
		stages_free(&s);
	else
		*out = s;
	return r;
}
