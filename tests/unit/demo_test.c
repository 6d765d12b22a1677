/* Before a class: hands are counted and drawn, and a recording is text whatever was printed. */
#include "tests/helpers/unit.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "lessons/cast.h"
#include "lessons/vote.h"

static const struct forecast three = {
	.options = { { "one", 'a' }, { "two", 'b' }, { "three", 'c' } }, .n = 3,
};

START_TEST(hands_are_counted)
{
	struct tally t = { 0 };
	ck_assert_int_eq(vote_parse(&three, " 12 5,3 ", &t, NULL), 0);
	ck_assert(t.held && t.count[0] == 12 && t.count[1] == 5 && t.count[2] == 3);
	ck_assert_int_eq(vote_parse(&three, "aabCa", &t, NULL), 0);
	ck_assert(t.count[0] == 3 && t.count[1] == 1 && t.count[2] == 1);
	ck_assert_int_eq(vote_parse(&three, "  ", &t, NULL), 0);
	ck_assert(!t.held);
}
END_TEST

START_TEST(what_is_no_vote)
{
	static const char *const wrong[] = { "1 2", "1 2 3 4", "1 2 x", "ad", "1 -2 3", "1 2 999999" };
	struct tally t = { .count = { 7 } };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct err e = { 0 };
		ck_assert_int_eq(vote_parse(&three, wrong[i], &t, &e), -EINVAL);
		ck_assert(e.hint[0] && t.count[0] == 7);
	}
}
END_TEST

START_TEST(bars)
{
	struct tally rounds[VOTE_ROUNDS] = { { { 1, 3, 0 }, true }, { { 0 }, true } };
	autostr struct str out = { 0 };
	vote_bars(&three, rounds, 8, &out);
	ck_assert_str_eq(out.s, "  a  1. ##......    1   25 %\n"
				"  a  2. ........    0    0 %\n"
				"  b  1. ######..    3   75 %\n"
				"  b  2. ........    0    0 %\n"
				"  c  1. ........    0    0 %\n"
				"  c  2. ........    0    0 %\n");
}
END_TEST

/* The texts of all "o" events, one after the other. */
static char *shown(const char *path)
{
	autostr struct str file = { 0 };
	struct str all = { 0 };
	ck_assert_int_eq(file_read(path, &file, NULL), 0);
	for (char *line = strtok(file.s, "\n"); line; line = strtok(NULL, "\n")) {
		autojson cJSON *o = cJSON_Parse(line);
		ck_assert_ptr_nonnull(o);
		if (cJSON_IsArray(o) && str_eq(cJSON_GetArrayItem(o, 1)->valuestring, "o"))
			str_add(&all, cJSON_GetArrayItem(o, 2)->valuestring);
	}
	return str_take(&all);
}

START_TEST(a_recording_is_text)
{
	char path[] = "/tmp/drydock-cast-XXXXXX";
	struct cast *c;
	autofd int fd = mkstemp(path);
	autofile FILE *quiet = fopen("/dev/null", "we");
	FILE *was = stdout;
	stdout = quiet;
	ck_assert_int_eq(cast_open(path, 80, 24, "t", &c, NULL), 0);
	fputs("gr\xc3", stdout);
	fflush(stdout);
	fputs("\xbc\xc3\x9f \xff \xc0\xaf\n", stdout);
	cast_marker(c, "m \"1\"");
	cast_pause(c, 5);
	fwrite("\0x\n", 1, 3, stdout);
	ck_assert_int_eq(cast_close(c, true, NULL), 0);
	ck_assert_ptr_eq(stdout, quiet);
	stdout = was;
	autofree char *text = shown(path);
	ck_assert_str_eq(text, "gr\xc3\xbc\xc3\x9f ? ??\r\n?x\r\n");
	unlink(path);
}
END_TEST

START_TEST(a_recording_that_is_not_kept)
{
	char dir[] = "/tmp/drydock-cast-XXXXXX";
	struct cast *c;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	autofree char *path = str_printf("%s/x", dir);
	ck_assert_int_eq(cast_open(path, 80, 24, "t", &c, NULL), 0);
	ck_assert_int_eq(cast_close(c, false, NULL), 0);
	ck_assert(dir_is_empty(dir));
	rmdir(dir);
	ck_assert_int_lt(cast_open("/nowhere/x", 80, 24, "t", &c, NULL), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("demo");
	TCase *t = tcase_create("demo");
	tcase_add_test(t, hands_are_counted);
	tcase_add_test(t, what_is_no_vote);
	tcase_add_test(t, bars);
	tcase_add_test(t, a_recording_is_text);
	tcase_add_test(t, a_recording_that_is_not_kept);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
