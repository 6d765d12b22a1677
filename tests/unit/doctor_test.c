/* The doctor's table, and what is made of findings: on machines made up for the test. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/wrap.h"
#include "doctor/probe.h"
#include "rootless/switches.h"
#include "tests/helpers/unit.h"
#include "tests/unit/fake_kernel.h"

/* ---- a machine with one file in /proc ---- */

static const char *only_path, *only_text;

static long one_file(struct kernel *self, const struct k_call *c)
{
	if (c->op != K_READ_FILE || !only_path || strcmp(c->a[0].s, only_path) != 0)
		return -ENOENT;
	struct k_buf *b = c->a[1].out;
	b->len = (size_t)snprintf(b->data, b->cap, "%s", only_text);
	return (long)b->len;
}

static const struct kernel_switch *found(enum forbidden what, const char *path, const char *text)
{
	struct fake f;
	struct kernel *k = fake_init(&f);

	f.hook.backend = one_file;
	only_path = path;
	only_text = text;
	const struct kernel_switch *s = switch_forbidding(k, what);
	fake_free(&f);
	return s;
}

#define STATUS "/proc/self/status"
#define MOUNTS "/proc/self/mountinfo"

START_TEST(switches_are_known_by_name)
{
	static const struct { enum forbidden what; const char *path, *text, *name; } rows[] = {
		{ FORBIDS_USER_NAMESPACES, "/proc/sys/user/max_user_namespaces", "0\n",
		  "user.max_user_namespaces" },
		{ FORBIDS_USER_NAMESPACES, "/proc/sys/user/max_user_namespaces", "10\n", NULL },
		{ FORBIDS_USER_NAMESPACES, "/proc/sys/user/max_user_namespaces", "", NULL },
		{ FORBIDS_USER_NAMESPACES, "/proc/sys/user/max_user_namespaces", "none\n", NULL },
		{ FORBIDS_OTHER_NAMESPACES, "/proc/sys/user/max_user_namespaces", "0\n", NULL },
		{ FORBIDS_OTHER_NAMESPACES, "/proc/sys/user/max_pid_namespaces", "0\n",
		  "user.max_pid_namespaces" },
		{ FORBIDS_USER_NAMESPACES, "/proc/sys/kernel/unprivileged_userns_clone", "0\n",
		  "kernel.unprivileged_userns_clone" },
		{ FORBIDS_USER_NAMESPACES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		  "1\n", "kernel.apparmor_restrict_unprivileged_userns" },
		{ FORBIDS_USER_NAMESPACES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		  "0\n", NULL },
		{ FORBIDS_USER_NAMESPACES, "/sys/fs/selinux/enforce", "1", "SELinux" },
		{ FORBIDS_USER_NAMESPACES, STATUS, "Name:\tx\nSeccomp:\t2\n", "seccomp" },
		{ FORBIDS_USER_NAMESPACES, STATUS, "Name:\tx\nSeccomp:\t0\n", NULL },
		{ FORBIDS_USER_NAMESPACES, MOUNTS, "22 21 0:5 / /jail/proc rw - proc proc rw\n", "chroot" },
		{ FORBIDS_USER_NAMESPACES, MOUNTS, "22 1 0:5 / / rw - ext4 /dev/a rw\n", NULL },
		{ FORBIDS_OTHERS_RIGHTS, STATUS, "NoNewPrivs:\t1\n", "no_new_privs" },
		{ FORBIDS_MODULES, "/proc/sys/kernel/modules_disabled", "1\n", "kernel.modules_disabled" },
		{ FORBIDS_MOUNTING_PROC, MOUNTS, "22 1 0:5 /null /proc/kcore rw - tmpfs t rw\n",
		  "masked /proc" },
		{ FORBIDS_MOUNTING_PROC, MOUNTS, "22 1 0:5 / /proc rw - proc proc rw\n", NULL },
		{ FORBIDS_LOW_PORTS, "/proc/sys/net/ipv4/ip_unprivileged_port_start", "1024\n",
		  "net.ipv4.ip_unprivileged_port_start" },
		{ FORBIDS_LOW_PORTS, NULL, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kernel_switch *s = found(rows[i].what, rows[i].path, rows[i].text);
		ck_assert_msg(str_eq(s ? s->name : NULL, rows[i].name), "row %zu: %s, not %s", i,
			      s ? s->name : "none", rows[i].name ? rows[i].name : "none");
	}
}
END_TEST

START_TEST(a_refusal_hints_at_the_switch)
{
	struct fake f;
	struct kernel *k = fake_init(&f);
	struct err e = { 0 };

	f.hook.backend = one_file;
	only_path = "/proc/sys/user/max_user_namespaces";
	only_text = "0\n";
	ck_assert_int_eq(switch_refused(k, ENOSPC, &e), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(e.hint, "as root, `sysctl user.max_user_namespaces="));
	err_clear(&e);
	only_path = NULL;
	ck_assert_int_eq(switch_refused(k, EPERM, &e), -EPERM);
	ck_assert_ptr_nonnull(strstr(e.hint, "drydock doctor"));
	fake_free(&f);
}
END_TEST

/* ---- the table ---- */

/* Steps are named as their folders are: NN-name. */
static bool is_step(const char *name)
{
	const char *labs = getenv("DRYDOCK_LABS") ? getenv("DRYDOCK_LABS") : "labs";
	autodir DIR *d = opendir(labs);
	struct dirent *e;

	ck_assert_msg(d != NULL, "no folder %s", labs);
	while ((e = readdir(d)))
		if (strlen(e->d_name) > 3 && e->d_name[2] == '-' && str_eq(e->d_name + 3, name))
			return true;
	return str_eq(name, "all");
}

static void check_steps(const struct probe *p, const char *list)
{
	autofree char *copy = str_dup(list ? list : "");
	char *save = NULL;

	for (char *s = strtok_r(copy, " ", &save); s; s = strtok_r(NULL, " ", &save))
		ck_assert_msg(is_step(s), "%s: there is no step %s", p->id, s);
}

START_TEST(every_row_is_whole)
{
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = &probes[i];
		ck_assert_msg(p->id && p->what && p->cost, "row %zu", i);
		ck_assert_msg(probe_for(p) && !(p->must & p->use), "%s: for whom?", p->id);
		ck_assert_msg(p->try || p->flags, "%s: nothing is tried", p->id);
		ck_assert_msg((p->mend[0] == '$' || p->mend[0] == '#') && p->mend[1] == ' ' && p->mend[2],
			      "%s: %s", p->id, p->mend);
		ck_assert_msg(!p->inside || !(probe_for(p) & SIM), "%s: sim has no inside", p->id);
		ck_assert_msg(!p->door || (!p->inside && p->must == p->door), "%s: a door is here", p->id);
		check_steps(p, p->breaks);
		check_steps(p, p->dims);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(p->id, probes[j].id);
	}
}
END_TEST

