/* stats.c - docker stats and docker events. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/human.h"
#include "client/listing.h"
#include "client/url.h"
#include "client/rows.h"
#include "client/show.h"
#include "client/template.h"
#include "client/terminal.h"
#include "client/values.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"

#define ROUND_NS 1000000000ull	/* between two screens of `stats` */

static const struct column stats_columns[] = {
	{ "Container", "CONTAINER" }, { "ID", "CONTAINER ID" }, { "Name", "NAME" },
	{ "CPUPerc", "CPU %" }, { "MemUsage", "MEM USAGE / LIMIT" }, { "MemPerc", "MEM %" },
	{ "NetIO", "NET I/O" }, { "BlockIO", "BLOCK I/O" }, { "PIDs", "PIDS" }, { 0 },
};
static const struct listing stats_listing = {
	"*formatter.statsContext",
	"{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t"
	"{{.PIDs}}", stats_columns,
};

static double number(const cJSON *o, const char *key)
{
	const cJSON *v = json_obj(o, key);

	return cJSON_IsNumber(v) ? v->valuedouble : 0;
}

/* Share of all CPUs' time since the sample before, one full CPU being 100. */
static double cpu_percent(const cJSON *s)
{
	const cJSON *now = json_obj(s, "cpu_stats"), *was = json_obj(s, "precpu_stats");
	const cJSON *used = json_obj(now, "cpu_usage");
	double own = number(used, "total_usage") -
		     number(json_obj(was, "cpu_usage"), "total_usage");
	double all = number(now, "system_cpu_usage") - number(was, "system_cpu_usage");
	double cpus = number(now, "online_cpus");

	if (cpus <= 0)
		cpus = cJSON_GetArraySize(json_obj(used, "percpu_usage"));
	return own > 0 && all > 0 ? own / all * cpus * 100 : 0;
}

/* Without the page cache that can be dropped (v1 and v2 name it differently). */
static double memory_used(const cJSON *s)
{
	const cJSON *memory = json_obj(s, "memory_stats"), *stats = json_obj(memory, "stats");
	double usage = number(memory, "usage"), cache = number(stats, "total_inactive_file");

	if (!json_obj(stats, "total_inactive_file"))
		cache = number(stats, "inactive_file");
	return cache < usage ? usage - cache : usage;
}

static void put_pair(cJSON *row, const char *field, double in, double out)
{
	char a[32], b[32];
	autofree char *text = str_printf("%s / %s", human_size(a, sizeof(a), in, 3),
					 human_size(b, sizeof(b), out, 3));

	json_put_str(row, field, text);
}

static void put_network(cJSON *row, const cJSON *s)
{
	const cJSON *n;
	double in = 0, out = 0;

	cJSON_ArrayForEach(n, json_obj(s, "networks")) {
		in += number(n, "rx_bytes");
		out += number(n, "tx_bytes");
	}
	put_pair(row, "NetIO", in, out);
}

static void put_blocks(cJSON *row, const cJSON *s)
{
	const cJSON *b;
	double in = 0, out = 0;

	cJSON_ArrayForEach(b, json_obj(json_obj(s, "blkio_stats"), "io_service_bytes_recursive")) {
		char op = (char)(json_str_or(b, "op", "x")[0] | 32);

		in += op == 'r' ? number(b, "value") : 0;
		out += op == 'w' ? number(b, "value") : 0;
	}
	put_pair(row, "BlockIO", in, out);
}

static void put_memory(cJSON *row, const cJSON *s)
{
	double used = memory_used(s), limit = number(json_obj(s, "memory_stats"), "limit");
	char a[32], b[32];
	autofree char *usage = str_printf("%s / %s", human_bytes(a, sizeof(a), used),
					  human_bytes(b, sizeof(b), limit));
	autofree char *percent = str_printf("%.2f%%", limit > 0 ? used / limit * 100 : 0);

	json_put_str(row, "MemUsage", usage);
	json_put_str(row, "MemPerc", percent);
}

static cJSON *stats_row(const cJSON *s, const char *asked, bool whole)
{
	cJSON *row = cJSON_CreateObject();
	const char *name = json_str_or(s, "name", "");
	autofree char *id = show_id(json_str_or(s, "id", asked), whole);
	autofree char *cpu = str_printf("%.2f%%", cpu_percent(s));
	autofree char *pids = str_printf("%.0f", number(json_obj(s, "pids_stats"), "current"));

	json_put_str(row, "Container", asked);
	json_put_str(row, "ID", id);
	json_put_str(row, "Name", name + (*name == '/'));
	json_put_str(row, "CPUPerc", cpu);
	put_memory(row, s);
	put_network(row, s);
	put_blocks(row, s);
	json_put_str(row, "PIDs", pids);
	return row;
}

