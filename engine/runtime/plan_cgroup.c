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
 * host.c prepared; those with devices or rules of their own get a group for it.  That
 * one lies beside the prepared one, since a group can't be allowed what the one above
 * it isn't.  v2 has no such file: there a program made from the same rules is attached to
 * the container's group (device_rules.c).  Where neither can be had plan_nodev() is true,
 * and no mount of the container lets devices be opened, but for the few in /dev and those
 * of --device.
 *
 * Groups above (--cgroup-parent) that are missing are made, go again with the container
 * that made them if they are empty then, and stay as they are if they were there.
 */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "runtime/device_rules.h"

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

typedef void (*limit_fn)(void *arg, const char *path, const char *value);

static void disk_limit(const struct plan_input *in, const char *file, const char *value,
		       limit_fn fn, void *arg)
{
	autofree char *path = str_printf("%s/%s/%s", in->host->cgroup[CG_BLKIO],
					 in->spec->cgroup, file);
	fn(arg, path, value);
}

/* Docker counts weights from 10 to 1000, as v1 and BFQ do; io.weight goes from 1 to 10000. */
static uint64_t disk_weight(const struct host *h, uint64_t weight)
{
	return strcmp(h->blkio_weight, "io.weight") ? weight : 1 + (weight - 10) * 9999 / 990;
}

/* v1 has a file for each kind of rate, v2 a word of io.max. */
static void disk_rate(const struct plan_input *in, const struct spec_blkio *b, limit_fn fn,
		      void *arg)
{
	static const struct { const char *file, *word; } rates[BLKIO_KINDS] = {
		[BLKIO_READ_BPS] = { "blkio.throttle.read_bps_device", "rbps=" },
		[BLKIO_WRITE_BPS] = { "blkio.throttle.write_bps_device", "wbps=" },
		[BLKIO_READ_IOPS] = { "blkio.throttle.read_iops_device", "riops=" },
		[BLKIO_WRITE_IOPS] = { "blkio.throttle.write_iops_device", "wiops=" },
	};
	const struct host *h = in->host;
	bool weight = b->kind == BLKIO_WEIGHT, v2 = h->cgroup_v2;
	char value[VALUE_MAX];

	if (weight ? !h->blkio_weight_device : !h->blkio_throttle)
		return;
	snprintf(value, sizeof(value), "%u:%u %s%" PRIu64, major(b->dev), minor(b->dev),
		 !weight && v2 ? rates[b->kind].word : "",
		 weight ? disk_weight(h, b->value) : b->value);
	disk_limit(in, weight ? h->blkio_weight_device : v2 ? "io.max" : rates[b->kind].file,
		   value, fn, arg);
}

static void disk_limits(const struct plan_input *in, limit_fn fn, void *arg)
{
	const struct spec *s = in->spec;
	char value[VALUE_MAX];

	if (!in->host->cgroup[CG_BLKIO])
		return;
	if (s->blkio_weight > 0 && in->host->blkio_weight) {
		snprintf(value, sizeof(value), "%" PRIu64,
			 disk_weight(in->host, (uint64_t)s->blkio_weight));
		disk_limit(in, in->host->blkio_weight, value, fn, arg);
	}
	for (size_t i = 0; i < s->n_blkio; i++)
		disk_rate(in, &s->blkio[i], fn, arg);
}

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
	disk_limits(in, fn, arg);
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
	case CG_DEVICES: return false;		/* see own_rules() */
	case CG_BLKIO: return s->blkio_weight > 0 || s->n_blkio;
	default: return true;
	}
}

/* A file of a new group above the container's: not all of them take it. */
static void fill(struct plan_builder *p, const char *group, const char *file, const char *text)
{
	autofree char *path = str_printf("%s/%s", group, file);
	plan_add(p, K_WRITE_FILE, WHY_CG_MAKE, TEXT(path), TEXT(text));
	plan_expect(p, PLAN_ANY_ERRNO, -1);
}

/* What the groups below need: on v2 their controllers, on v1 a cpuset that isn't empty. */
static void prepare_above(struct plan_builder *p, const struct host *h, const char *tree,
			  const char *group)
{
	static const struct { enum cg cg; const char *text; } controllers[] = {
		{ CG_MEMORY, "+memory" }, { CG_PIDS, "+pids" }, { CG_CPU, "+cpu" },
		{ CG_CPUSET, "+cpuset" }, { CG_BLKIO, "+io" },
	};

	for (size_t i = 0; h->cgroup_v2 && i < ARRAY_SIZE(controllers); i++)
		if (h->cgroup[controllers[i].cg])
			fill(p, group, "cgroup.subtree_control", controllers[i].text);
	if (h->cgroup_v2 || !h->cgroup[CG_CPUSET] || strcmp(tree, h->cgroup[CG_CPUSET]))
		return;
	if (h->cpus)
		fill(p, group, "cpuset.cpus", h->cpus);
	if (h->mems)
		fill(p, group, "cpuset.mems", h->mems);
	fill(p, group, "cgroup.clone_children", "1");
}

