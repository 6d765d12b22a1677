/* What went with a container, derived from the journal: the last word about each path of
 * its layer, before it was removed. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "labs/look/look.h"
#include "labs/vocabulary.h"

/* The newest removal that `which` names: id or its beginning, or name. */
static const struct fact *find_removal(const struct facts *f, const char *which)
{
	struct fact_list l = facts_of(f, vocabulary_find("ctr.rm"), NULL);
	for (size_t i = l.n; i-- > 0;) {
		const struct fact *x = facts_at(f, l.at[i]);
		if (!which || str_starts(x->cid, which) || str_eq(json_str(x->data, "name"), which))
			return x;
	}
	return NULL;
}

static void note(struct lost *out, const struct fact *x)
{
	const char *path = json_str_or(x->data, "path", "");
	bool gone = str_eq(json_str(x->data, "op"), "delete");
	size_t i = 0;
	while (i < out->n && !str_eq(json_str(out->files[i]->data, "path"), path))
		i++;
	if (gone && i < out->n)
		out->files[i] = out->files[--out->n];
	else if (!gone && i < out->n)
		out->files[i] = x;
	else if (!gone)
		out->files[out->n++] = x;
}

static int by_path(const void *a, const void *b)
{
	const struct fact *const *x = a, *const *y = b;
	return strcmp(json_str_or((*x)->data, "path", ""), json_str_or((*y)->data, "path", ""));
}

void lost_find(const struct facts *f, const char *which, struct lost *out)
{
	const struct fact *rm = find_removal(f, which);
	*out = (struct lost){ 0 };
	if (!rm)
		return;
	struct fact_list l = facts_of(f, vocabulary_find("fs.change"), rm->cid);
	*out = (struct lost){ .cid = rm->cid, .name = json_str_or(rm->data, "name", ""),
			      .bytes = json_int(rm->data, "bytes", 0),
			      .files = mem_alloc((l.n + 1) * sizeof(*out->files)) };
	for (size_t i = 0; i < l.n; i++)
		if (!str_eq(json_str(facts_at(f, l.at[i])->data, "kind"), "dir"))
			note(out, facts_at(f, l.at[i]));
	qsort(out->files, out->n, sizeof(*out->files), by_path);
}
