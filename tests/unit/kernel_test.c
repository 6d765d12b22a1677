/* kernel_test.c - the waist: generated wrappers, hooks, the linux backend. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/errno.h"
#include "kernel/kernel.h"
#include "kernel/meta.h"
#include "kernel/netlink.h"
#include "tests/helpers/unit.h"
#include "tests/unit/fake_kernel.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ull
#endif

/* ---- generated code ---- */

START_TEST(every_row_has_a_wrapper_and_words)
{
	for (int op = 0; op < K_COUNT; op++) {
		const struct k_meta *row = &kernel_meta[op];
		ck_assert_int_eq(kernel_op_by_name(row->name), op);
		ck_assert_uint_gt(strlen(row->why), 10);
		ck_assert_uint_gt(strlen(row->syscalls), 0);
		ck_assert_ptr_nonnull(strchr(row->man, '('));
	}
	ck_assert_int_eq(kernel_op_by_name("nonsense"), -1);
}
END_TEST

START_TEST(every_backend_entry_is_filled_in)
{
	void *const *entry = (void *const *)&kernel_linux_ops;
	void *const *hook = (void *const *)&kernel_hook_ops;

	for (int op = 0; op < K_COUNT; op++) {
		ck_assert_ptr_nonnull(entry[op]);
		ck_assert_ptr_nonnull(hook[op]);
	}
}
END_TEST

START_TEST(a_call_as_data_reaches_the_backend_unchanged)
{
	struct fake f;
	struct kernel *k = fake_init(&f);
	struct k_call c = { K_MOUNT, { { .s = "proc" }, { .s = "/proc" }, { .s = "proc" },
				       { .i = 2 }, { .s = NULL } } };

	ck_assert_int_eq(k_invoke(k, &c), 0);
	k_move_mount(k, 7, "", AT_FDCWD, "/mnt", 4);
	ck_assert_str_eq(f.calls.s,
			 "mount(\"proc\", \"/proc\", \"proc\", MS_NOSUID, NULL)\n"
			 "move_mount(7, \"\", AT_FDCWD, \"/mnt\", MOVE_MOUNT_F_EMPTY_PATH)\n");
	fake_free(&f);
}
END_TEST

/* ---- hooks ---- */

struct counting {
	struct k_hook hook;
	int before, after;
	long result;
	int refuse;
};

static int count_before(struct kernel *self, struct k_call *call)
{
	struct counting *c = self->priv;
	c->before++;
	return c->refuse;
}

static void count_after(struct kernel *self, const struct k_call *call, long result,
			uint64_t start_ns, uint64_t end_ns)
{
	struct counting *c = self->priv;
	c->after++;
	c->result = result;
	ck_assert(end_ns >= start_ns && start_ns > 0);
}

START_TEST(hooks_see_each_call_and_may_refuse_it)
{
	struct fake f;
	struct counting c = { .hook = { .before = count_before, .after = count_after } };
	struct kernel k = { .ops = &kernel_hook_ops, .next = fake_init(&f), .priv = &c };

	ck_assert_int_eq(k_sethostname(&k, "box"), 0);
	c.refuse = -EPERM;
	ck_assert_int_eq(k_sethostname(&k, "box"), -EPERM);
	ck_assert_int_eq(c.before, 2);
	ck_assert_int_eq(c.after, 2);
	ck_assert_int_eq(c.result, -EPERM);
	ck_assert_int_eq(f.n_calls, 1);
	fake_free(&f);
}
END_TEST

START_TEST(a_fake_descriptor_fails_in_the_real_kernel)
{
	ck_assert_int_eq(k_close(kernel_linux(), K_SIM_FD_BASE), -EBADF);
}
END_TEST

/* ---- the linux backend, as far as any user may go ---- */

static char stack[65536] __attribute__((aligned(16)));

static int child(void *arg)
{
	*(volatile int *)arg = 1;
	return 7;
}

