#include "labs/look/look.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/usage.h"

static int connect(struct look *l)
{
	int r = http_open(opt_text(&l->o, "host"), &l->http, &l->e);
	if (r == 0)
		http_header(l->http, "X-Drydock-Actor", "engine");
	return r;
}

int look_run(int argc, char **argv, const char *head, const struct option *table,
	     int (*run)(struct look *l))
{
	struct look l = { 0 };
	int r = options_parse(table, false, argc - 1, argv + 1, &l.o, &l.e);
	if (r < 0 || l.o.help) {
		r = usage_print(head, table, r < 0 ? &l.e : NULL);
		options_free(&l.o);
		return r;
	}
	screen_init(&l.screen, opt_on(&l.o, "plain"));
	l.json = opt_on(&l.o, "json");
	r = connect(&l);
	if (r == 0)
		r = run(&l);
	if (r < 0)
		err_print(&l.e);
	http_close(l.http);
	options_free(&l.o);
	return r < 0 ? (l.e.status == 404 ? 1 : EXIT_TROUBLE) : r;
}

int look_get(struct look *l, const char *path, cJSON **out)
{
	struct http_answer a = { 0 };
	int r = http_call(l->http, "GET", path, NULL, &a, &l->e);
	if (r == 0) {
		*out = a.json;
		a.json = NULL;
	}
	http_answer_free(&a);
	return r;
}

int look_print_json(const cJSON *j)
{
	autofree char *text = cJSON_Print(j);
	puts(text);
	return 0;
}

const char *look_word(const char *word)
{
	static const char *const words[] = {
		N_("container"), N_("image"), N_("file"), N_("dir"), N_("link"),
		N_("other"), N_("deleted"),
	};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_eq(words[i], word))
			return _(words[i]);
	return word;
}

char *look_layer_name(const cJSON *layer)
{
	static const char *const noise[] = { "/bin/sh -c #(nop) ", "/bin/sh -c " };
	const char *kind = json_str_or(layer, "kind", ""), *step = json_str_or(layer, "step", "");
	if (str_eq(kind, "writable"))
		return str_dup(_("the writable layer"));
	if (str_eq(kind, "engine"))
		return str_dup(_("the engine's layer"));
	for (size_t i = 0; i < ARRAY_SIZE(noise); i++)
		if (str_starts(step, noise[i]))
			step += strlen(noise[i]);
	return str_dup(*step ? step : json_str_or(layer, "diff_id", ""));
}
