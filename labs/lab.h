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
#include "labs/question.h"

#define HINT_RUNGS 4

struct goal {
	const char *name, *part, *missing, *shown;	/* part: a few words for lists */
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
	const char **seed;	/* lines that prepare the step (seed.h) */
	size_t n_seed;
};

struct labs { struct lab *v; size_t n; };

/* Every NN-name/lab.md below dir, in order of number; NULL: where they are. */
int labs_load(const char *dir, struct labs *out, struct err *e);
void labs_free(struct labs *l);
/* By number ("3"), name ("web") or directory ("03-web"); NULL: none. */
const struct lab *labs_find(const struct labs *l, const char *which);

int lab_load(const char *path, struct lab *out, struct err *e);
void lab_free(struct lab *l);

#endif
