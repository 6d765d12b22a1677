/* builtin.h - between builtin.c (the table) and builtin_vars.c. */
#ifndef DRYDOCK_SIM_SHELL_BUILTIN_H
#define DRYDOCK_SIM_SHELL_BUILTIN_H

#include "sim/userland/shell/shell.h"

typedef int builtin_fn(struct shell *sh, int argc, char **argv);
builtin_fn do_export, do_readonly, do_local, do_unset, do_set, do_shift, do_let, do_read;

/* A whole number that is not negative; -1: it is none, said. */
int shell_count(struct shell *sh, const char *s);
/* So that a shell could read it again: 'it'"'"'s'. */
const char *single_quoted(struct arena *a, const char *s);

#endif
