/* python.c - statements, errors, and the command line of python3 and pip. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/match.h"
#include "sim/userland/services/python.h"
#include "sim/userland/services/services.h"

/* ---- errors ---- */

struct value py_raise(struct python *x, const char *type, const char *fmt, ...)
{
	struct text t = { .a = x->p->a };
	va_list ap;

	if (x->failed)
		return (struct value){ 0 };
	va_start(ap, fmt);
	text_vaddf(&t, fmt, ap);
	va_end(ap);
	flush(x->p);
	errorf(x->p, "Traceback (most recent call last):\n  File \"%s\", line %d, in <module>\n",
	       x->file, x->number);
	if (*x->file != '<')
		errorf(x->p, "    %.*s\n", (int)strcspn(x->line, "\n"), x->line);
	errorf(x->p, "%s: %s\n", type, text_str(&t));
	x->failed = true;
	return (struct value){ 0 };
}

/* why NULL: the text ended too soon. */
struct value py_syntax(struct python *x, const char *at, const char *why)
{
	bool inside = at >= x->line && at <= x->line + strlen(x->line);

	if (x->failed)
		return (struct value){ 0 };
	if (!why)
		why = x->depth ? (x->minor < 10 ? "unexpected EOF while parsing"
						: "'(' was never closed")
			       : "invalid syntax";
	flush(x->p);
	errorf(x->p, "  File \"%s\", line %d\n    %.*s\n    %*s^\nSyntaxError: %s\n", x->file, x->number,
	       (int)strcspn(x->line, "\n"), x->line, inside ? (int)(at - x->line) : 0, "", why);
	x->failed = true;
	return (struct value){ 0 };
}

struct value py_refuse(struct python *x, const char *what)
{
	if (!x->failed) {
		flush(x->p);
		errorf(x->p,
		       "%s: the simulator's Python is a model: it prints, counts and keeps "
		       "variables, but has no %s"
		       " (line %d)\n",
		       x->p->name, what, x->number);
	}
	x->failed = true;
	return (struct value){ 0 };
}

/* ---- statements ---- */

void py_assign(struct python *x, const char *name, struct value v)
{
	struct py_var *var = x->vars;

	while (var && strcmp(var->name, name))
		var = var->next;
	if (!var) {
		var = arena_alloc(x->p->a, sizeof(*var));
		*var = (struct py_var){ .next = x->vars, .name = name };
		x->vars = var;
	}
	var->value = v;
}

static bool keyword(struct python *x, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(x->s, name, n) && x->s[n + strspn(x->s + n, " ")] == '=' &&
	       x->s[n + strspn(x->s + n, " ") + 1] != '=';
}

/* print(a, b, sep="", end="") */
static void print(struct python *x)
{
	struct text t = { .a = x->p->a };
	const char *separator = " ", *end = "\n";
	struct list words = { .a = x->p->a };

	x->s += strcspn(x->s, "(") + 1;
	x->depth++;
	for (py_blanks(x); !x->failed && *x->s != ')'; py_blanks(x)) {
		const char **option = keyword(x, "sep") ? &separator : keyword(x, "end") ? &end : NULL;

		if (option)
			x->s += strcspn(x->s, "=") + 1;
		if (option)
			*option = py_str(x, py_expression(x));
		else
			list_add(&words, py_str(x, py_expression(x)));
		py_blanks(x);
		if (*x->s == ',')
			x->s++;
		else if (*x->s != ')')
			py_syntax(x, x->s, *x->s ? "invalid syntax" : NULL);
	}
	x->depth--;
	if (x->failed)
		return;
	x->s++;
	for (size_t i = 0; i < words.n; i++)
		text_addf(&t, "%s%s", i ? separator : "", words.v[i]);
	outf(x->p, "%s%s", text_str(&t), end);
}

static void leave_program(struct python *x)
{
	struct value v = { 0 };

	x->s += strcspn(x->s, "(") + 1;
	x->depth++;
	py_blanks(x);
	if (*x->s != ')')
		v = py_expression(x);
	x->depth--;
	x->s += strcspn(x->s, ")") + 1;
	x->status = (int)v.i & 255;
	x->exited = !x->failed;
}

