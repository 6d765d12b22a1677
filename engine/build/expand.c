/* expand.c - quotes, escapes and variables, as a shell takes them.
 *
 * What Docker knows of the shell's substitutions:
 *
 *	$v ${v}			the value, "" where it isn't set
 *	${v:-w} ${v-w}		w where v is empty or unset; where it is unset
 *	${v:+w} ${v+w}		w where v isn't
 *	${v:?w} ${v?w}		an error with the text w where v is
 *	${v#p} ${v##p}		without the shortest, longest beginning that fits p
 *	${v%p} ${v%%p}		the same with the end
 *	${v/p/r} ${v//p/r}	the first, every part that fits p replaced by r
 *
 * w, p and r may hold variables again.  The text is read once from left to right;
 * each function below takes what it is named after and leaves `p` behind it.
 */
#include "build/expand.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/glob.h"
#include "build/text.h"
#include "core/cleanup.h"
#include "core/str.h"

#define DEEPEST 50		/* substitutions in substitutions */
#define LONGEST (1u << 20)	/* bytes of a result */

struct lex {
	const struct expander *x;
	const char *p;
	bool raw_escapes;
	int depth;
};

/* A result grows as one text, and as words cut at blanks that weren't quoted. */
struct result {
	struct str all, word;
	bool in_word;
	char **words;
};

static void add_raw(struct result *r, const char *s, size_t n)
{
	str_addn(&r->all, s, n);
	str_addn(&r->word, s, n);
	r->in_word = true;
}

static void end_word(struct result *r)
{
	if (r->in_word && r->word.len) {
		strv_add(&r->words, r->word.s);
		r->in_word = false;
	}
	str_clear(&r->word);
}

static void add_split(struct result *r, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text_is_space(s[i])) {
			str_addn(&r->all, s + i, 1);
			end_word(r);
		} else {
			add_raw(r, s + i, 1);
		}
	}
}

static void result_free(struct result *r)
{
	str_free(&r->all);
	str_free(&r->word);
	strv_free(r->words);
}
#define autoresult __attribute__((cleanup(result_free)))

static int read_until(struct lex *l, char stop, bool raw_escapes, struct result *r,
		      struct err *e);

/* ---- quotes ---------------------------------------------------------------------- */

static int single_quoted(struct lex *l, struct str *out, struct err *e)
{
	const char *end = strchr(l->p + 1, '\'');
	if (!end)
		return err_set(e, EINVAL, "unexpected end of statement while looking for matching "
			       "single-quote");
	if (l->x->raw_quotes)
		str_addn(out, l->p, (size_t)(end + 1 - l->p));
	else
		str_addn(out, l->p + 1, (size_t)(end - l->p - 1));
	l->p = end + 1;
	return 0;
}

static int dollar(struct lex *l, struct str *out, struct err *e);

/* The escape character counts only before what it can escape here. */
static void escaped_in_quotes(struct lex *l, struct str *out)
{
	char next = l->p[1];
	if (l->raw_escapes)
		str_addn(out, l->p, 1);
	if (!next) {
		l->p++;
	} else if (next == '"' || next == '$' || next == l->x->escape) {
		str_addn(out, l->p + 1, 1);
		l->p += 2;
	} else {
		str_addn(out, l->p++, 1);
	}
}

static int double_quoted(struct lex *l, struct str *out, struct err *e)
{
	const char *quote = l->x->raw_quotes ? "\"" : "";
	str_add(out, quote);
	for (l->p++; *l->p && *l->p != '"'; ) {
		if (*l->p == '$') {
			int r = dollar(l, out, e);
			if (r < 0)
				return r;
		} else if (*l->p == l->x->escape) {
			escaped_in_quotes(l, out);
		} else {
			str_addn(out, l->p++, 1);
		}
	}
	if (!*l->p)
		return err_set(e, EINVAL, "unexpected end of statement while looking for matching "
			       "double-quote");
	str_add(out, quote);
	l->p++;
	return 0;
}

/* ---- variables ------------------------------------------------------------------- */

/* Letters, digits and _; or digits alone; or one of the shell's special names. */
static char *take_name(struct lex *l)
{
	const char *begin = l->p;
	if (isdigit((unsigned char)*l->p))
		while (isdigit((unsigned char)*l->p))
			l->p++;
	else if (*l->p && strchr("@*#?-$!", *l->p))
		l->p++;
	else
		while (isalnum((unsigned char)*l->p) || *l->p == '_')
			l->p++;
	return strndup(begin, (size_t)(l->p - begin));
}

static const char *value_of(const struct lex *l, const char *name)
{
	return l->x->get ? l->x->get(l->x->arg, name) : NULL;
}

/* One substitution: the variable, what stands before the word, and the word. */
struct subst {
	const char *name, *value;	/* value NULL: unset */
	char op;
	bool colon;			/* empty counts as unset */
	char *word;
};

