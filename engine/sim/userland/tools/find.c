/* find.c - find and xargs: other programs on many files. */
#include <ctype.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "sim/userland/match.h"
#include "sim/userland/tools/tools.h"

/* ---- find ---- */

/* A test or an action, in the order they were given; all must hold. */
enum kind {
	F_NAME,
	F_INAME,
	F_TYPE,
	F_PATH,
	F_EMPTY,
	F_SIZE,
	F_PRINT,
	F_PRINT0,
	F_DELETE,
	F_EXEC,
	F_PRUNE
};
struct test { enum kind kind; bool not; const char *arg; char **argv; int argc; };
struct find { struct test *tests; size_t n; bool action; int least; };

static const struct { const char *name; int kind; bool arg; } primaries[] = {
	{"-name", F_NAME, true},    {"-iname", F_INAME, true},    {"-type", F_TYPE, true},
	{"-path", F_PATH, true},    {"-empty", F_EMPTY, false},   {"-size", F_SIZE, true},
	{"-print", F_PRINT, false}, {"-print0", F_PRINT0, false}, {"-delete", F_DELETE, false},
	{"-exec", F_EXEC, false},   {"-prune", F_PRUNE, false},
};

static char *lower_text(struct arena *a, const char *s)
{
	char *copy = arena_dup(a, s);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

static bool is_empty(struct prog *p, const char *path, const struct stat *st)
{
	struct list names = { .a = p->a };

	if (S_ISREG(st->st_mode))
		return st->st_size == 0;
	return S_ISDIR(st->st_mode) && read_names(p, path, &names) >= 0 && !names.n;
}

/* -size +10k: blocks of 512 bytes without a unit. */
static bool size_fits(const char *arg, off_t size)
{
	char sign = *arg == '+' || *arg == '-' ? *arg++ : 0, *end;
	long n = strtol(arg, &end, 10), unit = *end == 'c'   ? 1
					       : *end == 'k' ? 1024
					       : *end == 'M' ? 1 << 20
							     : 512;
	long blocks = (long)((size + unit - 1) / unit);

	return sign == '+' ? blocks > n : sign == '-' ? blocks < n : blocks == n;
}

struct exec { char **argv; };

static int exec_child(struct task *t, void *arg)
{
	struct exec *e = arg;
	struct arena a;
	struct prog p;
	long rc;

	prog_init(&p, t, &a, 1, e->argv);
	rc = exec_by_path(&p, e->argv, sim_environ(t));
	complain_of(&p, rc, "%s", e->argv[0]);
	return rc == -ENOENT ? 127 : 126;
}

int run_program(struct prog *p, char **argv)
{
	struct exec e = { argv };
	int status = 0;
	long pid;

	flush(p);
	pid = sys_fork(p->t, exec_child, &e);
	if (pid < 0)
		return complain_of(p, pid, "fork");
	while (sys_wait(p->t, (pid_t)pid, &status, 0) == -EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool find_exec(struct prog *p, const struct test *t, const char *path)
{
	struct list argv = { .a = p->a };

	for (int i = 0; i < t->argc; i++)
		list_add(&argv, strcmp(t->argv[i], "{}") ? t->argv[i] : (char *)path);
	return run_program(p, argv.v) == 0;
}

static bool test_holds(struct walk *w, const struct test *t, const char *path,
		       const struct stat *st, int *answer)
{
	static const char types[] = "fdlpsbc";
	static const mode_t modes[] = { S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFBLK, S_IFCHR };
	struct prog *p = w->p;
	const char *at;
	long rc;

	switch (t->kind) {
	case F_NAME: return glob_match(t->arg, path_base(p->a, path));
	case F_INAME: return glob_match(lower_text(p->a, t->arg), lower_text(p->a, path_base(p->a, path)));
	case F_PATH: return glob_match(t->arg, path);
	case F_TYPE: at = strchr(types, t->arg[0]);
		return at && *at && (st->st_mode & S_IFMT) == modes[at - types];
	case F_EMPTY: return is_empty(p, path, st);
	case F_SIZE: return size_fits(t->arg, st->st_size);
	case F_PRINT: outf(p, "%s\n", path); return true;
	case F_PRINT0: outn(p, path, strlen(path) + 1); return true;
	case F_EXEC: return find_exec(p, t, path);
	case F_PRUNE: *answer = WALK_NOT_INSIDE; return true;
	default:
		rc = S_ISDIR(st->st_mode) ? sys_rmdir(p->t, path) : sys_unlink(p->t, path);
		if (rc < 0)
			complain_of(p, rc, is_gnu(p) ? "cannot delete '%s'" : "%s", path);
		return rc >= 0;
	}
}

static int find_visit(struct walk *w, const char *path, const struct stat *st, int depth)
{
	struct find *f = w->arg;
	int answer = 0;

	if (depth < f->least)
		return 0;
	for (size_t i = 0; i < f->n; i++)
		if (test_holds(w, &f->tests[i], path, st, &answer) == f->tests[i].not)
			return answer;
	if (!f->action)
		outf(w->p, "%s\n", path);
	return answer;
}

static int find_unreadable(struct walk *w, const char *path, long rc)
{
	return complain_of(w->p, rc, is_gnu(w->p) ? "'%s'" : "%s", path);
}

static int add_test(struct prog *p, struct find *f, int i, bool not)
{
	size_t k = 0;
	struct test t = { .not = not };

	while (k < ARRAY_SIZE(primaries) && strcmp(primaries[k].name, p->argv[i]))
		k++;
	if (k == ARRAY_SIZE(primaries))
		die(p, 1, is_gnu(p) ? "unknown predicate '%s'" : "unrecognized: %s", p->argv[i]);
	t.kind = primaries[k].kind;
	if (primaries[k].arg && !(t.arg = p->argv[++i]))
		die(p, 1, is_gnu(p) ? "missing argument to '%s'" : "%s requires an argument",
		    primaries[k].name);
	if (t.kind == F_EXEC) {
		t.argv = p->argv + i + 1;
		while (p->argv[i + 1] && strcmp(p->argv[i + 1], ";") && strcmp(p->argv[i + 1], "+"))
			i++, t.argc++;
		if (!p->argv[++i])
			die(p, 1, "missing argument to '-exec'");
	}
	f->action |= t.kind >= F_PRINT && t.kind <= F_EXEC;
	f->tests[f->n++] = t;
	return i;
}

int tool_find(struct prog *p)
{
	struct find f = { .tests = arena_alloc(p->a, (size_t)p->argc * sizeof(struct test)) };
	struct walk w = {.p = p,
			 .arg = &f,
			 .deepest = -1,
			 .visit = find_visit,
			 .unreadable = find_unreadable};
	int i = 1, paths;
	bool not = false;

	while (i < p->argc && p->argv[i][0] != '-' && p->argv[i][0] != '!')
		i++;
	for (paths = i; i < p->argc; i++) {
		if (!strcmp(p->argv[i], "!") || !strcmp(p->argv[i], "-not")) {
			not = !not;
			continue;
		}
		if (!strcmp(p->argv[i], "-a") || !strcmp(p->argv[i], "-and"))
			continue;
		if (!strcmp(p->argv[i], "-maxdepth") && i + 1 < p->argc)
			w.deepest = atoi(p->argv[++i]);
		else if (!strcmp(p->argv[i], "-mindepth") && i + 1 < p->argc)
			f.least = atoi(p->argv[++i]);
		else
			i = add_test(p, &f, i, not);
		not = false;
	}
	for (size_t k = 0; k < f.n; k++)
		w.contents_first |= f.tests[k].kind == F_DELETE;
	for (int k = 1; k < paths; k++)
		walk_tree(&w, p->argv[k]);
	if (paths == 1)
		walk_tree(&w, ".");
	return p->status;
}

/* ---- xargs ---- */

/* The next word of stdin: blanks part them, quotes and \ keep them together. */
static char *xargs_word(struct prog *p, const char **s, bool zero)
{
	struct text t = { .a = p->a };
	const char *c = *s;

	while (!zero && *c && strchr(" \t\n", *c))
		c++;
	if (!*c)
		return NULL;
	while (*c && !(!zero && strchr(" \t\n", *c))) {
		if (!zero && (*c == '\'' || *c == '"') && strchr(c + 1, *c)) {
			const char *end = strchr(c + 1, *c);

			text_addn(&t, c + 1, (size_t)(end - c - 1));
			c = end + 1;
			continue;
		}
		if (!zero && *c == '\\' && c[1])
			c++;
		text_addc(&t, *c++);
	}
	*s = c;
	return text_str(&t);
}

static int xargs_run(struct prog *p, struct list *argv, int *worst)
{
	int status = run_program(p, argv->v);

	if (status == 127 || status == 126)
		*worst = status;
	else if (status)
		*worst = 123;
	return status;
}

/* -I{}: one line an item, put where {} stands. */
static char *replaced(struct prog *p, const char *s, const char *what, const char *by)
{
	struct text t = { .a = p->a };
	const char *at;

	for (; *what && (at = strstr(s, what)); s = at + strlen(what))
		text_addn(&t, s, (size_t)(at - s)), text_add(&t, by);
	text_add(&t, s);
	return text_str(&t);
}

static int xargs_lines(struct prog *p, const struct opts *o, char *s)
{
	int worst = 0;
	char *save;

	for (char *line = strtok_r(s, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct list argv = { .a = p->a };

		for (int i = 0; i < o->n; i++)
			list_add(&argv, replaced(p, o->rest[i], o->arg['I'], line));
		xargs_run(p, &argv, &worst);
	}
	return worst;
}

int tool_xargs(struct prog *p)
{
	static char *const echo[] = { "echo", NULL };
	struct opts o;
	size_t n;
	long rc, most, count = 0;
	char *s, *word, *const *first;
	const char *at;
	int worst = 0;
	struct list argv = { .a = p->a };

	parse_options(p, "+n:I:r0tL:", NULL, &o);
	most = o.arg['n'] ? count_of(p, o.arg['n']) : 5000;
	s = read_fd(p, 0, &n, &rc);
	for (size_t i = 0; s && i < n; i++)
		if (!s[i])
			s[i] = o.has['0'] ? '\n' : ' ';
	if (o.arg['I'])
		return s ? xargs_lines(p, &o, s) : 1;
	first = o.n ? o.rest : echo;
	for (at = s ? s : ""; (word = xargs_word(p, &at, false)) || count || (!argv.v && !o.has['r']);) {
		if (!count)
			argv = (struct list){ .a = p->a };
		for (int i = 0; !count && first[i]; i++)
			list_add(&argv, first[i]);
		if (word)
			list_add(&argv, word);
		if (++count >= most || !word) {
			xargs_run(p, &argv, &worst);
			count = 0;
		}
		if (!word)
			break;
	}
	return worst;
}
