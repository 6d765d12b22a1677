/* The modelled shell's parser: what it makes of commands, written as one line. */
#include <string.h>

#include "sim/userland/match.h"
#include "sim/userland/shell/ast.h"
#include "tests/helpers/unit.h"

static struct arena arena;

static void dump(struct text *t, const struct node *n);

static void dump_words(struct text *t, const struct word *w)
{
	for (; w; w = w->next) {
		text_addf(t, " %s", w->text);
		for (const struct substitution *s = w->subs; s; s = s->next) {
			text_addf(t, "<%zu-%zu", s->at, s->end);
			dump(t, s->node);
			text_add(t, ">");
		}
	}
}

static void dump_redirs(struct text *t, const struct redir *r)
{
	for (; r; r = r->next) {
		text_addf(t, " {%d:%d", r->op, r->fd);
		dump_words(t, r->word);
		text_add(t, "}");
	}
}

static void dump_items(struct text *t, const struct case_item *i)
{
	for (; i; i = i->next) {
		text_add(t, " [");
		dump_words(t, i->patterns);
		dump(t, i->body);
		text_add(t, "]");
	}
}

static void dump(struct text *t, const struct node *n)
{
	static const char *const names[] = { "run", "pipe", "and", "or", "seq", "bg", "not", "sub", "group",
					     "if", "while", "until", "for", "case", "def" };

	if (!n)
		return;
	text_addf(t, " (%s", names[n->kind]);
	if (n->name)
		text_addf(t, " %s", n->name);
	dump_words(t, n->assigns);
	dump_words(t, n->words);
	dump_items(t, n->items);
	dump(t, n->a);
	if (n->kind == N_PIPE)
		for (const struct node *e = n->a->next; e; e = e->next)
			dump(t, e);
	dump(t, n->b);
	dump(t, n->c);
	dump_redirs(t, n->redirs);
	text_add(t, ")");
}

/* All commands of the text, or its error. */
static const char *parsed(const char *text)
{
	struct text t = { .a = &arena };
	struct parser p;

	parser_init(&p, &arena, text);
	do {
		struct node *n = parse_line(&p);

		if (p.error)
			return p.error;
		dump(&t, node_copy(&arena, n));
	} while (!parser_done(&p));
	return t.n ? t.s + 1 : "";
}

static const struct { const char *text, *tree;
} good[] = {
	{"", ""},
	{"  # nothing\n\n", ""},
	{"echo a  b", "(run echo a b)"},
	{"echo a\necho b # c\n", "(run echo a) (run echo b)"},
	{"a; b & c", "(seq (run a) (seq (bg (run b)) (run c)))"},
	{"a && b || ! c", "(or (and (run a) (run b)) (not (run c)))"},
	{"a | b |\n c", "(pipe (run a) (run b) (run c))"},
	{"x=1 y=\"2 3\" cmd z=4", "(run x=1 y=\"2 3\" cmd z=4)"},
	{"a >f 2>&1 <g", "(run a {1:-1 f} {6:2 1} {0:-1 g})"},
	{"a 12 >f", "(run a 12 {1:-1 f})"},
	{"echo $(a | b) 'x)' \"`c`\"",
	 "(run echo $(a | b)<0-8 (pipe (run a) (run b))> 'x)' \"`c`\"<1-4 (run c)>)"},
	{"echo ${x:-$(a)} $((1+(2)))", "(run echo ${x:-$(a)}<5-9 (run a)> $((1+(2))))"},
	{"echo $(case x in a) b;; esac)",
	 "(run echo $(case x in a) b;; esac)<0-24 (case x [ a (run b)])>)"},
	{"( a; b ) >f", "(sub (seq (run a) (run b)) {1:-1 f})"},
	{"{ a; }", "(group (run a))"},
	{"if a; then b; elif c\nthen d; else e; fi",
	 "(if (run a) (run b) (if (run c) (run d) (run e)))"},
	{"while a; do b; done", "(while (run a) (run b))"},
	{"until a\ndo b\ndone", "(until (run a) (run b))"},
	{"for i in 1 $x; do echo $i; done", "(for i 1 $x (run echo $i))"},
	{"for i do a; done", "(for i (run a))"},
	{"case $x in\n(a|b) c;;\n*) ;;\nesac", "(case $x [ a b (run c)] [ *])"},
	{"f() { a; }; function g { b; }", "(seq (def f (group (run a))) (def g (group (run b))))"},
	{"cat <<E\na $x\nE\nb", "(run cat {8:-1 a $x\n}) (run b)"},
	{"cat <<-'E' <<F\n\ta\n\tE\n$(b)\nF\n", "(run cat {9:-1 a\n} {8:-1 $(b)\n<0-4 (run b)>})"},
	{"echo if then", "(run echo if then)"},
	{"echo a\\\nb", "(run echo a\\\nb)"},
	{"a &>f", "(run a {7:-1 f})"},
};

