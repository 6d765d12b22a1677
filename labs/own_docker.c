#include "labs/own_docker.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/lang.h"
#include "core/str.h"

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static int make_link(const char *exe, char **made, struct err *e)
{
	char dir[] = "/tmp/drydock-path-XXXXXX";
	if (!mkdtemp(dir))
		return err_sys(e, errno, _("make a directory for docker on PATH"));
	*made = str_dup(dir);
	autofree char *link = str_printf("%s/docker", dir);
	return symlink(exe, link) < 0 ? err_sys(e, errno, _("link %s"), link) : 0;
}

int own_docker_first(char **made, struct err *e)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	autofree char *here = str_dup(exe);
	char *slash = strrchr(here, '/');
	if (slash)
		*slash = '\0';
	autofree char *beside = str_printf("%s/docker", here);
	const char *path = getenv("PATH");
	int r = same_file(beside, exe) ? 0 : make_link(exe, made, e);
	autofree char *value = str_printf("%s:%s", *made ? *made : here,
					  path ? path : "/usr/bin:/bin");
	setenv("PATH", value, 1);
	return r;
}

void own_docker_remove(char *made)
{
	if (!made)
		return;
	autofree char *link = str_printf("%s/docker", made);
	unlink(link);
	rmdir(made);
	free(made);
}