/* The containers to watch: those named, or all running ones (-a: all). */
static int watched(struct command *c, char ***out, struct err *e)
{
	struct http_answer a = { 0 };
	struct http *h;
	const cJSON *i;
	int r = command_http(c, &h, e);

	if (r || c->opt.n_args) {
		*out = strv_dup(c->opt.args);
		return r;
	}
	r = http_call(h, "GET", opt_on(&c->opt, "all") ? "/containers/json?all=1"
						       : "/containers/json", NULL, &a, e);
	cJSON_ArrayForEach(i, a.json) {
		autofree char *id = show_id(json_str_or(i, "Id", ""), false);
		strv_add(out, id);
	}
	http_answer_free(&a);
	return r;
}

static int ask_one(struct command *c, const char *name, struct http **h, struct err *e)
{
	autostr struct str path = { 0 };
	int r = command_http_new(c, h, e);

	url_path(&path, "/containers/", name, "/stats");
	url_add(&path, "stream", "0");
	return r ? r : http_begin(*h, "GET", path.s, NULL, e);
}

static int add_row(struct command *c, const char *name, struct http *h, cJSON *rows, struct err *e)
{
	struct http_answer a = { 0 };
	int r = http_finish(h, &a, e);

	if (!r)
		cJSON_AddItemToArray(rows, stats_row(a.json, name, opt_on(&c->opt, "no-trunc")));
	http_answer_free(&a);
	return r;
}

/* All are asked before any is read: a daemon takes a second for each.  One that went
 * since it was listed is no error, where nobody named it. */
static int sample(struct command *c, char **names, cJSON *rows, struct err *e)
{
	size_t n = strv_len(names), i;
	autofree struct http **h = mem_alloc((n + 1) * sizeof(*h));
	int r = 0;

	for (i = 0; i < n && !r; i++) {
		r = ask_one(c, names[i], &h[i], e);
		if (r != -ENOENT || c->opt.n_args)
			continue;
		http_close(h[i]);
		h[i] = NULL;
		r = 0;
	}
	for (i = 0; i < n && !r; i++)
		r = h[i] ? add_row(c, names[i], h[i], rows, e) : 0;
	for (i = 0; i < n; i++)
		http_close(h[i]);
	return r;
}

static int one_round(struct command *c, bool clear, struct err *e)
{
	autojson cJSON *rows = cJSON_CreateArray();
	char **names = NULL;
	int r = watched(c, &names, e);

	r = r ? r : names ? sample(c, names, rows, e) : 0;
	strv_free(names);
	if (r)
		return r;
	if (clear)
		printf("\033[2J\033[H");
	r = listing_print(&stats_listing, opt_text(&c->opt, "format"), NULL, rows, e);
	fflush(stdout);
	return r;
}

/* What is left of a round; an interrupt ends it. */
static int rest_of(uint64_t start, struct err *e)
{
	uint64_t spent = clock_mono_ns() - start;
	struct timespec left = { 0 };

	if (spent >= ROUND_NS)
		return 0;
	left.tv_nsec = (long)(ROUND_NS - spent) - 1;
	return nanosleep(&left, NULL) ? err_set(e, EINTR, "interrupted") : 0;
}

static int stats_verb(struct command *c)
{
	bool once = opt_on(&c->opt, "no-stream");
	struct err e = { 0 };
	int r;

	do {
		uint64_t start = clock_mono_ns();

		r = one_round(c, !once && !opt_given(&c->opt, "format") &&
			      terminal_redraws(STDOUT_FILENO), &e);
		if (!once && !r)
			r = rest_of(start, &e);
	} while (!once && !r);
	return r ? command_fail(c, &e) : 0;
}

struct event_sink { struct template *format; bool json; struct err *e; int failed; };

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static void print_attributes(const cJSON *attributes)
{
	size_t n = 0;
	autofree const cJSON **list =
		mem_alloc(((size_t)cJSON_GetArraySize(attributes) + 1) * sizeof(*list));
	const cJSON *a;

	cJSON_ArrayForEach(a, attributes)
		list[n++] = a;
	qsort(list, n, sizeof(*list), by_name);
	for (size_t i = 0; i < n; i++)
		printf("%s%s=%s", i ? ", " : " (", list[i]->string,
		       cJSON_IsString(list[i]) ? list[i]->valuestring : "");
	if (n)
		printf(")");
}

