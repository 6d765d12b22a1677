/* From questions of other programs to files of a bank. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "quiz/exchange.h"

void drafts_drop(struct drafts *d)
{
	struct draft *q = &d->v[--d->n];
	for (size_t k = 0; k < q->n_options; k++) {
		free(q->option[k].text);
		free(q->option[k].say);
	}
	free(q->id);
	free(q->category);
	free(q->ask);
	free(q->why);
	free(q->concept);
	strv_free(q->tags);
}

void drafts_free(struct drafts *d)
{
	while (d->n)
		drafts_drop(d);
	free(d->v);
	*d = (struct drafts){ 0 };
}

struct draft *drafts_add(struct drafts *d, int line)
{
	d->v = mem_grow(d->v, (d->n + 1) * sizeof(*d->v));
	d->v[d->n] = (struct draft){ .line = line, .tags = mem_alloc(sizeof(char *)) };
	return &d->v[d->n++];
}

/* ---- as YAML: a JSON string is a quoted scalar of YAML --------------------------------- */

static void add_quoted(struct str *out, const char *text)
{
	autojson cJSON *s = cJSON_CreateString(text);
	autofree char *quoted = cJSON_PrintUnformatted(s);
	str_add(out, quoted);
}

static void add_pair(struct str *out, const char *before, const char *text, const char *after)
{
	str_add(out, before);
	add_quoted(out, text);
	str_add(out, after);
}

/* Tags are in the order of the wrong options; fewer of them can't be told apart. */
static const char *tag_of(const struct draft *d, size_t option)
{
	if (option == d->right || strv_len(d->tags) != d->n_options - 1)
		return NULL;
	return d->tags[option - (option > d->right)];
}

static void add_option(struct str *out, const struct draft *d, size_t k)
{
	const char *say = d->option[k].say, *tag = tag_of(d, k);
	str_addf(out, "      %c: ", (char)('a' + k));
	if (!say && !tag) {
		add_quoted(out, d->option[k].text);
		str_add(out, "\n");
		return;
	}
	add_pair(out, "{ text: ", d->option[k].text, "");
	if (tag)
		add_pair(out, ", tag: ", tag, "");
	if (say)
		add_pair(out, ", say: ", say, "");
	str_add(out, " }\n");
}

static void add_draft(struct str *out, const struct draft *d)
{
	add_pair(out, "  - id: ", d->id, "\n");
	add_pair(out, "    concept: ", d->concept, "\n");
	add_pair(out, "    ask: ", d->ask, "\n    options:\n");
	for (size_t k = 0; k < d->n_options; k++)
		add_option(out, d, k);
	str_addf(out, "    right: %c\n", (char)('a' + d->right));
	add_pair(out, "    why: ", d->why ? d->why : "", "\n");
}

/* ---- files -------------------------------------------------------------------------------- */

/* "lecture-7.4/image" is the section "image"; without a category: "imported". */
static char *section_name(const struct draft *d)
{
	const char *slash = d->category ? strrchr(d->category, '/') : NULL;
	char *name = str_dup(!d->category ? "imported" : slash ? slash + 1 : d->category);
	for (char *s = name; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_", *s))
			*s = '-';
	return name;
}

/* A question needs a name and a concept; where the file has none they are made. */
static void complete(struct drafts *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct draft *q = &d->v[i];
		if (!q->id || !*q->id) {
			free(q->id);
			q->id = str_printf("imported-%zu", i + 1);
		}
		if (!q->concept)
			q->concept = section_name(q);
	}
}

static bool concept_before(const struct drafts *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(d->v[k].concept, d->v[i].concept))
			return true;
	return false;
}

static void add_file(struct str *out, const struct drafts *d, const char *section, size_t number)
{
	str_addf(out, "---\nsection: %zu\n", number);
	add_pair(out, "name: ", section, "\n");
	add_pair(out, "title: ", section, "\nconcepts:\n");
	for (int part = 0; part < 2; part++) {
		str_add(out, part ? "questions:\n" : "");
		for (size_t i = 0; i < d->n; i++) {
			autofree char *name = section_name(&d->v[i]);
			if (!str_eq(name, section))
				continue;
			if (part)
				add_draft(out, &d->v[i]);
			else if (!concept_before(d, i)) {
				add_pair(out, "  ", d->v[i].concept, "");
				add_pair(out, ": ", d->v[i].concept, "\n");
			}
		}
	}
	str_addf(out, "---\n# %s\n\nImported questions. They have no experiments yet.\n", section);
}

/* The names of all sections, in the order in which they come. */
static char **sections_of(const struct drafts *d)
{
	char **all = mem_alloc(sizeof(*all));
	for (size_t i = 0; i < d->n; i++) {
		autofree char *name = section_name(&d->v[i]);
		bool known = false;
		for (size_t k = 0; all[k]; k++)
			known = known || str_eq(all[k], name);
		if (!known)
			strv_add(&all, name);
	}
	return all;
}

static char *path_of(const char *dir, char *const *sections, size_t i)
{
	return str_printf("%s/%02zu-%s.md", dir, i + 1, sections[i]);
}

static int none_there(const char *dir, char *const *sections, struct err *e)
{
	for (size_t i = 0; sections[i]; i++) {
		autofree char *path = path_of(dir, sections, i);
		if (access(path, F_OK) == 0)
			return err_set(e, EEXIST, "%s is there already; it is left as it is", path);
	}
	return 0;
}

static int write_all_files(const struct drafts *d, const char *dir, struct err *e)
{
	char **sections = sections_of(d);
	int r = dir_make(dir, 0755, e);
	if (r == 0)
		r = none_there(dir, sections, e);
	for (size_t i = 0; r == 0 && sections[i]; i++) {
		autofree char *path = path_of(dir, sections, i);
		autostr struct str text = { 0 };
		add_file(&text, d, sections[i], i + 1);
		r = file_write_atomic(path, text.s, text.len, 0644, e);
	}
	strv_free(sections);
	return r;
}

static bool is_aiken(const char *text)
{
	return str_starts(text, "ANSWER:") || strstr(text, "\nANSWER:");
}

int import_file(const char *path, const char *dir, size_t *written, struct err *e)
{
	struct drafts d = { 0 };
	autostr struct str text = { 0 };
	int r = file_read(path, &text, e);
	if (r == 0)
		r = (is_aiken(text.s ? text.s : "") ? import_aiken : import_gift)
			(text.s ? text.s : "", path, &d, e);
	if (r == 0 && !d.n)
		r = err_set(e, EINVAL, "%s: there is no question in it", path);
	if (r == 0) {
		complete(&d);
		r = write_all_files(&d, dir, e);
		*written = d.n;
	}
	drafts_free(&d);
	return r;
}
