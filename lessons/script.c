#include "lessons/script.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#define KEYS_SCRIPT "name title script shows cleanup"
#define KEYS_LINE   "say run expect code note predict"
#define KEYS_ASKED  "ask options right why"

static int check_pattern(const struct front *f, const yaml_node_t *map, const char *pattern,
			 struct err *e)
{
	regex_t re;
	char why[128];
	int r = regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB);
	if (r == 0) {
		regfree(&re);
		return 0;
	}
	regerror(r, &re, why, sizeof(why));
	return front_wrong(f, map, e, "\"expect\" is no regular expression: %s", why);
}

static int read_options(const struct front *f, const yaml_node_t *map, struct forecast *p,
			struct err *e)
{
	const yaml_node_t *list = front_get(f, map, "options");
	size_t n = front_size(list);
	if (n < 2 || n > FORECAST_OPTIONS)
		return front_wrong(f, map, e, "expected 2 to %d options", FORECAST_OPTIONS);
	for (; p->n < n; p->n++) {
		struct forecast_option *o = &p->options[p->n];
		const char *key = NULL;
		o->text = front_text(front_item(f, list, p->n, &key));
		if (!o->text || !key || strlen(key) != 1)
			return front_wrong(f, list, e, "expected options as in \"a: TEXT\"");
		o->key = key[0];
	}
	for (size_t i = 0; i < n; i++)
		if (p->right[0] == p->options[i].key && !p->right[1])
			return 0;
	return front_wrong(f, map, e, "\"right\" is to be the letter of an option");
}

static int read_forecast(const struct front *f, const yaml_node_t *map, struct script_line *l,
			 struct err *e)
{
	struct forecast *p = l->forecast = mem_alloc(sizeof(*p));
	int r = front_only(f, map, KEYS_ASKED, e);
	if (r == 0)
		r = front_need(f, map, "ask", &p->ask, e);
	if (r == 0)
		r = front_need(f, map, "right", &p->right, e);
	if (r == 0)
		r = front_need(f, map, "why", &p->why, e);
	return r == 0 ? read_options(f, map, p, e) : r;
}

static int read_line(const struct front *f, const yaml_node_t *map, struct script_line *l,
		     struct err *e)
{
	const yaml_node_t *forecast = front_get(f, map, "predict");
	const char *code;
	int r = front_only(f, map, KEYS_LINE, e);
	if (r == 0)
		r = front_need(f, map, "run", &l->run, e);
	if (r == 0 && forecast)
		r = read_forecast(f, forecast, l, e);
	if (r < 0)
		return r;
	l->say = front_text(front_get(f, map, "say"));
	l->note = front_text(front_get(f, map, "note"));
	l->expect = front_text(front_get(f, map, "expect"));
	code = front_text(front_get(f, map, "code"));
	if (code && (!*code || code[strspn(code, "0123456789")]))
		return front_wrong(f, map, e, "\"code\" is to be an exit code, not \"%s\"", code);
	l->code = code ? atoi(code) : 0;
	return l->expect ? check_pattern(f, map, l->expect, e) : 0;
}

static int read_cleanup(const struct front *f, const yaml_node_t *map, struct script *s,
			struct err *e)
{
	const yaml_node_t *list = front_get(f, map, "cleanup");
	s->cleanup = mem_alloc((front_size(list) + 1) * sizeof(*s->cleanup));
	for (; s->n_cleanup < front_size(list); s->n_cleanup++) {
		s->cleanup[s->n_cleanup] = front_text(front_item(f, list, s->n_cleanup, NULL));
		if (!s->cleanup[s->n_cleanup])
			return front_wrong(f, list, e, "expected one line of shell for each item");
	}
	return 0;
}

int script_read(const struct front *f, const yaml_node_t *map, struct script *out, struct err *e)
{
	struct script s = { 0 };
	const yaml_node_t *list = front_get(f, map, "script");
	int r = front_only(f, map, KEYS_SCRIPT, e);
	if (r == 0)
		r = front_need(f, map, "title", &s.title, e);
	if (r == 0)
		r = front_need(f, map, "shows", &s.shows, e);
	if (r == 0 && !front_size(list))
		r = front_wrong(f, map, e, "expected a script: lines with \"run: COMMAND\"");
	s.v = mem_alloc((front_size(list) + 1) * sizeof(*s.v));
	for (; r == 0 && s.n < front_size(list); s.n++)
		r = read_line(f, front_item(f, list, s.n, NULL), &s.v[s.n], e);
	if (r == 0)
		r = read_cleanup(f, map, &s, e);
	if (r < 0)
		script_free(&s);
	else
		*out = s;
	return r;
}

void script_free(struct script *s)
{
	for (size_t i = 0; s->v && i < s->n; i++)
		free(s->v[i].forecast);
	free(s->v);
	free(s->cleanup);
	*s = (struct script){ 0 };
}
