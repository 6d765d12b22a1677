/* userns.c - the user namespace that all containers of this daemon live in.
 *
 * One for all, as an ordinary user has only one: what containers share with one another
 * (a network, processes, IPC) then belongs to the same root.  Its numbers are idmap.h's.
 * It goes when nobody holds it: after a daemon that was killed it is found again by a
 * container that still runs, since only who is in it can join what that has.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/idmap.h"
#include "kernel/namespace.h"
#include "runtime/container_internal.h"

/* The kernel writes the same numbers in columns. */
static bool same_numbers(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, " \n");
		b += strspn(b, " \n");
		size_t n = strcspn(a, " \n");
		if (n != strcspn(b, " \n") || strncmp(a, b, n))
			return false;
		if (!n)
			return true;
		a += n;
		b += n;
	}
}

static bool has_map(int64_t pid, const char *file, const char *want)
{
	autofree char *path = str_printf("/proc/%lld/%s", (long long)pid, file);
	autostr struct str text = { 0 };
	return file_read(path, &text, NULL) == 0 && same_numbers(text.s, want);
}

static int find_again(void *arg, const char *id, const cJSON *doc)
{
	struct containers *cs = arg;
	int64_t pid = json_int(doc, "pid", 0);
	autofree char *uids = idmap_uid_text(), *gids = idmap_gid_text();
	if (pid <= 0 || !has_map(pid, "uid_map", uids) || !has_map(pid, "gid_map", gids))
		return 0;
	autofree char *path = str_printf("/proc/%lld/ns/user", (long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		cs->userns = fd;
	return fd >= 0;
}

int userns_open(struct containers *cs, struct err *e)
{
	autofree char *uids = idmap_uid_text(), *gids = idmap_gid_text();
	const struct namespace_want want = { CLONE_NEWUSER, "user", 0, uids, gids };
	if (!idmap_active())
		return 0;
	int r = state_each(cs->state, "container", find_again, cs, e);
	if (r < 0 || cs->userns)
		return r < 0 ? r : 0;
	int fd = namespace_make(cs->kernel, &want);
	if (fd < 0)
		return err_sys(e, -fd, "make the containers' user namespace");
	cs->userns = fd;
	return 0;
}
