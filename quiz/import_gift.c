/* GIFT, the part of it that a bank can hold.  The text is read question by question: they
 * are parted by blank lines. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "quiz/exchange.h"

struct reader {
	const char *file;
	int line;		/* of what is being read */
	char *category;
	struct drafts *drafts;
};

static int wrong(const struct reader *r, struct err *e, const char *what)
{
	return err_set(e, EINVAL, "%s:%d: %s", r->file, r->line, what);
}

/* The text up to the first of `ends` that is not escaped, without escapes and without
 * blanks at its ends; *s stands at that sign, or at the end. */
static char *take(const char **s, const char *ends)
{
	struct str out = { 0 };
	size_t solid = 0;	/* length without the blanks at the end */
	while (isspace((unsigned char)**s))
		(*s)++;
	while (**s && !strchr(ends, **s)) {
		bool escaped = **s == '\\' && (*s)[1] && strchr("\\#=~{}:n", (*s)[1]);
		if (escaped)
			(*s)++;
		str_addn(&out, escaped && **s == 'n' ? "\n" : *s, 1);
		if (escaped || !isspace((unsigned char)**s))
			solid = out.len;
		(*s)++;
	}
	if (out.s)
		out.s[solid] = '\0';
	return str_take(&out);
}

/* [id:x] and [tag:y] in a comment; other comments say nothing. */
static void read_comment(struct draft *d, const char *line, size_t n)
{
	autofree char *text = str_printf("%.*s", (int)n, line);
	for (char *s = text; (s = strchr(s, '[')); s++) {
		char *end = strchr(s, ']');
		if (!end)
			return;
		*end = '\0';
		if (str_starts(s, "[id:") && !d->id)
			d->id = str_dup(s + 4);
		else if (str_starts(s, "[tag:M-"))
			strv_add(&d->tags, s + 5);
		else if (str_starts(s, "[tag:") && !d->concept)
			d->concept = str_dup(s + 5);
		s = end;
	}
}

/* The lines of one question without its comments, and what the comments said. */
static char *strip_comments(struct draft *d, const char *block)
{
	struct str out = { 0 };
	while (*block) {
		size_t n = strcspn(block, "\n"), blanks = strspn(block, " \t");
		if (str_starts(block + blanks, "//"))
			read_comment(d, block, n);
		else
			str_addn(&out, block, n + (block[n] == '\n'));
		block += n + (block[n] == '\n');
	}
	return str_take(&out);
}

static void read_title(struct draft *d, const char **s)
{
	*s += strspn(*s, " \t\n");
	if (!str_starts(*s, "::"))
		return;
	*s += 2;
	autofree char *title = take(s, ":");
	*s += strspn(*s, ":");
	if (!d->id)
		d->id = str_dup(title);
}

/* "[markdown]" and the like. */
static void skip_format(const char **s)
{
	static const char *const formats[] = { "[markdown]", "[html]", "[plain]", "[moodle]" };
	*s += strspn(*s, " \t\n");
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (str_starts(*s, formats[i])) {
			*s += strlen(formats[i]);
			return;
		}
}

static int read_option(struct reader *r, struct draft *d, const char **s, int *rights,
		       struct err *e)
{
	bool right = *(*s)++ == '=';
	if (d->n_options == DRAFT_OPTIONS)
		return wrong(r, e, "more than 26 options");
	if (!right && **s == '%')
		return wrong(r, e, "answers with a weight (~%n%) can't be kept");
	skip_format(s);
	if (right) {
		d->right = d->n_options;
		++*rights;
	}
	size_t k = d->n_options++;
	d->option[k].text = take(s, "#=~}");
	if (strstr(d->option[k].text, "->"))
		return wrong(r, e, "a matching question can't be kept, only multiple choice");
	if (**s == '#' && !str_starts(*s, "####")) {
		++*s;
		skip_format(s);
		d->option[k].say = take(s, "#=~}");
	}
	return 0;
}

