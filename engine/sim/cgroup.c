/* cgroup.c - groups, and what is counted against them.
 *
 * Whatever a group is charged its parents are charged, too; the first on the way up that
 * would go over its limit says no.  For memory that "no" first kills: the largest task
 * (by its own charge, and oom_score_adj) of the group that is full, as the kernel's OOM
 * killer does.  cgroup_file.c has the files.
 */
#include "sim/cgroup_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sim/task.h"

static struct cgroup *group_new(struct cgroup_tree *tree, struct cgroup *parent, const char *name)
{
	struct cgroup *g = mem_alloc(sizeof(*g));

	g->tree = tree;
	g->refs = 1;
	g->name = str_dup(name);
	for (int i = 0; i < CG_LIMITS; i++)
		g->limit[i] = i == LIMIT_MEMORY_LOW || i == LIMIT_MEMORY_MIN ? 0 : CGROUP_MAX;
	g->cpu_period_us = 100000;
	g->cpu_weight = g->io_weight = 100;
	g->id = ++tree->last_id;
	if (!parent)
		return g;
	g->parent = cgroup_get(parent);
	struct cgroup **at = &parent->children;
	while (*at)
		at = &(*at)->next;
	*at = g;
	return g;
}

struct cgroup_tree *cgroup_tree_new(struct sim *s)
{
	struct cgroup_tree *tree = mem_alloc(sizeof(*tree));

	tree->sim = s;
	tree->root = group_new(tree, NULL, "");
	tree->root->controllers = CG_ALL;
	return tree;
}

static void free_below(struct cgroup *g)
{
	while (g->children) {
		struct cgroup *c = g->children;
		g->children = c->next;
		free_below(c);
		cgroup_put(c);
	}
}

void cgroup_tree_free(struct cgroup_tree *tree)
{
	free_below(tree->root);
	cgroup_put(tree->root);
	free(tree);
}

struct cgroup *cgroup_root(struct cgroup_tree *tree) { return tree->root; }

struct cgroup *cgroup_get(struct cgroup *g)
{
	g->refs++;
	return g;
}

void cgroup_put(struct cgroup *g)
{
	while (g && --g->refs == 0) {
		struct cgroup *parent = g->parent;
		for (int i = 0; i < CG_TEXTS; i++)
			free(g->text[i]);
		free(g->name);
		free(g);
		g = parent;
	}
}

struct cgroup *cgroup_child(struct cgroup *g, const char *name, size_t len)
{
	for (struct cgroup *c = g->children; c; c = c->next)
		if (strlen(c->name) == len && memcmp(c->name, name, len) == 0)
			return c;
	return NULL;
}

struct cgroup *cgroup_parent(struct cgroup *g) { return g->parent; }
const char *cgroup_name(const struct cgroup *g) { return g->name; }
uint64_t cgroup_id(const struct cgroup *g) { return g->id; }
bool cgroup_is_gone(const struct cgroup *g) { return g->gone; }

struct cgroup *cgroup_next(struct cgroup *parent, const struct cgroup *after)
{
	return after ? after->next : parent->children;
}

long cgroup_mkdir(struct cgroup *parent, const char *name)
{
	if (parent->gone)
		return -ENODEV;
	if (cgroup_child(parent, name, strlen(name)))
		return -EEXIST;
	struct cgroup *g = group_new(parent->tree, parent, name);
	g->controllers = parent->subtree;
	return 0;
}

long cgroup_rmdir(struct cgroup *g)
{
	struct cgroup **at;

	if (!g->parent || g->children || g->n_tasks)
		return -EBUSY;
	for (at = &g->parent->children; *at != g;)
		at = &(*at)->next;
	*at = g->next;
	g->gone = true;
	cgroup_put(g);
	return 0;
}

static void path_below(const struct cgroup *g, const struct cgroup *root, struct str *out)
{
	if (g == root || !g->parent)
		return;
	path_below(g->parent, root, out);
	str_addf(out, "/%s", g->name);
}

void cgroup_path(const struct cgroup *g, const struct cgroup *root, char *out, size_t cap)
{
	const struct cgroup *up = root;
	struct str b = { 0 };
	const struct cgroup *at = g;

	while (at && at != up)
		at = at->parent;
	for (; !at; up = up->parent) {		/* beside the root: by way of ".." */
		str_add(&b, "/..");
		for (at = g; at && at != up->parent;)
			at = at->parent;
	}
	path_below(g, up, &b);
	snprintf(out, cap, "%s", b.len ? b.s : "/");
	str_free(&b);
}

/* ---- tasks ---- */

static void add_tasks(struct cgroup *g, int n)
{
	for (; g; g = g->parent) {
		g->pids = (uint64_t)((int64_t)g->pids + n);
		if (g->pids > g->pids_peak)
			g->pids_peak = g->pids;
	}
}

