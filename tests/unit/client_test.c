/* The docker command line without a daemon: options, notations, numbers for people,
 * image names, completion. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/complete.h"
#include "client/http_connect.h"
#include "client/human.h"
#include "client/image_name.h"
#include "client/listing.h"
#include "client/options.h"
#include "client/url.h"
#include "client/show.h"
#include "client/specs.h"
#include "client/values.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "tests/helpers/unit.h"

/* ---- options ---------------------------------------------------------------------- */

static const struct option table[] = {
	{ "all", 'a', &opt_flag, "" },
	{ "detach", 'd', &opt_flag, "" },
	{ "publish", 'p', &opt_list, "" },
	{ "name", 0, &opt_string, "", "none" },
	{ "last", 'n', &opt_int, "", "-1" },
	{ "memory", 'm', &opt_bytes, "" },
	{ 0 },
};

/* Parses words split at spaces. */
static int parse(const char *line, bool stop_early, struct options *o, struct err *e)
{
	char **words = NULL;
	autofree char *copy = str_dup(line);
	char *rest = copy, *word;

	while ((word = strsep(&rest, " ")))
		if (*word)
			strv_add(&words, word);
	int r = options_parse(table, stop_early, (int)strv_len(words), words, o, e);
	strv_free(words);
	return r;
}

START_TEST(options_in_every_notation)
{
	struct options o;
	struct err e = { 0 };

	ck_assert_int_eq(parse("-adp80:80 --publish=81 -p=82 --name x left -n 5 right", false, &o, &e), 0);
	ck_assert(opt_on(&o, "all") && opt_on(&o, "detach"));
	ck_assert_str_eq(opt_all(&o, "publish")[0], "80:80");
	ck_assert_str_eq(opt_all(&o, "publish")[1], "81");
	ck_assert_str_eq(opt_all(&o, "publish")[2], "82");
	ck_assert_str_eq(opt_text(&o, "name"), "x");
	ck_assert_int_eq(opt_number(&o, "last"), 5);
	ck_assert_uint_eq(o.n_args, 2);
	options_free(&o);
}
END_TEST

START_TEST(options_end_where_docker_ends_them)
{
	struct options o;

	ck_assert_int_eq(parse("-a image -d --name x", true, &o, NULL), 0);
	ck_assert(!opt_on(&o, "detach"));
	ck_assert_uint_eq(o.n_args, 4);
	ck_assert_str_eq(opt_text(&o, "name"), "none");
	options_free(&o);
	ck_assert_int_eq(parse("-- -a", false, &o, NULL), 0);
	ck_assert(!opt_given(&o, "all"));
	ck_assert_str_eq(o.args[0], "-a");
	options_free(&o);
	ck_assert_int_eq(parse("--all=false -", false, &o, NULL), 0);
	ck_assert(opt_given(&o, "all") && !opt_on(&o, "all"));
	ck_assert_str_eq(o.args[0], "-");
	options_free(&o);
}
END_TEST

static const struct { const char *line, *what; } bad_options[] = {
	{ "--nope", "unknown flag: --nope" },
	{ "--nope=1", "unknown flag: --nope" },
	{ "-aZ", "unknown shorthand flag: 'Z' in -Z" },
	{ "-p", "flag needs an argument: 'p' in -p" },
	{ "--name", "flag needs an argument: --name" },
	{ "--=x", "bad flag syntax: --=x" },
	{ "-n x", "invalid argument \"x\" for \"-n, --last\" flag: strconv.ParseInt: parsing \"x\": "
		  "invalid syntax" },
	{ "--all=maybe", "invalid argument \"maybe\" for \"-a, --all\" flag: strconv.ParseBool: parsing "
			 "\"maybe\": invalid syntax" },
	{ "-m abc", "invalid argument \"abc\" for \"-m, --memory\" flag: invalid size: 'abc'" },
};

