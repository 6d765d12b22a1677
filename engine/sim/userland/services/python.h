/* python.h - a model of Python as far as first lessons go: print, variables, arithmetic,
 * strings.  What it has no model of it refuses in a plain sentence. */
#ifndef DRYDOCK_SIM_PYTHON_H
#define DRYDOCK_SIM_PYTHON_H

#include "sim/userland/prog.h"

enum value_type { V_NONE, V_BOOL, V_INT, V_FLOAT, V_STR };
struct value { enum value_type type; int64_t i; double f; const char *s; };

struct py_var { struct py_var *next; const char *name; struct value value; };

struct python {
	struct prog *p;
	const char *file;		/* "<string>", "<stdin>", a path */
	const char *line;		/* the statement that runs, whole */
	const char *s;			/* how far it is read */
	int number, minor, depth;	/* line; of Python 3.minor */
	struct py_var *vars;
	bool failed;			/* said; the program ends with 1 */
	bool exited;
	int status;
};

/* Runs source text; the exit status. */
int python_run(struct python *x, char *source);
/* One line; false: it failed or the program is over. `echo`: shows an expression's value. */
bool python_statement(struct python *x, const char *line, bool echo);

/* ---- python_value.c ---- */
struct value py_expression(struct python *x);
char *py_str(struct python *x, struct value v);
char *py_repr(struct python *x, struct value v);
void py_blanks(struct python *x);
size_t py_name(const char *s);
void py_assign(struct python *x, const char *name, struct value v);
struct value py_operate(struct python *x, const char *op, struct value a, struct value b);

/* Errors, in CPython's words. */
struct value py_raise(struct python *x, const char *type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
struct value py_syntax(struct python *x, const char *at, const char *why);
struct value py_refuse(struct python *x, const char *what);

#endif
