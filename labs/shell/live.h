/* live.h - the engine's kernel calls as they happen, beside the typing.
 *
 * trace/show makes lines of the records; they are gathered in `pending` and
 * shown when that tears nothing: at once while the prompt waits, after the
 * program's start while a command runs in the foreground, after the end where a
 * container has the terminal.  A batch that is longer than the screen is cut where
 * a person reads; `trace all` shows the whole of it.
 */
#ifndef DRYDOCK_LABS_SHELL_LIVE_H
#define DRYDOCK_LABS_SHELL_LIVE_H

#include "labs/shell/screen.h"
#include "trace/show/show.h"

struct live {
	bool on;
	struct show show;
	struct str pending;
	bool started;		/* a program was started since the last flush */
	int64_t seen;		/* number of the last event that came */
	struct str last;	/* the batch before, if it was too long for the screen */
};

void live_init(struct live *l, const struct screen *s);
/* Takes one line of GET /drydock/trace. */
void live_line(struct live *l, const struct screen *s, const char *line, size_t n);
/* Prints what is pending. */
void live_flush(struct live *l, const struct screen *s);
/* Of the batch shown last, in full. */
void live_all(const struct live *l);
/* Sets "off", "story", "mechanism" or "raw" ("on" is story); false: no such level. */
bool live_set(struct live *l, const struct screen *s, const char *level);
const char *live_name(const struct live *l);
extern const char *const live_levels[];	/* NULL ends */

#endif
