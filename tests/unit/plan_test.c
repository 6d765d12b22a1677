/* plan_test.c - plans as such: written, flattened, loaded, carried out, undone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "kernel/fault.h"
#include "runtime/plan_build.h"
#include "tests/helpers/unit.h"
#include "tests/unit/fake_kernel.h"
#include "trace/decorator.h"

/* A plan, the fake kernel and faults in between. */
struct bench {
	struct plan_builder *p;
	struct str flat;
	struct plan plan;
	struct plan_run run;
	struct fake fake;
	struct fault fault;
};

static void begin(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->p = mem_alloc(sizeof(*b->p));
	plan_begin(b->p);
	plan_stage(b->p, STAGE_SUPERVISOR, REGION_CGROUP);
}

static void load(struct bench *b, const char *faults)
{
	struct kernel *k = fake_init(&b->fake);

	ck_assert_int_eq(plan_finish(b->p, &b->flat, NULL), 0);
	ck_assert_int_eq(plan_load(b->flat.s, b->flat.len, &b->plan), 0);
	plan_run_init(&b->run, fault_init(&b->fault, k, faults, "supervisor", NULL), &b->plan);
}

static void end(struct bench *b)
{
	plan_free(b->p);
	free(b->p);
	str_free(&b->flat);
	fake_free(&b->fake);
}

static void add_group(struct bench *b, const char *path)
{
	plan_add(b->p, K_CG_MKDIR, WHY_CG_MAKE, TEXT(path), INT(0755));
	plan_undo_by(b->p, K_CG_RMDIR, WHY_CG_REMOVE, TEXT(path));
}

START_TEST(steps_run_in_order_and_by_stage)
{
	struct bench b;

	begin(&b);
	plan_add(b.p, K_SETHOSTNAME, WHY_TABLE, TEXT("one"));
	plan_stage(b.p, STAGE_CHILD, REGION_ROOTFS);
	plan_add(b.p, K_SETHOSTNAME, WHY_TABLE, TEXT("other stage"));
	plan_stage(b.p, STAGE_SUPERVISOR, REGION_CGROUP);
	plan_add(b.p, K_SETHOSTNAME, WHY_TABLE, TEXT("two"));
	load(&b, "");
	ck_assert_int_eq(plan_run_stage(&b.run, STAGE_SUPERVISOR), 0);
	ck_assert_int_eq(b.fake.n_calls, 2);
	ck_assert_ptr_nonnull(strstr(b.fake.calls.s, "one"));
	ck_assert_ptr_nonnull(strstr(b.fake.calls.s, "two"));
	ck_assert_ptr_null(strstr(b.fake.calls.s, "other"));
	end(&b);
}
END_TEST

START_TEST(a_slot_carries_a_result_on)
{
	struct bench b;

	begin(&b);
	int fs = plan_slot(b.p, "fs");
	plan_add(b.p, K_FSOPEN, WHY_TABLE, TEXT("overlay"), INT(1));
	plan_into(b.p, fs);
	plan_add(b.p, K_CLOSE, WHY_TABLE, SLOT(fs));
	load(&b, "");
	ck_assert_int_eq(plan_run_stage(&b.run, STAGE_SUPERVISOR), 0);
	ck_assert_int_ge(b.run.slot[fs], K_SIM_FD_BASE);
	ck_assert_int_eq(b.fake.open_fds, 0);
	ck_assert_str_eq(b.plan.slot_name[fs], "fs");
	end(&b);
}
END_TEST

START_TEST(an_expected_error_goes_the_other_way)
{
	struct bench b;

	begin(&b);
	int old_way = plan_label(b.p), done = plan_label(b.p);
	plan_add(b.p, K_SETHOSTNAME, WHY_TABLE, TEXT("new"));
	plan_expect(b.p, ENOSYS, old_way);
	plan_then(b.p, done);
	plan_here(b.p, old_way);
	plan_add(b.p, K_SETDOMAINNAME, WHY_TABLE, TEXT("old"));
	plan_here(b.p, done);
	plan_add(b.p, K_SETSID, WHY_TABLE);
	load(&b, "sethostname=ENOSYS");
	ck_assert_int_eq(plan_run_stage(&b.run, STAGE_SUPERVISOR), 0);
	ck_assert_ptr_nonnull(strstr(b.fake.calls.s, "old"));
	ck_assert_int_eq(b.run.ignored, 1);
	end(&b);
}
END_TEST

