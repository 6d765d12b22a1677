/* How wide is a column?  As wide as its longest cell, where all columns fit.  Where they
 * do not, the widest one gives a character away until they do, but none gets narrower
 * than its longest word. */
#include "labs/shell/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/wrap.h"

#define GAP 2

void table_begin(struct table *t, size_t columns)
{
	*t = (struct table){ mem_alloc(sizeof(*t->cells)), columns };
}

void table_add(struct table *t, const char *cell) { strv_add(&t->cells, cell); }

void table_free(struct table *t)
{
	strv_free(t->cells);
	*t = (struct table){ 0 };
}

static int longest_word(const char *s)
{
	int most = 0;
	while (*s) {
		size_t n = strcspn(s, " ");
		int c = wrap_columns(s, n);
		most = c > most ? c : most;
		s += n + (s[n] == ' ');
	}
	return most;
}

static void measure(const struct table *t, int *wide, int *least)
{
	for (size_t i = 0; t->cells[i]; i++) {
		size_t c = i % t->columns;
		int w = wrap_columns(t->cells[i], strlen(t->cells[i]));
		int l = longest_word(t->cells[i]);
		wide[c] = w > wide[c] ? w : wide[c];
		least[c] = l > least[c] ? l : least[c];
	}
}

/* Takes a character from the widest column that has one to give; false: none has. */
static bool narrow(int *wide, const int *least, size_t n)
{
	size_t most = n;
	for (size_t i = 0; i < n; i++)
		if (wide[i] > least[i] && (most == n || wide[i] > wide[most]))
			most = i;
	if (most == n)
		return false;
	wide[most]--;
	return true;
}

static void fit(int *wide, const int *least, size_t n, int width)
{
	for (;;) {
		int sum = -GAP;
		for (size_t i = 0; i < n; i++)
			sum += wide[i] + GAP;
		if (sum <= width || !narrow(wide, least, n))
			return;
	}
}

/* The next line of a cell: moves *s on, returns its length. */
static size_t next_line(const char **s)
{
	size_t n = strcspn(*s, "\n");
	*s += n + ((*s)[n] == '\n');
	return n;
}

/* Wrapped, with marks left open at a line's end closed and opened again: what is
 * printed behind it on the same line is another cell's. */
static void wrap_cell(struct str *out, const char *cell, int width)
{
	autostr struct str plain = { 0 };
	char open = 0;
	wrap_text(&plain, cell, width, 0, 0);
	for (const char *s = plain.s ? plain.s : ""; *s; s++) {
		if (*s == '\001' || *s == '\002')
			open = open ? 0 : *s;
		if (*s == '\n' && open)
			str_addf(out, "%c\n%c", open, open);
		else
			str_addn(out, s, 1);
	}
}

static void print_row(char *const *cells, size_t n, const int *wide, struct str *out)
{
	struct str *text = mem_alloc(n * sizeof(*text));
	const char **at = mem_alloc(n * sizeof(*at));
	bool more = true;
	for (size_t i = 0; i < n; i++) {
		wrap_cell(&text[i], cells[i], wide[i]);
		at[i] = text[i].s ? text[i].s : "";
	}
	while (more) {
		int owed = 0;	/* blanks before the next text: none at a line's end */
		more = false;
		for (size_t i = 0; i < n; i++) {
			const char *s = at[i];
			size_t len = next_line(&at[i]);
			str_addf(out, "%*s%.*s", len ? owed : 0, "", (int)len, s);
			owed = (len ? 0 : owed) + wide[i] - wrap_columns(s, len) + GAP;
			more = more || *at[i];
		}
		str_add(out, "\n");
	}
	for (size_t i = 0; i < n; i++)
		str_free(&text[i]);
	free(text);
	free(at);
}

static void print_rule(const int *wide, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++) {
		for (int c = 0; c < wide[i]; c++)
			str_add(out, "-");
		str_addf(out, "%*s", i + 1 < n ? GAP : 0, "");
	}
	str_add(out, "\n");
}

void table_print(const struct table *t, int width, struct str *out)
{
	autofree int *wide = mem_alloc(t->columns * sizeof(*wide));
	autofree int *least = mem_alloc(t->columns * sizeof(*least));
	measure(t, wide, least);
	fit(wide, least, t->columns, width);
	for (size_t i = 0; t->columns && i < strv_len(t->cells); i += t->columns) {
		print_row(t->cells + i, t->columns, wide, out);
		if (i == 0)
			print_rule(wide, t->columns, out);
	}
}
