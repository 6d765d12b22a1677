/* shell.c - a shell from its start to its end: arguments, where lines come from, prompts,
 * messages, traps. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/shell/shell.h"

static const struct dialect dialects[] = {
	{.name = "bash",
	 .bash = true,
	 .not_found = "%s: command not found",
	 .bad_cd = "%s: %s",
	 .read_only = "%s: readonly variable",
	 .not_set = "%s: unbound variable",
	 .unset_status = 127,
	 .prompt = "\\u@\\h:\\w\\$ "},
	{.name = "dash",
	 .cant_open = "cannot %s %s: %s",
	 .no_file = "No such file",
	 .no_folder = "Directory nonexistent",
	 .not_found = "%s: not found",
	 .bad_cd = "can't cd to %s",
	 .read_only = "%s: is read only",
	 .not_set = "%s: parameter not set",
	 .unset_status = 2,
	 .prompt = "\\$ "},
	{.name = "ash",
	 .cant_open = "can't %s %s: %s",
	 .no_file = "no such file",
	 .no_folder = "nonexistent directory",
	 .not_found = "%s: not found",
	 .bad_cd = "can't cd to %s: %s",
	 .read_only = "%s: is read only",
	 .not_set = "%s: parameter not set",
	 .unset_status = 2,
	 .prompt = "\\w \\$ "},
};

/* ---- messages ---- */

/* "sh: ", "script: line 3: ", "sh: cd: line 1: ": as busybox words it; dash has
 * "sh: 3: cd: ", bash "sh: line 3: cd: ". */
static void say_where(struct shell *sh, struct text *t)
{
	bool ash = !strcmp(sh->d->name, "ash");

	text_addf(t, "%s: ", sh->arg0);
	if (sh->d->bash && !sh->interactive)
		text_addf(t, "line %d: ", sh->line);
	else if (!ash && !sh->d->bash)
		text_addf(t, "%d: ", sh->line);
	if (sh->builtin && strcmp(sh->builtin, sh->arg0))
		text_addf(t, "%s: ", sh->builtin);
	if (ash && (sh->builtin || sh->from_file) && !sh->interactive)
		text_addf(t, "line %d: ", sh->line - sh->from_string);
}

static void say(struct shell *sh, const char *fmt, va_list ap)
{
	struct text t = { .a = &sh->work };

	say_where(sh, &t);
	text_vaddf(&t, fmt, ap);
	text_addc(&t, '\n');
	flush(sh->p);
	put_all(sh->t, 2, t.s, t.n);
}

void shell_says(struct shell *sh, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(sh, fmt, ap);
	va_end(ap);
}

void shell_fails(struct shell *sh, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (fmt)
		say(sh, fmt, ap);
	va_end(ap);
	sh->status = status;
	sh->flow = sh->interactive ? FLOW_ABANDON : FLOW_EXIT;
}

/* ---- signals ---- */

/* A handler is told nothing but the task: the shell is the task's own. */
static void note_signal(struct task *t, int sig)
{
	struct shell *sh = sim_local(t);

	if (sh && sig > 0 && sig < N_SIGNAL)
		sh->pending[sig] = 1;
}

void shell_catches(struct shell *sh, int sig, bool ignore)
{
	sim_set_local(sh->t, sh);
	sys_signal(sh->t, sig, ignore ? SIM_IGN : note_signal);
}

void run_traps(struct shell *sh)
{
	for (int sig = 1; sig < N_SIGNAL && !sh->in_trap; sig++) {
		int status = sh->status;

		if (!sh->pending[sig])
			continue;
		sh->pending[sig] = 0;
		if (!sh->trap[sig] || !*sh->trap[sig])
			continue;
		sh->in_trap = true;
		run_text(sh, sh->trap[sig], false);
		sh->in_trap = false;
		if (sh->flow == FLOW_ON)
			sh->status = status;
	}
}

int run_exit_trap(struct shell *sh)
{
	const char *trap = sh->trap[0];
	int status = sh->status;

	sh->trap[0] = NULL;
	if (trap) {
		sh->flow = FLOW_ON;
		run_text(sh, trap, false);
		status = sh->flow == FLOW_EXIT ? sh->status : status;
	}
	flush(sh->p);
	return status & 255;
}

/* ---- input ---- */

static void syntax_error(struct shell *sh, struct parser *p)
{
	sh->line = p->line;
	if (sh->d->bash && !strncmp(p->error, "unexpected \"", 12))
		shell_fails(sh, 2, "syntax error near unexpected token `%.*s'",
			    (int)strcspn(p->error + 12, "\""), p->error + 12);
	else
		shell_fails(sh, 2, "syntax error: %s", p->error);
}

int run_script(struct shell *sh, struct parser *p, bool last)
{
	while (sh->flow == FLOW_ON) {
		struct node *n;

		run_traps(sh);
		n = parse_line(p);
		if (p->error) {
			syntax_error(sh, p);
			parser_reset(p);
			break;
		}
		if (n && !sh->options['n'])
			sh->status = run_list(sh, n, last && parser_done(p));
		if (sh->flow == FLOW_ON && parser_done(p))
			break;
	}
	return sh->status;
}

