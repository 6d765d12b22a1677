#include "labs/content.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/lang.h"
#include "core/str.h"

#define INSTALLED "../share/drydock"	/* from the folder of the program */

const struct content content_labs = { "labs", "DRYDOCK_LABS", "/lab.md" };
const struct content content_lessons = { "lessons", "DRYDOCK_LESSONS", ".md" };
const struct content content_quiz = { "quiz", "DRYDOCK_QUIZ", ".md" };

/* "03-web", "03-container.md"; no translation ("03-container.de.md") */
static int is_entry(const struct dirent *d)
{
	const char *dot = strchr(d->d_name, '.');
	return isdigit((unsigned char)d->d_name[0]) && isdigit((unsigned char)d->d_name[1]) &&
	       d->d_name[2] == '-' && (!dot || !strchr(dot + 1, '.'));
}

/* The file of an entry; NULL if this entry has none. */
static char *file_of(const struct content *c, const char *dir, const char *name)
{
	bool folder = c->inside[0] == '/';
	char *path = str_printf("%s/%s%s", dir, name, folder ? c->inside : "");
	if (str_ends(path, c->inside) && access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char **list(const struct content *c, const char *dir)
{
	struct dirent **names;
	char **files = mem_alloc(sizeof(*files));
	int n = scandir(dir, &names, is_entry, alphasort);
	for (int i = 0; i < n; i++) {
		autofree char *path = file_of(c, dir, names[i]->d_name);
		if (path)
			strv_add(&files, path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return files;
}

static bool has_entries(const struct content *c, const char *dir)
{
	char **files = list(c, dir);
	bool any = files[0] != NULL;
	strv_free(files);
	return any;
}

char *content_dir(const struct content *c)
{
	static const char *const places[] = { "..", INSTALLED, "../.." };
	const char *env = getenv(c->env);
	if (env)
		return str_dup(env);
	autofree char *exe = file_own_folder();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *dir = str_printf("%s/%s/%s", exe, places[i], c->folder);
		if (has_entries(c, dir))
			return dir;
		free(dir);
	}
	return str_dup(c->folder);
}

int content_files(const struct content *c, const char *dir, char ***out, struct err *e)
{
	autofree char *where = dir ? str_dup(dir) : content_dir(c);
	char **files = list(c, where);
	if (!files[0]) {
		strv_free(files);
		err_set(e, ENOENT, _("no %s found in %s"), c->folder, where);
		return err_hint(e, _("set %s to the directory that holds 01-...%s"),
				c->env, c->inside);
	}
	*out = files;
	return 0;
}
