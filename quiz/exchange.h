/* exchange.h - the bank in the formats of other programs.
 *
 * GIFT (Moodle, and by import Canvas): all of a question but its experiments and
 * evidence.  A section is a $CATEGORY; id, concept and misconceptions travel in comments
 * that newer Moodles understand, "// [id:x] [tag:y]".  Each ":" is escaped, and no weight
 * follows "=": readers differ on both.
 *
 * Aiken: question, options, the right letter; nothing else fits in.
 *
 * What is read: multiple choice with one right answer, and true or false.  Anything else
 * that GIFT can say is refused with its line.
 */
#ifndef DRYDOCK_QUIZ_EXCHANGE_H
#define DRYDOCK_QUIZ_EXCHANGE_H

#include "quiz/bank.h"

void export_gift(const struct bank *b, struct str *out);
void export_aiken(const struct bank *b, struct str *out);

#define DRAFT_OPTIONS 26

/* A question that came from elsewhere; all text is owned. */
struct draft {
	char *id, *category, *ask, *why, *concept;	/* NULL where nothing was said */
	char **tags;					/* M-…, of the wrong options in order */
	struct { char *text, *say; } option[DRAFT_OPTIONS];
	size_t n_options, right;
	int line;
};

struct drafts { struct draft *v; size_t n; };

void drafts_free(struct drafts *d);
struct draft *drafts_add(struct drafts *d, int line);
void drafts_drop(struct drafts *d);	/* the last one */

/* file: for messages.  EINVAL with file and line. */
int import_gift(const char *text, const char *file, struct drafts *out, struct err *e);
int import_aiken(const char *text, const char *file, struct drafts *out, struct err *e);

/* Reads either format (an Aiken file has lines "ANSWER: X"), and writes a bank file for
 * each category into dir, which is made if need be.  EEXIST: a file is there already;
 * nothing is written then.  *written: how many questions. */
int import_file(const char *path, const char *dir, size_t *written, struct err *e);

#endif
