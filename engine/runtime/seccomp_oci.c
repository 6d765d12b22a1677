/* seccomp_oci.c - a container's filter in the words of the OCI runtime specification
 * (config-linux.md, "Seccomp"): what a runtime that isn't ours needs to make it.
 *
 * That form knows no "includes" and "excludes": rules that don't count here are left out.
 */
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_profile.h"

static cJSON *add_rule(cJSON *rules, const char *names, const char *action)
{
	cJSON *rule = cJSON_CreateObject(), *list = cJSON_CreateArray();
	autofree char *copy = str_dup(names);
	char *save = NULL;
	for (char *n = strtok_r(copy, " ", &save); n; n = strtok_r(NULL, " ", &save))
		cJSON_AddItemToArray(list, cJSON_CreateString(n));
	json_put(rule, "names", list);
	json_put_str(rule, "action", action);
	cJSON_AddItemToArray(rules, rule);
	return rule;
}

static void allow_where(cJSON *rules, const char *name, const char *op, uint32_t value)
{
	cJSON *o = cJSON_CreateObject(), *args = cJSON_CreateArray();
	json_put_int(o, "index", 0);
	json_put_int(o, "value", value);
	json_put_str(o, "op", op);
	cJSON_AddItemToArray(args, o);
	json_put(add_rule(rules, name, "SCMP_ACT_ALLOW"), "args", args);
}

/* Several rules for a call: one of them is enough.  One rule can't test the same argument
 * twice (libseccomp), so that "none of" is said by what is left: below the first value,
 * above the last, and each between them.  Values are in order. */
static void add_condition(cJSON *rules, const struct profile_condition *t)
{
	const uint32_t *v = t->value;
	int last = t->n_values - 1;
	for (int i = 0; i <= last; i++) {
		if (t->test == ARG_IS_ONE_OF)
			allow_where(rules, t->name, "SCMP_CMP_EQ", v[i]);
		else if (t->test == ARG_HAS_NO_BIT_OF)	/* valueTwo, what is left, is 0 */
			allow_where(rules, t->name, "SCMP_CMP_MASKED_EQ", v[i]);
		else if (i < last)
			for (uint32_t n = v[i] + 1; n < v[i + 1]; n++)
				allow_where(rules, t->name, "SCMP_CMP_EQ", n);
	}
	if (t->test == ARG_IS_NONE_OF) {
		allow_where(rules, t->name, "SCMP_CMP_LT", v[0]);
		allow_where(rules, t->name, "SCMP_CMP_GT", v[last]);
	}
}

static bool held(uint64_t caps, int cap) { return cap == ALWAYS || (caps >> cap & 1); }

static cJSON *architectures(void)
{
	cJSON *a = cJSON_CreateArray();
	static const char *const names[] = {
#if defined(__x86_64__)
		"SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
#elif defined(__aarch64__)
		"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
#endif
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cJSON_AddItemToArray(a, cJSON_CreateString(names[i]));
	return a;
}

static cJSON *default_profile(uint64_t caps)
{
	cJSON *o = cJSON_CreateObject(), *rules = cJSON_CreateArray();
	json_put_str(o, "defaultAction", "SCMP_ACT_ERRNO");
	json_put_int(o, "defaultErrnoRet", EPERM);
	json_put(o, "architectures", architectures());
	add_rule(rules, PROFILE_WATCHED, "SCMP_ACT_ALLOW");
	for (size_t i = 0; i < ARRAY_SIZE(profile_rows); i++)
		if (held(caps, profile_rows[i].cap))
			add_rule(rules, profile_rows[i].names, "SCMP_ACT_ALLOW");
	for (size_t i = 0; i < ARRAY_SIZE(profile_conditions); i++)
		if (profile_conditions[i].cap == ALWAYS || !held(caps, profile_conditions[i].cap))
			add_condition(rules, &profile_conditions[i]);
	if (!held(caps, CAP_SYS_ADMIN))
		json_put_int(add_rule(rules, PROFILE_ABSENT, "SCMP_ACT_ERRNO"), "errnoRet", ENOSYS);
	json_put(o, "syscalls", rules);
	return o;
}

/* A user's own, which was read without an error before. */
static cJSON *users_profile(const char *text, uint64_t caps)
{
	static const char *const copied[] = { "defaultAction", "defaultErrnoRet", "flags" };
	static const char *const of_rule[] = { "names", "action", "errnoRet", "args" };
	autojson cJSON *profile = NULL;
	const cJSON *rule;
	cJSON *o = cJSON_CreateObject(), *rules = cJSON_CreateArray();
	json_parse(text, strlen(text), &profile, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
		if (json_obj(profile, copied[i]))
			json_put(o, copied[i], cJSON_Duplicate(json_obj(profile, copied[i]), true));
	json_put(o, "architectures", architectures());
	cJSON_ArrayForEach(rule, json_obj(profile, "syscalls")) {
		if (!seccomp_rule_counts(rule, caps))
			continue;
		cJSON *kept = add_rule(rules, json_str_or(rule, "name", ""), "");
		for (size_t i = 0; i < ARRAY_SIZE(of_rule); i++)
			if (json_obj(rule, of_rule[i]))
				json_replace(kept, of_rule[i],
					     cJSON_Duplicate(json_obj(rule, of_rule[i]), true));
	}
	json_put(o, "syscalls", rules);
	return o;
}

cJSON *seccomp_oci(bool profile, const char *own, uint64_t caps)
{
	return own ? users_profile(own, caps) : profile ? default_profile(caps) : NULL;
}
