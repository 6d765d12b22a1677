/* Languages: which is taken, and what remains ASCII. */
#include <stdlib.h>

#include "core/lang.h"
#include "core/str.h"
#include "tests/helpers/unit.h"

static void no_locale(void)
{
	static const char *const all[] = { "DRYDOCK_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES",
					   "LANG" };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		unsetenv(all[i]);
	lang_begin(NULL);
}

START_TEST(english_is_the_default)
{
	no_locale();
	ck_assert_ptr_null(lang_name());
	ck_assert_str_eq(_("check"), "check");
	ck_assert_str_eq(P_("one", "many", 1), "one");
	ck_assert_str_eq(P_("one", "many", 2), "many");
	ck_assert_str_eq(P_("one", "many", 0), "many");
	setenv("LANG", "tlh_AQ.UTF-8", 1);
	lang_begin(NULL);
	ck_assert_ptr_null(lang_name());
}
END_TEST

START_TEST(a_name_is_no_path)
{
	ck_assert(!lang_has("../de"));
	ck_assert(!lang_has(""));
	ck_assert(!lang_has("de/LC_MESSAGES/../../de"));
}
END_TEST

static void check_fold(const char *from, const char *to)
{
	char *got = lang_fold(from);
	ck_assert_str_eq(got, to);
	free(got);
}

/* A process each: lang_ascii() cannot be taken back. */
START_TEST(text_stays_as_it_is)
{
	check_fold("größer – ⟦é⟧", "größer – ⟦é⟧");
}
END_TEST

START_TEST(text_becomes_ascii)
{
	lang_ascii();
	check_fold("Größe, Übung, Öl, süß", "Groesse, Uebung, Oel, suess");
	check_fold("„Schicht“ – ‘x’ … →", "\"Schicht\" - 'x' ... ->");
	check_fold("éàñÇÿ", "eanCy");
	check_fold("漢x", "?x");
	check_fold("\xc3", "?");
	check_fold("plain", "plain");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("lang");
	TCase *t = tcase_create("lang");
	tcase_add_test(t, english_is_the_default);
	tcase_add_test(t, a_name_is_no_path);
	tcase_add_test(t, text_stays_as_it_is);
	tcase_add_test(t, text_becomes_ascii);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
