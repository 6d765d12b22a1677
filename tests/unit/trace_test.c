/* trace_test.c - rings, the decorator and decoding. */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "kernel/fault.h"
#include "kernel/meta.h"
#include "tests/helpers/unit.h"
#include "tests/unit/fake_kernel.h"
#include "trace/decode.h"
#include "trace/decorator.h"
#include "trace/flags.h"

/* ---- rings ---- */

static bool put(struct trace_ring *r, int64_t n)
{
	struct trace_event *ev = trace_ring_claim(r);

	if (!ev)
		return false;
	memset(ev, 0, sizeof(*ev));
	ev->result = n;
	for (int i = 0; i < 6; i++)
		ev->arg[i] = n * 31 + i;
	trace_ring_publish(r);
	return true;
}

static bool whole(const struct trace_event *ev)
{
	for (int i = 0; i < 6; i++)
		if (ev->arg[i] != ev->result * 31 + i)
			return false;
	return true;
}

START_TEST(ring_keeps_order_and_counts_what_it_loses)
{
	struct trace_ring *r;
	struct trace_event out[8];

	ck_assert_int_eq(trace_ring_create(4, &r, NULL), 0);
	for (int n = 0; n < 6; n++)
		ck_assert(put(r, n) == (n < 4));
	ck_assert_uint_eq(trace_ring_lost(r), 2);
	ck_assert_uint_eq(trace_ring_lost(r), 0);	/* told once */
	ck_assert_uint_eq(trace_ring_read(r, out, 3), 3);
	ck_assert(put(r, 6));
	ck_assert_uint_eq(trace_ring_read(r, out + 3, 5), 2);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(out[i].result, i);
	ck_assert_int_eq(out[4].result, 6);
	ck_assert_uint_eq(trace_ring_read(r, out, 8), 0);
	trace_ring_unmap(r);
}
END_TEST

START_TEST(ring_is_reached_through_its_memfd)
{
	struct trace_ring *r, *other;
	struct trace_event out;
	int fd;

	ck_assert_int_eq(trace_ring_create(4, &r, &fd), 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(trace_ring_map(fd, &other), 0);
	ck_assert(put(other, 5));
	ck_assert_uint_eq(trace_ring_read(r, &out, 1), 1);
	ck_assert_int_eq(out.result, 5);
	trace_ring_unmap(other);
	trace_ring_unmap(r);
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	ck_assert_int_eq(trace_ring_map(fd, &other), -EINVAL);
	close(fd);
}
END_TEST

START_TEST(pending_event_is_seen_once_settled)
{
	struct trace_ring *r;
	struct trace_event out;

	ck_assert_int_eq(trace_ring_create(4, &r, NULL), 0);
	trace_ring_settle(r);			/* nothing pends: nothing happens */
	ck_assert_uint_eq(trace_ring_read(r, &out, 1), 0);
	trace_ring_claim(r)->result = 3;
	trace_ring_pend(r);
	ck_assert_uint_eq(trace_ring_read(r, &out, 1), 0);
	trace_ring_settle(r);
	trace_ring_settle(r);
	ck_assert_uint_eq(trace_ring_read(r, &out, 1), 1);
	ck_assert_int_eq(out.result, 3);
	ck_assert_uint_eq(trace_ring_read(r, &out, 1), 0);
	trace_ring_unmap(r);
}
END_TEST

START_TEST(what_is_read_goes_back_when_the_producer_rests)
{
	struct trace_ring *r;
	struct trace_event out[60];
	struct stat full, small;
	int fd;

	ck_assert_int_eq(trace_ring_create(64, &r, &fd), 0);
	for (int n = 0; n < 60; n++)
		ck_assert(put(r, n));
	ck_assert_uint_eq(trace_ring_read(r, out, 59), 59);
	fstat(fd, &full);
	trace_ring_rest(r);			/* one isn't read yet */
	ck_assert_uint_eq(trace_ring_read(r, out, 60), 1);
	ck_assert(whole(&out[0]) && out[0].result == 59);
	trace_ring_claim(r)->result = 60;
	trace_ring_pend(r);
	trace_ring_rest(r);			/* one pends */
	trace_ring_settle(r);
	ck_assert_uint_eq(trace_ring_read(r, out, 60), 1);
	ck_assert_int_eq(out[0].result, 60);
	trace_ring_rest(r);
	fstat(fd, &small);
	ck_assert_int_lt(small.st_blocks, full.st_blocks);
	for (int n = 61; n < 120; n++)		/* and it goes on */
		ck_assert(put(r, n));
	ck_assert_uint_eq(trace_ring_read(r, out, 60), 59);
	for (int i = 0; i < 59; i++)
		ck_assert(whole(&out[i]) && out[i].result == 61 + i);
	trace_ring_unmap(r);
	close(fd);
}
END_TEST

static void write_until_killed(struct trace_ring *r)
{
	for (int64_t n = 0;; n++)
		put(r, n);
}

/* Reads until `enough` were seen, then on after the producer was killed; how many there
 * were.  No clock: one processor may have to do for both. */
static int64_t read_from_doomed(struct trace_ring *r, pid_t pid, int64_t enough)
{
	struct trace_event batch[64];
	int64_t last = -1, seen = 0;
	bool dead = false;
	size_t n;

	do {
		if (!dead && seen >= enough) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			dead = true;
		}
		n = trace_ring_read(r, batch, 64);
		if (n == 0)
			sched_yield();
		for (size_t i = 0; i < n; i++) {
			ck_assert(whole(&batch[i]));
			ck_assert_int_gt(batch[i].result, last);
			last = batch[i].result;
			seen++;
		}
	} while (n || !dead);
	/* Every number up to the last was seen, or counted as lost. */
	ck_assert_int_le(last + 1 - seen, (int64_t)trace_ring_lost(r));
	return seen;
}

