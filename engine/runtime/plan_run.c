/* plan_run.c - carrying out a plan, in the supervisor, its children and the tests.
 *
 * Nothing here allocates, locks or touches errno: it runs between clone and
 * exec.  The same code runs every stage; a stage is simply the steps that bear
 * its name, in order.  After fork each process has slots of its own.
 */
#include "runtime/plan.h"

#include <errno.h>
#include <string.h>

#define PLAN_MAGIC 0x504c414eu

static int check_head(const struct plan_head *h, size_t size)
{
	size_t steps_end = h->steps + (size_t)h->n_steps * sizeof(struct plan_step);
	size_t relocs_end = h->relocs + (size_t)h->n_relocs * sizeof(uint32_t);

	if (h->magic != PLAN_MAGIC || h->size > size || h->n_steps > 512)
		return -EBADMSG;
	if (steps_end > h->heap || h->heap > h->relocs || relocs_end > h->size)
		return -EBADMSG;
	return 0;
}

/* Heap offset to address; 0 stays NULL. */
static int64_t address(char *heap, int64_t offset)
{
	return offset ? (int64_t)(intptr_t)(heap + offset) : 0;
}

int plan_load(void *buffer, size_t size, struct plan *out)
{
	struct plan_head *h = buffer;
	char *base = buffer;

	if (size < sizeof(*h) || check_head(h, size) < 0)
		return -EBADMSG;
	char *heap = base + h->heap;
	struct plan_step *step = (struct plan_step *)(base + h->steps);
	const uint32_t *reloc = (const uint32_t *)(base + h->relocs);
	for (uint32_t i = 0; i < h->n_relocs; i++) {
		int64_t *place = (int64_t *)(heap + reloc[i]);
		*place = address(heap, *place);
	}
	for (uint32_t i = 0; i < h->n_steps; i++)
		for (int a = 0; a < 6; a++)
			if (step[i].kind[a] == ARG_PTR)
				step[i].arg[a] = address(heap, step[i].arg[a]);
	out->step = step;
	out->n_steps = (int)h->n_steps;
	for (int i = 0; i < PLAN_SLOTS; i++)
		out->slot_name[i] = heap + h->slot_name[i];
	return 0;
}

void plan_run_init(struct plan_run *r, struct kernel *k, const struct plan *p)
{
	memset(r, 0, sizeof(*r));
	r->k = k;
	r->plan = p;
	r->failed = -1;
	for (int i = 0; i < PLAN_SLOTS; i++)
		r->slot[i] = -1;
}

void plan_call_of(const struct plan_run *r, const struct plan_step *s, struct k_call *call)
{
	call->op = s->op;
	for (int i = 0; i < 6; i++) {
		if (s->kind[i] == ARG_SLOT)
			call->a[i].i = r->slot[s->arg[i]];
		else if (s->kind[i] == ARG_PTR)
			call->a[i].p = (const void *)(intptr_t)s->arg[i];
		else
			call->a[i].i = s->arg[i];
	}
}

/* clone: flags come from the plan, the function to run from whoever runs it. */
static long run_spawn(struct plan_run *r, const struct plan_step *s)
{
	int pidfd = -1;
	struct k_spawn how = r->spawn;

	how.flags = (uint64_t)s->arg[0];
	how.cgroup_fd = s->kind[1] == ARG_SLOT ? (int)r->slot[s->arg[1]] : -1;
	how.userns_fd = s->kind[2] == ARG_SLOT ? (int)r->slot[s->arg[2]] : 0;
	how.pidfd = &pidfd;
	long pid = k_spawn(r->k, &how);
	if (pid > 0)
		r->slot[SLOT_PIDFD] = pidfd;
	return pid;
}

static long run_tty_open(struct plan_run *r, const struct plan_step *s)
{
	struct k_tty pair = { -1, -1 };
	long result = k_tty_open(r->k, (int)r->slot[s->arg[0]], &pair);

	if (result >= 0) {
		r->slot[SLOT_TTY_MASTER] = pair.master;
		r->slot[SLOT_TTY_SLAVE] = pair.slave;
	}
	return result;
}

