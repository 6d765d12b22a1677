/* launch_facts.c - numbers of a running container, what a dead one left, and the
 * plan for those who want to see it first. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "runtime/launch_internal.h"
#include "runtime/plan_parts.h"
#include "runtime/plan_text.h"

/* ---- docker stats ---- */

static char *group_file(const struct running *r, int cg, const char *file)
{
	return str_printf("%s/%s/%s", r->l->host->cgroup[cg], r->saved.cgroup, file);
}

/* A file of the container's group; false if the controller isn't there. */
static bool read_group(struct running *r, int cg, const char *file, char *out, size_t cap)
{
	struct k_buf b = { out, cap, 0 };

	if (!r->l->host->cgroup[cg])
		return false;
	autofree char *path = group_file(r, cg, file);
	return k_read_file(r->l->k, path, &b) >= 0;
}

static uint64_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* "max" or an unlimited v1 number: what the machine has. */
static uint64_t limit_of(const char *text, uint64_t most)
{
	uint64_t n = strtoull(text, NULL, 10);
	return n == 0 || n > most ? most : n;
}

static void memory_stats(struct running *r, struct launch_stats *s)
{
	bool v2 = r->l->host->cgroup_v2;
	uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	char text[8192];

	if (!read_group(r, CG_MEMORY, v2 ? "memory.current" : "memory.usage_in_bytes", text,
			sizeof(text)))
		return;
	s->has_memory = true;
	s->memory = strtoull(text, NULL, 10);
	/* Docker doesn't count cache that would be given back at once. */
	read_group(r, CG_MEMORY, "memory.stat", text, sizeof(text));
	uint64_t cache = number_after(text, v2 ? "\ninactive_file " : "\ntotal_inactive_file ");
	s->memory -= cache < s->memory ? cache : s->memory;
	read_group(r, CG_MEMORY, v2 ? "memory.max" : "memory.limit_in_bytes", text,
		   sizeof(text));
	s->memory_limit = limit_of(text, machine);
}

static void pids_stats(struct running *r, struct launch_stats *s)
{
	char text[64];

	if (!read_group(r, CG_PIDS, "pids.current", text, sizeof(text)))
		return;
	s->has_pids = true;
	s->pids = strtoull(text, NULL, 10);
	read_group(r, CG_PIDS, "pids.max", text, sizeof(text));
	s->pids_limit = strtoull(text, NULL, 10);
}