/* ---- findings ---- */

static char *steps[] = { "hello", "shell", "web", "files", "layers", "persistence", "root", NULL };
static struct diagnosis d;

static const struct probe *row(const char *id)
{
	for (size_t i = 0; i < n_probes; i++)
		if (str_eq(probes[i].id, id))
			return &probes[i];
	ck_abort_msg("no row %s", id);
}

static void all_there(void)
{
	d = (struct diagnosis){ .ask.steps = steps, .all = findings_new(), .chosen = BACKEND_LINUX };
	for (size_t i = 0; i < N_PLACES * n_probes; i++)
		d.all[i].state = THERE;
}

static void gone(void) { findings_free(d.all); }

static void lose(const char *id, enum place place)
{
	findings_at(d.all, place)[row(id) - probes].state = MISSING;
}

START_TEST(a_backend_lacks_what_it_must_have)
{
	ck_assert_ptr_null(backend_lacks(d.all, BACKEND_LINUX));
	lose("root", PLACE_HERE);
	ck_assert_str_eq(backend_lacks(d.all, BACKEND_LINUX)->id, "root");
	ck_assert_ptr_null(backend_lacks(d.all, BACKEND_ROOTLESS));
	ck_assert(diagnosis_good(&d));
	lose("overlay", PLACE_LINUX);		/* another place: no loss to rootless */
	ck_assert_ptr_null(backend_lacks(d.all, BACKEND_ROOTLESS));
	lose("overlay", PLACE_ROOTLESS);
	ck_assert_str_eq(backend_lacks(d.all, BACKEND_ROOTLESS)->id, "overlay");
	lose("limit-memory", PLACE_LINUX);	/* does without */
	ck_assert_str_eq(backend_lacks(d.all, BACKEND_LINUX)->id, "root");
}
END_TEST