/* x = ..., x += ... */
static bool assignment(struct python *x)
{
	size_t n = py_name(x->s), blank = n + strspn(x->s + n, " ");
	const char *op = x->s + blank;
	char *name = arena_dupn(x->p->a, x->s, n), text[3] = { *op, 0, 0 };
	bool plain = *op == '=' && op[1] != '=', twice = *op && op[0] == op[1] && op[2] == '=';
	struct value v, old = { 0 };

	if (!n || (!plain && !(*op && strchr("+-*/%", *op) && (op[1] == '=' || twice))))
		return false;
	if (twice)
		text[1] = *op;
	if (!plain)
		old = py_expression(&(struct python){.p = x->p,
						     .file = x->file,
						     .line = x->line,
						     .s = name,
						     .number = x->number,
						     .vars = x->vars});
	x->s = op + (plain ? 1 : twice ? 3 : 2);
	v = py_expression(x);
	if (!plain)
		v = py_operate(x, text, old, v);
	if (!x->failed)
		py_assign(x, name, v);
	return true;
}

static bool starts(const char *s, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(s, word, n) && py_name(s) == n;
}

static void simple_statement(struct python *x, bool echo)
{
	static const char *const unknown[] = {
		"import", "from", "def",    "class", "if",     "for",   "while",  "with", "try",
		"lambda", "del",  "return", "raise", "assert", "async", "global", NULL};

	for (int i = 0; unknown[i]; i++)
		if (starts(x->s, unknown[i])) {
			py_refuse(x, arena_printf(x->p->a, "%s", unknown[i]));
			return;
		}
	if (starts(x->s, "pass")) {
		x->s += 4;
	} else if (starts(x->s, "print") && x->s[5 + strspn(x->s + 5, " ")] == '(') {
		print(x);
	} else if (starts(x->s, "print") && strchr("\"'", x->s[5 + strspn(x->s + 5, " ")]) && x->s[5]) {
		const char *arg = x->s + 5 + strspn(x->s + 5, " ");

		py_syntax(x, x->minor < 10 ? arg : x->s,
			  x->minor < 10 ? arena_printf(x->p->a,
						       "Missing parentheses in call to 'print'. "
						       "Did you mean print(%s)?",
						       arg)
					: "Missing parentheses in call to 'print'. Did you mean "
					  "print(...)?");
	} else if ((starts(x->s, "exit") && x->s[4] == '(') || (starts(x->s, "quit") && x->s[4] == '(')) {
		leave_program(x);
	} else if (!assignment(x)) {
		struct value v = py_expression(x);

		if (echo && !x->failed && v.type != V_NONE)
			outf(x->p, "%s\n", py_repr(x, v));
	}
}

bool python_statement(struct python *x, const char *line, bool echo)
{
	x->line = x->s = line;
	x->depth = 0;
	if (*line == ' ' || *line == '\t') {
		size_t n = strspn(line, " \t");

		if (line[n] && line[n] != '#' && line[n] != '\n') {
			flush(x->p);
			errorf(x->p,
			       "  File \"%s\", line %d\n    %s\n%sIndentationError: unexpected "
			       "indent\n",
			       x->file, x->number, line + n, x->minor < 9 ? "    ^\n" : "");
			x->failed = true;
		}
		x->s += n;
	}
	while (!x->failed && !x->exited && *x->s && *x->s != '#') {
		simple_statement(x, echo);
		py_blanks(x);
		if (x->failed || x->exited)
			break;
		if (*x->s == ';') {
			x->s++;
			py_blanks(x);
		} else if (*x->s && *x->s != '#') {
			py_syntax(x, x->s, "invalid syntax");
		}
	}
	return !x->failed && !x->exited;
}

/* How many brackets are open at the end of the text. */
static int open_brackets(const char *s)
{
	int open = 0;
	char quote = 0;

	for (; *s; s++) {
		if (quote) {
			quote = *s == '\\' && s[1] ? (s++, quote) : *s == quote ? 0 : quote;
		} else if (*s == '#') {
			s += strcspn(s, "\n") - 1;
		} else if (*s == '"' || *s == '\'') {
			quote = *s;
		} else {
			open += (*s == '(') - (*s == ')');
		}
		if (*s == '\n')
			quote = 0;
	}
	return quote ? 0 : open;
}

