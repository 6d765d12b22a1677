/* container_check.c - the values of a create body, one check a concern.  Each refusal is
 * in docker's words; what only a start can find out is left to it. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/json.h"
#include "core/str.h"
#include "runtime/container.h"
#include "runtime/container_config.h"
#include "runtime/container_log.h"

#define MEMORY_LEAST (6 << 20)	/* bytes: below, a program can't even be started */
#define HOSTNAME_MAX 64		/* sethostname(2) */
#define PARENT_MAX 255		/* of --cgroup-parent: saved with the container's id behind it */

/* -- words ------------------------------------------------------------------------- */

/* Fields that take a few words only; `other`: "container:NAME", too. */
static const struct choice { const char *name; bool other; const char *ok[6], *before, *after; }
choices[] = {
	{ "IpcMode", true, { "", "none", "private", "shareable", "host" }, "invalid IPC mode: ", "" },
	{ "PidMode", true, { "", "host" }, "invalid PID mode: ", "" },
	{ "UTSMode", false, { "", "host" }, "invalid UTS mode: ", "" },
	{ "UsernsMode", false, { "", "host" }, "invalid user namespace mode: ", "" },
	{ "CgroupnsMode", false, { "", "host", "private" }, "invalid cgroup namespace mode: ", "" },
	{ "Isolation", false, { "", "default" }, "invalid isolation (",
	  "): linux only supports 'default'" },
	{ "Runtime", false, { "", "runc", "io.containerd.runc.v2", "drydock" },
	  "unknown or invalid runtime name: ", "" },
};

static bool allows(const struct choice *c, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->ok) && c->ok[i]; i++)
		if (str_eq(c->ok[i], text))
			return true;
	return c->other && str_starts(text, "container:") && text[10];
}

static int check_choices(const cJSON *body, const cJSON *h, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		const char *text = json_str_or(h, choices[i].name, "");
		if (!allows(&choices[i], text))
			return err_set(e, EINVAL, "%s%s%s", choices[i].before, text, choices[i].after);
	}
	if (str_eq(json_str(h, "UTSMode"), "host") && *json_str_or(body, "Hostname", ""))
		return err_set(e, EINVAL, "conflicting options: hostname and the UTS mode");
	return 0;
}

static int check_config(const cJSON *body, const cJSON *h, struct err *e)
{
	const char *cwd = json_str_or(body, "WorkingDir", ""), *name = json_str_or(body, "Hostname", "");
	const cJSON *v;
	if (*cwd && *cwd != '/')
		return err_set(e, EINVAL, "the working directory '%s' is invalid, it needs to be an"
			       " absolute path", cwd);
	if (strlen(name) > HOSTNAME_MAX)
		return err_set(e, EINVAL, "hostname \"%s\" is too long (maximum %d bytes)", name,
			       HOSTNAME_MAX);
	cJSON_ArrayForEach(v, json_obj(body, "Env"))
		if (!cJSON_IsString(v) || !*v->valuestring || *v->valuestring == '=')
			return err_set(e, EINVAL, "invalid environment variable: %s",
				       cJSON_IsString(v) ? v->valuestring : "");
	return 0;
}

/* -- the rest ---------------------------------------------------------------------- */

static int check_health(const cJSON *body, const cJSON *h, struct err *e)
{
	static const char *const times[] = { "Interval", "Timeout", "StartPeriod", "StartInterval" };
	const cJSON *check = json_obj(body, "Healthcheck");
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		int64_t ns = json_int(check, times[i], 0);
		if (ns && ns < 1000000)
			return err_set(e, EINVAL, "%s in Healthcheck cannot be less than 1ms", times[i]);
	}
	if (json_int(check, "Retries", 0) < 0)
		return err_set(e, EINVAL, "Retries in Healthcheck cannot be negative");
	return 0;
}

static int check_stop_signal(const cJSON *body, const cJSON *h, struct err *e)
{
	const char *name = json_str_or(body, "StopSignal", "");
	int n = *name ? signal_number(name) : SIGTERM;
	return n < 0 ? err_set(e, EINVAL, "invalid signal: %s", name) : 0;
}

int config_check_restart(const cJSON *h, struct err *e)
{
	static const char *const known[] = { "", "no", "always", "unless-stopped", "on-failure" };
	const cJSON *p = json_obj(h, "RestartPolicy");
	const char *name = json_str_or(p, "Name", "");
	int64_t retries = json_int(p, "MaximumRetryCount", 0);
	bool found = false;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		found |= str_eq(known[i], name);
	if (!found)
		return err_set(e, EINVAL, "invalid restart policy: unknown policy '%s'; use one of 'no',"
			       " 'always', 'on-failure', or 'unless-stopped'", name);
	if (json_bool(h, "AutoRemove") && *name && !str_eq(name, "no"))
		return err_set(e, EINVAL, "can't create 'AutoRemove' container with restart policy");
	if (retries && !str_eq(name, "on-failure"))
		return err_set(e, EINVAL, "invalid restart policy: maximum retry count can only be used"
			       " with 'on-failure'");
	if (retries < 0)
		return err_set(e, EINVAL, "invalid restart policy: maximum retry count cannot be negative");
	return 0;
}

