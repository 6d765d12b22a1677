/* trace_show_test.c - the trace for people, and that explain knows every name. */
#include <errno.h>
#include <string.h>

#include "core/str.h"
#include "kernel/meta.h"
#include "tests/helpers/unit.h"
#include "trace/flags.h"
#include "trace/show/explain.h"
#include "trace/show/show.h"

#define ID "4f2a90c1b7de00112233445566778899"
#define CALL(seq, pid, region, call, text, result, err) \
	"{\"seq\":" #seq ",\"kind\":\"call\",\"start\":1000000,\"end\":1500000,\"pid\":" #pid \
	",\"stage\":\"child\",\"container\":\"" ID "\",\"region\":\"" region "\",\"call\":\"" call \
	"\",\"args\":[],\"text\":\"" text "\",\"result\":" #result ",\"errno\":\"" err \
	"\",\"why\":\"because\",\"lesson\":\"container\",\"strace\":[\"" text " = " #result \
	"\"],\"backend\":\"linux\"}"
#define MARK(seq, kind, region, start, end, text) \
	"{\"seq\":" #seq ",\"kind\":\"" kind "\",\"start\":" #start ",\"end\":" #end ",\"pid\":7" \
	",\"stage\":\"child\",\"container\":\"" ID "\",\"region\":\"" region \
	"\",\"text\":\"" text "\"}"

static const char *const sample[] = {
	MARK(1, "open", "rootfs", 900000, 900000, "the merged view becomes /"),
	CALL(2, 7, "rootfs", "chdir", "chdir(\\\"/m\\\")", 0, ""),
	CALL(3, 7, "rootfs", "umount", "umount2(\\\".\\\", MNT_DETACH)", -22, "EINVAL"),
	MARK(4, "close", "rootfs", 900000, 2900000, "the merged view becomes /"),
	"{\"seq\":5,\"kind\":\"dropped\",\"start\":1,\"end\":1,\"pid\":0,\"result\":12}",
};

static char *shown(enum show_level level, bool colour)
{
	struct show s;
	struct str out = { 0 };

	show_init(&s, level, colour);
	s.wall_offset = 0;	/* else two looks differ by what passed in between */
	for (size_t i = 0; i < sizeof(sample) / sizeof(sample[0]); i++)
		ck_assert_int_eq(show_line(&s, sample[i], strlen(sample[i]), &out), 0);
	show_flush(&s, &out);
	return str_take(&out);
}

START_TEST(story_is_a_line_a_phase)
{
	char *text = shown(SHOW_STORY, false);

	ck_assert_str_eq(text,
		"container 4f2a90c1b7de\n"
		"   2.00 ms  rootfs      the merged view becomes / (2 calls), "
		"1 failed, the last umount: EINVAL\n"
		"   (12 calls were too fast to be kept: they are missing here)\n");
	free(text);
}
END_TEST

START_TEST(mechanism_is_a_line_a_call)
{
	char *text = shown(SHOW_MECHANISM, false);

	ck_assert_str_eq(text,
		"container 4f2a90c1b7de\n-- rootfs\n"
		"   chdir(\"/m\") = 0  # because\n"
		"   umount2(\".\", MNT_DETACH) = -1 EINVAL  # because\n"
		"   (12 calls were too fast to be kept: they are missing here)\n");
	free(text);
}
END_TEST

START_TEST(strace_lines_have_process_time_and_duration)
{
	char *text = shown(SHOW_STRACE, false);

	ck_assert_int_eq(strncmp(text, "[pid     7] ", 12), 0);
	ck_assert_ptr_nonnull(strstr(text, " chdir(\"/m\") = 0 <0.000500>\n"));
	ck_assert_ptr_null(strstr(text, "missing"));
	free(text);
}
END_TEST

START_TEST(plain_text_says_all_that_colour_says)
{
	for (int level = SHOW_STORY; level <= SHOW_JSON; level++) {
		char *plain = shown((enum show_level)level, false);
		char *colour = shown((enum show_level)level, true), *to = colour;
		for (const char *p = colour; *p; p++) {
			ck_assert_int_ge((unsigned char)*p, '\n');
			if (*p == '\033')
				p = strchr(p, 'm');
			else
				*to++ = *p;
		}
		*to = '\0';
		ck_assert_str_eq(plain, colour);
		free(plain);
		free(colour);
	}
}
END_TEST

START_TEST(json_goes_through_and_nonsense_does_not)
{
	struct show s;
	struct str out = { 0 };

	show_init(&s, SHOW_JSON, false);
	show_line(&s, sample[0], strlen(sample[0]), &out);
	ck_assert_int_eq(strncmp(out.s, sample[0], strlen(sample[0])), 0);
	show_init(&s, SHOW_STORY, false);
	ck_assert_int_eq(show_line(&s, "{oops", 5, &out), -EINVAL);
	ck_assert_int_eq(show_line(&s, "[1]", 3, &out), -EINVAL);
	str_clear(&out);
	ck_assert_int_eq(show_line(&s, "{}", 2, &out), 0);
	ck_assert_uint_eq(out.len, 0);
	str_free(&out);
	ck_assert_int_eq(show_level("nonsense"), -1);
	ck_assert_int_eq(show_level("strace"), SHOW_STRACE);
}
END_TEST

/* ---- explain ---- */

START_TEST(explain_knows_every_call)
{
	for (int op = 0; op < K_COUNT; op++)
		ck_assert_msg(explain_find(EXPLAIN_CALL, kernel_meta[op].name) != NULL, "%s",
			      kernel_meta[op].name);
}
END_TEST

START_TEST(explain_knows_every_flag)
{
	for (int i = 0; flags_name(i); i++)
		ck_assert_msg(explain_find(EXPLAIN_FLAG, flags_name(i)) != NULL, "%s",
			      flags_name(i));
}
END_TEST

START_TEST(explain_finds_words_as_people_type_them)
{
	static const char *const words[] = {
		"mount", "clone3", "openat", "ms_bind", "pid", "PID namespace", "clone3()",
		"/sys/fs/cgroup/memory/drydock/memory.limit_in_bytes", "oom_score_adj", "uts",
	};
	struct str out = { 0 };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		str_clear(&out);
		ck_assert_msg(explain_word(&out, words[i], 80), "%s", words[i]);
		for (const char *line = out.s; line && *line; line = strchr(line, '\n') + 1)
			ck_assert_uint_le(strcspn(line, "\n"), 80);
		ck_assert_ptr_null(strstr(out.s, " \n"));
	}
	ck_assert(!explain_word(&out, "xyzzy", 80));
	ck_assert(!explain_word(&out, "", 80));
	ck_assert(!explain_word(&out, "/", 80));
	explain_list(&out, 80);
	str_free(&out);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		story_is_a_line_a_phase,
		mechanism_is_a_line_a_call,
		strace_lines_have_process_time_and_duration,
		plain_text_says_all_that_colour_says,
		json_goes_through_and_nonsense_does_not,
		explain_knows_every_call,
		explain_knows_every_flag,
		explain_finds_words_as_people_type_them,
	};
	Suite *s = suite_create("trace_show");
	TCase *t = tcase_create("show");

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
