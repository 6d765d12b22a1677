#include "labs/lint/lint.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "labs/content.h"

static const struct content *const kinds[] = { &content_labs, &content_lessons, &content_quiz };

/* As somebody would type it who stands here. */
static char *short_path(char *path)
{
	char real[PATH_MAX], here[PATH_MAX];
	if (!realpath(path, real) || !getcwd(here, sizeof(here)))
		return path;
	size_t n = strlen(here);
	free(path);
	return str_dup(str_starts(real, here) && real[n] == '/' ? real + n + 1 : real);
}

void lint_say(struct lint *l, const char *file, int line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "file", file);
	json_put_int(o, "line", line);
	json_put_str(o, "what", text);
	cJSON_AddItemToArray(l->complaints, o);
}

void lint_say_as_is(struct lint *l, const char *text)
{
	autofree char *file = str_dup(text);
	char *colon = strchr(file, ':');
	int line = colon ? atoi(colon + 1) : 0;
	if (!colon || !line) {
		lint_say(l, "", 0, "%s", text);
		return;
	}
	*colon = '\0';
	const char *what = colon + 1 + strspn(colon + 1, "0123456789");
	if (*what == ':' && atoi(what + 1))	/* a column */
		what += 1 + strspn(what + 1, "0123456789");
	lint_say(l, file, line, "%s", what + strspn(what, ": "));
}

int lint_line(const yaml_node_t *node) { return node ? (int)node->start_mark.line + 1 : 1; }

/* One file after the other: a bad one hides no other. */
static void load_labs(struct lint *l)
{
	struct err e;
	char **files;
	if (content_files(&content_labs, l->dir[0], &files, &e) < 0) {
		lint_say_as_is(l, e.what);
		return;
	}
	l->labs.v = mem_alloc(strv_len(files) * sizeof(*l->labs.v));
	for (size_t i = 0; files[i]; i++) {
		if (lab_load(files[i], &l->labs.v[l->labs.n], &e) < 0)
			lint_say_as_is(l, e.what);
		else
			l->labs.n++;
	}
	strv_free(files);
}

void lint_open(struct lint *l, const char *dir)
{
	struct err e;
	*l = (struct lint){ .complaints = cJSON_CreateArray() };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		l->dir[i] = short_path(dir ? str_printf("%s/%s", dir, kinds[i]->folder)
					   : content_dir(kinds[i]));
	load_labs(l);
	if (lessons_load(l->dir[1], &l->lessons, &e) < 0)
		lint_say_as_is(l, e.what);
	if (bank_load(l->dir[2], &l->bank, &e) < 0)
		lint_say_as_is(l, e.what);
	autofree char *lecture = str_printf("%s/lecture.md", l->dir[1]);
	if (front_open(lecture, &l->lecture, &e) < 0)
		lint_say_as_is(l, e.what);
	l->whole = cJSON_GetArraySize(l->complaints) == 0;
}

void lint_close(struct lint *l)
{
	labs_free(&l->labs);
	lessons_free(&l->lessons);
	bank_free(&l->bank);
	front_close(&l->lecture);
	for (size_t i = 0; i < l->n_map; i++) {
		free(l->map[i].lessons);
		free(l->map[i].steps);
	}
	free(l->map);
	for (size_t i = 0; i < ARRAY_SIZE(l->dir); i++)
		free(l->dir[i]);
	cJSON_Delete(l->complaints);
}

void lint_check(struct lint *l)
{
	static void (*const checks[])(struct lint *l) = {
		lint_runs, lint_hints, lint_questions, lint_links, lint_coverage,
	};
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](l);
}
