#include "runtime/container_config.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

/* What is done with a field that has a value other than "nothing". */
enum treat {
	KEEP,		/* honoured, or without any effect on one host */
	WARN,		/* accepted, said to have no effect */
	REFUSE,		/* 400 */
};

/* JSON types: s text, i integer, b true or false, a array, o object, c text or array. */
struct field { const char *name; char type; enum treat treat; const char *words; };

static const struct field config_fields[] = {
	{ "Hostname", 's', KEEP }, { "Domainname", 's', KEEP }, { "User", 's', KEEP },
	{ "AttachStdin", 'b', KEEP }, { "AttachStdout", 'b', KEEP }, { "AttachStderr", 'b', KEEP },
	{ "ExposedPorts", 'o', KEEP }, { "Tty", 'b', KEEP }, { "OpenStdin", 'b', KEEP },
	{ "StdinOnce", 'b', KEEP }, { "Env", 'a', KEEP }, { "Cmd", 'c', KEEP },
	{ "Healthcheck", 'o', KEEP }, { "ArgsEscaped", 'b', KEEP }, { "Image", 's', KEEP },
	{ "Volumes", 'o', KEEP }, { "WorkingDir", 's', KEEP }, { "Entrypoint", 'c', KEEP },
	{ "NetworkDisabled", 'b', KEEP }, { "MacAddress", 's', KEEP }, { "OnBuild", 'a', KEEP },
	{ "Labels", 'o', KEEP }, { "StopSignal", 's', KEEP }, { "StopTimeout", 'i', KEEP },
	{ "Shell", 'a', KEEP },
};

#define NO_REALTIME "kernel does not support CPU real-time scheduler"

static const struct field host_fields[] = {
	{ "Binds", 'a', KEEP }, { "ContainerIDFile", 's', KEEP }, { "LogConfig", 'o', KEEP },
	{ "NetworkMode", 's', KEEP }, { "PortBindings", 'o', KEEP }, { "RestartPolicy", 'o', KEEP },
	{ "AutoRemove", 'b', KEEP }, { "VolumeDriver", 's', KEEP }, { "VolumesFrom", 'a', KEEP },
	{ "ConsoleSize", 'a', KEEP }, { "Annotations", 'o', KEEP }, { "CapAdd", 'a', KEEP },
	{ "CapDrop", 'a', KEEP }, { "CgroupnsMode", 's', KEEP }, { "Dns", 'a', KEEP },
	{ "DnsOptions", 'a', KEEP }, { "DnsSearch", 'a', KEEP }, { "ExtraHosts", 'a', KEEP },
	{ "GroupAdd", 'a', KEEP }, { "IpcMode", 's', KEEP }, { "Cgroup", 's', WARN },
	{ "Links", 'a', KEEP }, { "OomScoreAdj", 'i', KEEP }, { "PidMode", 's', KEEP },
	{ "Privileged", 'b', KEEP }, { "PublishAllPorts", 'b', KEEP },
	{ "ReadonlyRootfs", 'b', KEEP }, { "SecurityOpt", 'a', KEEP },
	{ "StorageOpt", 'o', REFUSE, "--storage-opt is supported only for overlay over xfs with"
	  " 'pquota' mount option" },
	{ "Tmpfs", 'o', KEEP }, { "UTSMode", 's', KEEP }, { "UsernsMode", 's', KEEP },
	{ "ShmSize", 'i', KEEP }, { "Sysctls", 'o', KEEP }, { "Runtime", 's', KEEP },
	{ "Isolation", 's', KEEP }, { "CpuShares", 'i', KEEP }, { "Memory", 'i', KEEP },
	{ "NanoCpus", 'i', KEEP }, { "CgroupParent", 's', KEEP }, { "BlkioWeight", 'i', KEEP },
	{ "BlkioWeightDevice", 'a', KEEP }, { "BlkioDeviceReadBps", 'a', KEEP },
	{ "BlkioDeviceWriteBps", 'a', KEEP }, { "BlkioDeviceReadIOps", 'a', KEEP },
	{ "BlkioDeviceWriteIOps", 'a', KEEP }, { "CpuPeriod", 'i', KEEP }, { "CpuQuota", 'i', KEEP },
	{ "CpuRealtimePeriod", 'i', REFUSE, NO_REALTIME }, { "CpuRealtimeRuntime", 'i', REFUSE, NO_REALTIME },
	{ "CpusetCpus", 's', KEEP }, { "CpusetMems", 's', KEEP }, { "Devices", 'a', KEEP },
	{ "DeviceCgroupRules", 'a', KEEP },
	{ "DeviceRequests", 'a', KEEP },	/* container_check.c refuses, and says which */
	{ "KernelMemory", 'i', WARN }, { "KernelMemoryTCP", 'i', WARN },
	{ "MemoryReservation", 'i', KEEP }, { "MemorySwap", 'i', KEEP },
	{ "MemorySwappiness", 'i', KEEP }, { "OomKillDisable", 'b', KEEP },
	{ "PidsLimit", 'i', KEEP }, { "Ulimits", 'a', KEEP }, { "CpuCount", 'i', WARN },
	{ "CpuPercent", 'i', WARN },
	{ "IOMaximumIOps", 'i', REFUSE, "invalid option: QoS maximum IOPs configuration is not"
	  " supported on linux" },
	{ "IOMaximumBandwidth", 'i', REFUSE, "invalid option: QoS maximum bandwidth configuration is"
	  " not supported on linux" },
	{ "Mounts", 'a', KEEP }, { "MaskedPaths", 'a', KEEP },
	{ "ReadonlyPaths", 'a', KEEP }, { "Init", 'b', KEEP },
};