static void print_event(const cJSON *ev)
{
	double ns = number(ev, "timeNano");
	time_t at = (time_t)number(ev, "time");
	long part = ns > 0 ? (long)((int64_t)ns % 1000000000) : 0;
	const cJSON *actor = json_obj(ev, "Actor");
	char stamp[40], zone[8];
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	autofree char *offset = str_eq(zone, "+0000") ? str_dup("Z")
						      : str_printf("%.3s:%s", zone, zone + 3);
	printf("%s.%09ld%s %s %s %s", stamp, part, offset, json_str_or(ev, "Type", ""),
	       json_str_or(ev, "Action", ""), json_str_or(actor, "ID", ""));
	print_attributes(json_obj(actor, "Attributes"));
	printf("\n");
}

#define EVENT_TYPE "*events.Message"

/* Every field of Go's struct: those that the daemon left out are empty. */
static void complete_event(cJSON *ev)
{
	static const char all[] = "{\"status\":\"\",\"id\":\"\",\"from\":\"\",\"Type\":\"\","
		"\"Action\":\"\",\"Actor\":{\"ID\":\"\",\"Attributes\":{}},\"scope\":\"\","
		"\"time\":0,\"timeNano\":0}";
	autojson cJSON *empty = cJSON_Parse(all);

	while (empty && empty->child) {
		cJSON *field = cJSON_DetachItemViaPointer(empty, empty->child);
		autofree char *name = str_dup(field->string);

		if (json_obj(ev, name))
			cJSON_Delete(field);
		else
			cJSON_AddItemToObject(ev, name, field);
	}
}

/* Parsed, and tried on an event without content: a wrong name is told at once. */
static int event_format(const char *format, struct template **out, struct err *e)
{
	autojson cJSON *empty = cJSON_CreateObject();
	autostr struct str ignored = { 0 };
	int r = template_parse(format, out, e);

	complete_event(empty);
	return r ? r : template_run(*out, empty, EVENT_TYPE, &ignored, e);
}

static int on_event(void *arg, cJSON *ev)
{
	struct event_sink *s = arg;
	autostr struct str out = { 0 };

	if (s->json) {
		go_json(ev, &out);
		puts(out.s);
	} else if (s->format) {
		complete_event(ev);
		s->failed = template_run(s->format, ev, EVENT_TYPE, &out, s->e);
		puts(out.s);
	} else {
		print_event(ev);
	}
	fflush(stdout);
	return s->failed;
}

static int events_path(const struct options *o, struct str *path, struct err *e)
{
	static const char *const bounds[] = { "since", "until" };

	url_path(path, "/events", NULL, "");
	url_filters(path, opt_all(o, "filter"));
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		const char *text = opt_text(o, bounds[i]);
		autofree char *stamp = NULL;
		int r = text && *text ? value_timestamp(text, &stamp, e) : 0;

		if (r)
			return r;
		url_add(path, bounds[i], stamp);
	}
	return 0;
}

static int events_verb(struct command *c)
{
	const char *format = opt_text(&c->opt, "format");
	autostr struct str path = { 0 };
	struct err e = { 0 };
	struct event_sink s = { .json = format && str_eq(format, "json"), .e = &e };
	struct http *h;
	int r = events_path(&c->opt, &path, &e);

	if (!r && format && *format && !s.json && event_format(format, &s.format, &e)) {
		fprintf(stderr, "Error parsing format: %s\n", e.what);
		template_free(s.format);
		return 64;
	}
	r = r ? r : command_http(c, &h, &e);
	r = r ? r : http_lines(h, "GET", path.s, NULL, on_event, &s, &e);
	template_free(s.format);
	return r || s.failed ? command_fail(c, &e) : 0;
}

static const struct option stats_options[] = {
	{ "all", 'a', &opt_flag, "Show all containers, not only running ones" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "no-stream", 0, &opt_flag, "Show the first figures and end" },
	{ "no-trunc", 0, &opt_flag, "Show everything in full" },
	{ 0 },
};

static const struct option events_options[] = {
	{ "filter", 'f', &opt_filter, "Show only those that fit (name=value)" },
	{ "format", 0, &opt_string, FORMAT_ONE_HELP },
	{ "since", 0, &opt_string, "From this time, or this long ago" },
	{ "until", 0, &opt_string, "Up to this time" },
	{ 0 },
};

const struct verb verbs_stats[] = {
	{ .paths = "container stats|stats", .usage = "[OPTIONS] [CONTAINER...]",
	  .about = "Show what containers use, again and again", .options = stats_options,
	  .max_args = -1, .complete = COMPLETE_RUNNING, .run = stats_verb },
	{ .paths = "system events|events", .usage = "[OPTIONS]",
	  .about = "Show what happens, as it happens", .options = events_options,
	  .run = events_verb },
	{ 0 },
};
