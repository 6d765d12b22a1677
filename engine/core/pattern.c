/* pattern.c - see pattern.h.  Each pattern is one regular expression: POSIX's (regex.h)
 * know all that is needed, and nothing in the text of a pattern passes unescaped. */
#include "core/pattern.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"

struct pattern { regex_t re; bool not; };
struct patterns { struct pattern *v; size_t n; };

/* Two stars swallow a following slash: with them between, a and b fit a/b too. */
static const char *add_stars(struct str *re, const char *p)
{
	if (p[1] != '*') {
		str_add(re, "[^/]*");
		return p + 1;
	}
	str_add(re, p[2] == '/' ? "(.*/)?" : ".*");
	return p + (p[2] == '/' ? 3 : 2);
}

static const char *add_class(struct str *re, const char *p)
{
	const char *first = p + 1 + (p[1] == '^');	/* of the set itself */
	const char *end = strchr(*first ? first + 1 : first, ']');
	if (!end)
		return NULL;
	str_addn(re, p, (size_t)(end + 1 - p));
	return end + 1;
}

static const char *add_plain(struct str *re, const char *p)
{
	if (*p == '\\' && !*++p)
		return NULL;
	if (strchr(".+()|^${}[]*?\\", *p))
		str_add(re, "\\");
	str_addn(re, p, 1);
	return p + 1;
}

static int compile(const char *text, struct pattern *out, struct err *e)
{
	autostr struct str re = { 0 };
	const char *p = text;
	str_add(&re, "^");
	while (p && *p) {
		if (*p == '*')
			p = add_stars(&re, p);
		else if (*p == '?')
			str_add(&re, "[^/]"), p++;
		else
			p = *p == '[' ? add_class(&re, p) : add_plain(&re, p);
	}
	str_add(&re, "(/.*)?$");
	if (!p || regcomp(&out->re, re.s, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(e, EINVAL, "error checking context: syntax error in pattern: %s", text);
	return 0;
}

static int add_line(struct patterns *p, char *line, struct err *e)
{
	struct pattern one = { .not = false };
	size_t n = strlen(line);
	while (n && strchr(" \t\r", line[n - 1]))
		line[--n] = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	if (*line == '!') {
		one.not = true;
		line++;
		line += strspn(line, " \t");
		if (!*line)
			return err_set(e, EINVAL, "illegal exclusion pattern: \"!\"");
	}
	autofree char *path = str_clean_path(line);
	if (!*path)
		return 0;
	int r = compile(path, &one, e);
	if (r < 0)
		return r;
	p->v = mem_grow(p->v, (p->n + 1) * sizeof(one));
	p->v[p->n++] = one;
	return 0;
}

int patterns_read(const char *text, struct patterns **out, struct err *e)
{
	struct patterns *p = mem_alloc(sizeof(*p));
	autofree char *copy = str_dup(str_starts(text, "\xef\xbb\xbf") ? text + 3 : text);
	char *save, *line = strtok_r(copy, "\n", &save);
	int r = 0;
	for (; line && r == 0; line = strtok_r(NULL, "\n", &save))
		r = *line == '#' ? 0 : add_line(p, line, e);
	if (r < 0)
		patterns_free(p);
	else
		*out = p;
	return r;
}

void patterns_free(struct patterns *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		regfree(&p->v[i].re);
	if (p)
		free(p->v);
	free(p);
}

bool patterns_match(const struct patterns *p, const char *path)
{
	bool match = false;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].not == match && regexec(&p->v[i].re, path, 0, NULL, 0) == 0)
			match = !match;
	return match;
}

bool patterns_look_inside(const struct patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].not)
			return true;
	return false;
}
