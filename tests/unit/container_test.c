/* The parts of a container's life that need no kernel: which layer a path comes from,
 * who the user is, what configuration results, which route a path takes. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "api/routes.h"
#include "core/file.h"
#include "runtime/container_config.h"
#include "runtime/container_internal.h"
#include "runtime/log_line.h"
#include "runtime/user.h"
#include "tests/helpers/unit.h"

/* -- layers ------------------------------------------------------------------------- */

static char dir[] = "/tmp/drydock-layers.XXXXXX";
static char *upper, *middle, *base;
static struct layers stack;

static void put(const char *layer, const char *path, const char *text)
{
	autofree char *full = str_printf("%s/%s", layer, path);
	char *slash = strrchr(full, '/');
	*slash = '\0';
	ck_assert_int_eq(dir_make(full, 0755, NULL), 0);
	*slash = '/';
	if (text)
		ck_assert_int_eq(file_write_atomic(full, text, strlen(text), 0644, NULL), 0);
	else
		ck_assert_int_eq(dir_make(full, 0755, NULL), 0);
}

static void put_link(const char *layer, const char *path, const char *target)
{
	autofree char *full = str_printf("%s/%s", layer, path);
	ck_assert_int_eq(symlink(target, full), 0);
}

static void put_whiteout(const char *layer, const char *path)
{
	autofree char *full = str_printf("%s/%s", layer, path);
	ck_assert_int_eq(mknod(full, S_IFCHR | 0600, makedev(0, 0)), 0);
}

static void set_up(void)
{
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	upper = str_printf("%s/upper", dir);
	middle = str_printf("%s/middle", dir);
	base = str_printf("%s/base", dir);
	put(base, "etc/passwd", "root:x:0:0::/root:/bin/sh\n# remark\nann:x:1000:100::/home/ann:/bin/sh\n"
				"bad line\nbob:x:1001:1001::/home/bob:\n");
	put(base, "etc/group", "root:x:0:\nusers:x:100:\nwheel:x:10:ann,bob\naudio:x:29:ann\n");
	put(base, "usr/lib/file", "base");
	put_link(base, "lib", "usr/lib");
	put_link(base, "abs", "/etc/passwd");
	put_link(base, "out", "../../../../../../etc/hostname");
	put_link(base, "loop", "loop");
	put(base, "gone/inside", "x");
	put(base, "hidden", "x");
	put(middle, "usr/lib/file", "middle");
	put(middle, "etc/new", "x");
	put(upper, "tmp/mine", "mine");
	put_whiteout(upper, "gone");
	put_whiteout(upper, "hidden");
	stack = (struct layers){ { upper, middle, base }, 3, NULL };
}

static void tear_down(void)
{
	dir_remove(dir, NULL);
	free(upper);
	free(middle);
	free(base);
}

/* Path, whether links are followed, where it is to be found: a layer, or -errno. */
static const struct { const char *path; bool follow; int want; const char *leads; } finds[] = {
	{ "/tmp/mine", true, 0, "/tmp/mine" },
	{ "/usr/lib/file", true, 1, "/usr/lib/file" },
	{ "/lib/file", true, 1, "/usr/lib/file" },
	{ "/lib", false, 2, "/lib" },
	{ "/abs", true, 2, "/etc/passwd" },
	{ "/etc/new", true, 1, "/etc/new" },
	{ "/etc/../etc/./new", true, 1, "/etc/new" },
	{ "//etc//new", true, 1, "/etc/new" },
	{ "/../../etc/new", true, 1, "/etc/new" },
	{ "/lib/..", true, 1, "/usr" },
	{ "/", true, 0, "" },
	{ "/hidden", true, -ENOENT, NULL },
	{ "/gone/inside", true, -ENOENT, NULL },
	{ "/out", true, -ENOENT, NULL },
	{ "/loop", true, -ELOOP, NULL },
	{ "/etc/passwd/x", true, -ENOTDIR, NULL },
	{ "/no/such", true, -ENOENT, NULL },
};

START_TEST(finds_the_layer)
{
	struct layer_file f;
	int r = layers_find(&stack, finds[_i].path, finds[_i].follow, &f);
	ck_assert_int_eq(r < 0 ? r : (int)f.layer, finds[_i].want);
	if (r == 0)
		ck_assert_str_eq(f.path, finds[_i].leads);
}
END_TEST

START_TEST(reads_through_links)
{
	autostr struct str text = { 0 };
	ck_assert_int_eq(layers_read_path(&stack, "/lib/file", 100, &text), 0);
	ck_assert_str_eq(text.s, "middle");
	ck_assert_int_eq(layers_read_path(&stack, "/lib/file", 3, &text), -EFBIG);
	ck_assert_int_eq(layers_read_path(&stack, "/lib", 100, &text), -EINVAL);
}
END_TEST

