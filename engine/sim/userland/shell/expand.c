/* expand.c - words as typed into words as programs get them (POSIX.1-2017, 2.6).
 *
 * A word is walked once, from left to right.  Each character that comes out has a mark
 * beside it that says where it is from: that decides whether IFS splits there and
 * whether * is a pattern.  Splitting and globbing then read characters and marks.
 */
#include "sim/userland/shell/shell.h"

#include <string.h>

#include "sim/userland/match.h"
#include "sim/userland/shell/expand.h"

static void put(struct expansion *x, char c, enum mark m)
{
	text_addc(&x->out, c);
	text_addc(&x->marks, (char)m);
}

void expansion_put(struct expansion *x, const char *s, enum mark m)
{
	for (; *s; s++)
		put(x, *s, m);
}

const struct substitution *substitution_at(const struct word *w, const char *s)
{
	for (const struct substitution *sub = w->subs; sub; sub = sub->next)
		if (sub->at == (size_t)(s - w->text))
			return sub;
	return NULL;
}

/* Behind the "..." or '...' that begins at s. */
static const char *behind_quotes(const struct word *w, const char *s)
{
	char quote = *s++;

	while (*s && *s != quote) {
		const struct substitution *sub = quote == '"' ? substitution_at(w, s) : NULL;

		if (sub)
			s = w->text + sub->end;
		else
			s += quote == '"' && *s == '\\' && s[1] ? 2 : 1;
	}
	return *s ? s + 1 : s;
}

/* The } that ends the ${ whose inside begins at s. */
const char *closing_brace(const struct word *w, const char *s, bool quoted)
{
	int open = 0;

	while (*s && (*s != '}' || open)) {
		const struct substitution *sub = substitution_at(w, s);

		if (sub)
			s = w->text + sub->end;
		else if (*s == '"' || (*s == '\'' && !quoted))
			s = behind_quotes(w, s);
		else if (*s == '\\' && s[1])
			s += 2;
		else if (*s == '$' && s[1] == '{')
			open++, s += 2;
		else
			open -= *s++ == '}';
	}
	return s;
}

/* The )) that ends the $(( whose inside begins at s. */
static const char *closing_parens(const struct word *w, const char *s)
{
	int open = 0;

	while (*s && !(s[0] == ')' && s[1] == ')' && !open)) {
		const struct substitution *sub = substitution_at(w, s);

		if (sub) {
			s = w->text + sub->end;
			continue;
		}
		open += (*s == '(') - (*s == ')');
		s++;
	}
	return s;
}

static const char *arithmetic(struct expansion *x, const char *s, enum mark m)
{
	const char *end = closing_parens(x->w, s);
	struct expansion inner = { .sh = x->sh, .w = x->w, .out.a = &x->sh->work, .marks.a = &x->sh->work };
	int64_t n;

	expand_quoted(&inner, s, end, QUOTED);
	x->failed |= inner.failed;
	if (!x->failed && arith_eval(x->sh, text_str(&inner.out), &n))
		expansion_put(x, arena_printf(&x->sh->work, "%lld", (long long)n), m);
	else
		x->failed = true;
	return *end ? end + 2 : end;
}

static const char *command_text(struct expansion *x, const struct substitution *sub, enum mark m)
{
	if (sub->node)
		expansion_put(x, command_output(x->sh, sub->node), m);
	else
		x->sh->subst_status = 0;
	x->failed |= x->sh->flow == FLOW_EXIT || x->sh->flow == FLOW_ABANDON;
	return x->w->text + sub->end;
}

/* $'...' */
static const char *ansi_quoted(struct expansion *x, const char *s)
{
	static const char from[] = "abefnrtv\\'\"", to[] = "\a\b\033\f\n\r\t\v\\'\"";

	put(x, 0, MARK_EXISTS);
	while (*s && *s != '\'') {
		const char *escape;

		if (*s == '\\' && s[1] && (escape = strchr(from, s[1]))) {
			put(x, to[escape - from], MARK_QUOTED);
			s += 2;
		} else if (*s == '\\' && s[1] >= '0' && s[1] <= '7') {
			int c = 0;

			for (s++; *s >= '0' && *s <= '7' && c < 32; s++)
				c = c * 8 + (*s - '0');
			if (c)
				put(x, (char)c, MARK_QUOTED);
		} else {
			put(x, *s++, MARK_QUOTED);
		}
	}
	return *s ? s + 1 : s;
}

