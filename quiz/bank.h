/* bank.h - all questions of the quiz, as their files say them.
 *
 *	quiz/NN-name.md		a section, with the number and name of its lesson:
 *				concepts, experiments, questions (YAML), a word to the
 *				reader (Markdown)
 *	quiz/misconceptions.md	what somebody believes who picks a wrong option, by tag
 *
 * A question is about one concept.  Each concept has at least three, which ask for the
 * same in other words: siblings, for coming back to it later.  A wrong option names a
 * misconception (tag), says why it is wrong, and names an experiment that shows it; an
 * experiment is a script (lessons/script.h) that the engine really runs.
 */
#ifndef DRYDOCK_QUIZ_BANK_H
#define DRYDOCK_QUIZ_BANK_H

#include "labs/question.h"
#include "lessons/script.h"

#define BANK_SIBLINGS 3	/* of a concept, at least */

struct section {
	struct front front;	/* owns its text */
	int number;
	const char *name, *title, *lecture;
	struct script *experiments;
	size_t n_experiments;
};

struct concept { const char *id, *title; size_t section; int line; };

struct item { struct question q; size_t section, concept; };

struct bank {
	struct section *sections;
	struct concept *concepts;
	struct item *items;
	size_t n_sections, n_concepts, n_items;
	struct front beliefs;	/* misconceptions.md; root NULL: there is none */
};

/* dir NULL: where the course's quiz is. */
int bank_load(const char *dir, struct bank *out, struct err *e);
void bank_free(struct bank *b);

/* By id; NULL: none. */
const struct item *bank_item(const struct bank *b, const char *id);
const struct concept *bank_concept(const struct bank *b, const char *id);
/* By number or name. */
const struct section *bank_section(const struct bank *b, const char *which);
const struct script *bank_experiment(const struct bank *b, const char *name);
/* Of an option (NULL: of the question): its own, the question's, any other option's. */
const struct script *bank_proof(const struct bank *b, const struct question *q,
				const struct choice *o);
/* "that a stopped container is gone"; NULL: not in misconceptions.md. */
const char *bank_belief(const struct bank *b, const char *tag);

/* Writes a line for each thing that is not as the head of this file says; returns how
 * many.  (What cannot be read at all is bank_load()'s error.) */
size_t bank_check(const struct bank *b, struct str *out);

#endif
