/* simple.c - assignments, redirections and a command's words: what most lines are. */
#include <stdlib.h>
#include <string.h>

#include "sim/userland/shell/shell.h"

/* ---- set -x ---- */

/* 'a b' for a b; what needs no quotes as it is. */
static const char *quoted(struct arena *a, const char *s)
{
	struct text t = { .a = a };

	if (s[strspn(s,
		     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=+,@%")] ==
		    0)
		return s;
	text_addc(&t, '\'');
	for (; *s; s++)
		if (*s == '\'')
			text_add(&t, "'\\''");
		else
			text_addc(&t, *s);
	text_addc(&t, '\'');
	return text_str(&t);
}

static void trace(struct shell *sh, const struct list *assigns, const struct list *argv)
{
	const char *ps4 = var_get(sh, "PS4");
	struct text t = { .a = &sh->work };

	if (!sh->options['x'])
		return;
	text_add(&t, ps4 ? ps4 : "+ ");
	for (size_t i = 0; i < assigns->n; i++)
		text_addf(&t, "%s%s", i ? " " : "", assigns->v[i]);
	for (size_t i = 0; i < argv->n; i++)
		text_addf(&t, "%s%s", i || assigns->n ? " " : "", quoted(&sh->work, argv->v[i]));
	errorf(sh->p, "%s\n", text_str(&t));
}

/* ---- where a command lies ---- */

char *find_command(struct shell *sh, const char *name)
{
	const char *path = var_get(sh, "PATH");
	struct stat st;

	if (strchr(name, '/'))
		return arena_dup(&sh->work, name);
	path = path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (;;) {
		size_t n = strcspn(path, ":");
		char *full = arena_printf(&sh->work, "%.*s%s%s", (int)n, path, n ? "/" : "./", name);

		if (sys_stat(sh->t, full, &st) == 0 && S_ISREG(st.st_mode) &&
		    sys_access(sh->t, full, X_OK) == 0)
			return full;
		if (!path[n])
			return NULL;
		path += n + 1;
	}
}

/* A file that is no program but text: the shell itself reads it. */
static _Noreturn void run_as_script(struct shell *sh, const char *path, char **argv)
{
	struct text script = { .a = &sh->keep };

	if (shell_open_script(sh, path, &script) < 0)
		leave(sh->p, 126);
	sh->arg0 = path;
	sh->args = argv + 1;
	for (sh->n_args = 0; sh->args[sh->n_args]; )
		sh->n_args++;
	sh->from_file = true;
	sh->interactive = false;
	sh->line = 0;
	sh->builtin = NULL;
	sh->status = run_text(sh, text_str(&script), true);
	leave(sh->p, run_exit_trap(sh));
}

/* bash tells a directory from a file that may not run. */
static int exec_errno(struct shell *sh, const char *path, long rc)
{
	struct stat st;

	if (sh->d->bash && path && sys_stat(sh->t, path, &st) == 0 && S_ISDIR(st.st_mode))
		return EISDIR;
	return rc == -EISDIR ? EACCES : (int)-rc;
}

_Noreturn void exec_command(struct shell *sh, char **argv, char **environ)
{
	char *path = find_command(sh, argv[0]);
	long rc = path ? sys_execve(sh->t, path, argv, environ) : -ENOENT;

	if (rc == -ENOEXEC)
		run_as_script(sh, path, argv);
	if (rc == -ENOENT && !(path && strchr(path, '/') && sh->d->bash && strchr(argv[0], '/')))
		shell_says(sh, sh->d->not_found, argv[0]);
	else
		shell_says(sh, "%s: %s", argv[0], strerror(exec_errno(sh, path, rc)));
	leave(sh->p, rc == -ENOENT ? 127 : 126);
}

/* ---- assignments ---- */

static void expand_assigns(struct shell *sh, const struct node *n, struct list *out)
{
	for (const struct word *w = n->assigns; w && sh->flow == FLOW_ON; w = w->next)
		list_add(out, expand_string(sh, w));
}

/* name=value as two strings. */
static char *value_of(struct shell *sh, const char *assign, char **name)
{
	size_t n = strcspn(assign, "=");

	*name = arena_dupn(&sh->work, assign, n);
	return (char *)assign + n + 1;
}

static bool assign_all(struct shell *sh, const struct list *assigns, bool export)
{
	for (size_t i = 0; i < assigns->n; i++) {
		char *name, *value = value_of(sh, assigns->v[i], &name);

		if (!var_set(sh, name, value))
			return false;
		if (export)
			var_find(sh, name)->exported = true;
	}
	return true;
}

/* Variables as they were before assignments that count for one command only. */
struct kept { const char *name, *value; bool exported; };

static struct kept *keep_all(struct shell *sh, const struct list *assigns)
{
	struct kept *k = arena_alloc(&sh->work, (assigns->n + 1) * sizeof(*k));

	for (size_t i = 0; i < assigns->n; i++) {
		char *name;
		struct var *v;

		value_of(sh, assigns->v[i], &name);
		v = var_find(sh, name);
		k[i] = (struct kept){ .name = name, .exported = v && v->exported,
				      .value = v && v->value ? arena_dup(&sh->work, v->value) : NULL };
	}
	return k;
}

static void put_back(struct shell *sh, const struct kept *k)
{
	for (; k->name; k++) {
		if (!k->value) {
			var_unset(sh, k->name);
			continue;
		}
		var_set(sh, k->name, k->value);
		var_find(sh, k->name)->exported = k->exported;
	}
}

/* ---- carrying it out ---- */

struct command { const struct node *node; struct list argv, assigns; };

static int run_builtin(struct shell *sh, const struct builtin *b, struct command *c)
{
	const char *outer = sh->builtin;
	int status;

	sh->builtin = b->name;
	status = b->run(sh, (int)c->argv.n, c->argv.v);
	sh->builtin = outer;
	if (flush(sh->p) < 0 && !status)
		status = 1;
	return status;
}

/* A builtin or a function: in this process, with its redirections undone behind it. */
static int run_inside(struct shell *sh, struct command *c, const struct builtin *b,
		      const struct function *f)
{
	bool stays = b && b->special, for_good = b && !strcmp(b->name, "exec") && c->argv.n == 1;
	struct undo *undo = NULL;
	struct kept *kept = stays ? NULL : keep_all(sh, &c->assigns);
	int status = redirect(sh, c->node->redirs, for_good ? NULL : &undo);

	if (status && stays && sh->flow == FLOW_ON && !sh->d->bash)
		shell_fails(sh, status, NULL);
	if (!status && assign_all(sh, &c->assigns, !stays))
		status = f ? run_function(sh, f, (int)c->argv.n, c->argv.v) : run_builtin(sh, b, c);
	if (kept)
		put_back(sh, kept);
	flush(sh->p);
	redirect_back(sh, undo);
	return sh->flow == FLOW_ON ? status : sh->status;
}

struct outside { struct shell *parent; struct command *c; };

/* In the process that becomes the program. */
static _Noreturn void become(struct shell *sh, struct command *c)
{
	int status = redirect(sh, c->node->redirs, NULL);

	sh->builtin = NULL;
	if (status)
		leave(sh->p, status);
	assign_all(sh, &c->assigns, true);
	exec_command(sh, c->argv.v, vars_environ(sh, &sh->work));
}

static void list_copy(struct arena *a, struct list *to, const struct list *from)
{
	*to = (struct list){ .a = a };
	for (size_t i = 0; i < from->n; i++)
		list_add(to, arena_dup(a, from->v[i]));
}

static int outside_main(struct task *t, void *arg)
{
	struct outside *o = arg;
	struct command c;
	struct shell sh;
	struct prog p;

	shell_copy(&sh, o->parent, t, &p);
	c.node = node_copy(&sh.keep, o->c->node);
	list_copy(&sh.work, &c.argv, &o->c->argv);
	list_copy(&sh.work, &c.assigns, &o->c->assigns);
	become(&sh, &c);
}

static pid_t start_outside(struct shell *sh, struct command *c)
{
	struct outside o = { .parent = sh, .c = c };
	long pid;

	flush(sh->p);
	pid = sys_fork(sh->t, outside_main, &o);
	if (pid < 0)
		shell_fails(sh, 2, "can't fork: %s", strerror((int)-pid));
	return (pid_t)pid;
}

pid_t start_program(struct shell *sh, char **argv)
{
	static const struct node bare = { .kind = N_SIMPLE };
	struct command c = { .node = &bare, .argv.a = &sh->work, .assigns.a = &sh->work };

	for (; *argv; argv++)
		list_add(&c.argv, *argv);
	return start_outside(sh, &c);
}

static int run_outside(struct shell *sh, struct command *c, bool last)
{
	if (last) {
		flush(sh->p);
		become(sh, c);
	}
	return shell_wait(sh, start_outside(sh, c));
}

/* Only assignments and redirections. */
static int run_without_words(struct shell *sh, struct command *c)
{
	struct undo *undo = NULL;
	int status = redirect(sh, c->node->redirs, &undo);

	redirect_back(sh, undo);
	if (!status && !assign_all(sh, &c->assigns, false))
		status = sh->status;
	if (status)
		return status;
	return sh->subst_status >= 0 ? sh->subst_status : 0;
}

static int run_words(struct shell *sh, struct command *c, bool last)
{
	const char *name = c->argv.v[0];
	const struct builtin *b = builtin_find(name);
	const struct function *f = b && b->special ? NULL : function_find(sh, name);

	if (f || b)
		return run_inside(sh, c, f ? NULL : b, f);
	return run_outside(sh, c, last);
}

int run_simple(struct shell *sh, const struct node *n, bool last)
{
	struct command c = { .node = n, .argv.a = &sh->work, .assigns.a = &sh->work };

	sh->subst_status = -1;
	for (const struct word *w = n->words; w && sh->flow == FLOW_ON; w = w->next)
		expand_fields(sh, w, &c.argv);
	if (sh->flow == FLOW_ON)
		expand_assigns(sh, n, &c.assigns);
	if (sh->flow != FLOW_ON)
		return sh->status;
	trace(sh, &c.assigns, &c.argv);
	if (!c.argv.n)
		return run_without_words(sh, &c);
	return run_words(sh, &c, last);
}
