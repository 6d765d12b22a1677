/* parse_line.c - one instruction: its word, its --flags, its arguments.
 *
 * The forms that arguments come in are functions; a table says which instruction
 * has which.  Quotes and variables stay as they are here: they mean something
 * only when the instruction is carried out (expand.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/node.h"
#include "build/parse_line.h"
#include "build/text.h"
#include "core/cleanup.h"

struct form {			/* what a form reads, and where its result goes */
	const char *rest;
	char escape;
	const char *name;	/* of the instruction, in capitals */
	struct node *out;	/* gets ->next and ->json */
	int depth;
};

static struct node **append(struct node **end, const char *value, size_t len)
{
	*end = node_new(value, len);
	return &(*end)->next;
}

static bool is_blank(char c)	/* what stands between words of a list */
{
	return text_is_space(c) && c != '\n';
}

/* ---- the forms ------------------------------------------------------------------- */

static int form_string(struct form *f, struct err *e)
{
	if (*f->rest)
		append(&f->out->next, f->rest, strlen(f->rest));
	return 0;
}

static int form_words(struct form *f, struct err *e)
{
	struct node **end = &f->out->next;
	for (const char *p = f->rest; *p; ) {
		const char *begin = p;
		while (*p && !is_blank(*p))
			p++;
		end = append(end, begin, (size_t)(p - begin));
		while (is_blank(*p))
			p++;
	}
	return 0;
}

/* 1: it was a JSON array; 0: it is something else. */
static int try_json(struct form *f, const char *text, struct node **out, struct err *e)
{
	int r = json_list(text, out, e);
	if (r == -EBADMSG)
		return 0;
	f->out->json = r == 0;
	return r < 0 ? r : 1;
}

static int form_json_or_string(struct form *f, struct err *e)
{
	int r = *f->rest ? try_json(f, f->rest, &f->out->next, e) : 0;
	return r == 0 ? form_string(f, e) : r < 0 ? r : 0;
}

static int form_json_or_words(struct form *f, struct err *e)
{
	int r = try_json(f, f->rest, &f->out->next, e);
	return r == 0 ? form_words(f, e) : r < 0 ? r : 0;
}

/* The words, quotes and escapes kept but minded. */
static char **quoted_words(const char *p, char escape)
{
	char **words = strv_dup(NULL);
	while (*(p = text_skip_space(p))) {
		struct str word = { 0 };
		char quote = 0;
		for (; *p && (quote || !text_is_space(*p)); p++) {
			if (*p == escape && quote != '\'') {
				if (!p[1])
					continue;
				str_addn(&word, p++, 1);
			} else if (quote ? *p == quote : *p == '\'' || *p == '"') {
				quote = quote ? 0 : *p;
			}
			str_addn(&word, p, 1);
		}
		if (word.len)
			strv_add(&words, word.s);
		str_free(&word);
	}
	return words;
}

static struct node **append_pair(struct node **end, const char *name, size_t name_len,
				 const char *value, const char *sep)
{
	end = append(end, name, name_len);
	end = append(end, value, strlen(value));
	return append(end, sep, strlen(sep));
}

/* ENV name the whole rest */
static int old_pair(struct form *f, struct err *e)
{
	const char *end = f->rest;
	while (*end && !is_blank(*end))
		end++;
	const char *value = end;
	while (is_blank(*value))
		value++;
	if (!*end)
		return err_set(e, EINVAL, "%s must have two arguments", f->name);
	append_pair(&f->out->next, f->rest, (size_t)(end - f->rest), value, "");
	return 0;
}

static int new_pairs(struct form *f, char *const *words, struct err *e)
{
	struct node **end = &f->out->next;
	for (; *words; words++) {
		const char *eq = strchr(*words, '=');
		if (!eq) {
			autostr struct str quoted = { 0 };
			text_quote(*words, &quoted);
			return err_set(e, EINVAL, "Syntax error - can't find = in %s. Must be of the form: "
				       "name=value", quoted.s);
		}
		end = append_pair(end, *words, (size_t)(eq - *words), eq + 1, "=");
	}
	return 0;
}

static int form_pairs(struct form *f, struct err *e)
{
	char **words = quoted_words(f->rest, f->escape);
	int r = 0;
	if (words[0])
		r = strchr(words[0], '=') ? new_pairs(f, words, e) : old_pair(f, e);
	strv_free(words);
	return r;
}

