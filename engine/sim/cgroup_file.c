/* cgroup_file.c - the files of a control group (cgroup-v2, kernel documentation): what is
 * read, what may be written, and which group has which, as one table. */
#include "sim/cgroup_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

struct file {
	const char *name;
	int controller;			/* 0: every group has it */
	bool root;			/* the root group, too */
	void (*read)(struct task *who, const struct cgroup *g, int arg, struct str *out);
	long (*write)(struct task *who, struct cgroup *g, int arg, char *text);
	int arg;
};

static const char *const controller_names[] = { "cpuset", "cpu", "io", "memory", "pids" };

/* ---- reading ---- */

static void add_number(struct str *out, uint64_t n)
{
	if (n == CGROUP_MAX)
		str_add(out, "max");
	else
		str_addf(out, "%llu", (unsigned long long)n);
	str_add(out, "\n");
}

static void add_names(struct str *out, int bits)
{
	size_t begin = out->len;

	for (size_t i = 0; i < ARRAY_SIZE(controller_names); i++)
		if (bits >> i & 1)
			str_addf(out, "%s%s", out->len > begin ? " " : "", controller_names[i]);
	str_add(out, "\n");
}

static void read_procs(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	for (struct task *t = g->tree->sim->all; t; t = t->all_next)
		if (t->cgroup == g && !t->external)
			str_addf(out, "%d\n", pid_in(t->pid, ns_of(who, NS_PID)));
}

static void read_controllers(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	add_names(out, g->controllers);
}

static void read_subtree(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	add_names(out, g->subtree);
}

static void read_type(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	str_add(out, "domain\n");
}

static void read_events(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	str_addf(out, "populated %d\nfrozen %d\n", g->pids > 0, cgroup_frozen(g));
}

static void read_freeze(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	add_number(out, g->freeze);
}

static void read_limit(struct task *who, const struct cgroup *g, int which, struct str *out)
{
	add_number(out, g->limit[which]);
}

enum count { COUNT_MEMORY, COUNT_MEMORY_PEAK, COUNT_PIDS, COUNT_PIDS_PEAK, COUNT_NONE,
	     COUNT_CPU_WEIGHT, COUNT_OOM_GROUP };

static void read_count(struct task *who, const struct cgroup *g, int which, struct str *out)
{
	const uint64_t counts[] = { g->memory, g->memory_peak, g->pids, g->pids_peak, 0,
				    g->cpu_weight, g->oom_group };

	add_number(out, counts[which]);
}

static void read_memory_events(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	str_addf(out, "low 0\nhigh 0\nmax %llu\noom %llu\noom_kill %llu\noom_group_kill 0\n",
		 (unsigned long long)g->memory_hits, (unsigned long long)g->ooms,
		 (unsigned long long)g->oom_kills);
}

static void read_memory_stat(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	str_addf(out, "anon %llu\nfile 0\nkernel 0\nshmem 0\nactive_anon %llu\ninactive_anon 0\n"
		 "active_file 0\ninactive_file 0\n", (unsigned long long)g->memory,
		 (unsigned long long)g->memory);
}

static void read_pids_events(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	str_addf(out, "max %llu\n", (unsigned long long)g->pids_refused);
}

static void read_cpu_max(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	if (g->limit[LIMIT_CPU_US] == CGROUP_MAX)
		str_addf(out, "max %llu\n", (unsigned long long)g->cpu_period_us);
	else
		str_addf(out, "%llu %llu\n", (unsigned long long)g->limit[LIMIT_CPU_US],
			 (unsigned long long)g->cpu_period_us);
}

static void read_cpu_stat(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	unsigned long long us = g->cpu_ns / 1000;

	str_addf(out, "usage_usec %llu\nuser_usec %llu\nsystem_usec %llu\n", us, us - us / 4, us / 4);
	if (g->parent)
		str_addf(out, "nr_periods %llu\nnr_throttled %llu\nthrottled_usec %llu\n",
			 (unsigned long long)g->periods, (unsigned long long)g->throttled,
			 (unsigned long long)(g->throttled_ns / 1000));
}

static void read_text(struct task *who, const struct cgroup *g, int which, struct str *out)
{
	if (g->text[which])
		str_addf(out, "%s\n", g->text[which]);
	else if (which != TEXT_IO_MAX)
		str_add(out, "\n");
}

/* What is in force: the nearest group's above that says something. */
static void read_effective(struct task *who, const struct cgroup *g, int which, struct str *out)
{
	while (g && !(g->text[which] && *g->text[which]))
		g = g->parent;
	str_addf(out, "%s\n", g ? g->text[which] : which == TEXT_CPUS ? "0-1" : "0");
}

