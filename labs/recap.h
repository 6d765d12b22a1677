/* recap.h - what a learner has done, as text and as JSON. */
#ifndef DRYDOCK_LABS_RECAP_H
#define DRYDOCK_LABS_RECAP_H

#include "labs/course.h"

void recap_markdown(struct course *s, struct str *out);

/* {"lab":3,"name":"web","title":…,"verdict":"not yet","shown":4,"goals":[{"goal",
 *  "shown":bool,"why","evidence":[seq…]}],"missing":…,"wrong":{"id","say"},"hints":n} */
cJSON *recap_step(struct course *s, const struct lab *l);

#endif
