/* run.c - carries out what parse.c made: one function a kind of node.
 *
 * Each returns the exit status.  break, return, exit and fatal errors set sh->flow, which
 * every function on the way up looks at.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "sim/userland/match.h"
#include "sim/userland/shell/shell.h"

enum { DEEPEST_RUN = 200 };

/* ---- children ---- */

/* What a child needs to know; in the parent's memory, so copied at once. */
struct child {
	struct shell *parent;
	const struct node *node;
	int in, out, spare;		/* descriptors for 0 and 1, and one to close; -1 */
	bool background, substitution;
};

int exit_status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static void move_fd(struct task *t, int from, int to)
{
	if (from < 0)
		return;
	if (from == to) {
		sys_fcntl(t, to, F_SETFD, 0);
		return;
	}
	sys_dup2(t, from, to);
	sys_close(t, from);
}

/* A job in the background doesn't fight for the terminal's input. */
static void without_input(struct shell *sh)
{
	long null = sys_open(sh->t, "/dev/null", O_RDONLY, 0);

	if (null < 0)
		sys_close(sh->t, 0);
	else
		move_fd(sh->t, (int)null, 0);
}

static int run_last(struct shell *sh, const struct node *n);

static int child_main(struct task *t, void *arg)
{
	struct child c = *(struct child *)arg;
	struct shell sh;
	struct prog p;
	int status;

	shell_copy(&sh, c.parent, t, &p);
	c.node = node_copy(&sh.keep, c.node);
	if (c.spare >= 0)
		sys_close(t, c.spare);
	move_fd(t, c.in, 0);
	move_fd(t, c.out, 1);
	if (c.background && c.in < 0 && !sh.interactive)
		without_input(&sh);
	sh.interactive = false;
	if (c.substitution)
		sh.options['e'] = 0;	/* $( ) tells by its status, which counts outside */
	status = run_last(&sh, c.node);
	flush(&p);
	if (sh.flow == FLOW_EXIT)
		status = sh.status;
	sh.status = status;
	return run_exit_trap(&sh);
}

static pid_t start_child(struct shell *sh, struct child c)
{
	long pid;

	c.parent = sh;
	flush(sh->p);
	pid = sys_fork(sh->t, child_main, &c);
	if (pid < 0)
		shell_fails(sh, 2, "can't fork: %s", strerror((int)-pid));
	return (pid_t)pid;
}

/* How a child ended, where it was by a signal that somebody should hear of. */
static void tell_signal(struct shell *sh, int wait_status)
{
	int sig = WTERMSIG(wait_status);

	if (WIFSIGNALED(wait_status) && sig != SIGINT && sig != SIGPIPE && !(sh->d->bash && sig == SIGTERM))
		errorf(sh->p, "%s\n", strsignal(sig));
	else if (WIFSIGNALED(wait_status) && sig == SIGINT && sh->interactive)
		errorf(sh->p, "\n");
}

int shell_wait(struct shell *sh, pid_t pid)
{
	int status = 0;
	long rc;

	if (pid < 0)
		return 2;
	while ((rc = sys_wait(sh->t, pid, &status, 0)) == -EINTR)
		;
	if (rc < 0)
		return 127;
	tell_signal(sh, status);
	return exit_status_of(status);
}

static int in_child(struct shell *sh, const struct node *n)
{
	return shell_wait(
		sh, start_child(sh, (struct child){.node = n, .in = -1, .out = -1, .spare = -1}));
}

static int run_background(struct shell *sh, const struct node *n)
{
	pid_t pid = start_child(sh, (struct child){ .node = n->a, .in = -1, .out = -1, .spare = -1,
						     .background = true });
	pid_t *jobs;

	if (pid < 0)
		return 2;
	sh->last_job = pid;
	jobs = arena_alloc(&sh->keep, (sh->n_jobs + 1) * sizeof(*jobs));
	if (sh->n_jobs)
		memcpy(jobs, sh->jobs, sh->n_jobs * sizeof(*jobs));
	jobs[sh->n_jobs++] = pid;
	sh->jobs = jobs;
	if (sh->interactive && sh->d->bash)
		errorf(sh->p, "[%zu] %d\n", sh->n_jobs, (int)pid);
	return 0;
}

enum { LONGEST_PIPE = 64 };

static int run_pipe(struct shell *sh, const struct node *n)
{
	pid_t pid[LONGEST_PIPE];
	int before = -1, count = 0, status = 0, failed = 0;

	for (const struct node *e = n->a; e && count < LONGEST_PIPE; e = e->next) {
		int ends[2] = { -1, -1 };

		if (e->next && sys_pipe(sh->t, ends, O_CLOEXEC) < 0)
			break;
		pid[count++] = start_child(sh, (struct child){ .node = e, .in = before, .out = ends[1],
							    .spare = ends[0] });
		if (before >= 0)
			sys_close(sh->t, before);
		if (ends[1] >= 0)
			sys_close(sh->t, ends[1]);
		before = ends[0];
	}
	for (int i = 0; i < count; i++) {
		status = shell_wait(sh, pid[i]);
		failed = status ? status : failed;
	}
	return sh->pipefail ? failed : status;
}

