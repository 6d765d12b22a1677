/* python_value.c - expressions: literals, names, operators, f-strings. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/services/python.h"

static const char *const type_names[] = { "NoneType", "bool", "int", "float", "str" };

static struct value integer(int64_t n) { return (struct value){ .type = V_INT, .i = n }; }
static struct value real(double f) { return (struct value){ .type = V_FLOAT, .f = f }; }
static struct value text(const char *s) { return (struct value){ .type = V_STR, .s = s }; }
static struct value boolean(bool b) { return (struct value){ .type = V_BOOL, .i = b }; }

void py_blanks(struct python *x)
{
	while (*x->s == ' ' || *x->s == '\t' || (*x->s == '\n' && x->depth > 0))
		x->s++;
}

size_t py_name(const char *s)
{
	size_t n = 0;

	if (isdigit((unsigned char)*s))
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_' || (s[n] & 0x80))
		n++;
	return n;
}

/* ---- as text ---- */

/* The shortest digits that give the same number. */
static char *float_text(struct arena *a, double f)
{
	char *s = NULL;

	if (isnan(f) || isinf(f))
		return arena_dup(a, isnan(f) ? "nan" : f > 0 ? "inf" : "-inf");
	for (int digits = 1; digits <= 17; digits++) {
		s = arena_printf(a, fabs(f) >= 1e16 || (f != 0 && fabs(f) < 1e-4) ? "%.*e" : "%.*g",
				 fabs(f) >= 1e16 || (f != 0 && fabs(f) < 1e-4) ? digits - 1 : digits, f);
		if (strtod(s, NULL) == f && !(strchr(s, 'e') && fabs(f) < 1e16 && fabs(f) >= 1e-4))
			break;
	}
	return strpbrk(s, ".e") ? s : arena_printf(a, "%s.0", s);
}

char *py_str(struct python *x, struct value v)
{
	switch (v.type) {
	case V_NONE: return arena_dup(x->p->a, "None");
	case V_BOOL: return arena_dup(x->p->a, v.i ? "True" : "False");
	case V_INT: return arena_printf(x->p->a, "%lld", (long long)v.i);
	case V_FLOAT: return float_text(x->p->a, v.f);
	default: return arena_dup(x->p->a, v.s);
	}
}

char *py_repr(struct python *x, struct value v)
{
	struct text t = { .a = x->p->a };
	char quote = v.type == V_STR && strchr(v.s, '\'') && !strchr(v.s, '"') ? '"' : '\'';

	if (v.type != V_STR)
		return py_str(x, v);
	text_addc(&t, quote);
	for (const char *s = v.s; *s; s++)
		if (*s == '\n')
			text_add(&t, "\\n");
		else if (*s == '\t')
			text_add(&t, "\\t");
		else if (*s == '\\' || *s == quote)
			text_addf(&t, "\\%c", *s);
		else
			text_addc(&t, *s);
	text_addc(&t, quote);
	return text_str(&t);
}

/* ---- operators ---- */

static double as_real(struct value v) { return v.type == V_FLOAT ? v.f : (double)v.i; }
static bool is_number(struct value v) { return v.type == V_INT || v.type == V_FLOAT || v.type == V_BOOL; }

static bool truth(struct value v)
{
	return v.type == V_STR ? *v.s != 0 : v.type == V_FLOAT ? v.f != 0 : v.type != V_NONE && v.i;
}

static struct value floats(struct python *x, const char *op, double a, double b)
{
	if ((*op == '/' || *op == '%') && b == 0)
		return py_raise(x, "ZeroDivisionError",
				*op == '%' ? "float modulo"
				: op[1]    ? "float divmod()"
					   : "float division by zero");
	switch (*op) {
	case '+': return real(a + b);
	case '-': return real(a - b);
	case '*': return real(op[1] ? pow(a, b) : a * b);
	case '/': return real(op[1] ? floor(a / b) : a / b);
	default: return real(a - b * floor(a / b));
	}
}

/* Whole numbers of 64 bits: what goes beyond is refused rather than wrong. */
static struct value integers(struct python *x, const char *op, int64_t a, int64_t b)
{
	int64_t n = 1, quotient;