START_TEST(what_could_not_be_tried_is_no_loss)
{
	findings_at(d.all, PLACE_LINUX)[row("overlay") - probes].state = UNCLEAR;
	ck_assert_ptr_null(backend_lacks(d.all, BACKEND_LINUX));
	ck_assert(diagnosis_good(&d));
}
END_TEST

START_TEST(steps_run_as_far_as_there_is_what_they_need)
{
	const struct probe *why;

	ck_assert_int_eq(step_runs(&d, BACKEND_LINUX, "web", &why), RUNS_FULLY);
	ck_assert_ptr_null(why);
	lose("curl", PLACE_HERE);
	ck_assert_int_eq(step_runs(&d, BACKEND_LINUX, "web", &why), RUNS_PARTLY);
	ck_assert_str_eq(why->id, "curl");
	lose("port-8080", PLACE_HERE);
	ck_assert_int_eq(step_runs(&d, BACKEND_LINUX, "web", &why), RUNS_NOT);
	ck_assert_str_eq(why->id, "port-8080");
	ck_assert_int_eq(step_runs(&d, BACKEND_LINUX, "hello", &why), RUNS_FULLY);
	ck_assert(!diagnosis_good(&d));
	lose("users", PLACE_ROOTLESS);
	ck_assert_int_eq(step_runs(&d, BACKEND_LINUX, "root", &why), RUNS_FULLY);
	ck_assert_int_eq(step_runs(&d, BACKEND_ROOTLESS, "root", &why), RUNS_PARTLY);
}
END_TEST

/* A command is one line, so that it can be copied: it may be longer. */
static void check_width(const char *text, int width)
{
	autofree char *copy = str_dup(text);
	char *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		ck_assert_msg(wrap_columns(l, strlen(l)) <= width || !strchr(l + 12, ' '), "%s", l);
}

START_TEST(the_worst_machine_fits_the_page)
{
	const struct report_style style = { .colours = true, .width = 80 };
	autostr struct str out = { 0 };

	for (size_t i = 0; i < N_PLACES * n_probes; i++) {
		d.all[i].state = MISSING;
		memset(d.all[i].said, 'x', sizeof(d.all[i].said) / 2);
	}
	d.chosen = -1;
	report_text(&d, &style, &out);
	check_width(out.s, 80);
	ck_assert_ptr_nonnull(strstr(out.s, "No backend works here"));
	ck_assert_ptr_nonnull(strstr(out.s, "mend, as root: "));
	autofree char *text = report_json(&d);
	autojson cJSON *json = cJSON_Parse(text);
	ck_assert_ptr_nonnull(json);
	ck_assert(!json_bool(json, "good") && !json_str(json, "backend"));
}
END_TEST

START_TEST(a_name_that_is_none_is_refused)
{
	const struct doctor_ask ask = { .k = kernel_linux(), .data_root = "/nowhere" };
	struct backend_choice choice;
	struct err e = { 0 };

	ck_assert_int_eq(backend_choose(&ask, "windows", &choice, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.what, "\"windows\" is not part of this build"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("doctor");
	TCase *t = tcase_create("switches");
	tcase_add_test(t, switches_are_known_by_name);
	tcase_add_test(t, a_refusal_hints_at_the_switch);
	suite_add_tcase(s, t);
	t = tcase_create("table");
	tcase_add_test(t, every_row_is_whole);
	tcase_add_test(t, a_name_that_is_none_is_refused);
	suite_add_tcase(s, t);
	t = tcase_create("findings");
	tcase_add_checked_fixture(t, all_there, gone);
	tcase_add_test(t, a_backend_lacks_what_it_must_have);
	tcase_add_test(t, what_could_not_be_tried_is_no_loss);
	tcase_add_test(t, steps_run_as_far_as_there_is_what_they_need);
	tcase_add_test(t, the_worst_machine_fits_the_page);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
