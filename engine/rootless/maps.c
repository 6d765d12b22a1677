/* maps.c - who is who inside.
 *
 * Root inside is the user outside.  All others - nobody, www-data, _apt - come from the
 * range that the administrator gave this user in /etc/subuid and /etc/subgid, and only
 * newuidmap(1) and newgidmap(1), which are set-uid root, may write such a map.  Without
 * a range or without these programs there is one user: root, and files are all its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/str.h"
#include "rootless/internal.h"

/* "newuidmap PID 0 OWN 1 1 START COUNT …": the ranges, moved by one. */
static int write_range(struct kernel *k, const char *program, int pid, unsigned own,
		       const char *ranges)
{
	char **argv = mem_alloc(sizeof(*argv));
	autofree char *number = str_printf("%d", pid), *self = str_printf("%u", own);
	const char *head[] = { program, number, "0", self, "1" };
	unsigned inside, outside, length;

	for (size_t i = 0; i < ARRAY_SIZE(head); i++)
		strv_add(&argv, head[i]);
	for (; sscanf(ranges, "%u %u %u", &inside, &outside, &length) == 3;
	     ranges = strchr(ranges, '\n') + 1) {
		unsigned numbers[] = { inside + 1, outside, length };
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
			autofree char *text = str_printf("%u", numbers[i]);
			strv_add(&argv, text);
		}
	}
	int r = run_program(k, argv);
	strv_free(argv);
	return r;
}

static bool write_ranges(struct kernel *k, int pid)
{
	autofree char *who = str_printf("%u:%u", getuid(), getgid());

	if (getuid() == 0 || idmap_choose(who, "/etc", NULL) < 0)
		return false;
	autofree char *uids = idmap_uid_text(), *gids = idmap_gid_text();
	return write_range(k, "newuidmap", pid, getuid(), uids) == 0 &&
	       write_range(k, "newgidmap", pid, getgid(), gids) == 0;
}

static long write_one(struct kernel *k, int pid, const char *file, const char *text)
{
	autofree char *path = str_printf("/proc/%d/%s", pid, file);

	return k_write_file(k, path, text);
}

int maps_write(struct kernel *k, int pid, enum rights *out, struct err *e)
{
	autofree char *uid = str_printf("0 %u 1\n", getuid()), *gid = str_printf("0 %u 1\n", getgid());
	long r;

	*out = RIGHTS_MANY;
	if (write_ranges(k, pid))
		return 0;
	*out = RIGHTS_ONE;
	/* Who could leave a group could get at files that it is kept from: setgroups(2)
	 * must be given up before. */
	if ((r = write_one(k, pid, "setgroups", "deny")) < 0 ||
	    (r = write_one(k, pid, "uid_map", uid)) < 0 ||
	    (r = write_one(k, pid, "gid_map", gid)) < 0)
		return err_sys(e, (int)-r, "be root in a user namespace");
	return 0;
}
