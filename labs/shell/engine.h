/* engine.h - a daemon of the shell's own, where none is running. */
#ifndef DRYDOCK_LABS_SHELL_ENGINE_H
#define DRYDOCK_LABS_SHELL_ENGINE_H

#include <sys/types.h>

#include "core/error.h"

/* Starts `drydock-engine daemon` and waits until it answers.  What it says goes
 * to a log below its own data; on failure the last of it is in e. */
int engine_start(const char *backend, pid_t *pid, struct err *e);
/* Ends it and waits for it. */
void engine_stop(pid_t pid);
/* The engine program beside ours; caller frees. */
char *engine_path(void);

#endif
