/* pip.c - pip list, show, freeze: from the metadata that lies beside each package. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/match.h"
#include "sim/userland/services/services.h"

struct package { const char *name, *version, *place; };
struct packages { struct package *v; size_t n, cap; };

static void add_package(struct prog *p, struct packages *all, const char *dir, const char *entry)
{
	static const char *const files[] = { "METADATA", "PKG-INFO" };
	char *path = path_join(p->a, dir, entry), *text = NULL;
	struct package x = { .place = dir };
	size_t n;
	long rc;

	for (size_t i = 0; !text && i < ARRAY_SIZE(files); i++)
		text = read_whole(p, path_join(p->a, path, files[i]), &n, &rc);
	if (!text)
		text = read_whole(p, path, &n, &rc);
	x.name = text ? control_field(p, text, "Name") : NULL;
	x.version = text ? control_field(p, text, "Version") : NULL;
	if (!x.name || !x.version)
		return;
	if (all->n == all->cap) {
		size_t cap = all->cap ? all->cap * 2 : 32;

		all->v = arena_grow(p->a, all->v, all->cap * sizeof(x), cap * sizeof(x));
		all->cap = cap;
	}
	all->v[all->n++] = x;
}

static void look_in(struct prog *p, struct packages *all, const char *dir)
{
	struct list names = { .a = p->a };

	read_names(p, dir, &names);
	for (size_t i = 0; i < names.n; i++)
		if (glob_match("*.dist-info", names.v[i]) || glob_match("*.egg-info", names.v[i]))
			add_package(p, all, dir, names.v[i]);
}

/* Where Python looks: site-packages and Debian's dist-packages. */
static void look_everywhere(struct prog *p, struct packages *all)
{
	static const char *const roots[] = { "/usr/local/lib", "/usr/lib" };
	static const char *const folders[] = { "site-packages", "dist-packages" };

	for (size_t r = 0; r < ARRAY_SIZE(roots); r++) {
		struct list names = { .a = p->a };

		read_names(p, roots[r], &names);
		for (size_t i = 0; i < names.n; i++)
			for (size_t f = 0;
			     f < ARRAY_SIZE(folders) && glob_match("python3*", names.v[i]); f++)
				look_in(p, all,
					path_join(p->a, path_join(p->a, roots[r], names.v[i]),
						  folders[f]));
	}
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp(((const struct package *)a)->name, ((const struct package *)b)->name);
}

static void dashes(struct prog *p, size_t n)
{
	while (n-- > 0)
		out(p, "-");
}

static int show_list(struct prog *p, const struct packages *all, bool freeze)
{
	size_t name = strlen("Package"), version = strlen("Version");

	for (size_t i = 0; i < all->n; i++) {
		name = strlen(all->v[i].name) > name ? strlen(all->v[i].name) : name;
		version = strlen(all->v[i].version) > version ? strlen(all->v[i].version) : version;
	}
	if (!freeze) {
		outf(p, "%-*s Version\n", (int)name, "Package");
		dashes(p, name);
		out(p, " ");
		dashes(p, version);
		out(p, "\n");
	}
	for (size_t i = 0; i < all->n; i++)
		if (freeze)
			outf(p, "%s==%s\n", all->v[i].name, all->v[i].version);
		else
			outf(p, "%-*s %s\n", (int)name, all->v[i].name, all->v[i].version);
	return 0;
}

static const struct package *find_package(const struct packages *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcasecmp(all->v[i].name, name))
			return &all->v[i];
	return NULL;
}

static int show_one(struct prog *p, const struct packages *all, const char *name)
{
	const struct package *x = find_package(all, name);

	if (!x) {
		errorf(p, "WARNING: Package(s) not found: %s\n", name);
		return 1;
	}
	outf(p, "Name: %s\nVersion: %s\nLocation: %s\n", x->name, x->version, x->place);
	return 0;
}

int tool_pip(struct prog *p)
{
	struct packages all = { 0 };
	const char *verb = p->argc > 1 ? p->argv[1] : "help";
	const struct package *own;

	look_everywhere(p, &all);
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_name);
	if (!strcmp(verb, "list") || !strcmp(verb, "freeze"))
		return show_list(p, &all, *verb == 'f');
	if (!strcmp(verb, "show") && p->argc > 2)
		return show_one(p, &all, p->argv[2]);
	own = find_package(&all, "pip");
	if ((!strcmp(verb, "--version") || !strcmp(verb, "-V")) && own) {
		outf(p, "pip %s from %s/pip\n", own->version, own->place);
		return 0;
	}
	return complain(
		p,
		"the simulator's pip is a model: it knows list, freeze, show and --version, not %s",
		verb);
}
