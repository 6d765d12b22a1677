/* kernel_plan_test.c - the interface allows another kernel: hello-world's plan,
 * carried out on one that isn't there.
 *
 * The fake backend hands out descriptors that the real kernel would refuse and
 * runs the child inside spawn(): a plan that relied on real descriptors, or on a
 * call that returns twice, would fail here.  On top of it the same decorators as
 * in the supervisor: trace(fault(fake)).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "kernel/fault.h"
#include "runtime/plan_parts.h"
#include "tests/helpers/unit.h"
#include "tests/unit/fake_kernel.h"
#include "trace/decode.h"

static struct spec hello = {
	.id = (char *)"4f2a90c1b7de4f2a90c1b7de4f2a90c1b7de4f2a90c1b7de4f2a90c1b7de4f2a",
	.hostname = (char *)"4f2a90c1b7de",
	.argv = (char *[]){ (char *)"/hello", NULL },
	.envp = (char *[]){ (char *)"PATH=/bin", NULL },
	.cwd = (char *)"/",
	.lower = (char *[]){ (char *)"/layers/hello", NULL },
	.upper = (char *)"/c/upper", .work = (char *)"/c/work", .merged = (char *)"/c/merged",
	.shm_size = 64 << 20,
	.net = NET_NONE, .netns_fd = -1,
	.caps = 0xa80425fb,
	.masked = (char *[]){ (char *)"/proc/kcore", NULL },
	.readonly = (char *[]){ (char *)"/proc/sys", NULL },
	.cgroup = (char *)"drydock/4f2a",
	.memory = 64 << 20,
	.run_dir = (char *)"/run/c",
};

static struct host v1 = {
	.cgroup = { [CG_MEMORY] = (char *)"/sys/fs/cgroup/memory",
		    [CG_PIDS] = (char *)"/sys/fs/cgroup/pids" },
	.cgroup_opts = { [CG_MEMORY] = (char *)"memory", [CG_PIDS] = (char *)"pids" },
	.caps = ~0ull >> 23, .last_cap = 40,
};
static struct host v1_all = {	/* with the trees of devices and disks, too */
	.cgroup = { [CG_MEMORY] = (char *)"/cg/memory", [CG_CPUSET] = (char *)"/cg/cpuset",
		    [CG_DEVICES] = (char *)"/cg/devices", [CG_BLKIO] = (char *)"/cg/blkio" },
	.cgroup_opts = { [CG_MEMORY] = (char *)"memory", [CG_CPUSET] = (char *)"cpuset",
			 [CG_DEVICES] = (char *)"devices", [CG_BLKIO] = (char *)"blkio" },
	.caps = ~0ull >> 23, .last_cap = 40, .blkio_weight = "blkio.bfq.weight",
	.blkio_weight_device = "blkio.bfq.weight_device", .blkio_throttle = true,
	.cpus = (char *)"0-3\n", .mems = (char *)"0\n",
};
static struct host v2 = {
	.cgroup_v2 = true, .memory_v2 = true, .caps = ~0ull >> 23, .last_cap = 40,
};

struct world {
	struct fake fake;
	struct fault fault;
	struct tracer tracer;
	struct trace_ring *ring;
	struct str flat;
	struct plan plan;
	struct plan_run run;
	int child;		/* what the child's stage returned */
};

static int no_act(struct plan_run *r, const struct plan_step *s) { return 0; }

static void enter(struct plan_run *r, const struct plan_step *s)
{
	trace_region(r->k, (enum region)s->region);
	trace_why(r->k, (enum why)s->why);
}

static int child(void *arg)
{
	struct world *w = arg;

	w->child = plan_run_stage(&w->run, STAGE_CHILD);
	return w->child < 0;
}

static void make_of(struct world *w, const struct spec *spec, const struct host *host,
		    const char *faults)
{
	struct plan_input in = { .spec = spec, .host = host };
	struct err e = { 0 };

	memset(w, 0, sizeof(*w));
	ck_assert_int_eq(seccomp_program(true, hello.caps, &in.filter, &e), 0);
	ck_assert_msg(plan_start(&in, &w->flat, &e) == 0, "%s", e.what);
	ck_assert_int_eq(plan_load(w->flat.s, w->flat.len, &w->plan), 0);
	ck_assert_int_eq(trace_ring_create(1024, &w->ring, NULL), 0);
	struct kernel *k = fault_init(&w->fault, fake_init(&w->fake), faults, "child", NULL);
	ck_assert_ptr_nonnull(k);
	k = tracer_init(&w->tracer, k, w->ring, STAGE_CHILD, BACKEND_SIM);
	plan_run_init(&w->run, k, &w->plan);
	w->run.act = no_act;
	w->run.enter = enter;
	w->run.spawn = (struct k_spawn){ .fn = child, .arg = w };
	for (int slot = SLOT_STDIN; slot <= SLOT_STDERR; slot++)
		w->run.slot[slot] = slot;
}

static void make(struct world *w, const struct host *host, const char *faults)
{
	make_of(w, &hello, host, faults);
}

