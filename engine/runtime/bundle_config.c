/* bundle_config.c - a spec in the words of the OCI runtime specification.
 *
 * Left out is what the runtime that runs the bundle decides: the control group's path
 * (it goes by the name the user gives there, so that a bundle may be run twice), the
 * devices that every container has, and the exec watch of ours.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "runtime/bundle.h"
#include "runtime/container_internal.h"
#include "runtime/container_limits.h"
#include "runtime/seccomp.h"

#define OCI_VERSION "1.0.2"

/* -- process ----------------------------------------------------------------------- */

static cJSON *cap_names_of(uint64_t caps)
{
	cJSON *a = cJSON_CreateArray();
	for (int cap = 0; cap_name(cap); cap++) {
		autofree char *name = str_printf("CAP_%s", cap_name(cap));
		if (caps >> cap & 1)
			cJSON_AddItemToArray(a, cJSON_CreateString(name));
	}
	return a;
}

/* Another user than root begins without any, whatever it could be given (the bounding
 * set): plan_security.c. */
static cJSON *capabilities(const struct spec *s)
{
	cJSON *o = cJSON_CreateObject();
	uint64_t held = s->uid == 0 ? s->caps : 0;
	json_put(o, "bounding", cap_names_of(s->caps));
	json_put(o, "effective", cap_names_of(held));
	json_put(o, "permitted", cap_names_of(held));
	return o;
}

static cJSON *rlimits(const struct spec *s)
{
	cJSON *a = cJSON_CreateArray();
	for (size_t i = 0; i < s->n_ulimits; i++) {
		const struct spec_ulimit *u = &s->ulimits[i];
		autofree char *type = str_printf("RLIMIT_%s", rlimit_name(u->resource));
		/* 2^64 - 1 is no limit: more than a double holds. */
		autofree char *soft = str_printf("%llu", (unsigned long long)u->soft);
		autofree char *hard = str_printf("%llu", (unsigned long long)u->hard);
		cJSON *o = cJSON_CreateObject();
		for (char *ch = type; *ch; ch++)
			*ch = (char)toupper((unsigned char)*ch);
		json_put_str(o, "type", type);
		json_put(o, "hard", cJSON_CreateRaw(hard));
		json_put(o, "soft", cJSON_CreateRaw(soft));
		cJSON_AddItemToArray(a, o);
	}
	return a;
}

static cJSON *user(const struct spec *s)
{
	cJSON *o = cJSON_CreateObject(), *groups = cJSON_CreateArray();
	json_put_int(o, "uid", s->uid);
	json_put_int(o, "gid", s->gid);
	for (size_t i = 0; i < s->n_groups; i++)
		cJSON_AddItemToArray(groups, cJSON_CreateNumber(s->groups[i]));
	json_put(o, "additionalGids", groups);
	return o;
}

static cJSON *process(const struct spec *s)
{
	cJSON *o = cJSON_CreateObject();
	json_put_bool(o, "terminal", s->tty);
	if (s->tty && s->rows && s->cols) {
		cJSON *size = cJSON_CreateObject();
		json_put_int(size, "height", s->rows);
		json_put_int(size, "width", s->cols);
		json_put(o, "consoleSize", size);
	}
	json_put(o, "user", user(s));
	json_put_strv(o, "args", s->argv);
	json_put_strv(o, "env", s->envp);
	json_put_str(o, "cwd", s->cwd);
	json_put(o, "capabilities", capabilities(s));
	json_put(o, "rlimits", rlimits(s));
	json_put_bool(o, "noNewPrivileges", s->no_new_privs);
	json_put_int(o, "oomScoreAdj", s->oom_score_adj);
	return o;
}

/* -- mounts ------------------------------------------------------------------------ */

static void add_mount(cJSON *mounts, const char *target, const char *type, const char *source,
		      const char *options)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray();
	autofree char *copy = str_dup(options);
	char *save = NULL;
	json_put_str(o, "destination", target);
	json_put_str(o, "type", type);
	json_put_str(o, "source", source);
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save))
		cJSON_AddItemToArray(list, cJSON_CreateString(w));
	json_put(o, "options", list);
	cJSON_AddItemToArray(mounts, o);
}

static void add_shm(cJSON *mounts, const struct spec *s)
{
	autofree char *size = str_printf("nosuid,noexec,nodev,mode=1777,size=%lld",
					 (long long)(s->shm_size > 0 ? s->shm_size : 64 << 20));
	autofree char *theirs = str_printf("/proc/%d/root/dev/shm", s->ipc_join);
	if (s->ipc_mode != NS_PRIVATE)
		add_mount(mounts, "/dev/shm", "bind", s->ipc_mode == NS_JOIN ? theirs : "/dev/shm",
			  "rbind,rprivate");
	else if (!s->no_shm)
		add_mount(mounts, "/dev/shm", "tmpfs", "shm", size);
}

