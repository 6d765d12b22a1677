/* tools.h - the modelled tools, one line each; tools.c has them by name. */
#ifndef DRYDOCK_SIM_TOOLS_H
#define DRYDOCK_SIM_TOOLS_H

#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/prog.h"

tool_fn tool_echo, tool_true, tool_false, tool_yes, tool_sleep, tool_basename, tool_dirname,
	tool_seq, tool_pwd, tool_printf, tool_test, tool_cat, tool_head, tool_tail, tool_tee,
	tool_wc, tool_rev, tool_ls, tool_stat, tool_readlink, tool_realpath, tool_cp, tool_mv,
	tool_rm, tool_ln, tool_mkdir, tool_rmdir, tool_touch, tool_chmod, tool_chown, tool_chgrp,
	tool_id, tool_whoami, tool_hostname, tool_uname, tool_env, tool_date, tool_nproc, tool_ps,
	tool_kill, tool_mount, tool_df, tool_du, tool_sync, tool_grep, tool_find, tool_xargs,
	tool_sort, tool_uniq, tool_cut, tool_tr, tool_sed, tool_dd,
	tool_hello, tool_busybox;

/* The escapes of echo -e and printf at s (behind the \): puts what they stand for; how
 * many characters they took; -1: \c, all output ends. `zero`: octal begins with a 0. */
int put_escape(struct text *t, const char *s, bool zero);
/* Calls fn for each file (stdin where there is none), its complaint made where it won't
 * open: "cat: x: No such file or directory". */
typedef void input_fn(struct prog *p, int fd, const char *name, void *arg);
int each_input(struct prog *p, const struct opts *o, input_fn *fn, void *arg);
/* A number or a complaint: "head: invalid number 'x'". */
long count_of(struct prog *p, const char *s);

/* Runs a program of $PATH and waits: its exit status, 127 where there is none. */
int run_program(struct prog *p, char **argv);

/* All below `path`, deepest last or first; what copying and removing and listing share. */
struct walk {
	struct prog *p;
	void *arg;
	bool contents_first;		/* before the directory itself */
	int deepest;			/* 0: the path itself; -1: all */
	int (*visit)(struct walk *w, const char *path, const struct stat *st, int depth);
	int (*unreadable)(struct walk *w, const char *path, long rc);
};
enum { WALK_NOT_INSIDE = 256 };	/* a visit's answer: leave out what is in the directory */
int walk_tree(struct walk *w, const char *path);

#endif
