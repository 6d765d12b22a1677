/* seed.h - what a step needs to be there before the learner comes.
 *
 * The lines below `seed:` in a lab.md are run by /bin/sh when the step is entered, with our
 * `docker` first on PATH and the actor "seed": they earn nobody anything, and proofs can
 * speak of what they made ("by seed").  They know
 *
 *	DRYDOCK_TOKEN	the learner's token
 *	DRYDOCK_K	a number from 2 to 5 that follows from it: learners differ
 *
 * A step is prepared once; `reset` clears it away, and the next entry prepares it again.
 */
#ifndef DRYDOCK_LABS_SEED_H
#define DRYDOCK_LABS_SEED_H

#include "labs/course.h"

/* 0 also where there is nothing to do.  EIO: a line failed; what it said is in e. */
int seed_plant(struct course *s, const struct lab *l, struct err *e);

#endif
