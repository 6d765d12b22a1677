/* param.c - $x and all that ${x} can be: a table of operators, one function each. */
#include <stdlib.h>
#include <string.h>

#include "sim/userland/match.h"
#include "sim/userland/shell/expand.h"

/* One ${name OP word}: what an operator's function gets. */
struct param {
	struct expansion *x;
	const char *name, *value;	/* value: NULL where not set */
	const char *word, *end;		/* the text behind the operator */
	bool quoted, colon;
	const char *op;			/* the operator's own text: "%%" */
};

/* $@ and $*: how they come out depends on quotes. */
static void all_params(struct expansion *x, char which, bool quoted)
{
	struct shell *sh = x->sh;
	const char *ifs = var_get(sh, "IFS");
	char separator[2] = { ifs ? ifs[0] : ' ', 0 };

	if (which == '@' && quoted && !sh->n_args)
		x->empty_at = true;
	for (int i = 0; i < sh->n_args; i++) {
		if (i && which == '*' && (quoted || x->whole))
			expansion_put(x, separator, MARK_QUOTED);
		else if (i)
			expansion_put(x, " ", MARK_BREAK);
		expansion_put(x, sh->args[i], quoted ? MARK_QUOTED : MARK_EXPANDED);
		if (quoted && which == '@' && !*sh->args[i] && !x->whole)
			expansion_put(x, "x", MARK_EXISTS);
	}
}

static bool is_all(const char *name)
{
	return !strcmp(name, "@") || !strcmp(name, "*");
}

static void not_set(struct expansion *x, const char *name)
{
	shell_fails(x->sh, x->sh->d->unset_status, x->sh->d->not_set, name);
	x->failed = true;
}

void expand_plain(struct expansion *x, const char *name, bool quoted)
{
	const char *value;

	if (is_all(name)) {
		all_params(x, *name, quoted);
		return;
	}
	value = param_get(x->sh, name);
	if (value)
		expansion_put(x, value, quoted ? MARK_QUOTED : MARK_EXPANDED);
	else if (x->sh->options['u'])
		not_set(x, name);
}

/* The word behind the operator, expanded into the word around it. */
static void put_word(struct param *a)
{
	if (a->quoted)
		expand_quoted(a->x, a->word, a->end, IN_BRACES);
	else
		expand_unquoted(a->x, a->word, a->end, MARK_EXPANDED);
}

static char *word_text(struct param *a, bool pattern)
{
	struct expansion x = { .sh = a->x->sh, .w = a->x->w, .whole = true,
			       .out.a = &a->x->sh->work, .marks.a = &a->x->sh->work };

	if (a->quoted && !pattern)
		expand_quoted(&x, a->word, a->end, IN_BRACES);
	else
		expand_unquoted(&x, a->word, a->end, MARK_LITERAL);
	a->x->failed |= x.failed;
	return expansion_text(&x, pattern);
}

static void put_value(struct param *a, const char *value)
{
	if (!value && is_all(a->name))
		all_params(a->x, *a->name, a->quoted);
	else if (value)
		expansion_put(a->x, value, a->quoted ? MARK_QUOTED : MARK_EXPANDED);
	else if (a->x->sh->options['u'])
		not_set(a->x, a->name);
}

static bool there(const struct param *a)
{
	if (is_all(a->name))
		return a->x->sh->n_args > 0;
	return a->value && (!a->colon || *a->value);
}

static void op_default(struct param *a)
{
	if (there(a))
		put_value(a, a->value);
	else
		put_word(a);
}

static void op_alternative(struct param *a)
{
	if (there(a))
		put_word(a);
}

static void op_assign(struct param *a)
{
	if (!there(a)) {
		char *word = word_text(a, false);

		if (!shell_name(a->name)) {
			shell_fails(a->x->sh, 2, "%s: bad variable name", a->name);
			a->x->failed = true;
		} else if (!var_set(a->x->sh, a->name, word)) {
			a->x->failed = true;
		}
		a->value = word;
	}
	put_value(a, a->value);
}

static void op_error(struct param *a)
{
	if (there(a)) {
		put_value(a, a->value);
		return;
	}
	if (a->word < a->end)
		shell_fails(a->x->sh, a->x->sh->d->unset_status, "%s: %s", a->name, word_text(a, false));
	else
		shell_fails(a->x->sh, 2, "%s: parameter not set%s", a->name, a->colon ? " or null" : "");
	a->x->failed = true;
}

static void op_prefix(struct param *a)
{
	const char *v = a->value ? a->value : "", *pattern = word_text(a, true);
	size_t len = strlen(v);

	for (size_t i = 0; i <= len; i++) {
		size_t n = a->op[1] ? len - i : i;

		if (glob_matchn(pattern, v, n)) {
			put_value(a, v + n);
			return;
		}
	}
	put_value(a, a->value);
}

static void op_suffix(struct param *a)
{
	const char *v = a->value ? a->value : "", *pattern = word_text(a, true);
	size_t len = strlen(v);

	for (size_t i = 0; i <= len; i++) {
		size_t n = a->op[1] ? i : len - i;

		if (glob_match(pattern, v + n)) {
			put_value(a, arena_dupn(&a->x->sh->work, v, n));
			return;
		}
	}
	put_value(a, a->value);
}

