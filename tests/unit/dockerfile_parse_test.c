/* dockerfile_parse_test.c - what the parser makes of text, good and bad. */
#include <stdio.h>
#include <string.h>

#include "build/node.h"
#include "core/cleanup.h"
#include "core/str.h"
#include "tests/helpers/unit.h"

/* The tree in one line an instruction. */
static char *tree(const char *text)
{
	struct str out = { 0 };
	struct err e = { 0 };
	autodockerfile struct dockerfile d = { 0 };
	if (dockerfile_parse(text, strlen(text), &d, &e) < 0)
		return str_dup(e.what);
	node_dump(d.root, &out);
	return str_take(&out);
}

struct expected { const char *text, *tree; };

static const struct expected cases[] = {
	{ "FROM a\n", "(from \"a\")\n" },
	{ "\xef\xbb\xbf" "FROM a AS b\r\n", "(from \"a\" \"AS\" \"b\")\n" },
	{ "# c\n\n  from a", "(from \"a\")\n" },
	{ "RUN a \\\n  b \\\n# c\n\n  c\n", "(run \"a   b   c\")\n" },
	{ "RUN a \\  \n b\\\\\n", "(run \"a  b\\\\\\\\\")\n" },
	{ "# escape=`\nRUN a `\nb \\\n", "(run \"a b \\\\\")\n" },
	{ "#escape=`\n# syntax=x/y\n# check=skip=all\nRUN a`\nb", "(run \"ab\")\n" },
	{ "# hi\n# escape=`\nRUN a \\\nb", "(run \"a b\")\n" },
	{ "CMD [\"a\", \"b\\u00e9\\n\"]", "(cmd \"a\" \"b\xc3\xa9\\n\")\n" },
	{ "CMD ['a']", "(cmd \"['a']\")\n" },
	{ "CMD [\"a\"] b", "(cmd \"[\\\"a\\\"] b\")\n" },
	{ "CMD []", "(cmd)\n" },
	{ "CMD [\"\\ud83d\\ude00\", \"\\ud83d\"]", "(cmd \"\xf0\x9f\x98\x80\" \"\xef\xbf\xbd\")\n" },
	{ "CMD [\"\\u0000\"]", "(cmd \"\\x00\")\n" },
	{ "COPY --from=x --chown=\"a b\" a  b\tc",
		"(copy [\"--from=x\" \"--chown=a b\"] \"a\" \"b\" \"c\")\n" },
	{ "COPY -- --a b", "(copy \"--a\" \"b\")\n" },
	{ "ENV a b  c", "(env \"a\" \"b  c\" \"\")\n" },
	{ "ENV a=b\\ c d=\"e f\"", "(env \"a\" \"b\\\\ c\" \"=\" \"d\" \"\\\"e f\\\"\" \"=\")\n" },
	{ "LABEL a=1 \\\n b='2 3'", "(label \"a\" \"1\" \"=\" \"b\" \"'2 3'\" \"=\")\n" },
	{ "ARG a b=c", "(arg \"a\" \"b=c\")\n" },
	{ "HEALTHCHECK --retries=3 CMD [\"a\"]", "(healthcheck [\"--retries=3\"] \"CMD\" \"a\")\n" },
	{ "HEALTHCHECK NONE", "(healthcheck \"NONE\")\n" },
	{ "ONBUILD RUN x", "(onbuild (run \"x\"))\n" },
	{ "WORKDIR /a b", "(workdir \"/a b\")\n" },
	{ "NOPE x", "(nope \"\")\n" },
	{ "RUN <<EOF\na\n  b\nEOF\nCMD x", "(run \"<<EOF\")\n(cmd \"x\")\n" },
	{ "COPY <<a <<\"b\" /\n1\na\n2\nb\nCMD x", "(copy \"<<a\" \"<<\\\"b\\\"\" \"/\")\n(cmd \"x\")\n" },
};

START_TEST(trees)
{
	autofree char *got = tree(cases[_i].text);
	ck_assert_str_eq(got, cases[_i].tree);
}
END_TEST

