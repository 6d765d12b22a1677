/* notes.h - the speaker's own view of a demonstration, on a second terminal.
 *
 * The one that runs listens on a socket that has a name but no file ("abstract", see
 * unix(7)): whatever ends it, nothing is left behind.  The name has the user's number
 * in it, and both sides look who the other one is.  One demonstration at a time has
 * notes; who joins late is told where it is.
 */
#ifndef DRYDOCK_LESSONS_NOTES_H
#define DRYDOCK_LESSONS_NOTES_H

#include "core/error.h"
#include "labs/shell/screen.h"

struct notes;

/* NULL with EADDRINUSE: another demonstration of this user has them. */
struct notes *notes_open(struct err *e);
void notes_close(struct notes *n);		/* NULL: nothing */
int notes_fd(const struct notes *n);		/* readable: call notes_accept(); -1 for NULL */
void notes_accept(struct notes *n);
/* Says it to all who look, and to those who come later, until the next. */
void notes_say(struct notes *n, const char *text);

/* `drydock demo --notes`: shows them until the demonstration ends.  ENOENT: none runs. */
int notes_watch(const struct screen *s, struct err *e);

#endif