START_TEST(bad_options_in_dockers_words)
{
	struct options o;
	struct err e = { 0 };

	ck_assert_int_eq(parse(bad_options[_i].line, false, &o, &e), -EINVAL);
	ck_assert_str_eq(e.what, bad_options[_i].what);
	options_free(&o);
}
END_TEST

/* Every verb can be found by every one of its paths, and its table is sound. */
START_TEST(verb_tables_are_sound)
{
	for (const struct verb *const *t = verb_tables; *t; t++)
		for (const struct verb *v = *t; v->paths; v++) {
			ck_assert_msg(v->run || v->each, "%s does nothing", v->paths);
			ck_assert(v->max_args < 0 || v->min_args <= v->max_args);
			for (const struct option *o = v->options; o && o->name; o++) {
				ck_assert_msg(o->type && o->help, "%s --%s", v->paths, o->name);
				ck_assert_msg(!o->put || o->field, "%s --%s", v->paths, o->name);
				for (const struct option *p = o + 1; p->name; p++)
					ck_assert_msg(strcmp(o->name, p->name) &&
						      (!o->letter || o->letter != p->letter),
						      "%s --%s twice", v->paths, o->name);
			}
		}
}
END_TEST

START_TEST(verbs_are_found_by_path)
{
	char *ps[] = { (char *)"container", (char *)"ps", (char *)"-a" };
	char *none[] = { (char *)"container", (char *)"fly" };
	int used;

	ck_assert(verb_find(3, ps, &used) == verb_find(1, ps + 1, &used));
	verb_find(3, ps, &used);
	ck_assert_int_eq(used, 2);
	ck_assert_ptr_null(verb_find(2, none, &used));
	ck_assert_ptr_null(verb_find(1, none, &used));
}
END_TEST

/* ---- values ----------------------------------------------------------------------- */

static const struct { const char *text; int64_t bytes; } sizes[] = {
	{ "0", 0 }, { "12", 12 }, { "1k", 1024 }, { "64m", 64 << 20 }, { "1.5g", 1610612736 },
	{ "2KiB", 2048 }, { "3MB", 3 << 20 }, { "1t", 1LL << 40 }, { "-1", -1 }, { "7 b", 7 },
};
static const char *const bad_sizes[] = { "", "x", "1x", "1kk", "-2", "0x10", "99999999p", "1 2" };

START_TEST(sizes_are_powers_of_1024)
{
	int64_t v;

	ck_assert_int_eq(value_bytes(sizes[_i].text, &v, NULL), 0);
	ck_assert_int_eq(v, sizes[_i].bytes);
}
END_TEST

START_TEST(bad_sizes_are_refused)
{
	int64_t v;

	ck_assert_int_eq(value_bytes(bad_sizes[_i], &v, NULL), -EINVAL);
}
END_TEST

START_TEST(durations_and_cpus)
{
	int64_t v;

	ck_assert_int_eq(value_duration("1m30s", &v, NULL), 0);
	ck_assert_int_eq(v, 90000000000LL);
	ck_assert_int_eq(value_duration("1.5ms", &v, NULL), 0);
	ck_assert_int_eq(v, 1500000);
	ck_assert_int_eq(value_duration("-2h", &v, NULL), 0);
	ck_assert_int_eq(v, -7200000000000LL);
	ck_assert_int_eq(value_duration("5", &v, NULL), -EINVAL);
	ck_assert_int_eq(value_duration("", &v, NULL), -EINVAL);
	ck_assert_int_eq(value_duration("5parsec", &v, NULL), -EINVAL);
	ck_assert_int_eq(value_nano("0.5", &v, NULL), 0);
	ck_assert_int_eq(v, 500000000);
	ck_assert_int_eq(value_nano("x", &v, NULL), -EINVAL);
	ck_assert_int_eq(value_nano("1.0000000001", &v, NULL), -EINVAL);
}
END_TEST

