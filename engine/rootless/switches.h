/* switches.h - what forbids a thing on this machine, by name.
 *
 * EPERM has a dozen reasons, and the kernel doesn't say which.  Kernel settings, security
 * modules and the containers that one may be in are a table here: asked for after a call
 * was refused, it names the first that is set, and the command that changes it.
 */
#ifndef DRYDOCK_ROOTLESS_SWITCHES_H
#define DRYDOCK_ROOTLESS_SWITCHES_H

#include "core/error.h"
#include "kernel/kernel.h"

enum forbidden {
	FORBIDS_USER_NAMESPACES = 1 << 0,
	FORBIDS_OTHER_NAMESPACES = 1 << 1,
	FORBIDS_MOUNTING_PROC = 1 << 2,
	FORBIDS_MODULES = 1 << 3,	/* a filesystem or a kind of link that isn't loaded */
	FORBIDS_OTHERS_RIGHTS = 1 << 4,	/* set-uid programs: newuidmap */
	FORBIDS_LOW_PORTS = 1 << 5,
};

struct kernel_switch {
	int forbids;			/* enum forbidden, or-ed */
	const char *name;		/* as its documentation calls it */
	const char *file, *key;		/* the number behind key, or the file's own */
	long value;			/* the one that forbids */
	bool (*holds)(struct kernel *k);	/* in place of file: more than a number */
	const char *why;		/* a sentence without its end */
	const char *mend;		/* one command */
	bool anybody;			/* … that needn't be root's */
};

/* The first that is set and forbids this, or NULL. */
const struct kernel_switch *switch_forbidding(struct kernel *k, enum forbidden what);

/* -code in e: a user namespace wasn't to be had; the hint says which switch it is. */
int switch_refused(struct kernel *k, int code, struct err *e);

#endif