/* Below the root of each tree whatever is written: "x" is "/x".  Nothing may lead out of
 * it, nor below the group whose children are the engine's. */
int config_check_parent(const char *path, struct err *e)
{
	autofree char *copy = str_dup(path);
	char *save = NULL;
	bool first = true;
	if (strlen(path) > PARENT_MAX)
		return err_set(e, EINVAL, "invalid cgroup parent: longer than %d bytes", PARENT_MAX);
	for (char *w = strtok_r(copy, "/", &save); w; w = strtok_r(NULL, "/", &save)) {
		if (str_eq(w, "..") || strpbrk(w, "\n\\") || strlen(w) > NAME_MAX)
			return err_set(e, EINVAL, "invalid cgroup parent: \"%s\"", path);
		if (first && str_eq(w, "drydock"))
			return err_set(e, EINVAL, "invalid cgroup parent: \"%s\": this group is kept for"
				       " the engine", path);
		first &= str_eq(w, ".");
	}
	return 0;
}

/* As in devices.allow: kind, major and minor number or *, rights. */
static int check_device_rule(const cJSON *v, struct err *e)
{
	const char *text = cJSON_IsString(v) ? v->valuestring : "";
	regex_t re;
	if (regcomp(&re, "^[acb] ([0-9]{1,9}|\\*):([0-9]{1,9}|\\*) [rwm]{1,3}$", REG_EXTENDED | REG_NOSUB))
		return err_set(e, ENOMEM, "device cgroup rules");
	bool good = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return good ? 0 : err_set(e, EINVAL, "invalid device cgroup rule format: '%s'", text);
}

static int check_groups(const cJSON *body, const cJSON *h, struct err *e)
{
	const cJSON *v;
	int r = config_check_parent(json_str_or(h, "CgroupParent", ""), e);
	cJSON_ArrayForEach(v, json_obj(h, "DeviceCgroupRules"))
		if (r == 0)
			r = check_device_rule(v, e);
	return r;
}

/* --add-host NAME:ADDRESS; an IPv6 one may stand in brackets. */
static int check_extra_host(const char *text, struct err *e)
{
	const char *sep = strpbrk(text, ":=");
	struct in6_addr in;
	if (!sep || sep == text)
		return err_set(e, EINVAL, "bad format for add-host: \"%s\"", text);
	size_t open = sep[1] == '[', n = strlen(sep + 1);
	bool closed = !open || (n > 2 && sep[n] == ']');
	autofree char *address = strndup(sep + 1 + open, n - (open && closed ? 2 : open));
	if (str_eq(address, "host-gateway") ||
	    (closed && (inet_pton(AF_INET6, address, &in) == 1 ||
			(!open && inet_pton(AF_INET, address, &in) == 1))))
		return 0;
	return err_set(e, EINVAL, "invalid IP address in add-host: \"%s\"", sep + 1);
}

/* "[[gpu compute] [x]]": as Go prints it. */
static void add_groups(struct str *out, const cJSON *groups)
{
	const cJSON *group, *v;
	str_add(out, "[");
	cJSON_ArrayForEach(group, groups) {
		str_add(out, out->s[out->len - 1] == '[' ? "[" : " [");
		cJSON_ArrayForEach(v, group)
			str_addf(out, "%s%s", v->prev && v != group->child ? " " : "",
				 cJSON_IsString(v) ? v->valuestring : "");
		str_add(out, "]");
	}
	str_add(out, "]");
}

/* --gpus, and devices by CDI: nothing on one host without plugins answers to them. */
static int check_requests(const cJSON *body, const cJSON *h, struct err *e)
{
	const cJSON *first = cJSON_GetArrayItem(json_obj(h, "DeviceRequests"), 0);
	autostr struct str groups = { 0 };
	if (!first)
		return 0;
	add_groups(&groups, json_obj(first, "Capabilities"));
	return err_set(e, EINVAL, "could not select device driver \"%s\" with capabilities: %s",
		       json_str_or(first, "Driver", ""), groups.s);
}

