/* bake_recipe.c - reads the recipes of the course images.
 *
 * A Recipe is written like a Dockerfile: a word, then what it is about; lines
 * that begin with # are for the reader.
 *
 *	NAME library/python:3.9-slim	what the registry calls it
 *	FROM base | scratch		another recipe's folder
 *	RUN shell text			makes a layer; see labs/images/step.sh
 *	ENV, CMD, LABEL, EXPOSE ...	the image's configuration
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bake.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"

static void recipe_line(struct recipe *r, const char *line)
{
	if (*line == '\0' || *line == '#')
		return;
	if (str_starts(line, "NAME "))
		r->name = str_dup(line + 5);
	else if (!str_starts(line, "FROM "))
		strv_add(&r->lines, line);
	else if (!str_eq(line + 5, "scratch"))
		r->from = str_dup(line + 5);
}

static int recipe_parse(struct recipe *r, char *text, struct err *e)
{
	char *save = NULL;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		recipe_line(r, l);
	if (!r->name || !strchr(r->name, ':') || !r->lines)
		return err_set(e, EINVAL, "%s/Recipe: needs a NAME with a tag, and one line more",
			       r->dir);
	return 0;
}

/* ---- hash: whatever the image is made from ------------------------------------- */

static int hash_file(struct sha256 *h, const char *path, struct err *e)
{
	autostr struct str text = { 0 };
	int r = file_read(path, &text, e);
	if (r < 0)
		return r;
	sha256_add(h, strrchr(path, '/'), strlen(strrchr(path, '/')) + 1);
	sha256_add(h, text.s, text.len);
	return 0;
}

static int no_dots(const struct dirent *d) { return d->d_name[0] != '.'; }

static int hash_folder(struct sha256 *h, const char *dir, struct err *e)
{
	struct dirent **names;
	int r = 0, n = scandir(dir, &names, no_dots, alphasort);
	if (n < 0)
		return err_sys(e, errno, "read %s", dir);
	for (int i = 0; i < n; i++) {
		autofree char *path = str_printf("%s/%s", dir, names[i]->d_name);
		if (r == 0)
			r = hash_file(h, path, e);
		free(names[i]);
	}
	free(names);
	return r;
}

static int recipe_hash(struct recipe *r, const struct recipe *base, struct err *e)
{
	autosha256 struct sha256 h = { 0 };
	autofree char *step = str_printf("%s/../step.sh", r->dir);
	sha256_begin(&h);
	int rc = hash_folder(&h, r->dir, e);
	if (rc == 0)
		rc = hash_file(&h, step, e);
	if (rc == 0 && base)
		sha256_add(&h, base->hash, strlen(base->hash));
	sha256_end(&h, r->hash);
	return rc;
}

/* ---- the folder ----------------------------------------------------------------- */

struct recipe *recipes_find(const struct recipes *r, const char *folder)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->all[i].folder, folder))
			return &r->all[i];
	return NULL;
}

static void recipe_free(struct recipe *r)
{
	free(r->folder);
	free(r->dir);
	free(r->name);
	free(r->from);
	strv_free(r->lines);
}

void recipes_free(struct recipes *r)
{
	for (size_t i = 0; i < r->n; i++)
		recipe_free(&r->all[i]);
	free(r->all);
	*r = (struct recipes){ 0 };
}

/* Bases come first: a recipe may be appended only after the one it is FROM. */
static int load_one(struct recipes *rs, const char *dir, const char *folder, int depth,
		    struct err *e)
{
	struct recipe r = { .folder = str_dup(folder), .dir = str_printf("%s/%s", dir, folder) };
	autofree char *path = str_printf("%s/Recipe", r.dir);
	autostr struct str text = { 0 };
	int rc = file_read(path, &text, e);
	if (rc == 0)
		rc = recipe_parse(&r, text.s ? text.s : "", e);
	if (rc == 0 && depth > 8)
		rc = err_set(e, ELOOP, "%s: FROM goes round in a circle", path);
	if (rc == 0 && r.from && !recipes_find(rs, r.from))
		rc = load_one(rs, dir, r.from, depth + 1, e);
	if (rc == 0)
		rc = recipe_hash(&r, r.from ? recipes_find(rs, r.from) : NULL, e);
	if (rc < 0) {
		recipe_free(&r);
		return rc;
	}
	rs->all = mem_grow(rs->all, (rs->n + 1) * sizeof(r));
	rs->all[rs->n++] = r;
	return 0;
}

static bool is_recipe(const char *dir, const char *folder)
{
	struct stat st;
	autofree char *path = str_printf("%s/%s/Recipe", dir, folder);
	return stat(path, &st) == 0;
}

int recipes_load(const char *dir, struct recipes *out, struct err *e)
{
	struct recipes rs = { 0 };
	struct dirent **names;
	int rc = 0, n = scandir(dir, &names, no_dots, alphasort);
	if (n < 0)
		return err_sys(e, errno, "read the recipes in %s", dir);
	for (int i = 0; i < n; i++) {
		const char *folder = names[i]->d_name;
		if (rc == 0 && is_recipe(dir, folder) && !recipes_find(&rs, folder))
			rc = load_one(&rs, dir, folder, 0, e);
		free(names[i]);
	}
	free(names);
	if (rc == 0)
		*out = rs;
	else
		recipes_free(&rs);
	return rc;
}