static void spawn_and_wait(struct k_spawn how, int *shared, int expect_shared)
{
	struct kernel *k = kernel_linux();
	struct k_exit x = { 0 };
	int pidfd = -1;

	how.fn = child;
	how.arg = shared;
	how.cgroup_fd = -1;
	how.pidfd = &pidfd;
	long pid = k_spawn(k, &how);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_ne(fcntl(pidfd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(k_wait(k, (int)pid, 0, &x), 0);
	ck_assert_int_eq(x.pid, pid);
	ck_assert_int_eq(x.code, 7);
	ck_assert_int_eq(x.signal, 0);
	ck_assert_int_eq(*shared, expect_shared);
	close(pidfd);
}

START_TEST(spawn_copies_memory)
{
	int here = 0;
	spawn_and_wait((struct k_spawn){ 0 }, &here, 0);
}
END_TEST

START_TEST(spawn_like_vfork_shares_memory_and_waits)
{
	int here = 0;

	for (int i = 0; i < 50; i++) {
		here = 0;
		spawn_and_wait((struct k_spawn){ .vfork = true, .stack = stack,
						 .stack_size = sizeof(stack) }, &here, 1);
	}
}
END_TEST

/* As on a kernel, or under a filter, that has no clone3. */
START_TEST(spawn_falls_back_to_clone)
{
	static const struct sock_filter no_clone3[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct k_filter filter = { .len = 4, .prog = no_clone3 };
	struct kernel *k = kernel_linux();
	int here = 0;

	ck_assert_int_eq(k_prctl(k, PR_SET_NO_NEW_PRIVS, 1, 0), 0);
	ck_assert_int_eq(k_seccomp(k, &filter, 0), 0);
	spawn_and_wait((struct k_spawn){ 0 }, &here, 0);
	spawn_and_wait((struct k_spawn){ .vfork = true, .stack = stack,
					 .stack_size = sizeof(stack) }, &here, 1);
	struct k_spawn into = { .flags = CLONE_INTO_CGROUP, .fn = child, .cgroup_fd = 0 };
	ck_assert_int_eq(k_spawn(k, &into), -ENOSYS);	/* what only clone3 can do */
}
END_TEST

static int die(void *arg)
{
	raise(SIGTERM);
	return 0;
}

START_TEST(wait_tells_a_signal_from_a_code)
{
	struct kernel *k = kernel_linux();
	struct k_spawn how = { .fn = die, .cgroup_fd = -1 };
	struct k_exit x = { 0 };
	long pid = k_spawn(k, &how);

	ck_assert_int_eq(k_wait(k, (int)pid, 0, &x), 0);
	ck_assert_int_eq(x.signal, SIGTERM);
	ck_assert_int_eq(x.code, 0);
	ck_assert_int_eq(k_wait(k, -1, WNOHANG, &x), -ECHILD);
}
END_TEST

START_TEST(files_of_the_kernel)
{
	struct kernel *k = kernel_linux();
	char text[4096], path[] = "/tmp/drydock-kernel-XXXXXX";
	struct k_buf b = { .data = text, .cap = sizeof(text) };
	int fd = mkstemp(path);

	ck_assert_int_eq(k_write_file(k, path, "64 MiB"), 6);
	ck_assert_int_eq(k_read_file(k, path, &b), 6);
	ck_assert_str_eq(text, "64 MiB");
	b.cap = 3;
	ck_assert_int_eq(k_read_file(k, path, &b), 2);
	ck_assert_str_eq(text, "64");
	ck_assert_int_eq(k_read_file(k, "/nonexistent", &b), -ENOENT);
	ck_assert_int_eq(k_access(k, AT_FDCWD, path, R_OK), 0);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(a_terminal_pair)
{
	struct kernel *k = kernel_linux();
	struct k_tty pair;
	int pts = open("/dev/pts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (pts < 0 || k_access(k, pts, "ptmx", W_OK) < 0)
		return;		/* no devpts here */
	ck_assert_int_eq(k_tty_open(k, pts, &pair), 0);
	ck_assert(isatty(pair.slave));
	ck_assert_int_eq(k_tty_size(k, pair.master, 50, 132), 0);
	close(pair.master);
	close(pair.slave);
	close(pts);
}
END_TEST

START_TEST(nftables_without_the_library_says_so)
{
	ck_assert_int_eq(k_nftables(kernel_linux(), "list tables"), -ENOSYS);
}
END_TEST

/* ---- netlink ---- */

START_TEST(netlink_lists_the_loopback)
{
	struct kernel *k = kernel_linux();
	static char answer[1 << 20] __attribute__((aligned(8)));	/* for a host of many links */
	char room[1024] __attribute__((aligned(8)));
	struct k_buf reply = { .data = answer, .cap = sizeof(answer) };
	struct ifinfomsg all = { 0 };
	struct nl nl;
	int fd = nl_open(k);

	ck_assert_int_ge(fd, 0);
	nl_init(&nl, room, sizeof(room));
	nl_begin(&nl, RTM_GETLINK, NLM_F_DUMP, &all, sizeof(all));
	ck_assert_int_eq(nl_ask(k, fd, &nl, &reply), 0);
	ck_assert_ptr_nonnull(memmem(reply.data, reply.len, "\3\0lo", 5));
	close(fd);
}
END_TEST

START_TEST(netlink_names_the_message_that_failed)
{
	struct kernel *k = kernel_linux();
	char room[1024] __attribute__((aligned(8)));
	struct ifinfomsg link = { .ifi_index = 1 }, none = { .ifi_index = 987654 };
	struct nl nl;
	int fd = nl_open(k), which = -1;

	nl_init(&nl, room, sizeof(room));
	nl_begin(&nl, RTM_GETLINK, 0, &link, sizeof(link));
	nl_begin(&nl, RTM_GETLINK, 0, &none, sizeof(none));
	ck_assert_int_eq(nl_send(k, fd, &nl, &which), -ENODEV);
	ck_assert_int_eq(which, 1);
	close(fd);
}
END_TEST

START_TEST(netlink_attributes_nest_and_are_padded)
{
	char room[256] __attribute__((aligned(8)));
	struct ifinfomsg ifi = { 0 };
	struct nl nl;

	nl_init(&nl, room, sizeof(room));
	nl_begin(&nl, RTM_NEWLINK, NLM_F_CREATE, &ifi, sizeof(ifi));
	size_t head = nl.len, nest = nl_nest(&nl, IFLA_LINKINFO);
	nl_attr_str(&nl, IFLA_INFO_KIND, "veth");	/* 4 + 5 -> 12 */
	nl_nest_end(&nl, nest);
	const struct nlattr *outer = (void *)(room + head), *inner = outer + 1;
	ck_assert_int_eq(outer->nla_len, 4 + 12);
	ck_assert_int_eq(inner->nla_len, 4 + 5);
	ck_assert_uint_eq(((struct nlmsghdr *)(void *)room)->nlmsg_len, nl.len);
	for (int i = 0; i < 100; i++)
		nl_attr_u32(&nl, 1, 1);
	ck_assert(nl.full);
	ck_assert_int_eq(nl_send(kernel_linux(), -1, &nl, NULL), -EMSGSIZE);
}
END_TEST

START_TEST(error_numbers_have_names)
{
	ck_assert_str_eq(errno_name(-ENOENT), "ENOENT");
	ck_assert_int_eq(errno_by_name("ENOTEMPTY"), ENOTEMPTY);
	ck_assert_int_eq(errno_by_name("EWHATEVER"), -1);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		every_row_has_a_wrapper_and_words,
		every_backend_entry_is_filled_in,
		a_call_as_data_reaches_the_backend_unchanged,
		hooks_see_each_call_and_may_refuse_it,
		a_fake_descriptor_fails_in_the_real_kernel,
		spawn_copies_memory,
		spawn_like_vfork_shares_memory_and_waits,
		spawn_falls_back_to_clone,
		wait_tells_a_signal_from_a_code,
		files_of_the_kernel,
		a_terminal_pair,
		nftables_without_the_library_says_so,
		netlink_lists_the_loopback,
		netlink_names_the_message_that_failed,
		netlink_attributes_nest_and_are_padded,
		error_numbers_have_names,
	};
	Suite *s = suite_create("kernel");
	TCase *t = tcase_create("waist");

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
