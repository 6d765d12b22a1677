/* vocabulary.h - the types of facts and their fields, as trace/fact.def lists them.
 *
 * The table is put into the program as text when it is built, so that a proof
 * which names a type or field that no engine writes is an error of the lab's
 * file, found when it is read, and not a step that can never be finished.
 */
#ifndef DRYDOCK_LABS_VOCABULARY_H
#define DRYDOCK_LABS_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

/* Row number of a type, or -1; the numbers are dense from 0. */
int vocabulary_type(const char *name, size_t len);
int vocabulary_find(const char *name);
const char *vocabulary_name(int type);

/* Is `field` ("host", without any "[0]" or ".count") a data field of the type? */
bool vocabulary_has_field(int type, const char *field, size_t len);
/* "what, digest, rows": the row's field column, for error messages. */
const char *vocabulary_fields(int type);

#endif