/* {T#if wrong#if right} becomes two options. */
static int read_true_false(struct reader *r, struct draft *d, const char **s, struct err *e)
{
	autofree char *word = take(s, "#}");
	bool yes = str_eq(word, "T") || str_eq(word, "TRUE");
	if (!yes && !str_eq(word, "F") && !str_eq(word, "FALSE"))
		return wrong(r, e, "expected \"=right ~wrong ...\" or T or F between the braces");
	d->option[0].text = str_dup("true");
	d->option[1].text = str_dup("false");
	d->n_options = 2;
	d->right = yes ? 0 : 1;
	if (**s == '#' && !str_starts(*s, "####")) {
		++*s;
		d->option[1 - d->right].say = take(s, "#}");
	}
	if (**s == '#' && !str_starts(*s, "####")) {
		++*s;
		d->option[d->right].say = take(s, "#}");
	}
	return 0;
}

static int read_answers(struct reader *r, struct draft *d, const char **s, struct err *e)
{
	int rights = 1, n = 0;
	*s += strspn(*s, " \t\n");
	if (**s == '}' || **s == '#')
		return wrong(r, e, "only multiple choice and true or false can be kept");
	if (**s == '=' || **s == '~') {
		rights = 0;
		while (n == 0 && (**s == '=' || **s == '~'))
			n = read_option(r, d, s, &rights, e);
	} else {
		n = read_true_false(r, d, s, e);
	}
	if (n == 0 && (rights != 1 || d->n_options < 2))
		n = wrong(r, e, "expected one right answer (=) and at least one wrong one (~)");
	if (n == 0 && str_starts(*s, "####")) {
		*s += 4;
		d->why = take(s, "}");
	}
	if (n < 0)
		return n;
	if (**s != '}')
		return wrong(r, e, "expected \"}\" at the end of the answers");
	++*s;
	return 0;
}

static int read_question(struct reader *r, const char *block, struct err *e)
{
	struct draft *d = drafts_add(r->drafts, r->line);
	autofree char *text = strip_comments(d, block);
	const char *s = text;
	if (!text[strspn(text, " \t\n")]) {	/* nothing but comments */
		drafts_drop(r->drafts);
		return 0;
	}
	d->category = str_dup(r->category);
	read_title(d, &s);
	skip_format(&s);
	d->ask = take(&s, "{");
	if (!*s)
		return wrong(r, e, "a description without \"{answers}\" can't be kept");
	s++;
	int n = read_answers(r, d, &s, e);
	if (n == 0 && s[strspn(s, " \t\n")])
		n = wrong(r, e, "text behind the answers can't be kept");
	return n;
}

/* What was gathered since the last blank line, if anything. */
static int end_block(struct reader *r, struct str *block, struct err *e)
{
	int n = block->len ? read_question(r, block->s, e) : 0;
	str_clear(block);
	return n;
}

static int read_line(struct reader *r, struct str *block, const char *line, size_t len, int at,
		     struct err *e)
{
	int n = 0;
	bool category = str_starts(line, "$CATEGORY:");
	if (category || strspn(line, " \t\r") >= len)
		n = end_block(r, block, e);
	if (category) {
		line += strlen("$CATEGORY:");
		free(r->category);
		r->category = take(&line, "\n");
	} else if (strspn(line, " \t\r") < len) {
		if (!block->len)
			r->line = at;
		str_addn(block, line, len);
		str_add(block, "\n");
	}
	return n;
}

int import_gift(const char *text, const char *file, struct drafts *out, struct err *e)
{
	struct reader r = { .file = file, .drafts = out };
	autostr struct str block = { 0 };
	int n = 0;
	for (int at = 1; n == 0 && *text; at++) {
		size_t len = strcspn(text, "\n");
		n = read_line(&r, &block, text, len, at, e);
		text += len + (text[len] == '\n');
	}
	if (n == 0)
		n = end_block(&r, &block, e);
	free(r.category);
	return n;
}
