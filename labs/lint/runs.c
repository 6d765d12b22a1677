/* Recorded runs: each judged as its name says, enough of them, and no two the same.
 *
 * Two more come for free.  An empty journal must not be enough, and a right run that
 * somebody else did - every fact of the student's given to the demonstration - must
 * earn nothing.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "labs/lint/lint.h"
#include "labs/verdict.h"
#include "labs/vocabulary.h"

struct replay {
	struct lint *lint;
	const struct lab *lab;
	struct learner learner;
	struct world world;
	char **seen;		/* what each run before did, and its path, in turn */
	size_t right, wrong;
	bool *recorded;		/* of each wrong path */
};

static int wrong_index(const struct lab *l, const char *id)
{
	for (size_t i = 0; i < l->n_wrong; i++)
		if (str_eq(l->wrong[i].id, id))
			return (int)i;
	return -1;
}

/* "right-forced.jsonl" -> "right", "s3.w1-b.jsonl" -> "s3.w1" */
static char *kind_of(const char *name)
{
	struct str s = { 0 };
	const char *dot = strrchr(name, '.');
	size_t len = dot ? (size_t)(dot - name) : strlen(name);
	const char *dash = memchr(name, '-', len);
	str_addn(&s, name, dash ? (size_t)(dash - name) : len);
	return str_take(&s);
}

/* "done", "not yet" or the wrong path's id. */
static const char *judged(struct replay *r, const struct facts *f, struct verdict *v)
{
	verdict_judge(r->lab, f, &r->world, v);
	return v->kind == VERDICT_WRONG_PATH ? v->wrong->id : verdict_name(v->kind);
}

static const char *next_goal(const struct lab *l, const struct verdict *v)
{
	return v->proof.reached < l->n_goals ? l->goal[v->proof.reached].name : "none";
}

/* What was done, without what differs from one recording to the next. */
static char *signature(const struct facts *f)
{
	struct str s = { 0 };
	for (size_t i = 0; i < facts_count(f); i++) {
		const struct fact *x = facts_at(f, i);
		const char *line = json_str_or(x->data, "line", "");
		autofree char *argv = x->data ? json_line(x->data) : str_dup("");
		bool told = x->type >= 0 && str_eq(vocabulary_name(x->type), "ctr.create");
		str_addf(&s, "%d %s %s;", x->type, line, told ? argv : "");
	}
	return str_take(&s);
}

static void check_distinct(struct replay *r, const struct facts *f, const char *path)
{
	autofree char *did = signature(f);
	for (size_t i = 0; r->seen[i]; i += 2)
		if (str_eq(r->seen[i], did))
			lint_say(r->lint, path, 1, "the same was done as in %s: expected another way",
				 r->seen[i + 1]);
	strv_add(&r->seen, did);
	strv_add(&r->seen, path);
}

/* What the shell would say must have no {name} left in it. */
static void check_sentence(struct replay *r, const struct verdict *v, const char *path)
{
	autostr struct str text = { 0 };
	verdict_say(&text, r->lab, v, &r->world);
	if (text.s && strchr(text.s, '{'))
		lint_say(r->lint, path, 1, "its sentence has a name that stands for nothing: %s",
			 text.s);
}

