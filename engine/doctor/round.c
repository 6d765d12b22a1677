/* round.c - each try is a process: what it mounts, makes or breaks goes with it, and one
 * that crashes or hangs is a finding and not the end. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "doctor/probe.h"
#include "rootless/rootless.h"
#include "rootless/switches.h"

#define OWN_WORLD (CLONE_NEWNS | CLONE_NEWNET)
#define PATIENCE 10	/* seconds for one try; each takes milliseconds */

static size_t findings_size(void) { return N_PLACES * n_probes * sizeof(struct finding); }

struct finding *findings_new(void)
{
	void *p = mmap(NULL, findings_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void findings_free(struct finding *f)
{
	if (f)
		munmap(f, findings_size());
}

struct finding *findings_at(struct finding *all, enum place place)
{
	return all + (size_t)place * n_probes;
}

#define WRITE_TEXT(field, fmt)					\
	do {							\
		va_list ap;					\
		va_start(ap, fmt);				\
		vsnprintf(field, sizeof(field), fmt, ap);	\
		va_end(ap);					\
	} while (0)

void says(struct trial *t, const char *fmt, ...) { WRITE_TEXT(t->f->said, fmt); }
void mends(struct trial *t, const char *fmt, ...) { WRITE_TEXT(t->f->mend, fmt); }

/* ---- a folder to try in ---- */

char *nearest_folder(const char *path)
{
	char *at = str_dup(path);

	while (access(at, F_OK) < 0 && strrchr(at, '/') > at)
		*strrchr(at, '/') = '\0';
	if (access(at, F_OK) < 0)
		strcpy(at, "/");
	return at;
}

char *scratch_make(const char *path)
{
	autofree char *at = nearest_folder(path);
	char *name = str_printf("%s/.drydock-doctor.XXXXXX", at);

	if (mkdtemp(name))
		return name;
	free(name);
	return NULL;
}

void scratch_remove(char *scratch)
{
	if (scratch)
		dir_remove(scratch, NULL);
	free(scratch);
}

/* ---- one row ---- */

struct one { struct trial t; const struct probe *p; };

static int carry_out(void *arg)
{
	struct one *o = arg;

	k_prctl(o->t.k, PR_SET_PDEATHSIG, SIGKILL, 0);
	signal(SIGALRM, SIG_DFL);
	alarm(PATIENCE);
	int r = o->p->try ? o->p->try(&o->t) : 0;
	if (r < 0 && !*o->t.f->said)
		says(&o->t, "%s", strerror(-r));
	return r < 0 ? MISSING : r == TRY_UNCLEAR ? UNCLEAR : THERE;
}

static void try_row(const struct round *r, const struct probe *p)
{
	struct one o = { .t = { .k = r->ask->k, .ask = r->ask, .scratch = r->scratch,
				.place = r->place, .f = &r->f[p - probes] }, .p = p };
	struct k_spawn how = { .fn = carry_out, .arg = &o, .flags = p->flags, .cgroup_fd = -1 };
	struct k_exit end = { 0 };
	long pid = k_spawn(o.t.k, &how);

	if (pid < 0) {
		o.t.f->state = MISSING;
		says(&o.t, "%s", strerror((int)-pid));
	} else if (k_wait(o.t.k, (int)pid, 0, &end) < 0 || end.signal || end.code > UNCLEAR) {
		o.t.f->state = UNCLEAR;
		says(&o.t, end.signal == SIGALRM ? "no answer in %d seconds" : "the try ended by signal %d",
		     end.signal == SIGALRM ? PATIENCE : end.signal);
	} else {
		o.t.f->state = (enum state)end.code;
	}
}

/* ---- all of them, at their place ---- */

static int try_all(void *arg)
{
	const struct round *r = arg;

	for (size_t i = 0; i < n_probes; i++)
		if (r->wanted(&probes[i], r->place))
			try_row(r, &probes[i]);
	return 0;
}

/* There is no such place: which namespace is it that isn't to be had?  What needs one
 * to do no harm stays untried. */
static int try_births(void *arg)
{
	const struct round *r = arg;

	for (size_t i = 0; i < n_probes; i++)
		if (r->wanted(&probes[i], r->place) && !probes[i].try)
			try_row(r, &probes[i]);
	return 0;
}

/* As root, and yet nothing that happens there is the machine's. */
static void run_as_root(struct round *r)
{
	struct k_spawn how = { .fn = try_all, .arg = r, .cgroup_fd = -1,
			       .flags = OWN_WORLD };
	struct k_exit end;
	long pid = k_spawn(r->ask->k, &how);

	if (pid < 0)
		try_births(r);
	else
		k_wait(r->ask->k, (int)pid, 0, &end);
}

/* Refused: is there a setting with a name that refuses it?  Asked outside: within a user
 * namespace some of them look different. */
static void ask_switches(struct round *r)
{
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = &probes[i];
		struct trial t = { .k = r->ask->k, .f = &r->f[i] };
		if (!p->forbids || t.f->state != MISSING || !r->wanted(p, r->place))
			continue;
		const struct kernel_switch *s = switch_forbidding(t.k, (enum forbidden)p->forbids);
		if (!s)
			continue;
		says(&t, "%s: %s", s->name, s->why);
		mends(&t, "%c %s", s->anybody ? '$' : '#', s->mend);
	}
}

void round_run(struct round *r)
{
	fflush(stdout);
	if (r->place == PLACE_HERE)
		try_all(r);
	else if (r->place == PLACE_LINUX)
		run_as_root(r);
	else if (rootless_visit(r->ask->k, OWN_WORLD, try_all, r, NULL) < 0)
		rootless_visit(r->ask->k, 0, try_births, r, NULL);
	ask_switches(r);
}
