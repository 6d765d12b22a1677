/* The proof language: what its parser refuses, what each form means, and that
 * every goal of every lab rests on facts (none is shown by an empty journal,
 * each is lost when its facts are taken away or were not the student's). */
#include "tests/helpers/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "labs/proof.h"
#include "labs/verdict.h"

/* ---- helpers ---------------------------------------------------------------- */

/* One fact in short: "type cid {data}" with actor student, numbered as they come. */
static void add(struct facts *f, const char *actor, const char *type, const char *cid,
		const char *data)
{
	struct err e;
	autofree char *line = str_printf("{\"seq\":%zu,\"actor\":\"%s\",\"type\":\"%s\",\"cid\":\"%s\","
					 "\"data\":%s}", facts_count(f) + 1, actor, type, cid, data);
	ck_assert_int_eq(facts_add_text(f, line, strlen(line), &e), 0);
}

static int parse(const char *text, struct err *e)
{
	struct scope s = { 0 };
	struct formula *f = NULL;
	int r = formula_parse(&s, text, (struct place){ "t.md", 10, 5, 5 }, &f, e);
	formula_free(f);
	scope_clear(&s);
	return r;
}

static struct proof_result ask(const struct facts *f, const char *text)
{
	struct scope s = { 0 };
	struct formula *formula = NULL;
	struct proof_result r;
	struct err e;
	ck_assert_msg(formula_parse(&s, text, (struct place){ "t.md", 1, 1, 1 }, &formula, &e) == 0,
		      "%s", e.what);
	proof_run(&formula, 1, f, NULL, (struct span){ 0 }, &r);
	formula_free(formula);
	scope_clear(&s);
	return r;
}

static bool holds(const struct facts *f, const char *text) { return ask(f, text).reached == 1; }

static struct facts *web(void)
{
	struct facts *f = facts_new();
	add(f, "seed", "ctr.create", "s", "{\"ref\":\"nginx\",\"detach\":true}");
	add(f, "student", "ctr.create", "a",
	    "{\"ref\":\"nginx\",\"argv\":[\"nginx\",\"-g\"],"
	    "\"ports\":[{\"host\":8080,\"ctr\":80},{\"host\":90,\"ctr\":9}]}");
	add(f, "student", "net.publish", "a", "{\"host\":8080,\"ctr\":80}");
	add(f, "student", "ctr.start", "a", "{\"n\":1}");
	add(f, "student", "net.conn", "a", "{\"host_port\":8080,\"http_status\":200}");
	add(f, "student", "net.conn", "a", "{\"host_port\":8080,\"http_status\":404}");
	add(f, "student", "ctr.create", "b", "{\"ref\":\"nginx\",\"ports\":[]}");
	add(f, "student", "fs.change", "a", "{\"path\":\"/etc/x\",\"sha256\":\"h1\"}");
	add(f, "student", "fs.read", "b", "{\"path\":\"/etc/x\",\"sha256\":\"h2\"}");
	return f;
}

/* ---- the parser ---------------------------------------------------------------- */

START_TEST(refuses_with_place)
{
	static const struct { const char *text, *at, *what; } bad[] = {
		{ "", "t.md:10:5:", "once, never" },
		{ "once", "t.md:10:9:", "type of a fact" },
		{ "once ctr.made", "t.md:10:10:", "fact.def" },
		{ "once ctr.create(cid = ?c", "t.md:10:29:", "\",\" or \")\"" },
		{ "once ctr.create(colour = 1)", "t.md:10:21:", "a field of ctr.create" },
		{ "once ctr.create(name ~ 1)", "t.md:10:26:", "sign" },
		{ "once ctr.create\n(name == 1)", "t.md:11:12:", "a value" },
		{ "once ctr.create(name = \"x)", "t.md:10:28:", "closing quote" },
		{ "now asleep ?c", "t.md:10:9:", "a state" },
		{ "count ctr.rm >= x", "t.md:10:21:", "a number" },
		{ "never ctr.rm between a or b", "t.md:10:28:", "\"and\"" },
		{ "once ctr.rm by nobody", "t.md:10:20:", "an actor" },
		{ "once typed(line = \"x\")", "t.md:10:10:", "proves nothing" },
		{ "once ctr.rm once ctr.rm", "t.md:10:17:", "the end" },
		{ "(once ctr.rm", "t.md:10:17:", "\")\"" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };
		ck_assert_msg(parse(bad[i].text, &e) < 0, "accepted: %s", bad[i].text);
		ck_assert_msg(str_starts(e.what, bad[i].at), "%s: %s", bad[i].text, e.what);
		ck_assert_msg(strstr(e.what, bad[i].what) != NULL, "%s: %s", bad[i].text, e.what);
	}
}
END_TEST

