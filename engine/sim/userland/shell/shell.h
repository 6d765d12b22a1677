/* shell.h - one running shell.
 *
 * A model of busybox's ash, Debian's dash and bash as far as they are alike; where
 * they are not (messages, prompt, a few words), struct dialect says how (dialect.c).
 * Variables and functions live in `keep`, what one command needs in `work`, which is
 * rewound behind it.  A subshell is a task of its own, whose first act is to copy all
 * this (shell_copy): its parent may be gone before it is.
 */
#ifndef DRYDOCK_SIM_SHELL_SHELL_H
#define DRYDOCK_SIM_SHELL_SHELL_H

#include <stdint.h>

#include "sim/sys.h"
#include "sim/userland/prog.h"
#include "sim/userland/shell/ast.h"

struct var {
	struct var *next;
	char *name;
	char *value;		/* NULL: known (exported, local) but not set */
	size_t cap;
	bool exported, readonly;
};

/* What `local` has put aside until the function returns. */
struct saved_var { struct saved_var *next; const char *name, *value; bool exported; };

struct function { struct function *next; const char *name; struct node *body; };

/* What makes the shell leave the command it is in. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_ABANDON /* the line */, FLOW_EXIT };

struct dialect {
	const char *name;
	bool bash;			/* functions and words that only bash has */
	const char *cant_open;		/* format: "open" or "create", path, why; NULL: only the last two */
	const char *no_file, *no_folder;	/* why; NULL: as strerror() has it */
	const char *not_found;		/* format: command */
	const char *bad_cd;		/* format: folder, why */
	const char *read_only, *not_set;	/* format: variable */
	int unset_status;		/* with which a script ends that uses an unset one */
	const char *prompt;		/* of root; \u \h \w \$ as in bash */
};

enum { N_SIGNAL = 65 };

struct shell {
	struct task *t;
	struct prog *p;			/* for builtins: output, messages */
	struct arena keep, work;
	const struct dialect *d;
	struct var *vars;
	struct function *functions;
	struct saved_var *locals;	/* of the function that runs */
	const char *arg0;
	char **args;			/* $1 ..., NULL-terminated */
	int n_args;
	int status;			/* $? */
	pid_t pid, last_job;		/* $$ $! */
	char options[128];		/* set -e: options['e'] */
	bool interactive, pipefail;
	bool from_string, from_file;	/* sh -c, sh FILE: messages have line 0, its lines */
	const char *builtin;		/* the one that runs: part of its messages */
	enum flow flow;
	int levels;			/* of loops to break or continue */
	int loops, functions_deep, sourcing, deep;
	int untested;			/* > 0: inside if, while, &&, !: -e does not apply */
	int subst_status;		/* of the last $( ), for `x=$(false)`; -1: none ran */
	int line, first_line;
	const char *trap[N_SIGNAL];	/* [0]: EXIT */
	unsigned char pending[N_SIGNAL];
	bool in_trap;
	pid_t *jobs;
	size_t n_jobs;
};

/* ---- vars.c ---- */
struct var *var_find(struct shell *sh, const char *name);
const char *var_get(struct shell *sh, const char *name);	/* NULL: not set */
bool var_set(struct shell *sh, const char *name, const char *value);	/* false: read-only; said */
struct var *var_make(struct shell *sh, const char *name);	/* known, perhaps not set */
void var_unset(struct shell *sh, const char *name);
void vars_import(struct shell *sh, char **environ);
char **vars_environ(struct shell *sh, struct arena *a);
void vars_copy(struct shell *to, const struct shell *from);
/* $name, $1, $?, $# ...: NULL where not set.  Not @ and *. */
const char *param_get(struct shell *sh, const char *name);

/* ---- expand.c ---- */
void expand_fields(struct shell *sh, const struct word *w, struct list *out);
char *expand_string(struct shell *sh, const struct word *w);
char *expand_pattern(struct shell *sh, const struct word *w);
char *expand_heredoc(struct shell *sh, const struct word *w);
void glob_paths(struct shell *sh, const char *pattern, struct list *out);

/* ---- arith.c ---- */
bool arith_eval(struct shell *sh, const char *text, int64_t *out);	/* false: said */

/* ---- run.c ---- */
int run_node(struct shell *sh, const struct node *n);
/* `last`: nothing comes after it in this process. */
int run_list(struct shell *sh, const struct node *n, bool last);
char *command_output(struct shell *sh, const struct node *n);
int run_function(struct shell *sh, const struct function *f, int argc, char **argv);
int shell_wait(struct shell *sh, pid_t pid);
struct function *function_find(struct shell *sh, const char *name);
void function_define(struct shell *sh, const char *name, const struct node *body);
int exit_status_of(int wait_status);

/* ---- redir.c ---- */
struct undo { struct undo *next; int fd, saved; };
/* 0, or the status of the failure, said.  undo NULL: for good. */
int redirect(struct shell *sh, const struct redir *r, struct undo **undo);
void redirect_back(struct shell *sh, struct undo *undo);

/* ---- simple.c ---- */
int run_simple(struct shell *sh, const struct node *n, bool last);
/* A program without functions and builtins in between; its pid. */
pid_t start_program(struct shell *sh, char **argv);
/* Where a command lies: by $PATH, unless it has a slash.  NULL: nowhere. */
char *find_command(struct shell *sh, const char *name);
/* In a process that is the command's: it becomes the program, or says why not. */
_Noreturn void exec_command(struct shell *sh, char **argv, char **environ);

/* ---- shell.c ---- */
int shell_main(struct prog *p);
void shell_copy(struct shell *to, struct shell *from, struct task *t, struct prog *p);
/* "sh: line 3: ..." ; a fatal one ends a script, and the line of an interactive shell. */
void shell_says(struct shell *sh, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void shell_fails(struct shell *sh, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int run_script(struct shell *sh, struct parser *p, bool last);
int run_text(struct shell *sh, const char *text, bool last);		/* eval, traps, -c */
void run_traps(struct shell *sh);
int run_exit_trap(struct shell *sh);
void shell_catches(struct shell *sh, int sig, bool ignore);
/* Reads options from argv[i] on; returns where they end. */
int shell_options(struct shell *sh, int argc, char **argv, int i, bool *wants_command);
int shell_open_script(struct shell *sh, const char *path, struct text *out);

/* ---- builtin.c ---- */
struct builtin {
	const char *name;
	int (*run)(struct shell *sh, int argc, char **argv);
	bool special;		/* POSIX: assignments in front of it stay, a failure ends a script */
};
const struct builtin *builtin_find(const char *name);
void shell_option_named(struct shell *sh, const char *name, bool on);	/* set -o NAME */

#endif