/* -- users --------------------------------------------------------------------------- */

static const struct { const char *text; int uid, gid; const char *groups, *home; } users[] = {
	{ "", 0, 0, "0", "/root" },
	{ "ann", 1000, 100, "100 10 29", "/home/ann" },
	{ "1000", 1000, 100, "100 10 29", "/home/ann" },
	{ "bob", 1001, 1001, "1001 10", "/home/bob" },
	{ "ann:wheel", 1000, 10, "10", "/home/ann" },
	{ "ann:77", 1000, 77, "77", "/home/ann" },
	{ "4242", 4242, 0, "0", "/" },
	{ "4242:100", 4242, 100, "100", "/" },
	{ "nobody", -1, 0, NULL, "unable to find user nobody: no matching entries in passwd file" },
	{ "ann:none", -1, 0, NULL, "unable to find group none: no matching entries in group file" },
};

START_TEST(resolves_users)
{
	struct user u;
	struct err e = { 0 };
	autostr struct str groups = { 0 };
	int r = user_resolve(&stack, users[_i].text, NULL, &u, &e);
	if (users[_i].uid < 0) {
		ck_assert_int_lt(r, 0);
		ck_assert_str_eq(e.what, users[_i].home);
		return;
	}
	ck_assert_int_eq(r, 0);
	for (size_t i = 0; i < u.n_groups; i++)
		str_addf(&groups, "%s%u", i ? " " : "", u.groups[i]);
	ck_assert_uint_eq(u.uid, (unsigned)users[_i].uid);
	ck_assert_uint_eq(u.gid, (unsigned)users[_i].gid);
	ck_assert_str_eq(groups.s, users[_i].groups);
	ck_assert_str_eq(u.home, users[_i].home);
	user_free(&u);
}
END_TEST

/* -- configuration -------------------------------------------------------------------- */

/* A create body and an image's config; the whole command and the environment. */
static const struct { const char *body, *image, *argv, *env; } merges[] = {
	{ "{}", "{\"Cmd\":[\"sh\"],\"Env\":[\"A=1\"]}", "sh", "A=1" },
	{ "{\"Cmd\":[\"ls\"]}", "{\"Cmd\":[\"sh\"]}", "ls", "" },
	{ "{}", "{\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]}", "e c", "" },
	{ "{\"Cmd\":[\"x\"]}", "{\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]}", "e x", "" },
	{ "{\"Entrypoint\":[\"mine\"]}", "{\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]}", "mine", "" },
	{ "{\"Entrypoint\":[\"\"],\"Cmd\":[\"x\"]}", "{\"Entrypoint\":[\"e\"]}", "x", "" },
	{ "{\"Cmd\":\"word\"}", "{}", "word", "" },
	{ "{\"Env\":[\"A=2\",\"B\"]}", "{\"Cmd\":[\"c\"],\"Env\":[\"A=1\",\"AB=3\"]}", "c", "A=2 AB=3" },
};

static char *joined(char **v)
{
	struct str s = { 0 };
	for (size_t i = 0; v[i]; i++)
		str_addf(&s, "%s%s", i ? " " : "", v[i]);
	strv_free(v);
	return str_take(&s);
}

START_TEST(merges_configuration)
{
	autojson cJSON *body = cJSON_Parse(merges[_i].body), *image = cJSON_Parse(merges[_i].image);
	ck_assert_int_eq(config_check(body, NULL), 0);
	autojson cJSON *c = config_merge(body, image);
	autofree char *argv = joined(config_argv(c)), *env = joined(json_strv(json_obj(c, "Env")));
	ck_assert_str_eq(argv, merges[_i].argv);
	ck_assert_str_eq(env, merges[_i].env);
}
END_TEST

