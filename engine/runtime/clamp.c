/* clamp.c - where this daemon can't give what was asked for, it says so and goes
 * on, where Docker would refuse to start. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/cleanup.h"
#include "runtime/container_limits.h"
#include "runtime/launch_internal.h"

#define CAP_SYS_RESOURCE_BIT 24

static void clamp_caps(const struct host *h, struct spec *s, char ***warnings)
{
	uint64_t known = (h->last_cap < 63 ? 1ull << (h->last_cap + 1) : 0) - 1;
	uint64_t missing = s->caps & known & ~h->caps;
	autostr struct str names = { 0 };

	s->caps &= h->caps;
	for (int cap = 0; cap_name(cap); cap++)
		if (missing >> cap & 1)
			str_addf(&names, " CAP_%s", cap_name(cap));
	if (!names.len)
		return;
	autofree char *text = str_printf("The daemon itself lacks%s: the container runs without.",
					 names.s);
	strv_add(warnings, text);
}

#define NOT_HERE "or the cgroup is not mounted. "

/* Docker's words for what this kernel doesn't do. */
static void drop(bool asked, bool there, const char *words, int64_t *value, char ***warnings)
{
	if (!asked || there)
		return;
	autofree char *text = str_printf("Your kernel does not support %s", words);
	strv_add(warnings, text);
	if (value)
		*value = 0;
}

static void clamp_memory(const struct host *h, struct spec *s, char ***warnings)
{
	bool there = h->cgroup[CG_MEMORY] && (!h->cgroup_v2 || h->memory_v2);
	bool old = there && !h->cgroup_v2;

	drop(s->memory > 0, there, "memory limit capabilities " NOT_HERE "Limitation discarded.",
	     &s->memory, warnings);
	drop(s->memory > 0 && s->memory_swap, h->swap_limit, "swap limit capabilities " NOT_HERE
	     "Memory limited without swap.", &s->memory_swap, warnings);
	drop(s->memory_reservation > 0, there, "memory soft limit capabilities " NOT_HERE
	     "Limitation discarded.", &s->memory_reservation, warnings);
	drop(s->has_swappiness, old, "memory swappiness capabilities " NOT_HERE
	     "Memory swappiness discarded.", NULL, warnings);
	drop(s->no_oom_kill, old, "OomKillDisable. OomKillDisable discarded.", NULL, warnings);
}

static void clamp_limits(const struct host *h, struct spec *s, char ***warnings)
{
	clamp_memory(h, s, warnings);
	drop(s->cpu_quota > 0 || s->cpu_period > 0, h->cgroup[CG_CPU], "CPU CFS scheduler. CPU"
	     " period/quota discarded.", &s->cpu_quota, warnings);
	drop(s->cpu_shares > 0, h->cgroup[CG_CPU], "CPU shares " NOT_HERE "Shares discarded.",
	     &s->cpu_shares, warnings);
	drop(s->pids > 0, h->cgroup[CG_PIDS], "PIDs limit capabilities " NOT_HERE
	     "PIDs limit discarded.", &s->pids, warnings);
	drop(s->cpuset_cpus || s->cpuset_mems, h->cgroup[CG_CPUSET], "cpuset " NOT_HERE
	     "Cpuset discarded.", NULL, warnings);
}

