#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/http.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "trace/show/show.h"

static const char usage[] =
	"Usage: drydock trace [-f] [--container NAME] [--as LEVEL]\n"
	"                     [--since SEQ]\n"
	"\n"
	"Shows the kernel calls that Drydock made.\n"
	"\n"
	"  -f, --follow          go on as calls are made; without\n"
	"                        --since, from now on\n"
	"      --container NAME  only the calls made for this\n"
	"                        container (name or id)\n"
	"      --as LEVEL        story: one line a phase; mechanism:\n"
	"                        a line a call, with its reason\n"
	"                        (the default); raw: with times and\n"
	"                        processes; strace: as strace -f\n"
	"                        prints them; json: for programs\n"
	"      --since SEQ       only what came after the event of\n"
	"                        this number\n"
	"      --host URL        the daemon's socket\n"
	"      --plain           no colour\n";

struct request {
	const char *container, *host;
	int64_t since;		/* -1: not given */
	int level;
	bool follow, plain;
};

struct output {
	struct show show;
	struct str part;	/* a line that hasn't arrived whole */
	struct str text;
};

static int64_t number(const char *text)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	return end == text || *end || v < 0 ? -1 : v;
}

/* 0; 1: help was shown; -EINVAL: said what is wrong. */
static int parse(int argc, char **argv, struct request *q)
{
	static const struct option known[] = {
		{ "follow", no_argument, NULL, 'f' }, { "container", required_argument, NULL, 'c' },
		{ "as", required_argument, NULL, 'a' }, { "since", required_argument, NULL, 's' },
		{ "host", required_argument, NULL, 'H' }, { "plain", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' }, { 0 },
	};
	*q = (struct request){ .since = -1, .level = SHOW_MECHANISM };
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, "fh", known, NULL)) != -1;) {
		if (c == 'f')
			q->follow = true;
		else if (c == 'c')
			q->container = optarg;
		else if (c == 'a')
			q->level = show_level(optarg);
		else if (c == 's')
			q->since = number(optarg);
		else if (c == 'H')
			q->host = optarg;
		else if (c == 'p')
			q->plain = true;
		else if (c == 'h')
			return fputs(usage, stdout), 1;
		else
			return -EINVAL;
		if (q->level < 0 || (c == 's' && q->since < 0))
			return fprintf(stderr, "drydock trace: %s: no such %s\n", optarg,
				       c == 's' ? "number" : "level"), -EINVAL;
	}
	if (optind < argc)
		return fprintf(stderr, "drydock trace: unexpected argument: %s\n", argv[optind]),
		       -EINVAL;
	return 0;
}

/* Whole lines of what has arrived so far. */
static int on_data(void *arg, const char *data, size_t n)
{
	struct output *o = arg;
	size_t at = 0;

	str_addn(&o->part, data, n);
	for (;;) {
		const char *end = memchr(o->part.s + at, '\n', o->part.len - at);
		if (!end)
			break;
		size_t len = (size_t)(end - (o->part.s + at));
		if (len)
			show_line(&o->show, o->part.s + at, len, &o->text);
		at += len + 1;
	}
	memmove(o->part.s, o->part.s + at, o->part.len - at + 1);
	o->part.len -= at;
	fwrite(o->text.s, 1, o->text.len, stdout);
	str_clear(&o->text);
	return fflush(stdout) != 0;	/* the reader of our output went away */
}

/* A name's id; what no container is called now may be the id of one that is gone. */
static char *container_id(struct http *h, const char *name)
{
	autofree char *path = str_printf("/containers/%s/json", name);
	struct http_answer a = { 0 };
	struct err e = { 0 };
	char *id;

	if (http_call(h, "GET", path, NULL, &a, &e) < 0)
		return str_dup(name);
	id = str_dup(json_str_or(a.json, "Id", name));
	http_answer_free(&a);
	return id;
}

int64_t trace_last_event(struct http *h)
{
	struct http_answer a = { 0 };
	struct err e = { 0 };
	int64_t last = 0;

	if (http_call(h, "GET", "/drydock/info", NULL, &a, &e) == 0)
		last = json_int(json_obj(a.json, "trace"), "last", 0);
	http_answer_free(&a);
	return last;
}

static int run(const struct request *q, struct err *e)
{
	bool colour = !q->plain && isatty(STDOUT_FILENO) && !getenv("NO_COLOR") &&
		      !str_eq(getenv("TERM"), "dumb");
	struct output o = { 0 };
	struct http *h = NULL;
	int r = http_open(q->host, &h, e);

	if (r < 0)
		return r;
	show_init(&o.show, (enum show_level)q->level, colour);
	int64_t since = q->since >= 0 ? q->since : q->follow ? trace_last_event(h) : 0;
	autofree char *id = q->container ? container_id(h, q->container) : str_dup("");
	autofree char *path = str_printf("/drydock/trace?since=%lld&follow=%d&container=%s",
					 (long long)since, q->follow, id);
	r = http_stream(h, "GET", path, NULL, on_data, &o, e);
	http_close(h);
	show_flush(&o.show, &o.text);
	fwrite(o.text.s, 1, o.text.len, stdout);
	str_free(&o.part);
	str_free(&o.text);
	return r;
}

int cmd_trace(int argc, char **argv)
{
	struct request q;
	struct err e = { 0 };
	int r = parse(argc, argv, &q);

	if (r)
		return r < 0 ? 2 : 0;
	if (run(&q, &e) < 0) {
		err_print(&e);
		return 1;
	}
	return 0;
}
