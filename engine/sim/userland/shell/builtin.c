/* builtin.c - what a shell does itself, and why: each changes the shell's own process. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/shell/builtin.h"

/* A whole number that is not negative; -1: it is none, said. */
int shell_count(struct shell *sh, const char *s)
{
	if (*s && !s[strspn(s, "0123456789")] && strlen(s) < 9)
		return atoi(s);
	shell_fails(sh, 2, "Illegal number: %s", s);
	return -1;
}

static int do_nothing(struct shell *sh, int argc, char **argv) { return 0; }

/* ---- ways out ---- */

static int do_exit(struct shell *sh, int argc, char **argv)
{
	int status = argc > 1 ? shell_count(sh, argv[1]) : sh->status;

	if (status < 0)
		return 2;
	sh->status = status & 255;
	sh->flow = FLOW_EXIT;
	return sh->status;
}

static int do_return(struct shell *sh, int argc, char **argv)
{
	int status = argc > 1 ? shell_count(sh, argv[1]) : sh->status;

	if (status < 0)
		return 2;
	sh->status = status & 255;
	sh->flow = FLOW_RETURN;
	return sh->status;
}

static int leave_loop(struct shell *sh, int argc, char **argv, enum flow flow)
{
	int levels = argc > 1 ? shell_count(sh, argv[1]) : 1;

	if (levels < 0)
		return 2;
	if (!sh->loops || !levels)
		return 0;
	sh->levels = levels > sh->loops ? sh->loops : levels;
	sh->status = 0;
	sh->flow = flow;
	return 0;
}

static int do_break(struct shell *sh, int argc, char **argv)
{
	return leave_loop(sh, argc, argv, FLOW_BREAK);
}
static int do_continue(struct shell *sh, int argc, char **argv)
{
	return leave_loop(sh, argc, argv, FLOW_CONTINUE);
}

/* ---- places ---- */

static void remember(struct shell *sh, const char *name, const char *value)
{
	var_set(sh, name, value);
	var_find(sh, name)->exported = true;
}

static int do_cd(struct shell *sh, int argc, char **argv)
{
	const char *to = argc > 1 ? argv[1] : var_get(sh, "HOME"), *from = var_get(sh, "PWD");
	bool back = to && !strcmp(to, "-");
	char cwd[1024];
	long rc;

	if (back)
		to = var_get(sh, "OLDPWD");
	if (!to || !*to)
		return 0;
	rc = sys_chdir(sh->t, to);
	if (rc < 0) {
		shell_says(sh, sh->d->bad_cd, to, strerror((int)-rc));
		return sh->d->bash ? 1 : 2;
	}
	if (from)
		remember(sh, "OLDPWD", from);
	if (sys_getcwd(sh->t, cwd, sizeof(cwd)) > 0)
		remember(sh, "PWD", cwd);
	if (back)
		outf(sh->p, "%s\n", cwd);
	return 0;
}

static int do_pwd(struct shell *sh, int argc, char **argv)
{
	char cwd[1024];
	long rc = sys_getcwd(sh->t, cwd, sizeof(cwd));

	if (rc < 0) {
		shell_says(sh, "getcwd: %s", strerror((int)-rc));
		return 1;
	}
	outf(sh->p, "%s\n", cwd);
	return 0;
}

static int do_umask(struct shell *sh, int argc, char **argv)
{
	mode_t old = sys_umask(sh->t, 0);
	long mode = argc > 1 ? mode_change(argv[1], 0777 & ~old, 0) : -1;

	sys_umask(sh->t, old);
	if (argc < 2) {
		outf(sh->p, "%04o\n", (unsigned)old);
		return 0;
	}
	if (mode < 0) {
		shell_says(sh, "illegal mode: %s", argv[1]);
		return 1;
	}
	sys_umask(sh->t, argv[1][0] >= '0' && argv[1][0] <= '7' ? (mode_t)mode : 0777 & ~(mode_t)mode);
	return 0;
}

/* ---- commands that run commands ---- */

static int do_eval(struct shell *sh, int argc, char **argv)
{
	struct text t = { .a = &sh->work };

	for (int i = 1; i < argc; i++)
		text_addf(&t, "%s%s", i > 1 ? " " : "", argv[i]);
	if (argc < 2)
		return 0;
	return run_text(sh, text_str(&t), false);
}

static int do_source(struct shell *sh, int argc, char **argv)
{
	struct text script = { .a = &sh->work };
	const char *arg0 = sh->arg0, *builtin = sh->builtin;
	bool file = sh->from_file, string = sh->from_string;
	char *path;

	if (argc < 2)
		return 0;
	path = find_command(sh, argv[1]);
	if (shell_open_script(sh, path ? path : argv[1], &script) < 0) {
		shell_fails(sh, 2, NULL);
		return 2;
	}
	sh->from_file = true;
	sh->from_string = false;
	sh->builtin = sh->d->bash ? NULL : argv[1];
	sh->sourcing++;
	sh->line = 0;
	run_text(sh, text_str(&script), false);
	sh->sourcing--;
	if (sh->flow == FLOW_RETURN)
		sh->flow = FLOW_ON;
	sh->from_file = file;
	sh->from_string = string;
	sh->arg0 = arg0;
	sh->builtin = builtin;
	return sh->status;
}

static int do_exec(struct shell *sh, int argc, char **argv)
{
	if (argc < 2)
		return 0;
	flush(sh->p);
	exec_command(sh, argv + 1, vars_environ(sh, &sh->work));
}