	if ((*op == '/' || *op == '%') && !b)
		return py_raise(x, "ZeroDivisionError",
				op[1] || *op == '%' ? "integer division or modulo by zero"
						    : "division by zero");
	if ((*op == '/' || *op == '%') && b == -1 && a == INT64_MIN)
		return py_refuse(x, "numbers beyond 64 bits");
	if (!strcmp(op, "/"))
		return real((double)a / (double)b);
	if (!strcmp(op, "**")) {
		if (b < 0)
			return real(pow((double)a, (double)b));
		for (int64_t i = 0; i < b && (n > 1 || n < -1 || i < 2); i++)
			if (__builtin_mul_overflow(n, a, &n))
				return py_refuse(x, "numbers beyond 64 bits");
		return integer(a == -1 ? (b % 2 ? -1 : 1) : n);
	}
	if (*op == '/' || *op == '%') {
		quotient = a / b - (a % b != 0 && (a < 0) != (b < 0));
		return integer(*op == '/' ? quotient : a - quotient * b);
	}
	if (*op == '+' ? __builtin_add_overflow(a, b, &n) : *op == '-' ? __builtin_sub_overflow(a, b, &n) :
	    __builtin_mul_overflow(a, b, &n))
		return py_refuse(x, "numbers beyond 64 bits");
	return integer(n);
}

static struct value repeated(struct python *x, const char *s, int64_t times)
{
	struct text t = { .a = x->p->a };

	if (times > 0 && strlen(s) > (1u << 20) / (uint64_t)times)
		return py_refuse(x, "texts over a megabyte");
	for (; times > 0; times--)
		text_add(&t, s);
	return text(text_str(&t));
}

struct value py_operate(struct python *x, const char *op, struct value a, struct value b)
{
	if (x->failed)
		return a;
	if (is_number(a) && is_number(b))
		return a.type == V_FLOAT || b.type == V_FLOAT ? floats(x, op, as_real(a), as_real(b)) :
			integers(x, op, a.i, b.i);
	if (!strcmp(op, "+") && a.type == V_STR && b.type == V_STR)
		return text(arena_printf(x->p->a, "%s%s", a.s, b.s));
	if (!strcmp(op, "*") && a.type == V_STR && (b.type == V_INT || b.type == V_BOOL))
		return repeated(x, a.s, b.i);
	if (!strcmp(op, "*") && b.type == V_STR && (a.type == V_INT || a.type == V_BOOL))
		return repeated(x, b.s, a.i);
	if (!strcmp(op, "+") && a.type == V_STR)
		return py_raise(x, "TypeError", "can only concatenate str (not \"%s\") to str",
				type_names[b.type]);
	if (!strcmp(op, "%") && a.type == V_STR)
		return py_refuse(x, "the % operator of strings");
	return py_raise(x, "TypeError", "unsupported operand type(s) for %s: '%s' and '%s'",
			!strcmp(op, "**") ? "** or pow()" : op, type_names[a.type], type_names[b.type]);
}

static struct value compared(struct python *x, const char *op, struct value a, struct value b)
{
	int order;
	bool alike = a.type == b.type || (is_number(a) && is_number(b));

	if (alike && a.type == V_STR)
		order = strcmp(a.s, b.s);
	else if (alike)
		order = (as_real(a) > as_real(b)) - (as_real(a) < as_real(b));
	else if (*op == '<' || *op == '>')
		return py_raise(x, "TypeError", "'%s' not supported between instances of '%s' and '%s'", op,
				type_names[a.type], type_names[b.type]);
	else
		return boolean(*op == '!');
	switch (*op) {
	case '<': return boolean(op[1] ? order <= 0 : order < 0);
	case '>': return boolean(op[1] ? order >= 0 : order > 0);
	default: return boolean((order == 0) == (*op == '='));
	}
}

/* ---- literals ---- */

/* {name} and {1 + 2} inside of an f-string: read from a text of their own. */
static void put_field(struct python *x, struct text *t, const char *field)
{
	const char *s = x->s;

	x->s = field;
	text_add(t, py_str(x, py_expression(x)));
	py_blanks(x);
	if (*x->s && !x->failed)
		py_refuse(x, "formats in f-strings");
	x->s = s;
}

