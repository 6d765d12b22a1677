/* plan_build.h - writing a plan, step by step.
 *
 *	plan_stage(p, STAGE_CHILD, REGION_MOUNTS);
 *	plan_add(p, K_FSOPEN, WHY_OVERLAY, TEXT("overlay"), INT(FSOPEN_CLOEXEC));
 *	plan_into(p, fs);
 *	plan_expect(p, ENOSYS, old_way);
 *
 * plan_into() and what follows it in this file change the step added last.
 * Building can't fail, but for memory (core/str.h ends the program then) and for
 * PLAN_MAX_STEPS and its like, which plan_finish() reports.
 */
#ifndef DRYDOCK_RUNTIME_PLAN_BUILD_H
#define DRYDOCK_RUNTIME_PLAN_BUILD_H

#include "core/error.h"
#include "core/str.h"
#include "runtime/plan.h"

#define PLAN_MAX_STEPS 512

struct plan_builder {
	struct plan_step step[PLAN_MAX_STEPS];
	int n_steps, last;	/* last: the step that plan_into() & Co. change */
	int n_slots, n_labels;
	int cgroup;		/* slot of the group's directory, which clone copies; 0: none */
	uint8_t stage;
	uint16_t region;
	const char *overflow;	/* what there was too much of, or NULL */
	int most;		/* … and how many are the most */
	int16_t label[PLAN_MAX_STEPS / 4];	/* label → step */
	uint32_t slot_name[PLAN_SLOTS];
	struct str heap;
	struct str relocs;	/* uint32_t: heap places that hold a heap offset */
};

struct plan_value { enum plan_kind kind; int64_t v; const char *text; };
#define INT(n)	((struct plan_value){ .kind = ARG_INT, .v = (int64_t)(n) })
#define TEXT(s)	((struct plan_value){ .kind = ARG_PTR, .text = (s) })
#define HEAP(o)	((struct plan_value){ .kind = ARG_PTR, .v = (o) })
#define SLOT(s)	((struct plan_value){ .kind = ARG_SLOT, .v = (s) })
#define NOTEXT	INT(0)

void plan_begin(struct plan_builder *p);
void plan_free(struct plan_builder *p);
/* The stage and region of the steps added from here on. */
void plan_stage(struct plan_builder *p, int stage, int region);
void plan_region(struct plan_builder *p, int region);

void plan_add_n(struct plan_builder *p, int op, int why, const struct plan_value v[6]);
#define plan_add(p, op, why, ...) \
	plan_add_n(p, op, why, (const struct plan_value[6]){ __VA_ARGS__ })

/* A new slot; name is what --dry-run calls it. */
int plan_slot(struct plan_builder *p, const char *name);
void plan_into(struct plan_builder *p, int slot);
/* This errno isn't fatal: go on at label (-1: at the next step). At most three. */
void plan_expect(struct plan_builder *p, int err, int label);
/* After success go on at label. */
void plan_then(struct plan_builder *p, int label);
/* The call that takes the last step back. */
void plan_undo_n(struct plan_builder *p, int op, int why, const struct plan_value v[6]);
#define plan_undo_by(p, op, why, ...) \
	plan_undo_n(p, op, why, (const struct plan_value[6]){ __VA_ARGS__ })
/* A failure of the last step means that the program can't be run. */
void plan_program(struct plan_builder *p);

/* Labels may be used before they are set. */
int plan_label(struct plan_builder *p);
void plan_here(struct plan_builder *p, int label);

/* The heap: all return offsets for HEAP(). */
uint32_t plan_text(struct plan_builder *p, const char *s);
uint32_t plan_data(struct plan_builder *p, const void *data, size_t n);
uint32_t plan_strv(struct plan_builder *p, char *const *v);
/* A struct k_filter with its instructions, `size` bytes each. */
uint32_t plan_filter(struct plan_builder *p, const void *insn, size_t len, size_t size);
/* Says that the 8 bytes at `place` hold a heap offset. */
void plan_reloc(struct plan_builder *p, uint32_t place);

/* The flat buffer, owned by *out.  E2BIG if the plan has too many steps, slots or labels. */
int plan_finish(struct plan_builder *p, struct str *out, struct err *e);

#endif