static bool has_type(const cJSON *v, char type)
{
	switch (type) {
	case 's': return cJSON_IsString(v);
	case 'i': return cJSON_IsNumber(v);
	case 'b': return cJSON_IsBool(v);
	case 'a': return cJSON_IsArray(v);
	case 'o': return cJSON_IsObject(v);
	default:  return cJSON_IsString(v) || cJSON_IsArray(v);
	}
}

bool config_is_nothing(const cJSON *v)
{
	if (!v || cJSON_IsNull(v) || cJSON_IsFalse(v))
		return true;
	if (cJSON_IsNumber(v))
		return v->valuedouble == 0 || v->valuedouble == -1;
	if (cJSON_IsString(v))
		return !*v->valuestring;
	return !cJSON_IsTrue(v) && cJSON_GetArraySize(v) == 0;
}

static int check_fields(const cJSON *o, const char *where, const struct field *f, size_t n,
			struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const cJSON *v = json_obj(o, f[i].name);
		if (v && !cJSON_IsNull(v) && !has_type(v, f[i].type))
			return err_set(e, EINVAL, "invalid JSON: wrong type for %s%s", where, f[i].name);
	}
	return 0;
}

int config_check(const cJSON *body, struct err *e)
{
	const cJSON *host = json_obj(body, "HostConfig");
	if (!cJSON_IsObject(body))
		return err_set(e, EINVAL, "invalid JSON: the body must be an object");
	if (host && !cJSON_IsNull(host) && !cJSON_IsObject(host))
		return err_set(e, EINVAL, "invalid JSON: wrong type for HostConfig");
	unsigned short size[2];
	int r = check_fields(body, "", config_fields, ARRAY_SIZE(config_fields), e);
	if (r < 0 || (r = json_want_pair(host, "ConsoleSize", size, e)) < 0)
		return r;
	return check_fields(host, "HostConfig.", host_fields, ARRAY_SIZE(host_fields), e);
}

/* What this engine does not honour: a warning, or the end of it. */
static int treat_fields(const cJSON *o, const struct field *f, size_t n, char ***warnings,
			struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (f[i].treat == KEEP || config_is_nothing(json_obj(o, f[i].name)))
			continue;
		if (f[i].treat == REFUSE) {
			if (f[i].words)
				return err_set(e, EINVAL, "%s", f[i].words);
			err_set(e, EINVAL, "%s is not supported by this engine", f[i].name);
			return err_hint(e, "leave the option out");
		}
		autofree char *w = str_printf("%s is not supported by this engine and has no effect.",
					      f[i].name);
		strv_add(warnings, w);
	}
	return 0;
}

/* -- Config ------------------------------------------------------------------------ */

/* Docker takes a text where a list is meant: one word. */
static cJSON *as_list(const cJSON *v)
{
	if (!cJSON_IsString(v))
		return cJSON_IsArray(v) ? cJSON_Duplicate(v, true) : cJSON_CreateNull();
	cJSON *a = cJSON_CreateArray();
	cJSON_AddItemToArray(a, cJSON_CreateString(v->valuestring));
	return a;
}

static void merge_command(cJSON *config, const cJSON *image)
{
	cJSON *entry = json_obj(config, "Entrypoint");
	bool given = cJSON_IsArray(entry);
	if (cJSON_GetArraySize(entry) == 1 &&
	    str_eq(cJSON_GetStringValue(cJSON_GetArrayItem(entry, 0)), "")) {
		json_replace(config, "Entrypoint", cJSON_CreateNull());	/* --entrypoint "" */
		return;
	}
	if (cJSON_GetArraySize(entry) > 0)
		return;
	if (cJSON_GetArraySize(json_obj(config, "Cmd")) <= 0)
		json_replace(config, "Cmd", as_list(json_obj(image, "Cmd")));
	if (!given)
		json_replace(config, "Entrypoint", as_list(json_obj(image, "Entrypoint")));
}

