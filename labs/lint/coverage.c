/* The lecture's sections (lessons/lecture.md), and what of the course is about each.
 *
 * Lessons, labs and quiz say in `lecture:` what they are about, in the words of that list.
 * "section 4" is about all of "section 4, images" and "section 4, containers", too.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "labs/lint/lint.h"

/* Does it have these words?  "Lab step 1" is not in "Lab step 12". */
static bool has_words(const char *text, const char *words, size_t len)
{
	for (const char *s = text; (s = strchr(s, words[0])); s++)
		if (strncmp(s, words, len) == 0 && !isalnum((unsigned char)s[len]))
			return true;
	return false;
}

/* Is something with that `lecture:` about section i?  By its own name, or by what stands
 * before the comma if none of those that share it is named. */
static bool is_about(const struct lint *l, const char *lecture, size_t i)
{
	const char *key = l->map[i].key, *comma = strchr(key, ',');
	if (!lecture || !*key)
		return false;
	if (has_words(lecture, key, strlen(key)))
		return true;
	size_t len = comma ? (size_t)(comma - key) : 0;
	if (!len || !has_words(lecture, key, len))
		return false;
	for (size_t k = 0; k < l->n_map; k++)
		if (strncmp(l->map[k].key, key, len + 1) == 0 &&
		    has_words(lecture, l->map[k].key, strlen(l->map[k].key)))
			return false;
	return true;
}

static void add_number(char **list, const char *what)
{
	char *old = *list;
	*list = *old ? str_printf("%s, %s", old, what) : str_dup(what);
	free(old);
}

/* What `lecture:` says must be about something. */
static void check_named(struct lint *l, const struct front *f, const char *lecture)
{
	for (size_t i = 0; i < l->n_map; i++)
		if (is_about(l, lecture, i))
			return;
	lint_say(l, f->file, lint_line(front_get(f, f->root, "lecture")),
		 "lecture: \"%s\" names no section: expected one of those in %s",
		 lecture ? lecture : "", l->lecture.file);
}

static size_t questions_of(const struct lint *l, size_t section)
{
	size_t n = 0;
	for (size_t i = 0; i < l->bank.n_items; i++)
		n += l->bank.items[i].section == section;
	return n;
}

static void gather(const struct lint *l, size_t section)
{
	struct covered *c = &l->map[section];
	for (size_t i = 0; i < l->lessons.n; i++) {
		autofree char *number = str_printf("%d", l->lessons.v[i].number);
		if (is_about(l, l->lessons.v[i].lecture, section))
			add_number(&c->lessons, number);
	}
	for (size_t i = 0; i < l->labs.n; i++) {
		autofree char *number = str_printf("%d", l->labs.v[i].number);
		if (is_about(l, l->labs.v[i].lecture, section))
			add_number(&c->steps, number);
	}
	for (size_t i = 0; i < l->bank.n_sections; i++)
		if (is_about(l, l->bank.sections[i].lecture, section))
			c->questions += questions_of(l, i);
}

static void read_map(struct lint *l)
{
	const struct front *f = &l->lecture;
	const yaml_node_t *sections = front_get(f, f->root, "sections");
	if (!front_size(sections))
		lint_say(l, f->file, 2, "expected \"sections:\", a list of \"section: title\" lines");
	l->map = mem_alloc((front_size(sections) + 1) * sizeof(*l->map));
	for (size_t i = 0; i < front_size(sections); i++) {
		struct covered *c = &l->map[l->n_map];
		const yaml_node_t *title = front_item(f, sections, i, &c->key);
		c->title = front_text(title);
		c->line = lint_line(title);
		c->lessons = str_dup("");
		c->steps = str_dup("");
		l->n_map++;
		if (c->key && c->title)
			continue;
		lint_say(l, f->file, c->line, "expected a \"section: title\" line");
		c->key = c->title = "";
	}
}

void lint_coverage(struct lint *l)
{
	if (!l->whole)
		return;
	read_map(l);
	for (size_t i = 0; i < l->n_map; i++) {
		struct covered *c = &l->map[i];
		gather(l, i);
		if (!*c->lessons && !*c->steps && !c->questions)
			lint_say(l, l->lecture.file, c->line, "nothing is about \"%s\": expected a "
				 "lesson, a step or questions whose \"lecture:\" names it", c->key);
	}
	for (size_t i = 0; i < l->lessons.n; i++)
		check_named(l, &l->lessons.v[i].front, l->lessons.v[i].lecture);
	for (size_t i = 0; i < l->labs.n; i++)
		check_named(l, l->labs.v[i].front, l->labs.v[i].lecture);
	for (size_t i = 0; i < l->bank.n_sections; i++)
		check_named(l, &l->bank.sections[i].front, l->bank.sections[i].lecture);
}