static const struct { const char *text, *error; } bad[] = {
	{ "if", "unexpected end of file (expecting \"then\")" },
	{ "if a; fi", "unexpected \"fi\" (expecting \"then\")" },
	{ "fi", "unexpected \"fi\"" },
	{ "a | | b", "unexpected \"|\"" },
	{ "a ;; b", "unexpected \";;\"" },
	{ "echo \"a", "unterminated quoted string" },
	{ "echo 'a", "unterminated quoted string" },
	{ "echo ${x", "missing '}'" },
	{ "echo $(a", "unexpected end of file (expecting \")\")" },
	{ "(a", "unexpected end of file (expecting \")\")" },
	{ "case x in", "unexpected end of file (expecting \")\")" },
	{ "for 1 in a; do b; done", "bad for loop variable" },
	{ "while a; do done", "unexpected \"done\"" },
	{ "a <", "unexpected end of file" },
	{ "a > \n", "unexpected newline" },
	{ "x=(1 2)", "unexpected \"(\"" },
};

START_TEST(commands_become_trees) { ck_assert_str_eq(parsed(good[_i].text), good[_i].tree); } END_TEST
START_TEST(errors_are_named) { ck_assert_str_eq(parsed(bad[_i].text), bad[_i].error); } END_TEST

START_TEST(nesting_has_an_end)
{
	static const char *const openings[] = { "(", "$(", "`", "${x:-", "\"$(", "{ ", "! ", "if ", "$((" };

	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		struct text t = { .a = &arena };

		for (int n = 0; n < 5000; n++)
			text_add(&t, openings[i]);
		parsed(text_str(&t));
	}
}
END_TEST

static const struct { const char *pattern, *name; bool fits; } matches[] = {
	{ "*", "", true }, { "a*c", "abbc", true }, { "a*c", "abb", false }, { "?", "a", true },
	{ "?", "", false }, { "[a-c]x", "bx", true }, { "[!a-c]x", "bx", false }, { "[]]", "]", true },
	{ "[a", "[a", true }, { "\\*", "*", true }, { "\\*", "a", false }, { "[[:digit:]]*", "7a", true },
	{ "*a*b*", "xxaxxbxx", true }, { "*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

START_TEST(patterns_match)
{
	ck_assert_int_eq(glob_match(matches[_i].pattern, matches[_i].name), matches[_i].fits);
}
END_TEST

START_TEST(memory_is_rewound)
{
	struct arena a = { 0 };
	struct arena_mark m;
	char *kept = arena_dup(&a, "kept");

	m = arena_mark(&a);
	for (int i = 0; i < 100; i++)
		arena_alloc(&a, 10000);
	arena_rewind(&a, m);
	ck_assert_str_eq(kept, "kept");
	ck_assert_str_eq(arena_printf(&a, "%d-%s", 7, kept), "7-kept");
	arena_free(&a);
	ck_assert_ptr_null(a.last);
}
END_TEST

static void forget(void) { arena_free(&arena); }

static Suite *suite(void)
{
	Suite *s = suite_create("sim_shell_parse");
	TCase *t = tcase_create("parser");

	tcase_add_checked_fixture(t, NULL, forget);
	tcase_add_loop_test(t, commands_become_trees, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(t, errors_are_named, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, nesting_has_an_end);
	tcase_add_loop_test(t, patterns_match, 0, sizeof(matches) / sizeof(matches[0]));
	tcase_add_test(t, memory_is_rewound);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
