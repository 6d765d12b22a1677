/* choice.c - from what there is to a backend, and to the lab's steps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/rights.h"
#include "doctor/probe.h"

const enum trace_backend backend_order[] = { BACKEND_LINUX, BACKEND_ROOTLESS };
const size_t n_backends = ARRAY_SIZE(backend_order);

const struct finding *finding_of(struct finding *all, const struct probe *p,
				 enum trace_backend b)
{
	enum place at = !p->inside ? PLACE_HERE : b == BACKEND_LINUX ? PLACE_LINUX : PLACE_ROOTLESS;

	return &findings_at(all, at)[p - probes];
}

const struct probe *backend_lacks(struct finding *all, enum trace_backend b)
{
	for (size_t i = 0; i < n_probes; i++)
		if ((probes[i].must & 1 << b) && finding_of(all, &probes[i], b)->state == MISSING)
			return &probes[i];
	return NULL;
}

#define ASK_DOCTOR "`drydock doctor` says what is missing, and what mends it"

/* "linux lacks root; rootless lacks user namespace" */
static void add_lack(char why[200], enum trace_backend b, const struct probe *lacks)
{
	size_t n = strlen(why);

	snprintf(why + n, 200 - n, "%s%s lacks %s", n ? "; " : "", trace_backend_names[b], lacks->what);
}

const char *mend_of(const struct probe *p, const struct finding *f, bool *as_root)
{
	const char *mend = *f->mend ? f->mend : p->mend;

	*as_root = *mend == '#';
	return mend + 2;	/* behind the prompt */
}

/* ---- the daemon's question -------------------------------------------------------- */

/* What all need doesn't tell them apart: without it the one that is chosen says so. */
static bool tells_linux(const struct probe *p, enum place at)
{
	return (p->must & LINUX) && p->must != EVERY && p->inside == (at != PLACE_HERE);
}

static bool tells_rootless(const struct probe *p, enum place at)
{
	return (p->must & ROOTLESS) && p->must != EVERY && p->inside == (at != PLACE_HERE);
}

static const struct probe *try_at(struct round *r, struct finding *all, enum trace_backend b,
				  enum place at)
{
	r->wanted = b == BACKEND_LINUX ? tells_linux : tells_rootless;
	r->place = at;
	r->f = findings_at(all, at);
	round_run(r);
	return backend_lacks(all, b);
}

/* Here first: who isn't root needn't try what root alone can do. */
static const struct probe *try_backend(struct round *r, struct finding *all, enum trace_backend b)
{
	const struct probe *lacks = b == BACKEND_SIM ? NULL : try_at(r, all, b, PLACE_HERE);

	if (lacks || b == BACKEND_SIM)
		return lacks;
	return try_at(r, all, b, b == BACKEND_LINUX ? PLACE_LINUX : PLACE_ROOTLESS);
}

/* Who asks for one by name gets it, or hears why not before anything is made: what it
 * can't be without here.  The rest shows when it is used. */
static int take_named(const struct doctor_ask *ask, struct finding *all, enum trace_backend b,
		      struct err *e)
{
	struct round r = { .ask = ask };
	const struct probe *lacks = b == BACKEND_SIM ? NULL : try_at(&r, all, b, PLACE_HERE);

	if (!lacks)
		return 0;
	const struct finding *f = finding_of(all, lacks, b);
	bool as_root;
	const char *mend = mend_of(lacks, f, &as_root);
	err_set(e, EPERM, "backend %s: it lacks %s%s%s", trace_backend_names[b], lacks->what,
		*f->said ? ": " : "", f->said);
	return err_hint(e, "%s`%s`; `drydock doctor` says more", as_root ? "as root, " : "", mend);
}

static int choose_by_trying(const struct doctor_ask *ask, struct finding *all,
			    struct backend_choice *out, struct err *e)
{
	struct round r = { .ask = ask, .scratch = scratch_make(ask->data_root) };
	const struct probe *lacks = NULL;

	for (size_t i = 0; i < n_backends; i++) {
		out->backend = backend_order[i];
		if (!(lacks = try_backend(&r, all, out->backend)))
			break;
		add_lack(out->why, out->backend, lacks);
	}
	scratch_remove(r.scratch);
	if (!lacks)
		return 0;
	err_set(e, EOPNOTSUPP, "no backend works here: %s", out->why);
	return err_hint(e, "%s", ASK_DOCTOR);
}