static void drop(struct world *w)
{
	trace_ring_unmap(w->ring);
	fake_free(&w->fake);
	str_free(&w->flat);
}

/* Supervisor's stage, which starts the child; then back to nothing if any failed. */
static int carry_out(struct world *w)
{
	int r = plan_run_stage(&w->run, STAGE_SUPERVISOR);

	if (r == 0)
		r = w->child;
	if (r < 0)
		plan_undo(&w->run);
	return r;
}

static int count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void in_order(const char *text, const char *const *calls)
{
	for (; *calls; calls++) {
		const char *at = strstr(text, *calls);
		ck_assert_msg(at != NULL, "not there, or too early: %s", *calls);
		text = at + 1;
	}
}

START_TEST(hello_world_starts_on_a_kernel_that_is_not_there)
{
	static const char *const order[] = {
		"mkdirat(AT_FDCWD, \"/sys/fs/cgroup/memory/drydock/4f2a\"", "memory.limit_in_bytes",
		"sethostname(\"4f2a90c1b7de\", 12)", "fsopen(\"overlay\"", "\"lowerdir+\", \"/layers/hello\"",
		"\"upperdir\", \"/c/upper\"", "FSCONFIG_CMD_CREATE", "fsmount(", "move_mount(",
		"pivot_root(", "umount2(", "mount(\"proc\", \"/proc\"", "\"/proc/kcore\"",
		"PR_CAPBSET_DROP, CAP_SYS_ADMIN", "seccomp(", "setresuid(0, 0, 0)", "capset(",
		"execve(\"/hello\", [\"/hello\"]", "clone3({flags=CLONE_NEWNS|CLONE_NEWPID|", NULL,
	};
	struct world w;

	make(&w, &v1, NULL);
	ck_assert_int_eq(carry_out(&w), 0);
	ck_assert_int_eq(w.fake.child_result, 0);
	in_order(w.fake.calls.s, order);	/* clone3 comes back last: its child ran inside */
	ck_assert_int_eq(count(w.fake.calls.s, "execve("), 1);
	drop(&w);
}
END_TEST

START_TEST(so_it_does_with_one_tree_of_control_groups)
{
	struct host host = v2;
	struct world w;

	for (int i = 0; i < CG_COUNT; i++)
		host.cgroup[i] = (char *)"/sys/fs/cgroup";
	make(&w, &host, NULL);
	ck_assert_int_eq(carry_out(&w), 0);
	ck_assert_ptr_nonnull(strstr(w.fake.calls.s, "memory.max"));
	ck_assert_ptr_nonnull(strstr(w.fake.calls.s, "CLONE_INTO_CGROUP"));
	drop(&w);
}
END_TEST

START_TEST(an_old_kernel_mounts_the_overlay_the_old_way)
{
	struct world w;

	/* lowerdir+ is taken, and refused only when the filesystem is made: the create
	 * call is the fsconfig after source, one lower, upper and work. */
	make(&w, &v1, NULL);
	carry_out(&w);
	int creates = count(w.fake.calls.s, "fsconfig(");
	drop(&w);
	autofree char *fault = str_printf("fsconfig:%d=EINVAL", creates);
	make(&w, &v1, fault);
	ck_assert_int_eq(carry_out(&w), 0);
	ck_assert_ptr_nonnull(strstr(w.fake.calls.s, "lowerdir=/layers/hello"));
	ck_assert_int_eq(count(w.fake.calls.s, "execve("), 1);
	drop(&w);
}
END_TEST

START_TEST(the_trace_has_every_call_with_its_reason)
{
	static struct trace_event ev[1024];
	struct world w;
	size_t n, calls = 0, regions = 0;

	make(&w, &v1, NULL);
	carry_out(&w);
	tracer_exec_done(&w.tracer);
	n = trace_ring_read(w.ring, ev, 1024);
	ck_assert_uint_eq(trace_ring_lost(w.ring), 0);
	for (size_t i = 0; i < n; i++) {
		calls += ev[i].kind == EV_CALL;
		regions += ev[i].kind == EV_REGION_OPEN;
		if (ev[i].kind == EV_CALL) {
			ck_assert_uint_gt(strlen(decode_why(&ev[i])), 10);
			ck_assert_uint_ne(ev[i].region, REGION_NONE);
		}
	}
	ck_assert_uint_eq(calls, (size_t)w.fake.n_calls);
	ck_assert_uint_ge(regions, 5);
	drop(&w);
}
END_TEST

/* Each call once: the start fails or goes on, and what was made is taken back. */
START_TEST(whichever_call_fails_nothing_is_left)
{
	struct world w;
	bool struck = true;
	int failed = 0, passed = 0;

	for (int n = 1; struck; n++) {
		autofree char *fault = str_printf("#%d=EIO", n);
		make(&w, &v1, fault);
		int r = carry_out(&w);
		struck = w.fault.struck > 0;
		r < 0 ? failed++ : passed++;
		if (r < 0) {
			const char *calls = w.fake.calls.s ? w.fake.calls.s : "";
			ck_assert_msg(count(calls, "/drydock/4f2a\", 0755)") ==
				      count(calls, "/drydock/4f2a\", AT_REMOVEDIR)"),
				      "call %d failed, and a control group stayed:\n%s", n, calls);
		}
		drop(&w);
	}
	ck_assert_int_gt(failed, 40);
	ck_assert_int_gt(passed, 0);
}
END_TEST