START_TEST(a_killed_producer_leaves_nothing_half_written)
{
	for (int64_t round = 0; round < 60; round++) {
		struct trace_ring *r;
		ck_assert_int_eq(trace_ring_create(16, &r, NULL), 0);
		pid_t pid = fork();
		if (pid == 0)
			write_until_killed(r);
		int64_t enough = 1 + round * 7 % 40;	/* few more than the ring holds */
		ck_assert_int_ge(read_from_doomed(r, pid, enough), enough);
		ck_assert_uint_eq(r->head, r->tail);
		trace_ring_unmap(r);
	}
}
END_TEST

/* ---- decorator and decoding ---- */

static struct trace_ring *ring;
static struct tracer tracer;
static struct fake fake;

static struct kernel *traced(void)
{
	ck_assert_int_eq(trace_ring_create(64, &ring, NULL), 0);
	return tracer_init(&tracer, fake_init(&fake), ring, STAGE_CHILD, BACKEND_SIM);
}

/* The next event as "call = result". */
static const char *next_line(void)
{
	static struct str line;
	struct trace_event ev;

	str_clear(&line);
	if (trace_ring_read(ring, &ev, 1) == 1)
		decode_strace(&line, &ev);
	return line.s ? line.s : "";
}

#define EXPECT(text) ck_assert_str_eq(next_line(), text)