char *command_output(struct shell *sh, const struct node *n)
{
	struct text t = { .a = &sh->work };
	int ends[2];
	char buf[512];
	pid_t pid;
	long got;

	if (sys_pipe(sh->t, ends, O_CLOEXEC) < 0)
		return text_str(&t);
	pid = start_child(sh, (struct child){ .node = n, .in = -1, .out = ends[1], .spare = ends[0],
					       .substitution = true });
	sys_close(sh->t, ends[1]);
	while ((got = sys_read(sh->t, ends[0], buf, sizeof(buf))) > 0 || got == -EINTR)
		for (long i = 0; i < got; i++)
			if (buf[i])
				text_addc(&t, buf[i]);
	sys_close(sh->t, ends[0]);
	sh->subst_status = sh->status = shell_wait(sh, pid);
	while (t.n && t.s[t.n - 1] == '\n')
		t.s[--t.n] = 0;
	return text_str(&t);
}

/* ---- functions ---- */

struct function *function_find(struct shell *sh, const char *name)
{
	for (struct function *f = sh->functions; f; f = f->next)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

void function_define(struct shell *sh, const char *name, const struct node *body)
{
	struct function *f = function_find(sh, name);

	if (!f) {
		f = arena_alloc(&sh->keep, sizeof(*f));
		f->name = arena_dup(&sh->keep, name);
		f->next = sh->functions;
		sh->functions = f;
	}
	f->body = node_copy(&sh->keep, body);
}

static void restore_locals(struct shell *sh, struct saved_var *outer)
{
	for (struct saved_var *s = sh->locals; s != outer; s = s->next) {
		struct var *v;

		if (!s->value) {
			var_unset(sh, s->name);
			continue;
		}
		var_set(sh, s->name, s->value);
		if ((v = var_find(sh, s->name)))
			v->exported = s->exported;
	}
	sh->locals = outer;
}

int run_function(struct shell *sh, const struct function *f, int argc, char **argv)
{
	struct saved_var *locals = sh->locals;
	char **args = sh->args;
	int n_args = sh->n_args, loops = sh->loops, status;

	sh->args = argv + 1;
	sh->n_args = argc - 1;
	sh->loops = 0;
	sh->functions_deep++;
	status = run_node(sh, f->body);
	sh->functions_deep--;
	if (sh->flow == FLOW_RETURN) {
		sh->flow = FLOW_ON;
		status = sh->status;
	}
	restore_locals(sh, locals);
	sh->args = args;
	sh->n_args = n_args;
	sh->loops = loops;
	return status;
}

/* ---- compound commands ---- */

static int run_seq(struct shell *sh, const struct node *n)
{
	int status = 0;

	for (; n && n->kind == N_SEQ && sh->flow == FLOW_ON; n = n->b)
		sh->status = status = run_node(sh, n->a);
	return n && sh->flow == FLOW_ON ? run_node(sh, n) : status;
}

/* Where a failure is an answer and no reason to leave (set -e). */
static int run_tested(struct shell *sh, const struct node *n)
{
	int status;

	sh->untested++;
	status = run_node(sh, n);
	sh->untested--;
	sh->status = status;
	return status;
}

static int run_and_or(struct shell *sh, const struct node *n)
{
	int status = run_tested(sh, n->a);

	if (sh->flow != FLOW_ON || (status == 0) != (n->kind == N_AND))
		return status;
	return run_node(sh, n->b);
}

static int run_not(struct shell *sh, const struct node *n)
{
	int status = run_tested(sh, n->a);

	if (sh->flow == FLOW_RETURN)
		sh->status = !sh->status;
	return sh->flow == FLOW_ON ? !status : sh->status;
}

static int run_subshell(struct shell *sh, const struct node *n)
{
	return in_child(sh, n->a);
}

static int run_group(struct shell *sh, const struct node *n)
{
	return run_node(sh, n->a);
}

static int run_if(struct shell *sh, const struct node *n)
{
	for (; n && n->kind == N_IF; n = n->c) {
		int status = run_tested(sh, n->a);

		if (sh->flow != FLOW_ON)
			return status;
		if (status == 0)
			return run_node(sh, n->b);
	}
	return n ? run_node(sh, n) : 0;
}

/* After a loop's body: does the loop go on? */
static bool loop_goes_on(struct shell *sh)
{
	if (sh->flow != FLOW_BREAK && sh->flow != FLOW_CONTINUE)
		return sh->flow == FLOW_ON;
	if (--sh->levels > 0)
		return false;
	sh->flow = sh->flow == FLOW_BREAK ? FLOW_ABANDON : FLOW_ON;
	if (sh->flow == FLOW_ON)
		return true;
	sh->flow = FLOW_ON;
	return false;
}

static int run_while(struct shell *sh, const struct node *n)
{
	int status = 0;

	sh->loops++;
	for (;;) {
		int test = run_tested(sh, n->a);

		if (sh->flow == FLOW_ON && (test == 0) != (n->kind == N_WHILE))
			break;
		if (sh->flow == FLOW_ON)
			sh->status = status = run_node(sh, n->b);
		if (!loop_goes_on(sh))
			break;
	}
	sh->loops--;
	return status;
}

static int run_for(struct shell *sh, const struct node *n)
{
	struct list l = { .a = &sh->work };
	int status = 0;

	for (const struct word *w = n->words; w && sh->flow == FLOW_ON; w = w->next)
		expand_fields(sh, w, &l);
	for (int i = 0; !n->has_in && i < sh->n_args; i++)
		list_add(&l, sh->args[i]);
	sh->loops++;
	for (size_t i = 0; i < l.n && sh->flow == FLOW_ON; i++) {
		struct arena_mark mark = arena_mark(&sh->work);

		if (!var_set(sh, n->name, l.v[i]))
			break;
		sh->status = status = run_node(sh, n->b);
		arena_rewind(&sh->work, mark);
		if (!loop_goes_on(sh))
			break;
	}
	sh->loops--;
	return status;
}

static int run_case(struct shell *sh, const struct node *n)
{
	char *subject = expand_string(sh, n->words);

	for (const struct case_item *i = n->items; i && sh->flow == FLOW_ON; i = i->next)
		for (const struct word *w = i->patterns; w && sh->flow == FLOW_ON; w = w->next)
			if (glob_match(expand_pattern(sh, w), subject))
				return i->body ? run_node(sh, i->body) : 0;
	return 0;
}

static int run_definition(struct shell *sh, const struct node *n)
{
	function_define(sh, n->name, n->a);
	return 0;
}

static int run_simple_node(struct shell *sh, const struct node *n)
{
	return run_simple(sh, n, false);
}

static int (*const runners[])(struct shell *sh, const struct node *n) = {
	[N_SIMPLE] = run_simple_node, [N_PIPE] = run_pipe, [N_AND] = run_and_or, [N_OR] = run_and_or,
	[N_SEQ] = run_seq, [N_BACKGROUND] = run_background, [N_NOT] = run_not, [N_SUBSHELL] = run_subshell,
	[N_GROUP] = run_group, [N_IF] = run_if, [N_WHILE] = run_while, [N_UNTIL] = run_while,
	[N_FOR] = run_for, [N_CASE] = run_case, [N_FUNCTION] = run_definition,
};

/* { ( a ); } is ( a ) to busybox and dash: its redirections belong to the child, in which
 * a failing one is an error of the shell's own. */
static bool is_subshell(const struct node *n)
{
	while (n->kind == N_GROUP && n->a && !n->a->redirs)
		n = n->a;
	return n->kind == N_SUBSHELL;
}

static int run_redirected(struct shell *sh, const struct node *n)
{
	struct undo *undo = NULL;
	int status;

	if (n->kind == N_SIMPLE || !n->redirs)
		return runners[n->kind](sh, n);
	status = redirect(sh, n->redirs, &undo);
	if (!status)
		status = runners[n->kind](sh, n);
	else if (is_subshell(n) && !sh->d->bash)
		status = 2;
	flush(sh->p);
	redirect_back(sh, undo);
	return status;
}

int run_node(struct shell *sh, const struct node *n)
{
	struct arena_mark mark = arena_mark(&sh->work);
	int status;

	if (!n || sh->flow != FLOW_ON)
		return sh->status;
	run_traps(sh);
	if (sh->flow != FLOW_ON)
		return sh->status;
	if (++sh->deep > DEEPEST_RUN) {
		shell_fails(sh, 2, "nested too deep");
		sh->deep--;
		return 2;
	}
	sh->line = n->line;
	status = run_redirected(sh, n);
	sh->deep--;
	arena_rewind(&sh->work, mark);
	if (sh->flow == FLOW_ON) {
		sh->status = status;
		if (status && sh->options['e'] && !sh->untested &&
		    (n->kind == N_SIMPLE || n->kind == N_PIPE || n->kind == N_SUBSHELL))
			sh->flow = FLOW_EXIT;
	}
	return sh->flow == FLOW_ON ? status : sh->status;
}

/* The last thing this process does: a command needs no process of its own. */
static int run_last(struct shell *sh, const struct node *n)
{
	if (n && n->kind == N_SIMPLE && !sh->trap[0] && sh->flow == FLOW_ON) {
		sh->line = n->line;
		return run_simple(sh, n, true);
	}
	return run_node(sh, n);
}

int run_list(struct shell *sh, const struct node *n, bool last)
{
	return last ? run_last(sh, n) : run_node(sh, n);
}