static bool put_braces(struct python *x, struct text *t)
{
	size_t n = strcspn(x->s + 1, "}");

	if (x->s[1] == *x->s) {
		text_addc(t, *x->s);
		x->s += 2;
		return true;
	}
	if (*x->s == '}' || !x->s[1 + n]) {
		py_syntax(x, x->s, "f-string: expecting '}'");
		return false;
	}
	put_field(x, t, arena_dupn(x->p->a, x->s + 1, n));
	x->s += n + 2;
	return !x->failed;
}

static struct value string_literal(struct python *x, bool format, bool raw)
{
	static const char from[] = "ntr\\'\"", to[] = "\n\t\r\\'\"";
	struct text t = { .a = x->p->a };
	const char *start = x->s;
	char quote = *x->s++;

	if (x->s[0] == quote && x->s[1] == quote)
		return py_refuse(x, "strings over several lines");
	while (*x->s != quote) {
		const char *at;

		if (!*x->s || *x->s == '\n')
			return x->minor < 10
				       ? py_syntax(x, x->s - 1, "EOL while scanning string literal")
				       : py_syntax(x, start,
						   arena_printf(x->p->a,
								"unterminated string literal "
								"(detected at line %d)",
								x->number));
		if (format && (*x->s == '{' || *x->s == '}')) {
			if (!put_braces(x, &t))
				return text("");
		} else if (*x->s == '\\' && !raw && x->s[1] && (at = strchr(from, x->s[1]))) {
			text_addc(&t, to[at - from]);
			x->s += 2;
		} else {
			text_addc(&t, *x->s++);
		}
	}
	x->s++;
	return text(text_str(&t));
}

static struct value number_literal(struct python *x)
{
	char *end;
	size_t n = strspn(x->s, "0123456789");
	struct value v;

	errno = 0;
	v = x->s[n] == '.' || ((x->s[n] | 32) == 'e') ? real(strtod(x->s, &end))
						      : integer(strtoll(x->s, &end, 0));
	if (errno)
		return py_refuse(x, "numbers beyond 64 bits");
	x->s = end;
	if (py_name(x->s))
		return py_syntax(x, x->s, "invalid syntax");
	return v;
}

/* len(), str(), int(), float(), abs(): what first lessons call. */
static struct value call(struct python *x, const char *name, const char *at)
{
	struct value v;

	x->s++;
	x->depth++;
	v = py_expression(x);
	py_blanks(x);
	x->depth--;
	if (x->failed)
		return v;
	if (*x->s != ')')
		return py_refuse(x, arena_printf(x->p->a, "%s() with more arguments", name));
	x->s++;
	if (!strcmp(name, "len") && v.type == V_STR)
		return integer((int64_t)strlen(v.s));
	if (!strcmp(name, "str"))
		return text(py_str(x, v));
	if (!strcmp(name, "repr"))
		return text(py_repr(x, v));
	if (!strcmp(name, "int") && is_number(v))
		return integer(v.type == V_FLOAT ? (int64_t)v.f : v.i);
	if (!strcmp(name, "float") && is_number(v))
		return real(as_real(v));
	if (!strcmp(name, "type"))
		return text(arena_printf(x->p->a, "<class '%s'>", type_names[v.type]));
	return py_refuse(x, arena_printf(x->p->a, "calling %s()", name));
}

static struct value name_value(struct python *x)
{
	static const struct { const char *name; struct value v; } constants[] = {
		{"True", {.type = V_BOOL, .i = 1}},
		{"False", {.type = V_BOOL}},
		{"None", {.type = V_NONE}},
		{"__name__", {.type = V_STR, .s = "__main__"}},
	};
	const char *at = x->s;
	size_t n = py_name(x->s);
	char *name = arena_dupn(x->p->a, x->s, n);

	x->s += n;
	for (size_t i = 0; i < ARRAY_SIZE(constants); i++)
		if (!strcmp(constants[i].name, name))
			return constants[i].v;
	if (*x->s == '(')
		return call(x, name, at);
	for (struct py_var *v = x->vars; v; v = v->next)
		if (!strcmp(v->name, name))
			return v->value;
	return py_raise(x, "NameError", "name '%s' is not defined", name);
}

static struct value primary(struct python *x)
{
	struct value v;
	size_t prefix;

