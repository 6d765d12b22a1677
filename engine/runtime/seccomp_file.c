/* seccomp_file.c - --security-opt seccomp=FILE: a profile in docker's JSON form, by
 * libseccomp.  (The default profile is a tree of our own: seccomp.c.)
 *
 *	{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
 *	 "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": [...]}],
 *	 "syscalls": [{"names": [...], "action": "SCMP_ACT_ALLOW", "errnoRet": 1,
 *	               "args": [{"index": 0, "value": 1, "valueTwo": 0, "op": "SCMP_CMP_EQ"}],
 *	               "includes": {"caps": [...], "arches": [...], "minKernel": "4.8"},
 *	               "excludes": {...}}]}
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "runtime/container_limits.h"
#include "runtime/seccomp.h"

static const struct { const char *name; uint32_t action; } actions[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW }, { "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD }, { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS }, { "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG }, { "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
};

static const struct { const char *name; enum scmp_compare op; } compares[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE }, { "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE }, { "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};

/* Of this machine, in the words of "architectures" and of "arches". */
static const struct { const char *name, *go; uint32_t arch; } arches[] = {
#if defined(__x86_64__)
	{ "SCMP_ARCH_X86_64", "amd64", SCMP_ARCH_X86_64 }, { "SCMP_ARCH_X86", "x86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X32", "x32", SCMP_ARCH_X32 },
#elif defined(__aarch64__)
	{ "SCMP_ARCH_AARCH64", "arm64", SCMP_ARCH_AARCH64 }, { "SCMP_ARCH_ARM", "arm", SCMP_ARCH_ARM },
#endif
};

static int action_of(const char *name, int64_t code, uint32_t *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (str_eq(actions[i].name, name)) {
			bool coded = actions[i].action == SCMP_ACT_ERRNO(0) ||
				     actions[i].action == SCMP_ACT_TRACE(0);
			*out = actions[i].action | (coded ? (uint32_t)code & 0xffff : 0);
			return 0;
		}
	return err_set(e, EINVAL, "invalid seccomp action: %s", name);
}

/* -- which rules count here -------------------------------------------------------- */

static bool kernel_is(const char *least)
{
	struct utsname u;
	int want[2] = { 0 }, have[2] = { 0 };
	uname(&u);
	sscanf(least, "%d.%d", &want[0], &want[1]);
	sscanf(u.release, "%d.%d", &have[0], &have[1]);
	return have[0] > want[0] || (have[0] == want[0] && have[1] >= want[1]);
}

/* How many of the names hold here. */
static int count(const cJSON *list, uint64_t caps, bool is_caps)
{
	const cJSON *v;
	int n = 0;
	cJSON_ArrayForEach(v, list) {
		const char *name = cJSON_IsString(v) ? v->valuestring : "";
		uint64_t bit = 0;
		if (is_caps)
			n += cap_bit(name, &bit, NULL) == 0 && (caps & bit);
		else
			n += str_eq(name, arches[0].go);
	}
	return n;
}

bool seccomp_rule_counts(const cJSON *rule, uint64_t caps)
{
	const cJSON *in = json_obj(rule, "includes"), *out = json_obj(rule, "excludes");
	const cJSON *in_caps = json_obj(in, "caps"), *in_arches = json_obj(in, "arches");
	const char *least = json_str(in, "minKernel"), *most = json_str(out, "minKernel");
	return count(in_caps, caps, true) == cJSON_GetArraySize(in_caps) &&
	       (!cJSON_GetArraySize(in_arches) || count(in_arches, caps, false)) &&
	       !count(json_obj(out, "caps"), caps, true) && !count(json_obj(out, "arches"), caps, false) &&
	       (!least || kernel_is(least)) && (!most || !kernel_is(most));
}

/* -- rules ------------------------------------------------------------------------- */

static int read_args(const cJSON *list, struct scmp_arg_cmp args[6], unsigned *n, struct err *e)
{
	const cJSON *v;
	*n = 0;
	cJSON_ArrayForEach(v, list) {
		const char *op = json_str_or(v, "op", "");
		int64_t index = json_int(v, "index", -1);
		size_t i = 0;
		while (i < ARRAY_SIZE(compares) && !str_eq(compares[i].name, op))
			i++;
		if (i == ARRAY_SIZE(compares))
			return err_set(e, EINVAL, "invalid seccomp operator: %s", op);
		if (index < 0 || index > 5 || *n == 6)
			return err_set(e, EINVAL, "invalid seccomp argument: index %lld", (long long)index);
		args[(*n)++] = (struct scmp_arg_cmp){ (unsigned)index, compares[i].op,
						      (scmp_datum_t)json_int(v, "value", 0),
						      (scmp_datum_t)json_int(v, "valueTwo", 0) };
	}
	return 0;
}

