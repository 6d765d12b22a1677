/* lesson.h - a section of the lecture, as its file says it.
 *
 *	lessons/NN-name.md	YAML: title, what the lecture claims, the demonstration
 *				Markdown: what is read
 *
 * Figures that the lecture gives stand under `claims`, word for word, each with what
 * holds of it: nothing that was not measured is printed as if it had been.
 */
#ifndef DRYDOCK_LESSONS_LESSON_H
#define DRYDOCK_LESSONS_LESSON_H

#include "labs/front.h"
#include "lessons/script.h"

struct claim { const char *quote, *truth; };

struct lesson {
	struct front front;	/* owns all the text */
	int number;
	const char *name, *title, *lecture;
	struct claim *claims;
	size_t n_claims;
	const char **labs;	/* numbers of the steps that belong to it */
	size_t n_labs;
	struct script demo;
};

struct lessons { struct lesson *v; size_t n; };

/* All of dir (NULL: where the course's lessons are), in order. */
int lessons_load(const char *dir, struct lessons *out, struct err *e);
void lessons_free(struct lessons *l);
/* By number or name; NULL: none. */
const struct lesson *lessons_find(const struct lessons *l, const char *which);

/* drydock lesson [N|NAME] [--demo] [--json] [--plain]; argv[0] is "lesson".
 * 0 done, 1 the demonstration came out otherwise, 2 wrong usage or nothing to read. */
int cmd_lesson(int argc, char **argv);

#endif
