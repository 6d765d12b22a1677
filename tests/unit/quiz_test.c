/* The quiz behind its screen: what counts as an answer, when a concept comes back, what an
 * incomplete bank is told, and that each sentence about a learner's own runs can be true. */
#include "tests/helpers/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "quiz/exam.h"
#include "quiz/exchange.h"

#define DAY (24 * 3600ull)
#define START 1790000000ull	/* some second in 2026 */

static struct bank bank;

static void load(void)
{
	struct err e;
	ck_assert_msg(bank_load("quiz", &bank, &e) == 0, "%s", e.what);
}

static void unload(void) { bank_free(&bank); }

/* ---- answers ----------------------------------------------------------------------- */

static void answer(struct facts *f, const char *actor, uint64_t second, const char *question,
		   const char *key)
{
	char wall[40];
	struct err e;
	clock_rfc3339(second * 1000000000, wall);
	autofree char *line = str_printf(
		"{\"seq\":%zu,\"actor\":\"%s\",\"type\":\"quiz.answer\",\"wall\":\"%s\",\"data\":"
		"{\"question\":\"%s\",\"answer\":\"%s\",\"right\":true,\"confidence\":\"sure\"}}",
		facts_count(f) + 1, actor, wall, question, key);
	ck_assert_int_eq(facts_add_text(f, line, strlen(line), &e), 0);
}

static const char *right_of(const char *id) { return bank_item(&bank, id)->q.right; }
static const char *wrong_of(const char *id)
{
	const struct question *q = &bank_item(&bank, id)->q;
	return q->options[str_eq(q->options[0].key, q->right)].key;
}

static struct due due_of(struct facts *f, const char *concept)
{
	struct record r;
	autofree struct due *all = mem_alloc(bank.n_concepts * sizeof(*all));
	record_read(&bank, f, &r);
	record_schedule(&bank, &r, all);
	record_free(&r);
	return all[bank_concept(&bank, concept) - bank.concepts];
}

static uint64_t due_day(struct facts *f)
{
	return (due_of(f, "kernel").at / 1000000000 - START) / DAY;
}

START_TEST(only_the_students_own_answers_count)
{
	struct facts *f = facts_new();
	struct record r;
	answer(f, "student", START, "vm-1", right_of("vm-1"));
	answer(f, "demo", START, "vm-2", right_of("vm-2"));
	answer(f, "student", START, "no-such-question", "a");
	record_read(&bank, f, &r);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_ptr_eq(r.v[0].item, bank_item(&bank, "vm-1"));
	ck_assert_ptr_null(record_last(&r, bank_item(&bank, "vm-2")));
	record_free(&r);
	facts_free(f);
}
END_TEST

START_TEST(right_is_what_the_bank_says)
{
	struct facts *f = facts_new();
	struct record r;
	answer(f, "student", START, "vm-1", wrong_of("vm-1"));	/* the fact claims "right" */
	record_read(&bank, f, &r);
	ck_assert(!r.v[0].right);
	record_free(&r);
	facts_free(f);
}
END_TEST

/* ---- when it comes back ---------------------------------------------------------------- */

START_TEST(distances_are_1_3_7_and_16_days)
{
	static const unsigned days[] = { 0, 1, 4, 11 }, next[] = { 1, 4, 11, 27 };
	struct facts *f = facts_new();
	ck_assert(!due_of(f, "kernel").asked);
	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		answer(f, "student", START + days[i] * DAY, "vm-1", right_of("vm-1"));
		ck_assert_uint_eq(due_day(f), next[i]);
		ck_assert(!due_of(f, "kernel").settled);
	}
	answer(f, "student", START + 27 * DAY, "vm-2", right_of("vm-2"));
	ck_assert(due_of(f, "kernel").settled);
	facts_free(f);
}
END_TEST

START_TEST(too_early_changes_nothing_unless_it_is_wrong)
{
	struct facts *f = facts_new();
	answer(f, "student", START, "vm-1", right_of("vm-1"));
	answer(f, "student", START + 3600, "vm-2", right_of("vm-2"));
	ck_assert_uint_eq(due_day(f), 1);
	answer(f, "student", START + 1 * DAY, "vm-2", right_of("vm-2"));
	ck_assert_uint_eq(due_day(f), 4);
	answer(f, "student", START + 2 * DAY, "vm-3", wrong_of("vm-3"));
	ck_assert_uint_eq(due_day(f), 3);
	ck_assert_int_eq(due_of(f, "kernel").stage, 0);
	facts_free(f);
}
END_TEST