static int add_name(scmp_filter_ctx ctx, const char *name, uint32_t action, unsigned n,
		    const struct scmp_arg_cmp *args, struct err *e)
{
	int nr = seccomp_syscall_resolve_name(name);
	if (nr == __NR_SCMP_ERROR)	/* newer than this library, or of another machine */
		return 0;
	int r = seccomp_rule_add_array(ctx, action, nr, n, args);
	/* EACCES: what the default does anyway. */
	return r < 0 && r != -EACCES && r != -EEXIST ?
	       err_sys(e, -r, "seccomp profile: rule for %s", name) : 0;
}

static int add_rule(scmp_filter_ctx ctx, const cJSON *rule, uint64_t caps, struct err *e)
{
	struct scmp_arg_cmp args[6];
	uint32_t action;
	unsigned n;
	const cJSON *v;
	int r = action_of(json_str_or(rule, "action", ""), json_int(rule, "errnoRet", EPERM), &action, e);
	if (r < 0 || !seccomp_rule_counts(rule, caps) ||
	    (r = read_args(json_obj(rule, "args"), args, &n, e)) < 0)
		return r;
	if (json_str(rule, "name"))
		r = add_name(ctx, json_str(rule, "name"), action, n, args, e);
	cJSON_ArrayForEach(v, json_obj(rule, "names"))
		if (r == 0 && cJSON_IsString(v))
			r = add_name(ctx, v->valuestring, action, n, args, e);
	return r;
}

static void add_arches(scmp_filter_ctx ctx, const cJSON *list)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, list) {
		const char *name = cJSON_IsString(v) ? v->valuestring : "";
		for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
			if (str_eq(arches[i].name, name))
				seccomp_arch_add(ctx, arches[i].arch);	/* its own is there */
	}
}

static int export(scmp_filter_ctx ctx, struct seccomp_program *out, struct err *e)
{
	struct stat st;
	autofd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);
	if (r < 0 || fstat(fd, &st) < 0)
		return err_sys(e, r < 0 ? -r : errno, "make the seccomp program");
	out->insn = mem_alloc((size_t)st.st_size);
	out->len = (unsigned short)((size_t)st.st_size / sizeof(*out->insn));
	if (pread(fd, out->insn, (size_t)st.st_size, 0) != st.st_size)
		return err_sys(e, EIO, "make the seccomp program");
	return 0;
}

static int build(const cJSON *profile, uint64_t caps, struct seccomp_program *out, struct err *e)
{
	const cJSON *v;
	uint32_t action;
	int r = action_of(json_str_or(profile, "defaultAction", ""),
			  json_int(profile, "defaultErrnoRet", EPERM), &action, e);
	if (r < 0)
		return r;
	scmp_filter_ctx ctx = seccomp_init(action);
	if (!ctx)
		return err_set(e, EINVAL, "make the seccomp program: nothing would be left to run");
	add_arches(ctx, json_obj(profile, "architectures"));
	cJSON_ArrayForEach(v, json_obj(profile, "archMap"))
		if (str_eq(json_str(v, "architecture"), arches[0].name))
			add_arches(ctx, json_obj(v, "subArchitectures"));
	cJSON_ArrayForEach(v, json_obj(profile, "syscalls"))
		if (r == 0)
			r = add_rule(ctx, v, caps, e);
	if (r == 0)
		r = export(ctx, out, e);
	seccomp_release(ctx);
	return r;
}

int seccomp_file(const char *text, uint64_t caps, struct seccomp_program *out, struct err *e)
{
	autojson cJSON *profile = NULL;
	int r = json_parse(text, strlen(text), &profile, e);
	if (r == 0 && !cJSON_IsObject(profile))
		r = err_set(e, EINVAL, "not an object");
	if (r == 0)
		r = build(profile, caps, out, e);
	if (r < 0) {
		err_wrap(e, "Decoding seccomp profile failed");
		e->code = EINVAL;
		return -EINVAL;
	}
	return 0;
}
