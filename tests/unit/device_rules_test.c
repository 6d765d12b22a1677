/* device_rules_test.c - rules of devices as a program of the kernel's.  The program is
 * carried out here instruction by instruction, as bpf(2) defines them, and its answer
 * compared with what the rules say when they are read one by one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "runtime/device_rules.h"
#include "tests/helpers/unit.h"

#define M BPF_DEVCG_ACC_MKNOD
#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE

static uint64_t operand(const struct bpf_insn *i, const uint64_t reg[11])
{
	return BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint64_t)(int64_t)i->imm;
}

static uint64_t compute(const struct bpf_insn *i, uint64_t a, uint64_t b)
{
	uint64_t v = 0;

	switch (BPF_OP(i->code)) {
	case BPF_AND: v = a & b; break;
	case BPF_RSH: v = (uint32_t)a >> b; break;
	case BPF_MOV: v = b; break;
	default: ck_abort_msg("an instruction nobody needs: %#x", i->code);
	}
	return BPF_CLASS(i->code) == BPF_ALU ? (uint32_t)v : v;
}

static int ask(const struct device_program *p, struct bpf_cgroup_dev_ctx ctx)
{
	uint64_t reg[11] = { 0 };

	for (size_t at = 0; at < p->len; at++) {
		const struct bpf_insn *i = &p->insn[at];
		uint32_t word;
		switch (BPF_CLASS(i->code)) {
		case BPF_LDX:
			ck_assert_int_eq(i->src_reg, BPF_REG_1);	/* the context, until it is lost */
			memcpy(&word, (char *)&ctx + i->off, sizeof(word));
			reg[i->dst_reg] = word;
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_EXIT)
				return (int)reg[0];
			ck_assert_int_eq(BPF_OP(i->code), BPF_JNE);
			if (reg[i->dst_reg] != operand(i, reg))
				at += (size_t)i->off;
			break;
		default:
			reg[i->dst_reg] = compute(i, reg[i->dst_reg], operand(i, reg));
		}
	}
	ck_abort_msg("the program runs over its end");
	return -1;
}

static bool allowed(const struct device_program *p, int kind, uint32_t access, uint32_t major,
		    uint32_t minor)
{
	return ask(p, (struct bpf_cgroup_dev_ctx){ access << 16 | (uint32_t)kind, major, minor });
}

static struct device_program *compile(const char *const *rules)
{
	struct device_program *p = mem_alloc(sizeof(*p));
	ck_assert_int_eq(device_program((char *const *)rules, p), 0);
	return p;
}

START_TEST(what_one_rule_allows_and_nothing_else)
{
	static const char *const rules[] = { "c 10:229 r", "c 10:229 w", "b 7:* rm", "c *:5 m", NULL };
	static const struct { int kind; uint32_t access, major, minor; bool yes; } ask_for[] = {
		{ BPF_DEVCG_DEV_CHAR, R, 10, 229, true }, { BPF_DEVCG_DEV_CHAR, R | W, 10, 229, true },
		{ BPF_DEVCG_DEV_CHAR, M, 10, 229, false }, { BPF_DEVCG_DEV_CHAR, R | M, 10, 229, false },
		{ BPF_DEVCG_DEV_CHAR, R, 10, 228, false }, { BPF_DEVCG_DEV_CHAR, R, 11, 229, false },
		{ BPF_DEVCG_DEV_BLOCK, R, 10, 229, false }, { BPF_DEVCG_DEV_BLOCK, R | M, 7, 3, true },
		{ BPF_DEVCG_DEV_BLOCK, W, 7, 3, false }, { BPF_DEVCG_DEV_BLOCK, R, 8, 3, false },
		{ BPF_DEVCG_DEV_CHAR, M, 4000, 5, true }, { BPF_DEVCG_DEV_CHAR, M, 4000, 6, false },
	};
	autofree struct device_program *p = compile(rules);
	for (size_t i = 0; i < ARRAY_SIZE(ask_for); i++)
		ck_assert_msg(allowed(p, ask_for[i].kind, ask_for[i].access, ask_for[i].major,
				      ask_for[i].minor) == ask_for[i].yes, "question %zu", i);
}
END_TEST

START_TEST(no_rule_allows_nothing_and_a_everything)
{
	static const char *const none[] = { NULL };
	static const char *const all[] = { "c 1:3 r", "a *:* rwm", "c 1:5 r", NULL };
	autofree struct device_program *no = compile(none), *yes = compile(all);
	ck_assert(!allowed(no, BPF_DEVCG_DEV_CHAR, R, 1, 3));
	ck_assert(allowed(yes, BPF_DEVCG_DEV_BLOCK, R | W | M, 8, 0));
}
END_TEST

START_TEST(a_container_has_the_rules_of_all_first)
{
	char *own[] = { (char *)"c 99:1 w", NULL };
	struct spec_device device = { (char *)"/dev/sdb", (char *)"/dev/x", S_IFBLK, makedev(8, 16), "rw" };
	struct spec s = { .devices = &device, .n_devices = 1, .device_rules = own };
	char **rules = device_rules_of(&s);
	size_t n = strv_len(rules);
	ck_assert_str_eq(rules[0], device_rules_default[0]);
	ck_assert_str_eq(rules[n - 2], "b 8:16 rw");
	ck_assert_str_eq(rules[n - 1], "c 99:1 w");
	autofree struct device_program *p = compile((const char *const *)rules);
	ck_assert(allowed(p, BPF_DEVCG_DEV_CHAR, R | W, 1, 3));
	ck_assert(allowed(p, BPF_DEVCG_DEV_BLOCK, M, 1, 1));
	ck_assert(allowed(p, BPF_DEVCG_DEV_BLOCK, R | W, 8, 16));
	ck_assert(!allowed(p, BPF_DEVCG_DEV_BLOCK, R, 8, 17));
	strv_free(rules);
}
END_TEST

START_TEST(what_is_no_rule_is_refused)
{
	static const char *const bad[] = { "", "x 1:3 r", "c 1 r", "c -1:3 r", "c 1:3", "c 1:3 x",
					   "c 99999999999:1 r", "c 1*:3 r" };
	autofree struct device_program *p = mem_alloc(sizeof(*p));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *const rules[] = { bad[i], NULL };
		ck_assert_msg(device_program((char *const *)rules, p) == -EINVAL, "%s was taken", bad[i]);
	}
}
END_TEST

START_TEST(more_rules_than_it_has_room_for_are_refused)
{
	char **rules = strv_dup(NULL);
	autofree struct device_program *p = mem_alloc(sizeof(*p));
	for (int i = 0; i < 1000; i++) {
		autofree char *rule = str_printf("c %d:1 r", i);
		strv_add(&rules, rule);
	}
	ck_assert_int_eq(device_program(rules, p), -E2BIG);
	strv_free(rules);
}
END_TEST

static Suite *device_rules_suite(void)
{
	Suite *s = suite_create("device_rules");
	TCase *t = tcase_create("device_rules");
	tcase_add_test(t, what_one_rule_allows_and_nothing_else);
	tcase_add_test(t, no_rule_allows_nothing_and_a_everything);
	tcase_add_test(t, a_container_has_the_rules_of_all_first);
	tcase_add_test(t, what_is_no_rule_is_refused);
	tcase_add_test(t, more_rules_than_it_has_room_for_are_refused);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(device_rules_suite)
