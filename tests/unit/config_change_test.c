/* Instructions applied to a configuration: the fields that come of it, and what
 * is refused in docker's words. */
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "image/config_change.h"
#include "tests/helpers/unit.h"

#define MAX_STEPS 3

static const struct {
	const char *before;
	struct { const char *word; const char *args[6]; bool json; } steps[MAX_STEPS];
	const char *after;	/* or the error */
} cases[] = {
	{ "{}", { { "CMD", { "echo hi" } } }, "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo hi\"]}" },
	{ "{}", { { "cmd", { "a", "b" }, true } }, "{\"Cmd\":[\"a\",\"b\"]}" },
	{ "{\"Shell\":[\"/bin/bash\",\"-ec\"]}", { { "CMD", { "x" } } },
	  "{\"Shell\":[\"/bin/bash\",\"-ec\"],\"Cmd\":[\"/bin/bash\",\"-ec\",\"x\"]}" },
	{ "{\"Cmd\":[\"old\"]}", { { "ENTRYPOINT", { "/e" }, true } },
	  "{\"Entrypoint\":[\"/e\"],\"Cmd\":null}" },
	{ "{}", { { "CMD", { "a" }, true }, { "ENTRYPOINT", { "/e" }, true } },
	  "{\"Cmd\":[\"a\"],\"Entrypoint\":[\"/e\"]}" },
	{ "{\"Env\":[\"A=1\",\"AB=2\"]}", { { "ENV", { "A", "x y", "C", "" } } },
	  "{\"Env\":[\"A=x y\",\"AB=2\",\"C=\"]}" },
	{ "{\"Labels\":null}", { { "LABEL", { "k", "v" } }, { "LABEL", { "k", "w" } } },
	  "{\"Labels\":{\"k\":\"w\"}}" },
	{ "{}", { { "EXPOSE", { "80", "53/UDP", "9000-9001/tcp" } } },
	  "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"9000/tcp\":{},\"9001/tcp\":{}}}" },
	{ "{}", { { "WORKDIR", { "a/./b" } }, { "WORKDIR", { "../c/" } } },
	  "{\"WorkingDir\":\"/a/c\"}" },
	{ "{}", { { "WORKDIR", { "/../.." } } }, "{\"WorkingDir\":\"/\"}" },
	{ "{}", { { "VOLUME", { " /a ", "/b" } } }, "{\"Volumes\":{\"/a\":{},\"/b\":{}}}" },
	{ "{}", { { "USER", { "www:80" } }, { "STOPSIGNAL", { "SIGINT" } } },
	  "{\"User\":\"www:80\",\"StopSignal\":\"SIGINT\"}" },
	{ "{}", { { "ONBUILD", { "RUN make" } } }, "{\"OnBuild\":[\"RUN make\"]}" },
	{ "{}", { { "HEALTHCHECK", { "CMD", "curl x" } } },
	  "{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"curl x\"]}}" },
	{ "{}", { { "HEALTHCHECK", { "none" } } }, "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}" },
	{ "{}", { { "SHELL", { "sh", "-c" }, true } }, "{\"Shell\":[\"sh\",\"-c\"]}" },

	{ "{}", { { "EXPOSE", { "http" } } }, "invalid containerPort: http" },
	{ "{}", { { "EXPOSE", { "70000" } } }, "invalid containerPort: 70000" },
	{ "{}", { { "EXPOSE", { "80/icmp" } } }, "invalid proto: icmp" },
	{ "{}", { { "USER", { NULL } } }, "USER requires exactly one argument" },
	{ "{}", { { "ENV", { "A" } } }, "ENV requires at least one argument" },
	{ "{}", { { "LABEL", { "", "v" } } }, "LABEL names can not be blank" },
	{ "{}", { { "VOLUME", { "  " } } }, "VOLUME specified can not be an empty string" },
	{ "{}", { { "SHELL", { "sh" } } }, "SHELL requires the arguments to be in JSON form" },
	{ "{}", { { "ONBUILD", { "onbuild RUN x" } } },
	  "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed" },
	{ "{}", { { "ONBUILD", { "from x" } } }, "FROM isn't allowed as an ONBUILD trigger" },
	{ "{}", { { "HEALTHCHECK", { "FOO" } } }, "Unknown type \"FOO\" in HEALTHCHECK (try CMD)" },
	{ "{}", { { "RUN", { "x" } } }, "unknown instruction: RUN" },
};

START_TEST(applies)
{
	autojson cJSON *config = NULL;
	struct err e = { 0 };
	bool cmd_set = false;
	int r = json_parse(cases[_i].before, strlen(cases[_i].before), &config, &e);
	for (size_t i = 0; i < MAX_STEPS && cases[_i].steps[i].word && r == 0; i++) {
		struct config_change c = { cases[_i].steps[i].word,
					   (char *const *)cases[_i].steps[i].args, NULL,
					   cases[_i].steps[i].json };
		r = image_config_change(config, &c, &cmd_set, &e);
	}
	autofree char *text = json_line(config);
	ck_assert_str_eq(r == 0 ? text : e.what, cases[_i].after);
}
END_TEST

static const struct { const char *flag, *after; } flags[] = {
	{ "--interval=1m30s", "{\"Test\":[\"CMD-SHELL\",\"x\"],\"Interval\":90000000000}" },
	{ "--retries=3", "{\"Test\":[\"CMD-SHELL\",\"x\"],\"Retries\":3}" },
	{ "--start-period=0s", "{\"Test\":[\"CMD-SHELL\",\"x\"]}" },
	{ "--timeout=5", "time: invalid duration \"5\"" },
	{ "--timeout=1us", "Interval \"timeout\" cannot be less than 1ms" },
	{ "--retries=-1", "--retries cannot be negative (-1)" },
	{ "--nope=1", "unknown flag: --nope" },
};

START_TEST(reads_health_flags)
{
	autojson cJSON *config = cJSON_CreateObject();
	struct err e = { 0 };
	bool cmd_set = false;
	char *const args[] = { (char *)"CMD", (char *)"x", NULL };
	char *const flag[] = { (char *)flags[_i].flag, NULL };
	struct config_change c = { "HEALTHCHECK", args, flag, false };
	int r = image_config_change(config, &c, &cmd_set, &e);
	autofree char *text = json_line(json_obj(config, "Healthcheck"));
	ck_assert_str_eq(r == 0 ? text : e.what, flags[_i].after);
}
END_TEST

START_TEST(finds_variables)
{
	autojson cJSON *config = NULL;
	const char *text = "{\"Env\":[\"PATH=/bin\",\"EMPTY=\"]}";
	ck_assert_int_eq(json_parse(text, strlen(text), &config, NULL), 0);
	autofree char *path = image_config_env(config, "PATH");
	autofree char *empty = image_config_env(config, "EMPTY");
	ck_assert_str_eq(path, "/bin");
	ck_assert_str_eq(empty, "");
	ck_assert_ptr_null(image_config_env(config, "PAT"));
	ck_assert(image_config_knows("Healthcheck"));
	ck_assert(!image_config_knows("COPY"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("config_change");
	TCase *t = tcase_create("changes");
	tcase_add_loop_test(t, applies, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(t, reads_health_flags, 0, ARRAY_SIZE(flags));
	tcase_add_test(t, finds_variables);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