START_TEST(another_error_ends_it_and_says_where)
{
	struct bench b;

	begin(&b);
	add_group(&b, "/a");
	plan_add(b.p, K_SETHOSTNAME, WHY_TABLE, TEXT("new"));
	plan_expect(b.p, ENOSYS, -1);
	load(&b, "sethostname=EPERM");
	ck_assert_int_eq(plan_run_stage(&b.run, STAGE_SUPERVISOR), -EPERM);
	ck_assert_int_eq(b.plan.step[b.run.failed].op, K_SETHOSTNAME);
	end(&b);
}
END_TEST

static void check_undone(const char *calls)
{
	const char *c = strstr(calls, "unlinkat"), *last = c;

	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_nonnull(strstr(c, "/b"));
	last = strstr(c + 1, "unlinkat");
	ck_assert_ptr_nonnull(last);
	ck_assert_ptr_nonnull(strstr(last, "/a"));
	ck_assert_ptr_null(strstr(last + 1, "unlinkat"));
}

START_TEST(undo_goes_backwards_over_what_was_done)
{
	struct bench b;

	begin(&b);
	add_group(&b, "/a");
	add_group(&b, "/b");
	add_group(&b, "/never");
	load(&b, "cg_mkdir:3=ENOSPC");
	ck_assert_int_eq(plan_run_stage(&b.run, STAGE_SUPERVISOR), -ENOSPC);
	plan_undo(&b.run);
	check_undone(b.fake.calls.s);
	plan_undo(&b.run);	/* nothing twice */
	check_undone(b.fake.calls.s);
	end(&b);
}
END_TEST

START_TEST(undo_outlives_the_plan)
{
	struct bench b;
	struct plan_kept kept;

	begin(&b);
	add_group(&b, "/a");
	add_group(&b, "/b");
	load(&b, "");
	ck_assert_int_eq(plan_run_stage(&b.run, STAGE_SUPERVISOR), 0);
	ck_assert_int_eq(plan_keep_undo(&b.run, &kept), 0);
	memset(b.flat.s, 0xee, b.flat.len);
	plan_undo_kept(&b.run, &kept);
	check_undone(b.fake.calls.s);
	end(&b);
}
END_TEST

START_TEST(vectors_survive_the_journey)
{
	struct bench b;
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"exit", NULL };

	begin(&b);
	uint32_t v = plan_strv(b.p, argv);
	plan_add(b.p, K_EXECVE, WHY_TABLE, TEXT("/bin/sh"), HEAP(v), HEAP(v));
	load(&b, "");
	char *const *got = (char *const *)(intptr_t)b.plan.step[0].arg[1];
	ck_assert_str_eq(got[0], "sh");
	ck_assert_str_eq(got[2], "exit");
	ck_assert_ptr_null(got[3]);
	end(&b);
}
END_TEST

START_TEST(rubbish_is_no_plan)
{
	struct bench b;
	struct plan p;
	char rubbish[4096] = { 1, 2, 3 };

	ck_assert_int_eq(plan_load(rubbish, sizeof(rubbish), &p), -EBADMSG);
	begin(&b);
	add_group(&b, "/a");
	load(&b, "");
	ck_assert_int_eq(plan_load(b.flat.s, b.flat.len - 1, &p), -EBADMSG);
	end(&b);
}
END_TEST

START_TEST(too_many_steps_are_refused)
{
	struct bench b;
	struct err e = { 0 };

	begin(&b);
	for (int i = 0; i <= PLAN_MAX_STEPS; i++)
		plan_add(b.p, K_SETSID, WHY_TABLE);
	ck_assert_int_eq(plan_finish(b.p, &b.flat, &e), -E2BIG);
	ck_assert_ptr_nonnull(strstr(e.what, "more than"));
	end(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");

	tcase_add_test(t, steps_run_in_order_and_by_stage);
	tcase_add_test(t, a_slot_carries_a_result_on);
	tcase_add_test(t, an_expected_error_goes_the_other_way);
	tcase_add_test(t, another_error_ends_it_and_says_where);
	tcase_add_test(t, undo_goes_backwards_over_what_was_done);
	tcase_add_test(t, undo_outlives_the_plan);
	tcase_add_test(t, vectors_survive_the_journey);
	tcase_add_test(t, rubbish_is_no_plan);
	tcase_add_test(t, too_many_steps_are_refused);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