/* At a $; returns behind what it begins. */
static const char *dollar(struct expansion *x, const char *s, const char *end, bool quoted)
{
	const struct substitution *sub = substitution_at(x->w, s);
	enum mark m = quoted ? MARK_QUOTED : MARK_EXPANDED;
	size_t n;

	if (sub)
		return command_text(x, sub, m);
	if (s[1] == '(' && s[2] == '(')
		return arithmetic(x, s + 3, m);
	if (s[1] == '{')
		return expand_braces(x, s + 2, quoted);
	if (s[1] == '\'' && !quoted)
		return ansi_quoted(x, s + 2);
	n = shell_name(s + 1);
	if (!n && s + 1 < end && s[1] && strchr("@*#?-$!0123456789", s[1]))
		n = 1;
	if (!n) {
		put(x, '$', quoted ? MARK_QUOTED : MARK_LITERAL);
		return s + 1;
	}
	expand_plain(x, arena_dupn(&x->sh->work, s + 1, n), quoted);
	return s + 1 + n;
}

void expand_quoted(struct expansion *x, const char *s, const char *end, enum quoting q)
{
	while (s < end && *s && !x->failed) {
		const struct substitution *sub = *s == '`' ? substitution_at(x->w, s) : NULL;

		if (sub) {
			s = command_text(x, sub, MARK_QUOTED);
		} else if (*s == '$') {
			s = dollar(x, s, end, true);
		} else if (*s == '\\' && s[1] == '\n') {
			s += 2;
		} else if (*s == '\\' && s[1] && (strchr("$`\\", s[1]) || (q != HEREDOC && s[1] == '"') ||
						  (q == IN_BRACES && s[1] == '}'))) {
			put(x, s[1], MARK_QUOTED);
			s += 2;
		} else if (*s == '"' && q == IN_BRACES) {
			s++;
		} else {
			put(x, *s++, MARK_QUOTED);
		}
	}
}

/* "...": an empty one is a field, too, unless all that was in it is a $@ of nothing. */
static const char *double_quoted(struct expansion *x, const char *s)
{
	const char *end = behind_quotes(x->w, s);
	size_t before = x->out.n;

	x->empty_at = false;
	expand_quoted(x, s + 1, end[-1] == '"' && end > s + 1 ? end - 1 : end, QUOTED);
	if (x->out.n != before || !x->empty_at)
		put(x, 0, MARK_EXISTS);
	return end;
}

static const char *single_quoted(struct expansion *x, const char *s)
{
	put(x, 0, MARK_EXISTS);
	for (s++; *s && *s != '\''; s++)
		put(x, *s, MARK_QUOTED);
	return *s ? s + 1 : s;
}

/* ~ and ~name at the beginning; behind it, or s itself. */
static const char *tilde(struct expansion *x, const char *s, const char *end)
{
	size_t n = 0;
	const char *home = NULL;

	while (s + 1 + n < end && (shell_name(s + 1 + n) || s[1 + n] == '-'))
		n++;
	if (s + 1 + n < end && !strchr("/:", s[1 + n]))
		return s;
	if (n)
		user_id(x->sh->p, arena_dupn(&x->sh->work, s + 1, n), NULL, &home);
	else
		home = var_get(x->sh, "HOME");
	if (!home)
		return s;
	put(x, 0, MARK_EXISTS);
	expansion_put(x, home, MARK_QUOTED);
	return s + 1 + n;
}

void expand_unquoted(struct expansion *x, const char *s, const char *end, enum mark literal)
{
	const char *after;

	if (s < end && *s == '~' && (after = tilde(x, s, end)) != s)
		s = after;
	while (s < end && *s && !x->failed) {
		const struct substitution *sub = *s == '`' ? substitution_at(x->w, s) : NULL;

		if (sub) {
			s = command_text(x, sub, MARK_EXPANDED);
		} else if (*s == '$') {
			s = dollar(x, s, end, false);
		} else if (*s == '"') {
			s = double_quoted(x, s);
		} else if (*s == '\'') {
			s = single_quoted(x, s);
		} else if (*s == '\\' && s[1]) {
			if (s[1] != '\n')
				put(x, s[1], MARK_QUOTED);
			s += 2;
		} else if (x->assigning && (*s == ':' || *s == '=') && s[1] == '~' &&
			   (put(x, *s, literal), after = tilde(x, s + 1, end)) != s + 1) {
			s = after;
		} else if (x->assigning && (*s == ':' || *s == '=') && s[1] == '~') {
			s++;
		} else {
			put(x, *s++, literal);
		}
	}
}

