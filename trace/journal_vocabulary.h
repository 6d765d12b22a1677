/* journal_vocabulary.h - the rows of fact.def, as the journal checks them. */
#ifndef DRYDOCK_TRACE_JOURNAL_VOCABULARY_H
#define DRYDOCK_TRACE_JOURNAL_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

/* True if fact.def has this type; *learner: the lab kit may write it. */
bool vocabulary_has(const char *type, bool *learner);

#endif
