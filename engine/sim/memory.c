/* memory.c - a model's memory: a list of pieces that ends with the program.
 *
 * Each piece is charged to the task's control group as it would be there: by whole
 * pages, 4 KiB ahead of need. */
#include "sim/task.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096

/* Only what makes another page is charged: most programs' small pieces cost nothing. */
static void count(struct task *t, int64_t bytes)
{
	uint64_t before = (t->allocated + PAGE - 1) / PAGE;

	t->allocated += (uint64_t)bytes;
	int64_t pages = (int64_t)((t->allocated + PAGE - 1) / PAGE - before);
	if (pages)
		sim_charge(t, pages * PAGE);
}

void sim_charge(struct task *t, int64_t bytes)
{
	if (bytes < 0 && (uint64_t)-bytes > t->charged)
		bytes = -(int64_t)t->charged;
	int r = t->cgroup ? cgroup_charge(t->cgroup, bytes, t) : 0;
	if (r == 0)
		t->charged += (uint64_t)bytes;
	sys_leave(t, r);	/* the killer may have chosen this one */
}

void *sim_alloc(struct task *t, size_t n)
{
	count(t, (int64_t)n);
	struct chunk *c = mem_alloc(sizeof(*c) + n);

	c->size = n;
	c->next = t->memory;
	if (c->next)
		c->next->prev = c;
	t->memory = c;
	return c + 1;
}

void sim_free(struct task *t, void *p)
{
	struct chunk *c = (struct chunk *)p - 1;

	if (!p)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		t->memory = c->next;
	if (c->next)
		c->next->prev = c->prev;
	t->allocated -= c->size;
	free(c);
}

void *sim_realloc(struct task *t, void *p, size_t n)
{
	struct chunk *c = (struct chunk *)p - 1;
	void *q = sim_alloc(t, n);

	if (p) {
		memcpy(q, p, c->size < n ? c->size : n);
		sim_free(t, p);
	}
	return q;
}

char *sim_strdup(struct task *t, const char *s)
{
	size_t n = strlen(s) + 1;
	return memcpy(sim_alloc(t, n), s, n);
}

char *sim_printf(struct task *t, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	char *out = sim_alloc(t, (size_t)(n < 0 ? 0 : n) + 1);
	vsnprintf(out, (size_t)(n < 0 ? 0 : n) + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return out;
}

void memory_free_all(struct task *t)
{
	while (t->memory) {
		struct chunk *next = t->memory->next;
		free(t->memory);
		t->memory = next;
	}
	if (t->cgroup && t->charged)
		cgroup_charge(t->cgroup, -(int64_t)t->charged, t);
	t->charged = t->allocated = 0;
}

void sim_set_local(struct task *t, void *local) { t->local = local; }
void *sim_local(struct task *t) { return t->local; }
