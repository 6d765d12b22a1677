/* The set of labs: where they are, and which one is meant. */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "labs/content.h"
#include "labs/lab.h"

int labs_load(const char *dir, struct labs *out, struct err *e)
{
	char **files;
	int r = content_files(&content_labs, dir, &files, e);
	if (r < 0)
		return r;
	struct labs l = { .v = mem_alloc(strv_len(files) * sizeof(*l.v)) };
	for (size_t i = 0; r == 0 && files[i]; i++) {
		r = lab_load(files[i], &l.v[l.n], e);
		if (r == 0)
			l.n++;
	}
	strv_free(files);
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
