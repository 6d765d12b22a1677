/* lab.h - one step or pitfall of the lecture, as its lab.md says it.
 *
 *	labs/NN-name/lab.md    YAML: what is asked, proved, hinted, answered
 *	                       Markdown: what the student reads
 *
 * Nothing about a step is in C: a teacher who edits the file changes the lab.
 */
#ifndef DRYDOCK_LABS_LAB_H
#define DRYDOCK_LABS_LAB_H

#include <stddef.h>

#include "core/error.h"
#include "labs/proof.h"

#define HINT_RUNGS 4

struct choice { const char *key, *text, *tag; };	/* tag: M-…, or NULL for the right one */

/* A prediction, or the follow-up question of the last hint. */
struct question {
	const char *id, *ask, *right, *why;
	struct choice *options;
	size_t n_options;
	struct scope scope;
	struct formula *run;	/* the run that answers it; NULL: can always be answered */
};

struct goal {
	const char *name, *part, *missing, *shown;	/* part: a few words for lists */
};

/* A wrong path (id, sentence), or a note about how the step was done, which shares
 * the goals' variables: it is about the very container that they are about. */
struct remark {
	const char *id, *say;
	bool general;		/* gives way to any other wrong path */
	struct scope scope;	/* of a wrong path */
	struct formula *when;
};

struct lab {
	char *dir;
	struct front *front;	/* owns all the text */
	int number;
	const char *name, *title, *lecture, *body;
	struct scope scope;	/* of the goals */
	struct goal goal[PROOF_MAX_GOALS];
	struct formula *formula[PROOF_MAX_GOALS];
	size_t n_goals;
	struct remark *wrong, *notes;
	size_t n_wrong, n_notes;
	struct question *predict, follow;
	size_t n_predict;
	const char *hint[HINT_RUNGS];
	const char **typed;	/* the lecture's lines, in order */
	size_t n_typed;
};

struct labs { struct lab *v; size_t n; };

/* Every NN-name/lab.md below dir, in order of number; NULL: labs_dir(). */
int labs_load(const char *dir, struct labs *out, struct err *e);
void labs_free(struct labs *l);
/* By number ("3"), name ("web") or directory ("03-web"); NULL: none. */
const struct lab *labs_find(const struct labs *l, const char *which);

int lab_load(const char *path, struct lab *out, struct err *e);
void lab_free(struct lab *l);

/* DRYDOCK_LABS, else labs/ beside the program's directory, else its installed place. */
char *labs_dir(void);

#endif
