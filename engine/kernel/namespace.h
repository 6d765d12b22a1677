/* namespace.h - a namespace with nobody in it, held by a descriptor.
 *
 * Some namespaces can't be made by the thread that wants them: a user namespace takes
 * no process with threads, and what is made inside of one belongs to it only if its
 * maker is in there.  So a process is born into the new namespace, waits until that has
 * been opened, and is ended.
 */
#ifndef DRYDOCK_KERNEL_NAMESPACE_H
#define DRYDOCK_KERNEL_NAMESPACE_H

#include "kernel/kernel.h"

struct namespace_want {
	uint64_t flag;			/* CLONE_NEWUSER, CLONE_NEWNET … */
	const char *file;		/* its name in /proc/PID/ns */
	int userns;			/* the user namespace it belongs to; 0: that of the caller */
	const char *uid_map, *gid_map;	/* of a user namespace: user_namespaces(7); else NULL */
};

/* The descriptor (close-on-exec, the caller closes it), or -errno. */
int namespace_make(struct kernel *k, const struct namespace_want *w);

#endif
