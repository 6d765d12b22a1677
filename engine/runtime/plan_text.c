#include "runtime/plan_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "kernel/errno.h"
#include "kernel/meta.h"
#include "trace/capture.h"
#include "trace/decode.h"
#include "trace/decorator.h"

static const struct { int op; const char *text; } acts[] = {
	{ ACT_CHECK_CWD, "make sure that the working directory is in the container" },
	{ ACT_HAND_TTY, "hand the terminal's master to the supervisor" },
	{ ACT_HAND_WATCH, "hand the watch's descriptor to the supervisor" },
	{ ACT_WAIT_GO, "wait until docker start says go" },
	{ ACT_INIT, "stay behind as PID 1, go on in a child" },
};

static const char *act_text(int op)
{
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		if (acts[i].op == op)
			return acts[i].text;
	return "?";
}

/* The event a tracer would make of this call, so that both read the same. */
static void as_event(const struct plan *p, const struct plan_step *s, struct trace_event *ev)
{
	struct plan_run r = { .plan = p };
	struct k_call call;
	struct k_spawn how = { .flags = (uint64_t)s->arg[0], .cgroup_fd = -1 };
	struct k_tty pair = { -1, -1 };

	memset(ev, 0, sizeof(*ev));
	plan_call_of(&r, s, &call);
	if (s->op == K_SPAWN)
		call.a[0].p = &how;
	if (s->op == K_TTY_OPEN)
		call.a[1].out = &pair;
	ev->op = (uint16_t)s->op;
	trace_capture(ev, &call);
}

void plan_step_text(struct str *out, const struct plan *p, const struct plan_step *s)
{
	struct trace_event ev;

	if (s->op < 0) {
		str_addf(out, "(%s)", act_text(s->op));
		return;
	}
	const struct k_meta *m = &kernel_meta[s->op];
	as_event(p, s, &ev);
	str_addf(out, "%s(", m->name);
	for (int i = 0; i < m->n_args; i++) {
		str_add(out, i ? ", " : "");
		if (s->kind[i] == ARG_SLOT && s->op != K_SPAWN)
			str_addf(out, "$%s", p->slot_name[s->arg[i]]);
		else
			decode_arg(out, &ev, i);
	}
	str_add(out, ")");
}

static const char *stage_name(const struct plan_step *s)
{
	return s->stage == STAGE_UNDO ? "undo" : trace_stage_names[s->stage];
}

static const char *step_why(const struct plan_step *s)
{
	if (s->why)
		return trace_why_text[s->why];
	return s->op >= 0 ? kernel_meta[s->op].why : "";
}

static const char *expected_name(int err)
{
	return err == PLAN_ANY_ERRNO ? "any error" : errno_name(err);
}

void plan_print(struct str *out, const struct plan *p)
{
	int region = -1;

	for (int i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->step[i];
		autostr struct str call = { 0 };
		if (s->stage == STAGE_UNDO)
			continue;
		if (s->region != region)
			str_addf(out, "%s# %s\n", i ? "\n" : "", trace_region_titles[s->region]);
		region = s->region;
		plan_step_text(&call, p, s);
		if (s->into >= 0)
			str_addf(&call, " = $%s", p->slot_name[s->into]);
		str_addf(out, "%-10s %s\n", stage_name(s), call.s);
		if (*step_why(s))
			str_addf(out, "%-10s   - %s\n", "", step_why(s));
	}
}

static cJSON *step_json(const struct plan *p, const struct plan_step *s)
{
	autostr struct str call = { 0 };
	cJSON *o = cJSON_CreateObject(), *expects = cJSON_AddArrayToObject(o, "expects");

	plan_step_text(&call, p, s);
	json_put_str(o, "stage", stage_name(s));
	json_put_str(o, "region", trace_region_names[s->region]);
	json_put_str(o, "call", s->op >= 0 ? kernel_meta[s->op].name : "");
	json_put_str(o, "text", call.s);
	json_put_str(o, "into", s->into >= 0 ? p->slot_name[s->into] : "");
	json_put_str(o, "why", step_why(s));
	for (int i = 0; i < 3 && s->expected[i]; i++)
		cJSON_AddItemToArray(expects, cJSON_CreateString(expected_name(s->expected[i])));
	if (s->undo >= 0) {
		autostr struct str undo = { 0 };
		plan_step_text(&undo, p, &p->step[s->undo]);
		json_put_str(o, "undo", undo.s);
	}
	return o;
}

cJSON *plan_json(const struct plan *p)
{
	cJSON *a = cJSON_CreateArray();

	for (int i = 0; i < p->n_steps; i++)
		if (p->step[i].stage != STAGE_UNDO)
			cJSON_AddItemToArray(a, step_json(p, &p->step[i]));
	return a;
}
