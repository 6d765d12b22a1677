/* cgroup_priv.h - what a group is; shared by cgroup.c and cgroup_file.c. */
#ifndef DRYDOCK_SIM_CGROUP_PRIV_H
#define DRYDOCK_SIM_CGROUP_PRIV_H

#include "sim/cgroup.h"
#include "sim/task.h"

/* Controllers, as bits in the order of cgroup.controllers. */
enum {
	CG_CPUSET = 1, CG_CPU = 2, CG_IO = 4, CG_MEMORY = 8, CG_PIDS = 16, CG_ALL = 31,
	CG_THREADED = CG_CPUSET | CG_CPU | CG_PIDS,
};

enum cg_limit {
	LIMIT_MEMORY, LIMIT_MEMORY_HIGH, LIMIT_MEMORY_LOW, LIMIT_MEMORY_MIN, LIMIT_SWAP,
	LIMIT_PIDS, LIMIT_CPU_US, CG_LIMITS
};
/* Kept as written, and given back. */
enum cg_text { TEXT_CPUS, TEXT_MEMS, TEXT_IO_MAX, CG_TEXTS };

struct cgroup {
	struct cgroup_tree *tree;
	struct cgroup *parent, *children, *next;
	unsigned refs;
	uint64_t id;
	char *name;
	bool gone, freeze, oom_group;
	int controllers, subtree;
	unsigned n_tasks;		/* in it; pids counts those further down, too */
	uint64_t pids, pids_peak, pids_refused;
	uint64_t memory, memory_peak, memory_hits, ooms, oom_kills;
	uint64_t limit[CG_LIMITS];
	uint64_t cpu_ns, cpu_period_us, periods, throttled, throttled_ns;
	uint64_t cpu_weight, io_weight;
	char *text[CG_TEXTS];
};

struct cgroup_tree {
	struct sim *sim;
	struct cgroup *root;
	uint64_t last_id;
	struct sim_queue thaw;		/* frozen tasks wait here */
};

void cgroup_freeze(struct cgroup *g, bool on);
void cgroup_kill(struct cgroup *g);
bool cgroup_holds(const struct cgroup *g, const struct task *t);

#endif
