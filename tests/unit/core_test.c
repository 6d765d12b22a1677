/* core_test.c - errors, text, files and clocks. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"
#include "tests/helpers/unit.h"

START_TEST(error_keeps_code_words_and_first_hint)
{
	struct err e = { 0 };
	ck_assert_int_eq(err_sys(&e, ENOENT, "open %s", "/x"), -ENOENT);
	ck_assert_int_eq(err_hint(&e, "make %s", "/x"), -ENOENT);
	err_hint(&e, "a later hint does not replace it");
	ck_assert_int_eq(err_wrap(&e, "start %s", "web"), -ENOENT);
	ck_assert_str_eq(e.what, "start web: open /x: No such file or directory");
	ck_assert_str_eq(e.hint, "make /x");
	ck_assert_int_eq(err_status(&e), 404);
}
END_TEST

START_TEST(error_longer_than_its_room_is_cut_and_terminated)
{
	struct err e = { 0 };
	char text[2000];
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	err_set(&e, EIO, "%s", text);
	err_wrap(&e, "%s", text);
	ck_assert_uint_eq(strlen(e.what), sizeof(e.what) - 1);
	err_set(&e, EIO, "short");
	err_wrap(&e, "%.760s", text);
	ck_assert_uint_lt(strlen(e.what), sizeof(e.what));
}
END_TEST

START_TEST(error_status_is_explicit_or_follows_the_code)
{
	static const struct { int code, status; } want[] = {
		{ ENOENT, 404 }, { EEXIST, 409 }, { EBUSY, 409 }, { EINVAL, 400 }, { ENOMEM, 500 },
	};
	struct err e = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		err_set(&e, want[i].code, "x");
		ck_assert_int_eq(err_status(&e), want[i].status);
	}
	err_http(&e, 304, EALREADY, "already started");
	ck_assert_int_eq(err_status(&e), 304);
	ck_assert_int_eq(err_set(NULL, EIO, "nobody reads this"), -EIO);
}
END_TEST

START_TEST(text_grows_and_is_handed_over)
{
	autostr struct str b = { 0 };
	for (int i = 0; i < 1000; i++)
		str_addf(&b, "%d,", i);
	ck_assert_uint_eq(b.len, strlen(b.s));
	autofree char *taken = str_take(&b);
	ck_assert_ptr_null(b.s);
	ck_assert(str_starts(taken, "0,1,2,") && str_ends(taken, ",999,"));
	autofree char *empty = str_take(&b);
	ck_assert_str_eq(empty, "");
}
END_TEST

START_TEST(vectors_own_their_strings)
{
	char **v = strv_dup((char *const[]){ "a", "b", NULL });
	strv_add(&v, "c");
	ck_assert_uint_eq(strv_len(v), 3);
	ck_assert_str_eq(v[2], "c");
	ck_assert_uint_eq(strv_len(NULL), 0);
	strv_free(v);
}
END_TEST

START_TEST(json_wants_the_right_type)
{
	static const char text[] = "{\"a\":1,\"b\":\"x\",\"c\":null}";
	struct err e = { 0 };
	autojson cJSON *j = NULL;
	int64_t n = 7;
	const char *s = "dflt";
	ck_assert_int_eq(json_parse(text, strlen(text), &j, &e), 0);
	ck_assert_int_eq(json_want_int(j, "a", &n, &e), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(json_want_int(j, "b", &n, &e), -EINVAL);
	ck_assert_str_eq(e.what, "invalid JSON: b must be a number");
	ck_assert_int_eq(json_want_str(j, "c", &s, &e), 0);
	ck_assert_str_eq(s, "dflt");
	ck_assert_int_eq(n, 1);
}
END_TEST

START_TEST(json_numbers_too_large_become_the_nearest)
{
	static const char text[] = "{\"a\":1e300,\"b\":-1e300,\"c\":9007199254740991}";
	autojson cJSON *j = NULL;
	ck_assert_int_eq(json_parse(text, strlen(text), &j, NULL), 0);
	ck_assert(json_int(j, "a", 0) == INT64_MAX && json_int(j, "b", 0) == INT64_MIN);
	ck_assert_int_eq(json_int(j, "c", 0), 9007199254740991);
}
END_TEST

START_TEST(json_refuses_rubbish_and_leftovers)
{
	static const char *const bad[] = { "", "{", "{\"a\":}", "{} {}", "nope", "[1,]" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };
		cJSON *j = NULL;
		ck_assert_int_eq(json_parse(bad[i], strlen(bad[i]), &j, &e), -EBADMSG);
		ck_assert_ptr_null(j);
		ck_assert(str_starts(e.what, "invalid JSON"));
	}
}
END_TEST

START_TEST(files_are_replaced_whole)
{
	char dir[] = "/tmp/core_test.XXXXXX";
	struct err e = { 0 };
	ck_assert_ptr_nonnull(mkdtemp(dir));
	autofree char *path = str_printf("%s/a/b/file", dir);
	autofree char *parent = str_printf("%s/a/b", dir);
	autostr struct str back = { 0 };
	int64_t bytes = 0;

	ck_assert_int_eq(file_write_atomic(path, "x", 1, 0600, &e), -ENOENT);
	ck_assert_int_eq(dir_make(parent, 0700, &e), 0);
	ck_assert_int_eq(file_write_atomic(path, "one", 3, 0600, &e), 0);
	ck_assert_int_eq(file_write_atomic(path, "three", 5, 0600, &e), 0);
	ck_assert_int_eq(file_read(path, &back, &e), 0);
	ck_assert_str_eq(back.s, "three");
	ck_assert_int_eq(dir_size(dir, &bytes, &e), 0);
	ck_assert_int_eq(bytes, 5);
	ck_assert_int_eq(dir_remove(dir, &e), 0);
	ck_assert_int_eq(dir_remove(dir, &e), 0);
	ck_assert_int_eq(access(dir, F_OK), -1);
}
END_TEST

START_TEST(removing_a_tree_leaves_what_a_link_points_to)
{
	char dir[] = "/tmp/core_test.XXXXXX", outside[] = "/tmp/core_test.XXXXXX";
	struct err e = { 0 };
	ck_assert(mkdtemp(dir) && mkdtemp(outside));
	autofree char *kept = str_printf("%s/kept", outside);
	autofree char *link = str_printf("%s/link", dir);
	ck_assert_int_eq(file_write_atomic(kept, "k", 1, 0600, &e), 0);
	ck_assert_int_eq(symlink(outside, link), 0);
	ck_assert_int_eq(dir_remove(dir, &e), 0);
	ck_assert_int_eq(access(kept, F_OK), 0);
	ck_assert_int_eq(dir_remove(outside, &e), 0);
}
END_TEST

/* A program in a container may well do this: 2000 levels, each of 20 letters. */
START_TEST(a_tree_deeper_than_a_path_is_measured_and_removed)
{
	char dir[] = "/tmp/drydock-core.XXXXXX";
	static const char name[] = "twenty-letters-long-";
	struct rlimit few = { 64, 64 };
	int64_t bytes = 0;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 2000; i++) {
		ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = next;
	}
	int file = openat(fd, "file", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(file, "12345", 5), 5);
	close(file);
	close(fd);
	setrlimit(RLIMIT_NOFILE, &few);
	ck_assert_int_eq(dir_size(dir, &bytes, NULL), 0);
	ck_assert_int_eq(bytes, 5);
	ck_assert_int_eq(dir_remove(dir, NULL), 0);
	ck_assert_int_eq(access(dir, F_OK), -1);
}
END_TEST