	py_blanks(x);
	prefix = *x->s && strchr("fFrRbBuU", *x->s) && (x->s[1] == '"' || x->s[1] == '\'') ? 1 : 0;
	if (x->s[prefix] == '"' || x->s[prefix] == '\'') {
		char c = prefix ? (char)(*x->s | 32) : 0;

		x->s += prefix;
		v = string_literal(x, c == 'f', c == 'r');
		py_blanks(x);
		if (!x->failed && (*x->s == '"' || *x->s == '\''))
			v = py_operate(x, "+", v, primary(x));
	} else if (isdigit((unsigned char)*x->s) || (*x->s == '.' && isdigit((unsigned char)x->s[1]))) {
		v = number_literal(x);
	} else if (py_name(x->s)) {
		v = name_value(x);
	} else if (*x->s == '(') {
		x->s++;
		x->depth++;
		v = py_expression(x);
		py_blanks(x);
		x->depth--;
		if (!x->failed && *x->s != ')')
			return *x->s == ',' ? py_refuse(x, "tuples")
					    : py_syntax(x, x->s, *x->s ? "invalid syntax" : NULL);
		x->s += *x->s == ')';
	} else if (*x->s == '[' || *x->s == '{') {
		return py_refuse(x, "lists and dictionaries");
	} else {
		return py_syntax(x, x->s, *x->s && *x->s != '\n' ? "invalid syntax" : NULL);
	}
	if (!x->failed && (*x->s == '.' || *x->s == '['))
		return py_refuse(x, *x->s == '.' ? "methods and attributes" : "indexes");
	return v;
}

static struct value unary(struct python *x)
{
	struct value v;

	py_blanks(x);
	if (x->depth > 100)
		return py_refuse(x, "expressions that deep");
	if (*x->s == '-' || *x->s == '+') {
		char op[2] = { *x->s++, 0 };

		x->depth++;
		v = unary(x);
		x->depth--;
		if (!x->failed && !is_number(v))
			return py_raise(x, "TypeError", "bad operand type for unary %s: '%s'", op,
					type_names[v.type]);
		return py_operate(x, op, integer(0), v);
	}
	v = primary(x);
	py_blanks(x);
	if (!x->failed && x->s[0] == '*' && x->s[1] == '*') {
		x->s += 2;
		x->depth++;
		v = py_operate(x, "**", v, unary(x));
		x->depth--;
	}
	return v;
}

static const char *operator_at(struct python *x, const char *const *ops)
{
	py_blanks(x);
	for (; *ops; ops++)
		if (!strncmp(x->s, *ops, strlen(*ops)) && x->s[strlen(*ops)] != '=' )
			return *ops;
	return NULL;
}

static struct value product(struct python *x)
{
	static const char *const ops[] = { "//", "*", "/", "%", NULL };
	struct value v = unary(x);
	const char *op;

	while (!x->failed && (op = operator_at(x, ops))) {
		x->s += strlen(op);
		v = py_operate(x, op, v, unary(x));
	}
	return v;
}

static struct value sum(struct python *x)
{
	static const char *const ops[] = { "+", "-", NULL };
	struct value v = product(x);
	const char *op;

	while (!x->failed && (op = operator_at(x, ops))) {
		x->s += 1;
		v = py_operate(x, op, v, product(x));
	}
	return v;
}

static struct value comparison(struct python *x)
{
	static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">", NULL };
	struct value v = sum(x);
	const char *op;

	while (!x->failed && (op = operator_at(x, ops))) {
		x->s += strlen(op);
		v = compared(x, op, v, sum(x));
	}
	return v;
}

static bool at_word(struct python *x, const char *word)
{
	py_blanks(x);
	return py_name(x->s) == strlen(word) && !strncmp(x->s, word, strlen(word));
}

static struct value negation(struct python *x)
{
	bool not = false, any = false;
	struct value v;

	while (at_word(x, "not")) {
		x->s += 3;
		not = !not;
		any = true;
	}
	v = comparison(x);
	return any ? boolean(truth(v) != not) : v;
}

struct value py_expression(struct python *x)
{
	struct value v, right;

	if (++x->depth > 100)
		return py_refuse(x, "expressions that deep");
	x->depth--;
	v = negation(x);
	while (!x->failed && (at_word(x, "and") || at_word(x, "or"))) {
		bool and = *x->s == 'a';

		x->s += and ? 3 : 2;
		right = negation(x);
		if (truth(v) == and)
			v = right;
	}
	return v;
}