static int check_host(const cJSON *body, const cJSON *h, struct err *e)
{
	int64_t score = json_int(h, "OomScoreAdj", 0);
	if (score < -1000 || score > 1000)
		return err_set(e, EINVAL, "Invalid value %lld, range for oom score adj is [-1000, 1000]",
			       (long long)score);
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(h, "ExtraHosts")) {
		int r = check_extra_host(cJSON_IsString(v) ? v->valuestring : "", e);
		if (r < 0)
			return r;
	}
	if (json_int(h, "ShmSize", 0) < 0)
		return err_set(e, EINVAL, "SHM size can not be less than 0");
	if (json_obj(json_obj(h, "Annotations"), ""))
		return err_set(e, EINVAL, "invalid Annotations: the empty string is not permitted as an"
			       " annotation key");
	return log_check(json_obj(h, "LogConfig"), e);
}

/* What belongs to the host's user namespace can't be shared from inside of another. */
static int check_userns(const cJSON *body, const cJSON *h, struct err *e)
{
	const cJSON *v;
	if (!idmap_active() || str_eq(json_str(h, "UsernsMode"), "host"))
		return 0;
	if (json_bool(h, "Privileged"))
		return err_set(e, EINVAL, "privileged mode is incompatible with user namespaces.  You must"
			       " run the container in the host namespace when running privileged mode");
	if (str_eq(json_str(h, "NetworkMode"), "host"))
		return err_set(e, EINVAL, "cannot share the host's network namespace when user namespaces"
			       " are enabled");
	if (str_eq(json_str(h, "PidMode"), "host"))
		return err_set(e, EINVAL, "cannot share the host PID namespace when user namespaces are"
			       " enabled");
	cJSON_ArrayForEach(v, json_obj(h, "Devices")) {
		const char *inside = json_str_or(v, "PathInContainer", "");
		if (*inside && !str_starts(inside, "/dev/"))
			return err_set(e, EINVAL, "device %s: where user namespaces are enabled, devices"
				       " are below /dev", inside);
	}
	return 0;
}

/* -- limits ------------------------------------------------------------------------ */

static int check_memory(const cJSON *h, bool update, struct err *e)
{
	int64_t memory = json_int(h, "Memory", 0), swap = json_int(h, "MemorySwap", 0);
	int64_t soft = json_int(h, "MemoryReservation", 0);
	int64_t swappiness = json_int(h, "MemorySwappiness", -1);
	if (memory && memory < MEMORY_LEAST)
		return err_set(e, EINVAL, "Minimum memory limit allowed is 6MB");
	if (swap > 0 && memory && swap < memory)
		return err_set(e, EINVAL, "Minimum memoryswap limit should be larger than memory"
			       " limit, see usage");
	if (swap > 0 && !memory && !update)
		return err_set(e, EINVAL, "You should always set the Memory limit when using"
			       " Memoryswap limit, see usage");
	if (swappiness < -1 || swappiness > 100)
		return err_set(e, EINVAL, "Invalid value: %lld, valid memory swappiness range is 0-100",
			       (long long)swappiness);
	if (soft > 0 && soft < MEMORY_LEAST)
		return err_set(e, EINVAL, "Minimum memory reservation allowed is 6MB");
	if (memory > 0 && memory < soft)
		return err_set(e, EINVAL, "Minimum memory limit can not be less than memory reservation"
			       " limit, see usage");
	return 0;
}

static int check_cpu(const cJSON *h, struct err *e)
{
	int64_t nano = json_int(h, "NanoCpus", 0), period = json_int(h, "CpuPeriod", 0);
	int64_t quota = json_int(h, "CpuQuota", 0), shares = json_int(h, "CpuShares", 0);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (nano && (period || quota))
		return err_set(e, EINVAL, "Conflicting options: Nano CPUs and CPU %s cannot both be set",
			       period ? "Period" : "Quota");
	if (shares == 1 || shares > 262144)	/* runc refuses what the kernel would round */
		return err_set(e, EINVAL, "the %s allowed cpu-shares is %d",
			       shares == 1 ? "minimum" : "maximum", shares == 1 ? 2 : 262144);
	if (nano < 0 || nano > cpus * 1000000000ll)
		return err_set(e, EINVAL, "range of CPUs is from 0.01 to %ld.00, as there are only %ld"
			       " CPUs available", cpus, cpus);
	if (period && (period < 1000 || period > 1000000))
		return err_set(e, EINVAL, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger"
			       " than 1s (i.e. 1000000)");
	if (quota > 0 && quota < 1000)
		return err_set(e, EINVAL, "CPU cfs quota can not be less than 1ms (i.e. 1000)");
	if (shares < 0)
		return err_set(e, EINVAL, "invalid CPU shares (%lld): value must be a positive integer",
			       (long long)shares);
	return 0;
}