struct seen_names { struct str text; size_t n, deepest; int moved; };

static void see(void *arg, const struct dir_entry *e)
{
	struct seen_names *s = arg;
	s->n++;
	if (strlen(e->path) > s->deepest)
		s->deepest = strlen(e->path);
	if (strlen(e->path) < 40)
		str_addf(&s->text, "%s%s ", e->path, S_ISDIR(e->st.st_mode) ? "/" : "");
}

START_TEST(a_walk_names_everything_however_deep)
{
	char root[] = "/tmp/core-test.XXXXXX";
	static const char name[] = "twenty-letters-long-";
	const struct rlimit few = { 64, 64 };
	struct seen_names s = { .n = 0 };
	ck_assert_ptr_nonnull(mkdtemp(root));
	autofd int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int top = dup(at);
	ck_assert_int_eq(symlinkat("/etc", at, "link"), 0);
	for (int i = 0; i < 300; i++) {	/* longer than PATH_MAX, more than descriptors */
		ck_assert_int_eq(mkdirat(at, name, 0700), 0);
		int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	setrlimit(RLIMIT_NOFILE, &few);
	ck_assert_int_eq(dir_walk(top, see, &s), 0);
	ck_assert_uint_eq(s.n, 301);
	ck_assert_uint_eq(s.deepest, 300 * strlen("/twenty-letters-long-"));
	ck_assert_ptr_nonnull(strstr(s.text.s, "/link "));
	ck_assert_ptr_nonnull(strstr(s.text.s, "/twenty-letters-long-/ "));
	str_free(&s.text);
	ck_assert_int_eq(dir_remove(root, NULL), 0);
}
END_TEST

/* Takes the directory it is in away to elsewhere, once. */
static void move_away(void *arg, const struct dir_entry *e)
{
	struct seen_names *s = arg;
	see(arg, e);
	if (!strcmp(e->path, "/a/b/c/file") && !s->moved) {
		s->moved = 1;
		ck_assert_int_eq(renameat(e->dir, "../../../a/b", e->dir, "../../../away"), 0);
	}
}

START_TEST(a_walk_goes_on_when_where_it_stands_is_moved)
{
	char root[] = "/tmp/core-test.XXXXXX";
	struct seen_names s = { .n = 0 };
	ck_assert_ptr_nonnull(mkdtemp(root));
	autofree char *deep = str_printf("%s/a/b/c", root), *last = str_printf("%s/a/last/x", root);
	autofree char *file = str_printf("%s/file", deep), *next = str_printf("%s/next/y", root);
	ck_assert_int_eq(dir_make(deep, 0700, NULL), 0);
	ck_assert_int_eq(dir_make(last, 0700, NULL), 0);
	ck_assert_int_eq(dir_make(next, 0700, NULL), 0);
	ck_assert_int_eq(file_write_atomic(file, "x", 1, 0600, NULL), 0);
	autofd int top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(dir_walk(top, move_away, &s), 0);
	ck_assert_int_eq(s.moved, 1);
	ck_assert_ptr_nonnull(strstr(s.text.s, "/a/last/x/ "));
	ck_assert_ptr_nonnull(strstr(s.text.s, "/next/y/ "));
	str_free(&s.text);
	ck_assert_int_eq(dir_remove(root, NULL), 0);
}
END_TEST

START_TEST(times_survive_a_round_trip)
{
	static const char *const same[] = {
		"2026-01-31T09:00:00.123456789Z", "1970-01-01T00:00:00.000000000Z",
	};
	char buf[36];
	uint64_t ns = 0;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		ck_assert_int_eq(clock_parse(same[i], &ns), 0);
		ck_assert_str_eq(clock_rfc3339(ns, buf), same[i]);
	}
	ck_assert_int_eq(clock_parse("2026-01-31T10:00:00+01:00", &ns), 0);
	ck_assert_str_eq(clock_rfc3339(ns, buf), "2026-01-31T09:00:00.000000000Z");
	ck_assert_int_eq(clock_parse("12.5", &ns), 0);
	ck_assert_uint_eq(ns, 12500000000ull);
}
END_TEST