/* The same run, done by a demonstration. */
static void check_actor(struct replay *r, const char *path)
{
	static const char student[] = "\"actor\":\"student\"";
	struct err e;
	struct verdict v;
	autostr struct str text = { 0 }, other = { 0 };
	struct facts *f = facts_new();
	if (file_read(path, &text, &e) < 0)
		return;
	const char *s = text.s, *at;
	for (; (at = strstr(s, student)); s = at + strlen(student)) {
		str_addn(&other, s, (size_t)(at - s));
		str_add(&other, "\"actor\":\"demo\"");
	}
	str_add(&other, s);
	for (char *line = other.s; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (*line != '\n' && *line != '#')
			facts_add_text(f, line, strcspn(line, "\n"), &e);
	if (str_eq(judged(r, f, &v), "done"))
		lint_say(r->lint, path, 1, "done even if a demonstration did it all: expected "
			 "a proof that needs facts of the student");
	facts_free(f);
}

static void check_run(struct replay *r, const char *path, const char *kind)
{
	struct err e;
	struct verdict v;
	const char *want = str_eq(kind, "right") ? "done" : str_eq(kind, "untouched") ? "not yet" : kind;
	struct facts *f = facts_new();
	if (facts_load(f, path, &e) < 0) {
		lint_say_as_is(r->lint, e.what);
	} else {
		const char *got = judged(r, f, &v);
		r->lint->n_runs++;
		if (!str_eq(got, want))
			lint_say(r->lint, path, 1, "expected \"%s\", but it is judged \"%s\" (%zu of "
				 "%zu goals are shown; next: %s)", want, got, v.proof.reached,
				 r->lab->n_goals, next_goal(r->lab, &v));
		check_sentence(r, &v, path);
		check_distinct(r, f, path);
	}
	facts_free(f);
}

static void one(struct replay *r, const char *dir, const char *name)
{
	autofree char *path = str_printf("%s/%s", dir, name);
	autofree char *kind = kind_of(name);
	int wrong = wrong_index(r->lab, kind);
	if (wrong < 0 && !str_eq(kind, "right") && !str_eq(kind, "untouched")) {
		lint_say(r->lint, path, 1, "expected a name that begins with right, untouched, or "
			 "the id of a wrong path of %s/lab.md", r->lab->dir);
		return;
	}
	check_run(r, path, kind);
	if (str_eq(kind, "right")) {
		r->right++;
		check_actor(r, path);
	} else if (wrong >= 0) {
		r->wrong++;
		r->recorded[wrong] = true;
	}
}

static int is_run(const struct dirent *d) { return str_ends(d->d_name, ".jsonl"); }

static void check_numbers(struct replay *r, const char *dir)
{
	const struct lab *l = r->lab;
	const yaml_node_t *list = front_get(l->front, l->front->root, "wrong");
	for (size_t i = 0; i < l->n_wrong; i++)
		if (!r->recorded[i])
			lint_say(r->lint, l->front->file,
				 lint_line(front_item(l->front, list, i, NULL)),
				 "wrong path %s: expected a recorded run, %s/%s.jsonl",
				 l->wrong[i].id, dir, l->wrong[i].id);
	if (r->wrong < LINT_WRONG_RUNS)
		lint_say(r->lint, l->front->file, lint_line(list), "%zu recorded wrong runs in %s: "
			 "expected at least %d", r->wrong, dir, LINT_WRONG_RUNS);
	list = front_get(l->front, l->front->root, "proof");
	if (r->right < LINT_RIGHT_RUNS)
		lint_say(r->lint, l->front->file, lint_line(list), "%zu recorded right runs in %s: "
			 "expected at least %d", r->right, dir, LINT_RIGHT_RUNS);
}

static void check_untouched(struct replay *r)
{
	struct verdict v;
	struct facts *f = facts_new();
	if (judged(r, f, &v) && v.kind != VERDICT_NOT_YET)
		lint_say(r->lint, r->lab->front->file, 1,
			 "expected \"not yet\" where nothing was done, but it is judged \"%s\"",
			 verdict_name(v.kind));
	facts_free(f);
}

static void all_of(struct lint *lint, const struct lab *l)
{
	struct dirent **names;
	autofree char *dir = str_printf("%s/runs", l->dir);
	struct replay r = { .lint = lint, .lab = l, .seen = mem_alloc(sizeof(char *)),
			    .recorded = mem_alloc(l->n_wrong + 1) };
	learner_set(&r.learner, "ana");
	r.world = (struct world){ .constant = learner_constant, .arg = &r.learner };
	check_untouched(&r);
	int n = scandir(dir, &names, is_run, alphasort);
	for (int i = 0; i < n; i++) {
		one(&r, dir, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	check_numbers(&r, dir);
	strv_free(r.seen);
	free(r.recorded);
	free(r.learner.id);
}

void lint_runs(struct lint *l)
{
	for (size_t i = 0; i < l->labs.n; i++)
		all_of(l, &l->labs.v[i]);
}