static void make_above(struct plan_builder *p, const struct host *h, const char *tree,
		       const char *group)
{
	autofree char *path = str_printf("%s/%s", tree, group);
	int there = plan_label(p);

	plan_add(p, K_CG_MKDIR, WHY_CG_MAKE, TEXT(path), INT(0755));
	plan_expect(p, EEXIST, there);
	if (strcmp(group, "drydock")) {
		plan_undo_by(p, K_CG_RMDIR, WHY_CG_REMOVE, TEXT(path));
		prepare_above(p, h, tree, path);
	}
	plan_here(p, there);
}

static void make_group(struct plan_builder *p, const struct host *h, const char *tree,
		       const char *group)
{
	autofree char *path = str_printf("%s/%s", tree, group);

	for (const char *at = group; (at = strchr(at, '/')); at++) {
		autofree char *above = str_printf("%.*s", (int)(at - group), group);
		make_above(p, h, tree, above);
	}
	plan_add(p, K_CG_MKDIR, WHY_CG_MAKE, TEXT(path), INT(0755));
	plan_undo_by(p, K_CG_RMDIR, WHY_CG_REMOVE, TEXT(path));
}

/* The group in the tree of devices that it joins, or NULL: where the daemon is. */
static const char *device_group(const struct plan_input *in)
{
	if (in->host->cgroup_v2 || !in->host->cgroup[CG_DEVICES])
		return NULL;
	return in->spec->device_group ? in->spec->device_group :
	       in->spec->privileged ? NULL : "drydock";
}

/* What this container asked for must be so, or it doesn't start. */
static void own_rules(struct plan_builder *p, const struct plan_input *in)
{
	const struct spec *s = in->spec;
	const char *tree = in->host->cgroup[CG_DEVICES];

	if (!device_group(in) || !s->device_group)
		return;
	make_group(p, in->host, tree, s->device_group);
	if (s->privileged)
		return;
	autofree char *deny = str_printf("%s/%s/devices.deny", tree, s->device_group);
	autofree char *allow = str_printf("%s/%s/devices.allow", tree, s->device_group);
	plan_add(p, K_WRITE_FILE, WHY_CG_LIMIT, TEXT(deny), TEXT("a"));
	char **rules = device_rules_of(s);
	const char *const *of_all = device_rules_default;	/* they come first */
	for (int i = 0; rules[i]; i++) {
		plan_add(p, K_WRITE_FILE, WHY_CG_LIMIT, TEXT(allow), TEXT(rules[i]));
		if (*of_all && of_all++)
			plan_expect(p, PLAN_ANY_ERRNO, -1);
	}
	strv_free(rules);
}

void plan_cgroup_make(struct plan_builder *p, const struct plan_input *in)
{
	for (int cg = 0; cg < CG_COUNT; cg++)
		if (plan_cgroup_used(in->spec, in->host, cg))
			make_group(p, in->host, in->host->cgroup[cg], in->spec->cgroup);
	own_rules(p, in);
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

void plan_cgroup_devices(struct plan_builder *p, const struct plan_input *in)
{
	if (!p->cgroup || !in->host->device_program || in->spec->privileged)
		return;
	int loaded = plan_slot(p, "device program");
	autofree struct device_program *program = mem_alloc(sizeof(*program));
	char **rules = device_rules_of(in->spec);

	if (device_program(rules, program) < 0)
		p->overflow = "rules of devices", p->most = DEVICE_PROGRAM_MAX / 9;
	strv_free(rules);
	plan_add(p, K_BPF_LOAD, WHY_CG_DEVICE_PROGRAM,
		 HEAP(plan_filter(p, program->insn, program->len, sizeof(*program->insn))));
	plan_into(p, loaded);
	plan_add(p, K_BPF_ATTACH, WHY_CG_DEVICE_RULES, SLOT(p->cgroup), SLOT(loaded),
		 INT(BPF_F_ALLOW_MULTI));
	plan_add(p, K_CLOSE, WHY_TABLE, SLOT(loaded));
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
		const char *group = cg == CG_DEVICES ? device_group(in) :
				    plan_cgroup_used(in->spec, in->host, cg) ? in->spec->cgroup : NULL;
		if (!group)
			continue;
		autofree char *path = str_printf("%s/%s/tasks", tree, group);
		plan_add(p, K_WRITE_FILE, WHY_CG_JOIN, TEXT(path), TEXT("0"));
	}
}

bool plan_nodev(const struct plan_input *in)
{
	/* In a user namespace the kernel sees to it: no device can be made or opened there. */
	return !in->spec->privileged && !in->host->cgroup[CG_DEVICES] &&
	       !in->host->device_program && !in->host->rootless;
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
