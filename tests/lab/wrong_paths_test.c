/* Every recorded run of tests/lab/fixtures is judged as its file name says:
 *
 *	right*.jsonl	done
 *	untouched.jsonl	not yet
 *	s3.w1*.jsonl	wrong path s3.w1
 *
 * and every wrong path of every lab has a recording.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "labs/verdict.h"

#define FIXTURES "tests/lab/fixtures"

static int points, failures;

static void point(bool ok, const char *what, const char *detail)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++points, what);
	if (!ok)
		printf("# %s\n", detail);
	failures += !ok;
}

/* "done", "not yet" or the wrong path's id. */
static const char *judged(const struct lab *l, const struct facts *f, struct verdict *v)
{
	static struct learner me;
	learner_set(&me, "ana");
	struct world w = { .constant = learner_constant, .arg = &me };
	verdict_judge(l, f, &w, v);
	return v->kind == VERDICT_WRONG_PATH ? v->wrong->id : verdict_name(v->kind);
}

static char *expected(const char *file)
{
	struct str s = { 0 };
	if (str_starts(file, "right"))
		return str_dup("done");
	if (str_starts(file, "untouched"))
		return str_dup("not yet");
	str_addn(&s, file, strcspn(file + 3, "-.") + 3);
	return str_take(&s);
}

static void one(const struct lab *l, const char *dir, const char *file)
{
	struct err e;
	struct verdict v;
	struct facts *f = facts_new();
	autofree char *path = str_printf("%s/%s", dir, file);
	autofree char *want = expected(file);
	if (facts_load(f, path, &e) < 0) {
		point(false, path, e.what);
	} else {
		const char *got = judged(l, f, &v);
		autofree char *what = str_printf("%s: %s", path, want);
		autofree char *detail = str_printf("judged \"%s\", %zu of %zu goals; next: %s", got,
						   v.proof.reached, l->n_goals,
						   v.proof.reached < l->n_goals ?
						   l->goal[v.proof.reached].name : "-");
		point(str_eq(got, want), what, detail);
	}
	facts_free(f);
}

static int is_recording(const struct dirent *d) { return str_ends(d->d_name, ".jsonl"); }

static void all_of(const struct lab *l)
{
	struct dirent **names;
	const char *base = strrchr(l->dir, '/') + 1;
	autofree char *dir = str_printf(FIXTURES "/%s", base);
	int n = scandir(dir, &names, is_recording, alphasort);
	for (size_t i = 0; i < l->n_wrong; i++) {
		bool found = false;
		for (int j = 0; j < n; j++) {
			autofree char *want = expected(names[j]->d_name);
			found = found || str_eq(want, l->wrong[i].id);
		}
		autofree char *what = str_printf("%s has a recorded run", l->wrong[i].id);
		point(found, what, "no file of that name");
	}
	for (int j = 0; j < n; j++) {
		one(l, dir, names[j]->d_name);
		free(names[j]);
	}
	if (n >= 0)
		free(names);
}

int main(void)
{
	struct labs l;
	struct err e;
	if (labs_load("labs", &l, &e) < 0) {
		printf("Bail out! %s\n", e.what);
		return 1;
	}
	for (size_t i = 0; i < l.n; i++)
		all_of(&l.v[i]);
	printf("1..%d\n", points);
	labs_free(&l);
	return failures > 0;
}
