/* container_update.c - docker update: limits and the restart policy, also while it runs. */
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "runtime/container_config.h"
#include "runtime/container_internal.h"

/* What may be changed; anything else of the body is warned of. */
static const char *const fields[] = {
	"BlkioWeight", "BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps",
	"BlkioDeviceReadIOps", "BlkioDeviceWriteIOps", "CpuShares", "NanoCpus", "CpuPeriod",
	"CpuQuota", "CpusetCpus", "CpusetMems", "Memory", "MemorySwap", "MemoryReservation",
	"PidsLimit",
};

/* The client sends every field of Resources: those with no value ask for nothing. */
static void warn_unused(const cJSON *want, char ***warnings)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, want) {
		bool used = config_is_nothing(v) || str_eq(v->string, "RestartPolicy");
		for (size_t i = 0; i < ARRAY_SIZE(fields) && !used; i++)
			used = str_eq(fields[i], v->string);
		if (used)
			continue;
		autofree char *w = str_printf("%s can't be changed by an update and stays as it is.",
					      v->string);
		strv_add(warnings, w);
	}
}

static bool positive(const cJSON *o, const char *key) { return json_int(o, key, 0) > 0; }

/* NanoCpus stands for a period and a quota: one of the two ways only. */
static int check_cpus(const cJSON *now, const cJSON *want, struct err *e)
{
	static const struct { const char *want, *now, *words; } clashes[] = {
		{ "NanoCpus", "CpuPeriod", "Nano CPUs cannot be updated as CPU Period has already" },
		{ "NanoCpus", "CpuQuota", "Nano CPUs cannot be updated as CPU Quota has already" },
		{ "CpuPeriod", "NanoCpus", "CPU Period cannot be updated as NanoCPUs has already" },
		{ "CpuQuota", "NanoCpus", "CPU Quota cannot be updated as NanoCPUs has already" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(clashes); i++)
		if (positive(want, clashes[i].want) && positive(now, clashes[i].now))
			return err_http(e, 409, EINVAL, "Conflicting options: %s been set",
					clashes[i].words);
	return 0;
}

static int check_memory(const cJSON *now, const cJSON *want, struct err *e)
{
	int64_t memory = json_int(want, "Memory", 0);
	if (memory && !json_int(want, "MemorySwap", 0) && memory > json_int(now, "MemorySwap", 0))
		return err_http(e, 409, EINVAL, "Memory limit should be smaller than already set"
				" memoryswap limit, update the memoryswap at the same time");
	return 0;
}

static int check_policy(const cJSON *now, const cJSON *want, struct err *e)
{
	const char *name = json_str_or(json_obj(want, "RestartPolicy"), "Name", "");
	if (json_bool(now, "AutoRemove") && *name && !str_eq(name, "no"))
		return err_http(e, 409, EINVAL, "Restart policy cannot be updated because AutoRemove is"
				" enabled for the container");
	return config_check_restart(want, e);
}

/* The documents as they will be; `now` stays as it is. */
static cJSON *merged(const cJSON *now, const cJSON *want)
{
	cJSON *h = cJSON_Duplicate(now, true), *policy = json_obj(want, "RestartPolicy");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const cJSON *v = json_obj(want, fields[i]);
		bool unset = !v || cJSON_IsNull(v) || (cJSON_IsString(v) && !*v->valuestring) ||
			     (cJSON_IsNumber(v) && v->valuedouble == 0);
		if (!unset)
			json_replace(h, fields[i], cJSON_Duplicate(v, true));
	}
	if (*json_str_or(policy, "Name", ""))
		json_replace(h, "RestartPolicy", cJSON_Duplicate(policy, true));
	return h;
}

/* To the kernel, if it runs.  Lock held; c->host is the new one already. */
static int apply(struct container *c, char ***warnings, struct err *e)
{
	struct spec s = { .netns_fd = -1 };
	int r = spec_build(c, &s, false, e);
	if (r == 0)
		r = launch_refuse(c->all->launcher, &s, e);
	if (r == 0) {
		launch_clamp(c->all->launcher, &s, warnings);
		if (container_is_up(c) && c->run)
			r = launch_update(c->run, &s, e);
	}
	spec_free(&s);
	return r;
}

static int update(struct container *c, const cJSON *want, char ***warnings, struct err *e)
{
	int r;
	if (c->gone || c->status == CTR_REMOVING || c->status == CTR_DEAD)
		return err_http(e, 409, EBUSY, "container is marked for removal and cannot be \"update\"");
	if ((r = check_cpus(c->host, want, e)) < 0 || (r = check_memory(c->host, want, e)) < 0 ||
	    (r = check_policy(c->host, want, e)) < 0)
		return r;
	cJSON *old = c->host;
	c->host = merged(old, want);
	if ((r = apply(c, warnings, e)) < 0 || (r = container_save(c, e)) < 0) {
		cJSON_Delete(c->host);
		c->host = old;
		return r;
	}
	cJSON_Delete(old);
	warn_unused(want, warnings);
	container_event(c, "update", NULL);
	return 0;
}

int container_update(struct container *c, const cJSON *want, char ***warnings, struct err *e)
{
	int r = config_check_update(want, e);
	if (r < 0)
		return r;
	container_lock(c);
	r = update(c, want, warnings, e);
	container_unlock(c);
	return r < 0 ? err_wrap(e, "Cannot update container %s", c->id) : 0;
}
