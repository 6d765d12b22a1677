#include "lessons/cast.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/lang.h"

struct cast {
	char *path, *beside;
	FILE *to, *was;		/* was: stdout as it has been */
	struct timespec begin;
	double ahead;		/* seconds of pauses that nobody waited for */
	char rest[4];		/* a character of which the end has not been printed yet */
	size_t n_rest;
	int trouble;		/* errno of the first write that failed */
};

static double now(const struct cast *c)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)(t.tv_sec - c->begin.tv_sec) + (double)(t.tv_nsec - c->begin.tv_nsec) / 1e9 +
	       c->ahead;
}

static void event(struct cast *c, const char *kind, const char *text)
{
	autojson cJSON *data = cJSON_CreateString(text);
	autofree char *quoted = cJSON_PrintUnformatted(data);
	if (fprintf(c->to, "[%.6f, \"%s\", %s]\n", now(c), kind, quoted) < 0 && !c->trouble)
		c->trouble = errno;
}

/* How many bytes at the end are the beginning of a character of UTF-8. */
static size_t unfinished(const char *s, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++) {
		unsigned char b = (unsigned char)s[n - back];
		if (b >= 0xc0)
			return back < (b >= 0xf0 ? 4u : b >= 0xe0 ? 3u : 2u) ? back : 0;
		if (b < 0x80)
			return 0;
	}
	return 0;
}

static size_t sequence(const unsigned char *s, size_t n)
{
	size_t len = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* What a terminal is sent: lines end with CR LF; bytes that are no text become "?". */
static void add_shown(struct str *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = sequence((const unsigned char *)s + i, n - i);
		if (len == 0 || s[i] == '\0')
			str_add(out, "?");
		else if (s[i] == '\n')
			str_add(out, "\r\n");
		else
			str_addn(out, s + i, len);
		i += len ? len : 1;
	}
}

static ssize_t printed(void *cookie, const char *data, size_t n)
{
	struct cast *c = cookie;
	autostr struct str all = { 0 }, shown = { 0 };
	str_addn(&all, c->rest, c->n_rest);
	str_addn(&all, data, n);
	c->n_rest = unfinished(all.s, all.len);
	memcpy(c->rest, all.s + all.len - c->n_rest, c->n_rest);
	add_shown(&shown, all.s, all.len - c->n_rest);
	if (shown.len)
		event(c, "o", shown.s);
	fwrite(data, 1, n, c->was);
	fflush(c->was);
	return (ssize_t)n;
}

static void write_head(struct cast *c, int width, int height, const char *title)
{
	autojson cJSON *o = cJSON_CreateObject();
	cJSON *env = cJSON_AddObjectToObject(o, "env");
	json_put_int(o, "version", 2);
	json_put_int(o, "width", width);
	json_put_int(o, "height", height);
	json_put_int(o, "timestamp", time(NULL));
	json_put_str(o, "title", title);
	json_put_str(env, "SHELL", "/bin/sh");
	json_put_str(env, "TERM", "xterm-256color");
	autofree char *text = cJSON_PrintUnformatted(o);
	fprintf(c->to, "%s\n", text);
}

int cast_open(const char *path, int width, int height, const char *title, struct cast **out,
	      struct err *e)
{
	autofree char *beside = str_printf("%s.part", path);
	autofile FILE *to = fopen(beside, "we");
	if (!to)
		return err_sys(e, errno, _("record to %s"), path);
	struct cast *c = mem_alloc(sizeof(*c));
	FILE *both = fopencookie(c, "w", (cookie_io_functions_t){ .write = printed });
	if (!both) {
		free(c);
		return err_sys(e, errno, _("record to %s"), path);
	}
	c->path = str_dup(path);
	c->beside = steal_ptr(beside);
	c->to = steal_ptr(to);
	c->was = stdout;
	clock_gettime(CLOCK_MONOTONIC, &c->begin);
	write_head(c, width, height, title);
	fflush(stdout);
	setvbuf(both, NULL, _IOLBF, 0);
	stdout = both;
	*out = c;
	return 0;
}

void cast_marker(struct cast *c, const char *label)
{
	if (!c)
		return;
	fflush(stdout);
	event(c, "m", label);
}

void cast_pause(struct cast *c, double seconds)
{
	if (!c)
		return;
	fflush(stdout);
	c->ahead += seconds;
}

int cast_close(struct cast *c, bool keep, struct err *e)
{
	int r = 0;
	if (!c)
		return 0;
	fclose(stdout);
	stdout = c->was;
	if (fclose(c->to) != 0 && !c->trouble)
		c->trouble = errno;
	if (c->trouble)
		r = err_sys(e, c->trouble, _("record to %s"), c->path);
	else if (keep && rename(c->beside, c->path) < 0)
		r = err_sys(e, errno, _("record to %s"), c->path);
	if (r < 0 || !keep)
		unlink(c->beside);
	free(c->path);
	free(c->beside);
	free(c);
	return r;
}