static bool same_variable(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");
	return n == strcspn(b, "=") && !strncmp(a, b, n);
}

/* The user's variables, then those of the image that aren't among them. */
static void merge_env(cJSON *config, const cJSON *image)
{
	cJSON *out = cJSON_CreateArray(), *own = json_obj(config, "Env"), *v, *u;
	cJSON_ArrayForEach(u, own)
		if (cJSON_IsString(u) && strchr(u->valuestring, '='))
			cJSON_AddItemToArray(out, cJSON_Duplicate(u, true));
	cJSON_ArrayForEach(v, json_obj(image, "Env")) {
		if (!cJSON_IsString(v))
			continue;
		bool set = false;
		cJSON_ArrayForEach(u, own)
			set |= same_variable(u->valuestring ? u->valuestring : "", v->valuestring);
		if (!set)
			cJSON_AddItemToArray(out, cJSON_Duplicate(v, true));
	}
	json_replace(config, "Env", out);
}

/* By name, as the maps of Docker's daemon come out. */
static void sort_members(cJSON *o)
{
	cJSON *sorted = cJSON_CreateObject(), *least, *v;
	while ((least = o->child)) {
		cJSON_ArrayForEach(v, o)
			if (strcmp(v->string, least->string) < 0)
				least = v;
		cJSON_AddItemToArray(sorted, cJSON_DetachItemViaPointer(o, least));
	}
	o->child = steal_ptr(sorted->child);
	cJSON_Delete(sorted);
}

static void merge_object(cJSON *config, const cJSON *image, const char *key)
{
	cJSON *own = json_obj(config, key), *v;
	cJSON *sum = cJSON_IsObject(own) ? cJSON_Duplicate(own, true) : cJSON_CreateObject();
	cJSON_ArrayForEach(v, json_obj(image, key))
		if (!json_obj(sum, v->string))
			json_put(sum, v->string, cJSON_Duplicate(v, true));
	sort_members(sum);
	if (cJSON_GetArraySize(sum) == 0 && !str_eq(key, "Labels")) {
		cJSON_Delete(sum);
		sum = NULL;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(config, key);
	if (sum)
		json_put(config, key, sum);
}

/* The image's check, with what the user said in its place. */
static void merge_health(cJSON *config, const cJSON *image)
{
	static const char *const keys[] = { "Test", "Interval", "Timeout", "StartPeriod",
					    "StartInterval", "Retries" };
	const cJSON *theirs = json_obj(image, "Healthcheck");
	cJSON *own = json_obj(config, "Healthcheck");
	if (!cJSON_IsObject(theirs))
		return;
	if (!own)
		json_put(config, "Healthcheck", own = cJSON_CreateObject());
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const cJSON *v = json_obj(theirs, keys[i]);
		if (config_is_nothing(json_obj(own, keys[i])) && !config_is_nothing(v))
			json_replace(own, keys[i], cJSON_Duplicate(v, true));
	}
}

static cJSON *nothing_of(char type)
{
	switch (type) {
	case 's': return cJSON_CreateString("");
	case 'i': return cJSON_CreateNumber(0);
	case 'b': return cJSON_CreateFalse();
	default:  return cJSON_CreateNull();
	}
}

int config_check_update(const cJSON *want, struct err *e)
{
	char **unread = mem_alloc(sizeof(*unread));
	int r = cJSON_IsObject(want) ? check_fields(want, "", host_fields, ARRAY_SIZE(host_fields), e) :
		err_set(e, EINVAL, "invalid JSON: the body must be an object");
	if (r == 0)
		r = treat_fields(want, host_fields, ARRAY_SIZE(host_fields), &unread, e);
	strv_free(unread);
	return r < 0 ? r : config_check_resources(want, true, e);
}

cJSON *config_merge(const cJSON *body, const cJSON *image)
{
	static const char *const omitted[] = { "ExposedPorts", "Healthcheck", "ArgsEscaped", "MacAddress",
		"NetworkDisabled", "StopSignal", "StopTimeout", "Shell" };
	static const char *const texts[] = { "User", "WorkingDir", "StopSignal" };
	cJSON *c = cJSON_CreateObject();

	for (size_t i = 0; i < ARRAY_SIZE(config_fields); i++) {
		const struct field *f = &config_fields[i];
		const cJSON *v = json_obj(body, f->name);
		bool omit = false;
		for (size_t k = 0; k < ARRAY_SIZE(omitted); k++)
			omit |= str_eq(f->name, omitted[k]);
		if (v && !cJSON_IsNull(v) && !(omit && config_is_nothing(v)))
			json_put(c, f->name, f->type == 'c' ? as_list(v) : cJSON_Duplicate(v, true));
		else if (!omit)
			json_put(c, f->name, nothing_of(f->type));
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *own = json_str(c, texts[i]), *theirs = json_str(image, texts[i]);
		if ((!own || !*own) && theirs && *theirs)
			json_replace(c, texts[i], cJSON_CreateString(theirs));
	}
	merge_command(c, image);
	merge_env(c, image);
	merge_object(c, image, "ExposedPorts");
	merge_object(c, image, "Volumes");
	merge_object(c, image, "Labels");
	merge_health(c, image);
	if (!json_obj(c, "Volumes"))
		json_put(c, "Volumes", cJSON_CreateNull());
	return c;
}

