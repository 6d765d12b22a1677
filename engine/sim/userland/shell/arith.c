/* arith.c - $((...)): C's integer expressions, 64 bits wide, with the shell's variables.
 *
 * Operators are a table of rows {text, level}; climbing by level does the rest.  What
 * && || ?: pass over is read and not carried out (`skip`).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/userland/shell/shell.h"

struct arith {
	struct shell *sh;
	const char *s;
	const char *error;
	int skip, depth;
};

enum op { ADD, SUB, MUL, DIV, MOD, POW, SHL, SHR, LT, GT, LE, GE, EQ, NE, AND, XOR, OR, LAND, LOR };

static const struct binary { char text[3]; enum op op; int level;
} binaries[] = {
	{"**", POW, 11}, {"<<", SHL, 8}, {">>", SHR, 8},  {"<=", LE, 7},  {">=", GE, 7},
	{"==", EQ, 6},   {"!=", NE, 6},  {"&&", LAND, 2}, {"||", LOR, 1}, {"*", MUL, 10},
	{"/", DIV, 10},  {"%", MOD, 10}, {"+", ADD, 9},   {"-", SUB, 9},  {"<", LT, 7},
	{">", GT, 7},    {"&", AND, 5},  {"^", XOR, 4},   {"|", OR, 3},
};

static int64_t expression(struct arith *x);
static int64_t unary(struct arith *x);

static void blanks(struct arith *x)
{
	while (isspace((unsigned char)*x->s))
		x->s++;
}

static int64_t wrong(struct arith *x, const char *why)
{
	if (!x->error)
		x->error = why;
	return 0;
}

static int64_t power(int64_t a, int64_t n)
{
	uint64_t r = 1, base = (uint64_t)a;

	for (; n > 0; n >>= 1, base *= base)
		if (n & 1)
			r *= base;
	return (int64_t)r;
}

static int64_t apply(struct arith *x, enum op op, int64_t a, int64_t b)
{
	uint64_t ua = (uint64_t)a, ub = (uint64_t)b;

	switch (op) {
	case ADD: return (int64_t)(ua + ub);
	case SUB: return (int64_t)(ua - ub);
	case MUL: return (int64_t)(ua * ub);
	case DIV: case MOD:
		if (!b)
			return x->skip ? 0 : wrong(x, "divide by zero");
		if (b == -1)
			return op == DIV ? (int64_t)(0 - ua) : 0;
		return op == DIV ? a / b : a % b;
	case POW: return b < 0 ? wrong(x, "exponent less than 0") : power(a, b);
	case SHL: return (int64_t)(ua << (ub & 63));
	case SHR: return a >> (ub & 63);
	case LT: return a < b;
	case GT: return a > b;
	case LE: return a <= b;
	case GE: return a >= b;
	case EQ: return a == b;
	case NE: return a != b;
	case AND: return a & b;
	case XOR: return a ^ b;
	case OR: return a | b;
	case LAND: return a && b;
	default: return a || b;
	}
}

static int64_t parse_number(struct arith *x, const char *s, char **end)
{
	return (int64_t)strtoull(s, end, 0);
}

/* A variable's value is an expression itself: a number, or the name of another. */
static int64_t variable(struct arith *x, const char *name)
{
	const char *value = param_get(x->sh, name), *rest = x->s;
	int64_t n;

	if (!value && x->sh->options['u'] && !x->skip) {
		shell_fails(x->sh, x->sh->d->unset_status, x->sh->d->not_set, name);
		x->error = "";
	}
	if (!value || !*value || x->skip)
		return 0;
	if (++x->depth > 40)
		return wrong(x, "expression recursion loop detected");
	x->s = value;
	n = expression(x);
	blanks(x);
	if (*x->s)
		wrong(x, "arithmetic syntax error");
	x->s = rest;
	x->depth--;
	return n;
}

static void assign(struct arith *x, const char *name, int64_t n)
{
	if (!x->skip && !x->error &&
	    !var_set(x->sh, name, arena_printf(&x->sh->work, "%lld", (long long)n)))
		x->error = "";
}

