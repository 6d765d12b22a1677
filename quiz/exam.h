/* exam.h - one question a concept, and not a word before the end. */
#ifndef DRYDOCK_QUIZ_EXAM_H
#define DRYDOCK_QUIZ_EXAM_H

#include "quiz/quiz.h"

/* Which questions, in which order, follows from the learner's id and from how many exams
 * there were before: neighbours get others, and so does the same learner next time.
 * section NULL: all.  Caller frees *out. */
size_t exam_choose(const struct quiz *z, const struct section *section, size_t count,
		   const struct item ***out);
/* Asks, then says the result: how many were right, and what was not, the answers that
 * were given with most confidence first.  0: all right, 1: not all. */
int exam_play(struct quiz *z, const struct item *const *items, size_t n);

#endif
