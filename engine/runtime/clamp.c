/* clamp.c - where this daemon can't give what was asked for, it says so and goes
 * on, where Docker would refuse to start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/cleanup.h"
#include "runtime/launch_internal.h"

#define CAP_SYS_RESOURCE_BIT 24

static const char *const cap_names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID",
	"SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST",
	"NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
	"SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE",
	"AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM",
	"BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
};

static void clamp_caps(const struct host *h, struct spec *s, char ***warnings)
{
	uint64_t known = (h->last_cap < 63 ? 1ull << (h->last_cap + 1) : 0) - 1;
	uint64_t missing = s->caps & known & ~h->caps;
	autostr struct str names = { 0 };

	s->caps &= h->caps;
	for (size_t i = 0; i < ARRAY_SIZE(cap_names); i++)
		if (missing >> i & 1)
			str_addf(&names, " CAP_%s", cap_names[i]);
	if (!names.len)
		return;
	autofree char *text = str_printf("The daemon itself lacks%s: the container runs without.",
					 names.s);
	strv_add(warnings, text);
}

static void drop(bool asked, bool there, const char *what, int64_t *value, char ***warnings)
{
	if (!asked || there)
		return;
	autofree char *text = str_printf("This machine's kernel can't limit %s here. "
					 "Limitation discarded.", what);
	strv_add(warnings, text);
	if (value)
		*value = 0;
}

static void clamp_limits(const struct host *h, struct spec *s, char ***warnings)
{
	bool memory = h->cgroup[CG_MEMORY] && (!h->cgroup_v2 || h->memory_v2);

	drop(s->memory > 0, memory, "memory", &s->memory, warnings);
	drop(s->memory > 0 && s->memory_swap, h->swap_limit, "swap", &s->memory_swap, warnings);
	drop(s->cpu_quota > 0, h->cgroup[CG_CPU], "processor time", &s->cpu_quota, warnings);
	drop(s->cpu_shares > 0, h->cgroup[CG_CPU], "processor shares", &s->cpu_shares, warnings);
	drop(s->pids > 0, h->cgroup[CG_PIDS], "the number of processes", &s->pids, warnings);
	if (s->cpuset_cpus || s->cpuset_mems)
		drop(true, h->cgroup[CG_CPUSET], "the set of processors", NULL, warnings);
}

/* Raising a hard limit needs CAP_SYS_RESOURCE. */
static void clamp_ulimits(const struct host *h, struct spec *s, char ***warnings)
{
	struct rlimit own;

	if (h->caps >> CAP_SYS_RESOURCE_BIT & 1)
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

void launch_clamp(struct launcher *l, struct spec *s, char ***warnings)
{
	clamp_caps(l->host, s, warnings);
	clamp_limits(l->host, s, warnings);
	clamp_ulimits(l->host, s, warnings);
}
