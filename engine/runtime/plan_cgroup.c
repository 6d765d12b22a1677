/* plan_cgroup.c - the control group that counts and limits a container.
 *
 * Two generations of the interface exist, and machines with both (hybrid):
 *
 *   v1: one tree a controller.  A group is made in each tree that is needed, and
 *   the child joins by writing "0" to its `tasks`: unlike a write to
 *   cgroup.procs this needs no lock of the whole kernel (measured: 54 µs
 *   against 5 ms after a quiet moment).
 *
 *   v2: one tree for all.  clone3 can put the child there at birth
 *   (CLONE_INTO_CGROUP), so that it never runs anywhere else.
 *
 * A limit that the kernel doesn't take never stops a start: the write's error
 * is in the trace, and launch_clamp() has warned already where it could know.
 *
 * Device rules: with v1 every container joins the one `devices` group that
 * host.c prepared.  v2 has no such file (only a BPF program could do it): there,
 * and wherever that controller is missing, plan_nodev() is true and no mount of
 * the container lets devices be opened, but for the few in /dev.  So it is for those
 * with devices of the host (--device), which that one group couldn't tell apart.
 */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "core/cleanup.h"

#define VALUE_MAX 64

/* ---- the limits, as files and values ---- */

static void text_number(char *out, int64_t n)
{
	snprintf(out, VALUE_MAX, "%" PRId64, n);
}

static void value_memory(const struct spec *s, bool v2, char *out)
{
	if (s->memory > 0)
		text_number(out, s->memory);
}

static void value_reservation(const struct spec *s, bool v2, char *out)
{
	if (s->memory_reservation > 0)
		text_number(out, s->memory_reservation);
}

/* Docker counts memory and swap together and allows as much swap as memory if
 * nothing is said; v2 counts swap alone. */
static void value_swap(const struct spec *s, bool v2, char *out)
{
	int64_t both = s->memory_swap ? s->memory_swap : 2 * s->memory;

	if (s->memory <= 0)
		return;
	if (both < 0)
		snprintf(out, VALUE_MAX, v2 ? "max" : "-1");
	else
		text_number(out, v2 ? both - s->memory : both);
}

/* v1 counts shares from 2 to 262144, v2 weights from 1 to 10000. */
static void value_shares(const struct spec *s, bool v2, char *out)
{
	if (s->cpu_shares > 0)
		text_number(out, v2 ? 1 + (s->cpu_shares - 2) * 9999 / 262142 : s->cpu_shares);
}

static void value_period(const struct spec *s, bool v2, char *out)
{
	if (s->cpu_period > 0 && !v2)
		text_number(out, s->cpu_period);
}

static void value_quota(const struct spec *s, bool v2, char *out)
{
	int64_t period = s->cpu_period > 0 ? s->cpu_period : 100000;

	if (s->cpu_quota > 0 && v2)
		snprintf(out, VALUE_MAX, "%" PRId64 " %" PRId64, s->cpu_quota, period);
	else if (s->cpu_quota > 0)
		text_number(out, s->cpu_quota);
}

static void value_pids(const struct spec *s, bool v2, char *out)
{
	if (s->pids > 0)
		text_number(out, s->pids);
	else if (s->pids < 0)
		snprintf(out, VALUE_MAX, "max");
}

/* v1 refuses tasks in a cpuset that has no cpus or no memory nodes: host.c made
 * new groups inherit them (cgroup.clone_children). */
static void value_cpus(const struct spec *s, bool v2, char *out)
{
	if (s->cpuset_cpus)
		snprintf(out, VALUE_MAX, "%s", s->cpuset_cpus);
}

static void value_mems(const struct spec *s, bool v2, char *out)
{
	if (s->cpuset_mems)
		snprintf(out, VALUE_MAX, "%s", s->cpuset_mems);
}

static void value_swappiness(const struct spec *s, bool v2, char *out)
{
	if (s->has_swappiness)
		text_number(out, s->swappiness);
}

static void value_oom(const struct spec *s, bool v2, char *out)
{
	if (s->no_oom_kill)
		text_number(out, 1);
}

