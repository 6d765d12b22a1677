/* quiz.h - a learner at the quiz: what its commands share. */
#ifndef DRYDOCK_QUIZ_QUIZ_H
#define DRYDOCK_QUIZ_QUIZ_H

#include "labs/course.h"
#include "labs/shell/screen.h"
#include "quiz/record.h"

struct quiz {
	struct bank bank;
	struct course course;
	struct screen screen;
	struct record record;	/* as it was at the beginning */
	const char *mode;	/* "free", "exam", "review": written down with each answer */
};

/* What was answered just now. */
struct given {
	const struct item *item;
	const struct choice *choice;	/* NULL: passed */
	const char *confidence;		/* "sure", "think", "guess", or "" */
};

/* player.c: asks one question on the screen, and reads the answer from standard input.
 * 1: answered or passed; 0: no more is wanted (q, or the end of the input). */
int quiz_ask(struct quiz *z, const struct item *i, size_t n, size_t of, struct given *out);
/* What an answer shows: right or not, why, what the learner's own runs say. */
void quiz_feedback(struct quiz *z, const struct given *g);
/* Offers the answer's experiment, and runs it if it is wanted.  0, or what went wrong. */
int quiz_offer_proof(struct quiz *z, const struct given *g, struct err *e);
/* Asks them all, one after the other; passes over the rest when no more is wanted. */
int quiz_play(struct quiz *z, const struct item *const *items, size_t n, struct err *e);

/* Reads bank and labs, connects, reads the record.  journal: a file instead of an
 * engine, or NULL.  -ENOTCONN where no engine answers: the bank is read all the same, and
 * the quiz can be played, but nothing is written down. */
int quiz_open(struct quiz *z, const char *learner, const char *host, const char *journal,
	      struct err *e);
void quiz_close(struct quiz *z);

/* Both take their own name as argv[0]; 0 done, 1 no, 2 wrong usage.
 *
 *	drydock quiz [--section N] [--concept C] [--question ID] [--exam] [--count N]
 *	drydock quiz --list [--json] | --prove ID | --check | --recap
 *	drydock quiz --export gift|aiken | --import FILE --into DIR
 *	drydock review [--list] [--json]
 */
int cmd_quiz(int argc, char **argv);
int cmd_review(int argc, char **argv);

#endif