static void read_io_weight(struct task *who, const struct cgroup *g, int arg, struct str *out)
{
	str_addf(out, "default %llu\n", (unsigned long long)g->io_weight);
}

static void read_nothing(struct task *who, const struct cgroup *g, int arg, struct str *out) {}

/* ---- writing ---- */

/* "max", a number, or one with K, M, G (memory). */
static int parse(const char *text, bool sizes, uint64_t *out)
{
	char *end;

	if (strcmp(text, "max") == 0) {
		*out = CGROUP_MAX;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -EINVAL;
	*out = strtoull(text, &end, 10);
	const char *unit = sizes && *end ? strchr("kKmMgG", *end) : NULL;
	if (unit) {
		*out <<= 10 * ((unit - "kKmMgG") / 2 + 1);
		end++;
	}
	return *end ? -EINVAL : 0;
}

static long write_procs(struct task *who, struct cgroup *g, int arg, char *text)
{
	uint64_t nr;

	if (parse(text, false, &nr) < 0 || nr == CGROUP_MAX)
		return -EINVAL;
	struct task *t = nr ? task_find(g->tree->sim, ns_of(who, NS_PID), (int)nr) : who;
	if (!t || t->state == T_ZOMBIE)
		return -ESRCH;
	return cgroup_move(g, t);
}

static int controller_bit(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(controller_names); i++)
		if (strcmp(controller_names[i], name) == 0)
			return 1 << i;
	return 0;
}

static long check_subtree(const struct cgroup *g, int on, int off)
{
	if (on & ~g->controllers)
		return -ENOENT;
	for (const struct cgroup *c = g->children; c; c = c->next)
		if (c->subtree & off)
			return -EBUSY;
	if (on & ~CG_THREADED && g->parent && g->n_tasks)
		return -EBUSY;
	return 0;
}

static long write_subtree(struct task *who, struct cgroup *g, int arg, char *text)
{
	int on = 0, off = 0;
	char *save = NULL;

	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		int bit = controller_bit(w + 1);
		if (!bit || (*w != '+' && *w != '-'))
			return -EINVAL;
		on = *w == '+' ? on | bit : on & ~bit;
		off = *w == '-' ? off | bit : off & ~bit;
	}
	long r = check_subtree(g, on, off);
	if (r < 0)
		return r;
	g->subtree = (g->subtree | on) & ~off;
	for (struct cgroup *c = g->children; c; c = c->next)
		c->controllers = g->subtree;
	return 0;
}

static long write_freeze(struct task *who, struct cgroup *g, int arg, char *text)
{
	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return -ERANGE;
	cgroup_freeze(g, *text == '1');
	return 0;
}

static long write_kill(struct task *who, struct cgroup *g, int arg, char *text)
{
	if (strcmp(text, "1") != 0)
		return -ERANGE;
	cgroup_kill(g);
	return 0;
}

static long write_limit(struct task *who, struct cgroup *g, int which, char *text)
{
	uint64_t n;

	if (parse(text, which != LIMIT_PIDS, &n) < 0)
		return -EINVAL;
	g->limit[which] = n == CGROUP_MAX || which == LIMIT_PIDS ? n : n & ~4095ull;
	if (which == LIMIT_MEMORY)
		cgroup_charge(g, 0, NULL);
	return 0;
}

static long write_cpu_max(struct task *who, struct cgroup *g, int arg, char *text)
{
	uint64_t quota, period = g->cpu_period_us;
	char *space = strchr(text, ' ');

	if (space)
		*space = '\0';
	if (parse(text, false, &quota) < 0 || (space && parse(space + 1, false, &period) < 0) ||
	    quota < 1000 || period < 1000 || period > 1000000)
		return -EINVAL;
	g->limit[LIMIT_CPU_US] = quota;
	g->cpu_period_us = period;
	return 0;
}

static long write_weight(struct task *who, struct cgroup *g, int arg, char *text)
{
	uint64_t n;

	if (parse(text, false, &n) < 0)
		return -EINVAL;
	if (n < 1 || n > 10000)
		return -ERANGE;
	g->cpu_weight = n;
	return 0;
}

static long write_io_weight(struct task *who, struct cgroup *g, int arg, char *text)
{
	uint64_t n;
	const char *value = strncmp(text, "default ", 8) == 0 ? text + 8 : text;

	if (strchr(value, ':'))
		return 0;	/* one disk's: there is none to weigh */
	if (parse(value, false, &n) < 0 || n < 1 || n > 10000)
		return -EINVAL;
	g->io_weight = n;
	return 0;
}

static long write_text(struct task *who, struct cgroup *g, int which, char *text)
{
	free(g->text[which]);
	g->text[which] = str_dup(text);
	return 0;
}

