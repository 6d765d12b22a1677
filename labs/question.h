/* question.h - what labs and quiz ask, and what they say to what was done.
 *
 *	- id: s1.p1
 *	  ask: How many …?
 *	  options:
 *	    a: the right one needs no more than its text
 *	    b: { text: "a wrong one", tag: M-…, say: "why it is wrong", prove: two-containers }
 *	  right: a
 *	  why: …
 *
 * A lab's question may have `run`, the formula of the run that answers it.  A quiz's
 * question has a `concept`, an experiment (`prove`) and `evidence`: sentences about
 * what the learner did, each with the formula that looks for it.
 *
 * All text belongs to the front it was read from.
 */
#ifndef DRYDOCK_LABS_QUESTION_H
#define DRYDOCK_LABS_QUESTION_H

#include <stddef.h>

#include "labs/front.h"
#include "labs/proof.h"

/* tag: the misconception, M-…; NULL for the right one.  say, prove: quiz only. */
struct choice { const char *key, *text, *tag, *say, *prove; };

/* A wrong path (id, sentence), or a note about how the step was done, which shares
 * the goals' variables: it is about the very container that they are about.  Or a
 * quiz's evidence, which has no id. */
struct remark {
	const char *id, *say;
	bool general;		/* gives way to any other wrong path */
	struct scope scope;	/* of a wrong path */
	struct formula *when;
};

struct question {
	const char *id, *ask, *right, *why;
	struct choice *options;
	size_t n_options;
	struct scope scope;
	struct formula *run;	/* the run that answers it; NULL: can always be answered */
	const char *concept, *prove;	/* quiz only; NULL where the file has none */
	struct remark *evidence;
	size_t n_evidence;
	int line;		/* in its file */
};

enum question_kind { QUESTION_LAB, QUESTION_QUIZ };

/* On failure the question is to be freed all the same. */
int question_read(const struct front *f, const yaml_node_t *map, enum question_kind kind,
		  struct question *q, struct err *e);
void question_free(struct question *q);
/* NULL: no option has this key. */
const struct choice *question_choice(const struct question *q, const char *key);

/* Reads the list below `key`.  goals: the scope that notes share with them; NULL:
 * each has its own. */
int remarks_read(const struct front *f, const yaml_node_t *map, const char *key,
		 struct scope *goals, struct remark **out, size_t *n, struct err *e);
void remarks_free(struct remark *v, size_t n);

int formula_read(const struct front *f, const yaml_node_t *map, const char *key,
		 struct scope *s, struct formula **out, struct err *e);

#endif