/* As plan_dev.c and plan_cgroup.c make them. */
static void add_kernel_mounts(cJSON *mounts, const struct spec *s)
{
	const char *sys = s->privileged ? "nosuid,noexec,nodev,rw" : "nosuid,noexec,nodev,ro";
	add_mount(mounts, "/proc", "proc", "proc", "nosuid,noexec,nodev");
	add_mount(mounts, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
	add_mount(mounts, "/dev/pts", "devpts", "devpts",
		  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	add_shm(mounts, s);
	add_mount(mounts, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	add_mount(mounts, "/sys", "sysfs", "sysfs", sys);
	add_mount(mounts, "/sys/fs/cgroup", "cgroup", "cgroup", sys);
}

static const struct { unsigned long flag; const char *word; } flag_words[] = {
	{ MS_NOSUID, "nosuid" }, { MS_NODEV, "nodev" }, { MS_NOEXEC, "noexec" },
	{ MS_NOATIME, "noatime" }, { MS_NODIRATIME, "nodiratime" }, { MS_RELATIME, "relatime" },
	{ MS_STRICTATIME, "strictatime" }, { MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" },
};

static void add_user_mount(cJSON *mounts, const struct spec_mount *m)
{
	autostr struct str options = { 0 };
	bool tmpfs = str_eq(m->type, "tmpfs");
	if (!tmpfs)
		str_addf(&options, "%s,%s,", m->flags & MS_REC ? "rbind" : "bind",
			 propagation_word(m->propagation));
	str_add(&options, m->flags & MS_RDONLY ? "ro" : "rw");
	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++)
		if (m->flags & flag_words[i].flag)
			str_addf(&options, ",%s", flag_words[i].word);
	if (m->options && *m->options)
		str_addf(&options, ",%s", m->options);
	add_mount(mounts, m->target, tmpfs ? "tmpfs" : "bind", m->source, options.s);
}

static cJSON *mounts(const struct spec *s)
{
	cJSON *a = cJSON_CreateArray();
	add_kernel_mounts(a, s);
	add_mount(a, "/etc/resolv.conf", "bind", s->resolv_conf, "rbind,rprivate");
	add_mount(a, "/etc/hostname", "bind", s->hostname_file, "rbind,rprivate");
	add_mount(a, "/etc/hosts", "bind", s->hosts, "rbind,rprivate");
	for (size_t i = 0; i < s->n_mounts; i++)
		add_user_mount(a, &s->mounts[i]);
	return a;
}

/* A mount shares with the host only where the root above it does. */
static const char *root_propagation(const struct spec *s)
{
	unsigned long all = 0;
	for (size_t i = 0; i < s->n_mounts; i++)
		all |= s->mounts[i].propagation;
	return all & MS_SHARED ? "rshared" : all & MS_SLAVE ? "rslave" : "rprivate";
}

/* -- linux ------------------------------------------------------------------------- */

static void add_namespace(cJSON *list, const char *type, const char *file, int pid)
{
	cJSON *o = cJSON_CreateObject();
	autofree char *path = str_printf("/proc/%d/ns/%s", pid, file);
	json_put_str(o, "type", type);
	if (pid)
		json_put_str(o, "path", path);
	cJSON_AddItemToArray(list, o);
}

static cJSON *namespaces(const struct spec *s, int net_pid)
{
	const struct { const char *type, *file; bool host; int pid; } all[] = {
		{ "mount", "mnt", false, 0 },
		{ "pid", "pid", s->pid_mode == NS_HOST, s->pid_join },
		{ "ipc", "ipc", s->ipc_mode == NS_HOST, s->ipc_join },
		{ "uts", "uts", s->uts_mode == NS_HOST, 0 },
		{ "network", "net", s->net == NET_HOST, net_pid },
		{ "cgroup", "cgroup", s->cgroup_mode == NS_HOST, 0 },
	};
	cJSON *a = cJSON_CreateArray();
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!all[i].host)
			add_namespace(a, all[i].type, all[i].file, all[i].pid);
	return a;
}

static cJSON *device(const struct spec_device *d, bool rule)
{
	cJSON *o = cJSON_CreateObject();
	if (rule)
		json_put_bool(o, "allow", true);
	else
		json_put_str(o, "path", d->path);
	json_put_str(o, "type", S_ISBLK(d->mode) ? "b" : "c");
	json_put_int(o, "major", major(d->dev));
	json_put_int(o, "minor", minor(d->dev));
	if (rule)
		json_put_str(o, "access", d->rights);
	else
		json_put_int(o, "fileMode", d->mode & 07777);
	return o;
}

/* "c 1:* rw" of --device-cgroup-rule, checked at creation; what is left out means all. */
static cJSON *own_rule(const char *rule)
{
	cJSON *o = cJSON_CreateObject();
	char type[2] = "", major_text[24] = "", minor_text[24] = "", access[4] = "";
	sscanf(rule, "%1s %23[^:]:%23s %3s", type, major_text, minor_text, access);
	json_put_bool(o, "allow", true);
	json_put_str(o, "type", type);
	if (!str_eq(major_text, "*"))
		json_put_int(o, "major", strtoll(major_text, NULL, 10));
	if (!str_eq(minor_text, "*"))
		json_put_int(o, "minor", strtoll(minor_text, NULL, 10));
	json_put_str(o, "access", access);
	return o;
}

static cJSON *device_rules(const struct spec *s)
{
	cJSON *a = cJSON_CreateArray(), *all = cJSON_CreateObject();
	json_put_bool(all, "allow", s->privileged);
	json_put_str(all, "access", "rwm");
	cJSON_AddItemToArray(a, all);
	for (size_t i = 0; i < s->n_devices; i++)
		cJSON_AddItemToArray(a, device(&s->devices[i], true));
	for (char **rule = s->device_rules; rule && *rule; rule++)
		cJSON_AddItemToArray(a, own_rule(*rule));
	return a;
}

static void put_number(cJSON *o, const char *key, int64_t value)
{
	if (value)
		json_put_int(o, key, value);
}

static cJSON *memory(const struct spec *s)
{
	cJSON *o = cJSON_CreateObject();
	put_number(o, "limit", s->memory);
	put_number(o, "reservation", s->memory_reservation);
	if (s->memory > 0)	/* twice the memory where nothing is said: plan_cgroup.c */
		json_put_int(o, "swap", s->memory_swap ? s->memory_swap : 2 * s->memory);
	if (s->has_swappiness)
		json_put_int(o, "swappiness", s->swappiness);
	if (s->no_oom_kill)
		json_put_bool(o, "disableOOMKiller", true);
	return o;
}

static cJSON *disks(const struct spec *s)
{
	static const char *const lists[BLKIO_KINDS] = {
		[BLKIO_WEIGHT] = "weightDevice",
		[BLKIO_READ_BPS] = "throttleReadBpsDevice", [BLKIO_WRITE_BPS] = "throttleWriteBpsDevice",
		[BLKIO_READ_IOPS] = "throttleReadIOPSDevice", [BLKIO_WRITE_IOPS] = "throttleWriteIOPSDevice",
	};
	cJSON *o = cJSON_CreateObject();
	put_number(o, "weight", s->blkio_weight);
	for (size_t i = 0; i < s->n_blkio; i++) {
		const struct spec_blkio *b = &s->blkio[i];
		cJSON *one = cJSON_CreateObject();
		json_put_int(one, "major", major(b->dev));
		json_put_int(one, "minor", minor(b->dev));
		json_put_int(one, b->kind == BLKIO_WEIGHT ? "weight" : "rate", (int64_t)b->value);
		if (!json_obj(o, lists[b->kind]))
			json_put(o, lists[b->kind], cJSON_CreateArray());
		cJSON_AddItemToArray(json_obj(o, lists[b->kind]), one);
	}
	return o;
}

static cJSON *resources(const struct spec *s)
{
	cJSON *o = cJSON_CreateObject(), *cpu = cJSON_CreateObject(), *pids = cJSON_CreateObject();
	put_number(cpu, "shares", s->cpu_shares);
	put_number(cpu, "quota", s->cpu_quota);
	put_number(cpu, "period", s->cpu_period);
	if (s->cpuset_cpus)
		json_put_str(cpu, "cpus", s->cpuset_cpus);
	if (s->cpuset_mems)
		json_put_str(cpu, "mems", s->cpuset_mems);
	json_put(o, "devices", device_rules(s));
	json_put(o, "memory", memory(s));
	json_put(o, "cpu", cpu);
	json_put(o, "blockIO", disks(s));
	json_put_int(pids, "limit", s->pids);
	json_put(o, "pids", pids);
	return o;
}

static cJSON *linux_part(const struct spec *s, int net_pid)
{
	cJSON *o = cJSON_CreateObject(), *sysctls = cJSON_CreateObject();
	cJSON *devices = cJSON_CreateArray(), *filter = seccomp_oci(s->seccomp_default,
								    s->seccomp_profile, s->caps);
	for (size_t i = 0; i < s->n_sysctls; i++)
		json_put_str(sysctls, s->sysctls[i].name, s->sysctls[i].value);
	for (size_t i = 0; i < s->n_devices; i++)
		cJSON_AddItemToArray(devices, device(&s->devices[i], false));
	json_put(o, "sysctl", sysctls);
	json_put(o, "resources", resources(s));
	json_put(o, "namespaces", namespaces(s, net_pid));
	json_put(o, "devices", devices);
	if (filter)
		json_put(o, "seccomp", filter);
	json_put_strv(o, "maskedPaths", s->masked);
	json_put_strv(o, "readonlyPaths", s->readonly);
	json_put_str(o, "rootfsPropagation", root_propagation(s));
	return o;
}

cJSON *bundle_config(const struct spec *s, int net_pid)
{
	cJSON *o = cJSON_CreateObject(), *root = cJSON_CreateObject();
	json_put_str(o, "ociVersion", OCI_VERSION);
	json_put(o, "process", process(s));
	json_put_str(root, "path", "rootfs");
	json_put_bool(root, "readonly", s->readonly_root);
	json_put(o, "root", root);
	if (s->uts_mode == NS_PRIVATE)
		json_put_str(o, "hostname", s->hostname);
	json_put(o, "mounts", mounts(s));
	json_put(o, "linux", linux_part(s, net_pid));
	return o;
}
