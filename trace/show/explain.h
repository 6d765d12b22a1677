/* explain.h - the answers of `drydock explain`, from trace/explain.def. */
#ifndef DRYDOCK_TRACE_EXPLAIN_H
#define DRYDOCK_TRACE_EXPLAIN_H

#include <stdbool.h>

#include "core/str.h"

enum explain_kind { EXPLAIN_CALL, EXPLAIN_FLAG, EXPLAIN_NAMESPACE, EXPLAIN_CGROUP, EXPLAIN_FILE };

struct explanation { enum explain_kind kind; const char *name, *text; };

/* Of that kind and name; NULL: there is none. */
const struct explanation *explain_find(enum explain_kind kind, const char *name);
/* Everything that word may mean, as paragraphs of at most `width` columns: a call
 * by our name or the kernel's, a flag, a namespace ("pid", "pid namespace"), a
 * kernel file by name or path.  Case doesn't matter.  False: nothing is known. */
bool explain_word(struct str *out, const char *word, int width);
/* What there is, sorted by kind, for `drydock explain` alone. */
void explain_list(struct str *out, int width);

#endif
