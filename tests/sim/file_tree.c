#include "tests/sim/file_tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void below(const struct files *f, const char *dir, const char *shown, struct str *out)
{
	char **names = f->names(f->arg, dir);

	qsort(names, strv_len(names), sizeof(*names), by_name);
	for (char **name = names; *name; name++) {
		autofree char *path = str_printf("%s/%s", dir, *name),
			      *title = str_printf("%s/%s", shown, *name);
		struct stat st;

		if (f->lstat(f->arg, path, &st) < 0)
			continue;
		str_addf(out, "%s %o %u:%u", title, (unsigned)st.st_mode, (unsigned)st.st_uid,
			 (unsigned)st.st_gid);
		if (S_ISLNK(st.st_mode)) {
			str_add(out, " -> ");
			f->target(f->arg, path, out);
		} else if (S_ISREG(st.st_mode)) {
			str_addf(out, " %u links, %lld bytes: ", (unsigned)st.st_nlink,
				 (long long)st.st_size);
			f->content(f->arg, path, out);
		}
		str_add(out, "\n");
		if (S_ISDIR(st.st_mode))
			below(f, path, title, out);
	}
	strv_free(names);
}

void file_tree(const struct files *f, const char *dir, struct str *out)
{
	str_clear(out);
	str_add(out, "");
	below(f, dir, ".", out);
}
