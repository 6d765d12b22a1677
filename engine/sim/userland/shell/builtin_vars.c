/* builtin_vars.c - builtins about variables and parameters: export, set, read and so on. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/shell/builtin.h"

const char *single_quoted(struct arena *a, const char *s)
{
	struct text t = { .a = a };

	text_addc(&t, '\'');
	for (; *s; s++)
		if (*s == '\'')
			text_add(&t, "'\"'\"'");
		else
			text_addc(&t, *s);
	text_addc(&t, '\'');
	return text_str(&t);
}

/* Variables as lines a shell could read again: prefix 'export ' and so on. */
static void list_vars(struct shell *sh, const char *prefix, bool exported, bool readonly)
{
	struct list l = { .a = &sh->work };

	for (struct var *v = sh->vars; v; v = v->next)
		if ((v->exported || !exported) && (v->readonly || !readonly) && (v->value || exported))
			list_add(&l, v->value ? arena_printf(&sh->work, "%s=%s", v->name,
							     single_quoted(&sh->work, v->value)) : v->name);
	list_sort(&l, list_by_name);
	for (size_t i = 0; i < l.n; i++)
		outf(sh->p, "%s%s\n", prefix, l.v[i]);
}

static bool good_name(struct shell *sh, const char *s)
{
	size_t n = shell_name(s);

	if (n && (!s[n] || s[n] == '='))
		return true;
	shell_fails(sh, 2, "%.*s: bad variable name", (int)strcspn(s, "="), s);
	return false;
}

/* NAME or NAME=VALUE: the variable. */
static struct var *declared(struct shell *sh, const char *s)
{
	const char *eq = strchr(s, '=');
	char *name = arena_dupn(&sh->work, s, eq ? (size_t)(eq - s) : strlen(s));

	if (!good_name(sh, s) || (eq && !var_set(sh, name, eq + 1)))
		return NULL;
	return var_make(sh, name);
}

static int declare(struct shell *sh, int argc, char **argv, bool readonly)
{
	bool list = argc < 2 || (argc == 2 && !strcmp(argv[1], "-p"));
	bool undo = argc > 1 && !strcmp(argv[1], "-n");

	if (list)
		list_vars(sh, readonly ? "readonly " : "export ", !readonly, readonly);
	for (int i = 1 + undo; !list && i < argc; i++) {
		struct var *v = declared(sh, argv[i]);

		if (!v)
			return 2;
		if (readonly)
			v->readonly = true;
		else
			v->exported = !undo;
	}
	return 0;
}

int do_export(struct shell *sh, int argc, char **argv) { return declare(sh, argc, argv, false); }
int do_readonly(struct shell *sh, int argc, char **argv) { return declare(sh, argc, argv, true); }

int do_local(struct shell *sh, int argc, char **argv)
{
	if (!sh->functions_deep) {
		shell_fails(sh, 2, "not in a function");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		struct saved_var *s = arena_alloc(&sh->keep, sizeof(*s));
		size_t n = strcspn(argv[i], "=");
		char *name = arena_dupn(&sh->keep, argv[i], n);
		struct var *v = var_find(sh, name);

		*s = (struct saved_var){ .next = sh->locals, .name = name, .exported = v && v->exported,
					 .value = v && v->value ? arena_dup(&sh->keep, v->value) : NULL };
		sh->locals = s;
		if (!declared(sh, argv[i]))
			return 2;
	}
	return 0;
}

static void unset_function(struct shell *sh, const char *name)
{
	for (struct function **f = &sh->functions; *f; f = &(*f)->next)
		if (!strcmp((*f)->name, name)) {
			*f = (*f)->next;
			return;
		}
}

int do_unset(struct shell *sh, int argc, char **argv)
{
	bool functions = argc > 1 && !strcmp(argv[1], "-f");
	int i = 1 + (argc > 1 && argv[1][0] == '-');

	for (; i < argc && sh->flow == FLOW_ON; i++) {
		if (functions)
			unset_function(sh, argv[i]);
		else if (good_name(sh, argv[i]))
			var_unset(sh, argv[i]);
	}
	return sh->flow == FLOW_ON ? 0 : 2;
}

static void keep_args(struct shell *sh, int argc, char **argv, int from)
{
	struct list l = { .a = &sh->keep };

	for (int i = from; i < argc; i++)
		list_add(&l, arena_dup(&sh->keep, argv[i]));
	sh->args = l.v ? l.v : arena_alloc(&sh->keep, sizeof(char *));
	sh->n_args = (int)l.n;
}

