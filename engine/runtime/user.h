/* user.h - who does a container's program run as?
 *
 * Config.User is "", "name", "uid", "name:group", "uid:gid" …: names are looked
 * up in the *image's* /etc/passwd and /etc/group, never the host's, since a name
 * is only text and the kernel checks numbers.  A number needs no entry; with one
 * its group, its further groups and its home come from there.
 */
#ifndef DRYDOCK_RUNTIME_USER_H
#define DRYDOCK_RUNTIME_USER_H

#include <sys/types.h>

#include "runtime/container_files.h"

struct user {
	uid_t uid;
	gid_t gid;
	gid_t *groups;		/* owned */
	size_t n_groups;
	char *home;		/* owned; "/" if the image doesn't say */
};
void user_free(struct user *u);

/* text: "" is root.  extra: more groups, by name or number (--group-add), or NULL.  EINVAL with docker's
 * words: "unable to find user x: no matching entries in passwd file". */
int user_resolve(const struct layers *l, const char *text, char *const *extra, struct user *out,
		 struct err *e);

#endif