/* What is refused, and a word of the reason; what is only warned about. */
static const struct { const char *host, *refused, *warned; } hosts[] = {
	{ "{}", NULL, NULL },
	{ "{\"Links\":[]}", NULL, NULL },
	{ "{\"DeviceCgroupRules\":[\"c 1:1 r\", \"a *:* rwm\"]}", NULL, NULL },
	{ "{\"DeviceCgroupRules\":[\"c 1:1 rwmx\"]}", "rule format: 'c 1:1 rwmx'", NULL },
	{ "{\"DeviceCgroupRules\":[\"c 1:1 r\\na *:* rwm\"]}", "invalid device cgroup rule", NULL },
	{ "{\"DeviceCgroupRules\":[7]}", "invalid device cgroup rule format: ''", NULL },
	{ "{\"CgroupParent\":\"/x/./y..z//\"}", NULL, NULL },
	{ "{\"CgroupParent\":\"x/../../y\"}", "invalid cgroup parent", NULL },
	{ "{\"CgroupParent\":\"./drydock/x\"}", "kept for the engine", NULL },
	{ "{\"BlkioWeight\":1001}", "Range of blkio weight is from 10 to 1000", NULL },
	{ "{\"BlkioWeightDevice\":[{\"Path\":\"/d\",\"Weight\":5}]}", "weight for device: /d", NULL },
	{ "{\"LogConfig\":{\"Config\":{\"compress\":\"true\"}}}", NULL, "compress=true" },
	{ "{\"LogConfig\":{\"Config\":{\"max-buffer-size\":\"1m\"}}}", "'mode=non-blocking'", NULL },
	{ "{\"MemorySwappiness\":-1,\"OomKillDisable\":false}", NULL, NULL },
	{ "{\"BlkioWeight\":300}", NULL, NULL },
	{ "{\"Cgroup\":\"container:x\"}", NULL, "Cgroup" },
	{ "{\"Runtime\":\"gvisor\"}", "unknown or invalid runtime name: gvisor", NULL },
	{ "{\"PidMode\":\"private\"}", "invalid PID mode: private", NULL },
	{ "{\"LogConfig\":{\"Type\":\"syslog\"}}", "no log driver named 'syslog'", NULL },
	{ "{\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\"}}}", NULL, NULL },
	{ "{\"RestartPolicy\":{\"Name\":\"sometimes\"}}", "unknown policy", NULL },
	{ "{\"RestartPolicy\":{\"Name\":\"always\"},\"AutoRemove\":true}", "AutoRemove", NULL },
	{ "{\"Memory\":1000}", "Minimum memory limit", NULL },
	{ "{\"NanoCpus\":1000,\"CpuQuota\":5}", "Nano CPUs", NULL },
};

START_TEST(treats_host_config)
{
	struct err e = { 0 };
	char **warnings = mem_alloc(sizeof(*warnings));
	autojson cJSON *body = cJSON_CreateObject(), *out = NULL;
	json_put(body, "HostConfig", cJSON_Parse(hosts[_i].host));
	int r = config_host(body, &out, &warnings, &e);
	if (hosts[_i].refused) {
		ck_assert_int_lt(r, 0);
		ck_assert_msg(strstr(e.what, hosts[_i].refused) != NULL, "%s", e.what);
	} else {
		ck_assert_msg(r == 0, "%s", e.what);
		ck_assert_uint_eq(strv_len(warnings), hosts[_i].warned ? 1 : 0);
		if (hosts[_i].warned)
			ck_assert_ptr_nonnull(strstr(warnings[0], hosts[_i].warned));
		ck_assert_str_eq(json_str(json_obj(out, "RestartPolicy"), "Name"), "no");
	}
	strv_free(warnings);
}
END_TEST

START_TEST(checks_types)
{
	static const char *const wrong[] = { "{\"Image\":1}", "{\"Cmd\":{}}", "{\"Env\":\"A\"}", "[]",
		"{\"HostConfig\":5}", "{\"HostConfig\":{\"Memory\":\"1m\"}}", "{\"Tty\":\"yes\"}" };
	autojson cJSON *body = cJSON_Parse(wrong[_i]);
	struct err e = { 0 };
	ck_assert_int_eq(config_check(body, &e), -EINVAL);
}
END_TEST

START_TEST(knows_signals)
{
	static const struct { const char *text; int number; } known[] = {
		{ "KILL", 9 }, { "SIGKILL", 9 }, { "sigterm", 15 }, { "1", 1 }, { "0", -EINVAL },
		{ "65", -EINVAL }, { "NOPE", -EINVAL }, { "9x", -EINVAL },
		{ "RTMIN", 34 }, { "SIGRTMIN+15", 49 }, { "RTMAX-14", 50 }, { "RTMAX", 64 },
		{ "RTMIN+16", -EINVAL }, { "RTMIN+0", -EINVAL }, { "RTMIN+x", -EINVAL },
		{ "RTMIN-1", -EINVAL }, { "RTMIN+9999999999", -EINVAL }, { "RTMAX+1", -EINVAL } };
	ck_assert_int_eq(signal_number(known[_i].text), known[_i].number);
}
END_TEST

