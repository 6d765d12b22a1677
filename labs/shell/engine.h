/* engine.h - a daemon of the shell's own, where none is running. */
#ifndef DRYDOCK_LABS_SHELL_ENGINE_H
#define DRYDOCK_LABS_SHELL_ENGINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"

/* Starts `drydock daemon` and waits until it answers.  If it fails, what it said
 * last is in e.  Unless it is to be kept, it ends with us, however we end. */
int engine_start(const char *backend, bool keep, pid_t *pid, struct err *e);
/* Ends it and waits for it. */
void engine_stop(pid_t pid);

#endif