/* = += -= ... behind a name: the operator, or -1; 100 for a plain =. */
static int assignment(struct arith *x)
{
	static const char ops[][4] = { "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "^=", "|=" };
	static const enum op op[] = { ADD, SUB, MUL, DIV, MOD, SHL, SHR, AND, XOR, OR };

	blanks(x);
	if (x->s[0] == '=' && x->s[1] != '=') {
		x->s++;
		return 100;
	}
	for (size_t i = 0; i < sizeof(op) / sizeof(op[0]); i++)
		if (!strncmp(x->s, ops[i], strlen(ops[i]))) {
			x->s += strlen(ops[i]);
			return op[i];
		}
	return -1;
}

static int64_t named(struct arith *x)
{
	size_t n = shell_name(x->s);
	char *name = arena_dupn(&x->sh->work, x->s, n);
	int64_t value, old;
	int op;

	x->s += n;
	op = assignment(x);
	if (op >= 0) {
		value = expression(x);
		if (op != 100)
			value = apply(x, (enum op)op, variable(x, name), value);
		assign(x, name, value);
		return value;
	}
	old = variable(x, name);
	if ((x->s[0] == '+' && x->s[1] == '+') || (x->s[0] == '-' && x->s[1] == '-')) {
		assign(x, name, x->s[0] == '+' ? old + 1 : old - 1);
		x->s += 2;
	}
	return old;
}

static int64_t primary(struct arith *x)
{
	char *end;
	int64_t n;

	blanks(x);
	if (*x->s == '(') {
		x->s++;
		n = expression(x);
		blanks(x);
		if (*x->s != ')')
			return wrong(x, "arithmetic syntax error");
		x->s++;
		return n;
	}
	if (shell_name(x->s))
		return named(x);
	if (!isdigit((unsigned char)*x->s))
		return wrong(x, "arithmetic syntax error");
	n = parse_number(x, x->s, &end);
	if (isalnum((unsigned char)*end))
		return wrong(x, "arithmetic syntax error");
	x->s = end;
	return n;
}

/* ++x and --x. */
static int64_t stepped(struct arith *x, int by)
{
	size_t n;
	char *name;
	int64_t value;

	x->s += 2;
	blanks(x);
	n = shell_name(x->s);
	name = arena_dupn(&x->sh->work, x->s, n);
	x->s += n;
	value = variable(x, name) + by;
	assign(x, name, value);
	return value;
}

static int64_t unary(struct arith *x)
{
	int64_t n = 0;

	blanks(x);
	if (++x->depth > 200)
		return wrong(x, "expression recursion loop detected");
	if ((x->s[0] == '+' || x->s[0] == '-') && x->s[1] == x->s[0] && shell_name(x->s + 2))
		n = stepped(x, x->s[0] == '+' ? 1 : -1);
	else if (*x->s == '-')
		x->s++, n = (int64_t)(0 - (uint64_t)unary(x));
	else if (*x->s == '+')
		x->s++, n = unary(x);
	else if (*x->s == '!')
		x->s++, n = !unary(x);
	else if (*x->s == '~')
		x->s++, n = ~unary(x);
	else
		n = primary(x);
	x->depth--;
	return n;
}

static const struct binary *binary_at(struct arith *x)
{
	blanks(x);
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++)
		if (!strncmp(x->s, binaries[i].text, strlen(binaries[i].text)))
			return &binaries[i];
	return NULL;
}

static int64_t climb(struct arith *x, int level)
{
	int64_t a = unary(x);
	const struct binary *b;

	if (++x->depth > 200)
		return wrong(x, "expression recursion loop detected");
	while (!x->error && (b = binary_at(x)) && b->level >= level) {
		bool pass = (b->op == LAND && !a) || (b->op == LOR && a);
		int64_t right;

		x->s += strlen(b->text);
		x->skip += pass;
		right = climb(x, b->op == POW ? b->level : b->level + 1);
		x->skip -= pass;
		a = apply(x, b->op, a, right);
	}
	x->depth--;
	return a;
}

static int64_t conditional(struct arith *x)
{
	int64_t a = climb(x, 1), yes, no;

	blanks(x);
	if (x->error || *x->s != '?')
		return a;
	if (++x->depth > 200)
		return wrong(x, "expression recursion loop detected");
	x->s++;
	x->skip += !a;
	yes = expression(x);
	x->skip -= !a;
	blanks(x);
	if (*x->s != ':')
		return wrong(x, "arithmetic syntax error");
	x->s++;
	x->skip += !!a;
	no = conditional(x);
	x->skip -= !!a;
	x->depth--;
	return a ? yes : no;
}

static int64_t expression(struct arith *x)
{
	int64_t n;

	if (++x->depth > 200)
		return wrong(x, "expression recursion loop detected");
	n = conditional(x);
	blanks(x);
	while (!x->error && *x->s == ',') {
		x->s++;
		n = conditional(x);
		blanks(x);
	}
	x->depth--;
	return n;
}

bool arith_eval(struct shell *sh, const char *text, int64_t *out)
{
	struct arith x = { .sh = sh, .s = text };

	blanks(&x);
	*out = *x.s ? expression(&x) : 0;
	blanks(&x);
	if (!x.error && *x.s)
		x.error = "arithmetic syntax error";
	if (x.error && *x.error)
		shell_fails(sh, sh->d->bash ? 1 : 2, "%s", x.error);
	return !x.error;
}
