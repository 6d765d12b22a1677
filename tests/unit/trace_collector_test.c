/* trace_collector_test.c - the log of calls, and the collector that fills it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "tests/helpers/unit.h"
#include "tests/unit/fake_kernel.h"
#include "trace/collector.h"
#include "trace/decorator.h"
#include "trace/log.h"

static char dir[] = "/tmp/drydock-trace-XXXXXX";

static void make_dir(void) { ck_assert_ptr_nonnull(mkdtemp(dir)); }
static void remove_dir(void) { dir_remove(dir, NULL); }

static struct fake fake;

/* ---- the log ---- */

START_TEST(log_goes_on_after_a_restart_and_drops_a_torn_record)
{
	struct trace_log log;
	struct trace_record r[3] = { { .ev = { .result = 1 } }, { .ev = { .result = 2 } } };

	ck_assert_int_eq(trace_log_open(&log, dir, NULL), 0);
	ck_assert_uint_eq(trace_log_last(&log), 0);
	ck_assert_int_eq(trace_log_append(&log, r, 2), 0);
	ck_assert_int_eq(pwrite(log.fd[log.active], "torn", 4, 2 * sizeof(r[0])), 4);
	trace_log_close(&log);

	ck_assert_int_eq(trace_log_open(&log, dir, NULL), 0);
	ck_assert_uint_eq(trace_log_last(&log), 2);
	ck_assert_int_eq(trace_log_append(&log, r + 2, 1), 0);
	ck_assert_uint_eq(trace_log_read(&log, 1, r, 3), 2);
	ck_assert_uint_eq(r[0].seq, 2);
	ck_assert_int_eq(r[0].ev.result, 2);
	ck_assert_uint_eq(r[1].seq, 3);
	trace_log_close(&log);
}
END_TEST

START_TEST(log_turns_over_and_keeps_the_newest)
{
	struct trace_log log;
	enum { MANY = 1000 };
	static struct trace_record r[MANY];
	const uint64_t per_file = LOG_FILE_BYTES / sizeof(r[0]);

	ck_assert_int_eq(trace_log_open(&log, dir, NULL), 0);
	while (trace_log_last(&log) < per_file * 5 / 2)
		ck_assert_int_eq(trace_log_append(&log, r, MANY), 0);
	uint64_t last = trace_log_last(&log), since = 0, n, seen = 0;
	while ((n = trace_log_read(&log, since, r, MANY)) > 0) {
		if (since)
			ck_assert_uint_eq(r[0].seq, since + 1);
		since = r[n - 1].seq;
		seen += n;
	}
	ck_assert_uint_eq(since, last);
	ck_assert_uint_ge(seen, per_file);
	trace_log_close(&log);
	ck_assert_int_eq(trace_log_open(&log, dir, NULL), 0);
	ck_assert_uint_eq(trace_log_last(&log), last);
	trace_log_close(&log);
}
END_TEST

/* ---- the collector ---- */

struct lines { int n, stop_at; char **line; };

static int keep(void *arg, const char *line)
{
	struct lines *l = arg;

	if (!line)
		return 1;
	strv_add(&l->line, line);
	return ++l->n == l->stop_at;
}

static cJSON *parsed(const char *line)
{
	cJSON *j = NULL;
	struct err e;

	ck_assert_msg(json_parse(line, strlen(line), &j, &e) == 0, "%s: %s", line, e.what);
	return j;
}

static struct collector *opened(void)
{
	struct collector *c;
	struct err e;

	ck_assert_msg(collector_open(dir, &c, &e) == 0, "%s", e.what);
	return c;
}

START_TEST(collector_gives_ordered_lines)
{
	struct collector *c = opened();
	struct trace_ring *a, *b;
	struct tracer ta, tb;
	struct lines l = { 0 };

	fake_init(&fake);
	ck_assert_int_eq(collector_ring(c, 64, "aaaa1111", &a, NULL), 0);
	ck_assert_int_eq(collector_ring(c, 64, "bbbb2222", &b, NULL), 0);
	struct kernel *ka = tracer_init(&ta, &fake.kernel, a, STAGE_SUPERVISOR, BACKEND_LINUX);
	struct kernel *kb = tracer_init(&tb, &fake.kernel, b, STAGE_CHILD, BACKEND_LINUX);
	for (int i = 0; i < 10; i++)
		k_umask(i % 2 ? ka : kb, (unsigned int)i);
	k_sethostname(ka, "tab\there");
	ck_assert_int_eq(collector_read(c, 0, NULL, false, keep, &l, NULL), 0);
	ck_assert_int_eq(l.n, 11);
	for (int i = 0; i < l.n; i++) {
		autojson cJSON *j = parsed(l.line[i]);
		ck_assert_int_eq(json_int(j, "seq", 0), i + 1);
		bool from_b = i < 10 && i % 2 == 0;
		ck_assert_str_eq(json_str(j, "container"), from_b ? "bbbb2222" : "aaaa1111");
		ck_assert_str_eq(json_str(j, "stage"), from_b ? "child" : "supervisor");
		ck_assert_str_eq(json_str(j, "kind"), "call");
	}
	autojson cJSON *last = parsed(l.line[10]);
	ck_assert_str_eq(json_str(last, "text"), "sethostname(\"tab\\there\", 8)");
	ck_assert_str_eq(json_str(last, "call"), "sethostname");
	collector_close(c);
	strv_free(l.line);
	fake_free(&fake);
}
END_TEST

