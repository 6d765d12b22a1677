/* dockerfile_expand_test.c - quotes, escapes and variables in a Dockerfile's words. */
#include <errno.h>
#include <string.h>

#include "build/expand.h"
#include "core/cleanup.h"
#include "core/str.h"
#include "tests/helpers/unit.h"

static const char *lookup(void *arg, const char *name)
{
	static const char *const vars[][2] = {
		{ "v", "value" }, { "empty", "" }, { "path", "/usr/local/lib.tar.gz" },
		{ "two", "a b" }, { "star", "a*c" }, { "1", "one" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(vars); i++)
		if (str_eq(vars[i][0], name))
			return vars[i][1];
	return NULL;
}

static const struct { const char *word, *result; } cases[] = {
	{ "x$v.y", "xvalue.y" }, { "${v}1", "value1" }, { "$none-", "-" }, { "a$", "a$" },
	{ "\\$v", "$v" }, { "'$v'", "$v" }, { "\"$v 'x'\"", "value 'x'" }, { "\"\\$v \\n\"", "$v \\n" },
	{ "$1x", "onex" }, { "$/", "$/" },
	{ "${none:-w}", "w" }, { "${empty:-w}", "w" }, { "${empty-w}", "" }, { "${v:-w}", "value" },
	{ "${none:-$v}", "value" }, { "${none:-${v:+x}}", "x" },
	{ "${v:+w}", "w" }, { "${empty:+w}", "" }, { "${empty+w}", "w" }, { "${none+w}", "" },
	{ "${v?gone}", "value" },
	{ "${path#*/}", "usr/local/lib.tar.gz" }, { "${path##*/}", "lib.tar.gz" },
	{ "${path%.*}", "/usr/local/lib.tar" }, { "${path%%.*}", "/usr/local/lib" },
	{ "${path#x}", "/usr/local/lib.tar.gz" }, { "${v#?a}", "lue" }, { "${v%?}", "valu" },
	{ "${v/a/A}", "vAlue" }, { "${path//\\//:}", ":usr:local:lib.tar.gz" },
	{ "${path/l*l/L}", "/usr/Lib.tar.gz" }, { "${star#a\\*}", "c" }, { "${v/z/y}", "value" },
	{ "a<b<<c", "a<b<<c" },
	/* errors */
	{ "${v", "failed to process \"${v\": syntax error: missing '}'" },
	{ "${", "failed to process \"${\": syntax error: missing '}'" },
	{ "${}", "failed to process \"${}\": syntax error: bad substitution" },
	{ "${v:=x}", "failed to process \"${v:=x}\": unsupported modifier (:=) in substitution" },
	{ "${v:#x}", "failed to process \"${v:#x}\": unsupported modifier (:#) in substitution" },
	{ "${v^}", "failed to process \"${v^}\": unsupported modifier (^) in substitution" },
	{ "${none:?gone}", "failed to process \"${none:?gone}\": none: gone" },
	{ "${none?}", "failed to process \"${none?}\": none: is not allowed to be unset" },
	{ "${empty:?}", "failed to process \"${empty:?}\": empty: is not allowed to be empty" },
	{ "'a", "failed to process \"'a\": unexpected end of statement while looking for matching "
		"single-quote" },
	{ "\"a", "failed to process \"\\\"a\": unexpected end of statement while looking for matching "
		"double-quote" },
	{ "${v#a\\b}", "failed to process \"${v#a\\\\b}\": invalid pattern (a\\b) in substitution: "
		"invalid escape '\\b'" },
};

START_TEST(one_word)
{
	struct expander x = { .escape = '\\', .get = lookup };
	struct err e = { 0 };
	autofree char *got = NULL;
	int r = expand_word(&x, cases[_i].word, &got, &e);
	ck_assert_str_eq(r < 0 ? e.what : got, cases[_i].result);
}
END_TEST

static char *join(char **words)
{
	struct str s = { 0 };
	for (size_t i = 0; words[i]; i++)
		str_addf(&s, "[%s]", words[i]);
	strv_free(words);
	return str_take(&s);
}

static const struct { const char *text, *words; } lists[] = {
	{ "", "" }, { " a  b ", "[a][b]" }, { "$two c", "[a][b][c]" }, { "\"$two\" c", "[a b][c]" },
	{ "a\\ b 'c d'", "[a b][c d]" }, { "x$two", "[xa][b]" }, { "$none a", "[a]" },
	{ "x${v:-y}z", "[xvaluez]" },
};

START_TEST(several_words)
{
	struct expander x = { .escape = '\\', .get = lookup };
	char **words = NULL;
	ck_assert_int_eq(expand_words(&x, lists[_i].text, &words, NULL), 0);
	autofree char *got = join(words);
	ck_assert_str_eq(got, lists[_i].words);
}
END_TEST

START_TEST(keeps_what_it_is_told_to)
{
	struct expander x = { .escape = '`', .get = lookup, .skip_unset = true, .raw_quotes = true };
	autofree char *got = NULL;
	ck_assert_int_eq(expand_word(&x, "$none ${none} ${none:-a} '$v' \"$v\" `$v \\", &got, NULL), 0);
	ck_assert_str_eq(got, "$none ${none} ${none:-a} '$v' \"value\" $v \\");
}
END_TEST

START_TEST(has_bounds)
{
	struct expander x = { .escape = '\\', .get = lookup };
	struct err e = { 0 };
	autostr struct str deep = { 0 }, wide = { 0 };
	autofree char *got = NULL;
	for (int i = 0; i < 10000; i++)
		str_add(&deep, "${none:-");
	ck_assert_int_eq(expand_word(&x, deep.s, &got, &e), -EINVAL);
	for (int i = 0; i < 60000; i++)
		str_add(&wide, "$path");
	ck_assert_int_eq(expand_word(&x, wide.s, &got, &e), -E2BIG);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dockerfile");
	TCase *t = tcase_create("expand");
	tcase_add_loop_test(t, one_word, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(t, several_words, 0, ARRAY_SIZE(lists));
	tcase_add_test(t, keeps_what_it_is_told_to);
	tcase_add_test(t, has_bounds);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