START_TEST(times_for_since)
{
	autofree char *a = NULL, *b = NULL, *c = NULL, *d = NULL;

	setenv("DRYDOCK_CLOCK", "1000000000000000", 1);	/* a million seconds */
	ck_assert_int_eq(value_timestamp("10m", &a, NULL), 0);
	ck_assert_str_eq(a, "999400");
	ck_assert_int_eq(value_timestamp("1136073845.5", &b, NULL), 0);
	ck_assert_str_eq(b, "1136073845.5");
	ck_assert_int_eq(value_timestamp("2013-01-02T13:23:37Z", &c, NULL), 0);
	ck_assert_str_eq(c, "1357133017.000000000");
	ck_assert_int_eq(value_timestamp("soon", &d, NULL), -EINVAL);
	unsetenv("DRYDOCK_CLOCK");
}
END_TEST

/* ---- notations --------------------------------------------------------------------- */

static const struct { const char *spec, *exposed, *bindings; } ports[] = {
	{ "80", "{\"80/tcp\":{}}", "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"\"}]}" },
	{ "8080:80", "{\"80/tcp\":{}}", "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}" },
	{ "127.0.0.1:1:2/UDP", "{\"2/udp\":{}}",
	  "{\"2/udp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"1\"}]}" },
	{ "[::1]::5", "{\"5/tcp\":{}}", "{\"5/tcp\":[{\"HostIp\":\"::1\",\"HostPort\":\"\"}]}" },
	{ "1-2:3-4", "{\"3/tcp\":{},\"4/tcp\":{}}",
	  "{\"3/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"1\"}],"
	  "\"4/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"2\"}]}" },
	{ "8000-8010:80", "{\"80/tcp\":{}}",
	  "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8000-8010\"}]}" },
};

START_TEST(port_notations)
{
	autojson cJSON *exposed = cJSON_CreateObject(), *bindings = cJSON_CreateObject();
	struct err e = { 0 };

	ck_assert_msg(spec_port(ports[_i].spec, exposed, bindings, &e) == 0, "%s", e.what);
	autofree char *a = json_line(exposed), *b = json_line(bindings);
	ck_assert_str_eq(a, ports[_i].exposed);
	ck_assert_str_eq(b, ports[_i].bindings);
}
END_TEST

static const struct { const char *spec, *what; } bad_ports[] = {
	{ "", "no port specified: <empty>" },
	{ "x:y", "invalid containerPort: y" },
	{ "99999:80", "invalid hostPort: 99999" },
	{ "80/icmp", "invalid proto: icmp" },
	{ "1.2.3:1:2", "invalid IP address: 1.2.3" },
	{ "1-3:5-6", "invalid ranges specified for container and host Ports: 5-6 and 1-3" },
	{ "2-1", "invalid containerPort: 2-1" },
	{ "80:", "no port specified: 80<empty>" },
};

START_TEST(bad_ports_in_dockers_words)
{
	autojson cJSON *exposed = cJSON_CreateObject(), *bindings = cJSON_CreateObject();
	struct err e = { 0 };

	ck_assert_int_eq(spec_port(bad_ports[_i].spec, exposed, bindings, &e), -EINVAL);
	ck_assert_str_eq(e.what, bad_ports[_i].what);
}
END_TEST

static const struct { const char *spec, *json; } mounts[] = {
	{ "type=bind,src=/a,dst=/b,ro",
	  "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"ReadOnly\":true}" },
	{ "source=v,target=/v,volume-nocopy",
	  "{\"Source\":\"v\",\"Target\":\"/v\",\"VolumeOptions\":{\"NoCopy\":true},\"Type\":\"volume\"}" },
	{ "type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=1777",
	  "{\"Type\":\"tmpfs\",\"Target\":\"/t\",\"TmpfsOptions\":{\"SizeBytes\":1048576,\"Mode\":1023}}" },
	{ "type=bind,dst=/b,readonly=false", "{\"Type\":\"bind\",\"Target\":\"/b\",\"ReadOnly\":false}" },
	{ "type=bind", NULL }, { "type", NULL }, { "nope=1,dst=/b", NULL }, { "", NULL },
	{ "dst=/b,tmpfs-size=x", NULL }, { "dst=/b,ro=x", NULL },
};

