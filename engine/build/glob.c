/* glob.c - matches without going back.
 *
 * All the places in the pattern that the text read so far can have led to are
 * followed at once (Thompson, 1968), so that no pattern takes longer than its
 * length times the text's.
 */
#include "build/glob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"

static void add(struct glob *g, char kind, char c)
{
	g->part[g->n++] = (struct glob_part){ kind, c };
}

int glob_compile(const char *pattern, struct glob *out, struct err *e)
{
	struct glob g = { mem_alloc((strlen(pattern) + 1) * sizeof(*g.part)), 0 };
	for (const char *p = pattern; *p; p++) {
		if (*p == '*' || *p == '?') {
			add(&g, *p, 0);
			continue;
		}
		if (*p == '\\') {
			p++;
			if (!*p || !strchr("*?\\}/", *p)) {
				glob_free(&g);
				return err_set(e, EINVAL, "invalid escape '\\%c'", *p ? *p : ' ');
			}
		}
		add(&g, 'c', *p);
	}
	*out = g;
	return 0;
}

void glob_free(struct glob *g)
{
	free(g->part);
	*g = (struct glob){ 0 };
}

/* What can be reached from the places in `at` without reading anything. */
static void pass_stars(const struct glob *g, bool *at)
{
	for (size_t i = 0; i < g->n; i++)
		if (at[i] && g->part[i].kind == '*')
			at[i + 1] = true;
}

static bool step(const struct glob *g, const bool *from, bool *to, char c, bool inside)
{
	bool any = false;
	memset(to, 0, g->n + 1);
	for (size_t i = 0; i < g->n; i++) {
		const struct glob_part *p = &g->part[i];
		if (!from[i] || (p->kind != 'c' && c == '\n'))
			continue;
		if (p->kind == '*' || (p->kind == '?' && inside))
			to[i] = any = true;
		else if (p->kind == '?' || p->c == c)
			to[i + 1] = any = true;
	}
	return any;
}

/* Is the byte followed by more of the same UTF-8 character? */
static bool goes_on(const char *p)
{
	return (p[0] & 0x80) && (p[1] & 0xc0) == 0x80;
}

long glob_prefix(const struct glob *g, const char *text, bool longest)
{
	autofree bool *now = mem_alloc(g->n + 1), *then = mem_alloc(g->n + 1);
	long best = -1;
	now[0] = true;
	for (size_t i = 0; ; i++) {
		pass_stars(g, now);
		if (now[g->n]) {
			best = (long)i;
			if (!longest)
				break;
		}
		if (!text[i] || !step(g, now, then, text[i], goes_on(text + i)))
			break;
		bool *spare = now;
		now = then;
		then = spare;
	}
	return best;
}
