/* fault_test.c - failures on purpose, and single steps. */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/fault.h"
#include "kernel/step.h"
#include "tests/helpers/unit.h"
#include "tests/unit/fake_kernel.h"

static struct fake fake;
static struct fault fault;

static struct kernel *faulty(const char *text)
{
	struct kernel *k = fault_init(&fault, fake_init(&fake), text, "child", NULL);
	ck_assert_ptr_nonnull(k);
	return k;
}

static long mount_one(struct kernel *k) { return k_mount(k, "a", "/a", "tmpfs", 0, NULL); }

START_TEST(the_nth_call_of_a_name_fails)
{
	struct kernel *k = faulty("mount:2=ENOSPC");

	ck_assert_int_eq(mount_one(k), 0);
	ck_assert_int_eq(k_umount(k, "/a", 0), 0);
	ck_assert_int_eq(mount_one(k), -ENOSPC);
	ck_assert_int_eq(mount_one(k), 0);
	ck_assert_int_eq(fake.n_calls, 3);	/* the failed one wasn't made */
	ck_assert_uint_eq(fault.struck, 1);
	ck_assert_uint_eq(fault.calls, 4);
}
END_TEST

START_TEST(the_nth_call_of_all_fails)
{
	struct kernel *k = faulty("#3=EIO");

	ck_assert_int_eq(mount_one(k), 0);
	ck_assert_int_eq(k_umount(k, "/a", 0), 0);
	ck_assert_int_eq(k_chdir(k, "/"), -EIO);
	ck_assert_int_eq(k_chdir(k, "/"), 0);
}
END_TEST

START_TEST(every_call_of_a_name_fails)
{
	struct kernel *k = faulty("chdir:*=EACCES,umount=EBUSY");

	ck_assert_int_eq(k_chdir(k, "/"), -EACCES);
	ck_assert_int_eq(k_chdir(k, "/"), -EACCES);
	ck_assert_int_eq(k_umount(k, "/a", 0), -EBUSY);
	ck_assert_int_eq(k_umount(k, "/a", 0), 0);
}
END_TEST

START_TEST(rules_of_another_stage_are_left_out)
{
	struct kernel *k = faulty("supervisor/chdir=EIO,child/umount=EBUSY");

	ck_assert_int_eq(k_chdir(k, "/"), 0);
	ck_assert_int_eq(k_umount(k, "/a", 0), -EBUSY);
	ck_assert_uint_eq(fault.n_rules, 1);
}
END_TEST

START_TEST(no_rule_only_counts)
{
	ck_assert_int_eq(mount_one(faulty(NULL)), 0);
	fake_free(&fake);
	ck_assert_int_eq(mount_one(faulty("")), 0);
	ck_assert_uint_eq(fault.calls, 1);
	ck_assert_uint_eq(fault.seen[K_MOUNT], 1);
}
END_TEST

START_TEST(unreadable_rules_are_pointed_at)
{
	static const char *const wrong[] = {
		"mount", "mount=", "mount=EFOO", "nosuch=EIO", "mount:0=EIO", "mount:x=EIO",
		"#=EIO", "=EIO", "#1=EIO=x",
		"a,a,a,a,a,a,a,a,a",
		"mount:22222222222222222222222222222222222222222222222222222222222=EIO",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *bad = NULL;
		ck_assert_ptr_null(fault_init(&fault, fake_init(&fake), wrong[i], "child", &bad));
		ck_assert_ptr_eq(bad, wrong[i]);
	}
	const char *second = "mount=EIO,oops", *bad = NULL;
	ck_assert_ptr_null(fault_init(&fault, fake_init(&fake), second, "child", &bad));
	ck_assert_str_eq(bad, "oops");
}
END_TEST

static int ended(const char *text)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		mount_one(faulty(text));
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

START_TEST(the_process_ends_there)
{
	int killed = ended("mount=kill"), left = ended("mount=exit"), lived = ended("chdir=kill");

	ck_assert(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL);
	ck_assert(WIFEXITED(left) && WEXITSTATUS(left) == 1);
	ck_assert(WIFEXITED(lived) && WEXITSTATUS(lived) == 0);
}
END_TEST

/* ---- single steps ---- */

START_TEST(a_step_waits_for_its_answer)
{
	struct step s;
	struct step_ask ask;
	int end[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
	struct kernel *k = step_init(&s, fake_init(&fake), end[0], end[0], 2);
	ck_assert_int_eq(write(end[1], "gq", 2), 2);
	ck_assert_int_eq(mount_one(k), 0);
	ck_assert_int_eq(mount_one(k), -ECANCELED);
	ck_assert_int_eq(k_chdir(k, "/"), -ECANCELED);	/* refused once, refused for good */
	ck_assert_int_eq(read(end[1], &ask, sizeof(ask)), sizeof(ask));
	ck_assert_uint_eq(ask.number, 1);
	ck_assert_uint_eq(ask.op, K_MOUNT);
	ck_assert_uint_eq(ask.stage, 2);
	ck_assert_int_eq(fake.n_calls, 1);
	close(end[0]);
	close(end[1]);
}
END_TEST

START_TEST(nobody_there_to_answer_means_run)
{
	struct step s;
	int end[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
	struct kernel *k = step_init(&s, fake_init(&fake), end[0], end[0], 2);
	signal(SIGPIPE, SIG_IGN);
	close(end[1]);
	ck_assert_int_eq(mount_one(k), 0);
	ck_assert_int_eq(mount_one(k), 0);
	ck_assert_int_eq(s.mode, 'r');
	close(end[0]);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		the_nth_call_of_a_name_fails,
		the_nth_call_of_all_fails,
		every_call_of_a_name_fails,
		rules_of_another_stage_are_left_out,
		no_rule_only_counts,
		unreadable_rules_are_pointed_at,
		the_process_ends_there,
		a_step_waits_for_its_answer,
		nobody_there_to_answer_means_run,
	};
	Suite *s = suite_create("fault");
	TCase *t = tcase_create("fault");

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