static const struct { const char *line; int len; const char *text; bool is_err; const char *stamp; }
log_lines[] = {
	{ "{\"log\":\"hi\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-31T09:00:00Z\"}", 3, "hi\n",
	  false, "2026-01-31T09:00:00Z" },
	{ "{\"log\":\"a\\u0000b\\u0001\\\"\\\\\",\"stream\":\"stderr\",\"time\":\"T\"}", 6,
	  "a\0b\1\"\\", true, "T" },
	{ "{\"log\":\"\\u00e9\\ufffd\",\"attrs\":{\"k\":\"v}\"},\"time\":\"T\"}", 5,
	  "\xc3\xa9\xef\xbf\xbd", false, "T" },
	{ "{\"log\":\"cut", -EBADMSG, NULL, false, NULL },
	{ "{\"log\":\"cut\\u00", -EBADMSG, NULL, false, NULL },
	{ "{\"log\":\"cut\\", -EBADMSG, NULL, false, NULL },
	{ "{\"log\":5}", -EBADMSG, NULL, false, NULL },
	{ "{\"attrs\":{\"", -EBADMSG, NULL, false, NULL },
	{ "{}", -EBADMSG, NULL, false, NULL },
	{ "", -EBADMSG, NULL, false, NULL },
};

START_TEST(reads_log_lines)
{
	struct log_line l = { .is_err = false };
	int r = log_line_parse(log_lines[_i].line, strlen(log_lines[_i].line), &l);
	ck_assert_int_eq(r, log_lines[_i].len < 0 ? log_lines[_i].len : 0);
	if (r == 0) {
		ck_assert_uint_eq(l.text.len, (size_t)log_lines[_i].len);
		ck_assert_mem_eq(l.text.s, log_lines[_i].text, l.text.len);
		ck_assert_int_eq(l.is_err, log_lines[_i].is_err);
		ck_assert_str_eq(l.stamp, log_lines[_i].stamp);
	}
	str_free(&l.text);
}
END_TEST

START_TEST(tells_ages)
{
	static const struct { uint64_t s; const char *text; } ages[] = {
		{ 0, "Less than a second" }, { 1, "1 second" }, { 59, "59 seconds" },
		{ 60, "About a minute" }, { 120, "2 minutes" }, { 3599, "59 minutes" },
		{ 3600, "About an hour" }, { 7200, "2 hours" }, { 86400 * 3, "3 days" },
		{ 86400 * 21, "3 weeks" }, { 86400ull * 90, "3 months" }, { 86400ull * 800, "2 years" } };
	char buf[32];
	ck_assert_str_eq(age_text(ages[_i].s * 1000000000ull, buf), ages[_i].text);
}
END_TEST

/* -- routes ------------------------------------------------------------------------------ */

START_TEST(finds_routes)
{
	static const struct { const char *method, *path, *pattern, *arg; } paths[] = {
		{ "GET", "/_ping", "/_ping", NULL },
		{ "GET", "/containers/json", "/containers/json", NULL },
		{ "GET", "/containers/abc/json", "/containers/{}/json", "abc" },
		{ "GET", "/images/a/b/c:v1/json", "/images/{*}/json", "a/b/c:v1" },
		{ "GET", "/images/json/json", "/images/{*}/json", "json" },
		{ "DELETE", "/images/localhost:5000/x", "/images/{*}", "localhost:5000/x" },
		{ "GET", "/containers//json", NULL, NULL },
		{ "GET", "/containers/a/b/json", NULL, NULL },
		{ "PUT", "/containers/json", NULL, NULL },
		{ "GET", "/nothing", NULL, NULL },
		{ "GET", "", NULL, NULL } };
	char *arg[MAX_ARGS] = { NULL };
	const struct route *r = route_find(paths[_i].method, paths[_i].path, arg);
	ck_assert(str_eq(r ? r->pattern : NULL, paths[_i].pattern));
	ck_assert(str_eq(arg[0], paths[_i].arg));
	free(arg[0]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("container");
	TCase *layers = tcase_create("layers"), *config = tcase_create("config");
	tcase_add_checked_fixture(layers, set_up, tear_down);
	tcase_add_loop_test(layers, finds_the_layer, 0, ARRAY_SIZE(finds));
	tcase_add_test(layers, reads_through_links);
	tcase_add_loop_test(layers, resolves_users, 0, ARRAY_SIZE(users));
	tcase_add_loop_test(config, merges_configuration, 0, ARRAY_SIZE(merges));
	tcase_add_loop_test(config, treats_host_config, 0, ARRAY_SIZE(hosts));
	tcase_add_loop_test(config, checks_types, 0, 7);
	tcase_add_loop_test(config, knows_signals, 0, 18);
	tcase_add_loop_test(config, reads_log_lines, 0, ARRAY_SIZE(log_lines));
	tcase_add_loop_test(config, tells_ages, 0, 12);
	tcase_add_loop_test(config, finds_routes, 0, 11);
	suite_add_tcase(s, layers);
	suite_add_tcase(s, config);
	return s;
}
UNIT_MAIN(suite)
