/* probe.h - what the files of engine/doctor share: rows, and what came of them. */
#ifndef DRYDOCK_DOCTOR_PROBE_H
#define DRYDOCK_DOCTOR_PROBE_H

#include "doctor/doctor.h"

#define N_BACKENDS 3
#define LINUX	 (1 << BACKEND_LINUX)
#define ROOTLESS (1 << BACKEND_ROOTLESS)
#define SIM	 (1 << BACKEND_SIM)
#define CONTAINERS (LINUX | ROOTLESS)	/* those with processes of the real kernel */
#define EVERY	 (LINUX | ROOTLESS | SIM)

enum place { PLACE_HERE, PLACE_LINUX, PLACE_ROOTLESS, N_PLACES };
enum state { UNTRIED, THERE, MISSING, UNCLEAR };

struct finding {
	enum state state;
	char said[160];		/* the version, the size, or why not; "" */
	char mend[256];		/* in place of the row's */
};

struct trial {
	struct kernel *k;
	const struct doctor_ask *ask;
	const char *scratch;	/* an empty folder below the data root; NULL: none could be made */
	enum place place;
	struct finding *f;
};

struct probe {
	const char *id;		/* for --json: never changed, never used again */
	const char *what;
	int must, use;		/* backends: can't be without it; can, at a cost */
	int door;		/* the backend whose place nobody gets to without it, or 0 */
	bool inside;		/* tried in that place, not here */
	uint64_t flags;		/* namespaces that the try is born in */
	int (*try)(struct trial *t);	/* 0, -errno, or TRY_UNCLEAR; NULL: being born is all */
	int forbids;		/* rootless/switches.h: whom to ask when it is refused */
	const char *breaks;	/* names of lab steps that can't be done without it, or "all" */
	const char *dims;	/* … that can, but not wholly */
	const char *cost;	/* a sentence without its end */
	const char *mend;	/* one command: "# root's" or "$ anybody's" */
};
#define TRY_UNCLEAR 1

extern const struct probe probes[];
extern const size_t n_probes;

static inline int probe_for(const struct probe *p) { return p->must | p->use; }

/* ---- round.c ---- */

/* Tries the rows that `wanted` says yes to at that place, into f[n_probes]. */
struct round {
	const struct doctor_ask *ask;
	enum place place;
	char *scratch;
	bool (*wanted)(const struct probe *p, enum place place);
	struct finding *f;	/* shared with children: findings_new() */
};
void round_run(struct round *r);
struct finding *findings_new(void);		/* N_PLACES times n_probes */
void findings_free(struct finding *f);
struct finding *findings_at(struct finding *all, enum place place);

/* For try functions: what is shown beside the row, and a command that fits better. */
void says(struct trial *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mends(struct trial *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A folder of ours for the tries in the nearest place to path that is there; NULL: none.
 * Owned; removed by scratch_remove(). */
char *scratch_make(const char *path);
void scratch_remove(char *scratch);
char *nearest_folder(const char *path);		/* that exists; owned */

/* ---- choice.c ---- */

const struct finding *finding_of(struct finding *all, const struct probe *p,
				 enum trace_backend b);
/* The command that mends it, as a shell would take it; *as_root: only from root. */
const char *mend_of(const struct probe *p, const struct finding *f, bool *as_root);
/* The first row that it can't be without and that isn't there; NULL: it works. */
const struct probe *backend_lacks(struct finding *all, enum trace_backend b);

enum runs { RUNS_FULLY, RUNS_PARTLY, RUNS_NOT };
struct diagnosis {
	struct doctor_ask ask;
	struct finding *all;
	int chosen;		/* enum trace_backend; -1: none works */
	char why[200];		/* … what those before it lack */
};
/* How the step runs on it; *why: the worst row, or NULL. */
enum runs step_runs(const struct diagnosis *d, enum trace_backend b, const char *step,
		    const struct probe **why);

/* Those that this build has, in the order in which auto tries them. */
extern const enum trace_backend backend_order[];
extern const size_t n_backends;

#endif
