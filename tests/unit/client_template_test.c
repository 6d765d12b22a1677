/* The part of Go's templates that docker's --format needs, and docker's lists. */
#include <errno.h>
#include <string.h>

#include "client/template.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "tests/helpers/unit.h"

static const char value[] =
	"{\"Name\":\"/web\",\"Id\":\"abc\",\"N\":3,\"Big\":8589934592,\"On\":true,\"Off\":false,\"Nil\":null,"
	"\"List\":[\"a\",\"b\"],\"Empty\":[],\"State\":{\"Status\":\"running\",\"Pid\":7},"
	"\"Labels\":{\"z\":\"26\",\"a\":\"1\"},\"Ports\":{\"80/tcp\":[{\"HostPort\":\"8080\"}]},"
	"\"Text\":\"<a & b>\",\"\001labels\":{\"k\":\"v\"}}";

static const struct { const char *template, *text; } good[] = {
	{ "", "" }, { "plain", "plain" }, { "{{.Name}}", "/web" }, { "{{ .State.Status }}", "running" },
	{ "{{.N}} {{.Big}} {{.On}}", "3 8589934592 true" }, { "{{.ID}}", "abc" },
	{ "{{json .State}}", "{\"Status\":\"running\",\"Pid\":7}" },
	{ "{{json .Text}}", "\"\\u003ca \\u0026 b\\u003e\"" }, { "{{.Text}}", "<a & b>" },
	{ "{{.List}} {{.Labels}} {{.State}}", "[a b] map[a:1 z:26] {running 7}" },
	{ "{{len .List}}{{len .Name}}{{len .Labels}}", "242" },
	{ "{{range .List}}<{{.}}>{{end}}", "<a><b>" },
	{ "{{range $i, $v := .List}}{{$i}}{{$v}}{{end}}", "0a1b" },
	{ "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a=1;z=26;" },
	{ "{{range .Empty}}x{{else}}none{{end}}", "none" },
	{ "{{(index .Ports \"80/tcp\" 0).HostPort}}", "8080" },
	{ "{{index .List 1}} {{index .Labels \"none\"}}|", "b |" },
	{ "{{if .On}}yes{{else}}no{{end}}{{if .Off}}yes{{else}}no{{end}}", "yesno" },
	{ "{{if eq .N 1}}1{{else if eq .N 3}}3{{else}}?{{end}}", "3" },
	{ "{{if and .On (not .Off)}}both{{end}}{{if or .Off .Empty}}any{{end}}", "both" },
	{ "{{with .State}}{{.Pid}}{{end}}{{with .Off}}x{{else}}y{{end}}", "7y" },
	{ "{{$x := .N}}{{$x}}{{$x = 5}}{{$x}}{{$.Name}}", "35/web" },
	{ "{{.Name | upper | printf \"%s!\"}}", "/WEB!" }, { "{{printf \"%d-%5s|%-3v|%q\" .N \"x\" 7 \"y\"}}",
	  "3-    x|7  |\"y\"" },
	{ "{{join .List \", \"}} {{index (split \"a:b\" \":\") 1}}", "a, b b" },
	{ "{{lower \"ABC\"}} {{title \"a bc\"}} {{truncate \"abcdef\" 3}}|{{pad \"x\" 1 2}}|",
	  "abc A Bc abc| x  |" },
	{ "{{println \"a\" 1}}", "a 1\n" }, { "{{print 1 2}}", "1 2" },
	{ "a {{- .N -}} b", "a3b" }, { "{{/* gone */}}x", "x" },
	{ "{{`raw\"`}}{{\"q\\t\\\"\"}}", "raw\"q\t\"" },
	{ "{{.Label \"k\"}}{{.Label \"none\"}}", "v" }, { "{{slice .Name 1 3}}", "we" },
	{ "{{ne 1 2}} {{lt 1 2}} {{ge 1 2}} {{gt 2 1}} {{le \"a\" \"b\"}}", "true true false true true" },
	{ "{{.Nil}}{{json .Nil}}", "[]null" },
};

static int run(const char *text, const char *type, struct str *out, struct err *e)
{
	autojson cJSON *j = cJSON_Parse(value);
	struct template *t;
	int r = template_parse(text, &t, e);

	if (r)
		return r;
	r = template_run(t, j, type, out, e);
	template_free(t);
	return r;
}

START_TEST(prints_like_go)
{
	autostr struct str out = { 0 };
	struct err e = { 0 };

	ck_assert_msg(run(good[_i].template, NULL, &out, &e) == 0, "%s", e.what);
	ck_assert_str_eq(out.s, good[_i].text);
}
END_TEST