START_TEST(mount_notations)
{
	autojson cJSON *m = NULL;
	int r = spec_mount(mounts[_i].spec, &m, NULL);

	ck_assert_int_eq(r, mounts[_i].json ? 0 : -EINVAL);
	autofree char *line = m ? json_line(m) : NULL;
	ck_assert_msg(str_eq(line, mounts[_i].json), "%s", line);
}
END_TEST

START_TEST(small_notations)
{
	autojson cJSON *u = NULL, *d = NULL, *r = NULL;

	ck_assert_int_eq(spec_ulimit("nofile=10:20", &u, NULL), 0);
	ck_assert_int_eq(json_int(u, "Hard", 0), 20);
	ck_assert_int_eq(spec_check_ulimit("x", NULL), -EINVAL);
	ck_assert_int_eq(spec_check_ulimit("nofile=3:2", NULL), -EINVAL);
	ck_assert_int_eq(spec_device("/dev/a:/dev/b:r", &d, NULL), 0);
	ck_assert_str_eq(json_str(d, "CgroupPermissions"), "r");
	ck_assert_int_eq(spec_device("/dev/a:b:c:d", &u, NULL), -EINVAL);
	ck_assert_int_eq(spec_restart("on-failure:3", &r, NULL), 0);
	ck_assert_int_eq(json_int(r, "MaximumRetryCount", 0), 3);
	ck_assert_int_eq(spec_restart(":3", &r, NULL), -EINVAL);
	ck_assert_int_eq(spec_check_host("a:1.2.3.4", NULL), 0);
	ck_assert_int_eq(spec_check_host("a=[::1]", NULL), 0);
	ck_assert_int_eq(spec_check_host("a:host-gateway", NULL), 0);
	ck_assert_int_eq(spec_check_host("a", NULL), -EINVAL);
	ck_assert_int_eq(spec_check_host("a:1.2.3", NULL), -EINVAL);
}
END_TEST

static const struct { const char *text, *familiar, *full; } names[] = {
	{ "busybox", "busybox:latest", "docker.io/library/busybox:latest" },
	{ "me/app:v1", "me/app:v1", "docker.io/me/app:v1" },
	{ "docker.io/library/x", "x:latest", "docker.io/library/x:latest" },
	{ "localhost:5000/x", "localhost:5000/x:latest", "localhost:5000/x:latest" },
	{ "x", "x:latest", "docker.io/library/x:latest" },
	{ "", NULL, NULL }, { "A", NULL, NULL }, { "a:", NULL, NULL }, { "a b", NULL, NULL },
	{ "/a", NULL, NULL }, { "a//b", NULL, NULL }, { "a@sha256:12", NULL, NULL },
	{ "-a", NULL, NULL }, { "a:-x", NULL, NULL }, { "localhost/", NULL, NULL },
};

START_TEST(image_names)
{
	struct image_name n;
	int r = image_name_parse(names[_i].text, &n, NULL);

	ck_assert_int_eq(r, names[_i].full ? 0 : -EINVAL);
	if (r)
		return;
	autofree char *familiar = image_name_show(&n, false), *full = image_name_show(&n, true);
	ck_assert_str_eq(familiar, names[_i].familiar);
	ck_assert_str_eq(full, names[_i].full);
	image_name_free(&n);
}
END_TEST