START_TEST(decodes_processes_and_namespaces)
{
	struct kernel *k = traced();
	struct k_exit x = { .pid = 1000, .code = 3 };
	char *argv[] = { "/bin/sh", "-c", "echo \"hi\"\n", NULL }, *envp[] = { "SECRET=1", NULL };

	k_unshare(k, CLONE_NEWNS | CLONE_NEWUTS);
	EXPECT("unshare(CLONE_NEWNS|CLONE_NEWUTS) = 0");
	k_setns(k, 5, CLONE_NEWNET);
	EXPECT("setns(5, CLONE_NEWNET) = 0");
	k_sethostname(k, "box");
	EXPECT("sethostname(\"box\", 3) = 0");
	k_wait(k, 1000, WNOHANG, &x);
	EXPECT("waitid(P_PID, 1000, {si_pid=1000, si_code=CLD_EXITED, si_status=3}, "
	       "WEXITED|WNOHANG, NULL) = 0");
	x = (struct k_exit){ .pid = 1000, .signal = SIGKILL };
	k_wait(k, 1000, 0, &x);
	EXPECT("waitid(P_PID, 1000, {si_pid=1000, si_code=CLD_KILLED, si_status=SIGKILL}, "
	       "WEXITED|0, NULL) = 0");
	k_kill(k, 4, SIGTERM);
	EXPECT("pidfd_send_signal(4, SIGTERM, NULL, 0) = 0");
	k_setsid(k);
	EXPECT("setsid() = 0");
	k_execve(k, "/bin/sh", argv, envp);
	EXPECT("execve(\"/bin/sh\", [\"/bin/sh\", \"-c\", \"echo \\\"hi\\\"\\n\"], "
	       "/* 1 vars */) = 0");
}
END_TEST

static int nothing(void *arg) { return 0; }

START_TEST(decodes_spawn)
{
	struct kernel *k = traced();
	struct k_spawn how = { .flags = CLONE_NEWPID, .fn = nothing, .vfork = true };

	k_spawn(k, &how);
	EXPECT("clone3({flags=CLONE_NEWPID|CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88) = 1000");
}
END_TEST

