/* error.h - the one error style.
 *
 * A function that can fail returns 0 (or a non-negative result) or -errno, and
 * takes a `struct err *` as its last parameter.  On failure it fills in what
 * was being done, to what, and where possible a hint a student can act on:
 *
 *	return err_set(e, ENOENT, "pull %s: no registry has this image", ref);
 *
 * A caller that knows more puts its own words in front with err_wrap() and
 * passes the code on.  Out-parameters are written only on success.  `e` may be
 * NULL where nobody will read it.  No allocation: usable after ENOMEM and
 * between clone and exec.
 */
#ifndef DRYDOCK_CORE_ERROR_H
#define DRYDOCK_CORE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

struct err {
	int code;	/* positive errno; 0 while nothing went wrong */
	int status;	/* HTTP status the API answers with; 0: derived from code */
	char what[768];	/* "doing: to what: why", one line, no full stop */
	char hint[320];	/* one sentence to act on, or "" */
};

/* All three return -code, so that `return err_set(...)` reads as the failure. */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Same, with ": strerror(code)" appended. */
int err_sys(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* With an explicit HTTP status (404, 409 …) for the API. */
int err_http(struct err *e, int status, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* "fmt: <old text>"; returns -e->code. */
int err_wrap(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds the hint unless one is there already; returns -e->code. */
int err_hint(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void err_clear(struct err *e);
/* The HTTP status for the API: e->status, or the nearest one to e->code. */
int err_status(const struct err *e);
/* Prints "drydock: what\nhint: hint\n" to stderr. */
void err_print(const struct err *e);

#endif