static int op_default(const struct subst *s, struct str *out, struct err *e)
{
	bool use = !s->value || (s->colon && !*s->value);
	str_add(out, use ? s->word : s->value);
	return 0;
}

static int op_alternative(const struct subst *s, struct str *out, struct err *e)
{
	if (s->value && !(s->colon && !*s->value))
		str_add(out, s->word);
	return 0;
}

static int op_demand(const struct subst *s, struct str *out, struct err *e)
{
	if (s->value && !(s->colon && !*s->value)) {
		str_add(out, s->value);
		return 0;
	}
	return err_set(e, EINVAL, "%s: %s", s->name, *s->word ? s->word : s->value ?
		       "is not allowed to be empty" : "is not allowed to be unset");
}

static int compile(const char *pattern, struct glob *g, struct err *e)
{
	struct err why = { 0 };
	if (glob_compile(pattern, g, &why) == 0)
		return 0;
	return err_set(e, EINVAL, "invalid pattern (%s) in substitution: %s", pattern, why.what);
}

static int op_trim_start(const struct subst *s, struct str *out, struct err *e)
{
	autoglob struct glob g = { 0 };
	const char *value = s->value ? s->value : "";
	bool longest = *s->word == '#';
	int r = compile(s->word + longest, &g, e);
	if (r < 0)
		return r;
	long n = glob_prefix(&g, value, longest);
	str_add(out, value + (n > 0 ? n : 0));
	return 0;
}

static int op_trim_end(const struct subst *s, struct str *out, struct err *e)
{
	autoglob struct glob g = { 0 };
	const char *value = s->value ? s->value : "";
	size_t len = strlen(value), keep = len;
	bool longest = *s->word == '%';
	int r = compile(s->word + longest, &g, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i <= len; i++) {
		size_t at = longest ? i : len - i;
		if (glob_prefix(&g, value + at, true) == (long)(len - at)) {
			keep = at;
			break;
		}
	}
	str_addn(out, value, keep);
	return 0;
}

static const struct {
	char op;
	bool colon_too, raw;		/* raw: the word is a pattern, its escapes stay */
	int (*run)(const struct subst *s, struct str *out, struct err *e);
} ops[] = {
	{ '-', true, false, op_default }, { '+', true, false, op_alternative },
	{ '?', true, false, op_demand },
	{ '#', false, true, op_trim_start }, { '%', false, true, op_trim_end },
};

static int unsupported(const struct subst *s, struct err *e)
{
	return err_set(e, EINVAL, "unsupported modifier (%s%c) in substitution",
		       s->colon ? ":" : "", s->op ? s->op : ' ');
}

/* The word up to `stop`, which is taken too. */
static int take_word(struct lex *l, char stop, bool raw, char **out, struct err *e)
{
	autoresult struct result r = { 0 };
	int n = read_until(l, stop, raw, &r, e);
	if (n < 0)
		return *l->p ? n : err_set(e, EINVAL, stop == '}' ? "syntax error: missing '}'" :
					   "syntax error: missing '/' in ${}");
	*out = str_take(&r.all);
	return 0;
}

static int by_operator(struct lex *l, struct subst *s, struct str *out, struct err *e)
{
	size_t i = 0;
	s->colon = *l->p == ':';
	if (s->colon)
		l->p++;
	s->op = *l->p;
	while (i < ARRAY_SIZE(ops) && ops[i].op != s->op)
		i++;
	if (i == ARRAY_SIZE(ops) || (s->colon && !ops[i].colon_too))
		return unsupported(s, e);
	l->p++;
	autofree char *word = NULL;
	int r = take_word(l, '}', ops[i].raw, &word, e);
	if (r < 0)
		return r;
	s->value = value_of(l, s->name);
	s->word = word;
	if (l->x->skip_unset && !s->value) {
		str_addf(out, "${%s%s%c%s}", s->name, s->colon ? ":" : "", s->op, word);
		return 0;
	}
	return ops[i].run(s, out, e);
}

static void replace(const struct glob *g, const char *value, const char *by, bool all,
		    struct str *out)
{
	bool more = true;
	while (*value) {
		long n = more ? glob_prefix(g, value, true) : -1;
		if (n > 0) {
			str_add(out, by);
			value += n;
			more = all;
		} else {
			str_addn(out, value++, 1);
		}
	}
}

static int by_replacing(struct lex *l, const struct subst *s, struct str *out, struct err *e)
{
	autofree char *pattern = NULL, *by = NULL;
	autoglob struct glob g = { 0 };
	l->p++;
	bool all = *l->p == '/';
	l->p += all;
	int r = take_word(l, '/', true, &pattern, e);
	if (r == 0)
		r = take_word(l, '}', true, &by, e);
	if (r < 0)
		return r;
	const char *value = value_of(l, s->name);
	if (l->x->skip_unset && !value) {
		str_addf(out, "${%s/%s/%s}", s->name, pattern, by);
		return 0;
	}
	r = compile(pattern, &g, e);
	if (r == 0)
		replace(&g, value ? value : "", by, all, out);
	return r;
}

