#include "runtime/plan_build.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"

void plan_begin(struct plan_builder *p)
{
	static const char *const fixed[] = {
		"stdin", "stdout", "stderr", "child", "pidfd", "init", "master", "slave",
		"netns", "pidns", "ipcns", "utsns", "userns",
	};

	memset(p, 0, sizeof(*p));
	str_addn(&p->heap, "\0\0\0\0\0\0\0\0", 8);	/* offset 0 is NULL */
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		p->slot_name[i] = plan_text(p, fixed[i]);
	p->n_slots = SLOT_FIRST_FREE;
}

void plan_free(struct plan_builder *p)
{
	str_free(&p->heap);
	str_free(&p->relocs);
}

void plan_stage(struct plan_builder *p, int stage, int region)
{
	p->stage = (uint8_t)stage;
	p->region = (uint16_t)region;
}

void plan_region(struct plan_builder *p, int region)
{
	p->region = (uint16_t)region;
}

/* ---- the heap ---- */

static void align8(struct plan_builder *p)
{
	while (p->heap.len % 8)
		str_addn(&p->heap, "", 1);
}

uint32_t plan_data(struct plan_builder *p, const void *data, size_t n)
{
	align8(p);
	uint32_t at = (uint32_t)p->heap.len;
	str_addn(&p->heap, data, n);
	return at;
}

uint32_t plan_text(struct plan_builder *p, const char *s)
{
	uint32_t at = (uint32_t)p->heap.len;

	str_addn(&p->heap, s, strlen(s) + 1);
	return at;
}

void plan_reloc(struct plan_builder *p, uint32_t place)
{
	str_addn(&p->relocs, &place, sizeof(place));
}

uint32_t plan_strv(struct plan_builder *p, char *const *v)
{
	size_t n = strv_len(v);
	uint64_t *offsets = mem_alloc((n + 1) * sizeof(*offsets));

	for (size_t i = 0; i < n; i++)
		offsets[i] = plan_text(p, v[i]);
	uint32_t at = plan_data(p, offsets, (n + 1) * sizeof(*offsets));
	for (size_t i = 0; i < n; i++)
		plan_reloc(p, at + (uint32_t)(i * sizeof(*offsets)));
	free(offsets);
	return at;
}

uint32_t plan_filter(struct plan_builder *p, const void *insn, size_t len, size_t size)
{
	struct { uint64_t len, insns; } filter;		/* as struct k_filter lies in memory */

	filter.insns = plan_data(p, insn, len * size);
	filter.len = len;
	uint32_t at = plan_data(p, &filter, sizeof(filter));
	plan_reloc(p, at + (uint32_t)offsetof(struct k_filter, prog));
	return at;
}

/* ---- steps ---- */

/* One too many: the last place is used again, and the plan is of no use. */
static int within(struct plan_builder *p, int n, int most, const char *what)
{
	if (n < most)
		return n;
	p->overflow = what;
	p->most = most;
	return most - 1;
}

static struct plan_step *new_step(struct plan_builder *p, int op, int why,
				  const struct plan_value v[6])
{
	p->n_steps = within(p, p->n_steps, PLAN_MAX_STEPS, "steps");
	struct plan_step *s = &p->step[p->n_steps++];
	*s = (struct plan_step){
		.op = (int16_t)op, .stage = p->stage, .why = (uint16_t)why,
		.region = p->region, .into = SLOT_NONE, .undo = -1, .otherwise = -1, .then = -1,
	};
	for (int i = 0; i < 6; i++) {
		s->kind[i] = (uint8_t)v[i].kind;
		s->arg[i] = v[i].text ? plan_text(p, v[i].text) : v[i].v;
	}
	return s;
}

void plan_add_n(struct plan_builder *p, int op, int why, const struct plan_value v[6])
{
	new_step(p, op, why, v);
	p->last = p->n_steps - 1;
}

void plan_undo_n(struct plan_builder *p, int op, int why, const struct plan_value v[6])
{
	struct plan_step *s = new_step(p, op, why, v);

	s->stage = STAGE_UNDO;
	p->step[p->last].undo = (int16_t)(p->n_steps - 1);
}

int plan_slot(struct plan_builder *p, const char *name)
{
	p->n_slots = within(p, p->n_slots, PLAN_SLOTS, "descriptors to keep");
	p->slot_name[p->n_slots] = plan_text(p, name);
	return p->n_slots++;
}

void plan_into(struct plan_builder *p, int slot)
{
	p->step[p->last].into = (int16_t)slot;
}

void plan_expect(struct plan_builder *p, int err, int label)
{
	struct plan_step *s = &p->step[p->last];
	int i = s->expected[0] == 0 ? 0 : s->expected[1] == 0 ? 1 : 2;

	s->expected[i] = (int16_t)err;
	s->otherwise = (int16_t)label;
}

void plan_then(struct plan_builder *p, int label)
{
	p->step[p->last].then = (int16_t)label;
}

void plan_program(struct plan_builder *p)
{
	p->step[p->last].program = 1;
}

int plan_label(struct plan_builder *p)
{
	p->n_labels = within(p, p->n_labels, (int)ARRAY_SIZE(p->label), "paths to look at");
	p->label[p->n_labels] = -1;
	return p->n_labels++;
}

void plan_here(struct plan_builder *p, int label)
{
	p->label[label] = (int16_t)p->n_steps;
}

/* ---- the flat buffer ---- */

#define PLAN_MAGIC 0x504c414eu	/* "PLAN" */

static void resolve_labels(struct plan_builder *p)
{
	for (int i = 0; i < p->n_steps; i++) {
		struct plan_step *s = &p->step[i];
		if (s->otherwise >= 0)
			s->otherwise = p->label[s->otherwise];
		if (s->then >= 0)
			s->then = p->label[s->then];
	}
}

int plan_finish(struct plan_builder *p, struct str *out, struct err *e)
{
	struct plan_head head = { .magic = PLAN_MAGIC };

	if (p->overflow)
		return err_set(e, E2BIG, "make the plan: more than %d %s", p->most, p->overflow);
	resolve_labels(p);
	align8(p);
	head.n_steps = (uint32_t)p->n_steps;
	head.n_relocs = (uint32_t)(p->relocs.len / sizeof(uint32_t));
	head.steps = sizeof(head);
	head.heap = head.steps + head.n_steps * (uint32_t)sizeof(struct plan_step);
	head.relocs = head.heap + (uint32_t)p->heap.len;
	head.size = head.relocs + (uint32_t)p->relocs.len;
	memcpy(head.slot_name, p->slot_name, sizeof(head.slot_name));

	str_clear(out);
	str_addn(out, &head, sizeof(head));
	str_addn(out, p->step, head.n_steps * sizeof(struct plan_step));
	str_addn(out, p->heap.s, p->heap.len);
	str_addn(out, p->relocs.s ? p->relocs.s : "", p->relocs.len);
	return 0;
}
