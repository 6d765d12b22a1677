/* namespaces.c - where the last daemon's containers still are.
 *
 * Namespaces have no names, only members (namespaces(7)).  EXEC_ROOT/namespaces keeps
 * their inodes; whoever lives in all three of them - the supervisor of a container that
 * outlived its daemon - is the door back in.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "rootless/internal.h"

const char *const namespace_names[NAMESPACES] = { "user", "mnt", "net" };

/* "user:[4026532201] mnt:[…] net:[…]", or NULL for a process that is gone or another's. */
static char *namespaces_of(const char *pid)
{
	autostr struct str all = { 0 };

	for (int i = 0; i < NAMESPACES; i++) {
		autofree char *path = str_printf("/proc/%s/ns/%s", pid, namespace_names[i]);
		char link[64];
		ssize_t n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			return NULL;
		str_addf(&all, "%s%.*s", i ? " " : "", (int)n, link);
	}
	return str_take(&all);
}

int namespaces_note(const char *exec_root, int pid, enum rights rights, struct err *e)
{
	autofree char *path = str_printf("%s/namespaces", exec_root);
	autofree char *number = str_printf("%d", pid), *which = namespaces_of(number);
	autofree char *text = str_printf("%s\n%d\n", which ? which : "", (int)rights);

	return file_write_atomic(path, text, strlen(text), 0600, e);
}

static int open_all(const char *pid, int fd[NAMESPACES])
{
	for (int i = 0; i < NAMESPACES; i++) {
		autofree char *path = str_printf("/proc/%s/ns/%s", pid, namespace_names[i]);
		fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fd[i] < 0) {
			while (i-- > 0)
				close(fd[i]);
			return -ENOENT;
		}
	}
	return 0;
}

int namespaces_find(const char *exec_root, int fd[NAMESPACES], enum rights *rights)
{
	autofree char *path = str_printf("%s/namespaces", exec_root);
	autostr struct str text = { 0 };
	autodir DIR *proc = opendir("/proc");

	if (!proc || file_read(path, &text, NULL) < 0)
		return -ENOENT;
	char *end = strchr(text.s, '\n');
	if (!end)
		return -ENOENT;
	*end = '\0';
	*rights = (enum rights)atoi(end + 1);
	for (struct dirent *d; (d = readdir(proc));) {
		autofree char *which = d->d_name[0] >= '1' && d->d_name[0] <= '9'
				       ? namespaces_of(d->d_name) : NULL;
		if (which && str_eq(which, text.s) && open_all(d->d_name, fd) == 0)
			return 0;
	}
	return -ENOENT;
}
