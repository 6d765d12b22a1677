#include "labs/shell/live.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"

static const char *const levels[] = {
	[LIVE_OFF] = "off", [LIVE_STORY] = "story", [LIVE_MECHANISM] = "mechanism", [LIVE_RAW] = "raw",
};

int live_level(const char *name)
{
	if (str_eq(name, "on"))
		return LIVE_STORY;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (str_eq(levels[i], name))
			return (int)i;
	return -1;
}

const char *live_level_name(enum live_level l) { return levels[l]; }

/* The open phase this record belongs to, or a free one. */
static struct live_phase *phase_of(struct live *l, const char *container, const char *region)
{
	struct live_phase *spare = &l->phase[0];
	for (size_t i = 0; i < LIVE_PHASES; i++) {
		struct live_phase *p = &l->phase[i];
		if (!p->region[0])
			spare = p;
		else if (strncmp(p->container, container, 12) == 0 && str_eq(p->region, region))
			return p;
	}
	*spare = (struct live_phase){ 0 };
	snprintf(spare->container, sizeof(spare->container), "%.12s", container);
	snprintf(spare->region, sizeof(spare->region), "%s", region);
	return spare;
}

static double ms(const cJSON *j)
{
	return (double)(json_int(j, "end", 0) - json_int(j, "start", 0)) / 1e6;
}

static void add_line(struct live *l, const struct screen *s, const char *text)
{
	str_addf(&l->pending, "%s| ", screen_on(s, TONE_DIM));
	screen_wrap(&l->pending, text, s->width - 1, 2, 4);
	str_addf(&l->pending, "%s\n", screen_off(s));
}

static void add_phase(struct live *l, const struct screen *s, const cJSON *j,
		      struct live_phase *p)
{
	autofree char *text = str_printf("%-10s %s (%d calls, %.1f ms)", p->region,
					 json_str_or(j, "text", ""), p->calls, ms(j));
	add_line(l, s, text);
}

static void add_call(struct live *l, const struct screen *s, const cJSON *j)
{
	const char *why = json_str_or(j, "why", ""), *error = json_str_or(j, "errno", "");
	struct str text = { 0 };
	str_addf(&text, "%s = %lld%s%s", json_str_or(j, "text", ""),
		 (long long)json_int(j, "result", 0), *error ? " " : "", error);
	if (l->level == LIVE_RAW)
		str_addf(&text, "  [%s %lld, %.3f ms]", json_str_or(j, "stage", ""),
			 (long long)json_int(j, "pid", 0), ms(j));
	else if (*why)
		str_addf(&text, "  -- %s", why);
	add_line(l, s, text.s);
	str_free(&text);
}

static void take(struct live *l, const struct screen *s, const cJSON *j)
{
	const char *kind = json_str_or(j, "kind", "");
	struct live_phase *p = phase_of(l, json_str_or(j, "container", ""),
					json_str_or(j, "region", ""));
	if (str_eq(kind, "call")) {
		p->calls++;
		if (str_eq(json_str(j, "call"), "execve") && json_int(j, "result", -1) == 0)
			l->started = true;
		if (l->level >= LIVE_MECHANISM)
			add_call(l, s, j);
	} else if (str_eq(kind, "close")) {
		if (l->level == LIVE_STORY && p->calls)
			add_phase(l, s, j, p);
		*p = (struct live_phase){ 0 };
	} else if (str_eq(kind, "dropped")) {
		add_line(l, s, "(some calls were too fast to be written down)");
	}
}

void live_line(struct live *l, const struct screen *s, const char *line, size_t n)
{
	cJSON *j;
	if (l->level == LIVE_OFF || json_parse(line, n, &j, NULL) < 0)
		return;
	take(l, s, j);
	cJSON_Delete(j);
}

bool live_flush(struct live *l, const struct screen *s)
{
	l->started = false;
	if (!l->pending.len)
		return false;
	fwrite(l->pending.s, 1, l->pending.len, stdout);
	fflush(stdout);
	str_clear(&l->pending);
	return true;
}