/* "0-2,4" of a machine that has `have` of them. */
static int check_set(const cJSON *h, const char *key, const char *what, long have, struct err *e)
{
	const char *text = json_str_or(h, key, "");
	for (const char *s = text; *s;) {
		char *end;
		unsigned long from = strtoul(s, &end, 10), to = from;
		bool bad = end == s;
		if (*end == '-') {
			s = end + 1;
			to = strtoul(s, &end, 10);
			bad |= end == s || to < from;
		}
		if (bad || (*end && *end != ','))
			return err_set(e, EINVAL, "Invalid value %s for cpuset %s: invalid format: %s",
				       text, str_eq(key, "CpusetCpus") ? "cpus" : "mems", text);
		if ((long)to >= have)
			return err_set(e, EINVAL, have > 1 ? "Requested %s are not available - requested %s,"
				       " available: 0-%ld" : "Requested %s are not available - requested %s,"
				       " available: %ld", what, text, have - 1);
		s = *end ? end + 1 : end;
	}
	return 0;
}

/* Memory nodes are numbered from 0 without gaps on what students have. */
static long memory_nodes(void)
{
	long n = 0;
	for (;; n++) {
		autofree char *path = str_printf("/sys/devices/system/node/node%ld", n);
		if (access(path, F_OK) < 0)
			return n ? n : 1;
	}
}

int config_check_resources(const cJSON *h, bool update, struct err *e)
{
	int64_t weight = json_int(h, "BlkioWeight", 0);
	const cJSON *v;
	int r = check_memory(h, update, e);
	if (r < 0 || (r = check_cpu(h, e)) < 0 ||
	    (r = check_set(h, "CpusetCpus", "CPUs", sysconf(_SC_NPROCESSORS_CONF), e)) < 0 ||
	    (r = check_set(h, "CpusetMems", "memory nodes", memory_nodes(), e)) < 0)
		return r;
	if (weight && (weight < 10 || weight > 1000))
		return err_set(e, EINVAL, "Range of blkio weight is from 10 to 1000");
	cJSON_ArrayForEach(v, json_obj(h, "BlkioWeightDevice")) {
		weight = json_int(v, "Weight", 0);
		if (weight && (weight < 10 || weight > 1000))
			return err_set(e, EINVAL, "invalid weight for device: %s",
				       json_str_or(v, "Path", ""));
	}
	return 0;
}

static int check_resources(const cJSON *body, const cJSON *h, struct err *e)
{
	return config_check_resources(h, false, e);
}

/* dockerd drops these without a word where the kernel has no such module. */
static void warn_security(const cJSON *h, char ***warnings)
{
	static const struct { const char *key, *none, *what; } modules[] = {
		{ "apparmor", "unconfined", "AppArmor" }, { "label", "disable", "SELinux" },
	};
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(h, "SecurityOpt"))
		for (size_t i = 0; cJSON_IsString(v) && i < ARRAY_SIZE(modules); i++) {
			size_t n = strlen(modules[i].key);
			const char *opt = v->valuestring;
			if (!str_starts(opt, modules[i].key) || !opt[n] ||
			    str_eq(opt + n + 1, modules[i].none))
				continue;
			autofree char *w = str_printf("%s is not used by this engine: %s has no effect.",
						      modules[i].what, opt);
			strv_add(warnings, w);
		}
}

/* Our supervisor takes all that is written, and rotates what it wrote as it is. */
static void warn_log(const cJSON *h, char ***warnings)
{
	static const struct { const char *key, *plain; } unused[] = {
		{ "compress", "false" }, { "mode", "blocking" }, { "max-buffer-size", "" },
	};
	const cJSON *options = json_obj(json_obj(h, "LogConfig"), "Config");
	for (size_t i = 0; i < ARRAY_SIZE(unused); i++) {
		const char *v = json_str_or(options, unused[i].key, unused[i].plain);
		if (str_eq(v, unused[i].plain))
			continue;
		autofree char *w = str_printf("Log option %s=%s is not supported by this engine and has"
					      " no effect.", unused[i].key, v);
		strv_add(warnings, w);
	}
}

static void warn(const cJSON *h, char ***warnings)
{
	warn_security(h, warnings);
	warn_log(h, warnings);
	if (json_bool(h, "OomKillDisable") && !json_int(h, "Memory", 0))
		strv_add(warnings, "OOM killer is disabled for the container, but no memory limit is set,"
				   " this can result in the system running out of resources.");
	if (str_eq(json_str(h, "NetworkMode"), "host") && !config_is_nothing(json_obj(h, "PortBindings")))
		strv_add(warnings, "Published ports are discarded when using host network mode");
}

int config_check_values(const cJSON *body, const cJSON *host, char ***warnings, struct err *e)
{
	static int (*const checks[])(const cJSON *body, const cJSON *host, struct err *e) = {
		check_choices, check_config, check_health, check_stop_signal, check_resources, check_host,
		check_groups, check_userns, check_requests,
	};
	int r = config_check_restart(host, e);
	for (size_t i = 0; i < ARRAY_SIZE(checks) && r == 0; i++)
		r = checks[i](body, host, e);
	if (r < 0)
		return r;
	warn(host, warnings);
	return 0;
}
