/* glob.c - which paths does a pattern name?  One directory level a step. */
#include <string.h>

#include "sim/userland/match.h"
#include "sim/userland/shell/shell.h"

static char *unescaped(struct arena *a, const char *s, size_t n)
{
	struct text t = { .a = a };

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 1 < n)
			i++;
		text_addc(&t, s[i]);
	}
	return text_str(&t);
}

static void step(struct shell *sh, const char *done, const char *pattern, struct list *out);

/* `path` fits so far; `rest` is behind its last component in the pattern. */
static void go_on(struct shell *sh, const char *path, const char *rest, struct list *out)
{
	struct stat st;
	size_t slashes = strspn(rest, "/");

	if (!*rest) {
		if (sys_lstat(sh->t, path, &st) == 0)
			list_add(out, arena_dup(&sh->work, path));
		return;
	}
	if (sys_stat(sh->t, path, &st) < 0 || !S_ISDIR(st.st_mode))
		return;
	step(sh, arena_printf(&sh->work, "%s%.*s", path, (int)slashes, rest), rest + slashes, out);
}

static void step(struct shell *sh, const char *done, const char *pattern, struct list *out)
{
	size_t n = strcspn(pattern, "/");
	char *part = arena_dupn(&sh->work, pattern, n);
	struct list names = { .a = &sh->work };

	if (!n) {
		go_on(sh, done, pattern, out);
		return;
	}
	if (!glob_special(part)) {
		go_on(sh, arena_printf(&sh->work, "%s%s", done, unescaped(&sh->work, part, n)),
		      pattern + n, out);
		return;
	}
	read_names(sh->p, *done ? done : ".", &names);
	if (*part == '.') {
		list_add(&names, ".");
		list_add(&names, "..");
		list_sort(&names, list_by_name);
	}
	for (size_t i = 0; i < names.n; i++)
		if ((names.v[i][0] != '.' || *part == '.') && glob_match(part, names.v[i]))
			go_on(sh, arena_printf(&sh->work, "%s%s", done, names.v[i]), pattern + n, out);
}

void glob_paths(struct shell *sh, const char *pattern, struct list *out)
{
	size_t slashes = strspn(pattern, "/");
	struct list found = { .a = &sh->work };

	step(sh, arena_dupn(&sh->work, pattern, slashes), pattern + slashes, &found);
	list_sort(&found, list_by_name);
	for (size_t i = 0; i < found.n; i++)
		list_add(out, found.v[i]);
}
