#include "rootless/switches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"

/* Each line of the mounts that we see, until fn says yes.  mountinfo has, counted from
 * 1, the mount's root as the fourth word and where it is mounted as the fifth. */
static bool any_mount(struct kernel *k, bool (*fn)(const char *at))
{
	size_t cap = 256 << 10;
	autofree char *text = mem_alloc(cap);
	struct k_buf b = { text, cap, 0 };
	char *save = NULL, at[512];

	if (k_read_file(k, "/proc/self/mountinfo", &b) <= 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%*s %*s %*s %*s %511s", at) == 1 && fn(at))
			return true;
	return false;
}

static bool is_root(const char *at) { return str_eq(at, "/"); }
static bool is_mask(const char *at)
{
	return str_starts(at, "/proc/") && !str_starts(at, "/proc/sys/fs/binfmt_misc");
}

/* Nothing is mounted on the root that we see: it is a directory of another one.  Without
 * any line /proc itself is missing, which says nothing. */
static bool any(const char *at) { return true; }
static bool in_chroot(struct kernel *k) { return any_mount(k, any) && !any_mount(k, is_root); }
static bool proc_is_masked(struct kernel *k) { return any_mount(k, is_mask); }

#define USERNS FORBIDS_USER_NAMESPACES
#define OTHERS FORBIDS_OTHER_NAMESPACES
#define LIMIT(kind, forbidden)									\
	{ forbidden, "user.max_" kind "_namespaces", "/proc/sys/user/max_" kind "_namespaces",	\
	  .value = 0, .why = "no namespaces of this kind are allowed",				\
	  .mend = "sysctl user.max_" kind "_namespaces=10000" }

/* The narrowest reason first. */
static const struct kernel_switch switches[] = {
	{ USERNS, "kernel.apparmor_restrict_unprivileged_userns",
	  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", .value = 1,
	  .why = "AppArmor keeps programs from user namespaces here",
	  .mend = "sysctl kernel.apparmor_restrict_unprivileged_userns=0" },
	{ USERNS, "kernel.unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone",
	  .value = 0, .why = "user namespaces are switched off",
	  .mend = "sysctl kernel.unprivileged_userns_clone=1" },
	LIMIT("user", USERNS),
	LIMIT("mnt", OTHERS | USERNS),
	LIMIT("net", OTHERS | USERNS),
	LIMIT("pid", OTHERS),
	LIMIT("ipc", OTHERS),
	LIMIT("uts", OTHERS),
	LIMIT("cgroup", OTHERS),
	{ USERNS, "chroot", .holds = in_chroot,
	  .why = "the kernel gives no user namespaces inside of a chroot(2)",
	  .mend = "exit", .anybody = true },
	{ USERNS | OTHERS, "seccomp", "/proc/self/status", "Seccomp:", 2,
	  .why = "a seccomp filter, most likely of the container that this runs in, forbids it",
	  .mend = "docker run --security-opt seccomp=unconfined ...", .anybody = true },
	{ USERNS, "SELinux", "/sys/fs/selinux/enforce", .value = 1,
	  .why = "SELinux may forbid it: `ausearch -m avc` says so", .mend = "setenforce 0" },
	{ FORBIDS_MOUNTING_PROC, "masked /proc", .holds = proc_is_masked,
	  .why = "parts of /proc are covered, as containers have it; the kernel then gives"
		 " nobody a whole one",
	  .mend = "docker run --security-opt systempaths=unconfined ...", .anybody = true },
	{ FORBIDS_MODULES, "kernel.modules_disabled", "/proc/sys/kernel/modules_disabled", .value = 1,
	  .why = "this kernel loads no more modules until it is started again",
	  .mend = "reboot" },
	{ FORBIDS_OTHERS_RIGHTS, "no_new_privs", "/proc/self/status", "NoNewPrivs:", 1,
	  .why = "no_new_privs is set: set-uid programs have no rights here",
	  .mend = "ssh localhost", .anybody = true },
	{ FORBIDS_LOW_PORTS, "net.ipv4.ip_unprivileged_port_start",
	  "/proc/sys/net/ipv4/ip_unprivileged_port_start", .value = 1024,
	  .why = "ports below 1024 are root's", .mend = "sysctl net.ipv4.ip_unprivileged_port_start=80" },
};

static bool file_says(struct kernel *k, const struct kernel_switch *s)
{
	char text[4096] = "";
	struct k_buf b = { text, sizeof(text), 0 };
	char *end, *at = text;

	if (k_read_file(k, s->file, &b) <= 0)
		return false;
	if (s->key && (at = strstr(text, s->key)))
		at += strlen(s->key);
	return at && strtol(at, &end, 10) == s->value && end != at;
}

const struct kernel_switch *switch_forbidding(struct kernel *k, enum forbidden what)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		const struct kernel_switch *s = &switches[i];
		if ((s->forbids & (int)what) && (s->holds ? s->holds(k) : file_says(k, s)))
			return s;
	}
	return NULL;
}

int switch_refused(struct kernel *k, int code, struct err *e)
{
	const struct kernel_switch *s = switch_forbidding(k, FORBIDS_USER_NAMESPACES);

	err_sys(e, code, "make a user namespace");
	if (s)
		return err_hint(e, "%s: %s`%s`", s->why, s->anybody ? "" : "as root, ", s->mend);
	return err_hint(e, "run as root, or where users may make namespaces; `drydock doctor` says more");
}
