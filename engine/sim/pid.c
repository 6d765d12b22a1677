/* pid.c - process numbers: one in each pid namespace from one's own outwards. */
#include "sim/task.h"

#include <errno.h>
#include <stdlib.h>

#define PID_MAX 4194304		/* as /proc/sys/kernel/pid_max of a 64-bit machine */
#define RESERVED 300		/* where the search begins after the first round */
#define BUCKETS 16384		/* of the table of all numbers */

static struct pid_number **bucket(struct sim *s, const struct ns *ns, int nr)
{
	if (!s->numbers)
		s->numbers = mem_alloc(BUCKETS * sizeof(*s->numbers));
	return &s->numbers[((uintptr_t)ns / sizeof(*ns) * 31 + (size_t)nr) % BUCKETS];
}

struct pid *pid_find(struct sim *s, const struct ns *ns, int nr)
{
	struct pid_number *n = *bucket(s, ns, nr);

	while (n && !(n->nr == nr && n->ns == ns))
		n = n->next;
	return n ? n->pid : NULL;
}

struct task *task_find(struct sim *s, const struct ns *ns, int nr)
{
	struct pid *p = pid_find(s, ns, nr);
	return p ? p->task : NULL;
}

static int free_number(struct sim *s, struct ns *ns)
{
	for (int tries = 0; tries < PID_MAX; tries++) {
		if (++ns->pid.last >= PID_MAX)
			ns->pid.last = RESERVED;
		if (!pid_find(s, ns, ns->pid.last))
			return ns->pid.last;
	}
	return 0;
}

struct pid *pid_new(struct sim *s, struct ns *ns, int *error)
{
	struct pid *p = mem_alloc(sizeof(*p));

	p->refs = 1;
	p->level = ns->pid.level;
	for (int l = p->level; l >= 0; l--, ns = ns->parent) {
		int nr = free_number(s, ns);
		if (!nr) {
			*error = -EAGAIN;
			pid_put(s, p);
			return NULL;
		}
		struct pid_number **at = bucket(s, ns, nr);
		p->n[l] = (struct pid_number){ .ns = ns_get(ns), .nr = nr, .pid = p, .next = *at };
		*at = &p->n[l];
	}
	return p;
}

struct pid *pid_get(struct pid *p)
{
	p->refs++;
	return p;
}

void pid_put(struct sim *s, struct pid *p)
{
	if (!p || --p->refs)
		return;
	for (int l = 0; l <= p->level; l++) {
		if (!p->n[l].ns)
			continue;
		struct pid_number **at = bucket(s, p->n[l].ns, p->n[l].nr);
		while (*at != &p->n[l])
			at = &(*at)->next;
		*at = p->n[l].next;
		ns_put(p->n[l].ns);
	}
	free(p);
}

int pid_in(const struct pid *p, const struct ns *ns)
{
	if (!p || ns->pid.level > p->level || p->n[ns->pid.level].ns != ns)
		return 0;
	return p->n[ns->pid.level].nr;
}
