/* dockerfile_stages_test.c - what is said of a wrong instruction; arguments; and the
 * patterns of .dockerignore. */
#include <string.h>

#include "build/args.h"
#include "build/instruction.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/pattern.h"
#include "core/str.h"
#include "registry/auth.h"
#include "tests/helpers/unit.h"

static const char *check(const char *text, struct err *e)
{
	autodockerfile struct dockerfile d = { 0 };
	autostages struct stages s = { 0 };
	if (dockerfile_parse(text, strlen(text), &d, e) < 0 || stages_read(&d, &s, e) < 0)
		return e->what;
	return "fine";
}

#define AT "dockerfile parse error on line 2: "
static const struct { const char *line, *says; } lines[] = {
	{ "RUN x", "fine" },
	{ "RUNN x", AT "unknown instruction: RUNN (did you mean RUN?)" },
	{ "cpoy x", AT "unknown instruction: cpoy (did you mean copy?)" },
	{ "PLEASE x", AT "unknown instruction: PLEASE" },
	{ "COPY a", AT "COPY requires at least two arguments, but only one was provided. Destination "
		"could not be determined" },
	{ "COPY --fromm=a b c", AT "unknown flag: --fromm (did you mean from?)" },
	{ "COPY --from=a --from=b c d", AT "duplicate flag specified: --from" },
	{ "COPY --from a b", AT "missing a value on flag: --from" },
	{ "COPY --link=maybe a b", AT "expecting boolean value for flag --link, not: maybe" },
	{ "COPY --link a b", "fine" },
	{ "COPY a <<b\nb", AT "COPY cannot accept a heredoc as a destination" },
	{ "ENV", AT "ENV requires at least one argument" },
	{ "ENV =x", AT "ENV names can not be blank" },
	{ "ARG =x", AT "ARG names can not be blank" },
	{ "USER", AT "USER requires exactly one argument" },
	{ "FROM a b", AT "FROM requires either one or three arguments" },
	{ "FROM a AS 1b", AT "invalid name for build stage: \"1b\", name can't start with a number or "
		"contain symbols" },
	{ "SHELL sh -c", AT "SHELL requires the arguments to be in JSON form: SHELL sh -c" },
	{ "SHELL [\"sh\"]", "fine" },
	{ "ONBUILD ONBUILD RUN x", AT "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed" },
	{ "ONBUILD FROM x", AT "FROM isn't allowed as an ONBUILD trigger" },
	{ "HEALTHCHECK NONE x", AT "HEALTHCHECK NONE takes no arguments" },
	{ "HEALTHCHECK RUN x", AT "Unknown type \"RUN\" in HEALTHCHECK (try CMD)" },
	{ "HEALTHCHECK --retries=x CMD y", AT "strconv.ParseInt: parsing \"x\": invalid syntax" },
	{ "HEALTHCHECK CMD", AT "Missing command after HEALTHCHECK CMD" },
	{ "VOLUME [\" \"]", AT "VOLUME specified can not be an empty string" },
};

START_TEST(names_the_line)
{
	struct err e = { 0 };
	autofree char *text = str_printf("FROM x\n%s\n", lines[_i].line);
	ck_assert_str_eq(check(text, &e), lines[_i].says);
}
END_TEST

START_TEST(knows_stages)
{
	struct err e = { 0 };
	autodockerfile struct dockerfile d = { 0 };
	autostages struct stages s = { 0 };
	static const char text[] = "ARG v=1\nFROM a:$v AS One\nRUN x\nRUN y\nFROM b\nCMD z\n";
	ck_assert_int_eq(dockerfile_parse(text, strlen(text), &d, &e), 0);
	ck_assert_int_eq(stages_read(&d, &s, &e), 0);
	ck_assert_uint_eq(s.n_meta, 1);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_str_eq(s.stage[0].name, "one");
	ck_assert_uint_eq(s.stage[0].n_step, 2);
	ck_assert_ptr_null(s.stage[1].name);
	ck_assert_str_eq(check("RUN x\n", &e), "no build stage in current context");
	ck_assert_str_eq(e.hint, "line 1 is: RUN x");
}
END_TEST