START_TEST(durations_read_as_go_writes_them)
{
	static const struct { int64_t ns; const char *text; } all[] = {
		{ 0, "0s" }, { 300000000, "300ms" }, { 1500000000, "1.5s" }, { 90000000000, "1m30s" },
		{ 3600000000000, "1h0m0s" } };
	char buf[40];
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		ck_assert_str_eq(clock_duration_text(all[i].ns, buf), all[i].text);
}
END_TEST

START_TEST(times_that_are_none_are_refused)
{
	static const char *const bad[] = { "", "soon", "2026-01-31T09:00:00", "2026-01-31T09:00:00Q",
					   "12x", "2026-13-01T00:00:00Z" };
	uint64_t ns = 42;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(clock_parse(bad[i], &ns) == -EINVAL, "%s was taken", bad[i]);
	ck_assert_uint_eq(ns, 42);
}
END_TEST

static Suite *core_suite(void)
{
	Suite *s = suite_create("core");
	TCase *t = tcase_create("core");
	tcase_set_timeout(t, 30);	/* thousands of directories, on a slow disk */
	tcase_add_test(t, error_keeps_code_words_and_first_hint);
	tcase_add_test(t, error_longer_than_its_room_is_cut_and_terminated);
	tcase_add_test(t, error_status_is_explicit_or_follows_the_code);
	tcase_add_test(t, text_grows_and_is_handed_over);
	tcase_add_test(t, vectors_own_their_strings);
	tcase_add_test(t, json_wants_the_right_type);
	tcase_add_test(t, json_numbers_too_large_become_the_nearest);
	tcase_add_test(t, json_refuses_rubbish_and_leftovers);
	tcase_add_test(t, files_are_replaced_whole);
	tcase_add_test(t, removing_a_tree_leaves_what_a_link_points_to);
	tcase_add_test(t, a_tree_deeper_than_a_path_is_measured_and_removed);
	tcase_add_test(t, a_walk_names_everything_however_deep);
	tcase_add_test(t, a_walk_goes_on_when_where_it_stands_is_moved);
	tcase_add_test(t, times_survive_a_round_trip);
	tcase_add_test(t, durations_read_as_go_writes_them);
	tcase_add_test(t, times_that_are_none_are_refused);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(core_suite)
