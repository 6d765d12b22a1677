/* What a filter's value means: as it is, by its beginning, as an expression, as a time. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"
#include "tests/helpers/unit.h"

static cJSON *parse(const char *text)
{
	cJSON *o = NULL;
	ck_assert_int_eq(json_parse(text, strlen(text), &o, NULL), 0);
	return o;
}

enum { HAS = 1, PREFIX = 2, MATCH = 4 };

static const struct { const char *filters, *value; int fits; } values[] = {
	{ "{}", "x", HAS | PREFIX | MATCH },
	{ "{\"k\":[]}", "x", HAS | PREFIX | MATCH },
	{ "{\"other\":[\"y\"]}", "x", HAS | PREFIX | MATCH },
	{ "{\"k\":[\"abc\"]}", "abc", HAS | PREFIX | MATCH },
	{ "{\"k\":[\"ab\"]}", "abc", PREFIX | MATCH },
	{ "{\"k\":[\"bc\"]}", "abc", MATCH },
	{ "{\"k\":[\"^b\",\"z\"]}", "abc", 0 },
	{ "{\"k\":[\"no\",\"^a.c$\"]}", "abc", MATCH },
	{ "{\"k\":[\"a(b|x)c\"]}", "axc", MATCH },
	{ "{\"k\":[\"(\"]}", "abc", 0 },		/* no expression */
	{ "{\"k\":[\"(\"]}", "(", HAS | PREFIX | MATCH },	/* but a text */
	{ "{\"k\":[\"b{2}\"]}", "abbc", MATCH },
	{ "{\"k\":[\"((a{1000}){1000}){1000}\"]}", "a", 0 },	/* too much to build */
	{ "{\"k\":[\"\"]}", "abc", PREFIX | MATCH },
};

START_TEST(compares)
{
	autojson cJSON *f = parse(values[_i].filters);
	int fits = (filter_has(f, "k", values[_i].value) ? HAS : 0) |
		   (filter_prefix(f, "k", values[_i].value) ? PREFIX : 0) |
		   (filter_match(f, "k", values[_i].value) ? MATCH : 0);
	ck_assert_int_eq(fits, values[_i].fits);
}
END_TEST

/* Brackets that never end would fill the stack of whoever reads them. */
START_TEST(reads_no_endless_expression)
{
	autostr struct str deep = { 0 };
	for (int i = 0; i < 200000; i++)
		str_add(&deep, "(");
	autojson cJSON *f = cJSON_CreateObject();
	json_put_strv(f, "k", (char *const []){ deep.s, NULL });
	ck_assert(!filter_match(f, "k", "abc"));
}
END_TEST

static const struct { const char *filters; bool fits; } labels[] = {
	{ "{}", true }, { "{\"label\":[\"a\"]}", true }, { "{\"label\":[\"a=1\"]}", true },
	{ "{\"label\":[\"a=2\"]}", false }, { "{\"label\":[\"a\",\"c\"]}", false },
	{ "{\"label\":[\"b=x=y\"]}", true }, { "{\"label!\":[\"a\"]}", false },
	{ "{\"label!\":[\"c\"]}", true }, { "{\"label!\":[\"a\",\"c\"]}", true },
	{ "{\"label\":[\"a\"],\"label!\":[\"b\"]}", false },
};

START_TEST(looks_at_labels)
{
	autojson cJSON *f = parse(labels[_i].filters), *have = parse("{\"a\":\"1\",\"b\":\"x=y\"}");
	ck_assert_int_eq(filter_labels(f, have), labels[_i].fits);
	ck_assert_int_eq(filter_labels(f, NULL), !json_obj(f, "label"));
}
END_TEST

/* want: -1 an error, 2 left alone. */
static const struct { const char *filters; int want; } truths[] = {
	{ "{}", 2 }, { "{\"k\":[\"true\"]}", 1 }, { "{\"k\":[\"1\",\"true\"]}", 1 },
	{ "{\"k\":[\"0\"]}", 0 }, { "{\"k\":[\"false\"]}", 0 }, { "{\"k\":[\"true\",\"0\"]}", -1 },
	{ "{\"k\":[\"x\"]}", -1 }, { "{\"k\":[]}", -1 },
};

START_TEST(reads_truth)
{
	autojson cJSON *f = parse(truths[_i].filters);
	for (int before = 0; before < 2; before++) {
		bool out = before;
		int r = filter_bool(f, "k", &out, NULL);
		ck_assert_int_eq(r < 0, truths[_i].want < 0);
		bool given = truths[_i].want == 0 || truths[_i].want == 1;
		ck_assert_int_eq(out, given ? truths[_i].want : before);
	}
}
END_TEST

#define S 1000000000ull
static const struct { const char *value; uint64_t at, ago; bool ok; } times[] = {
	{ "1700000000", 1700000000 * S, 0, true },
	{ "1700000000.5", 1700000000 * S + S / 2, 0, true },
	{ "2024-01-02T03:04:05Z", 1704164645 * S, 0, true },
	{ "2024-01-02T03:04:05", 1704164645 * S, 0, true },
	{ "2024-01-02", 1704153600 * S, 0, true },
	{ "10m", 0, 600 * S, true }, { "1h30m", 0, 5400 * S, true },
	{ "", 0, 0, false }, { "soon", 0, 0, false }, { "10 m", 0, 0, false },
};

START_TEST(reads_times)
{
	autojson cJSON *f = cJSON_CreateObject();
	struct err e = { 0 };
	uint64_t got = 7, want = times[_i].at ? times[_i].at : clock_wall_ns() - times[_i].ago;
	ck_assert_int_eq(filter_time(f, "until", &got, &e), 0);
	ck_assert_uint_eq(got, 7);
	json_put_strv(f, "until", (char *const []){ (char *)times[_i].value, NULL });
	ck_assert_int_eq(filter_time(f, "until", &got, &e) == 0, times[_i].ok);
	if (times[_i].ok)
		ck_assert(got >= want - S && got <= want + S);
	else
		ck_assert_uint_eq(got, 7);
}
END_TEST

START_TEST(knows_its_words)
{
	static const char *const words[] = { "a", "b", NULL };
	struct err e = { 0 };
	autojson cJSON *good = parse("{\"a\":[\"1\"],\"b\":[]}"), *bad = parse("{\"a\":[],\"c\":[]}");
	ck_assert_int_eq(filter_check(good, words, &e), 0);
	ck_assert_int_lt(filter_check(bad, words, &e), 0);
	ck_assert_str_eq(e.what, "invalid filter 'c'");
	ck_assert_int_eq(err_status(&e), 400);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("filters");
	TCase *t = tcase_create("filters");
	tcase_add_loop_test(t, compares, 0, ARRAY_SIZE(values));
	tcase_add_test(t, reads_no_endless_expression);
	tcase_add_loop_test(t, looks_at_labels, 0, ARRAY_SIZE(labels));
	tcase_add_loop_test(t, reads_truth, 0, ARRAY_SIZE(truths));
	tcase_add_loop_test(t, reads_times, 0, ARRAY_SIZE(times));
	tcase_add_test(t, knows_its_words);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