START_TEST(wrong_brings_back_what_was_settled)
{
	struct facts *f = facts_new();
	static const unsigned days[] = { 0, 1, 4, 11, 27 };
	for (size_t i = 0; i < ARRAY_SIZE(days); i++)
		answer(f, "student", START + days[i] * DAY, "vm-1", right_of("vm-1"));
	ck_assert(due_of(f, "kernel").settled);
	answer(f, "student", START + 40 * DAY, "vm-1", wrong_of("vm-1"));
	ck_assert(!due_of(f, "kernel").settled);
	ck_assert_uint_eq(due_day(f), 41);
	facts_free(f);
}
END_TEST

START_TEST(a_clock_set_back_makes_nothing_earlier)
{
	struct facts *f = facts_new();
	answer(f, "student", START + 10 * DAY, "vm-1", right_of("vm-1"));
	answer(f, "student", START, "box-1", right_of("box-1"));
	ck_assert_uint_eq((due_of(f, "box").at / 1000000000 - START) / DAY, 11);
	facts_free(f);
}
END_TEST

START_TEST(the_sibling_is_another_one)
{
	struct facts *f = facts_new();
	struct record r;
	size_t kernel = (size_t)(bank_concept(&bank, "kernel") - bank.concepts);
	answer(f, "student", START, "vm-1", right_of("vm-1"));
	answer(f, "student", START, "vm-2", right_of("vm-2"));
	answer(f, "student", START, "vm-4", right_of("vm-4"));
	record_read(&bank, f, &r);
	ck_assert_str_eq(record_sibling(&bank, &r, kernel)->q.id, "vm-3");
	record_free(&r);
	answer(f, "student", START, "vm-3", right_of("vm-3"));
	answer(f, "student", START, "vm-1", right_of("vm-1"));
	record_read(&bank, f, &r);
	ck_assert_str_eq(record_sibling(&bank, &r, kernel)->q.id, "vm-2");
	record_free(&r);
	facts_free(f);
}
END_TEST

/* ---- an exam ---------------------------------------------------------------------------- */

START_TEST(an_exam_has_one_question_a_concept)
{
	struct quiz z = { .bank = bank };
	autofree const struct item **items = NULL;
	bool seen[64] = { false };
	learner_set(&z.course.learner, "ana");
	size_t n = exam_choose(&z, NULL, 0, &items);
	ck_assert_uint_eq(n, bank.n_concepts);
	ck_assert_uint_le(n, ARRAY_SIZE(seen));
	for (size_t i = 0; i < n; i++) {
		ck_assert(!seen[items[i]->concept]);
		seen[items[i]->concept] = true;
	}
	free(z.course.learner.id);
}
END_TEST

/* ---- the bank ------------------------------------------------------------------------------ */

/* What bank_check() finds in a bank of one file with these questions. */
static size_t findings(const char *yaml, struct str *out)
{
	char dir[] = "/tmp/drydock-bank-XXXXXX";
	struct bank b;
	struct err e;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	autofree char *path = str_printf("%s/01-x.md", dir);
	autofree char *text = str_printf("---\nsection: 1\nname: x\ntitle: t\nconcepts:\n  c: d\n"
					 "questions:\n%s---\n# t\n", yaml);
	ck_assert_int_eq(file_write_atomic(path, text, strlen(text), 0644, &e), 0);
	int r = bank_load(dir, &b, &e);
	dir_remove(dir, NULL);
	if (r < 0) {
		str_add(out, e.what);
		return 0;
	}
	size_t n = bank_check(&b, out);
	bank_free(&b);
	return n;
}

static void finds(const char *yaml, const char *what)
{
	autostr struct str out = { 0 };
	findings(yaml, &out);
	ck_assert_msg(strstr(out.s ? out.s : "", what) != NULL, "%s: not in: %s", what,
		      out.s ? out.s : "");
}

#define Q "  - { id: q, concept: c, ask: a, right: a, why: w, options: "

START_TEST(what_is_missing_is_named)
{
	finds(Q "{ a: x, b: y } }\n", "01-x.md:8: question q: option b has no misconception");
	finds(Q "{ a: x, b: { text: y, tag: M-X } } }\n", "which misconceptions.md does not explain");
	finds(Q "{ a: x, b: { text: y, tag: M-X } } }\n", "option b has no explanation");
	finds(Q "{ a: x, b: { text: y, say: z } } }\n", "option b has no experiment");
	finds(Q "{ a: x, b: { text: y, prove: p } } }\n", "the experiment \"p\", which is nowhere");
	finds(Q "{ a: x, b: {text: y, tag: M-X}, c: {text: z, tag: M-X} } }\n",
	      "the same tag as another");
	finds(Q "{ a: x } }\n", "at least two options");
	finds(Q "{ a: x, b: y } }\n", "concept c: 1 questions, expected at least 3");
}
END_TEST