static const struct { const char *text, *what, *hint; } errors[] = {
	{ "", "file with no instructions", "" },
	{ "# only this\n", "file with no instructions", "" },
	{ "FROM a\n\nENV x\n", "ENV must have two arguments", "line 3 is: ENV x" },
	{ "FROM a\nENV a=1 b", "Syntax error - can't find = in \"b\". Must be of the form: name=value",
		"line 2 is: ENV a=1 b" },
	{ "CMD [[\"a\"]]", "when using JSON array syntax, arrays must be comprised of strings only",
		"line 1 is: CMD [[\"a\"]]" },
	{ "# escape=x\nFROM a", "invalid escape token 'x' does not match ` or \\",
		"line 1 is: # escape=x" },
	{ "# escape=`\n# escape=`\n", "only one escape parser directive can be used",
		"line 2 is: # escape=`" },
	{ "FROM a\nRUN <<EOF\nx\n", "unterminated heredoc", "line 2 is: RUN <<EOF" },
};

START_TEST(says_which_line)
{
	struct err e = { 0 };
	autodockerfile struct dockerfile d = { 0 };
	const char *text = errors[_i].text;
	ck_assert_int_lt(dockerfile_parse(text, strlen(text), &d, &e), 0);
	ck_assert_str_eq(e.what, errors[_i].what);
	ck_assert_str_eq(e.hint, errors[_i].hint);
}
END_TEST

START_TEST(keeps_heredocs_and_lines)
{
	struct err e = { 0 };
	autodockerfile struct dockerfile d = { 0 };
	static const char text[] = "FROM a\nRUN cat <<-'X' 3<<Y\n\tone $a\n\tX\ntwo\nY\nCMD b\n";
	ck_assert_int_eq(dockerfile_parse(text, strlen(text), &d, &e), 0);
	ck_assert_uint_eq(d.root->n_child, 3);
	const struct node *run = d.root->child[1];
	ck_assert_int_eq(run->line, 2);
	ck_assert_int_eq(run->end_line, 6);
	ck_assert_uint_eq(run->n_heredoc, 2);
	ck_assert_str_eq(run->heredoc[0].content, "\tone $a\n");
	autofree char *lines = heredoc_text(&run->heredoc[0]);
	ck_assert_str_eq(lines, "one $a\n");
	ck_assert(run->heredoc[0].chomp && !run->heredoc[0].expand);
	ck_assert_str_eq(run->heredoc[1].content, "two\n");
	ck_assert(run->heredoc[1].expand);
	ck_assert_uint_eq(run->heredoc[1].fd, 3);
	ck_assert_int_eq(d.root->child[2]->line, 7);
}
END_TEST

START_TEST(warns_of_empty_continuations)
{
	struct err e = { 0 };
	autodockerfile struct dockerfile d = { 0 };
	static const char text[] = "RUN a \\\n\n b\n";
	ck_assert_int_eq(dockerfile_parse(text, strlen(text), &d, &e), 0);
	ck_assert_str_eq(d.warnings[0], "Empty continuation line found in: RUN a  b");
}
END_TEST

START_TEST(survives_any_bytes)
{
	static const char seeds[] = "FROM [\"\\\n<<E'${:-#=`\t\0R";
	unsigned r = 1;
	for (int round = 0; round < 3000; round++) {
		char text[64];
		struct err e = { 0 };
		autodockerfile struct dockerfile d = { 0 };
		for (size_t i = 0; i < sizeof(text); i++) {
			r = r * 1103515245u + 12345u;
			text[i] = r & 0x800000 ? (char)(r >> 24) : seeds[(r >> 16) % sizeof(seeds)];
		}
		memcpy(text, round & 1 ? "RUN <<" : "ENV a=", 6);
		if (dockerfile_parse(text, sizeof(text), &d, &e) < 0)
			ck_assert_str_ne(e.what, "");
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dockerfile");
	TCase *t = tcase_create("parse");
	tcase_add_loop_test(t, trees, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(t, says_which_line, 0, ARRAY_SIZE(errors));
	tcase_add_test(t, keeps_heredocs_and_lines);
	tcase_add_test(t, warns_of_empty_continuations);
	tcase_add_test(t, survives_any_bytes);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
