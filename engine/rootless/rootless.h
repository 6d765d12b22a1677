/* rootless.h - a daemon for somebody who isn't root.
 *
 * user_namespaces(7): in a user namespace of one's own one is root over everything that
 * is made inside - mounts, networks, processes - and nobody at all outside.  So the
 * whole daemon goes into one, with a mount and a network namespace that belong to it,
 * and from then on does what the machine's root would do, by the same plan.  Two things
 * it can't do there, and somebody who stayed outside does them for it:
 *
 *	outside	(the user's own process)	inside (root of the namespace)
 *	maps users				the daemon, its bridge, supervisors
 *	hands out sockets of the host  <------>	binds them to published ports
 *	runs pasta or slirp4netns      ------>	packets leave the namespace
 *	passes signals on, leaves with the daemon's exit code
 *
 * A socket belongs to the network namespace it was made in, whoever holds it: that is
 * why handing out unbound sockets is enough.
 *
 * The namespaces live as long as anybody is in them.  Containers that outlived their
 * daemon are found again: EXEC_ROOT/namespaces says which they were, and the next
 * daemon enters them through any process that is still there.
 */
#ifndef DRYDOCK_ROOTLESS_ROOTLESS_H
#define DRYDOCK_ROOTLESS_ROOTLESS_H

#include "core/error.h"
#include "kernel/kernel.h"

/* Goes inside: starts this program again there, with the same arguments, and stays
 * outside until it ends.  exec_root: where the namespaces are noted; NULL for a program
 * that keeps the host's network and leaves nothing behind.  *code: its exit code.  EPERM
 * and the like, with the setting that forbids it as the hint, if there is no going inside. */
int rootless_run(struct kernel *k, const char *exec_root, char **argv, int *code, struct err *e);

/* Carries fn out there, in a process of its own and without a daemon: as root of a new
 * user namespace and the others of `flags` (CLONE_NEWNS …), with the rights set.  Its
 * result, 0 to 255, or an error as rootless_run()'s. */
int rootless_visit(struct kernel *k, uint64_t flags, int (*fn)(void *arg), void *arg,
		   struct err *e);

/* The first thing of a program: am I the one inside?  Then the rights are set
 * (core/rights.h), the loopback interface is up, and the two below work. */
bool rootless_inside(struct kernel *k);

/* A socket of the host's network (close-on-exec), or -errno. */
int rootless_socket(int family, int type);
/* "pasta", "slirp4netns"; "" if neither is installed, so that nothing goes out. */
const char *rootless_outgoing(void);

/* For who asks before going in: the one of the two that is installed, "" if none; and is
 * a program on the search path, or where distributions put it? */
const char *outgoing_choose(void);
bool run_there(const char *name, char path[256]);

#endif