static int form_names(struct form *f, struct err *e)
{
	char **words = quoted_words(f->rest, f->escape);
	struct node **end = &f->out->next;
	for (size_t i = 0; words[i]; i++)
		end = append(end, words[i], strlen(words[i]));
	strv_free(words);
	return 0;
}

/* HEALTHCHECK: one word, then a command. */
static int form_health(struct form *f, struct err *e)
{
	const char *end = f->rest;
	while (*end && !text_is_space(*end))
		end++;
	if (end == f->rest)
		return 0;
	struct node **rest = append(&f->out->next, f->rest, (size_t)(end - f->rest));
	end = text_skip_space(end);
	int r = *end ? try_json(f, end, rest, e) : 0;
	if (r == 0 && *end)
		append(rest, end, strlen(end));
	return r < 0 ? r : 0;
}

static int parse(const char *line, char escape, int depth, struct node **out, struct err *e);

static int form_instruction(struct form *f, struct err *e)
{
	struct node *inner;
	if (!*f->rest)
		return 0;
	int r = parse(f->rest, f->escape, f->depth + 1, &inner, e);
	if (r < 0)
		return r;
	struct node *holder = f->out->next = node_new("", 0);
	holder->child = mem_alloc(sizeof(inner));
	holder->child[0] = inner;
	holder->n_child = 1;
	return 0;
}

static int form_unknown(struct form *f, struct err *e)
{
	append(&f->out->next, "", 0);
	return 0;
}

static const struct {
	const char *word;
	int (*read)(struct form *f, struct err *e);
} forms[] = {
	{ "ADD", form_json_or_words },
	{ "ARG", form_names },
	{ "CMD", form_json_or_string },
	{ "COPY", form_json_or_words },
	{ "ENTRYPOINT", form_json_or_string },
	{ "ENV", form_pairs },
	{ "EXPOSE", form_words },
	{ "FROM", form_words },
	{ "HEALTHCHECK", form_health },
	{ "LABEL", form_pairs },
	{ "MAINTAINER", form_string },
	{ "ONBUILD", form_instruction },
	{ "RUN", form_json_or_string },
	{ "SHELL", form_json_or_string },
	{ "STOPSIGNAL", form_string },
	{ "USER", form_string },
	{ "VOLUME", form_json_or_words },
	{ "WORKDIR", form_string },
};

/* ---- flags ------------------------------------------------------------------------ */

/* One word with its quotes and escapes taken off; p is left behind it. */
static void take_flag(const char **p, char escape, struct str *word)
{
	char quote = 0;
	for (; **p && (quote || !text_is_space(**p)); (*p)++) {
		if (quote ? **p == quote : **p == '\'' || **p == '"') {
			quote = quote ? 0 : **p;
			continue;
		}
		if (**p == escape) {
			if (!(*p)[1])
				continue;
			(*p)++;
		}
		str_addn(word, *p, 1);
	}
}

/* Words that begin with -- before the first that doesn't; "--" ends them. */
static const char *take_flags(const char *p, char escape, char ***flags)
{
	while (str_starts(p = text_skip_space(p), "--")) {
		autostr struct str word = { 0 };
		take_flag(&p, escape, &word);
		if (str_eq(word.s, "--"))
			break;
		if (word.len)
			strv_add(flags, word.s);
	}
	return p;
}

/* ---- the line ---------------------------------------------------------------------- */

static int read_arguments(struct form *f, const char *word, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (text_same_word(word, forms[i].word)) {
			f->name = forms[i].word;
			return forms[i].read(f, e);
		}
	}
	return form_unknown(f, e);
}

static int parse(const char *line, char escape, int depth, struct node **out, struct err *e)
{
	autofree char *text = text_trimmed(line);
	const char *end = text;
	if (depth > 2)
		return err_set(e, EINVAL, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	while (*end && !is_blank(*end))
		end++;
	struct node *n = node_new(text, (size_t)(end - text));
	n->original = str_dup(line);
	while (is_blank(*end))
		end++;
	autofree char *rest = text_trimmed(take_flags(end, escape, &n->flags));
	struct form f = { .rest = rest, .escape = escape, .out = n, .depth = depth };
	int r = read_arguments(&f, n->value, e);
	if (r < 0)
		node_free(n);
	else
		*out = n;
	return r;
}

int dockerfile_parse_line(const char *line, char escape, struct node **out, struct err *e)
{
	return parse(line, escape, 0, out, e);
}
