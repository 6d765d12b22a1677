/* container_root.h - a container's files as one tree, whether it runs or not.
 *
 * A running one is seen through its first process, with what is mounted in it.  For
 * one that doesn't run, the overlay is mounted, and its volumes and binds on it, in
 * a mount namespace that lives as long as the view.  No two mounts may share a
 * writable layer: a second view, a start and a removal wait for the end of the first.
 * Its lock is free meanwhile: who is slow to read his archive holds up nobody else.
 *
 * Seen are the container's own files, its volumes and binds: never what the kernel
 * or the engine put there (/proc, /sys, /dev, tmpfs), which is no one's to copy.
 */
#ifndef DRYDOCK_RUNTIME_CONTAINER_ROOT_H
#define DRYDOCK_RUNTIME_CONTAINER_ROOT_H

#include "runtime/container.h"

enum root_view { ROOT_ALONE, ROOT_WITH_VOLUMES };

struct container_root;
/* The container must not be locked by the caller. */
int container_root_open(struct container *c, enum root_view view, struct container_root **out,
			struct err *e);
void container_root_close(struct container_root *r);
/* The directory that is "/" there; borrowed.  Work below it by resolve.h only. */
int container_root_fd(const struct container_root *r);
struct container *container_root_of(const struct container_root *r);	/* borrowed */
/* True for an open file or directory that is not to be seen: for
 * tar_write.h and unpack.h. */
bool container_root_hides(void *root, int fd);

#endif