/* Words for each kind, and only once. */
static void clamp_disks(const struct host *h, struct spec *s, char ***warnings)
{
	static const char *const words[BLKIO_KINDS] = {
		[BLKIO_WEIGHT] = "Block I/O weight_device " NOT_HERE "Weight-device discarded.",
		[BLKIO_READ_BPS] = "BPS Block I/O read limit " NOT_HERE
				   "Block I/O BPS read limit discarded.",
		[BLKIO_WRITE_BPS] = "BPS Block I/O write limit " NOT_HERE
				    "Block I/O BPS write limit discarded.",
		[BLKIO_READ_IOPS] = "IOPS Block read limit " NOT_HERE
				    "Block I/O IOPS read limit discarded.",
		[BLKIO_WRITE_IOPS] = "IOPS Block write limit " NOT_HERE
				     "Block I/O IOPS write limit discarded.",
	};
	size_t kept = 0;
	bool said[BLKIO_KINDS] = { false };

	drop(s->blkio_weight > 0, h->blkio_weight, "Block I/O weight " NOT_HERE "Weight discarded.",
	     &s->blkio_weight, warnings);
	for (size_t i = 0; i < s->n_blkio; i++) {
		enum blkio_kind kind = s->blkio[i].kind;
		bool there = kind == BLKIO_WEIGHT ? h->blkio_weight_device != NULL : h->blkio_throttle;
		drop(!said[kind], there, words[kind], NULL, warnings);
		said[kind] = true;
		if (there)
			s->blkio[kept++] = s->blkio[i];
	}
	s->n_blkio = kept;
}

/* Where mounts let devices in (see plan_cgroup.c), rights can't be told apart. */
static void clamp_devices(const struct host *h, struct spec *s, char ***warnings)
{
	for (size_t i = 0; i < s->n_devices && !h->cgroup[CG_DEVICES] && !h->device_program; i++) {
		const struct spec_device *d = &s->devices[i];
		if (strchr(d->rights, 'r') && strchr(d->rights, 'w'))
			continue;
		autofree char *text = str_printf("Device %s can be read and written in the container:"
						 " rights of devices are not told apart on this"
						 " machine.", d->path);
		strv_add(warnings, text);
	}
}

/* Raising a hard limit needs CAP_SYS_RESOURCE, the host's. */
static void clamp_ulimits(const struct host *h, struct spec *s, char ***warnings)
{
	struct rlimit own;

	if (h->caps >> CAP_SYS_RESOURCE_BIT & 1 && !s->userns_fd)
		return;
	for (size_t i = 0; i < s->n_ulimits; i++) {
		struct spec_ulimit *u = &s->ulimits[i];
		if (getrlimit((__rlimit_resource_t)u->resource, &own) < 0 ||
		    u->hard <= own.rlim_max)
			continue;
		autofree char *text = str_printf("A --ulimit is above the daemon's own hard limit; "
						 "%llu is used.",
						 (unsigned long long)own.rlim_max);
		strv_add(warnings, text);
		u->hard = own.rlim_max;
		if (u->soft > u->hard)
			u->soft = u->hard;
	}
}

int launch_refuse(struct launcher *l, const struct spec *s, struct err *e)
{
	const struct host *h = l->host;
	const struct { bool asked, there; const char *what; } limits[] = {
		{ s->memory > 0 || s->memory_reservation > 0, h->cgroup[CG_MEMORY], "memory" },
		{ s->cpu_quota > 0 || s->cpu_shares > 0, h->cgroup[CG_CPU], "cpu" },
		{ s->cpuset_cpus || s->cpuset_mems, h->cgroup[CG_CPUSET], "cpuset" },
		{ s->pids > 0, h->cgroup[CG_PIDS], "pids" },
		{ s->blkio_weight > 0 || s->n_blkio, h->cgroup[CG_BLKIO], "io" },
	};

	for (size_t i = 0; h->rootless && i < ARRAY_SIZE(limits); i++) {
		if (!limits[i].asked || limits[i].there)
			continue;
		err_set(e, EINVAL, "limit %s: your user has no control group for it", limits[i].what);
		return err_hint(e, "start the daemon by `systemd-run --user --scope -p Delegate=yes`"
				" (with cgroup v2), or as root");
	}
	return 0;
}

void launch_clamp(struct launcher *l, struct spec *s, char ***warnings)
{
	clamp_caps(l->host, s, warnings);
	clamp_limits(l->host, s, warnings);
	clamp_disks(l->host, s, warnings);
	clamp_devices(l->host, s, warnings);
	clamp_ulimits(l->host, s, warnings);
}
