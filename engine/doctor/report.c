/* report.c - what was found, for people and for programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/wrap.h"
#include "doctor/probe.h"

static const char *const about[] = {
	[BACKEND_LINUX] = "linux: as root of this machine",
	[BACKEND_ROOTLESS] = "rootless: as any user, in a user namespace",
	[BACKEND_SIM] = "sim: a kernel of our own, simulated",
};
static const char *const runs_words[] = {
	[RUNS_FULLY] = "runs", [RUNS_PARTLY] = "runs, but", [RUNS_NOT] = "doesn't run",
};

/* ---- text ---- */

enum tone { GOOD, WARN, BAD, DIM, HEAD };

struct page { const struct report_style *style; struct str *out; };

static void coloured(struct page *p, enum tone t, const char *text)
{
	static const char *const codes[] = {
		[GOOD] = "32", [WARN] = "33", [BAD] = "31", [DIM] = "2", [HEAD] = "1",
	};

	if (p->style->colours)
		str_addf(p->out, "\033[%sm%s\033[0m", codes[t], text);
	else
		str_add(p->out, text);
}

#define HANG 10

/* "  word     text, wrapped below itself" */
static void line(struct page *p, enum tone t, const char *word, const char *text)
{
	autofree char *label = str_printf("  %-*s", HANG - 2, word);

	coloured(p, t, label);
	wrap_text(p->out, text, p->style->width, HANG, HANG);
	if (p->out->s[p->out->len - 1] != '\n')
		str_add(p->out, "\n");
}

static void row_text(struct page *page, const struct probe *p, const struct finding *f, bool must)
{
	bool there = f->state == THERE;
	autofree char *text = str_printf("%s%s%s", p->what, *f->said ? ": " : "", f->said);
	bool as_root;

	if (f->state != MISSING) {
		line(page, there ? GOOD : DIM, there ? "there" : "unclear", text);
		return;
	}
	const char *mend = mend_of(p, f, &as_root);
	autofree char *loss = str_printf("%s -- %s", text, p->cost);
	autofree char *cure = str_printf("mend%s: %s", as_root ? ", as root" : "", mend);
	line(page, must ? BAD : WARN, must ? "missing" : "costs", loss);
	line(page, DIM, "", cure);
}

/* on: the rows of this backend alone; EVERY: those of all. */
static void group_text(struct page *page, const struct diagnosis *d, const char *title,
		       enum trace_backend b, bool common)
{
	int untried = 0;

	coloured(page, HEAD, title);
	str_add(page->out, "\n");
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = &probes[i];
		if (!(probe_for(p) & 1 << b) || (probe_for(p) == EVERY) != common)
			continue;
		if (finding_of(d->all, p, b)->state == UNTRIED)
			untried++;
		else
			row_text(page, p, finding_of(d->all, p, b), p->must & 1 << b);
	}
	autofree char *rest = str_printf("%d more, which need what is missing", untried);
	if (untried)
		line(page, DIM, "untried", rest);
	str_add(page->out, "\n");
}

static void steps_text(struct page *page, const struct diagnosis *d)
{
	static const enum tone tones[] = { GOOD, WARN, BAD };

	for (int i = 0; d->ask.steps[i]; i++) {
		const struct probe *why;
		enum runs r = step_runs(d, (enum trace_backend)d->chosen, d->ask.steps[i], &why);
		autofree char *number = str_printf("%2d", i + 1);
		autofree char *text = str_printf("%-12s %s%s%s", d->ask.steps[i], runs_words[r],
						 r == RUNS_PARTLY ? " " : why ? ": " : "",
						 !why ? "" : r == RUNS_PARTLY ? why->cost : why->what);
		line(page, tones[r], number, text);
	}
}

static void choice_text(struct page *page, const struct diagnosis *d)
{
	const char *why = d->why;
	autofree char *text = d->chosen < 0 ?
		str_printf("No backend works here: %s.", why) :
		str_printf("The backend is %s%s%s.", trace_backend_names[d->chosen],
			   *why ? ", since " : "", why);

	wrap_text(page->out, text, page->style->width, 0, 0);
	str_add(page->out, "\n");
	if (d->chosen >= 0) {
		str_add(page->out, "The lab's steps on it:\n");
		steps_text(page, d);
	}
}

void report_text(const struct diagnosis *d, const struct report_style *style, struct str *out)
{
	struct page page = { style, out };

	group_text(&page, d, "every backend", backend_order[0], true);
	for (size_t i = 0; i < n_backends; i++)
		group_text(&page, d, about[backend_order[i]], backend_order[i], false);
	choice_text(&page, d);
}

/* ---- JSON ---- */

static cJSON *row_json(const struct probe *p, const struct finding *f, bool must)
{
	static const char *const words[] = {
		[UNTRIED] = "untried", [THERE] = "there", [MISSING] = "missing",
		[UNCLEAR] = "unclear",
	};
	cJSON *o = cJSON_CreateObject();
	bool as_root;
	const char *mend = mend_of(p, f, &as_root);

	json_put_str(o, "id", p->id);
	json_put_str(o, "what", p->what);
	json_put_bool(o, "required", must);
	json_put_str(o, "state", words[f->state]);
	json_put_str(o, "found", f->said);
	if (f->state == MISSING) {
		json_put_str(o, "cost", p->cost);
		json_put_str(o, "mend", mend);
		json_put_bool(o, "as_root", as_root);
	}
	return o;
}

static cJSON *steps_json(const struct diagnosis *d, enum trace_backend b)
{
	static const char *const words[] = { "fully", "partly", "not" };
	cJSON *all = cJSON_CreateArray();

	for (int i = 0; d->ask.steps[i]; i++) {
		const struct probe *why;
		cJSON *o = cJSON_CreateObject();
		json_put_int(o, "number", i + 1);
		json_put_str(o, "name", d->ask.steps[i]);
		json_put_str(o, "runs", words[step_runs(d, b, d->ask.steps[i], &why)]);
		json_put_str(o, "because", why ? why->id : NULL);
		cJSON_AddItemToArray(all, o);
	}
	return all;
}

static cJSON *backend_json(const struct diagnosis *d, enum trace_backend b)
{
	const struct probe *lacks = backend_lacks(d->all, b);
	cJSON *o = cJSON_CreateObject(), *rows = cJSON_CreateArray();

	json_put_str(o, "name", trace_backend_names[b]);
	json_put_bool(o, "works", !lacks);
	json_put_str(o, "lacks", lacks ? lacks->id : NULL);
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = &probes[i];
		if (probe_for(p) & 1 << b)
			cJSON_AddItemToArray(rows, row_json(p, finding_of(d->all, p, b),
							    p->must & 1 << b));
	}
	json_put(o, "probes", rows);
	json_put(o, "steps", steps_json(d, b));
	return o;
}

char *report_json(const struct diagnosis *d)
{
	autojson cJSON *o = cJSON_CreateObject();
	cJSON *all = cJSON_CreateArray();

	json_put_int(o, "version", 1);
	json_put_bool(o, "good", diagnosis_good(d));
	json_put_str(o, "backend", d->chosen < 0 ? NULL : trace_backend_names[d->chosen]);
	json_put_str(o, "why", d->why);
	for (size_t i = 0; i < n_backends; i++)
		cJSON_AddItemToArray(all, backend_json(d, backend_order[i]));
	json_put(o, "backends", all);
	return cJSON_Print(o);
}
