/* What a text refers to is there: files and headings behind links, and the steps,
 * lessons and questions that a line to be typed names. */
#include <ctype.h>
#include <dirent.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "labs/lint/lint.h"

/* "## Two parts, `one`" -> "two-parts-one", as GitHub and GitLab name a heading. */
static char *heading_name(const char *line, size_t len)
{
	struct str out = { 0 };
	while (len && (*line == '#' || *line == ' '))
		line++, len--;
	for (size_t i = 0; i < len; i++) {
		char c = (char)tolower((unsigned char)line[i]);
		if (c == ' ')
			c = '-';
		if (isalnum((unsigned char)c) || c == '-' || c == '_')
			str_addn(&out, &c, 1);
	}
	return str_take(&out);
}

static bool has_heading(const char *path, const char *name)
{
	struct err e;
	autostr struct str text = { 0 };
	if (file_read(path, &text, &e) < 0)
		return false;
	for (const char *s = text.s; s && *s; s += strcspn(s, "\n"), s += *s == '\n') {
		autofree char *found = *s == '#' ? heading_name(s, strcspn(s, "\n")) : NULL;
		if (str_eq(found, name))
			return true;
	}
	return false;
}

static bool link_there(const struct lint *l, const char *file, const char *target)
{
	(void)l;
	const char *hash = strchr(target, '#'), *slash = strrchr(file, '/');
	size_t len = hash ? (size_t)(hash - target) : strlen(target);
	if (str_starts(target, "https://") || str_starts(target, "http://"))
		return true;	/* nobody's network is asked */
	autofree char *path = !len ? str_dup(file) :
		str_printf("%.*s%.*s", slash ? (int)(slash + 1 - file) : 0, file, (int)len, target);
	return access(path, R_OK) == 0 && (!hash || has_heading(path, hash + 1));
}

static bool step_there(const struct lint *l, const char *file, const char *which)
{
	(void)file;
	return labs_find(&l->labs, which) != NULL;
}

static bool lesson_there(const struct lint *l, const char *file, const char *which)
{
	(void)file;
	return lessons_find(&l->lessons, which) != NULL;
}

static bool section_there(const struct lint *l, const char *file, const char *which)
{
	(void)file;
	return bank_section(&l->bank, which) != NULL;
}

static bool question_there(const struct lint *l, const char *file, const char *id)
{
	(void)file;
	return bank_item(&l->bank, id) != NULL;
}

static bool experiment_there(const struct lint *l, const char *file, const char *name)
{
	(void)file;
	return bank_experiment(&l->bank, name) != NULL;
}

static const struct reference {
	const char *pattern;	/* its last group is what is referred to */
	const char *expected;
	bool (*there)(const struct lint *l, const char *file, const char *what);
} references[] = {
	{ "()\\]\\(([^) ]*)\\)", "a file, or a file's #heading", link_there },
	{ "`(drydock )?step ([0-9]+)", "a step's number", step_there },
	{ "`drydock lab [a-z]+( )([0-9]+)", "a step's number", step_there },
	{ "`(drydock )?lesson ([0-9]+)", "a lesson's number", lesson_there },
	{ "`(drydock )?quiz --section ([a-z0-9-]+)", "a section of the quiz", section_there },
	{ "`(drydock )?quiz --question ([a-z0-9-]+)", "a question's id", question_there },
	{ "`(drydock )?quiz --prove ([a-z0-9-]+)", "an experiment's name", experiment_there },
};

static void check_line(struct lint *l, const char *file, int line, const char *text,
		       const struct reference *r, const regex_t *re)
{
	regmatch_t m[3];
	for (; regexec(re, text, 3, m, 0) == 0; text += m[0].rm_eo) {
		autofree char *what = str_printf("%.*s", (int)(m[2].rm_eo - m[2].rm_so),
						 text + m[2].rm_so);
		if (!r->there(l, file, what))
			lint_say(l, file, line, "\"%s\" is not there: expected %s", what, r->expected);
	}
}

static void check_text(struct lint *l, const char *file, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(references); i++) {
		regex_t re;
		bool code = false;
		int line = 1;
		if (regcomp(&re, references[i].pattern, REG_EXTENDED) != 0)
			continue;
		for (const char *s = text; *s; line++, s += strcspn(s, "\n"), s += *s == '\n') {
			autofree char *row = str_printf("%.*s", (int)strcspn(s, "\n"), s);
			code = code != str_starts(row, "```");
			if (!code)
				check_line(l, file, line, row, &references[i], &re);
		}
		regfree(&re);
	}
}

static void check_labs_named(struct lint *l, const struct lesson *x)
{
	const yaml_node_t *list = front_get(&x->front, x->front.root, "labs");
	for (size_t i = 0; i < x->n_labs; i++)
		if (!labs_find(&l->labs, x->labs[i]))
			lint_say(l, x->front.file, lint_line(list), "lesson %d names step %s: expected "
				 "one that is there", x->number, x->labs[i]);
}

static int is_page(const struct dirent *d) { return str_ends(d->d_name, ".md"); }

/* The handbook, where it is beside the course. */
static void check_handbook(struct lint *l)
{
	struct dirent **names;
	autofree char *dir = str_printf("%s/../docs/lecture-7.4", l->dir[0]);
	int n = scandir(dir, &names, is_page, alphasort);
	for (int i = 0; i < n; i++) {
		struct err e;
		autostr struct str text = { 0 };
		autofree char *path = str_printf("%s/%s", dir, names[i]->d_name);
		if (file_read(path, &text, &e) == 0 && text.s)
			check_text(l, path, text.s);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

void lint_links(struct lint *l)
{
	if (!l->whole)
		return;
	for (size_t i = 0; i < l->labs.n; i++)
		check_text(l, l->labs.v[i].front->file, l->labs.v[i].front->text);
	for (size_t i = 0; i < l->lessons.n; i++) {
		check_text(l, l->lessons.v[i].front.file, l->lessons.v[i].front.text);
		check_labs_named(l, &l->lessons.v[i]);
	}
	for (size_t i = 0; i < l->bank.n_sections; i++)
		check_text(l, l->bank.sections[i].front.file, l->bank.sections[i].front.text);
	check_handbook(l);
}
