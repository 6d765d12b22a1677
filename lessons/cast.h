/* cast.h - what is printed, also kept as a recording: asciicast, version 2.
 *
 * The format is https://docs.asciinema.org/manual/asciicast/v2/: a line of JSON about
 * the recording, then one array for each event: seconds since the beginning, its kind
 * ("o" what was printed, "m" a marker that a player can jump to), and its text.
 *
 * While one is open, what goes to stdout also goes into it.  Its clock can be put
 * forward: a rehearsal takes no pauses, but leaves them in the recording.
 */
#ifndef DRYDOCK_LESSONS_CAST_H
#define DRYDOCK_LESSONS_CAST_H

#include <stdbool.h>

#include "core/error.h"

struct cast;

/* Writes beside path; what was there stays until cast_close(). */
int cast_open(const char *path, int width, int height, const char *title, struct cast **out,
	      struct err *e);
void cast_marker(struct cast *c, const char *label);	/* c NULL: nothing */
void cast_pause(struct cast *c, double seconds);	/* as if so much time had passed */
/* Ends it, stdout is itself again.  keep false: the file isn't put in place.
 * What could not be written on the way is said here. */
int cast_close(struct cast *c, bool keep, struct err *e);

#endif
