/* parse.c - from bytes to a tree: lines, comments, continuations, here-documents.
 *
 * A physical line is a comment (# after blanks), nothing, or part of an
 * instruction; an instruction goes on as long as its lines end in the escape
 * character.  Comments and empty lines between those are left out.  An ADD, COPY
 * or RUN that holds a word like <<EOF takes the lines behind it as they are, up to
 * the one that is that word.
 *
 * The comments before everything else may be directives (# escape=`): one of each
 * kind, until the first line that is none.
 *
 * What an instruction's arguments look like is parse_line.c's.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/expand.h"
#include "build/node.h"
#include "build/parse_line.h"
#include "build/text.h"
#include "core/cleanup.h"

#define LINE_LIMIT 65535	/* docker's: longer ones are refused */

enum directive { DIR_SYNTAX, DIR_ESCAPE, DIR_CHECK, DIR_COUNT };
static const char *const directive_names[DIR_COUNT] = { "syntax", "escape", "check" };

struct parse {
	const char *at, *end;		/* what is left of the text */
	char escape;
	int line;			/* of the physical line taken last */
	bool seen[DIR_COUNT], directives_over;
	struct dockerfile *out;
};

/* ---- physical lines -------------------------------------------------------------- */

/* The next line with its end, which the caller may trim; 0 when there is none. */
static int take_line(struct parse *p, struct str *line, struct err *e)
{
	str_clear(line);
	if (p->at == p->end)
		return 0;
	const char *nl = memchr(p->at, '\n', (size_t)(p->end - p->at));
	const char *stop = nl ? nl + 1 : p->end;
	p->line++;
	if (stop - p->at > LINE_LIMIT) {
		err_set(e, EINVAL, "dockerfile line greater than max allowed size of %d", LINE_LIMIT);
		return err_hint(e, "that is line %d", p->line);
	}
	for (const char *c = p->at; c < stop; c++)	/* a NUL would end our text */
		str_addn(line, *c ? c : "\xc0\x80", *c ? 1 : 2);
	p->at = stop;
	return 1;
}

static void trim_line_end(struct str *s)
{
	while (s->len && (s->s[s->len - 1] == '\n' || s->s[s->len - 1] == '\r'))
		s->s[--s->len] = '\0';
}

static bool is_comment(const char *line)
{
	return *text_skip_space(line) == '#';
}

/* ---- directives ------------------------------------------------------------------ */

/* "# name = value": the name's number, with the value owned; -1 for none. */
static int match_directive(const char *line, char **value)
{
	if (*line != '#')
		return -1;
	const char *name = text_skip_space(line + 1), *end = name;
	while (isalnum((unsigned char)*end))
		end++;
	const char *eq = text_skip_space(end);
	autofree char *rest = *eq == '=' ? text_trimmed(eq + 1) : NULL;
	if (!rest || !*rest)
		return -1;
	autofree char *word = strndup(name, (size_t)(end - name));
	for (int i = 0; i < DIR_COUNT; i++) {
		if (text_same_word(word, directive_names[i])) {
			*value = steal_ptr(rest);
			return i;
		}
	}
	return -1;
}

static int maybe_directive(struct parse *p, const char *line, struct err *e)
{
	autofree char *value = NULL;
	int which = p->directives_over ? -1 : match_directive(line, &value);
	if (which < 0) {
		p->directives_over = true;
		return 0;
	}
	if (p->seen[which]) {
		err_set(e, EINVAL, "only one %s parser directive can be used", directive_names[which]);
		return line_hint(p->line, line, e);
	}
	p->seen[which] = true;
	if (which != DIR_ESCAPE)
		return 0;	/* another frontend isn't fetched: we are the only one */
	if (!str_eq(value, "\\") && !str_eq(value, "`")) {
		err_set(e, EINVAL, "invalid escape token '%s' does not match ` or \\", value);
		return line_hint(p->line, line, e);
	}
	p->escape = *value;
	return 0;
}

/* ---- instructions over several lines ---------------------------------------------- */

/* Takes the escape character off the end; false where the line ends there.  Twice
 * in a row it stands for itself. */
static bool trim_continuation(const struct parse *p, struct str *line)
{
	size_t n = line->len;
	while (n && (line->s[n - 1] == ' ' || line->s[n - 1] == '\t'))
		n--;
	if (!n || line->s[n - 1] != p->escape || (n > 1 && line->s[n - 2] == p->escape))
		return false;
	line->s[line->len = n - 1] = '\0';
	return true;
}

static int join_lines(struct parse *p, struct str *whole, struct err *e)
{
	autostr struct str line = { 0 };
	bool empty = false, more = true;
	int r = 0;
	while (more && (r = take_line(p, &line, e)) > 0) {
		trim_line_end(&line);
		if (is_comment(line.s))
			continue;
		if (!*text_skip_space(line.s)) {
			empty = true;
			continue;
		}
		more = trim_continuation(p, &line);
		str_add(whole, line.s);
	}
	if (r >= 0 && empty) {
		autofree char *w = str_printf("Empty continuation line found in: %s", whole->s);
		strv_add(&p->out->warnings, w);
	}
	return r < 0 ? r : 0;
}

/* ---- here-documents --------------------------------------------------------------- */

static size_t count_quotes(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += *s == '\'' || *s == '"';
	return n;
}

/* The word read with its quotes and without: where the two differ, it had some.
 * 1 with *name; 0 where it is no single word; -errno. */