START_TEST(accepts_the_grammar)
{
	static const char *const good[] = {
		"once ctr.create", "once ctr.create(name = \"a\"|\"b\", ports(host = ?p, ctr != 80)) as m",
		"never ctr.rm between start and end", "count ctr.rm(force = true) >= 2",
		"not (once ctr.rm or now free 80) and now present ?c",
		"once ctr.rm then ctr.rm by any before m after n # why",
		"once fs.read(path above ?f, path ^= \"/\", path $= \"x\", path *= \"y\")",
		"once ctr.create(argv[0] = \"x\", ports.count = 0)",
	};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err e = { 0 };
		ck_assert_msg(parse(good[i], &e) == 0, "%s: %s", good[i], e.what);
	}
}
END_TEST

/* ---- the forms ------------------------------------------------------------------- */

static const struct { const char *formula; bool yes; } forms[] = {
	{ "once ctr.create(ref = \"nginx\")", true },
	{ "once ctr.create(ref = \"apache\")", false },
	{ "once ctr.create then net.conn", true },
	{ "once net.conn then net.publish", false },
	{ "once net.conn as c and once net.publish before c", true },
	{ "once net.conn as c and once net.publish after c", false },
	{ "once net.publish before unknown", false },
	{ "never ctr.rm", true },
	{ "never net.conn", false },
	{ "once ctr.start as s and never net.publish between s and end", true },
	{ "once ctr.start as s and never net.publish between start and s", false },
	{ "count net.conn = 2", true },
	{ "count net.conn >= 3", false },
	{ "count ctr.create(ports.count >= 0) = 2", true },
	{ "not once ctr.rm", true },
	{ "not once net.conn", false },
	{ "once ctr.rm or once net.conn", true },
	{ "once ctr.rm and once net.conn", false },
	/* whose fact it is */
	{ "once ctr.create(detach = true)", false },
	{ "once ctr.create(detach = true) by seed", true },
	{ "once ctr.create(detach = true) by any", true },
	/* values */
	{ "once net.conn(http_status = \"200\")", true },
	{ "once net.conn(http_status > 300)", true },
	{ "once net.conn(http_status > 500)", false },
	{ "once ctr.create(ref ^= \"ng\", ref $= \"nx\", ref *= \"gin\")", true },
	{ "once fs.change(path above \"/etc/x/y\")", true },
	{ "once fs.change(path above \"/etc/xy\")", false },
	{ "once net.conn(http_status = 500 | 404)", true },
	{ "once net.conn(http_status != 200 | 404)", false },
	{ "once ctr.create(argv = \"-g\")", true },
	{ "once ctr.create(argv[0] = \"-g\")", false },
	{ "once ctr.create(cid = \"a\", argv != \"nginx\")", false },
	{ "once ctr.create(ports(host = 8080, ctr = 80))", true },
	{ "once ctr.create(ports(host = 8080, ctr = 9))", false },
	{ "once ctr.create(ports.count = 0)", true },
	/* variables: the same container, the same hash, another choice when one fails */
	{ "once ctr.create(cid = ?c) and once net.conn(cid = ?c)", true },
	{ "once ctr.create(cid = ?c, ports.count = 0) and once net.conn(cid = ?c)", false },
	{ "once fs.change(sha256 = ?h) and once fs.read(sha256 = ?h)", false },
	{ "once fs.change(path = ?p) and once fs.read(path = ?p)", true },
	{ "once ctr.create(cid = ?c, ports(host = ?p)) and once net.conn(cid = ?c, host_port = ?p)", true },
	{ "once ctr.create(cid = ?a) and once ctr.create(cid = ?b, cid != ?a)", true },
	/* states */
	{ "once net.publish(cid = ?c) and now running ?c", true },
	{ "once net.publish(cid = ?c) and now removed ?c", false },
	{ "once net.publish(host = ?p) and now free ?p", false },
	{ "now free 81", true },
	{ "now running ?nobody", false },
};

START_TEST(forms_mean_what_they_say)
{
	struct facts *f = web();
	ck_assert_msg(holds(f, forms[_i].formula) == forms[_i].yes, "%s", forms[_i].formula);
	facts_free(f);
}
END_TEST

