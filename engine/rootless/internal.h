/* internal.h - what the files of engine/rootless share. */
#ifndef DRYDOCK_ROOTLESS_INTERNAL_H
#define DRYDOCK_ROOTLESS_INTERNAL_H

#include "core/packet.h"
#include "core/rights.h"
#include "rootless/rootless.h"

/* What the one inside is told: in the environment, since it is a new program.
 *	DRYDOCK_INSIDE="DOOR RIGHTS USER OUTGOING"
 * a descriptor, enum rights, the user outside, a word or "-" */
#define INSIDE_VARIABLE "DRYDOCK_INSIDE"

#define NAMESPACES 3		/* user, mnt, net: the order in which they are entered */
extern const char *const namespace_names[NAMESPACES];

/* Both halves of the door: a request for a socket, and its answer. */
struct door_ask { int family, type; };
struct door_answer { int error; };	/* negative errno, or 0 with the socket beside it */
void door_serve(struct kernel *k, int door);	/* outside: one request that is there */
int door_fd(void);		/* inside: our end */

/* maps.c: gives the child its users, by newuidmap(1) if there is a range for us. */
int maps_write(struct kernel *k, int pid, enum rights *out, struct err *e);

/* Who one is in there, the kernel knows only once the users are mapped: until then the
 * child waits.  go: a pipe; a byte through it says that they are, and with which rights. */
int users_await(const int go[2], enum rights *rights);	/* inside; -EPIPE: they never will be */
int users_come(const int go[2], enum rights rights);	/* outside */
long users_become_root(struct kernel *k);		/* inside */

/* keep.c: which namespaces they are, for the next daemon.  find: descriptors, or
 * -ENOENT where nobody lives in them any more. */
int namespaces_note(const char *exec_root, int pid, enum rights rights, struct err *e);
int namespaces_find(const char *exec_root, int fd[NAMESPACES], enum rights *rights);

/* outgoing.c: the helper's pid, 0 if neither is installed. */
int outgoing_start(struct kernel *k, int pid, const char *name);
const char *outgoing_resolver(const char *name);	/* the address that answers names; or NULL */

/* run.c: a program of the search path, without output; its exit code or -errno. */
int run_program(struct kernel *k, char *const *argv);
int run_background(struct kernel *k, char *const *argv);	/* its pid */

#endif
