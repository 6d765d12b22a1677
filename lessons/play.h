/* play.h - performs a demonstration: in a test, for a reader, or before a class.
 *
 * The lines of a script (script.h) are always really run.  What differs is what is
 * around them: a reader gets them one after the other; before a class each is typed,
 * waits for the speaker's key, and a prediction is put to the vote first.
 *
 * Ctrl-C, a hang-up, or the speaker's "q" end it at any moment: the line that runs is
 * ended, and what is listed under cleanup is run all the same.
 */
#ifndef DRYDOCK_LESSONS_PLAY_H
#define DRYDOCK_LESSONS_PLAY_H

#include "labs/shell/screen.h"
#include "lessons/cast.h"
#include "lessons/notes.h"
#include "lessons/script.h"

enum pace {
	PACE_READ,	/* one line after the other */
	PACE_REHEARSE,	/* the same, but a recording gets the pauses of a class */
	PACE_ALONE,	/* typed, with pauses; goes on by itself */
	PACE_SPEAKER,	/* typed; goes on when a key is hit, and asks for the votes */
};

struct stage {
	const struct screen *screen;
	enum pace pace;
	double speed;		/* 1: as fast as a person types; 2: twice as fast */
	struct cast *cast;	/* NULL: not recorded */
	struct notes *notes;	/* NULL: nobody looks */
};

/* 0: all came as the script says; 1: something did not, and that was said; -ECANCELED:
 * it was stopped; else negative: it could not be run. */
int script_play(const struct script *s, struct stage *st, struct err *e);
/* At a reader's pace. */
int script_run(const struct script *s, const struct screen *screen, struct err *e);

#endif
