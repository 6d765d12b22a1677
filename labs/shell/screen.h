/* screen.h - how the lab speaks: lines that fit the terminal, words before colours.
 *
 * With --plain, NO_COLOR, TERM=dumb, ACCESSIBLE, or when the output is no
 * terminal, nothing but lines of ASCII text is written.  A colour never says
 * anything that a word does not say as well.
 */
#ifndef DRYDOCK_LABS_SHELL_SCREEN_H
#define DRYDOCK_LABS_SHELL_SCREEN_H

#include <stdbool.h>

#include "core/str.h"

enum tone { TONE_TEXT, TONE_HEAD, TONE_GOOD, TONE_WARN, TONE_DIM };

struct screen {
	bool plain;	/* linear: no colours, no redrawing */
	bool tty;
	int width;	/* columns to fill; text is kept to 100 at most */
	int height;	/* lines; a guess where there is no terminal */
};

/* Is plain text wanted: by --plain (asked), the environment, or a pipe? */
bool screen_plain(bool asked);
void screen_init(struct screen *s, bool plain);
void screen_measure(struct screen *s);	/* after a resize */

/* One paragraph, wrapped; further lines are indented by the label's width.
 * label may be "".  Line breaks in the text stay. */
void screen_say(const struct screen *s, enum tone t, const char *label, const char *text);
void screen_sayf(const struct screen *s, enum tone t, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void screen_gap(void);
/* Markdown for the terminal. */
void screen_markdown(const struct screen *s, const char *text);

/* Rendered on a terminal, into a pipe as it is. */
void screen_page(const struct screen *s, const char *markdown);

/* Begin and end of a tone, "" in plain mode. */
const char *screen_on(const struct screen *s, enum tone t);
const char *screen_off(const struct screen *s);

#endif