START_TEST(decodes_security)
{
	struct kernel *k = traced();
	gid_t gids[] = { 4, 20 };

	k_prctl(k, PR_CAPBSET_DROP, 21, 0);
	EXPECT("prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0) = 0");
	k_prctl(k, PR_SET_NO_NEW_PRIVS, 1, 0);
	EXPECT("prctl(PR_SET_NO_NEW_PRIVS, 1, 0) = 0");
	k_prctl(k, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
	EXPECT("prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0) = 0");
	k_capset(k, &(struct k_caps){ 0x21, 0x1, 0 });
	EXPECT("capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, "
	       "{effective=CAP_CHOWN|CAP_KILL, permitted=CAP_CHOWN, inheritable=0}) = 0");
	k_seccomp(k, &(struct k_filter){ .len = 75 }, 8);
	EXPECT("seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, "
	       "{len=75}) = 1073741824");
	k_setgroups(k, 2, &(struct k_gids){ gids });
	EXPECT("setgroups(2, [4, 20]) = 0");
	k_setuid(k, 1000);
	EXPECT("setresuid(1000, 1000, 1000) = 0");
	k_prlimit(k, RLIMIT_NOFILE, &(struct k_rlimit){ 1024, UINT64_MAX });
	EXPECT("prlimit64(0, RLIMIT_NOFILE, {rlim_cur=1024, rlim_max=RLIM64_INFINITY}, NULL) = 0");
	k_umask(k, 022);
	EXPECT("umask(022) = 000");
}
END_TEST

START_TEST(decodes_mounts_and_files)
{
	struct kernel *k = traced();

	k_fsconfig(k, 3, 1, "lowerdir+", "/layer/1", 0);
	EXPECT("fsconfig(3, FSCONFIG_SET_STRING, \"lowerdir+\", \"/layer/1\", 0) = 0");
	k_fsconfig(k, 3, 6, NULL, NULL, 0);
	EXPECT("fsconfig(3, FSCONFIG_CMD_CREATE, NULL, NULL, 0) = 0");
	k_fsmount(k, 3, 1, 0x16);
	EXPECT("fsmount(3, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|"
	       "MOUNT_ATTR_NODEV|MOUNT_ATTR_NOATIME) = 1073741824");
	k_mount_setattr(k, AT_FDCWD, "/", AT_RECURSIVE,
			&(struct k_mount_attr){ .set = 1, .propagation = MS_PRIVATE });
	EXPECT("mount_setattr(AT_FDCWD, \"/\", AT_RECURSIVE, "
	       "{attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=MS_PRIVATE, "
	       "userns_fd=0}, 32) = 0");
	k_mknod(k, 3, "null", S_IFCHR | 0666, (1 << 8) | 3);
	EXPECT("mknodat(3, \"null\", S_IFCHR|0666, makedev(0x1, 0x3)) = 0");
	k_open(k, AT_FDCWD, "/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	EXPECT("openat(AT_FDCWD, \"/dev\", O_RDONLY|O_DIRECTORY|O_CLOEXEC) = 1073741825");
	k_access(k, AT_FDCWD, "/proc/kcore", F_OK);
	EXPECT("faccessat(AT_FDCWD, \"/proc/kcore\", F_OK) = 0");
	k_setxattr(k, "/upper/a", "trusted.overlay.opaque", "y", 1);
	EXPECT("lsetxattr(\"/upper/a\", \"trusted.overlay.opaque\", \"y\", 1, 0) = 0");
	k_write_file(k, "/sys/fs/cgroup/pids/x/pids.max", "64");
	EXPECT("openat(AT_FDCWD, \"/sys/fs/cgroup/pids/x/pids.max\", O_WRONLY|O_CLOEXEC) = ?\n"
	       "write(?, \"64\", 2) = 2\nclose(?) = 0");
	k_cg_rmdir(k, "/sys/fs/cgroup/x");
	EXPECT("unlinkat(AT_FDCWD, \"/sys/fs/cgroup/x\", AT_REMOVEDIR) = 0");
}
END_TEST

START_TEST(decodes_the_network)
{
	struct kernel *k = traced();
	struct { struct nlmsghdr h; char rest[16]; } m = {
		.h = { .nlmsg_len = 32, .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = 0x605 },
	};
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(8080),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct k_buf none = { 0 };

	k_socket(k, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	EXPECT("socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, 0) = 1073741824");
	k_bind(k, 3, (struct sockaddr *)&in, sizeof(in));
	EXPECT("bind(3, {inet 127.0.0.1 8080}, 16) = 0");
	k_rtnetlink(k, 3, &(struct k_nlmsg){ &m, 32 }, &none);
	EXPECT("sendto(3, {len=32, "
	       "{RTM_NEWLINK, NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE}}, "
	       "?, 0, NULL, 0) = ?\n"
	       "recvfrom(3, \"\", ?, MSG_TRUNC, NULL, NULL) = ?");
}
END_TEST

START_TEST(errors_have_names_and_long_text_is_cut)
{
	struct kernel *k = traced();
	struct fault f;
	char path[400];

	tracer_init(&tracer, fault_init(&f, &fake.kernel, "chdir=ENOENT", "", NULL), ring,
		    STAGE_CHILD, BACKEND_SIM);
	k_chdir(k, "/x");
	EXPECT("chdir(\"/x\") = -1 ENOENT (No such file or directory)");
	memset(path, 'a', sizeof(path));
	path[399] = '\0';
	k_mount(k, "b", path, "c", 0, NULL);
	const char *line = next_line();
	ck_assert_ptr_nonnull(strstr(line, "mount(\"b\", \"aaaa"));
	ck_assert_ptr_nonnull(strstr(line, "aaa\"..., \"\"..., 0, NULL) = 0"));
}
END_TEST

START_TEST(execve_is_shown_when_it_worked)
{
	struct kernel *k = traced();
	struct trace_event ev;
	char *argv[] = { "/hello", NULL };
	struct k_call c = { K_EXECVE, { { .s = "/hello" }, { .p = argv }, { .p = argv + 1 } } };

	/* What happens when the call doesn't come back: before(), and no after(). */
	tracer.hook.before(k, &c);
	ck_assert_uint_eq(trace_ring_read(ring, &ev, 1), 0);
	tracer_exec_done(&tracer);
	EXPECT("execve(\"/hello\", [\"/hello\"], /* 0 vars */) = 0");
	/* … and the region it was in is closed for it. */
	trace_region(k, REGION_EXEC);
	tracer.hook.before(k, &c);
	tracer_exec_done(&tracer);
	ck_assert_uint_eq(trace_ring_read(ring, &ev, 1), 1);
	ck_assert_int_eq(ev.kind, EV_REGION_OPEN);
	next_line();
	ck_assert_uint_eq(trace_ring_read(ring, &ev, 1), 1);
	ck_assert_int_eq(ev.kind, EV_REGION_CLOSE);
	/* It failed: one event, with the error. */
	tracer.hook.before(k, &c);
	tracer.hook.after(k, &c, -ENOENT, 1, 2);
	tracer_exec_done(&tracer);
	EXPECT("execve(\"/hello\", [\"/hello\"], /* 0 vars */) = "
	       "-1 ENOENT (No such file or directory)");
	EXPECT("");
}
END_TEST

START_TEST(why_and_region_travel_with_the_call)
{
	struct kernel *k = traced();
	struct trace_event ev[8];

	trace_region(k, REGION_ROOTFS);
	trace_why(k, WHY_ROOT_PIVOT);
	k_pivot_root(k, ".", ".");
	trace_why(k, WHY_TABLE);
	k_chdir(k, "/");
	trace_region(k, REGION_ROOTFS);		/* open already: no event */
	trace_region(k, REGION_NONE);
	ck_assert_uint_eq(trace_ring_read(ring, ev, 8), 4);
	ck_assert_int_eq(ev[0].kind, EV_REGION_OPEN);
	ck_assert_int_eq(ev[3].kind, EV_REGION_CLOSE);
	ck_assert_int_eq(ev[3].region, REGION_ROOTFS);
	ck_assert_uint_eq(ev[3].start_ns, ev[0].end_ns);
	ck_assert_uint_ge(ev[3].end_ns, ev[2].end_ns);
	ck_assert_str_eq(decode_why(&ev[1]), trace_why_text[WHY_ROOT_PIVOT]);
	ck_assert_str_eq(decode_why(&ev[2]), kernel_meta[K_CHDIR].why);
	ck_assert_int_eq(ev[1].pid, getpid());
	ck_assert_int_eq(ev[1].stage, STAGE_CHILD);
	/* On a kernel without tracer the setters do nothing. */
	trace_region(&fake.kernel, REGION_EXEC);
	trace_why(&fake.kernel, WHY_UNDO);
	ck_assert_ptr_null(tracer_of(&fake.kernel));
}
END_TEST

START_TEST(every_flag_set_of_the_table_has_names)
{
	for (int op = 0; op < K_COUNT; op++)
		for (int i = 0; i < kernel_meta[op].n_args; i++) {
			const struct k_arg_meta *a = &kernel_meta[op].arg[i];
			if (a->kind == KIND_FLAGS || a->kind == KIND_ENUM)
				ck_assert_msg(flags_has(a->set), "%s", a->set);
		}
}
END_TEST

START_TEST(unnamed_bits_are_shown_in_hex)
{
	struct str s = { 0 };

	flags_add(&s, "MS", MS_RDONLY | 0x40000000000ull);
	str_add(&s, " ");
	flags_add(&s, "MS", 0);
	str_add(&s, " ");
	flags_add(&s, "CAP", 63);
	ck_assert_str_eq(s.s, "MS_RDONLY|0x40000000000 0 0x3f");
	str_free(&s);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		ring_keeps_order_and_counts_what_it_loses,
		ring_is_reached_through_its_memfd,
		pending_event_is_seen_once_settled,
		what_is_read_goes_back_when_the_producer_rests,
		a_killed_producer_leaves_nothing_half_written,
		decodes_processes_and_namespaces,
		decodes_spawn,
		decodes_security,
		decodes_mounts_and_files,
		decodes_the_network,
		errors_have_names_and_long_text_is_cut,
		execve_is_shown_when_it_worked,
		why_and_region_travel_with_the_call,
		every_flag_set_of_the_table_has_names,
		unnamed_bits_are_shown_in_hex,
	};
	Suite *s = suite_create("trace");
	TCase *t = tcase_create("trace");

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
