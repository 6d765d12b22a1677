#include "trace/show/show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"

/* One record, with what every level needs of it at hand. */
struct record {
	const cJSON *json;
	const char *kind, *region, *text, *error, *why;
	int pid;
	int64_t start, end, result;
};

typedef void show_fn(struct show *s, const struct record *r, struct str *out);

static const char *on(const struct show *s, const char *code) { return s->colour ? code : ""; }

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define RED "\033[31m"
#define OFF "\033[0m"

static void add_result(const struct show *s, const struct record *r, struct str *out)
{
	if (*r->error)
		str_addf(out, " = %s-1 %s%s", on(s, RED), r->error, on(s, OFF));
	else
		str_addf(out, " = %lld", (long long)r->result);
}

static bool is(const struct record *r, const char *kind) { return str_eq(r->kind, kind); }

/* ---- story ---- */

static struct show_phase *phase_of(struct show *s, const struct record *r)
{
	struct show_phase *spare = &s->phase[0];

	for (size_t i = 0; i < SHOW_PHASES; i++) {
		struct show_phase *p = &s->phase[i];
		if (!p->pid)
			spare = p;
		else if (p->pid == r->pid && str_eq(p->region, r->region))
			return p;
	}
	*spare = (struct show_phase){ .pid = r->pid, .start = r->start };
	snprintf(spare->region, sizeof(spare->region), "%s", r->region);
	return spare;
}

static void story_line(const struct show *s, const struct show_phase *p, struct str *out)
{
	str_addf(out, "%7.2f ms  %s%-10s%s  %s (%d %s)", (double)p->ns / 1e6, on(s, BOLD),
		 p->region, on(s, OFF), p->text, p->calls, p->calls == 1 ? "call" : "calls");
	if (p->failed)
		str_addf(out, ", %s%d failed, the last %s%s", on(s, RED),
			 p->failed, p->last_failure, on(s, OFF));
	str_add(out, "\n");
}

void show_flush(struct show *s, struct str *out)
{
	for (size_t i = 0; i < s->n_held; i++)
		story_line(s, &s->held[i], out);
	s->n_held = 0;
}

bool show_busy(const struct show *s, int64_t within_ns)
{
	int64_t now = (int64_t)clock_mono_ns();

	for (size_t i = 0; i < SHOW_PHASES; i++)
		if (s->phase[i].pid && now - s->phase[i].start < within_ns)
			return true;
	return false;
}

/* On the way to a program two processes take turns, and the last phase is entered
 * twice: what has the same name is one line, where it ended last. */
static void hold(struct show *s, struct show_phase *p, struct str *out)
{
	size_t i = 0;

	while (i < s->n_held && !str_eq(s->held[i].region, p->region))
		i++;
	if (i < s->n_held) {
		p->calls += s->held[i].calls;
		p->ns += s->held[i].ns;
		p->failed += s->held[i].failed;
		if (!*p->last_failure)
			memcpy(p->last_failure, s->held[i].last_failure, sizeof(p->last_failure));
		memmove(&s->held[i], &s->held[i + 1], (--s->n_held - i) * sizeof(s->held[0]));
	} else if (s->n_held == SHOW_HELD) {
		show_flush(s, out);
	}
	s->held[s->n_held++] = *p;
}

/* The way to a program ends with the program, or with a failure. */
static bool on_the_way(const struct record *r)
{
	return !str_eq(r->region, "exit") && !str_eq(r->region, "cleanup") &&
	       !str_eq(r->region, "undo");
}

/* What the daemon does meanwhile, and for itself, is no part of it. */
static bool is_aside(const struct record *r)
{
	return str_eq(json_str_or(r->json, "stage", ""), "daemon") ||
	       !*json_str_or(r->json, "container", "");
}

static void story_close(struct show *s, const struct record *r, struct show_phase *p,
			struct str *out)
{
	p->ns = r->end - r->start;
	snprintf(p->text, sizeof(p->text), "%s", r->text);
	if (is_aside(r)) {
		story_line(s, p, out);
	} else if (on_the_way(r) && !s->ended) {
		hold(s, p, out);
		if (p->is_program)
			show_flush(s, out);
	} else {
		show_flush(s, out);
		story_line(s, p, out);
		s->ended = true;
	}
}

/* Errors that are an answer like any other: it is there already, it isn't there. */
static bool is_answer(const char *error)
{
	return str_eq(error, "EEXIST") || str_eq(error, "ENOENT");
}

static void story(struct show *s, const struct record *r, struct str *out)
{
	struct show_phase *p;

	if (!*r->region)
		return;
	p = phase_of(s, r);
	if (str_eq(r->region, "namespaces"))
		s->ended = false;
	if (is(r, "call")) {
		p->calls++;
		p->is_program |= strncmp(json_str_or(r->json, "call", ""), "execve", 6) == 0;
		if (*r->error && !is_answer(r->error)) {
			p->failed++;
			snprintf(p->last_failure, sizeof(p->last_failure), "%s: %s",
				 json_str_or(r->json, "call", ""), r->error);
		}
	} else if (is(r, "close")) {
		if (p->calls)
			story_close(s, r, p, out);
		*p = (struct show_phase){ 0 };
	}
}

