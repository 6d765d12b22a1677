/* `drydock lint`: whether labs, lessons and quiz are sound, and what covers the lecture. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "client/options.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/lint/lint.h"
#include "labs/usage.h"

static const struct option table[] = {
	{ .name = "map", .type = &opt_flag,
	  .help = N_("Only what covers each section of the lecture, as Markdown") },
	{ .name = "json", .type = &opt_flag, .help = N_("Complaints and map in JSON") },
	{ .name = NULL },
};

static const char head[] = N_(
	"Usage:  drydock lint [DIR] [OPTIONS]\n"
	"\n"
	"Is the course sound?  Checks labs, lessons and quiz below DIR (else the course's\n"
	"own): recorded runs are judged as their names say, hints give nothing away, wrong\n"
	"answers are explained, links lead somewhere, all of the lecture is covered.\n"
	"Each complaint names file and line.  Exit code 0: sound, 1: not.\n");

static const char *or_none(const char *s) { return *s ? s : "-"; }

static void print_map(const struct lint *l)
{
	puts("| section of the lecture | lesson | step | questions |\n| --- | --- | --- | --- |");
	for (size_t i = 0; i < l->n_map; i++) {
		const struct covered *c = &l->map[i];
		printf("| %s: %s | %s | %s | %zu |\n", c->key, c->title, or_none(c->lessons),
		       or_none(c->steps), c->questions);
	}
}

/* For the eye: the same in columns. */
static void print_table(const struct lint *l)
{
	printf("%-54s %-7s %-6s %s\n", "SECTION OF THE LECTURE", "LESSON", "STEP",
	       "QUESTIONS");
	for (size_t i = 0; i < l->n_map; i++) {
		const struct covered *c = &l->map[i];
		autofree char *name = str_printf("%s: %s", c->key, c->title);
		printf("%-54s %-7s %-6s %zu\n", name, or_none(c->lessons), or_none(c->steps),
		       c->questions);
	}
}

static void print_json(struct lint *l)
{
	autojson cJSON *o = cJSON_CreateObject();
	cJSON *map = cJSON_CreateArray();
	for (size_t i = 0; i < l->n_map; i++) {
		cJSON *c = cJSON_CreateObject();
		json_put_str(c, "section", l->map[i].key);
		json_put_str(c, "title", l->map[i].title);
		json_put_str(c, "lessons", l->map[i].lessons);
		json_put_str(c, "steps", l->map[i].steps);
		json_put_int(c, "questions", (int64_t)l->map[i].questions);
		cJSON_AddItemToArray(map, c);
	}
	json_put(o, "complaints", cJSON_Duplicate(l->complaints, true));
	json_put(o, "map", map);
	json_put_int(o, "runs", (int64_t)l->n_runs);
	autofree char *text = cJSON_Print(o);
	puts(text);
}

static void print_complaints(const struct lint *l)
{
	const cJSON *c;
	cJSON_ArrayForEach(c, l->complaints) {
		const char *file = json_str_or(c, "file", "");
		if (*file)
			printf("%s:%d: ", file, (int)json_int(c, "line", 0));
		puts(json_str_or(c, "what", ""));
	}
}

static void print_result(const struct lint *l)
{
	int n = cJSON_GetArraySize(l->complaints);
	print_complaints(l);
	if (n) {
		fprintf(stderr, "%d complaint%s\n", n, n == 1 ? "" : "s");
		return;
	}
	print_table(l);
	printf("\nsound: %zu steps with %zu recorded runs, %zu lessons, %zu questions\n", l->labs.n,
	       l->n_runs, l->lessons.n, l->bank.n_items);
}

static int carry_out(const struct options *o, struct err *e)
{
	struct lint l;
	const char *dir = o->n_args ? o->args[0] : NULL;
	if (dir && access(dir, R_OK) < 0)
		return err_sys(e, errno, _("read the course in %s"), dir);
	lang_off();	/* what is judged is the English course; a translation follows it */
	lint_open(&l, dir);
	lint_check(&l);
	if (opt_on(o, "json"))
		print_json(&l);
	else if (opt_on(o, "map"))
		print_map(&l);
	else
		print_result(&l);
	int n = cJSON_GetArraySize(l.complaints);
	lint_close(&l);
	return n > 0;
}

int cmd_lint(int argc, char **argv)
{
	struct options o = { 0 };
	struct err e = { 0 };
	int r = options_parse(table, false, argc - 1, argv + 1, &o, &e);
	if (r == 0 && o.n_args > 1)
		r = err_set(&e, EINVAL, _("one directory at a time, not \"%s\""), o.args[1]);
	if (r < 0 || o.help) {
		r = usage_print(head, table, r < 0 ? &e : NULL);
	} else if ((r = carry_out(&o, &e)) < 0) {
		err_print(&e);
		r = EXIT_TROUBLE;
	}
	options_free(&o);
	return r;
}