int cgroup_attach(struct cgroup *g, struct task *t)
{
	for (struct cgroup *up = g; up; up = up->parent)
		if (up->pids >= up->limit[LIMIT_PIDS]) {
			up->pids_refused++;
			return -EAGAIN;
		}
	if (g->gone)
		return -ENODEV;
	t->cgroup = cgroup_get(g);
	g->n_tasks++;
	add_tasks(g, 1);
	return 0;
}

void cgroup_detach(struct task *t)
{
	struct cgroup *g = t->cgroup;

	if (!g)
		return;
	t->cgroup = NULL;
	g->n_tasks--;
	add_tasks(g, -1);
	cgroup_put(g);
}

/* "No internal processes": a group that gives controllers to its children holds none. */
static bool takes_tasks(const struct cgroup *g)
{
	return !g->parent || !(g->subtree & ~CG_THREADED);
}

int cgroup_move(struct cgroup *g, struct task *t)
{
	struct cgroup *old = t->cgroup;

	if (g == old)
		return 0;
	if (!takes_tasks(g))
		return -EBUSY;
	if (g->gone)
		return -ENODEV;
	t->cgroup = cgroup_get(g);	/* pids.max doesn't stop those who move */
	g->n_tasks++;
	add_tasks(g, 1);
	if (old) {
		old->n_tasks--;
		add_tasks(old, -1);
		cgroup_put(old);
	}
	return 0;
}

bool cgroup_holds(const struct cgroup *g, const struct task *t)
{
	for (const struct cgroup *at = t->cgroup; at; at = at->parent)
		if (at == g)
			return true;
	return false;
}

/* ---- memory ---- */

static struct task *largest(struct cgroup *g)
{
	struct task *worst = NULL;
	int64_t most = -1;

	for (struct task *t = g->tree->sim->all; t; t = t->all_next) {
		int64_t limit = (int64_t)(g->limit[LIMIT_MEMORY] / 4096);
		int64_t points = (int64_t)(t->charged / 4096) + limit / 1000 * t->oom_adj;
		if (t->external || t->state == T_ZOMBIE || t->exiting || t->oom_adj == -1000 ||
		    t->engine || !cgroup_holds(g, t) || points <= most)
			continue;
		most = points;
		worst = t;
	}
	return worst;
}

static void kill_for_memory(struct cgroup *g, struct task *t)
{
	for (struct cgroup *up = t->cgroup; up && t; up = up->parent)
		up->oom_kills++;
	g->ooms++;
	signal_send(t, SIGKILL, NULL);
}

static bool fits(const struct cgroup *g, int64_t bytes)
{
	return bytes <= 0 || g->memory + (uint64_t)bytes <= g->limit[LIMIT_MEMORY];
}

static void add_memory(struct cgroup *g, int64_t bytes)
{
	for (; g; g = g->parent) {
		g->memory = (uint64_t)((int64_t)g->memory + bytes);
		if (g->memory > g->memory_peak)
			g->memory_peak = g->memory;
	}
}

int cgroup_charge(struct cgroup *g, int64_t bytes, struct task *who)
{
	for (struct cgroup *up = g; up; up = up->parent) {
		if (fits(up, bytes))
			continue;
		up->memory_hits++;
		struct task *victim = largest(up);
		if (!victim)
			return -ENOMEM;
		kill_for_memory(up, victim);
		if (victim == who)
			return -ENOMEM;
		break;			/* its memory is on its way back */
	}
	add_memory(g, bytes);
	return 0;
}

/* ---- processors ---- */

uint64_t cgroup_cpu(struct cgroup *g, uint64_t ns)
{
	uint64_t longest = ns;

	for (; g; g = g->parent) {
		g->cpu_ns += ns;
		if (g->limit[LIMIT_CPU_US] == CGROUP_MAX)
			continue;
		uint64_t quota = g->limit[LIMIT_CPU_US] ? g->limit[LIMIT_CPU_US] : 1;
		uint64_t lasts = ns / quota * g->cpu_period_us +
				 ns % quota * g->cpu_period_us / quota;
		uint64_t periods = lasts / (g->cpu_period_us * 1000);
		g->periods += periods + 1;
		if (lasts <= ns)
			continue;
		g->throttled += periods;
		g->throttled_ns += lasts - ns;
		longest = lasts > longest ? lasts : longest;
	}
	return longest;
}

/* ---- freezing and killing ---- */

bool cgroup_frozen(const struct cgroup *g)
{
	for (; g; g = g->parent)
		if (g->freeze)
			return true;
	return false;
}

void cgroup_freeze(struct cgroup *g, bool on)
{
	g->freeze = on;
	if (on)
		return;
	queue_wake(&g->tree->thaw);
}

struct sim_queue *cgroup_thaw_queue(struct cgroup *g) { return &g->tree->thaw; }

void cgroup_kill(struct cgroup *g)
{
	for (struct task *t = g->tree->sim->all; t; t = t->all_next)
		if (cgroup_holds(g, t))
			signal_send(t, SIGKILL, NULL);
}