/* ---- mechanism, raw ---- */

static void mechanism(struct show *s, const struct record *r, struct str *out)
{
	if (!is(r, "call"))
		return;
	if (*r->region && !str_eq(s->region, r->region))
		str_addf(out, "%s-- %s%s\n", on(s, BOLD), r->region, on(s, OFF));
	snprintf(s->region, sizeof(s->region), "%s", r->region);
	str_addf(out, "   %s", r->text);
	add_result(s, r, out);
	str_addf(out, "  %s# %s%s\n", on(s, DIM), r->why, on(s, OFF));
}

static void raw(struct show *s, const struct record *r, struct str *out)
{
	str_addf(out, "%6lld %10.3f ms  %-10s %7d  %-10s ", (long long)json_int(r->json, "seq", 0),
		 (double)(r->end - (int64_t)s->first_ns) / 1e6,
		 json_str_or(r->json, "stage", ""), r->pid, r->region);
	if (!is(r, "call")) {
		str_addf(out, "%s %s\n", r->kind, r->text);
		return;
	}
	str_add(out, r->text);
	add_result(s, r, out);
	str_addf(out, "  %s<%.6f>%s\n", on(s, DIM), (double)(r->end - r->start) / 1e9, on(s, OFF));
}

/* ---- strace ---- */

/* strace's -f -tt -T: process, time of day, call, result, time taken. */
static void strace(struct show *s, const struct record *r, struct str *out)
{
	const cJSON *lines = json_obj(r->json, "strace"), *line;
	int64_t wall = r->start + s->wall_offset;
	time_t seconds = (time_t)(wall / 1000000000);
	struct tm tm;
	char clock[16];

	if (!is(r, "call"))
		return;
	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	cJSON_ArrayForEach(line, lines) {
		str_addf(out, "[pid %5d] %s.%06lld %s", r->pid, clock,
			 (long long)(wall % 1000000000 / 1000), cJSON_GetStringValue(line));
		if (!line->next)
			str_addf(out, " <%.6f>", (double)(r->end - r->start) / 1e9);
		str_add(out, "\n");
	}
}

/* ---- all levels ---- */

static const struct { const char *name; show_fn *fn; bool headlines; } levels[] = {
	[SHOW_STORY] = { "story", story, true },
	[SHOW_MECHANISM] = { "mechanism", mechanism, true },
	[SHOW_RAW] = { "raw", raw, true },
	[SHOW_STRACE] = { "strace", strace, false },
	[SHOW_JSON] = { "json", NULL, false },
};

int show_level(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (str_eq(levels[i].name, name))
			return (int)i;
	return -1;
}

void show_init(struct show *s, enum show_level level, bool colour)
{
	*s = (struct show){ .level = level, .colour = colour };
	s->wall_offset = (int64_t)(clock_wall_ns() - clock_mono_ns());
}

static bool other_container(const struct show *s, const char *id)
{
	return *id && strncmp(s->container, id, 12) != 0;
}

static void show_record(struct show *s, const cJSON *j, struct str *out)
{
	struct record r = {
		.json = j,
		.kind = json_str_or(j, "kind", ""), .region = json_str_or(j, "region", ""),
		.text = json_str_or(j, "text", ""), .error = json_str_or(j, "errno", ""),
		.why = json_str_or(j, "why", ""), .pid = (int)json_int(j, "pid", 0),
		.start = json_int(j, "start", 0), .end = json_int(j, "end", 0),
		.result = json_int(j, "result", 0),
	};
	const char *id = json_str_or(j, "container", "");
	struct str body = { 0 };
	bool other = other_container(s, id);

	if (other) {
		s->region[0] = '\0';
		s->ended = false;
		show_flush(s, out);
	}
	if (!s->first_ns)
		s->first_ns = (uint64_t)r.start;
	if (is(&r, "dropped") && s->level != SHOW_STRACE) {
		show_flush(s, &body);
		str_addf(&body, "   (%lld calls were too fast to be kept: they are missing here)\n",
			 (long long)r.result);
	} else {
		levels[s->level].fn(s, &r, &body);
	}
	if (other && (body.len || s->n_held) && levels[s->level].headlines) {
		snprintf(s->container, sizeof(s->container), "%.12s", id);
		str_addf(out, "%scontainer %s%s\n", on(s, BOLD), s->container, on(s, OFF));
	}
	str_addn(out, body.s, body.len);
	str_free(&body);
}

int show_line(struct show *s, const char *json, size_t n, struct str *out)
{
	autojson cJSON *j = NULL;

	if (s->level == SHOW_JSON) {
		str_addn(out, json, n);
		str_add(out, "\n");
		return 0;
	}
	if (json_parse(json, n, &j, NULL) < 0 || !cJSON_IsObject(j))
		return -EINVAL;
	show_record(s, j, out);
	return 0;
}