int backend_choose(const struct doctor_ask *ask, const char *wanted, struct backend_choice *out,
		   struct err *e)
{
	size_t i = 0;
	int r;

	*out = (struct backend_choice){ 0 };
	while (i < n_backends && !str_eq(wanted, trace_backend_names[backend_order[i]]))
		i++;
	if (i == n_backends && !str_eq(wanted, "auto"))
		return err_set(e, EINVAL, "backend \"%s\" is not part of this build", wanted);
	struct finding *all = findings_new();
	if (!all)
		return err_sys(e, errno, "choose a backend");
	if (i < n_backends)
		r = take_named(ask, all, out->backend = backend_order[i], e);
	else
		r = choose_by_trying(ask, all, out, e);
	findings_free(all);
	return r;
}

/* ---- the whole examination --------------------------------------------------------- */

static bool is_here(const struct probe *p, enum place at) { return !p->inside; }

static bool is_inside(const struct probe *p, enum place at)
{
	int backend = at == PLACE_LINUX ? LINUX : ROOTLESS;

	return p->inside && (probe_for(p) & backend);
}

/* Where the door is shut there is nothing to try behind it. */
static void examine_inside(struct round *r, struct finding *all, enum trace_backend b)
{
	r->place = b == BACKEND_LINUX ? PLACE_LINUX : PLACE_ROOTLESS;
	r->f = findings_at(all, r->place);
	r->wanted = is_inside;
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = &probes[i];
		if (p->door == 1 << b && finding_of(all, p, b)->state == MISSING)
			return;
	}
	round_run(r);
}

static void choose_by_findings(struct diagnosis *d)
{
	d->chosen = -1;
	for (size_t i = 0; i < n_backends && d->chosen < 0; i++) {
		enum trace_backend b = backend_order[i];
		const struct probe *lacks = backend_lacks(d->all, b);
		if (!lacks)
			d->chosen = (int)b;
		else
			add_lack(d->why, b, lacks);
	}
}

int doctor_examine(const struct doctor_ask *ask, struct diagnosis **out, struct err *e)
{
	struct diagnosis *d = mem_alloc(sizeof(*d));
	struct round r = { .ask = &d->ask, .wanted = is_here };

	d->ask = *ask;
	if (!(d->all = findings_new())) {
		free(d);
		return err_sys(e, errno, "examine this machine");
	}
	r.scratch = scratch_make(ask->data_root);
	r.f = findings_at(d->all, PLACE_HERE);
	round_run(&r);
	for (size_t i = 0; i < n_backends; i++)
		if (backend_order[i] != BACKEND_SIM)
			examine_inside(&r, d->all, backend_order[i]);
	scratch_remove(r.scratch);
	choose_by_findings(d);
	*out = d;
	return 0;
}

void diagnosis_free(struct diagnosis *d)
{
	if (d)
		findings_free(d->all);
	free(d);
}

/* ---- the lab's steps --------------------------------------------------------------- */

static bool names(const char *list, const char *step)
{
	size_t n = strlen(step);

	if (!list || str_eq(list, "all"))
		return list != NULL;
	for (const char *at = list; (at = strstr(at, step)); at += n)
		if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

enum runs step_runs(const struct diagnosis *d, enum trace_backend b, const char *step,
		    const struct probe **why)
{
	enum runs worst = RUNS_FULLY;

	*why = NULL;
	for (size_t i = 0; i < n_probes && worst < RUNS_NOT; i++) {
		const struct probe *p = &probes[i];
		if (!(probe_for(p) & 1 << b) || finding_of(d->all, p, b)->state != MISSING)
			continue;
		enum runs this = (p->must & 1 << b) || names(p->breaks, step) ? RUNS_NOT :
				 names(p->dims, step) ? RUNS_PARTLY : RUNS_FULLY;
		if (this > worst) {
			worst = this;
			*why = p;
		}
	}
	return worst;
}

static bool runs_all(const struct diagnosis *d, enum trace_backend b)
{
	const struct probe *why;

	for (int i = 0; i < LAB_STEPS && d->ask.steps[i]; i++)
		if (step_runs(d, b, d->ask.steps[i], &why) == RUNS_NOT)
			return false;
	return !backend_lacks(d->all, b);
}

bool diagnosis_good(const struct diagnosis *d)
{
	for (size_t i = 0; i < n_backends; i++)
		if (runs_all(d, backend_order[i]))
			return true;
	return false;
}
