/* show.c - see show.h. */
#include "client/show.h"

#include <stdlib.h>
#include <string.h>

#include "client/human.h"
#include "client/template.h"
#include "core/cleanup.h"
#include "core/json.h"

#define SHORT_ID 12

char *show_id(const char *id, bool whole)
{
	const char *colon = strchr(id, ':');

	if (whole)
		return str_dup(id);
	return strndup(colon ? colon + 1 : id, SHORT_ID);
}

/* The byte behind the n-th character of s. */
static size_t characters(const char *s, size_t n)
{
	size_t i = 0;

	while (s[i] && n) {
		i++;
		while (((unsigned char)s[i] & 0xc0) == 0x80)
			i++;
		n--;
	}
	return i;
}

char *show_ellipsis(const char *text, size_t max)
{
	if (!text[characters(text, max)])
		return str_dup(text);
	return str_printf("%.*s…", (int)characters(text, max - 1), text);
}

char *show_quoted(const char *text)
{
	struct str s = { 0 };

	str_add(&s, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			str_addf(&s, "\\%c", c);
		else if (c == '\n')
			str_add(&s, "\\n");
		else if (c == '\t')
			str_add(&s, "\\t");
		else if (c < 32 || c == 127)
			str_addf(&s, "\\x%02x", c);
		else
			str_addn(&s, text, 1);
	}
	str_add(&s, "\"");
	return str_take(&s);
}

/* A port row of the API, and a run of rows that are shown as one range. */
struct port_row { const char *ip, *type; int private, public; };
struct port_run { const char *ip, *type; int first, last; };

static int by_port(const void *a, const void *b)
{
	const struct port_row *x = a, *y = b;
	int r;

	if (x->private != y->private)
		return x->private - y->private;
	r = strcmp(x->ip, y->ip);
	if (r)
		return r;
	return x->public != y->public ? x->public - y->public : strcmp(x->type, y->type);
}

char *show_host_port(const char *ip, const char *port)
{
	return str_printf(strchr(ip, ':') ? "[%s]:%s" : "%s:%s", ip, port);
}

static void comma(struct str *s)
{
	if (s->len)
		str_add(s, ", ");
}

static void add_run(struct str *s, const struct port_run *r)
{
	autofree char *range = r->first == r->last ? str_printf("%d", r->first)
						   : str_printf("%d-%d", r->first, r->last);
	autofree char *host = show_host_port(r->ip, range);

	comma(s);
	if (*r->ip)
		str_addf(s, "%s->%s/%s", host, range, r->type);
	else
		str_addf(s, "%s/%s", range, r->type);
}

static struct port_run *find_run(struct port_run *runs, size_t n, const struct port_row *p)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(runs[i].ip, p->ip) && str_eq(runs[i].type, p->type))
			return &runs[i];
	return NULL;
}

/* A port that maps to the same number joins the run of its address; one that
 * maps to another is shown by itself, after the runs. */
static char *join_ports(const struct port_row *rows, size_t n)
{
	struct str shown = { 0 };
	autostr struct str mapped = { 0 };
	autofree struct port_run *runs = mem_alloc((n + 1) * sizeof(*runs));
	size_t n_runs = 0;

	for (size_t i = 0; i < n; i++) {
		const struct port_row *p = &rows[i];
		struct port_run *run;

		if (*p->ip && p->public != p->private) {
			autofree char *port = str_printf("%d", p->public);
			autofree char *host = show_host_port(p->ip, port);
			comma(&mapped);
			str_addf(&mapped, "%s->%d/%s", host, p->private, p->type);
			continue;
		}
		run = find_run(runs, n_runs, p);
		if (run && p->private == run->last + 1) {
			run->last = p->private;
			continue;
		}
		if (run)
			add_run(&shown, run);
		else
			run = &runs[n_runs++];
		*run = (struct port_run){ p->ip, p->type, p->private, p->private };
	}
	for (size_t i = 0; i < n_runs; i++)
		add_run(&shown, &runs[i]);
	if (mapped.len) {
		comma(&shown);
		str_add(&shown, mapped.s);
	}
	return str_take(&shown);
}

char *show_ports(const cJSON *ports)
{
	size_t n = 0;
	autofree struct port_row *rows =
		mem_alloc(((size_t)cJSON_GetArraySize(ports) + 1) * sizeof(*rows));
	const cJSON *p;

	cJSON_ArrayForEach(p, ports)
		rows[n++] = (struct port_row){ json_str_or(p, "IP", ""), json_str_or(p, "Type", "tcp"),
					       (int)json_int(p, "PrivatePort", 0),
					       (int)json_int(p, "PublicPort", 0) };
	qsort(rows, n, sizeof(*rows), by_port);
	return join_ports(rows, n);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *show_labels(const cJSON *labels)
{
	struct str s = { 0 };
	char **pairs = NULL;
	const cJSON *l;

	cJSON_ArrayForEach(l, labels) {
		autofree char *pair = str_printf("%s=%s", l->string,
						 cJSON_IsString(l) ? l->valuestring : "");
		strv_add(&pairs, pair);
	}
	if (pairs)
		qsort(pairs, strv_len(pairs), sizeof(*pairs), by_text);
	for (char **p = pairs; p && *p; p++)
		str_addf(&s, "%s%s", p == pairs ? "" : ",", *p);
	strv_free(pairs);
	return str_take(&s);
}

void show_put_labels(cJSON *row, const cJSON *labels)
{
	autofree char *text = show_labels(labels);

	json_put_str(row, "Labels", text);
	json_put(row, FIELD_LABELS, labels ? cJSON_Duplicate(labels, true) : cJSON_CreateObject());
}

void show_put_size(cJSON *row, const char *field, double bytes, int digits)
{
	char buf[32];

	json_put_str(row, field, human_size(buf, sizeof(buf), bytes, digits));
}
