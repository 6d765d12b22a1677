/* test.c - test and [: the grammar of POSIX with -a, -o and ( ), read from the left. */
#include <stdlib.h>

#include "sim/userland/match.h"
#include "sim/userland/tools/tools.h"

struct test { struct prog *p; char **v; int n, at, depth; bool failed; };

static bool or_expression(struct test *x);

static bool wrong(struct test *x, const char *arg, const char *why)
{
	if (!x->failed)
		complain(x->p, "%s%s%s", arg, *arg ? ": " : "", why);
	x->failed = true;
	return false;
}

static long long integer(struct test *x, const char *s)
{
	char *end;
	long long n = strtoll(s, &end, 10);

	if (end == s || *end)
		wrong(x, s, x->p->maker == MADE_BY_GNU ? "integer expression expected" : "bad number");
	return n;
}

static bool newer(struct test *x, const char *a, const char *b)
{
	struct stat sa, sb;

	if (sys_stat(x->p->t, a, &sa) < 0)
		return false;
	if (sys_stat(x->p->t, b, &sb) < 0)
		return true;
	return sa.st_mtim.tv_sec > sb.st_mtim.tv_sec ||
	       (sa.st_mtim.tv_sec == sb.st_mtim.tv_sec && sa.st_mtim.tv_nsec > sb.st_mtim.tv_nsec);
}

static bool same_file(struct test *x, const char *a, const char *b)
{
	struct stat sa, sb;

	return sys_stat(x->p->t, a, &sa) == 0 && sys_stat(x->p->t, b, &sb) == 0 &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

enum {
	STR_EQ,
	STR_EQ2,
	STR_NE,
	STR_LT,
	STR_GT,
	INT_EQ,
	INT_NE,
	INT_LT,
	INT_LE,
	INT_GT,
	INT_GE,
	FILE_NT,
	FILE_OT,
	FILE_EF
};
static const char *const binaries[] = {"=",   "==",  "!=",  "<",   ">",   "-eq", "-ne",
				       "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};

static int binary_of(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(binaries); i++)
		if (!strcmp(binaries[i], s))
			return (int)i;
	return -1;
}

static bool integers(struct test *x, int op, const char *a, const char *b)
{
	long long n = integer(x, a), m = x->failed ? 0 : integer(x, b);
	bool results[] = { n == m, n != m, n < m, n <= m, n > m, n >= m };

	return results[op - INT_EQ];
}

static bool binary(struct test *x, int op, const char *a, const char *b)
{
	int order = strcmp(a, b);

	if (op >= INT_EQ && op <= INT_GE)
		return integers(x, op, a, b);
	switch (op) {
	case STR_NE: return order != 0;
	case STR_LT: return order < 0;
	case STR_GT: return order > 0;
	case FILE_NT: return newer(x, a, b);
	case FILE_OT: return newer(x, b, a);
	case FILE_EF: return same_file(x, a, b);
	default: return order == 0;
	}
}

static bool file_test(struct test *x, char op, const char *path)
{
	static const struct { char op; mode_t type; } types[] = {
		{'f', S_IFREG}, {'d', S_IFDIR}, {'b', S_IFBLK},
		{'c', S_IFCHR}, {'p', S_IFIFO}, {'S', S_IFSOCK},
	};
	struct stat st;

	if (op == 'r' || op == 'w' || op == 'x')
		return sys_access(x->p->t, path, op == 'r' ? R_OK : op == 'w' ? W_OK : X_OK) == 0;
	if (op == 'L' || op == 'h')
		return sys_lstat(x->p->t, path, &st) == 0 && S_ISLNK(st.st_mode);
	if (sys_stat(x->p->t, path, &st) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].op == op)
			return (st.st_mode & S_IFMT) == types[i].type;
	switch (op) {
	case 's': return st.st_size > 0;
	case 'u': return st.st_mode & S_ISUID;
	case 'g': return st.st_mode & S_ISGID;
	case 'k': return st.st_mode & S_ISVTX;
	case 'O': return st.st_uid == sys_geteuid(x->p->t);
	case 'G': return st.st_gid == sys_getegid(x->p->t);
	default: return true;
	}
}

static bool unary(struct test *x, char op, const char *arg)
{
	if (op == 'n' || op == 'z')
		return !*arg == (op == 'z');
	if (op == 't')
		return sys_isatty(x->p->t, (int)integer(x, arg));
	return file_test(x, op, arg);
}

static bool is_unary(const char *s)
{
	return s[0] == '-' && s[1] && !s[2] && strchr("bcdefghknprstuwxzGLOS", s[1]);
}

static const char *word(struct test *x, int ahead)
{
	return x->at + ahead < x->n ? x->v[x->at + ahead] : NULL;
}

static bool primary(struct test *x)
{
	const char *s = word(x, 0), *next = word(x, 1);
	int op = next && word(x, 2) ? binary_of(next) : -1;

	if (!s)
		return wrong(x, "", "argument expected");
	if (next && !word(x, 2) && binary_of(next) >= 0 && x->n > 1 && !is_unary(s))
		return wrong(x, next, "argument expected");
	if (op >= 0) {
		x->at += 3;
		return binary(x, op, s, x->v[x->at - 1]);
	}
	if (!strcmp(s, "(") && next) {
		bool result;

		x->at++;
		result = or_expression(x);
		if (!x->failed && (!word(x, 0) || strcmp(word(x, 0), ")")))
			return wrong(x, "", "closing paren expected");
		x->at++;
		return result;
	}
	if (is_unary(s) && next) {
		x->at += 2;
		return unary(x, s[1], next);
	}
	x->at++;
	return *s != 0;
}

static bool not_expression(struct test *x)
{
	bool result;

	if (++x->depth > 100)
		return wrong(x, "", "too many arguments");
	if (word(x, 0) && word(x, 1) && !strcmp(word(x, 0), "!") &&
	    !(word(x, 2) && binary_of(word(x, 1)) >= 0)) {
		x->at++;
		result = !not_expression(x);
	} else {
		result = primary(x);
	}
	x->depth--;
	return result;
}

static bool and_expression(struct test *x)
{
	bool result = not_expression(x);

	while (!x->failed && word(x, 0) && !strcmp(word(x, 0), "-a")) {
		bool right;

		x->at++;
		right = not_expression(x);
		result = result && right;
	}
	return result;
}

static bool or_expression(struct test *x)
{
	bool result = and_expression(x);

	while (!x->failed && word(x, 0) && !strcmp(word(x, 0), "-o")) {
		bool right;

		x->at++;
		right = and_expression(x);
		result = result || right;
	}
	return result;
}

int tool_test(struct prog *p)
{
	struct test x = { .p = p, .v = p->argv + 1, .n = p->argc - 1 };
	bool result;

	if (p->name[0] == '[') {
		if (!x.n || strcmp(x.v[x.n - 1], p->name[1] ? "]]" : "]")) {
			complain(p, is_gnu(p) ? "missing `%s'" : "missing %s", p->name[1] ? "]]" : "]");
			return 2;
		}
		x.n--;
	}
	if (!x.n)
		return 1;
	result = or_expression(&x);
	if (!x.failed && x.at < x.n)
		wrong(&x, x.v[x.at], is_gnu(p) ? "unexpected operator" : "unknown operand");
	return x.failed ? 2 : !result;
}