int python_run(struct python *x, char *source)
{
	char *s = source;

	x->number = 1;
	while (*s) {
		struct text statement = { .a = x->p->a };
		int lines = 0;

		do {
			size_t n = strcspn(s, "\n");

			if (lines++)
				text_addc(&statement, '\n');
			text_addn(&statement, s, n);
			s += n + (s[n] == '\n');
		} while (*s && open_brackets(statement.s) > 0);
		if (!python_statement(x, text_str(&statement), false))
			break;
		x->number += lines;
	}
	return x->failed ? 1 : x->status;
}

/* ---- python3 ---- */

/* 3.9 of /usr/bin/python3.9; 3.9.2 where dpkg knows. */
static const char *version_of(struct prog *p, int *minor)
{
	char *base = path_base(p->a, p->exe);
	const char *number = base + strcspn(base, "0123456789"), *version;
	char *paragraph, *status;
	size_t n;
	long rc;

	status = read_whole(p, "/var/lib/dpkg/status", &n, &rc);
	paragraph = status ? control_paragraph(p, status, strchr(number, '.') ? base : "python3") : NULL;
	version = paragraph ? control_field(p, paragraph, "Version") : NULL;
	*minor = strchr(number, '.') ? atoi(strchr(number, '.') + 1) : version && strchr(version, '.') ?
		 atoi(strchr(version, '.') + 1) : 0;
	return version ? arena_dupn(p->a, version, strcspn(version, "-+~")) : number;
}

static int run_file(struct python *x, const char *path)
{
	size_t n;
	long rc;
	char *source = read_whole(x->p, path, &n, &rc);

	if (!source) {
		errorf(x->p, "%s: can't open file '%s': [Errno %d] %s\n", x->p->argv[0], path,
		       (int)-rc, strerror((int)-rc));
		return 2;
	}
	x->file = path;
	return python_run(x, source);
}

static int interactive(struct python *x, const char *version)
{
	struct lines l = { .p = x->p, .fd = 0 };
	size_t n;
	char *line;

	x->file = "<stdin>";
	outf(x->p, "Python %s (the simulator's model)\n>>> ", version);
	flush(x->p);
	while (!x->exited && (line = next_line(&l, &n))) {
		x->number = 1;
		x->failed = false;
		python_statement(x, arena_dupn(x->p->a, line, strcspn(line, "\n")), true);
		if (!x->exited)
			out(x->p, ">>> ");
		flush(x->p);
	}
	if (!x->exited)
		out(x->p, "\n");
	return x->status;
}

int tool_python(struct prog *p)
{
	struct python x = { .p = p };
	const char *version = version_of(p, &x.minor), *arg = p->argc > 1 ? p->argv[1] : NULL;
	size_t n;
	long rc;
	char *source;

	if (arg && (!strcmp(arg, "--version") || !strcmp(arg, "-V"))) {
		outf(p, "Python %s\n", version);
		return 0;
	}
	if (arg && !strcmp(arg, "-c") && p->argc > 2) {
		x.file = "<string>";
		return python_run(&x, arena_dup(p->a, p->argv[2]));
	}
	if (arg && !strcmp(arg, "-m") && p->argc > 2 && !strcmp(p->argv[2], "pip"))
		p->argv += 2, p->argc -= 2;
	else if (arg && arg[0] == '-' && arg[1])
		return complain(p, "the simulator's Python is a model and has no option %s", arg);
	else if (arg && !glob_match("pip*", path_base(p->a, arg)))
		return run_file(&x, arg);
	else if (arg)
		p->argv++, p->argc--;
	else if (sys_isatty(p->t, 0))
		return interactive(&x, version);
	if (arg)
		return tool_pip(p);
	source = read_fd(p, 0, &n, &rc);
	x.file = "<stdin>";
	return source ? python_run(&x, source) : 1;
}