/* rtnetlink answers in a buffer of its own: an error there is the call's. */
static long run_rtnetlink(struct plan_run *r, const struct plan_step *s)
{
	char space[1024];
	struct k_buf reply = { space, sizeof(space), 0 };
	struct k_call call;

	plan_call_of(r, s, &call);
	return k_rtnetlink(r->k, (int)call.a[0].i, call.a[1].p, &reply);
}

static long run_step(struct plan_run *r, const struct plan_step *s)
{
	struct k_call call;

	if (s->op < 0)
		return r->act(r, s);
	if (s->op == K_SPAWN)
		return run_spawn(r, s);
	if (s->op == K_TTY_OPEN)
		return run_tty_open(r, s);
	if (s->op == K_RTNETLINK)
		return run_rtnetlink(r, s);
	plan_call_of(r, s, &call);
	return k_invoke(r->k, &call);
}

static bool is_expected(const struct plan_step *s, long result)
{
	for (int i = 0; i < 3; i++)
		if (s->expected[i] && (s->expected[i] == -result ||
				       s->expected[i] == PLAN_ANY_ERRNO))
			return true;
	return false;
}

/* Makes step i's call; gives the index of the next step, or -errno. */
static long one_step(struct plan_run *r, int i)
{
	const struct plan_step *s = &r->plan->step[i];

	if (r->enter)
		r->enter(r, s);
	long result = run_step(r, s);
	if (result >= 0) {
		if (s->into >= 0)
			r->slot[s->into] = result;
		if (s->undo >= 0)
			r->done[i / 8] |= (uint8_t)(1 << i % 8);
		return s->then >= 0 ? s->then : i + 1;
	}
	if (!is_expected(s, result))
		return result;
	r->ignored++;
	return s->otherwise >= 0 ? s->otherwise : i + 1;
}

int plan_run_stage(struct plan_run *r, int stage)
{
	return plan_run_from(r, stage, 0);
}

int plan_run_from(struct plan_run *r, int stage, int first)
{
	for (int i = first; i < r->plan->n_steps;) {
		if (r->plan->step[i].stage != stage) {
			i++;
			continue;
		}
		long next = one_step(r, i);
		if (next < 0) {
			r->failed = i;
			return (int)next;
		}
		i = (int)next;
	}
	return 0;
}

/* ---- taking back ---- */

/* The undo step of step i if that was done, and from now on isn't; or NULL. */
static const struct plan_step *take_undo(struct plan_run *r, int i)
{
	if (!(r->done[i / 8] & 1 << i % 8))
		return NULL;
	r->done[i / 8] &= (uint8_t)~(1 << i % 8);
	return &r->plan->step[r->plan->step[i].undo];
}

static void run_undo(struct plan_run *r, const struct plan_step *s)
{
	if (r->enter)
		r->enter(r, s);
	run_step(r, s);
}

void plan_undo(struct plan_run *r)
{
	for (int i = r->plan->n_steps - 1; i >= 0; i--) {
		const struct plan_step *undo = take_undo(r, i);
		if (undo)
			run_undo(r, undo);
	}
}

static int keep(struct plan_kept *k, const struct plan_step *undo)
{
	struct plan_step *s = &k->step[k->n];

	if (k->n == PLAN_KEPT)
		return -ENOSPC;
	*s = *undo;
	for (int a = 0; a < 6; a++) {
		const char *text = (const char *)(intptr_t)s->arg[a];
		if (s->kind[a] != ARG_PTR || !text)
			continue;
		size_t size = strlen(text) + 1;
		if (k->used + size > sizeof(k->text))
			return -ENOSPC;
		memcpy(k->text + k->used, text, size);
		s->arg[a] = (int64_t)(intptr_t)(k->text + k->used);
		k->used += size;
	}
	k->n++;
	return 0;
}

int plan_keep_undo(struct plan_run *r, struct plan_kept *kept)
{
	struct plan_run before = *r;

	kept->n = 0;
	kept->used = 0;
	for (int i = 0; i < r->plan->n_steps; i++) {
		const struct plan_step *undo = take_undo(r, i);
		if (undo && keep(kept, undo) < 0) {
			*r = before;
			kept->n = 0;
			return -ENOSPC;
		}
	}
	return 0;
}

void plan_undo_kept(struct plan_run *r, struct plan_kept *kept)
{
	while (kept->n > 0)
		run_undo(r, &kept->step[--kept->n]);
}