START_TEST(collector_filters_by_container_and_since)
{
	struct collector *c = opened();
	struct trace_ring *a;
	struct tracer t;
	struct lines l = { 0 };

	fake_init(&fake);
	collector_ring(c, 64, "", &a, NULL);
	struct kernel *k = tracer_init(&t, &fake.kernel, a, STAGE_DAEMON, BACKEND_LINUX);
	k_umask(k, 1);
	trace_subject(k, "cafe01");
	k_umask(k, 2);
	trace_subject(k, NULL);
	k_umask(k, 3);
	collector_read(c, 0, "cafe", false, keep, &l, NULL);
	ck_assert_int_eq(l.n, 1);
	autojson cJSON *j = parsed(l.line[0]);
	ck_assert_str_eq(json_str(j, "text"), "umask(002)");
	collector_read(c, 2, NULL, false, keep, &l, NULL);
	ck_assert_int_eq(l.n, 2);
	collector_close(c);
	strv_free(l.line);
	fake_free(&fake);
}
END_TEST

START_TEST(collector_says_what_was_dropped)
{
	struct collector *c = opened();
	struct trace_ring *a;
	struct lines l = { 0 };
	uint64_t events, dropped;

	trace_ring_create(4, &a, NULL);
	collector_adopt(c, a, "x");
	/* Keep the collector out while the ring overflows: it takes no lock of ours,
	 * so write faster than it looks. */
	for (int i = 0; i < 50; i++)
		if (trace_ring_claim(a))
			trace_ring_publish(a);
	collector_read(c, 0, NULL, false, keep, &l, NULL);
	collector_stats(c, &events, &dropped);
	ck_assert_uint_ge(dropped, 1);
	bool said = false;
	for (int i = 0; i < l.n; i++) {
		autojson cJSON *j = parsed(l.line[i]);
		if (str_eq(json_str(j, "kind"), "dropped"))
			said = json_int(j, "result", 0) > 0;
	}
	ck_assert(said);
	collector_close(c);
	strv_free(l.line);
}
END_TEST

static void *call_from_thread(void *arg)
{
	struct kernel *k = arg;

	trace_region(k, REGION_NETWORK);
	for (int i = 0; i < 100; i++)
		k_umask(k, 0);
	trace_region(k, REGION_NONE);
	return NULL;
}

START_TEST(threads_of_the_daemon_have_a_ring_each)
{
	struct collector *c = opened();
	struct lines l = { 0 };
	struct kernel *k;
	pthread_t t[4];

	k = collector_kernel(c, kernel_linux(), BACKEND_LINUX);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++)
			pthread_create(&t[i], NULL, call_from_thread, k);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
	}
	k_umask(k, 022);
	collector_read(c, 0, NULL, false, keep, &l, NULL);
	ck_assert_int_eq(l.n, 12 * 102 + 1);
	collector_close(c);
	strv_free(l.line);
}
END_TEST

START_TEST(a_busy_thread_loses_nothing)
{
	struct collector *c = opened();
	struct kernel *k = collector_kernel(c, kernel_linux(), BACKEND_LINUX);
	uint64_t events, dropped;

	for (int i = 0; i < 20 * RING_SLOTS_DAEMON; i++)
		k_umask(k, 022);
	collector_last(c);
	collector_stats(c, &events, &dropped);
	ck_assert_uint_eq(dropped, 0);
	ck_assert_uint_eq(events, 20 * RING_SLOTS_DAEMON);
	collector_close(c);
}
END_TEST

START_TEST(a_follower_gets_what_comes_later)
{
	struct collector *c = opened();
	struct lines l = { .stop_at = 100 };
	struct kernel *k = collector_kernel(c, kernel_linux(), BACKEND_LINUX);
	pthread_t t;

	pthread_create(&t, NULL, call_from_thread, k);
	ck_assert_int_eq(collector_read(c, 0, NULL, true, keep, &l, NULL), 0);
	ck_assert_int_eq(l.n, 100);
	pthread_join(t, NULL);
	collector_close(c);
	strv_free(l.line);
}
END_TEST

START_TEST(history_outlives_the_collector)
{
	struct lines l = { 0 };
	struct collector *c = opened();

	call_from_thread(collector_kernel(c, kernel_linux(), BACKEND_LINUX));
	collector_close(c);
	c = opened();
	collector_read(c, 0, NULL, false, keep, &l, NULL);
	ck_assert_int_eq(l.n, 102);
	collector_close(c);
	strv_free(l.line);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		log_goes_on_after_a_restart_and_drops_a_torn_record,
		log_turns_over_and_keeps_the_newest,
		collector_gives_ordered_lines,
		collector_filters_by_container_and_since,
		collector_says_what_was_dropped,
		threads_of_the_daemon_have_a_ring_each,
		a_busy_thread_loses_nothing,
		a_follower_gets_what_comes_later,
		history_outlives_the_collector,
	};
	Suite *s = suite_create("trace_collector");
	TCase *t = tcase_create("collector");

	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_set_timeout(t, 20);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