static int in_braces(struct lex *l, struct str *out, struct err *e)
{
	if (!*l->p)
		return err_set(e, EINVAL, "syntax error: missing '}'");
	if (strchr("{}:", *l->p))
		return err_set(e, EINVAL, "syntax error: bad substitution");
	autofree char *name = take_name(l);
	struct subst s = { .name = name, .op = *l->p };
	if (*l->p == '/')
		return by_replacing(l, &s, out, e);
	if (*l->p != '}')
		return *l->p ? by_operator(l, &s, out, e) :
			       err_set(e, EINVAL, "syntax error: missing '}'");
	l->p++;
	const char *value = value_of(l, name);
	if (!value && l->x->skip_unset)
		str_addf(out, "${%s}", name);
	else
		str_add(out, value ? value : "");
	return 0;
}

static int dollar(struct lex *l, struct str *out, struct err *e)
{
	if (++l->depth > DEEPEST)
		return err_set(e, EINVAL, "more than %d substitutions in one another", DEEPEST);
	l->p++;
	int r = 0;
	if (*l->p == '{') {
		l->p++;
		r = in_braces(l, out, e);
	} else {
		autofree char *name = take_name(l);
		const char *value = *name ? value_of(l, name) : NULL;
		if (!*name || (!value && l->x->skip_unset))
			str_addf(out, "$%s", name);
		else
			str_add(out, value ? value : "");
	}
	l->depth--;
	return r;
}

/* ---- the text -------------------------------------------------------------------- */

/* Blanks between << and the word belong to the word: `RUN cat << EOF`. */
static void maybe_heredoc(struct lex *l, struct str *out)
{
	str_addn(out, l->p++, 1);
	if (*l->p != '<')
		return;
	str_addn(out, l->p++, 1);
	while (*l->p == ' ' || *l->p == '\t' || *l->p == '\r')
		str_addn(out, l->p++, 1);
}

static void escaped(struct lex *l, struct result *r)
{
	if (l->raw_escapes)
		add_raw(r, l->p, 1);
	l->p++;
	if (*l->p)
		add_raw(r, l->p++, 1);
}

/* What begins with a character of its own; false: the character is like others. */
static bool special(struct lex *l, struct str *out, int *r, struct err *e)
{
	char c = *l->p;
	if (c == '$')
		*r = dollar(l, out, e);
	else if (c == '<')
		maybe_heredoc(l, out);
	else if (c == '\'' && !l->x->skip_quotes)
		*r = single_quoted(l, out, e);
	else if (c == '"' && !l->x->skip_quotes)
		*r = double_quoted(l, out, e);
	else
		return false;
	return true;
}

static int next_piece(struct lex *l, struct result *r, struct err *e)
{
	autostr struct str piece = { 0 };
	int n = 0;
	char c = *l->p;
	if (special(l, &piece, &n, e)) {
		if (n == 0)
			(c == '$' ? add_split : add_raw)(r, piece.s ? piece.s : "", piece.len);
	} else if (c == l->x->escape) {
		escaped(l, r);
	} else {
		add_split(r, l->p++, 1);
	}
	if (n == 0 && r->all.len > LONGEST)
		n = err_set(e, E2BIG, "the value is longer than %u bytes", LONGEST);
	return n;
}

/* stop 0: to the end. */
static int read_until(struct lex *l, char stop, bool raw_escapes, struct result *r, struct err *e)
{
	bool before = l->raw_escapes;
	int n = 0;
	l->raw_escapes = raw_escapes;
	while (n == 0 && *l->p && (!stop || *l->p != stop))
		n = next_piece(l, r, e);
	l->raw_escapes = before;
	if (n < 0)
		return n;
	end_word(r);
	if (!stop)
		return 0;
	if (!*l->p)
		return err_set(e, EINVAL, "unexpected end of statement while looking for matching %c",
			       stop);
	l->p++;
	return 0;
}

static int expand(const struct expander *x, const char *text, struct result *r, struct err *e)
{
	struct lex l = { .x = x, .p = text };
	int n = read_until(&l, 0, x->raw_escapes, r, e);
	if (n == 0)
		return 0;
	autostr struct str quoted = { 0 };
	text_quote(text, &quoted);
	return err_wrap(e, "failed to process %s", quoted.s);
}

int expand_word(const struct expander *x, const char *word, char **out, struct err *e)
{
	autoresult struct result r = { 0 };
	int n = expand(x, word, &r, e);
	if (n == 0)
		*out = str_take(&r.all);
	return n;
}

int expand_words(const struct expander *x, const char *text, char ***out, struct err *e)
{
	autoresult struct result r = { 0 };
	int n = expand(x, text, &r, e);
	if (n == 0) {
		*out = r.words ? steal_ptr(r.words) : strv_dup(NULL);
	}
	return n;
}