START_TEST(hosts)
{
	struct http_address a;

	ck_assert_int_eq(http_address("unix:///run/x.sock", &a, NULL), 0);
	ck_assert_int_eq(http_address("tcp://127.0.0.1:2375", &a, NULL), 0);
	ck_assert_int_eq(http_address("tcp://[::1]:80", &a, NULL), 0);
	ck_assert_int_eq(http_address("tcp://localhost", &a, NULL), 0);
	ck_assert_int_eq(http_address("tcp://127.0.0.1:99999", &a, NULL), -EINVAL);
	ck_assert_int_eq(http_address("tcp://example.org:1", &a, NULL), -EINVAL);
	ck_assert_int_eq(http_address("unix://relative", &a, NULL), -EINVAL);
	ck_assert_int_eq(http_address("ssh://x", &a, NULL), -EINVAL);
}
END_TEST

START_TEST(queries_are_escaped)
{
	char *filters[] = { (char *)"name=a b", (char *)"label=x=y", NULL };
	autostr struct str s = { 0 };

	url_path(&s, "/images/", "a/b:c d?", "/json");
	url_add(&s, "x", "1&2");
	url_flag(&s, "no", false);
	ck_assert_str_eq(s.s, "/images/a/b:c%20d%3F/json?x=1%262");
	url_path(&s, "/x", NULL, "");
	url_filters(&s, filters);
	ck_assert_str_eq(s.s, "/x?filters=%7B%22name%22%3A%7B%22a%20b%22%3Atrue%7D%2C%22label%22%3A%7B%22"
			 "x%3Dy%22%3Atrue%7D%7D");
}
END_TEST

/* ---- for people --------------------------------------------------------------------- */

static const struct { int64_t seconds; const char *text; } durations[] = {
	{ 0, "Less than a second" }, { 1, "1 second" }, { 59, "59 seconds" }, { 60, "About a minute" },
	{ 120, "2 minutes" }, { 3599, "59 minutes" }, { 3600, "About an hour" },
	{ 5400, "2 hours" }, { 47 * 3600, "47 hours" }, { 48 * 3600, "2 days" },
	{ 13 * 86400, "13 days" }, { 14 * 86400, "2 weeks" }, { 59 * 86400, "8 weeks" },
	{ 61 * 86400, "2 months" }, { 729 * 86400, "24 months" }, { 731 * 86400, "2 years" },
};

START_TEST(durations_for_people)
{
	char buf[64];

	ck_assert_str_eq(human_duration(buf, sizeof(buf), durations[_i].seconds), durations[_i].text);
}
END_TEST

START_TEST(sizes_for_people)
{
	char buf[32];

	ck_assert_str_eq(human_size(buf, sizeof(buf), 0, 3), "0B");
	ck_assert_str_eq(human_size(buf, sizeof(buf), 1981544, 3), "1.98MB");
	ck_assert_str_eq(human_size(buf, sizeof(buf), 1981544, 4), "1.982MB");
	ck_assert_str_eq(human_size(buf, sizeof(buf), 17800, 3), "17.8kB");
	ck_assert_str_eq(human_bytes(buf, sizeof(buf), 331776), "324KiB");
	ck_assert_str_eq(human_bytes(buf, sizeof(buf), 1073741824), "1GiB");
}
END_TEST

static const struct { const char *json, *shown; } shown_ports[] = {
	{ "[]", "" },
	{ "[{\"PrivatePort\":80,\"Type\":\"tcp\"}]", "80/tcp" },
	{ "[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"},"
	  "{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"}]",
	  "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp" },
	{ "[{\"IP\":\"1.1.1.1\",\"PrivatePort\":2,\"PublicPort\":2,\"Type\":\"udp\"},"
	  "{\"IP\":\"1.1.1.1\",\"PrivatePort\":1,\"PublicPort\":1,\"Type\":\"udp\"},"
	  "{\"PrivatePort\":5,\"Type\":\"tcp\"},{\"PrivatePort\":6,\"Type\":\"tcp\"}]",
	  "1.1.1.1:1-2->1-2/udp, 5-6/tcp" },
};

