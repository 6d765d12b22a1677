/* idmap.h - user and group numbers inside containers, and what they are on the host.
 *
 * A daemon has one mapping for all its containers (--userns-remap), chosen before it
 * opens anything and the same until it ends: it is kept here, as a fact about the
 * process, rather than handed through everything that reads or writes a tree of files.
 * Layers, writable layers and volumes lie on the disk with the host's numbers; archives,
 * images and what users say has the container's.  Without a mapping both are the same.
 *
 * The ranges are those of /etc/subuid and /etc/subgid (subuid(5)); the first number of
 * the first one is root inside, and so on through all of them (user_namespaces(7)).
 */
#ifndef DRYDOCK_CORE_IDMAP_H
#define DRYDOCK_CORE_IDMAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"

#define IDMAP_RANGES 16		/* of one user; the kernel takes 340 */

/* Takes up the mapping of "USER", "USER:GROUP", or numbers for either; "" and "root":
 * there is none.  etc: where passwd, group, subuid and subgid are ("/etc" but in tests).
 * EINVAL in dockerd's words. */
int idmap_choose(const char *who, const char *etc, struct err *e);
bool idmap_active(void);

/* The host's number of one inside, and back.  What no range has stays as it is. */
uid_t idmap_uid_out(uid_t inside);
gid_t idmap_gid_out(gid_t inside);
uid_t idmap_uid_in(uid_t outside);
gid_t idmap_gid_in(gid_t outside);

/* Is the number one that a container can have? */
bool idmap_has_uid(uid_t inside);
bool idmap_has_gid(gid_t inside);

/* The lines of /proc/PID/uid_map and gid_map; owned. */
char *idmap_uid_text(void);
char *idmap_gid_text(void);

/* The path, or the open directory where path is "", becomes root's inside: 0 or -errno.
 * Nothing happens without a mapping. */
int idmap_give(int dir, const char *path);

/* An attribute security.capability holds a user number, too (capabilities(7), "File
 * capability extended attributes"): of whom root must be for the file to count.  Both
 * give the length of what stands in `out`, 24 bytes at least, or 0 where the attribute
 * isn't this one or stays as it is. */
size_t idmap_caps_out(const char *name, const void *value, size_t len, void *out);
size_t idmap_caps_in(const char *name, const void *value, size_t len, void *out);

#endif
