/* seccomp_test.c - the filter, asked call by call: a small interpreter of the
 * instructions it uses says what the kernel would. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/seccomp.h"
#include "tests/helpers/unit.h"

#define DOCKER_CAPS 0xa80425fb
#define SYS_ADMIN (1ull << 21)
#define EPERM_ACTION (SECCOMP_RET_ERRNO | EPERM)
#define ENOSYS_ACTION (SECCOMP_RET_ERRNO | ENOSYS)

/* All jumps go forward, so that this ends. */
static uint32_t run(const struct seccomp_program *p, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < p->len; pc++) {
		const struct sock_filter *i = &p->insn[pc];
		bool yes = false;
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS: memcpy(&a, (const char *)d + i->k, 4); continue;
		case BPF_RET | BPF_K: return i->k;
		case BPF_JMP | BPF_JA: pc += i->k; continue;
		case BPF_JMP | BPF_JEQ | BPF_K: yes = a == i->k; break;
		case BPF_JMP | BPF_JGE | BPF_K: yes = a >= i->k; break;
		case BPF_JMP | BPF_JSET | BPF_K: yes = a & i->k; break;
		default: ck_abort_msg("unknown instruction %x", i->code);
		}
		pc += yes ? i->jt : i->jf;
	}
	ck_abort_msg("ran over the end");
	return 0;
}

static uint32_t ask(bool profile, uint64_t caps, const char *name, uint64_t arg)
{
	const struct seccomp_program *p;
	struct seccomp_data d = { .arch = seccomp_arch_native() == SCMP_ARCH_X86_64
					? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64,
				  .nr = seccomp_syscall_resolve_name(name), .args = { arg } };

	ck_assert_int_eq(seccomp_program(profile, caps, &p, NULL), 0);
	return run(p, &d);
}

struct question { const char *name; uint64_t arg; uint32_t answer; };

static void check(bool profile, uint64_t caps, const struct question *q, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t got = ask(profile, caps, q[i].name, q[i].arg);
		ck_assert_msg(got == q[i].answer, "%s(%#lx): %#x", q[i].name,
			      (unsigned long)q[i].arg, got);
	}
}

START_TEST(the_default_profile)
{
	static const struct question q[] = {
		{ "read", 0, SECCOMP_RET_ALLOW }, { "openat", 0, SECCOMP_RET_ALLOW },
		{ "futex", 0, SECCOMP_RET_ALLOW }, { "mount", 0, EPERM_ACTION },
		{ "unshare", 0, EPERM_ACTION }, { "reboot", 0, EPERM_ACTION },
		{ "kexec_load", 0, EPERM_ACTION }, { "bpf", 0, EPERM_ACTION },
		{ "keyctl", 0, EPERM_ACTION }, { "setns", 0, EPERM_ACTION },
		{ "clone3", 0, ENOSYS_ACTION }, { "chroot", 0, SECCOMP_RET_ALLOW },
		{ "execve", 0, SECCOMP_RET_USER_NOTIF }, { "execveat", 0, SECCOMP_RET_USER_NOTIF },
		{ "exit_group", 0, SECCOMP_RET_USER_NOTIF }, { "exit", 0, SECCOMP_RET_ALLOW },
	};
	check(true, DOCKER_CAPS, q, sizeof(q) / sizeof(q[0]));
}
END_TEST

START_TEST(conditions_on_the_first_argument)
{
	static const struct question q[] = {
		{ "clone", 0x1200011, SECCOMP_RET_ALLOW }, { "clone", 0x10000000, EPERM_ACTION },
		{ "clone", 0x20000, EPERM_ACTION }, { "socket", 2, SECCOMP_RET_ALLOW },
		{ "socket", 16, SECCOMP_RET_ALLOW }, { "socket", 40, EPERM_ACTION },
		{ "socket", 38, EPERM_ACTION }, { "personality", 0, SECCOMP_RET_ALLOW },
		{ "personality", 0xffffffff, SECCOMP_RET_ALLOW },
		{ "personality", 0x40000, EPERM_ACTION },
	};
	check(true, DOCKER_CAPS, q, sizeof(q) / sizeof(q[0]));
}
END_TEST

