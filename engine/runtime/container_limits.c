/* container_limits.c - resources and rights: from Docker's words to the kernel's numbers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "runtime/container_internal.h"
#include "runtime/container_limits.h"

/* capabilities(7), by number. */
static const char *const cap_names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
	"SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
	"LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
};
#define CAP(name_) (1ull << (name_))
#define ALL_CAPS (CAP(ARRAY_SIZE(cap_names)) - 1)

/* Docker's default: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
 * net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap. */
#define DEFAULT_CAPS 0xa80425fbull

const char *cap_name(int cap)
{
	return cap >= 0 && cap < (int)ARRAY_SIZE(cap_names) ? cap_names[cap] : NULL;
}

int cap_bit(const char *name, uint64_t *bits, struct err *e)
{
	const char *s = strncasecmp(name, "CAP_", 4) ? name : name + 4;
	if (!strcasecmp(s, "ALL")) {
		*bits = ALL_CAPS;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cap_names); i++)
		if (!strcasecmp(s, cap_names[i])) {
			*bits = CAP(i);
			return 0;
		}
	return err_set(e, EINVAL, "invalid capability: unknown capability: \"CAP_%s\"", s);
}

static int cap_list(const cJSON *list, uint64_t *bits, struct err *e)
{
	const cJSON *v;
	*bits = 0;
	cJSON_ArrayForEach(v, list) {
		uint64_t one = 0;
		int r = cap_bit(cJSON_IsString(v) ? v->valuestring : "", &one, e);
		if (r < 0)
			return r;
		*bits |= one;
	}
	return 0;
}

int caps_build(const cJSON *host, uint64_t *caps, struct err *e)
{
	uint64_t add, drop;
	int r = cap_list(json_obj(host, "CapAdd"), &add, e);
	if (r < 0 || (r = cap_list(json_obj(host, "CapDrop"), &drop, e)) < 0)
		return r;
	if (json_bool(host, "Privileged"))
		*caps = ALL_CAPS;
	else if (add == ALL_CAPS)
		*caps = ALL_CAPS & ~drop;
	else if (drop == ALL_CAPS)
		*caps = add;
	else
		*caps = (DEFAULT_CAPS & ~drop) | add;
	return 0;
}

/* getrlimit(2) */
static const struct { const char *name; int resource; } rlimits[] = {
	{ "as", RLIMIT_AS }, { "core", RLIMIT_CORE }, { "cpu", RLIMIT_CPU }, { "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE }, { "locks", RLIMIT_LOCKS }, { "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE }, { "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC }, { "rss", RLIMIT_RSS }, { "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME }, { "sigpending", RLIMIT_SIGPENDING }, { "stack", RLIMIT_STACK },
};

const char *rlimit_name(int resource)
{
	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
		if (rlimits[i].resource == resource)
			return rlimits[i].name;
	return NULL;
}

bool rlimit_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
		if (str_eq(rlimits[i].name, name))
			return true;
	return false;
}

static uint64_t limit_value(const cJSON *o, const char *key)
{
	int64_t v = json_int(o, key, 0);
	return v < 0 ? RLIM_INFINITY : (uint64_t)v;
}

static int add_ulimit(const cJSON *u, struct spec *s, struct err *e)
{
	const char *name = json_str_or(u, "Name", "");
	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++) {
		if (!str_eq(rlimits[i].name, name))
			continue;
		s->ulimits[s->n_ulimits++] = (struct spec_ulimit){
			rlimits[i].resource, limit_value(u, "Soft"), limit_value(u, "Hard") };
		return 0;
	}
	return err_set(e, EINVAL, "invalid ulimit type: %s", name);
}