static uint64_t tick_ns(void)
{
	return 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* cgroups(7) version 2 has it all in one file, in microseconds. */
static void cpu_stats_v2(struct running *r, struct launch_stats *s)
{
	char text[4096];

	if (!read_group(r, CG_CPUACCT, "cpu.stat", text, sizeof(text)))
		return;
	s->cpu_ns = number_after(text, "usage_usec ") * 1000;
	s->user_ns = number_after(text, "user_usec ") * 1000;
	s->kernel_ns = number_after(text, "system_usec ") * 1000;
	s->periods = number_after(text, "nr_periods ");
	s->throttled_periods = number_after(text, "nr_throttled ");
	s->throttled_ns = number_after(text, "throttled_usec ") * 1000;
}

static void cpu_stats_v1(struct running *r, struct launch_stats *s)
{
	char text[4096];

	if (read_group(r, CG_CPUACCT, "cpuacct.usage", text, sizeof(text)))
		s->cpu_ns = strtoull(text, NULL, 10);
	if (read_group(r, CG_CPUACCT, "cpuacct.stat", text, sizeof(text))) {
		s->user_ns = number_after(text, "user ") * tick_ns();
		s->kernel_ns = number_after(text, "system ") * tick_ns();
	}
	if (!read_group(r, CG_CPU, "cpu.stat", text, sizeof(text)))
		return;
	s->periods = number_after(text, "nr_periods ");
	s->throttled_periods = number_after(text, "nr_throttled ");
	s->throttled_ns = number_after(text, "throttled_time ");
}

static void cpu_stats(struct running *r, struct launch_stats *s)
{
	char text[4096];
	struct k_buf b = { text, sizeof(text), 0 };
	uint64_t ticks = 0;

	(r->l->host->cgroup_v2 ? cpu_stats_v2 : cpu_stats_v1)(r, s);
	/* The first line of /proc/stat: all processors' time, in ticks, by kind. */
	if (k_read_file(r->l->k, "/proc/stat", &b) <= 0)
		return;
	char *at = text + 4;
	for (int i = 0; i < 7; i++)
		ticks += strtoull(at, &at, 10);
	s->system_ns = ticks * tick_ns();
}

/* All interfaces but loopback, as the container's own /proc shows them (proc_net(5)). */
static void net_stats(struct running *r, struct launch_stats *s)
{
	autofree char *path = str_printf("/proc/%d/net/dev", r->state.pid);
	autofile FILE *f = r->saved.net == NET_HOST ? NULL : fopen(path, "re");
	char line[512];

	while (f && s->n_net < LAUNCH_INTERFACES && fgets(line, sizeof(line), f)) {
		struct launch_interface *i = &s->net[s->n_net];
		struct launch_flow *rx = &i->rx, *tx = &i->tx;
		int n = sscanf(line, " %15[^:]: %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			       " %*s %*s %*s %*s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, i->name,
			       &rx->bytes, &rx->packets, &rx->errors, &rx->dropped,
			       &tx->bytes, &tx->packets, &tx->errors, &tx->dropped);
		s->n_net += n == 9 && strcmp(i->name, "lo") != 0;
	}
}

int launch_stats(struct running *r, struct launch_stats *out, struct err *e)
{
	*out = (struct launch_stats){ 0 };
	memory_stats(r, out);
	pids_stats(r, out);
	cpu_stats(r, out);
	net_stats(r, out);
	return 0;
}

/* ---- who is in there ---- */

#define NS_OF_PIDS 1	/* in launch_ns_names[] */

static int group_pids(struct launcher *l, const char *path, pid_t **pids, size_t *n)
{
	autofile FILE *f = fopen(path, "re");
	int pid;

	*pids = NULL;
	*n = 0;
	while (f && fscanf(f, "%d", &pid) == 1) {
		*pids = mem_grow(*pids, (*n + 1) * sizeof(**pids));
		(*pids)[(*n)++] = pid;
	}
	return f ? 0 : -errno;
}

/* Without a control group of its own: whoever is in the container's pid namespace. */
static int namespace_pids(uint64_t inode, pid_t **pids, size_t *n)
{
	autodir DIR *proc = opendir("/proc");
	autofree char *want = str_printf("pid:[%llu]", (unsigned long long)inode);

	*pids = NULL;
	*n = 0;
	for (struct dirent *d; proc && (d = readdir(proc));) {
		autofree char *path = str_printf("/proc/%s/ns/pid", d->d_name);
		char link[64] = "";
		if (readlink(path, link, sizeof(link) - 1) < 0 || !str_eq(link, want))
			continue;
		*pids = mem_grow(*pids, (*n + 1) * sizeof(**pids));
		(*pids)[(*n)++] = atoi(d->d_name);
	}
	return proc ? 0 : -errno;
}

int launch_pids(struct running *r, pid_t **pids, size_t *n, struct err *e)
{
	int cg = r->l->host->cgroup[CG_MEMORY] ? CG_MEMORY : CG_PIDS;

	if (!r->l->host->cgroup[cg] && r->state.ns_inode[NS_OF_PIDS])
		return namespace_pids(r->state.ns_inode[NS_OF_PIDS], pids, n);
	if (!r->l->host->cgroup[cg])
		return err_set(e, ENOTSUP, "list processes: no control groups here");
	autofree char *path = group_file(r, cg, "cgroup.procs");
	int err = group_pids(r->l, path, pids, n);
	return err < 0 ? err_sys(e, -err, "list processes: %s", path) : 0;
}

/* ---- after the end ---- */

int launch_exit_record(const char *run_dir, struct launch_exit *out, struct err *e)
{
	autofree char *path = str_printf("%s/exit", run_dir);
	autofile FILE *f = fopen(path, "re");
	struct launch_exit x = { 0 };
	int oom;

	if (!f)
		return err_sys(e, errno, "read %s", path);
	if (fscanf(f, "%d %d %d %" SCNu64 " %" SCNd64 " %64s", &x.code, &x.signal, &oom,
		   &x.wall_ns, &x.stdout_bytes, x.stdout_sha256) != 6)
		return err_set(e, EBADMSG, "read %s: not an exit record", path);
	x.oom = oom;
	if (x.signal)
		x.code = 128 + x.signal;
	*out = x;
	return 0;
}

/* Ends a process that was left over, and waits until it is gone. */
static void end_process(struct launcher *l, pid_t pid)
{
	long fd = k_pidfd_open(l->k, pid, 0);
	struct pollfd p = { .fd = (int)fd, .events = POLLIN };

	if (fd < 0)
		return;
	k_kill(l->k, (int)fd, SIGKILL);
	poll(&p, 1, 2000);
	k_close(l->k, (int)fd);
}

/* One look at who is left; true once the group is gone. */
static bool sweep_once(struct launcher *l, const char *dir, const char *procs)
{
	autofree pid_t *pids = NULL;
	size_t n;

	if (group_pids(l, procs, &pids, &n) < 0)
		return true;
	for (size_t i = 0; i < n; i++)
		end_process(l, pids[i]);
	long r = k_cg_rmdir(l->k, dir);
	return r >= 0 || r == -ENOENT;
}

/* A process that is ending still counts for a moment. */
static void sweep_group(struct launcher *l, const char *dir)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	autofree char *procs = str_printf("%s/cgroup.procs", dir);

	for (int i = 0; i < 100 && !sweep_once(l, dir, procs); i++)
		nanosleep(&moment, NULL);
}

