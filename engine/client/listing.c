/* listing.c - see listing.h.  Widths count characters, not bytes ("…" is one). */
#include "client/listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/template.h"
#include "client/url.h"
#include "core/cleanup.h"
#include "core/json.h"

#define MAX_COLUMNS 64
#define GO_MIN_WIDTH 10	/* docker's tabwriter: cells of 10 at least, 3 apart */
#define GO_GAP 3

static size_t width_of(const char *s, size_t n)
{
	size_t w = 0;

	for (size_t i = 0; i < n; i++)
		w += ((unsigned char)s[i] & 0xc0) != 0x80;
	return w;
}

/* Calls fn with each cell; the last of a line has last set. */
static void each_cell(const char *text,
		      void (*fn)(void *arg, size_t column, const char *s, size_t n, bool last),
		      void *arg)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, "\t\n");
		bool last = text[n] != '\t';

		fn(arg, column, text, n, last);
		column = last ? 0 : column + 1;
		text += n + (text[n] != '\0');
	}
}

struct align { size_t width[MAX_COLUMNS], min, gap; struct str *out; };

static void measure(void *arg, size_t column, const char *s, size_t n, bool last)
{
	struct align *a = arg;
	size_t w = width_of(s, n) + a->gap;

	if (last || column >= MAX_COLUMNS)
		return;
	if (w < a->min)
		w = a->min;
	if (a->width[column] < w)
		a->width[column] = w;
}

static void put_cell(void *arg, size_t column, const char *s, size_t n, bool last)
{
	struct align *a = arg;

	str_addn(a->out, s, n);
	if (last)
		str_add(a->out, "\n");
	else if (column < MAX_COLUMNS)
		str_addf(a->out, "%*s", (int)(a->width[column] - width_of(s, n)), "");
}

void table_align(const char *text, size_t min, size_t gap, struct str *out)
{
	struct align a = { .min = min, .gap = gap, .out = out };

	each_cell(text, measure, &a);
	each_cell(text, put_cell, &a);
}

/* "\t" and "\n" as two characters are what a shell's user can type. */
static char *unescape(const char *format)
{
	char *out = str_dup(format), *to = out;

	for (const char *p = format; *p; p++) {
		if (*p == '\\' && (p[1] == 't' || p[1] == 'n')) {
			*to++ = *++p == 't' ? '\t' : '\n';
			continue;
		}
		*to++ = *p;
	}
	*to = '\0';
	return out;
}

static void add_head(const struct listing *l, const struct template *t, struct str *out)
{
	autojson cJSON *heads = cJSON_CreateObject();

	for (const struct column *c = l->columns; c->field; c++)
		json_put_str(heads, c->field, c->head);
	template_head(t, heads, out);
	str_add(out, "\n");
}

static int add_rows(const struct listing *l, const struct template *t, const cJSON *rows,
		    struct str *out, struct err *e)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, rows) {
		if (template_run(t, row, l->type, out, e))
			return err_wrap(e, "failed to execute template");
		str_add(out, "\n");
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* Go writes a row's fields by name. */
static void sort_fields(cJSON *row)
{
	size_t n = 0, all = (size_t)cJSON_GetArraySize(row);
	autofree cJSON **fields = mem_alloc((all + 1) * sizeof(*fields));

	while (row->child)
		fields[n++] = cJSON_DetachItemViaPointer(row, row->child);
	qsort(fields, n, sizeof(*fields), by_name);
	for (size_t i = 0; i < n; i++) {
		autofree char *name = str_dup(fields[i]->string);
		cJSON_AddItemToObject(row, name, fields[i]);
	}
}

static void print_json(const cJSON *row)
{
	autostr struct str s = { 0 };

	go_json(row, &s);
	puts(s.s);
}

static int print_template(const struct listing *l, const char *format, bool table,
			  const cJSON *rows, struct err *e)
{
	autofree char *text = unescape(format);
	autostr struct str lines = { 0 }, aligned = { 0 };
	struct template *t;
	int r;

	if (template_parse(text, &t, e))
		return err_wrap(e, "failed to parse template");
	if (table)
		add_head(l, t, &lines);
	r = add_rows(l, t, rows, &lines, e);
	template_free(t);
	if (r || !lines.s)
		return r;
	if (table)
		table_align(lines.s, GO_MIN_WIDTH, GO_GAP, &aligned);
	fputs(table ? aligned.s : lines.s, stdout);
	return 0;
}

int listing_print(const struct listing *l, const char *format, const char *quiet,
		  cJSON *rows, struct err *e)
{
	cJSON *row;
	bool plain = !format || !*format || str_eq(format, "table");

	if (quiet && plain) {
		cJSON_ArrayForEach(row, rows)
			puts(json_str_or(row, quiet, ""));
		return 0;
	}
	if (plain)
		return print_template(l, l->table, true, rows, e);
	cJSON_ArrayForEach(row, rows)
		sort_fields(row);
	if (str_eq(format, "json")) {
		cJSON_ArrayForEach(row, rows)
			print_json(row);
		return 0;
	}
	if (str_starts(format, "table "))
		return print_template(l, format + 6, true, rows, e);
	return print_template(l, format, false, rows, e);
}

int listing_verb(struct command *c, const char *path, const struct listing *l, const char *quiet,
		 void (*add)(const cJSON *answer, const struct options *o, cJSON *rows))
{
	autojson cJSON *rows = cJSON_CreateArray();
	struct http_answer a = { 0 };
	struct http *h;
	struct err e = { 0 };

	if (command_http(c, &h, &e) || http_call(h, "GET", path, NULL, &a, &e))
		return command_fail(c, &e);
	add(a.json, &c->opt, rows);
	http_answer_free(&a);
	if (listing_print(l, opt_text(&c->opt, "format"), opt_on(&c->opt, "quiet") ? quiet : NULL,
			  rows, &e))
		return command_fail(c, &e);
	return 0;
}

int listing_filtered(struct command *c, const char *route, const struct listing *l,
		     const char *quiet,
		     void (*add)(const cJSON *answer, const struct options *o, cJSON *rows))
{
	autostr struct str path = { 0 };

	url_path(&path, route, NULL, "");
	url_filters(&path, opt_all(&c->opt, "filter"));
	return listing_verb(c, path.s, l, quiet, add);
}

static int by_name_field(const void *a, const void *b)
{
	return strcmp(json_str_or(*(const cJSON *const *)a, "Name", ""),
		      json_str_or(*(const cJSON *const *)b, "Name", ""));
}

const cJSON **listing_by_name(const cJSON *array, size_t *n)
{
	const cJSON **list = mem_alloc(((size_t)cJSON_GetArraySize(array) + 1) * sizeof(*list));
	const cJSON *i;

	*n = 0;
	cJSON_ArrayForEach(i, array)
		list[(*n)++] = i;
	qsort(list, *n, sizeof(*list), by_name_field);
	return list;
}
