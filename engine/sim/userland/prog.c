/* prog.c - output, complaints, options. */
#include "sim/userland/prog.h"

#include <stdlib.h>
#include <string.h>

#include "sim/userland/shell/shell.h"

enum { WHOLE = 4096 };		/* what stdio gathers before it writes */

static void *task_get(void *owner, size_t n) { return sim_alloc(owner, n); }
static void task_put(void *owner, void *block) { sim_free(owner, block); }

void arena_of_task(struct arena *a, struct task *t)
{
	*a = (struct arena){ .get = task_get, .put = task_put, .owner = t };
}

void prog_init(struct prog *p, struct task *t, struct arena *a, int argc, char **argv)
{
	arena_of_task(a, t);
	*p = (struct prog){ .t = t, .a = a, .argc = argc, .argv = argv, .out.a = a, .maker = MADE_BY_GNU };
	p->name = path_base(a, argc ? argv[0] : "");
	p->by_line = sys_isatty(t, 1);
}

/* ---- output ---- */

long put_all(struct task *t, int fd, const char *s, size_t n)
{
	while (n) {
		long rc = sys_write(t, fd, s, n);

		if (rc == -EINTR)
			continue;
		if (rc < 0)
			return rc;
		s += rc;
		n -= (size_t)rc;
	}
	return 0;
}

int flush(struct prog *p)
{
	long rc = p->out.n ? put_all(p->t, 1, p->out.s, p->out.n) : 0;

	p->out.n = 0;
	if (rc < 0 && rc != -EPIPE)
		complain_of(p, rc, "write error");
	return (int)rc;
}

void outn(struct prog *p, const char *s, size_t n)
{
	if (p->out.n + n > WHOLE && p->out.n)
		flush(p);
	if (n >= WHOLE) {
		put_all(p->t, 1, s, n);
		return;
	}
	text_addn(&p->out, s, n);
	if (p->by_line && n && s[n - 1] == '\n')
		flush(p);
}

void out(struct prog *p, const char *s) { outn(p, s, strlen(s)); }

void outf(struct prog *p, const char *fmt, ...)
{
	struct arena_mark mark = arena_mark(p->a);
	struct text t = { .a = p->a };
	va_list ap;

	if (!p->out.cap)
		text_str(&p->out), mark = arena_mark(p->a);
	va_start(ap, fmt);
	text_vaddf(&t, fmt, ap);
	va_end(ap);
	outn(p, text_str(&t), t.n);
	if (p->out.n == 0)
		arena_rewind(p->a, mark);
}

static void error_text(struct prog *p, const char *prefix, const char *fmt, va_list ap, const char *suffix)
{
	struct text t = { .a = p->a };

	text_add(&t, prefix);
	text_vaddf(&t, fmt, ap);
	text_add(&t, suffix);
	if (p->by_line)
		flush(p);
	put_all(p->t, 2, t.s, t.n);
}

void errorf(struct prog *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_text(p, "", fmt, ap, "");
	va_end(ap);
}

/* A builtin of bash or dash speaks as its shell does, with the line. */
static void complain_as(struct prog *p, const char *fmt, va_list ap, const char *suffix)
{
	struct text t = { .a = p->a };

	if (p->shell && p->shell->builtin) {
		text_vaddf(&t, fmt, ap);
		shell_says(p->shell, "%s%.*s", text_str(&t), (int)strcspn(suffix, "\n"), suffix);
		return;
	}
	text_addf(&t, "%s: ", p->shell ? p->shell->p->name : p->name);
	error_text(p, text_str(&t), fmt, ap, suffix);
}

int complain(struct prog *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain_as(p, fmt, ap, "\n");
	va_end(ap);
	return p->status = 1;
}

int complain_of(struct prog *p, long rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain_as(p, fmt, ap, arena_printf(p->a, ": %s\n", strerror((int)-rc)));
	va_end(ap);
	return p->status = 1;
}