/* What a name means: "builtin", a path, ... ; NULL: nothing. */
static bool describe(struct shell *sh, const char *name, bool brief)
{
	char *path;

	if (is_reserved(name))
		outf(sh->p, brief ? "%s\n" : "%s is a shell keyword\n", name);
	else if (function_find(sh, name))
		outf(sh->p, brief ? "%s\n" : "%s is a function\n", name);
	else if (builtin_find(name))
		outf(sh->p, brief ? "%s\n" : "%s is a shell builtin\n", name);
	else if (!(path = find_command(sh, name)) || sys_access(sh->t, path, X_OK) < 0)
		return false;
	else if (brief)
		outf(sh->p, "%s\n", path);
	else
		outf(sh->p, "%s is %s\n", name, path);
	return true;
}

static int do_type(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		if (!describe(sh, argv[i], false)) {
			if (sh->d->bash)
				shell_says(sh, "%s: not found", argv[i]);
			else
				outf(sh->p, "%s: not found\n", argv[i]);
			status = sh->d->bash ? 1 : 127;
		}
	return status;
}

static int do_command(struct shell *sh, int argc, char **argv)
{
	const struct builtin *b;
	pid_t pid;

	if (argc < 2)
		return 0;
	if (argv[1][0] == '-' && (argv[1][1] == 'v' || argv[1][1] == 'V')) {
		int status = 0;

		for (int i = 2; i < argc; i++)
			if (!describe(sh, argv[i], argv[1][1] == 'v')) {
				status = 127;
				if (argv[1][1] == 'V')
					errorf(sh->p, "%s: not found\n", argv[i]);
			}
		return sh->d->bash && status ? 1 : status;
	}
	b = builtin_find(argv[1]);
	if (b)
		return b->run(sh, argc - 1, argv + 1);
	pid = start_program(sh, argv + 1);
	return shell_wait(sh, pid);
}

/* ---- processes and signals ---- */

static void forget_job(struct shell *sh, pid_t pid)
{
	for (size_t i = 0; i < sh->n_jobs; i++)
		if (sh->jobs[i] == pid)
			sh->jobs[i] = 0;
}

static int do_wait(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		int pid = shell_count(sh, argv[i]);

		if (pid < 0)
			return 2;
		status = pid ? shell_wait(sh, pid) : 127;
		forget_job(sh, pid);
	}
	for (size_t i = 0; argc < 2 && i < sh->n_jobs; i++)
		if (sh->jobs[i])
			shell_wait(sh, sh->jobs[i]);
	if (argc < 2)
		sh->n_jobs = 0;
	return status;
}

static void list_traps(struct shell *sh)
{
	for (int sig = 0; sig < N_SIGNAL; sig++)
		if (sh->trap[sig])
			outf(sh->p, "trap -- %s %s\n", single_quoted(&sh->work, sh->trap[sig]),
			     signal_name(sig));
}

static int do_trap(struct shell *sh, int argc, char **argv)
{
	const char *action;
	int i = 1;

	if (i < argc && !strcmp(argv[i], "--"))
		i++;
	if (i >= argc) {
		list_traps(sh);
		return 0;
	}
	action = i + 1 < argc ? arena_dup(&sh->keep, argv[i++]) : "-";
	for (; i < argc; i++) {
		int sig = !strcmp(argv[i], "EXIT") ? 0 : signal_by_name(argv[i]);

		if (sig < 0 || sig >= N_SIGNAL) {
			shell_says(sh, "%s: invalid signal specification", argv[i]);
			return 1;
		}
		sh->trap[sig] = strcmp(action, "-") ? action : NULL;
		if (sig && !sh->trap[sig])
			sys_signal(sh->t, sig, SIM_DFL);
		else if (sig)
			shell_catches(sh, sig, !*action);
	}
	return 0;
}

/* Tools that shells have inside: the same models, without a process. */
static int do_tool(struct shell *sh, int argc, char **argv)
{
	const struct tool *tool = tool_named(argv[0]);
	struct prog p = *sh->p;

	sh->builtin = sh->d->no_file && !strcmp(sh->d->name, "ash") ? NULL : argv[0];
	p.name = argv[0];
	p.argc = argc;
	p.argv = argv;
	p.status = 0;
	p.a = &sh->work;
	p.status = tool->run(&p);
	sh->p->out = p.out;
	return p.status;
}

static const struct builtin builtins[] = {
	{":", do_nothing, true},
	{".", do_source, true},
	{"break", do_break, true},
	{"continue", do_continue, true},
	{"eval", do_eval, true},
	{"exec", do_exec, true},
	{"exit", do_exit, true},
	{"export", do_export, true},
	{"readonly", do_readonly, true},
	{"return", do_return, true},
	{"set", do_set, true},
	{"shift", do_shift, true},
	{"source", do_source, true},
	{"trap", do_trap, true},
	{"unset", do_unset, true},
	{"[", do_tool},
	{"[[", do_tool},
	{"cd", do_cd},
	{"command", do_command},
	{"echo", do_tool},
	{"false", do_tool},
	{"hash", do_nothing},
	{"jobs", do_nothing},
	{"kill", do_tool},
	{"let", do_let},
	{"local", do_local},
	{"printf", do_tool},
	{"pwd", do_pwd},
	{"read", do_read},
	{"test", do_tool},
	{"true", do_tool},
	{"type", do_type},
	{"umask", do_umask},
	{"wait", do_wait},
};

const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}
