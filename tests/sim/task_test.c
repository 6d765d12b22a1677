/* task_test.c - processes of the simulated kernel: fork, exec, wait, signals, orphans,
 * pipes, time; against what signal(7), wait(2) and pid_namespaces(7) say. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "core/str.h"
#include "sim/sim.h"
#include "tests/helpers/unit.h"

static struct sim *machine;
static struct str said;		/* what the models of a test put down, in their order */

static void say(const char *what) { str_addf(&said, "%s ", what); }

static void set_up(void)
{
	machine = sim_create(&(struct sim_options){ .seed = 1, .epoch_ns = 1 });
	str_clear(&said);
	str_add(&said, "");
}

static void tear_down(void)
{
	sim_destroy(machine);
	str_free(&said);
}

/* Runs fn as a process of its own and gives its wait status. */
static int status_of(int (*fn)(struct task *t, void *arg), void *arg)
{
	int status = -1;
	long pid = sys_fork(sim_self(machine), fn, arg);

	ck_assert_int_gt(pid, 1);
	ck_assert_int_eq(sys_wait(sim_self(machine), (pid_t)pid, &status, 0), pid);
	return status;
}

static int code_of(int (*fn)(struct task *t, void *arg))
{
	int status = status_of(fn, NULL);

	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* ---- fork and wait ---- */

static int seven(struct task *t, void *arg) { return 7; }
static int sleeper(struct task *t, void *arg)
{
	sys_sleep(t, (uint64_t)(intptr_t)arg * 1000000000u);
	say(arg ? "slept" : "-");
	return (int)(intptr_t)arg;
}

static int child_runs_first(struct task *t, void *arg)
{
	int status;
	long a = sys_fork(t, sleeper, (void *)2), b = sys_fork(t, sleeper, (void *)1);

	say("parent");
	return sys_wait(t, -1, &status, 0) == b && WEXITSTATUS(status) == 1 &&
	       sys_wait(t, -1, &status, 0) == a && WEXITSTATUS(status) == 2 &&
	       sys_wait(t, -1, &status, 0) == -ECHILD;
}

START_TEST(children_are_waited_for_in_the_order_they_end)
{
	uint64_t before = sim_clock(machine);

	ck_assert_int_eq(code_of(child_runs_first), 1);
	ck_assert_str_eq(said.s, "parent slept slept ");
	ck_assert_uint_eq(sim_clock(machine) - before, 2000000000u);
	ck_assert_int_eq(code_of(seven), 7);
}
END_TEST

static int polls_for_child(struct task *t, void *arg)
{
	int status;
	long pid = sys_fork(t, sleeper, (void *)1);

	return sys_wait(t, (pid_t)pid, &status, WNOHANG) == 0 &&
	       sys_wait(t, 4000, &status, 0) == -ECHILD &&
	       sys_wait(t, (pid_t)pid, &status, 0) == pid;
}

START_TEST(wnohang_doesnt_wait) { ck_assert_int_eq(code_of(polls_for_child), 1); }
END_TEST

/* ---- signals ---- */

static void on_signal(struct task *t, int sig) { say(sig == SIGUSR1 ? "usr1" : "other"); }

static int waits_for_ever(struct task *t, void *arg)
{
	sys_pause(t);
	return 0;
}

static int handles(struct task *t, void *arg)
{
	sys_signal(t, SIGUSR1, on_signal);
	return sys_sleep(t, 5000000000u) == -EINTR ? 3 : 0;
}

static int killer(struct task *t, void *arg)
{
	int status;
	long pid = sys_fork(t, waits_for_ever, NULL);

	sys_kill(t, (pid_t)pid, SIGTERM);
	sys_wait(t, (pid_t)pid, &status, 0);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	pid = sys_fork(t, handles, NULL);
	sys_kill(t, (pid_t)pid, SIGUSR1);
	sys_wait(t, (pid_t)pid, &status, 0);
	return WEXITSTATUS(status);
}

START_TEST(a_signal_ends_or_is_handled)
{
	ck_assert_int_eq(code_of(killer), 3);
	ck_assert_str_eq(said.s, "usr1 ");
}
END_TEST

static int stopped_goes_on(struct task *t, void *arg)
{
	int status;
	long pid = sys_fork(t, sleeper, (void *)1);

	sys_kill(t, (pid_t)pid, SIGSTOP);
	ck_assert_int_eq(sys_wait(t, (pid_t)pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	ck_assert_int_eq(sys_wait(t, (pid_t)pid, &status, WNOHANG), 0);
	sys_kill(t, (pid_t)pid, SIGCONT);
	ck_assert_int_eq(sys_wait(t, (pid_t)pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

START_TEST(a_stopped_process_goes_on) { ck_assert_int_eq(code_of(stopped_goes_on), 1); }
END_TEST

/* ---- the first process of a pid namespace ---- */

static int kills_its_init(struct task *t, void *arg)
{
	ck_assert_int_eq(sys_kill(t, 1, SIGKILL), 0);
	ck_assert_int_eq(sys_kill(t, 1, SIGTERM), 0);
	say("still");
	sys_sleep(t, 1000000000u);
	say("never");
	return 0;
}

static int first_inside(struct task *t, void *arg)
{
	int status;

	ck_assert_int_eq(sys_getpid(t), 1);
	ck_assert_int_eq(sys_getppid(t), 0);
	long pid = sys_fork(t, kills_its_init, NULL);
	ck_assert_int_eq(pid, 2);
	ck_assert_int_eq(sys_wait(t, -1, &status, WNOHANG), 0);
	return 9;		/* takes the other one along */
}

static int in_new_pid_namespace(struct task *t, void *arg)
{
	int status;
	long pid = sys_clone(t, CLONE_NEWPID, first_inside, NULL);

	ck_assert_int_gt(pid, 2);
	ck_assert_int_eq(sys_wait(t, (pid_t)pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

START_TEST(pid_1_is_safe_from_its_own_and_takes_all_along)
{
	ck_assert_int_eq(code_of(in_new_pid_namespace), 9);
	ck_assert_str_eq(said.s, "still ");
}
END_TEST

static int killed_from_outside(struct task *t, void *arg)
{
	int status;
	long pid = sys_clone(t, CLONE_NEWPID, waits_for_ever, NULL);

	sys_kill(t, (pid_t)pid, SIGTERM);	/* no handler: as if it hadn't been sent */
	ck_assert_int_eq(sys_wait(t, (pid_t)pid, &status, WNOHANG), 0);
	sys_kill(t, (pid_t)pid, SIGKILL);
	ck_assert_int_eq(sys_wait(t, (pid_t)pid, &status, 0), pid);
	return WTERMSIG(status);
}

START_TEST(from_outside_only_kill_ends_it)
{
	ck_assert_int_eq(code_of(killed_from_outside), SIGKILL);
}
END_TEST

static int grandchild(struct task *t, void *arg)
{
	sys_sleep(t, 1000000000u);
	say(sys_getppid(t) == 1 ? "adopted" : "not adopted");
	return 4;
}

static int leaves_orphan(struct task *t, void *arg)
{
	sys_fork(t, grandchild, NULL);
	return 0;
}

static int adopts(struct task *t, void *arg)
{
	int status, n = 0;

	sys_fork(t, leaves_orphan, NULL);
	while (sys_wait(t, -1, &status, 0) > 0)
		n++;
	return n;
}

static int orphanage(struct task *t, void *arg)
{
	int status;

	sys_clone(t, CLONE_NEWPID, adopts, NULL);
	sys_wait(t, -1, &status, 0);
	return WEXITSTATUS(status);
}

START_TEST(orphans_go_to_pid_1)
{
	ck_assert_int_eq(code_of(orphanage), 2);
	ck_assert_str_eq(said.s, "adopted ");
}
END_TEST

/* ---- pipes ---- */

static int reads_all(struct task *t, void *arg)
{
	int *fd = arg;
	char buf[1000];
	long n, all = 0;

	sys_close(t, fd[1]);
	while ((n = sys_read(t, fd[0], buf, sizeof(buf))) > 0)
		all += n;
	say(all == 200000 ? "all" : "not all");
	return 0;
}

static int writes_much(struct task *t, void *arg)
{
	static char data[200000];
	int fd[2], status;

	sys_pipe(t, fd, 0);
	sys_fork(t, reads_all, fd);
	sys_close(t, fd[0]);
	ck_assert_int_eq(sys_write(t, fd[1], data, sizeof(data)), sizeof(data));
	sys_close(t, fd[1]);
	sys_wait(t, -1, &status, 0);
	return 0;
}

START_TEST(a_pipe_carries_more_than_it_holds)
{
	ck_assert_int_eq(code_of(writes_much), 0);
	ck_assert_str_eq(said.s, "all ");
}
END_TEST

static int writes_to_nobody(struct task *t, void *arg)
{
	int fd[2];

	sys_pipe(t, fd, 0);
	sys_close(t, fd[0]);
	if (arg) {
		sys_signal(t, SIGPIPE, SIM_IGN);
		return sys_write(t, fd[1], "x", 1) == -EPIPE;
	}
	sys_write(t, fd[1], "x", 1);
	return 0;
}

START_TEST(nobody_reads)
{
	ck_assert_int_eq(WTERMSIG(status_of(writes_to_nobody, NULL)), SIGPIPE);
	ck_assert_int_eq(WEXITSTATUS(status_of(writes_to_nobody, &machine)), 1);
}
END_TEST

/* ---- programs ---- */

static int args_main(struct task *t, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		say(argv[i]);
	say(sim_environ(t)[0]);
	return argc;
}

static const struct sim_program programs[] = { { "args*", args_main }, { NULL } };

static void make_file(struct task *t, const char *path, const char *text, mode_t mode)
{
	long fd = sys_open(t, path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sys_write(t, (int)fd, text, strlen(text)), (long)strlen(text));
	sys_close(t, (int)fd);
}

static int runs(struct task *t, void *file)
{
	long r = sys_execve(t, file, (char *[]){ (char *)"a0", (char *)"a1", NULL },
			    (char *[]){ (char *)"A=b", NULL });
	return (int)-r;
}

static int prepares_and_runs(struct task *t, void *file)
{
	sys_mkdir(t, "/bin", 0755);
	make_file(t, "/bin/args-real", "\177ELF", 0755);
	make_file(t, "/bin/other", "\177ELF", 0755);
	make_file(t, "/bin/plain", "\177ELF", 0644);
	make_file(t, "/bin/text", "hello", 0755);
	make_file(t, "/bin/script", "#! /bin/args-real -e \necho\n", 0755);
	sys_symlink(t, "args-real", "/bin/link");
	return runs(t, file);
}

static int result_of(const char *file)
{
	str_clear(&said);
	str_add(&said, "");
	return WEXITSTATUS(status_of(prepares_and_runs, (void *)file));
}

START_TEST(execve_finds_the_file_and_its_model)
{
	sim_register(machine, programs);
	ck_assert_int_eq(result_of("/bin/args-real"), 2);
	ck_assert_str_eq(said.s, "a0 a1 A=b ");
	ck_assert_int_eq(result_of("/bin/link"), 2);
	ck_assert_int_eq(result_of("/bin/script"), 4);
	ck_assert_str_eq(said.s, "/bin/args-real -e /bin/script a1 A=b ");
	ck_assert_int_eq(result_of("/bin/none"), ENOENT);
	ck_assert_int_eq(result_of("/bin/plain"), EACCES);
	ck_assert_int_eq(result_of("/bin"), EACCES);
	ck_assert_int_eq(result_of("/bin/text"), ENOEXEC);
	ck_assert_int_eq(result_of("/bin/other"), 127);
}
END_TEST

static int leaves_open(struct task *t, void *arg)
{
	char fd[12];

	sys_mkdir(t, "/bin", 0755);
	make_file(t, "/bin/args", "\177ELF", 0755);
	long kept = sys_open(t, "/bin/args", O_RDONLY, 0);
	sys_open(t, "/bin/args", O_RDONLY | O_CLOEXEC, 0);
	snprintf(fd, sizeof(fd), "%ld", kept);
	return (int)-sys_execve(t, "/bin/args", (char *[]){ fd, NULL },
				(char *[]){ (char *)"x", NULL });
}

static int counts_main(struct task *t, int argc, char **argv)
{
	struct stat st;
	return sys_fstat(t, atoi(argv[0]), &st) == 0 && sys_fstat(t, atoi(argv[0]) + 1, &st) == -EBADF;
}

START_TEST(execve_closes_what_is_close_on_exec)
{
	static const struct sim_program counts[] = { { "args", counts_main }, { NULL } };

	sim_register(machine, counts);
	ck_assert_int_eq(code_of(leaves_open), 1);
}
END_TEST

/* ---- memory and many ---- */

static int allocates(struct task *t, void *arg)
{
	char *p = sim_alloc(t, 100), *q = sim_realloc(t, p, 5000);

	sim_free(t, sim_strdup(t, "x"));
	return q[4999] == 0 && strcmp(sim_printf(t, "%d", 5), "5") == 0;
}

START_TEST(memory_goes_with_the_task) { ck_assert_int_eq(code_of(allocates), 1); }
END_TEST

START_TEST(processes_come_and_go_by_the_thousand)
{
	for (int i = 0; i < 20000; i++)
		ck_assert_int_eq(code_of(seven), 7);
}
END_TEST

static int makes_crowd(struct task *t, void *arg)
{
	int status, n = 0;

	for (int i = 0; i < 2000; i++)
		ck_assert_int_gt(sys_fork(t, sleeper, (void *)1), 0);
	while (sys_wait(t, -1, &status, 0) > 0)
		n++;
	return n == 2000;
}

START_TEST(thousands_live_side_by_side) { ck_assert_int_eq(code_of(makes_crowd), 1); }
END_TEST

/* A machine may end while its tasks wait. */
START_TEST(the_machine_ends_with_tasks_inside)
{
	ck_assert_int_gt(sys_fork(sim_self(machine), waits_for_ever, NULL), 0);
	ck_assert_int_gt(sys_clone(sim_self(machine), CLONE_NEWPID, first_inside, NULL), 0);
	ck_assert_int_gt(sys_fork(sim_self(machine), orphanage, NULL), 0);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		children_are_waited_for_in_the_order_they_end, wnohang_doesnt_wait,
		a_signal_ends_or_is_handled, a_stopped_process_goes_on,
		pid_1_is_safe_from_its_own_and_takes_all_along, from_outside_only_kill_ends_it,
		orphans_go_to_pid_1, a_pipe_carries_more_than_it_holds, nobody_reads,
		execve_finds_the_file_and_its_model, execve_closes_what_is_close_on_exec,
		memory_goes_with_the_task, processes_come_and_go_by_the_thousand,
		thousands_live_side_by_side, the_machine_ends_with_tasks_inside,
	};
	Suite *s = suite_create("task");
	TCase *t = tcase_create("task");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, set_up, tear_down);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