static int heredoc_word(const char *rest, struct heredoc *h, struct err *e)
{
	struct expander plain = { .escape = '\\', .skip_unset = true }, raw = plain;
	char **v = NULL, **w = NULL;
	raw.raw_quotes = true;
	int r = expand_words(&plain, rest, &v, e);
	if (r == 0)
		r = expand_words(&raw, rest, &w, e);
	if (r == 0 && strv_len(v) == 1 && strv_len(w) == 1) {
		h->name = str_dup(v[0]);
		h->expand = count_quotes(v[0]) == count_quotes(w[0]);
		r = 1;
	}
	strv_free(v);
	strv_free(w);
	return r;
}

int heredoc_match(const char *word, struct heredoc *out, struct err *e)
{
	struct heredoc h = { 0 };
	while (isdigit((unsigned char)*word))
		h.fd = h.fd * 10 + (unsigned)(*word++ - '0');
	if (!str_starts(word, "<<"))
		return 0;
	word += 2;
	h.chomp = *word == '-';
	word = text_skip_space(word + h.chomp);
	if (!*word || strchr(word, '<'))
		return 0;
	int r = heredoc_word(word, &h, e);
	if (r > 0)
		*out = h;
	return r;
}

static int read_heredoc(struct parse *p, struct heredoc *h, struct err *e)
{
	autostr struct str line = { 0 }, all = { 0 };
	int r;
	while ((r = take_line(p, &line, e)) > 0) {
		autofree char *whole = str_dup(line.s);
		trim_line_end(&line);
		const char *word = line.s;
		while (h->chomp && *word == '\t')
			word++;
		if (str_eq(word, h->name)) {
			h->content = str_take(&all);
			return 0;
		}
		str_add(&all, whole);
	}
	return r < 0 ? r : err_set(e, EINVAL, "unterminated heredoc");
}

/* Which instruction the here-documents of this one belong to, or NULL. */
static bool takes_heredocs(const struct node *n)
{
	static const char *const takers[] = { "ADD", "COPY", "RUN" };
	if (text_same_word(n->value, "ONBUILD") && n->next && n->next->n_child)
		n = n->next->child[0];
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
		if (text_same_word(n->value, takers[i]))
			return !n->json;
	return false;
}

static int read_heredocs(struct parse *p, struct node *n, const char *line, struct err *e)
{
	struct expander raw = { .escape = '\\', .raw_quotes = true, .raw_escapes = true,
				.skip_unset = true };
	char **words = NULL;
	int r = 0;
	/* A line that isn't whole for us may be whole for its shell. */
	if (!takes_heredocs(n) || !strstr(line, "<<") || expand_words(&raw, line, &words, NULL) < 0)
		return 0;
	for (size_t i = 0; words[i] && r >= 0; i++) {
		struct heredoc h = { 0 };
		r = heredoc_match(words[i], &h, e);
		if (r <= 0)
			continue;
		n->heredoc = mem_grow(n->heredoc, (n->n_heredoc + 1) * sizeof(h));
		n->heredoc[n->n_heredoc++] = h;
		r = read_heredoc(p, &n->heredoc[n->n_heredoc - 1], e);
	}
	strv_free(words);
	return r < 0 ? r : 0;
}

/* ---- the whole ---------------------------------------------------------------------- */

static void add_child(struct node *root, struct node *child)
{
	root->child = mem_grow(root->child, (root->n_child + 1) * sizeof(child));
	root->child[root->n_child++] = child;
}

static int add_instruction(struct parse *p, const char *line, int first, struct err *e)
{
	struct node *n;
	int r = dockerfile_parse_line(line, p->escape, &n, e);
	if (r < 0)
		return line_hint(first, line, e);
	add_child(p->out->root, n);
	n->line = first;
	r = read_heredocs(p, n, line, e);
	n->end_line = p->line;
	return r < 0 ? line_hint(first, line, e) : 0;
}

/* 1 with the next instruction's line, 0 at the end. */
static int next_instruction(struct parse *p, struct str *whole, int *first, struct err *e)
{
	autostr struct str line = { 0 };
	int r;
	while ((r = take_line(p, &line, e)) > 0) {
		trim_line_end(&line);
		const char *text = text_skip_space(line.s);
		if ((r = maybe_directive(p, text, e)) < 0)
			return r;
		if (!*text || *text == '#')
			continue;
		str_clear(whole);
		str_add(whole, text);
		*first = p->line;
		if (!trim_continuation(p, whole))
			return 1;
		r = join_lines(p, whole, e);
		return r < 0 ? r : 1;
	}
	return r;
}

static void skip_byte_order_mark(struct parse *p)
{
	if (p->end - p->at >= 3 && memcmp(p->at, "\xef\xbb\xbf", 3) == 0)
		p->at += 3;
}

int dockerfile_parse(const char *text, size_t len, struct dockerfile *out, struct err *e)
{
	struct dockerfile d = { node_new("", 0), '\\', NULL };
	struct parse p = { .at = text, .end = text + len, .escape = '\\', .out = &d };
	autostr struct str line = { 0 };
	int r, first = 0;
	skip_byte_order_mark(&p);
	while ((r = next_instruction(&p, &line, &first, e)) > 0) {
		if (!*text_skip_space(line.s))
			continue;
		if ((r = add_instruction(&p, line.s, first, e)) < 0)
			break;
	}
	if (r == 0 && !d.root->n_child)
		r = err_set(e, EINVAL, "file with no instructions");
	if (r < 0) {
		dockerfile_free(&d);
		return r;
	}
	d.escape = p.escape;
	*out = d;
	return 0;
}