static int ulimits_build(const cJSON *list, struct spec *s, struct err *e)
{
	const cJSON *u;
	s->ulimits = mem_alloc(((size_t)cJSON_GetArraySize(list) + 1) * sizeof(*s->ulimits));
	cJSON_ArrayForEach(u, list) {
		int r = add_ulimit(u, s, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Settings of which each namespace has its own (namespaces(7), ipc_namespaces(7)): any
 * other would change the whole host, and so would these where that namespace is the
 * host's. */
static int check_sysctl(const char *name, const struct spec *s, struct err *e)
{
	static const char *const own[] = { "net.", "fs.mqueue.", "kernel.msgmax", "kernel.msgmnb",
		"kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
		"kernel.shm_rmid_forced" };
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (str_ends(own[i], ".") ? !str_starts(name, own[i]) : !str_eq(name, own[i]))
			continue;
		if (i == 0 && s->net == NET_HOST)
			return err_set(e, EINVAL, "sysctl \"%s\" not allowed in host network namespace",
				       name);
		if (i > 0 && s->ipc_mode == NS_HOST)
			return err_set(e, EINVAL, "sysctl \"%s\" is not allowed in the hosts ipc"
				       " namespace", name);
		return 0;
	}
	return err_set(e, EINVAL, "sysctl \"%s\" is not in a separate kernel namespace", name);
}

static int sysctls_build(const cJSON *map, struct spec *s, struct err *e)
{
	const cJSON *v;
	s->sysctls = mem_alloc(((size_t)cJSON_GetArraySize(map) + 1) * sizeof(*s->sysctls));
	cJSON_ArrayForEach(v, map) {
		int r = cJSON_IsString(v) ? check_sysctl(v->string, s, e) :
			err_set(e, EINVAL, "invalid JSON: wrong type for HostConfig.Sysctls");
		if (r < 0)
			return r;
		s->sysctls[s->n_sysctls++] =
			(struct spec_sysctl){ str_dup(v->string), str_dup(v->valuestring) };
	}
	return 0;
}

/* One of HostConfig's lists about disks: [{"Path": …, "Rate" or "Weight": …}]. */
static int disk_list(const cJSON *list, enum blkio_kind kind, struct spec *s, struct err *e)
{
	const char *key = kind == BLKIO_WEIGHT ? "Weight" : "Rate";
	const cJSON *v;
	cJSON_ArrayForEach(v, list) {
		const char *path = json_str_or(v, "Path", "");
		int64_t value = json_int(v, key, 0);
		struct stat st;
		if (stat(path, &st) < 0)
			return err_set(e, EINVAL, "stat %s: no such file or directory", path);
		if (!S_ISBLK(st.st_mode))
			return err_set(e, EINVAL, "%s is not a block device", path);
		if (value <= 0)
			continue;
		s->blkio = mem_grow(s->blkio, (s->n_blkio + 1) * sizeof(*s->blkio));
		s->blkio[s->n_blkio++] = (struct spec_blkio){ kind, st.st_rdev, (uint64_t)value };
	}
	return 0;
}

static int disks_build(const cJSON *host, struct spec *s, struct err *e)
{
	static const char *const lists[BLKIO_KINDS] = {
		[BLKIO_WEIGHT] = "BlkioWeightDevice",
		[BLKIO_READ_BPS] = "BlkioDeviceReadBps", [BLKIO_WRITE_BPS] = "BlkioDeviceWriteBps",
		[BLKIO_READ_IOPS] = "BlkioDeviceReadIOps", [BLKIO_WRITE_IOPS] = "BlkioDeviceWriteIOps",
	};
	int r = 0;
	s->blkio_weight = json_int(host, "BlkioWeight", 0);
	for (int kind = 0; kind < BLKIO_KINDS && r == 0; kind++)
		r = disk_list(json_obj(host, lists[kind]), (enum blkio_kind)kind, s, e);
	return r;
}

static char *text_or_null(const cJSON *o, const char *key)
{
	const char *v = json_str_or(o, key, "");
	return *v ? str_dup(v) : NULL;
}

int limits_build(const cJSON *host, struct spec *s, struct err *e)
{
	const int64_t period = 100000;	/* µs: the kernel's default, and Docker's for --cpus */
	int64_t nano = json_int(host, "NanoCpus", 0);

	s->memory = json_int(host, "Memory", 0);
	s->memory_swap = json_int(host, "MemorySwap", 0);
	s->memory_reservation = json_int(host, "MemoryReservation", 0);
	s->cpu_period = nano ? period : json_int(host, "CpuPeriod", 0);
	s->cpu_quota = nano ? nano / 1000 * period / 1000000 : json_int(host, "CpuQuota", 0);
	s->cpu_shares = json_int(host, "CpuShares", 0);
	s->cpuset_cpus = text_or_null(host, "CpusetCpus");
	s->cpuset_mems = text_or_null(host, "CpusetMems");
	s->pids = json_int(host, "PidsLimit", 0);
	s->swappiness = (int)json_int(host, "MemorySwappiness", -1);
	s->has_swappiness = s->swappiness >= 0 && cJSON_IsNumber(json_obj(host, "MemorySwappiness"));
	s->no_oom_kill = json_bool(host, "OomKillDisable");
	s->oom_score_adj = (int)json_int(host, "OomScoreAdj", 0);
	s->shm_size = json_int(host, "ShmSize", 64 << 20);
	int r = disks_build(host, s, e);
	if (r == 0)
		r = sysctls_build(json_obj(host, "Sysctls"), s, e);
	return r < 0 ? r : ulimits_build(json_obj(host, "Ulimits"), s, e);
}