static const struct limit {
	enum cg cg;
	const char *v1, *v2;	/* the file; NULL: no such thing there */
	void (*value)(const struct spec *s, bool v2, char *out);
} limits[] = {
	{ CG_MEMORY, "memory.limit_in_bytes", "memory.max", value_memory },
	{ CG_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max", value_swap },
	{ CG_MEMORY, "memory.soft_limit_in_bytes", "memory.low", value_reservation },
	{ CG_MEMORY, "memory.swappiness", NULL, value_swappiness },
	{ CG_MEMORY, "memory.oom_control", NULL, value_oom },
	{ CG_CPU, "cpu.shares", "cpu.weight", value_shares },
	{ CG_CPU, "cpu.cfs_period_us", NULL, value_period },
	{ CG_CPU, "cpu.cfs_quota_us", "cpu.max", value_quota },
	{ CG_PIDS, "pids.max", "pids.max", value_pids },
	{ CG_CPUSET, "cpuset.cpus", "cpuset.cpus", value_cpus },
	{ CG_CPUSET, "cpuset.mems", "cpuset.mems", value_mems },
};

void plan_cgroup_limits(const struct plan_input *in,
			void (*fn)(void *arg, const char *path, const char *value), void *arg)
{
	bool v2 = in->host->cgroup_v2;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct limit *l = &limits[i];
		const char *file = v2 ? l->v2 : l->v1;
		char value[VALUE_MAX] = "";
		l->value(in->spec, v2, value);
		if (!value[0] || !file || !in->host->cgroup[l->cg])
			continue;
		if (strcmp(file, "memory.memsw.limit_in_bytes") == 0 && !in->host->swap_limit)
			continue;
		autofree char *path = str_printf("%s/%s/%s", in->host->cgroup[l->cg],
						 in->spec->cgroup, file);
		fn(arg, path, value);
	}
}

static void add_limit(void *builder, const char *path, const char *value)
{
	struct plan_builder *p = builder;
	plan_add(p, K_WRITE_FILE, WHY_CG_LIMIT, TEXT(path), TEXT(value));
	plan_expect(p, PLAN_ANY_ERRNO, -1);
}

/* ---- the groups ---- */

static bool wants_cpu(const struct spec *s)
{
	return s->cpu_shares > 0 || s->cpu_period > 0 || s->cpu_quota > 0;
}

/* v1: each group costs a fifth of a millisecond, so only those that count
 * something docker stats shows, or that carry a limit. */
bool plan_cgroup_used(const struct spec *s, const struct host *h, int cg)
{
	if (!h->cgroup[cg])
		return false;
	if (h->cgroup_v2)
		return cg == CG_MEMORY;		/* stands for the one tree */
	for (int i = 0; i < cg; i++)		/* cpu and cpuacct may share a tree */
		if (h->cgroup[i] && !strcmp(h->cgroup[i], h->cgroup[cg]) &&
		    plan_cgroup_used(s, h, i))
			return false;
	switch (cg) {
	case CG_CPU: return wants_cpu(s);
	case CG_CPUSET: return s->cpuset_cpus || s->cpuset_mems;
	case CG_DEVICES: return false;
	default: return true;
	}
}

static void make_group(struct plan_builder *p, const char *tree, const char *group)
{
	const char *slash = strrchr(group, '/');
	autofree char *path = str_printf("%s/%s", tree, group);

	if (slash) {
		autofree char *parent = str_printf("%s/%.*s", tree, (int)(slash - group), group);
		plan_add(p, K_CG_MKDIR, WHY_CG_MAKE, TEXT(parent), INT(0755));
		plan_expect(p, EEXIST, -1);
	}
	plan_add(p, K_CG_MKDIR, WHY_CG_MAKE, TEXT(path), INT(0755));
	plan_undo_by(p, K_CG_RMDIR, WHY_CG_REMOVE, TEXT(path));
}

