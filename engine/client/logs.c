/* logs.c - verbs that look into one container: logs, top, port, diff. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/listing.h"
#include "client/url.h"
#include "client/rows.h"
#include "client/show.h"
#include "client/stream.h"
#include "client/values.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"

static int get(struct command *c, const char *what, struct http_answer *a, struct err *e)
{
	autostr struct str path = { 0 };
	struct http *h;
	int r = command_http(c, &h, e);

	url_path(&path, "/containers/", c->opt.args[0], what);
	return r ? r : http_call(h, "GET", path.s, NULL, a, e);
}

static int add_time(struct str *path, const struct options *o, const char *name, struct err *e)
{
	const char *text = opt_text(o, name);
	autofree char *stamp = NULL;
	int r = text && *text ? value_timestamp(text, &stamp, e) : 0;

	if (r)
		return err_wrap(e, "invalid value for \"%s\"", name);
	url_add(path, name, stamp);
	return 0;
}

static int logs_path(const struct options *o, const char *id, struct str *path, struct err *e)
{
	int r;

	url_path(path, "/containers/", id, "/logs");
	url_add(path, "stdout", "1");
	url_add(path, "stderr", "1");
	url_flag(path, "follow", opt_on(o, "follow"));
	url_flag(path, "timestamps", opt_on(o, "timestamps"));
	url_flag(path, "details", opt_on(o, "details"));
	url_add(path, "tail", opt_text(o, "tail"));
	r = add_time(path, o, "since", e);
	return r ? r : add_time(path, o, "until", e);
}

static int print_raw(void *arg, const char *data, size_t n)
{
	return write_all(STDOUT_FILENO, data, n);
}

static int print_frames(void *arg, const char *data, size_t n)
{
	return demux_feed(arg, data, n, demux_print, NULL);
}

static int logs_verb(struct command *c)
{
	autostr struct str path = { 0 };
	struct http_answer a = { 0 };
	struct demux frames = { 0 };
	struct err e = { 0 };
	struct http *h;
	int r = get(c, "/json", &a, &e);
	bool tty = json_bool(json_obj(a.json, "Config"), "Tty");

	r = r ? r : logs_path(&c->opt, json_str_or(a.json, "Id", c->opt.args[0]), &path, &e);
	http_answer_free(&a);
	r = r ? r : command_http(c, &h, &e);
	r = r ? r : http_stream(h, "GET", path.s, NULL, tty ? print_raw : print_frames, &frames, &e);
	return r ? command_fail(c, &e) : 0;
}

static void add_cells(const cJSON *cells, struct str *out)
{
	const cJSON *cell;

	cJSON_ArrayForEach(cell, cells)
		str_addf(out, "%s%s", cell != cells->child ? "\t" : "",
			 cJSON_IsString(cell) ? cell->valuestring : "");
	str_add(out, "\n");
}

static int top_verb(struct command *c)
{
	autostr struct str path = { 0 }, args = { 0 }, text = { 0 }, table = { 0 };
	struct http_answer a = { 0 };
	struct http *h;
	struct err e = { 0 };
	const cJSON *row;

	for (char **arg = c->opt.args + 1; *arg; arg++)
		str_addf(&args, "%s%s", args.len ? " " : "", *arg);
	url_path(&path, "/containers/", c->opt.args[0], "/top");
	url_add(&path, "ps_args", args.s);
	if (command_http(c, &h, &e) || http_call(h, "GET", path.s, NULL, &a, &e))
		return command_fail(c, &e);
	add_cells(json_obj(a.json, "Titles"), &text);
	cJSON_ArrayForEach(row, json_obj(a.json, "Processes"))
		add_cells(row, &text);
	table_align(text.s, 20, 3, &table);	/* docker's own widths for top */
	fputs(table.s, stdout);
	http_answer_free(&a);
	return 0;
}

/* "80" and "80/tcp" alike as the API's key. Caller frees. */
static char *port_key(const char *text)
{
	return strchr(text, '/') ? str_dup(text) : str_printf("%s/tcp", text);
}