START_TEST(what_cannot_be_read_is_refused_with_its_place)
{
	finds("  - { id: q, concept: z, ask: a, right: a, why: w, options: { a: x } }\n",
	      "01-x.md:8:5: there is no concept \"z\"");
	finds(Q "{ b: x } }\n", "the right answer \"a\" is none of the options");
	finds(Q "{ a: x } }\n" Q "{ a: x } }\n", "the question \"q\" is there twice");
	finds("  - { id: q, concept: c, right: a, why: w, options: { a: x } }\n",
	      "expected \"ask: text\"");
	finds("  - { id: q, concept: c, ask: a, right: a, why: w, options: { a: x }, "
	      "evidence: [{ when: \"once nothing.known\", say: s }] }\n", "01-x.md:8:");
	finds("  - { id: q, concept: c, ask: a, right: a, why: w, options: { a: x }, hint: h }\n",
	      "unknown key \"hint\"");
}
END_TEST

/* ---- sentences about one's own runs ---------------------------------------------------- */

static int is_recording(const struct dirent *d) { return str_ends(d->d_name, ".jsonl"); }

static void note_sentences(const struct facts *f, bool *true_once)
{
	size_t n = 0;
	for (size_t i = 0; i < bank.n_items; i++)
		for (size_t k = 0; k < bank.items[i].q.n_evidence; k++, n++) {
			struct remark *r = &bank.items[i].q.evidence[k];
			struct proof_result found;
			autostr struct str text = { 0 };
			proof_run(&r->when, 1, f, NULL, (struct span){ 0 }, &found);
			if (found.reached != 1)
				continue;
			true_once[n] = true;
			proof_expand(&text, r->say, &r->scope, &found, NULL);
			ck_assert_msg(!strpbrk(text.s, "{}"), "%s: %s", bank.items[i].q.id, text.s);
		}
}

static void each_recording(const char *dir, bool *true_once)
{
	struct dirent **names;
	struct err e;
	int n = scandir(dir, &names, is_recording, alphasort);
	for (int i = 0; i < n; i++) {
		autofree char *path = str_printf("%s/%s", dir, names[i]->d_name);
		struct facts *f = facts_new();
		ck_assert_int_eq(facts_load(f, path, &e), 0);
		note_sentences(f, true_once);
		facts_free(f);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* These need runs that no step of the lab asks for. */
static const char *const unrecorded[] = { "ports-2", "tidy-1", "tidy-4", "root-3", "stop-2" };

static bool has_recording(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(unrecorded); i++)
		if (str_eq(unrecorded[i], id))
			return false;
	return true;
}

START_TEST(each_sentence_is_true_of_some_recorded_run)
{
	static const char *const steps[] = { "01-hello", "02-shell", "03-web", "04-files",
					     "05-layers", "06-persistence" };
	bool true_once[256] = { false };
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		autofree char *dir = str_printf("labs/%s/runs", steps[i]);
		each_recording(dir, true_once);
	}
	for (size_t i = 0; i < bank.n_items; i++)
		for (size_t k = 0; k < bank.items[i].q.n_evidence; k++, n++)
			ck_assert_msg(true_once[n] || !has_recording(bank.items[i].q.id),
				      "%s: evidence %zu", bank.items[i].q.id, k + 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("quiz");
	TCase *t = tcase_create("quiz");
	tcase_add_checked_fixture(t, load, unload);
	tcase_add_test(t, only_the_students_own_answers_count);
	tcase_add_test(t, right_is_what_the_bank_says);
	tcase_add_test(t, distances_are_1_3_7_and_16_days);
	tcase_add_test(t, too_early_changes_nothing_unless_it_is_wrong);
	tcase_add_test(t, wrong_brings_back_what_was_settled);
	tcase_add_test(t, a_clock_set_back_makes_nothing_earlier);
	tcase_add_test(t, the_sibling_is_another_one);
	tcase_add_test(t, an_exam_has_one_question_a_concept);
	tcase_add_test(t, what_is_missing_is_named);
	tcase_add_test(t, what_cannot_be_read_is_refused_with_its_place);
	tcase_add_test(t, each_sentence_is_true_of_some_recorded_run);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