static long write_oom_group(struct task *who, struct cgroup *g, int arg, char *text)
{
	g->oom_group = strcmp(text, "1") == 0;
	return 0;
}

/* ---- the table ---- */

static const struct file files[] = {
	{ "cgroup.procs", 0, true, read_procs, write_procs },
	{ "cgroup.threads", 0, true, read_procs, write_procs },
	{ "cgroup.controllers", 0, true, read_controllers, NULL },
	{ "cgroup.subtree_control", 0, true, read_subtree, write_subtree },
	{ "cgroup.type", 0, false, read_type, NULL },
	{ "cgroup.events", 0, false, read_events, NULL },
	{ "cgroup.freeze", 0, false, read_freeze, write_freeze },
	{ "cgroup.kill", 0, false, read_nothing, write_kill },
	{ "cpu.stat", 0, true, read_cpu_stat, NULL },
	{ "cpu.max", CG_CPU, false, read_cpu_max, write_cpu_max },
	{ "cpu.weight", CG_CPU, false, read_count, write_weight, COUNT_CPU_WEIGHT },
	{ "cpuset.cpus", CG_CPUSET, false, read_text, write_text, TEXT_CPUS },
	{ "cpuset.cpus.effective", CG_CPUSET, true, read_effective, NULL, TEXT_CPUS },
	{ "cpuset.mems", CG_CPUSET, false, read_text, write_text, TEXT_MEMS },
	{ "cpuset.mems.effective", CG_CPUSET, true, read_effective, NULL, TEXT_MEMS },
	{ "io.max", CG_IO, false, read_text, write_text, TEXT_IO_MAX },
	{ "io.stat", CG_IO, true, read_nothing, NULL },
	{ "io.weight", CG_IO, false, read_io_weight, write_io_weight },
	{ "memory.current", CG_MEMORY, false, read_count, NULL, COUNT_MEMORY },
	{ "memory.peak", CG_MEMORY, false, read_count, NULL, COUNT_MEMORY_PEAK },
	{ "memory.min", CG_MEMORY, false, read_limit, write_limit, LIMIT_MEMORY_MIN },
	{ "memory.low", CG_MEMORY, false, read_limit, write_limit, LIMIT_MEMORY_LOW },
	{ "memory.high", CG_MEMORY, false, read_limit, write_limit, LIMIT_MEMORY_HIGH },
	{ "memory.max", CG_MEMORY, false, read_limit, write_limit, LIMIT_MEMORY },
	{ "memory.events", CG_MEMORY, false, read_memory_events, NULL },
	{ "memory.oom.group", CG_MEMORY, false, read_count, write_oom_group, COUNT_OOM_GROUP },
	{ "memory.stat", CG_MEMORY, true, read_memory_stat, NULL },
	{ "memory.swap.current", CG_MEMORY, false, read_count, NULL, COUNT_NONE },
	{ "memory.swap.max", CG_MEMORY, false, read_limit, write_limit, LIMIT_SWAP },
	{ "pids.current", CG_PIDS, false, read_count, NULL, COUNT_PIDS },
	{ "pids.events", CG_PIDS, false, read_pids_events, NULL },
	{ "pids.max", CG_PIDS, false, read_limit, write_limit, LIMIT_PIDS },
	{ "pids.peak", CG_PIDS, false, read_count, NULL, COUNT_PIDS_PEAK },
};

static bool has(const struct cgroup *g, const struct file *f)
{
	return (g->parent || f->root) && (f->controller & g->controllers) == f->controller;
}

const char *cgroup_file(const struct cgroup *g, size_t i)
{
	for (size_t f = 0; f < ARRAY_SIZE(files); f++)
		if (has(g, &files[f]) && i-- == 0)
			return files[f].name;
	return NULL;
}

static const struct file *find(const struct cgroup *g, const char *name)
{
	for (size_t f = 0; f < ARRAY_SIZE(files); f++)
		if (strcmp(files[f].name, name) == 0 && has(g, &files[f]))
			return &files[f];
	return NULL;
}

long cgroup_read(struct task *who, struct cgroup *g, const char *name, struct str *out)
{
	const struct file *f = find(g, name);

	if (!f)
		return -ENOENT;
	f->read(who, g, f->arg, out);
	return 0;
}

long cgroup_write(struct task *who, struct cgroup *g, const char *name, const char *text)
{
	const struct file *f = find(g, name);

	if (!f)
		return -ENOENT;
	if (!f->write)
		return -EACCES;
	autofree char *copy = str_dup(text);
	size_t n = strlen(copy);
	while (n > 0 && strchr(" \n", copy[n - 1]))
		copy[--n] = '\0';
	long r = f->write(who, g, f->arg, copy);
	return r < 0 ? r : (long)strlen(text);
}