START_TEST(states_change_by_any_actor)
{
	struct facts *f = web();
	add(f, "engine", "proc.exit", "a", "{\"nspid\":7,\"code\":0}");
	ck_assert(holds(f, "once net.publish(cid = ?c) and now running ?c"));
	add(f, "engine", "proc.exit", "a", "{\"nspid\":1,\"code\":0}");
	ck_assert(holds(f, "once net.publish(cid = ?c) and now exited ?c"));
	add(f, "grader", "ctr.rm", "a", "{\"force\":true}");
	add(f, "engine", "net.release", "a", "{\"host\":8080}");
	ck_assert(holds(f, "once net.publish(cid = ?c, host = ?p) and now removed ?c and now free ?p"));
	facts_free(f);
}
END_TEST

START_TEST(a_span_has_two_ends)
{
	struct facts *f = web();
	struct { const char *text; struct span span; size_t reached; } asked[] = {
		{ "once net.publish", { 0, 0 }, 1 }, { "once net.publish", { 2, 0 }, 1 },
		{ "once net.publish", { 3, 0 }, 0 }, { "once net.publish ever", { 3, 0 }, 1 },
		{ "once net.publish", { 0, 2 }, 0 }, { "once net.publish", { 0, 3 }, 1 },
		{ "now free 8080", { 0, 2 }, 1 }, { "now free 8080", { 0, 3 }, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct scope s = { 0 };
		struct formula *formula = NULL;
		struct proof_result r;
		formula_parse(&s, asked[i].text, (struct place){ "t", 1, 1, 1 }, &formula, NULL);
		proof_run(&formula, 1, f, NULL, asked[i].span, &r);
		ck_assert_msg(r.reached == asked[i].reached, "%zu: %s", i, asked[i].text);
		formula_free(formula);
		scope_clear(&s);
	}
	facts_free(f);
}
END_TEST

START_TEST(newest_is_tried_first)
{
	struct facts *f = facts_new();
	add(f, "student", "ctr.create", "old", "{\"name\":\"x\"}");
	add(f, "student", "ctr.create", "new", "{\"name\":\"y\"}");
	struct proof_result r = ask(f, "once ctr.create(cid = ?c)");
	ck_assert_str_eq(r.var[0].s, "new");
	ck_assert_int_eq(r.last, 1);
	facts_free(f);
}
END_TEST

START_TEST(stale_and_foreign_lines)
{
	struct facts *f = web();
	struct err e;
	size_t n = facts_count(f);
	static const char again[] = "{\"seq\":3,\"type\":\"ctr.rm\",\"actor\":\"student\",\"data\":{}}";
	static const char newer[] =
		"{\"seq\":99,\"type\":\"ctr.teleport\",\"actor\":\"student\",\"data\":{}}";
	static const char broken[] = "{\"data\":{}}";
	ck_assert_int_eq(facts_add_text(f, again, strlen(again), &e), 0);
	ck_assert_uint_eq(facts_count(f), n);
	ck_assert_int_eq(facts_add_text(f, newer, strlen(newer), &e), 0);
	ck_assert_int_eq(facts_at(f, n)->type, -1);
	ck_assert_int_lt(facts_add_text(f, broken, strlen(broken), &e), 0);
	facts_free(f);
}
END_TEST

/* ---- the labs' goals ------------------------------------------------------------- */

/* The fixture without line `skip`, or with that line's actor made `actor`. */
static struct facts *altered(const char *path, size_t skip, const char *actor)
{
	struct facts *f = facts_new();
	autostr struct str text = { 0 };
	struct err e;
	size_t i = 0;
	ck_assert_int_eq(file_read(path, &text, &e), 0);
	for (char *s = text.s; *s; i++) {
		size_t n = strcspn(s, "\n");
		cJSON *j = cJSON_ParseWithLength(s, n);
		if (i == skip && actor)
			cJSON_SetValuestring(json_obj(j, "actor"), actor);
		if (i == skip && !actor)
			cJSON_Delete(j);
		else
			facts_add(f, j, &e);
		s += n + (s[n] == '\n');
	}
	return f;
}

static size_t reached(const struct lab *l, struct facts *f, struct verdict *v)
{
	verdict_judge(l, f, NULL, v);
	facts_free(f);
	return v->proof.reached;
}

/* Some fact of the goal's evidence is such that the proof breaks without it. */
static void goal_rests_on_facts(const struct lab *l, const char *path, size_t goal, const char *actor)
{
	struct verdict whole, v;
	size_t n = reached(l, altered(path, SIZE_MAX, NULL), &whole);
	ck_assert_msg(n == l->n_goals, "%s is not a right run", path);
	for (size_t i = whole.proof.first[goal]; i < whole.proof.first[goal + 1]; i++)
		if (reached(l, altered(path, whole.proof.evidence[i], actor), &v) < l->n_goals)
			return;
	ck_abort_msg("%s: goal %s holds whatever is taken away", path, l->goal[goal].name);
}

START_TEST(goals_rest_on_facts)
{
	struct labs labs;
	struct err e;
	ck_assert_msg(labs_load("labs", &labs, &e) == 0, "%s", e.what);
	for (size_t i = 0; i < labs.n; i++) {
		const struct lab *l = &labs.v[i];
		autofree char *path = str_printf("labs/%s/runs/right.jsonl",
						 strrchr(l->dir, '/') + 1);
		for (size_t g = 0; g < l->n_goals; g++) {
			goal_rests_on_facts(l, path, g, NULL);
			goal_rests_on_facts(l, path, g, "seed");
			goal_rests_on_facts(l, path, g, "demo");
		}
	}
	labs_free(&labs);
}
END_TEST

/* Forgotten containers and their noise: the search must stay a search in an index. */
START_TEST(fast_on_a_long_journal)
{
	struct labs labs;
	struct err e;
	struct facts *f = facts_new();
	struct verdict v;
	struct timespec a, b;
	ck_assert_msg(labs_load("labs", &labs, &e) == 0, "%s", e.what);
	for (int i = 0; i < 100000; i++) {
		char cid[16];
		snprintf(cid, sizeof(cid), "c%d", i / 50);
		if (i % 50 == 0)
			add(f, "student", "ctr.create", cid,
			    "{\"ref\":\"ubuntu\",\"tty\":true,\"stdin\":true,\"autorm\":false,"
			    "\"binds\":0,\"volumes\":0,\"name\":\"x\"}");
		else if (i % 50 == 40)
			add(f, "student", "proc.exit", cid, "{\"nspid\":1,\"code\":0,\"bytes\":1}");
		else
			add(f, "student", "fs.change", cid,
			    "{\"path\":\"/data\",\"op\":\"add\",\"kind\":\"file\","
			    "\"size\":3,\"sha256\":\"h\"}");
	}
	for (size_t i = 0; i < labs.n; i++) {
		clock_gettime(CLOCK_MONOTONIC, &a);
		verdict_judge(&labs.v[i], f, NULL, &v);
		clock_gettime(CLOCK_MONOTONIC, &b);
		double ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
		ck_assert_msg(ms < 400, "step %d took %.1f ms", labs.v[i].number, ms);
		printf("# step %d over 100,000 facts: %.1f ms\n", labs.v[i].number, ms);
	}
	facts_free(f);
	labs_free(&labs);
}
END_TEST

START_TEST(texts_are_expanded)
{
	struct facts *f = web();
	struct scope s = { 0 };
	struct formula *formula = NULL;
	struct proof_result r;
	struct str out = { 0 };
	ck_assert_int_eq(formula_parse(&s, "once net.conn(cid = ?c, host_port = ?p, http_status = 200)",
				       (struct place){ "t", 1, 1, 1 }, &formula, NULL), 0);
	proof_run(&formula, 1, f, NULL, (struct span){ 0 }, &r);
	proof_expand(&out, "port {p} of {c}, {unknown}", &s, &r, NULL);
	ck_assert_str_eq(out.s, "port 8080 of a, {unknown}");
	str_free(&out);
	formula_free(formula);
	scope_clear(&s);
	facts_free(f);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("proof");
	TCase *parser = tcase_create("parser"), *eval = tcase_create("evaluator");
	TCase *labs = tcase_create("labs");
	tcase_add_test(parser, refuses_with_place);
	tcase_add_test(parser, accepts_the_grammar);
	tcase_add_loop_test(eval, forms_mean_what_they_say, 0, ARRAY_SIZE(forms));
	tcase_add_test(eval, states_change_by_any_actor);
	tcase_add_test(eval, a_span_has_two_ends);
	tcase_add_test(eval, newest_is_tried_first);
	tcase_add_test(eval, stale_and_foreign_lines);
	tcase_add_test(eval, texts_are_expanded);
	tcase_add_test(labs, goals_rest_on_facts);
	tcase_add_test(labs, fast_on_a_long_journal);
	tcase_set_timeout(labs, 30);
	suite_add_tcase(s, parser);
	suite_add_tcase(s, eval);
	suite_add_tcase(s, labs);
	return s;
}
UNIT_MAIN(suite)