START_TEST(capabilities_bring_calls_with_them)
{
	static const struct question q[] = {
		{ "mount", 0, SECCOMP_RET_ALLOW }, { "unshare", 0, SECCOMP_RET_ALLOW },
		{ "clone", 0x10000000, SECCOMP_RET_ALLOW }, { "clone3", 0, SECCOMP_RET_ALLOW },
		{ "reboot", 0, EPERM_ACTION }, { "execve", 0, SECCOMP_RET_USER_NOTIF },
	};
	check(true, DOCKER_CAPS | SYS_ADMIN, q, sizeof(q) / sizeof(q[0]));
}
END_TEST

START_TEST(unconfined_watches_only)
{
	static const struct question q[] = {
		{ "mount", 0, SECCOMP_RET_ALLOW }, { "reboot", 0, SECCOMP_RET_ALLOW },
		{ "execve", 0, SECCOMP_RET_USER_NOTIF },
		{ "exit_group", 0, SECCOMP_RET_USER_NOTIF },
	};
	check(false, DOCKER_CAPS, q, sizeof(q) / sizeof(q[0]));
}
END_TEST

START_TEST(numbers_nobody_knows)
{
	const struct seccomp_program *p;
	struct seccomp_data d = { .arch = seccomp_arch_native() == SCMP_ARCH_X86_64
					? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64, .nr = 900 };

	seccomp_program(true, DOCKER_CAPS, &p, NULL);
	ck_assert_uint_eq(run(p, &d), ENOSYS_ACTION);
	d.nr = 0x40000000 | 1;		/* x32 */
	ck_assert_uint_eq(run(p, &d), ENOSYS_ACTION);
	d.arch = AUDIT_ARCH_PPC64;	/* another machine's numbers */
	ck_assert_uint_eq(run(p, &d), EPERM_ACTION);
}
END_TEST

START_TEST(small_and_made_once)
{
	const struct seccomp_program *a, *b;

	seccomp_program(true, DOCKER_CAPS, &a, NULL);
	seccomp_program(true, DOCKER_CAPS, &b, NULL);
	ck_assert_ptr_eq(a, b);
	ck_assert_int_lt(a->len, 450);
	for (int i = 0; i < a->len; i++)	/* every jump lands inside */
		if (BPF_CLASS(a->insn[i].code) == BPF_JMP)
			ck_assert_int_lt(i + a->insn[i].jt, a->len);
}
END_TEST

static const char *const bad_profiles[] = {
	"", "[]", "{", "{}", "{\"defaultAction\":5}", "{\"defaultAction\":\"SCMP_ACT_MAYBE\"}",
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[5]}",
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
	"\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
	"\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_QQ\"}]}]}",
};

START_TEST(refuses_profiles_of_nonsense)
{
	struct seccomp_program p = { .insn = NULL };
	struct err e = { 0 };
	ck_assert_int_eq(seccomp_file(bad_profiles[_i], 0, &p, &e), -EINVAL);
	ck_assert_msg(strstr(e.what, "Decoding seccomp profile failed") == e.what, "%s", e.what);
	ck_assert_ptr_null(p.insn);
}
END_TEST

START_TEST(takes_profiles_with_what_it_does_not_know)
{
	struct seccomp_program p = { .insn = NULL };
	ck_assert_int_eq(seccomp_file("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":"
				      "[\"SCMP_ARCH_MARS\"],\"syscalls\":[{\"names\":[\"read\","
				      "\"no_such_call\",5],\"action\":\"SCMP_ACT_ALLOW\"}]}", 0, &p,
				      NULL), 0);
	ck_assert_uint_gt(p.len, 3);
	free(p.insn);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("seccomp");
	TCase *t = tcase_create("filter");

	tcase_add_loop_test(t, refuses_profiles_of_nonsense, 0, 9);
	tcase_add_test(t, takes_profiles_with_what_it_does_not_know);
	tcase_add_test(t, the_default_profile);
	tcase_add_test(t, conditions_on_the_first_argument);
	tcase_add_test(t, capabilities_bring_calls_with_them);
	tcase_add_test(t, unconfined_watches_only);
	tcase_add_test(t, numbers_nobody_knows);
	tcase_add_test(t, small_and_made_once);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