void plan_cgroup_make(struct plan_builder *p, const struct plan_input *in)
{
	for (int cg = 0; cg < CG_COUNT; cg++)
		if (plan_cgroup_used(in->spec, in->host, cg))
			make_group(p, in->host->cgroup[cg], in->spec->cgroup);
	plan_cgroup_limits(in, add_limit, p);
}

void plan_cgroup_open(struct plan_builder *p, const struct plan_input *in)
{
	if (!in->host->cgroup_v2 || !in->host->cgroup[CG_MEMORY])
		return;
	p->cgroup = plan_slot(p, "cgroup");
	autofree char *path = str_printf("%s/%s", in->host->cgroup[CG_MEMORY], in->spec->cgroup);
	plan_add(p, K_OPEN, WHY_CG_JOIN, INT(AT_FDCWD), TEXT(path),
		 INT(O_RDONLY | O_DIRECTORY | O_CLOEXEC), INT(0));
	plan_into(p, p->cgroup);
}

/* Done by the child itself, before the host's tree is out of reach.  With v2 clone has
 * done it, and the child lets go of the group's directory: a descriptor into the
 * host's tree would be a way out for a program whose working directory is
 * /proc/self/fd/N, closed too late by execve alone (CVE-2024-21626). */
void plan_cgroup_join(struct plan_builder *p, const struct plan_input *in)
{
	if (p->cgroup)
		plan_add(p, K_CLOSE, WHY_EXEC_CLOSE, SLOT(p->cgroup));
	if (in->host->cgroup_v2)
		return;
	for (int cg = 0; cg < CG_COUNT; cg++) {
		const char *tree = in->host->cgroup[cg];
		bool devices = cg == CG_DEVICES && tree && !in->spec->privileged && !plan_nodev(in);
		if (!devices && !plan_cgroup_used(in->spec, in->host, cg))
			continue;
		autofree char *path = str_printf("%s/%s/tasks", tree,
						 devices ? "drydock" : in->spec->cgroup);
		plan_add(p, K_WRITE_FILE, WHY_CG_JOIN, TEXT(path), TEXT("0"));
	}
}

bool plan_nodev(const struct plan_input *in)
{
	return !in->spec->privileged && (!in->host->cgroup[CG_DEVICES] || in->spec->n_devices);
}

/* ---- what the container sees of them ---- */

#define CG_MOUNT_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

static void mount_v1(struct plan_builder *p, const struct plan_input *in, int cg)
{
	const char *opts = in->host->cgroup_opts[cg];
	autofree char *path = str_printf("/sys/fs/cgroup/%s", opts);

	plan_add(p, K_MKDIR, WHY_ROOT_CGROUP, INT(AT_FDCWD), TEXT(path), INT(0755));
	plan_add(p, K_MOUNT, WHY_ROOT_CGROUP, TEXT("cgroup"), TEXT(path), TEXT("cgroup"),
		 INT(CG_MOUNT_FLAGS), TEXT(opts));
}

void plan_cgroup_mounts(struct plan_builder *p, const struct plan_input *in)
{
	const char *top = "/sys/fs/cgroup";

	if (in->spec->cgroup_mode != NS_PRIVATE || !in->host->cgroup[CG_MEMORY])
		return;
	if (in->host->cgroup_v2) {
		plan_add(p, K_MOUNT, WHY_ROOT_CGROUP, TEXT("cgroup"), TEXT(top),
			 TEXT("cgroup2"), INT(CG_MOUNT_FLAGS), NOTEXT);
		return;
	}
	plan_add(p, K_MOUNT, WHY_ROOT_CGROUP, TEXT("tmpfs"), TEXT(top), TEXT("tmpfs"),
		 INT(MS_NOSUID | MS_NODEV | MS_NOEXEC), TEXT("mode=755"));
	for (int cg = 0; cg < CG_COUNT; cg++)
		if (cg != CG_FREEZER && plan_cgroup_used(in->spec, in->host, cg))
			mount_v1(p, in, cg);
	plan_add(p, K_MOUNT, WHY_ROOT_CGROUP, NOTEXT, TEXT(top), NOTEXT,
		 INT(CG_MOUNT_FLAGS | MS_REMOUNT | MS_BIND), NOTEXT);
}
