#include "lessons/vote.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/lang.h"

#define MOST_HANDS 100000

static int wrong(const struct forecast *f, struct err *e)
{
	err_set(e, EINVAL, _("that is no vote"));
	return err_hint(e, _("a number for each of the %d options (12 5 3), or a letter for each "
			     "hand (aabca)"), (int)f->n);
}

static int parse_counts(const struct forecast *f, const char *text, struct tally *t,
			struct err *e)
{
	size_t n = 0;
	while (text[strspn(text, " \t,")]) {
		char *end;
		text += strspn(text, " \t,");
		long hands = strtol(text, &end, 10);
		if (end == text || !isdigit((unsigned char)*text) || hands > MOST_HANDS || n == f->n)
			return wrong(f, e);
		t->count[n++] = (int)hands;
		text = end;
	}
	return n == f->n ? 0 : wrong(f, e);
}

static int parse_letters(const struct forecast *f, const char *text, struct tally *t,
			 struct err *e)
{
	for (; *text; text++) {
		size_t i = 0;
		while (i < f->n && f->options[i].key != tolower((unsigned char)*text))
			i++;
		if (i < f->n)
			t->count[i]++;
		else if (!isspace((unsigned char)*text))
			return wrong(f, e);
	}
	return 0;
}

int vote_parse(const struct forecast *f, const char *text, struct tally *out, struct err *e)
{
	struct tally t = { .held = true };
	const char *first = text + strspn(text, " \t");
	int r = 0;
	if (!*first)
		t.held = false;
	else if (isdigit((unsigned char)*first))
		r = parse_counts(f, first, &t, e);
	else
		r = parse_letters(f, first, &t, e);
	if (r == 0)
		*out = t;
	return r;
}

static int hands_of(const struct forecast *f, const struct tally *t)
{
	int all = 0;
	for (size_t i = 0; i < f->n; i++)
		all += t->count[i];
	return all;
}

/* Shares are rounded: the bar is for the eye, the count beside it is exact. */
static void add_bar(int count, int all, int bar, struct str *out)
{
	int full = all ? (count * bar + all / 2) / all : 0;
	for (int i = 0; i < bar; i++)
		str_add(out, i < full ? "#" : ".");
	str_addf(out, " %4d  %3d %%\n", count, all ? (count * 100 + all / 2) / all : 0);
}

void vote_bars(const struct forecast *f, const struct tally rounds[VOTE_ROUNDS], int bar,
	       struct str *out)
{
	for (size_t i = 0; i < f->n; i++)
		for (int k = 0; k < VOTE_ROUNDS; k++) {
			if (!rounds[k].held)
				continue;
			str_addf(out, "  %c  %d. ", f->options[i].key, k + 1);
			add_bar(rounds[k].count[i], hands_of(f, &rounds[k]), bar, out);
		}
}
