/* report.h - the quiz as lists: what there is, what was answered, what is due. */
#ifndef DRYDOCK_QUIZ_REPORT_H
#define DRYDOCK_QUIZ_REPORT_H

#include "quiz/quiz.h"

void report_list(const struct quiz *z, const struct item *const *items, size_t n);
/* [{"id","section","concept","ask","options":[{"key","text","tag","say","prove"}],
 *   "right","why","asked":n,"last":"right"|"wrong"|""}] */
void report_list_json(const struct quiz *z, const struct item *const *items, size_t n);

/* Markdown: how many were right, then what was not, the most confident errors first. */
void report_recap(const struct quiz *z, struct str *out);

/* A line, or an object, for each concept: when it comes back. */
void report_due(const struct quiz *z, const struct due *due, uint64_t now, bool json);

#endif
