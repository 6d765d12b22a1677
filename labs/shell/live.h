/* live.h - the engine's kernel calls as they happen, beside the typing.
 *
 * Lines are gathered in `pending` and shown when that tears nothing: at once
 * while the prompt waits, after the program's start while a command runs in the
 * foreground, after the end where a container has the terminal.
 */
#ifndef DRYDOCK_LABS_SHELL_LIVE_H
#define DRYDOCK_LABS_SHELL_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"
#include "labs/shell/screen.h"

enum live_level { LIVE_OFF, LIVE_STORY, LIVE_MECHANISM, LIVE_RAW };

/* Calls and time of one phase of one container, while the phase is open. */
struct live_phase { char container[16], region[24]; int calls; };

#define LIVE_PHASES 32

struct live {
	enum live_level level;
	struct str pending;
	struct live_phase phase[LIVE_PHASES];
	bool started;		/* a program was started since the last flush */
};

/* Takes one line of GET /drydock/trace. */
void live_line(struct live *l, const struct screen *s, const char *line, size_t n);
/* Prints what is pending; returns false if there was nothing. */
bool live_flush(struct live *l, const struct screen *s);
/* "off", "story" …; -1: no such level ("on" is story). */
int live_level(const char *name);
const char *live_level_name(enum live_level l);

#endif