/* Those of a --cgroup-parent that the start made go, too, from below, if they are empty. */
static void sweep_above(struct launcher *l, const char *tree, const char *name, unsigned there)
{
	autofree char *path = str_dup(name);
	unsigned names = 0;
	char *slash;

	for (const char *p = name; (p = strchr(p, '/')); p++)
		names++;
	for (; names > there && (slash = strrchr(path, '/')); names--) {
		*slash = '\0';
		autofree char *dir = str_printf("%s/%s", tree, path);
		if (k_cg_rmdir(l->k, dir) < 0)
			return;
	}
}

int launch_sweep(struct launcher *l, const char *id, const char *run_dir, struct err *e)
{
	struct saved s;
	bool known = saved_read(&s, run_dir, NULL) == 0;
	autofree char *group = known ? str_dup(s.cgroup) : str_printf("drydock/%s", id);
	autofree char *devices = known ? str_dup(s.device_group) : str_printf(DEVICE_GROUP, id);

	/* Its supervisor does the same, and better: only what it left is ours. */
	launch_wait_gone(l, id);
	const char *was = trace_subject(l->k, id);
	trace_region(l->k, REGION_CLEANUP);
	trace_why(l->k, WHY_CG_REMOVE);
	for (int cg = 0; cg < CG_COUNT; cg++) {
		const char *name = cg == CG_DEVICES ? devices : group;
		if (!l->host->cgroup[cg] || !*name)
			continue;
		autofree char *dir = str_printf("%s/%s", l->host->cgroup[cg], name);
		sweep_group(l, dir);
		if (known)
			sweep_above(l, l->host->cgroup[cg], name, s.groups_there[cg]);
	}
	trace_why(l->k, WHY_TABLE);
	trace_region(l->k, REGION_NONE);
	trace_subject(l->k, was);
	return dir_remove(run_dir, e);
}

/* ---- --dry-run ---- */

int launch_dry_run(struct launcher *l, struct spec *s, bool json, struct str *out, struct err *e)
{
	autostr struct str flat = { 0 };
	struct plan_input in = { .spec = s, .host = l->host };
	struct plan p;
	int r = launch_filters(&in, s->seccomp_default && !s->privileged, s->seccomp_profile, e);

	if (r == 0)
		r = plan_start(&in, &flat, e);
	free(in.own.insn);
	if (r < 0)
		return r;
	plan_load(flat.s, flat.len, &p);
	if (json) {
		autojson cJSON *a = plan_json(&p);
		autofree char *line = json_line(a);
		str_add(out, line);
	} else {
		plan_print(out, &p);
	}
	return 0;
}