START_TEST(values_of_arguments)
{
	autojson cJSON *given = cJSON_Parse("{\"a\":\"mine\",\"c\":\"never\",\"http_proxy\":\"p\"}");
	autojson cJSON *env = cJSON_Parse("[\"b=set\"]");
	struct build_args a;
	args_begin(&a, given);
	args_add(&a, "m", "meta", true);
	args_new_stage(&a);
	ck_assert_ptr_null(args_value(&a, "m"));
	args_add(&a, "m", NULL, false);
	args_add(&a, "a", "dflt", false);
	args_add(&a, "b", "dflt", false);
	ck_assert_str_eq(args_value(&a, "m"), "meta");
	ck_assert_str_eq(args_value(&a, "a"), "mine");
	ck_assert_ptr_null(args_value(&a, "c"));
	ck_assert_str_eq(args_value(&a, "http_proxy"), "p");
	char **all = args_environment(&a, env, false), **quiet = args_environment(&a, env, true);
	ck_assert_str_eq(all[0], "a=mine");
	ck_assert_str_eq(all[1], "http_proxy=p");
	ck_assert_str_eq(all[2], "m=meta");
	ck_assert_uint_eq(strv_len(quiet), 2);
	autofree char *unused = args_unused(&a);
	ck_assert_str_eq(unused, "[c]");
	strv_free(all);
	strv_free(quiet);
	args_free(&a);
}
END_TEST

static const struct { const char *patterns, *path; bool match; } ignores[] = {
	{ "a", "a", true }, { "a", "a/b", true }, { "a", "b/a", false }, { "/a/", "a", true },
	{ "*.o", "x.o", true }, { "*.o", "d/x.o", false }, { "**/*.o", "d/e/x.o", true },
	{ "**/*.o", "x.o", true }, { "d/**", "d/e/f", true }, { "d/**/f", "d/f", true },
	{ "a?c", "abc", true }, { "a?c", "a/c", false }, { "[a-c]x", "bx", true },
	{ "[^a]x", "bx", true }, { "[^a]x", "ax", false }, { "[!a]x", "ax", true }, { "a.b", "aXb", false },
	{ "\\*", "*", true }, { "\\*", "x", false },
	{ "*\n!keep", "keep", false }, { "*\n!keep", "other", true },
	{ "d\n!d/x", "d/x", false }, { "d\n!d/x\nd/x/y", "d/x/y", true },
	{ "# comment\n\n  a  \n", "a", true }, { "a/../b", "b", true }, { "./a", "a", true },
};

START_TEST(ignores_files)
{
	struct patterns *p = NULL;
	ck_assert_int_eq(patterns_read(ignores[_i].patterns, &p, NULL), 0);
	ck_assert_int_eq(patterns_match(p, ignores[_i].path), ignores[_i].match);
	patterns_free(p);
}
END_TEST

START_TEST(refuses_bad_patterns)
{
	struct patterns *p = NULL;
	struct err e = { 0 };
	ck_assert_int_lt(patterns_read("a[", &p, &e), 0);
	ck_assert_int_lt(patterns_read("a\\", &p, &e), 0);
	ck_assert_int_lt(patterns_read("!", &p, &e), 0);
}
END_TEST

START_TEST(knows_who_we_are_to_whom)
{
	/* {"https://index.docker.io/v1/":{"username":"a"},"localhost:5000":{"username":"b"}} */
	static const char header[] =
		"eyJodHRwczovL2luZGV4LmRvY2tlci5pby92MS8iOnsidXNlcm5hbWUiOiJhIn0sImxvY2FsaG9zdDo1"
		"MDAwIjp7InVzZXJuYW1lIjoiYiJ9fQ==";
	autojson cJSON *all = NULL, *none = NULL;
	struct auth who;
	ck_assert_int_eq(auth_parse_all(NULL, &none, NULL), 0);
	ck_assert_int_eq(auth_parse_all(header, &all, NULL), 0);
	autofree char *hub = auth_for(all, "docker.io"), *local = auth_for(all, "localhost:5000");
	ck_assert_int_eq(auth_parse(hub, &who, NULL), 0);
	ck_assert_str_eq(who.user, "a");
	auth_free(&who);
	ck_assert_str_eq(local, "{\"username\":\"b\"}");
	ck_assert_ptr_null(auth_for(all, "localhost"));
	ck_assert_ptr_null(auth_for(none, "docker.io"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dockerfile");
	TCase *t = tcase_create("stages");
	tcase_add_loop_test(t, names_the_line, 0, ARRAY_SIZE(lines));
	tcase_add_test(t, knows_stages);
	tcase_add_test(t, values_of_arguments);
	tcase_add_loop_test(t, ignores_files, 0, ARRAY_SIZE(ignores));
	tcase_add_test(t, refuses_bad_patterns);
	tcase_add_test(t, knows_who_we_are_to_whom);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