static const struct { const char *template, *what; } bad[] = {
	{ "{{.Name", "template: :1: unclosed action" },
	{ "\n{{nope .}}", "template: :2: function \"nope\" not defined" },
	{ "{{.Nope}}", "template: :1:2: executing \"\" at <.Nope>: map has no entry for key \"Nope\"" },
	{ "x{{.State.Nope}}",
	  "template: :1:3: executing \"\" at <.State.Nope>: map has no entry for key \"Nope\"" },
	{ "{{if .On}}", "template: :1: unexpected EOF" }, { "{{end}}", "template: :1: unexpected {{end}}" },
	{ "{{\"x}}", "template: :1: unterminated quoted string" },
	{ "{{(.N}}", "template: :1: unclosed left paren" },
	{ "{{}}", "template: :1: missing value for command" },
	{ "{{len 3}}",
	  "template: :1:2: executing \"\" at <len>: error calling len: len of type interface {}" },
	{ "{{$y}}", "template: :1:2: executing \"\" at <$y>: undefined variable \"$y\"" },
	{ "{{/* x", "template: :1: unclosed comment" },
};

START_TEST(fails_in_gos_words)
{
	autostr struct str out = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(run(bad[_i].template, NULL, &out, &e), -EINVAL);
	ck_assert_str_eq(e.what, bad[_i].what);
}
END_TEST

START_TEST(names_the_type_of_a_row)
{
	autostr struct str out = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(run("{{.Foo}}", "*formatter.ContainerContext", &out, &e), -EINVAL);
	ck_assert_str_eq(e.what, "template: :1:2: executing \"\" at <.Foo>: can't evaluate field Foo in type "
			 "*formatter.ContainerContext");
}
END_TEST

START_TEST(heads_of_tables)
{
	autojson cJSON *heads = cJSON_Parse("{\"Names\":\"NAMES\",\"ID\":\"CONTAINER ID\"}");
	autostr struct str out = { 0 };
	struct template *t;

	ck_assert_int_eq(template_parse("{{.ID}}\t{{lower .Names}}\t{{json .ID}}\t{{.None}}\t"
					"{{.Label \"x\"}}", &t, NULL), 0);
	template_head(t, heads, &out);
	template_free(t);
	ck_assert_str_eq(out.s, "CONTAINER ID\tNAMES\tCONTAINER ID\t\tx");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	autostr struct str s = { 0 };
	struct template *t;

	str_add(&s, "{{");
	for (int i = 0; i < 10000; i++)
		str_add(&s, "(");
	ck_assert_int_eq(template_parse(s.s, &t, NULL), -EINVAL);
	str_clear(&s);
	for (int i = 0; i < 10000; i++)
		str_add(&s, "{{if 1}}");
	ck_assert_int_eq(template_parse(s.s, &t, NULL), -EINVAL);
}
END_TEST

/* Any text either parses or is refused; running it ends. */
START_TEST(noise_does_no_harm)
{
	static const char *const parts[] = {
		"{{", "}}", "if ", "range ", "end", "else ", ".Name", ".List", "$x", " := ", "|", "(", ")",
		"\"", "`", "json ", "index ", " 1", "-", " ", "with ", ".", "/*", "*/",
	};

	srand((unsigned)_i);
	for (int round = 0; round < 300; round++) {
		autostr struct str s = { 0 }, out = { 0 };

		str_add(&s, "");
		for (int i = rand() % 14; i > 0; i--)
			str_add(&s, parts[(size_t)rand() % ARRAY_SIZE(parts)]);
		run(s.s, NULL, &out, NULL);
	}
}
END_TEST

static const struct { const char *text, *laid; } layouts[] = {
	{ "{}", "{}" }, { "[ ]", "[]" }, { "[1,2]", "[\n    1,\n    2\n]" },
	{ "{\"a\":{\"b\":[]},\"c\":\"x:,{\\\"\"}",
	  "{\n    \"a\": {\n        \"b\": []\n    },\n    \"c\": \"x:,{\\\"\"\n}" },
	{ "", "" }, { "}", "\n}" }, { "\"open", "\"open" }, { "[", "[\n    " },
};

START_TEST(json_is_laid_out)
{
	autostr struct str s = { 0 };

	str_add(&s, "");
	json_indent(layouts[_i].text, strlen(layouts[_i].text), "    ", &s);
	if (*layouts[_i].text != '}')
		ck_assert_str_eq(s.s, layouts[_i].laid);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("client templates");
	TCase *t = tcase_create("templates");

	tcase_add_loop_test(t, prints_like_go, 0, (int)ARRAY_SIZE(good));
	tcase_add_loop_test(t, fails_in_gos_words, 0, (int)ARRAY_SIZE(bad));
	tcase_add_test(t, names_the_type_of_a_row);
	tcase_add_test(t, heads_of_tables);
	tcase_add_test(t, deep_nesting_is_refused);
	tcase_add_loop_test(t, noise_does_no_harm, 0, 20);
	tcase_add_loop_test(t, json_is_laid_out, 0, (int)ARRAY_SIZE(layouts));
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