int run_text(struct shell *sh, const char *text, bool last)
{
	struct arena_mark mark = arena_mark(&sh->work);
	struct parser p;
	int status;

	if (sh->deep > 100) {
		shell_fails(sh, 2, "nested too deep");
		return 2;
	}
	sh->deep += 10;
	parser_init(&p, &sh->work, text);
	p.line = sh->line ? sh->line : 1;	/* of eval: the lines go on */
	status = sh->status = *text ? 0 : sh->status;
	status = run_script(sh, &p, last);
	sh->deep -= 10;
	arena_rewind(&sh->work, mark);
	return status;
}

int shell_open_script(struct shell *sh, const char *path, struct text *script)
{
	size_t n;
	long rc;
	char *s = read_whole(sh->p, path, &n, &rc);

	if (!s) {
		shell_says(sh, "can't open '%s': %s", path, strerror((int)-rc));
		return -1;
	}
	text_addn(script, s, strlen(s));
	return 0;
}

/* \u \h \w \$ of a prompt. */
static void prompt_escape(struct shell *sh, char c, struct text *t)
{
	struct sim_uname u;
	char cwd[512];

	if (c == 'u') {
		const char *name = user_name(sh->p, sys_geteuid(sh->t));

		text_add(t, name ? name : "I have no name!");
	} else if (c == 'h' && sys_uname(sh->t, &u) == 0) {
		text_addn(t, u.nodename, strcspn(u.nodename, "."));
	} else if (c == 'w' && sys_getcwd(sh->t, cwd, sizeof(cwd)) > 0) {
		const char *home = var_get(sh, "HOME");
		size_t n = home ? strlen(home) : 0;

		if (n > 1 && !strncmp(cwd, home, n) && (cwd[n] == '/' || !cwd[n]))
			text_addf(t, "~%s", cwd + n);
		else
			text_add(t, cwd);
	} else if (c == '$') {
		text_addc(t, sys_geteuid(sh->t) == 0 ? '#' : '$');
	} else if (c == 'n') {
		text_addc(t, '\n');
	} else if (c == 'a' || c == '[' || c == ']' || c == 'e') {
		return;
	} else {
		text_addc(t, c);
	}
}

static void prompt(struct shell *sh, bool inside)
{
	const char *s = var_get(sh, inside ? "PS2" : "PS1");
	struct text t = { .a = &sh->work };

	if (!s)
		s = inside ? "> " : sh->d->prompt;
	for (; *s; s++) {
		/* Debian's PS1 begins with a ${debian_chroot:+...}: empty in a container. */
		if (!strncmp(s, "${", 2) && strchr(s, '}'))
			s = strchr(s, '}');
		else if (*s == '\\' && s[1])
			prompt_escape(sh, *++s, &t);
		else
			text_addc(&t, *s);
	}
	flush(sh->p);
	put_all(sh->t, 2, text_str(&t), t.n);
}

/* The next line of stdin, byte by byte: what is behind it belongs to the commands. */
static bool more_input(struct parser *p, void *arg)
{
	struct shell *sh = arg;
	bool any = false;
	char c = 0;
	long rc;

	if (sh->interactive)
		prompt(sh, p->inside);
	while (c != '\n') {
		rc = sys_read(sh->t, 0, &c, 1);
		if (rc == -EINTR && sh->interactive) {
			put_all(sh->t, 2, "\n", 1);
			parser_reset(p);
			p->error = "";
			return false;
		}
		if (rc == -EINTR)
			continue;
		if (rc <= 0)
			return any;
		if (c)
			text_addc(&p->src, c);
		any = true;
	}
	return true;
}

/* ctrl-d, ctrl-c and errors mean less to a shell with somebody before it. */
static void run_interactive(struct shell *sh, struct parser *p)
{
	for (;;) {
		struct node *n;
		struct arena_mark mark = arena_mark(&sh->work);

		sh->flow = FLOW_ON;
		run_traps(sh);
		parser_init(p, &sh->work, "");
		p->more = more_input;
		p->more_arg = sh;
		n = parse_line(p);
		if (p->error && *p->error) {
			syntax_error(sh, p);
		} else if (p->error) {
			sh->status = 130;
		} else if (n) {
			run_node(sh, n);
		} else if (p->at >= p->src.n && !p->src.n) {
			put_all(sh->t, 2, sh->d->bash ? "exit\n" : "\n", sh->d->bash ? 5 : 1);
			return;
		}
		if (sh->flow == FLOW_EXIT)
			return;
		arena_rewind(&sh->work, mark);
	}
}

static void run_stdin(struct shell *sh)
{
	struct parser p;

	if (sh->interactive) {
		shell_catches(sh, SIGINT, false);
		shell_catches(sh, SIGQUIT, true);
		shell_catches(sh, SIGTERM, true);
		run_interactive(sh, &p);
		return;
	}
	parser_init(&p, &sh->keep, "");
	p.more = more_input;
	p.more_arg = sh;
	run_script(sh, &p, false);
}

/* ---- life ---- */