static int by_text(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	int p = atoi(x), q = atoi(y);	/* lines begin with the port's number */

	return p != q ? p - q : strcmp(x, y);
}

/* The lines of one port: "80/tcp -> 0.0.0.0:8080", or the address alone. */
static void port_lines(const cJSON *bindings, bool alone, char ***lines)
{
	const cJSON *b;

	cJSON_ArrayForEach(b, bindings) {
		autofree char *to = show_host_port(json_str_or(b, "HostIp", ""),
						   json_str_or(b, "HostPort", ""));
		autofree char *line = alone ? str_dup(to)
					    : str_printf("%s -> %s", bindings->string, to);
		strv_add(lines, line);
	}
}

static int print_lines(char **lines)
{
	if (lines)
		qsort(lines, strv_len(lines), sizeof(*lines), by_text);
	for (char **l = lines; l && *l; l++)
		puts(*l);
	strv_free(lines);
	return 0;
}

static int port_verb(struct command *c)
{
	struct http_answer a = { 0 };
	struct err e = { 0 };
	char **lines = NULL;
	const cJSON *ports, *p;

	if (get(c, "/json", &a, &e))
		return command_fail(c, &e);
	ports = json_obj(json_obj(a.json, "NetworkSettings"), "Ports");
	if (c->opt.n_args > 1) {
		autofree char *key = port_key(c->opt.args[1]);
		port_lines(json_obj(ports, key), true, &lines);
	} else {
		cJSON_ArrayForEach(p, ports)
			port_lines(p, false, &lines);
	}
	http_answer_free(&a);
	if (c->opt.n_args > 1 && !lines) {
		fprintf(stderr, "Error: No public port '%s' published for %s\n", c->opt.args[1],
			c->opt.args[0]);
		return 1;
	}
	return print_lines(lines);
}

static int diff_verb(struct command *c)
{
	static const char kinds[] = "CAD";	/* the API's numbers 0, 1, 2 */
	struct http_answer a = { 0 };
	struct err e = { 0 };
	const cJSON *change;

	if (get(c, "/changes", &a, &e))
		return command_fail(c, &e);
	cJSON_ArrayForEach(change, a.json) {
		int64_t kind = json_int(change, "Kind", 0);

		printf("%c %s\n", kind >= 0 && kind < 3 ? kinds[kind] : '?',
		       json_str_or(change, "Path", ""));
	}
	http_answer_free(&a);
	return 0;
}

static const struct option logs_options[] = {
	{ "details", 0, &opt_flag, "Show what the log driver added" },
	{ "follow", 'f', &opt_flag, "Go on as more is written" },
	{ "since", 0, &opt_string, "From this time (2013-01-02T13:23:37Z), or this long ago (42m)" },
	{ "tail", 'n', &opt_string, "Only so many lines from the end", "all" },
	{ "timestamps", 't', &opt_flag, "Show when each line was written" },
	{ "until", 0, &opt_string, "Up to this time, or this long ago" },
	{ 0 },
};

const struct verb verbs_logs[] = {
	{ .paths = "container logs|logs", .usage = "[OPTIONS] CONTAINER",
	  .about = "Show what a container has written", .options = logs_options, .min_args = 1,
	  .max_args = 1, .complete = COMPLETE_CONTAINER, .run = logs_verb },
	{ .paths = "container top|top", .usage = "CONTAINER [ps OPTIONS]",
	  .about = "Show a container's processes", .min_args = 1, .max_args = -1,
	  .stop_early = true, .complete = COMPLETE_RUNNING, .run = top_verb },
	{ .paths = "container port|port", .usage = "CONTAINER [PRIVATE_PORT[/PROTO]]",
	  .about = "Show where a container's ports are published", .min_args = 1, .max_args = 2,
	  .complete = COMPLETE_RUNNING, .run = port_verb },
	{ .paths = "container diff|diff", .usage = "CONTAINER",
	  .about = "Show what a container changed in its file system", .min_args = 1,
	  .max_args = 1, .complete = COMPLETE_CONTAINER, .run = diff_verb },
	{ 0 },
};
