/* doctor.h - what this machine gives to each backend, found by trying it.
 *
 * Versions and configuration files say what should work.  Here each thing that a backend
 * relies on is really done, small, by a child that leaves nothing behind: a namespace is
 * made, an overlay mounted, written to and looked at from below, a cable plugged in.
 *
 *	probes.c	the table: what is tried, who needs it, what it costs, what mends it
 *	round.c		tries rows, each in a process of its own
 *	try_*.c		the small functions that do it
 *	choice.c	from findings to a backend: for `drydock doctor`, and for the daemon
 *	report.c	findings as text and as JSON
 *
 * A row is tried in one of three places: here, as who we are; as root in mount and network
 * namespaces of its own, as the backend linux works; or as root of a user namespace, as
 * rootless does.
 */
#ifndef DRYDOCK_DOCTOR_DOCTOR_H
#define DRYDOCK_DOCTOR_DOCTOR_H

#include "core/error.h"
#include "core/str.h"
#include "kernel/kernel.h"
#include "trace/event.h"

struct doctor_ask {
	struct kernel *k;
	const char *data_root, *exec_root;	/* need not be there yet */
	const char *settings_wrong;		/* what daemon.json is refused for; NULL: nothing */
	char *const *unbaked;			/* course images that aren't there; NULL: not asked */
	char *const *steps;			/* the lab's: "hello", "shell" …, from step 1 on */
};

/* ---- which backend --------------------------------------------------------------- */

struct backend_choice {
	enum trace_backend backend;
	char why[200];		/* of auto: what the ones before it lack; "" if there was no choice */
};

/* wanted: "auto" takes the first of linux, rootless, sim that has all it can't do without;
 * a name is taken at its word.  EOPNOTSUPP if none has. */
int backend_choose(const struct doctor_ask *ask, const char *wanted, struct backend_choice *out,
		   struct err *e);

/* ---- all of it ------------------------------------------------------------------- */

struct diagnosis;
int doctor_examine(const struct doctor_ask *ask, struct diagnosis **out, struct err *e);
void diagnosis_free(struct diagnosis *d);

#define LAB_STEPS 6	/* of the lecture; what comes after them are its pitfalls */

/* Is there a backend that all LAB_STEPS can be done with? */
bool diagnosis_good(const struct diagnosis *d);

struct report_style { bool colours; int width; };
void report_text(const struct diagnosis *d, const struct report_style *style, struct str *out);
char *report_json(const struct diagnosis *d);	/* docs/lecture-7.4/doctor.md has its form; owned */

#endif