static const struct { const char *name; char letter; } named_options[] = {
	{"errexit", 'e'},   {"noglob", 'f'}, {"ignoreeof", 'I'}, {"monitor", 'm'},
	{"noexec", 'n'},    {"xtrace", 'x'}, {"verbose", 'v'},   {"noclobber", 'C'},
	{"allexport", 'a'}, {"notify", 'b'}, {"nounset", 'u'},
};

void shell_option_named(struct shell *sh, const char *name, bool on)
{
	for (size_t i = 0; i < ARRAY_SIZE(named_options); i++)
		if (!strcmp(named_options[i].name, name)) {
			sh->options[(unsigned char)named_options[i].letter] = on;
			return;
		}
	if (!strcmp(name, "pipefail"))
		sh->pipefail = on;
	else
		shell_says(sh, "illegal option %co %s", on ? '-' : '+', name);
}

int do_set(struct shell *sh, int argc, char **argv)
{
	int i;

	if (argc < 2) {
		list_vars(sh, "", false, false);
		return 0;
	}
	i = shell_options(sh, argc, argv, 1, NULL);
	if (sh->flow == FLOW_ON && (i < argc || (i > 1 && !strcmp(argv[i - 1], "--"))))
		keep_args(sh, argc, argv, i);
	return sh->flow == FLOW_ON ? 0 : 2;
}

int do_shift(struct shell *sh, int argc, char **argv)
{
	int n = argc > 1 ? shell_count(sh, argv[1]) : 1;

	if (n < 0)
		return 2;
	if (n > sh->n_args)
		return 1;
	sh->args += n;
	sh->n_args -= n;
	return 0;
}

int do_let(struct shell *sh, int argc, char **argv)
{
	int64_t n = 0;

	if (argc < 2) {
		shell_fails(sh, 2, "expression expected");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (!arith_eval(sh, argv[i], &n))
			return 2;
	return n == 0;
}

/* ---- read ---- */

static bool read_line(struct shell *sh, bool raw, struct text *t, struct text *marks)
{
	char c;

	for (;;) {
		long rc = sys_read(sh->t, 0, &c, 1);
		bool escaped = false;

		if (rc <= 0)
			return false;
		if (c == '\\' && !raw) {
			if (sys_read(sh->t, 0, &c, 1) <= 0)
				return false;
			if (c == '\n')
				continue;
			escaped = true;
		} else if (c == '\n') {
			return true;
		}
		if (c) {
			text_addc(t, c);
			text_addc(marks, escaped ? 'q' : ' ');
		}
	}
}

/* The next field at *at; the last variable gets all that is left. */
static char *read_field(struct shell *sh, const struct text *t, const struct text *marks,
			size_t *at, bool last)
{
	const char *ifs = var_get(sh, "IFS");
	size_t i = *at, from, end;

	ifs = ifs ? ifs : " \t\n";
#define SEPARATES(i) (marks->s[i] != 'q' && strchr(ifs, t->s[i]))
#define IS_SPACE(i) (SEPARATES(i) && strchr(" \t\n", t->s[i]))
	while (i < t->n && IS_SPACE(i))
		i++;
	from = i;
	while (i < t->n && (last || !SEPARATES(i)))
		i++;
	end = i;
	while (last && end > from && IS_SPACE(end - 1))
		end--;
	while (i < t->n && IS_SPACE(i))
		i++;
	if (i < t->n && !IS_SPACE(i) && SEPARATES(i) && (i == end || i > end))
		i++;
#undef IS_SPACE
#undef SEPARATES
	*at = i;
	return arena_dupn(&sh->work, t->s + from, end - from);
}

int do_read(struct shell *sh, int argc, char **argv)
{
	struct text t = { .a = &sh->work }, marks = { .a = &sh->work };
	bool raw = false, ok;
	size_t at = 0;
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (!strcmp(argv[i], "-r"))
			raw = true;
		else if (!strcmp(argv[i], "-p") && i + 1 < argc)
			errorf(sh->p, "%s", argv[++i]);
	}
	text_str(&t);
	text_str(&marks);
	flush(sh->p);
	ok = read_line(sh, raw, &t, &marks);
	if (i >= argc)
		return var_set(sh, "REPLY", t.s) && ok ? 0 : 1;
	for (; i < argc; i++)
		if (!good_name(sh, argv[i]) ||
		    !var_set(sh, argv[i], read_field(sh, &t, &marks, &at, i == argc - 1)))
			return 2;
	return ok ? 0 : 1;
}
