/* record.h - what a learner has answered, and when it is time to ask again.
 *
 * Both are derived from the journal alone (facts `quiz.answer` of the student).  Whether
 * an answer was right is looked up in the bank, never taken from the fact.
 *
 * A concept comes back 1, 3, 7 and 16 days after it was answered rightly: each right
 * answer that was due makes the next distance longer, a wrong one begins again with one
 * day.  Answers before it is due change nothing, unless they are wrong.  The distances
 * are a convenience: that spacing helps is well founded, that growing distances help
 * more than equal ones is not.
 */
#ifndef DRYDOCK_QUIZ_RECORD_H
#define DRYDOCK_QUIZ_RECORD_H

#include "labs/facts.h"
#include "quiz/bank.h"

struct answered {
	const struct item *item;
	const char *answer, *confidence, *mode;	/* the facts' text */
	bool right;
	uint64_t wall;		/* ns; never before the answer in front of it */
};

struct record { struct answered *v; size_t n; };

void record_read(const struct bank *b, const struct facts *f, struct record *out);
void record_free(struct record *r);

/* The last answer to an item, NULL: never asked. */
const struct answered *record_last(const struct record *r, const struct item *i);

struct due {
	bool asked;		/* at all; if not, the rest is 0 */
	bool settled;		/* answered rightly after the longest distance: comes no more */
	int stage;		/* of the distances, from 0 */
	uint64_t at;		/* ns, wall clock */
};
/* out: one for each concept of the bank. */
void record_schedule(const struct bank *b, const struct record *r, struct due *out);
/* The sibling that was asked the longest time ago, or never. */
const struct item *record_sibling(const struct bank *b, const struct record *r, size_t concept);

#endif
