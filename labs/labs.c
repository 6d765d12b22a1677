/* The set of labs: where they are, and which one is meant. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "labs/lab.h"

#define INSTALLED "share/drydock/labs"	/* below the prefix that holds bin/ */

static bool is_dir_of_labs(const char *dir)
{
	autofree char *first = str_printf("%s/01-hello/lab.md", dir);
	return access(first, R_OK) == 0;
}

char *labs_dir(void)
{
	static const char *const places[] = { "../labs", "../" INSTALLED, "../../labs" };
	const char *env = getenv("DRYDOCK_LABS");
	char exe[PATH_MAX];
	if (env)
		return str_dup(env);
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *dir = str_printf("%s/%s", exe, places[i]);
		if (is_dir_of_labs(dir))
			return dir;
		free(dir);
	}
	return str_dup("labs");
}

/* "03-web" */
static int is_lab(const struct dirent *d)
{
	return isdigit((unsigned char)d->d_name[0]) && isdigit((unsigned char)d->d_name[1]) &&
	       d->d_name[2] == '-';
}

static int load_all(const char *dir, struct dirent **names, int n, struct labs *l, struct err *e)
{
	int r = 0;
	for (int i = 0; r == 0 && i < n; i++) {
		autofree char *path = str_printf("%s/%s/lab.md", dir, names[i]->d_name);
		r = lab_load(path, &l->v[l->n], e);
		if (r == 0)
			l->n++;
	}
	return r;
}

int labs_load(const char *dir, struct labs *out, struct err *e)
{
	autofree char *where = dir ? str_dup(dir) : labs_dir();
	struct dirent **names;
	int n = scandir(where, &names, is_lab, alphasort);
	if (n <= 0) {
		if (n == 0)
			free(names);
		err_set(e, ENOENT, "no labs found in %s", where);
		return err_hint(e, "set DRYDOCK_LABS to the directory that holds 01-hello");
	}
	struct labs l = { .v = mem_alloc((size_t)n * sizeof(*l.v)) };
	int r = load_all(where, names, n, &l, e);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	if (r < 0)
		labs_free(&l);
	else
		*out = l;
	return r;
}

void labs_free(struct labs *l)
{
	for (size_t i = 0; i < l->n; i++)
		lab_free(&l->v[i]);
	free(l->v);
	*l = (struct labs){ 0 };
}

const struct lab *labs_find(const struct labs *l, const char *which)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *base = strrchr(l->v[i].dir, '/');
		if (l->v[i].number == atoi(which) || str_eq(l->v[i].name, which) ||
		    (base && str_eq(base + 1, which)))
			return &l->v[i];
	}
	return NULL;
}
