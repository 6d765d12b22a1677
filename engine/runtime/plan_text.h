/* plan_text.h - a plan for people (`--dry-run`) and for programs. */
#ifndef DRYDOCK_RUNTIME_PLAN_TEXT_H
#define DRYDOCK_RUNTIME_PLAN_TEXT_H

#include <cjson/cJSON.h>

#include "core/str.h"
#include "runtime/plan.h"

/* The call alone: mount("proc", "/proc", "proc", MS_NOSUID, NULL).  A slot shows
 * as its name with a $. */
void plan_step_text(struct str *out, const struct plan *p, const struct plan_step *s);
/* One line a call, under its region's title, with stage and why. */
void plan_print(struct str *out, const struct plan *p);
/* An array of {"stage","region","call","text","into","why","expects"[],"undo"}. */
cJSON *plan_json(const struct plan *p);

#endif