char **config_argv(const cJSON *config)
{
	char **v = json_strv(json_obj(config, "Entrypoint"));
	const cJSON *item;
	cJSON_ArrayForEach(item, json_obj(config, "Cmd"))
		if (cJSON_IsString(item))
			strv_add(&v, item->valuestring);
	return v;
}

/* -- HostConfig -------------------------------------------------------------------- */

static const struct { const char *name, *value; } host_texts[] = {
	{ "NetworkMode", "default" }, { "CgroupnsMode", "private" }, { "IpcMode", "private" },
	{ "Runtime", "runc" },
};

/* What Docker hides of /proc and /sys, and what it lets be read only: nothing where the
 * container is privileged, or where the body has lists of its own. */
static void complete_paths(cJSON *h)
{
	static const char *const masked[] = { "/proc/asound", "/proc/acpi", "/proc/interrupts",
		"/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
		"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
		"/sys/devices/virtual/powercap", NULL };
	static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
		"/proc/sysrq-trigger", NULL };
	static const struct { const char *name; const char *const *paths; } all[] = {
		{ "MaskedPaths", masked }, { "ReadonlyPaths", readonly },
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (cJSON_IsArray(json_obj(h, all[i].name)) || json_bool(h, "Privileged"))
			continue;
		cJSON_DeleteItemFromObject(h, all[i].name);
		json_put_strv(h, all[i].name, (char *const *)all[i].paths);
	}
}

/* Docker's answer shows every field: those with lists as null or [] as it does. */
static void complete(cJSON *h)
{
	complete_paths(h);
	for (size_t i = 0; i < ARRAY_SIZE(host_texts); i++)
		if (config_is_nothing(json_obj(h, host_texts[i].name)))
			json_replace(h, host_texts[i].name, cJSON_CreateString(host_texts[i].value));
	if (config_is_nothing(json_obj(json_obj(h, "LogConfig"), "Type"))) {
		const cJSON *options = json_obj(json_obj(h, "LogConfig"), "Config");
		cJSON *log = cJSON_CreateObject();
		json_put_str(log, "Type", "json-file");
		json_put(log, "Config", cJSON_IsObject(options) ? cJSON_Duplicate(options, true) :
								  cJSON_CreateObject());
		json_replace(h, "LogConfig", log);
	}
	if (config_is_nothing(json_obj(json_obj(h, "RestartPolicy"), "Name"))) {
		cJSON *policy = cJSON_CreateObject();
		json_put_str(policy, "Name", "no");
		json_put_int(policy, "MaximumRetryCount", 0);
		json_replace(h, "RestartPolicy", policy);
	}
	if (json_int(h, "ShmSize", 0) <= 0)
		json_replace(h, "ShmSize", cJSON_CreateNumber(64 << 20));
	if (json_int(h, "Memory", 0) > 0 && json_int(h, "MemorySwap", 0) == 0)
		json_replace(h, "MemorySwap", cJSON_CreateNumber(2 * (double)json_int(h, "Memory", 0)));
}

int config_host(const cJSON *body, cJSON **out, char ***warnings, struct err *e)
{
	const cJSON *given = json_obj(body, "HostConfig");
	int r = treat_fields(body, config_fields, ARRAY_SIZE(config_fields), warnings, e);
	if (r == 0)
		r = treat_fields(given, host_fields, ARRAY_SIZE(host_fields), warnings, e);
	if (r < 0 || (r = config_check_values(body, given, warnings, e)) < 0)
		return r;
	cJSON *h = cJSON_CreateObject();
	for (size_t i = 0; i < ARRAY_SIZE(host_fields); i++) {
		const struct field *f = &host_fields[i];
		const cJSON *v = json_obj(given, f->name);
		bool given_one = v && !cJSON_IsNull(v);
		json_put(h, f->name, given_one ? cJSON_Duplicate(v, true) : nothing_of(f->type));
	}
	complete(h);
	if (json_int(given, "MemorySwappiness", -1) < 0)	/* 0 is a value of its own */
		json_replace(h, "MemorySwappiness", cJSON_CreateNull());
	*out = h;
	return 0;
}