static const struct dialect *dialect_of(struct prog *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++)
		if (!strcmp(p->name, dialects[i].name))
			return &dialects[i];
	return &dialects[is_gnu(p) ? 1 : 2];
}

static void shell_begin(struct shell *sh, struct prog *p)
{
	char cwd[1024];

	*sh = (struct shell){ .t = p->t, .p = p, .d = dialect_of(p), .subst_status = -1 };
	arena_of_task(&sh->keep, p->t);
	arena_of_task(&sh->work, p->t);
	p->shell = sh;
	p->a = &sh->work;
	sh->arg0 = p->argv[0];
	if (*sh->arg0 == '-')
		sh->arg0++;
	p->message_name = sh->arg0;
	sh->pid = sys_getpid(p->t);
	vars_import(sh, sim_environ(p->t));
	if (!var_get(sh, "IFS"))
		var_set(sh, "IFS", " \t\n");
	if (sys_getcwd(p->t, cwd, sizeof(cwd)) > 0) {
		var_set(sh, "PWD", cwd);
		var_find(sh, "PWD")->exported = true;
	}
}

void shell_copy(struct shell *to, struct shell *from, struct task *t, struct prog *p)
{
	*to = *from;
	to->t = t;
	to->p = p;
	to->vars = NULL;
	to->functions = NULL;
	to->locals = NULL;
	to->jobs = NULL;
	to->n_jobs = 0;
	to->trap[0] = NULL;
	arena_of_task(&to->keep, t);
	arena_of_task(&to->work, t);
	*p = (struct prog){ .t = t, .name = arena_dup(&to->keep, from->p->name), .maker = from->p->maker,
			    .a = &to->work, .out.a = &to->keep, .shell = to };
	vars_copy(to, from);
	for (struct function *f = from->functions; f; f = f->next)
		function_define(to, f->name, f->body);
	to->arg0 = arena_dup(&to->keep, from->arg0);
	p->message_name = to->arg0;
	to->args = arena_alloc(&to->keep, ((size_t)from->n_args + 1) * sizeof(char *));
	for (int i = 0; i < from->n_args; i++)
		to->args[i] = arena_dup(&to->keep, from->args[i]);
	for (int sig = 1; sig < N_SIGNAL; sig++) {
		bool ignored = from->trap[sig] && !*from->trap[sig];

		to->trap[sig] = ignored ? "" : NULL;
		to->pending[sig] = 0;
		if ((from->trap[sig] ||
		     (from->interactive && (sig == SIGINT || sig == SIGQUIT || sig == SIGTERM))) &&
		    !ignored)
			sys_signal(t, sig, SIM_DFL);
	}
}

/* -e, +x, -o pipefail, -c ...: options of sh and of set. */
int shell_options(struct shell *sh, int argc, char **argv, int i, bool *wants_command)
{
	for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
		bool on = argv[i][0] == '-';

		if (!strcmp(argv[i], "--"))
			return i + 1;
		if (!strncmp(argv[i], "--", 2))
			continue;
		for (const char *s = argv[i] + 1; *s; s++) {
			if (*s == 'c' && wants_command)
				*wants_command = true;
			else if (*s == 'o' && i + 1 < argc)
				shell_option_named(sh, argv[++i], on);
			else if (strchr("aefnuvxCbhilms", *s))
				sh->options[(unsigned char)*s] = on;
			else
				shell_fails(sh, 2, "illegal option %c%c", argv[i][0], *s);
		}
	}
	return i;
}

static void set_args(struct shell *sh, char **argv, int from, int argc)
{
	sh->args = argv + from;
	sh->n_args = from < argc ? argc - from : 0;
}

static int run_command_string(struct shell *sh, int i)
{
	char **argv = sh->p->argv;
	int argc = sh->p->argc;

	if (i >= argc) {
		shell_says(sh, "-c requires an argument");
		return 2;
	}
	sh->from_string = true;
	if (i + 1 < argc)
		sh->arg0 = argv[i + 1];
	set_args(sh, argv, i + 2, argc);
	run_text(sh, argv[i], true);
	return run_exit_trap(sh);
}

static int run_file(struct shell *sh, int i)
{
	struct text script = { .a = &sh->keep };

	set_args(sh, sh->p->argv, i + 1, sh->p->argc);
	if (shell_open_script(sh, sh->p->argv[i], &script) < 0)
		return 2;
	sh->arg0 = sh->p->argv[i];
	sh->p->message_name = sh->arg0;
	sh->from_file = true;
	run_text(sh, text_str(&script), true);
	return run_exit_trap(sh);
}

int shell_main(struct prog *p)
{
	struct shell sh;
	bool command = false;
	int i;

	shell_begin(&sh, p);
	i = shell_options(&sh, p->argc, p->argv, 1, &command);
	if (sh.flow != FLOW_ON)
		return 2;
	if (command)
		return run_command_string(&sh, i);
	if (i < p->argc && !sh.options['s'])
		return run_file(&sh, i);
	set_args(&sh, p->argv, i, p->argc);
	sh.interactive = sh.options['i'] || (sys_isatty(p->t, 0) && sys_isatty(p->t, 2));
	run_stdin(&sh);
	return run_exit_trap(&sh);
}