/* ---- fields ---- */

struct field { struct text plain, pattern; bool begun, special; };

static void field_put(struct field *f, char c, bool quoted)
{
	f->begun = true;
	text_addc(&f->plain, c);
	if (quoted && strchr("*?[]\\-!", c))
		text_addc(&f->pattern, '\\');
	else if (strchr("*?[", c))
		f->special = true;
	text_addc(&f->pattern, c);
}

static void field_end(struct shell *sh, struct field *f, struct list *fields)
{
	size_t before = fields->n;

	if (f->begun && f->special && !sh->options['f'])
		glob_paths(sh, text_str(&f->pattern), fields);
	if (f->begun && fields->n == before)
		list_add(fields, text_str(&f->plain));
	*f = (struct field){ .plain.a = &sh->work, .pattern.a = &sh->work };
}

static void split(struct expansion *x, struct list *fields)
{
	const char *ifs = var_get(x->sh, "IFS");
	struct field f = { .plain.a = &x->sh->work, .pattern.a = &x->sh->work };
	bool after_space = false;	/* a separator that white space has begun goes on */

	ifs = ifs ? ifs : " \t\n";
	for (size_t i = 0; i < x->out.n; i++) {
		char c = x->out.s[i];
		enum mark m = (enum mark)x->marks.s[i];

		if (m == MARK_BREAK) {
			field_end(x->sh, &f, fields);
		} else if (m == MARK_EXISTS) {
			f.begun = true;
		} else if (m == MARK_EXPANDED && c && strchr(ifs, c)) {
			bool space = strchr(" \t\n", c) != NULL;

			if (!space && !after_space)
				f.begun = true;
			field_end(x->sh, &f, fields);
			after_space = space && (after_space || fields->n);
			continue;
		} else {
			field_put(&f, c, m == MARK_QUOTED);
		}
		after_space = false;
	}
	field_end(x->sh, &f, fields);
}

static void begin(struct expansion *x, struct shell *sh, const struct word *w)
{
	*x = (struct expansion){ .sh = sh, .w = w, .out.a = &sh->work, .marks.a = &sh->work };
}

void expand_fields(struct shell *sh, const struct word *w, struct list *fields)
{
	struct expansion x;

	begin(&x, sh, w);
	expand_unquoted(&x, w->text, w->text + strlen(w->text), MARK_LITERAL);
	if (!x.failed)
		split(&x, fields);
}

char *expansion_text(struct expansion *x, bool pattern)
{
	struct text t = { .a = &x->sh->work };

	for (size_t i = 0; i < x->out.n; i++) {
		enum mark m = (enum mark)x->marks.s[i];

		if (m == MARK_EXISTS)
			continue;
		if (pattern && m == MARK_QUOTED && strchr("*?[]\\-!", x->out.s[i]))
			text_addc(&t, '\\');
		text_addc(&t, m == MARK_BREAK ? ' ' : x->out.s[i]);
	}
	return text_str(&t);
}

static char *expand_whole(struct shell *sh, const struct word *w, bool pattern)
{
	struct expansion x;

	begin(&x, sh, w);
	x.assigning = !pattern;
	x.whole = true;
	expand_unquoted(&x, w->text, w->text + strlen(w->text), MARK_LITERAL);
	return expansion_text(&x, pattern);
}

char *expand_string(struct shell *sh, const struct word *w) { return expand_whole(sh, w, false); }
char *expand_pattern(struct shell *sh, const struct word *w) { return expand_whole(sh, w, true); }

char *expand_heredoc(struct shell *sh, const struct word *w)
{
	struct expansion x;

	begin(&x, sh, w);
	expand_quoted(&x, w->text, w->text + strlen(w->text), HEREDOC);
	return expansion_text(&x, false);
}