/* ${x:offset} and ${x:offset:length} */
static void op_part(struct param *a)
{
	const char *v = a->value ? a->value : "";
	char *text = word_text(a, false), *colon = strchr(text, ':');
	int64_t from, len, all = (int64_t)strlen(v);

	if (colon)
		*colon = 0;
	len = all;
	if (!arith_eval(a->x->sh, text, &from) || (colon && !arith_eval(a->x->sh, colon + 1, &len))) {
		a->x->failed = true;
		return;
	}
	if (from < 0)
		from = from < -all ? all : from + all;
	if (from > all)
		from = all;
	if (len < 0)
		len = all - from + len < 0 ? 0 : all - from + len;
	if (len > all - from)
		len = all - from;
	put_value(a, arena_dupn(&a->x->sh->work, v + from, (size_t)len));
}

/* The longest match of the pattern at s, or -1. */
static int64_t longest(const char *pattern, const char *s)
{
	for (int64_t n = (int64_t)strlen(s); n > 0; n--)
		if (glob_matchn(pattern, s, (size_t)n))
			return n;
	return -1;
}

/* ${x/pattern/text}, ${x//pattern/text} */
static void op_replace(struct param *a)
{
	const char *s = a->value ? a->value : "", *slash = a->word;
	struct param pattern = *a, by = *a;
	struct text t = { .a = &a->x->sh->work };
	const char *p, *text;

	while (slash < a->end && *slash != '/')
		slash += *slash == '\\' && slash + 1 < a->end ? 2 : 1;
	pattern.end = slash;
	by.word = slash < a->end ? slash + 1 : a->end;
	p = word_text(&pattern, true);
	text = word_text(&by, false);
	while (*s && *p) {
		int64_t n = longest(p, s);

		if (n < 0) {
			text_addc(&t, *s++);
			continue;
		}
		text_add(&t, text);
		s += n;
		if (!a->op[1])
			break;
	}
	text_add(&t, s);
	put_value(a, text_str(&t));
}

/* The longer first; with `colon` :- is meant, too. */
static const struct { const char *op; bool colon; void (*run)(struct param *a); } ops[] = {
	{ "-", true, op_default }, { "+", true, op_alternative }, { "=", true, op_assign },
	{ "?", true, op_error }, { "##", false, op_prefix }, { "#", false, op_prefix },
	{ "%%", false, op_suffix }, { "%", false, op_suffix }, { "//", false, op_replace },
	{ "/", false, op_replace },
};

static void bad_substitution(struct expansion *x)
{
	shell_fails(x->sh, 2, "syntax error: bad substitution");
	x->failed = true;
}

static void apply(struct param *a, const char *s)
{
	a->colon = *s == ':';
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const char *from = s + (a->colon && ops[i].colon);

		if (strncmp(from, ops[i].op, strlen(ops[i].op)))
			continue;
		if (!ops[i].colon && !a->value && !is_all(a->name) && a->x->sh->options['u']) {
			not_set(a->x, a->name);
			return;
		}
		a->op = ops[i].op;
		a->word = from + strlen(ops[i].op);
		ops[i].run(a);
		return;
	}
	if (a->colon) {
		a->word = s + 1;
		op_part(a);
	} else if (s == a->end) {
		put_value(a, a->value);
	} else {
		bad_substitution(a->x);
	}
}

static void put_length(struct expansion *x, const char *name, bool quoted)
{
	const char *value = is_all(name) ? NULL : param_get(x->sh, name);
	size_t n = is_all(name) ? (size_t)x->sh->n_args : strlen(value ? value : "");

	if (!value && !is_all(name) && x->sh->options['u'])
		not_set(x, name);
	else
		expansion_put(x, arena_printf(&x->sh->work, "%zu", n),
			      quoted ? MARK_QUOTED : MARK_EXPANDED);
}

/* The length of a parameter's name at s. */
static size_t param_name(const char *s)
{
	size_t n = shell_name(s);

	if (n)
		return n;
	if (*s >= '0' && *s <= '9')
		return strspn(s, "0123456789");
	return *s && strchr("@*#?-$!", *s) ? 1 : 0;
}

const char *expand_braces(struct expansion *x, const char *s, bool quoted)
{
	const char *end = closing_brace(x->w, s, quoted);
	const char *after = *end ? end + 1 : end;
	struct param a = { .x = x, .end = end, .quoted = quoted };
	size_t n;

	if (*s == '#' && s + 1 < end && param_name(s + 1) == (size_t)(end - s - 1)) {
		put_length(x, arena_dupn(&x->sh->work, s + 1, (size_t)(end - s - 1)), quoted);
		return after;
	}
	n = param_name(s);
	if (!n) {
		bad_substitution(x);
		return after;
	}
	a.name = arena_dupn(&x->sh->work, s, n);
	a.value = is_all(a.name) ? NULL : param_get(x->sh, a.name);
	apply(&a, s + n);
	return after;
}