static struct spec_blkio disks[] = {
	{ BLKIO_WEIGHT, 0xfe00, 505 }, { BLKIO_READ_BPS, 0xfe00, 1048576 },
	{ BLKIO_WRITE_IOPS, 0xfe01, 70 },
};

/* What `hello` is with `--cgroup-parent /class/one`, a device, a rule and disks. */
static struct spec limited(void)
{
	static struct spec_device zero = { (char *)"/dev/zero", (char *)"/dev/x",
					    S_IFCHR | 0666, 0x105, "r" };
	static char *rules[] = { (char *)"c 1:3 mr", NULL };
	struct spec s = hello;

	s.cgroup = s.device_group = (char *)"class/one/4f2a";
	s.devices = &zero;
	s.n_devices = 1;
	s.device_rules = rules;
	s.cpuset_cpus = (char *)"0";
	s.blkio_weight = 300;
	s.blkio = disks;
	s.n_blkio = ARRAY_SIZE(disks);
	return s;
}

START_TEST(devices_and_disks_are_limited_by_files_of_v1)
{
	static const char *const order[] = {
		"\"/cg/memory/class\"", "\"/cg/memory/class/one\"", "\"/cg/memory/class/one/4f2a\"",
		"\"/cg/cpuset/class\"", "\"/cg/cpuset/class/cpuset.cpus\"",
		"\"/cg/cpuset/class/one/4f2a\"", "\"/cg/blkio/class/one/4f2a\"",
		"\"/cg/devices/class/one/4f2a/devices.deny\", \"a\"", "\"c 1:7 rwm\"",
		"\"c 1:5 r\"", "\"c 1:3 mr\"", "blkio.bfq.weight\", \"300\"",
		"blkio.bfq.weight_device\", \"254:0 505\"",
		"blkio.throttle.read_bps_device\", \"254:0 1048576\"",
		"blkio.throttle.write_iops_device\", \"254:1 70\"",
		"\"/cg/devices/class/one/4f2a/tasks\"", NULL,
	};
	struct spec s = limited();
	struct world w;

	make_of(&w, &s, &v1_all, NULL);
	ck_assert_int_eq(carry_out(&w), 0);
	in_order(w.fake.calls.s, order);
	drop(&w);
}
END_TEST

START_TEST(disks_are_limited_by_files_of_v2)
{
	static const char *const order[] = {
		"\"/cg/class\"", "\"/cg/class/cgroup.subtree_control\", \"+memory\"", "\"+io\"",
		"\"/cg/class/one/4f2a\"", "io.weight\", \"2930\"", "io.weight\", \"254:0 5000\"",
		"io.max\", \"254:0 rbps=1048576\"", "io.max\", \"254:1 wiops=70\"", NULL,
	};
	struct spec s = limited();
	struct host host = v2;
	struct world w;

	for (int i = 0; i < CG_COUNT; i++)
		host.cgroup[i] = i == CG_DEVICES ? NULL : (char *)"/cg";
	host.blkio_weight = host.blkio_weight_device = "io.weight";
	host.blkio_throttle = true;
	make_of(&w, &s, &host, NULL);
	ck_assert_int_eq(carry_out(&w), 0);
	in_order(w.fake.calls.s, order);
	drop(&w);
}
END_TEST

/* Without the order to deny, its own group would let everything in. */
START_TEST(own_device_rules_that_fail_end_the_start)
{
	struct spec s = limited();
	bool struck = true, denied = false;

	for (int n = 1; struck && !denied; n++) {
		autofree char *fault = str_printf("write_file:%d=EPERM", n);
		struct world w;
		make_of(&w, &s, &v1_all, fault);
		int r = carry_out(&w);
		struck = w.fault.struck > 0;
		denied = r < 0;
		if (denied)
			ck_assert_int_eq(count(w.fake.calls.s, "/4f2a\", 0755)"),
					 count(w.fake.calls.s, "/4f2a\", AT_REMOVEDIR)"));
		drop(&w);
	}
	ck_assert(denied);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		hello_world_starts_on_a_kernel_that_is_not_there,
		so_it_does_with_one_tree_of_control_groups,
		an_old_kernel_mounts_the_overlay_the_old_way,
		the_trace_has_every_call_with_its_reason,
		whichever_call_fails_nothing_is_left,
		devices_and_disks_are_limited_by_files_of_v1,
		disks_are_limited_by_files_of_v2,
		own_device_rules_that_fail_end_the_start,
	};
	Suite *s = suite_create("kernel_plan");
	TCase *t = tcase_create("plan");

	tcase_set_timeout(t, 30);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