START_TEST(ports_for_people)
{
	autojson cJSON *j = cJSON_Parse(shown_ports[_i].json);
	autofree char *text = show_ports(j);

	ck_assert_str_eq(text, shown_ports[_i].shown);
}
END_TEST

START_TEST(texts_are_cut_at_characters)
{
	autofree char *a = show_ellipsis("short", 5), *b = show_ellipsis("schön und lang", 6);
	autofree char *id = show_id("sha256:0123456789abcdef", false), *q = show_quoted("a\"b\\\n");

	ck_assert_str_eq(a, "short");
	ck_assert_str_eq(b, "schön…");
	ck_assert_str_eq(id, "0123456789ab");
	ck_assert_str_eq(q, "\"a\\\"b\\\\\\n\"");
}
END_TEST

START_TEST(tables_are_aligned_like_dockers)
{
	autostr struct str s = { 0 };

	table_align("A\tLONG HEAD\tC\n…\tx\tend\n", 10, 3, &s);
	ck_assert_str_eq(s.s, "A         LONG HEAD   C\n…         x           end\n");
}
END_TEST

/* ---- completion ------------------------------------------------------------------------ */

static const struct { const char *line, *first; bool files; } completions[] = {
	{ "r", "rename", false }, { "ru", "run", false }, { "run --nam", "--name", false },
	{ "container l", "logs", false }, { "image pr", "prune", false },
	{ "run --env-file ", NULL, true }, { "run busybox ", NULL, true },
	{ "kill -s TE", "TERM", false }, { "nosuch x", NULL, false },
	{ "run --cap-add=x busybox ls ", NULL, true },
};

START_TEST(completes_from_the_tables)
{
	autofree char *copy = str_dup(completions[_i].line);
	char *rest = copy, *words[16];
	int n = 0;
	bool files;

	setenv("DOCKER_HOST", "unix:///nonexistent.sock", 1);
	while (rest)
		words[n++] = strsep(&rest, " ");
	char **list = docker_complete(n, words, &files);
	ck_assert_msg(str_eq(list[0], completions[_i].first), "%s", list[0]);
	ck_assert_int_eq(files, completions[_i].files);
	strv_free(list);
}
END_TEST

#define EACH(tcase, test, rows) tcase_add_loop_test(tcase, test, 0, (int)ARRAY_SIZE(rows))

static TCase *words_case(void)
{
	TCase *t = tcase_create("words");

	tcase_add_test(t, options_in_every_notation);
	tcase_add_test(t, options_end_where_docker_ends_them);
	EACH(t, bad_options_in_dockers_words, bad_options);
	tcase_add_test(t, verb_tables_are_sound);
	tcase_add_test(t, verbs_are_found_by_path);
	EACH(t, sizes_are_powers_of_1024, sizes);
	EACH(t, bad_sizes_are_refused, bad_sizes);
	tcase_add_test(t, durations_and_cpus);
	tcase_add_test(t, times_for_since);
	EACH(t, port_notations, ports);
	EACH(t, bad_ports_in_dockers_words, bad_ports);
	EACH(t, mount_notations, mounts);
	tcase_add_test(t, small_notations);
	EACH(t, image_names, names);
	tcase_add_test(t, hosts);
	tcase_add_test(t, queries_are_escaped);
	EACH(t, completes_from_the_tables, completions);
	return t;
}

static TCase *people_case(void)
{
	TCase *t = tcase_create("people");

	EACH(t, durations_for_people, durations);
	tcase_add_test(t, sizes_for_people);
	EACH(t, ports_for_people, shown_ports);
	tcase_add_test(t, texts_are_cut_at_characters);
	tcase_add_test(t, tables_are_aligned_like_dockers);
	return t;
}

static Suite *suite(void)
{
	Suite *s = suite_create("client");

	suite_add_tcase(s, words_case());
	suite_add_tcase(s, people_case());
	return s;
}
UNIT_MAIN(suite)