_Noreturn void leave(struct prog *p, int status)
{
	flush(p);
	sys_exit(p->t, status);
}

_Noreturn void die(struct prog *p, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain_as(p, fmt, ap, "\n");
	va_end(ap);
	leave(p, status);
}

const char *env_get(struct prog *p, const char *name)
{
	size_t n = strlen(name);

	for (char **e = sim_environ(p->t); e && *e; e++)
		if (!strncmp(*e, name, n) && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

long exec_by_path(struct prog *p, char **argv, char **environ)
{
	const char *path = env_get(p, "PATH");
	long rc = -ENOENT, denied = 0;

	flush(p);
	if (strchr(argv[0], '/'))
		return sys_execve(p->t, argv[0], argv, environ);
	for (path = path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"; rc == -ENOENT || rc == -EACCES;) {
		size_t n = strcspn(path, ":");

		rc = sys_execve(p->t, path_join(p->a, arena_dupn(p->a, path, n), argv[0]), argv, environ);
		denied = rc == -EACCES ? rc : denied;
		if (!path[n])
			break;
		path += n + 1;
	}
	return denied ? denied : rc;
}

/* ---- options ---- */

static _Noreturn void usage(struct prog *p)
{
	if (is_gnu(p))
		errorf(p, "Try '%s --help' for more information.\n", p->name);
	leave(p, is_gnu(p) && (!strcmp(p->name, "ls") || !strcmp(p->name, "grep")) ? 2 : 1);
}

_Noreturn void missing_operand(struct prog *p, const char *after)
{
	if (is_gnu(p) && after)
		complain(p, "missing destination file operand after '%s'", after);
	else if (is_gnu(p))
		complain(p, "missing operand");
	else
		complain(p, "needs more arguments");
	usage(p);
}

static void take_short(struct prog *p, const char *letters, int *i, struct opts *o)
{
	for (const char *s = p->argv[*i] + 1; *s; s++) {
		const char *l = *s == ':' ? NULL : strchr(letters, *s);

		if (!l) {
			complain(p, "invalid option -- '%c'", *s);
			usage(p);
		}
		o->has[(unsigned char)*s]++;
		if (l[1] != ':')
			continue;
		if (!s[1] && *i + 1 >= p->argc) {
			complain(p, "option requires an argument -- '%c'", *s);
			usage(p);
		}
		o->arg[(unsigned char)*s] = s[1] ? s + 1 : p->argv[++*i];
		return;
	}
}

static void take_long(struct prog *p, const char *letters, const struct long_option *longs, int *i,
		      struct opts *o)
{
	const char *word = p->argv[*i] + 2;
	size_t n = strcspn(word, "=");

	for (; longs && longs->name; longs++) {
		const char *l;

		if (strncmp(longs->name, word, n))
			continue;
		l = strchr(letters, longs->letter);
		o->has[(unsigned char)longs->letter]++;
		if (word[n])
			o->arg[(unsigned char)longs->letter] = word + n + 1;
		else if (l && l[1] == ':' && *i + 1 < p->argc)
			o->arg[(unsigned char)longs->letter] = p->argv[++*i];
		return;
	}
	complain(p, "unrecognized option '--%.*s'", (int)n, word);
	usage(p);
}

void parse_options(struct prog *p, const char *letters, const struct long_option *longs, struct opts *o)
{
	bool ordered = *letters == '+', over = false;
	struct list rest = { .a = p->a };

	memset(o, 0, sizeof(*o));
	for (int i = 1; i < p->argc; i++) {
		char *word = p->argv[i];

		if (over || word[0] != '-' || !word[1]) {
			list_add(&rest, word);
			over |= ordered;
		} else if (!strcmp(word, "--")) {
			over = true;
		} else if (word[1] == '-') {
			take_long(p, letters, longs, &i, o);
		} else {
			take_short(p, letters + ordered, &i, o);
		}
	}
	o->rest = rest.v ? rest.v : arena_alloc(p->a, sizeof(char *));
	o->n = (int)rest.n;
}
