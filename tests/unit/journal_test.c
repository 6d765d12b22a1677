/* The journal: order, hash chain, following, and what happens to who tampers. */
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"
#include "tests/helpers/unit.h"
#include "trace/fact.h"

static char dir[] = "/tmp/drydock-journal.XXXXXX";
static char *path;
static const struct origin student = { ACTOR_STUDENT, "s1", "3" };

static void set_up(void)
{
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = str_printf("%s/drydock.db", dir);
}

static void tear_down(void)
{
	dir_remove(dir, NULL);
	free(path);
}

static struct journal *open_journal(void)
{
	struct journal *j;
	ck_assert_int_eq(journal_open(path, &j, NULL), 0);
	return j;
}

static cJSON *number(int n)
{
	cJSON *d = cJSON_CreateObject();
	json_put_int(d, "n", n);
	return d;
}

struct lines { char **v; int limit; };

static int collect(void *arg, const char *line)
{
	struct lines *l = arg;
	if (line)
		strv_add(&l->v, line);
	return l->limit && (int)strv_len(l->v) >= l->limit;
}

static void add_three(struct journal *j)
{
	for (int i = 1; i <= 3; i++)
		ck_assert_int_eq(journal_add(j, &student, "reset", "abc", NULL, number(i), NULL), i);
}

START_TEST(keeps_order_and_fields)
{
	struct journal *j = open_journal();
	struct lines l = { NULL, 0 };
	add_three(j);
	ck_assert_int_eq(journal_read(j, 1, false, collect, &l, NULL), 0);
	ck_assert_uint_eq(strv_len(l.v), 2);
	autojson cJSON *o = cJSON_Parse(l.v[0]);
	ck_assert_int_eq(json_int(o, "seq", 0), 2);
	ck_assert_str_eq(json_str(o, "actor"), "student");
	ck_assert_str_eq(json_str(o, "session"), "s1");
	ck_assert_str_eq(json_str(o, "step"), "3");
	ck_assert_str_eq(json_str(o, "type"), "reset");
	ck_assert_str_eq(json_str(o, "cid"), "abc");
	ck_assert_int_eq(json_int(json_obj(o, "data"), "n", 0), 2);
	ck_assert_uint_eq(strlen(json_str(o, "hash")), 64);
	strv_free(l.v);
	journal_close(j);
}
END_TEST

START_TEST(refuses_unknown_types)
{
	struct journal *j = open_journal();
	struct err e = { 0 };
	ck_assert_int_eq(journal_add(j, &student, "no.such", NULL, NULL, NULL, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.what, "no.such"));
	ck_assert_int_eq(journal_last(j), 0);
	journal_close(j);
}
END_TEST

START_TEST(knows_who_may_write)
{
	bool learner = true;
	ck_assert(journal_type("ctr.create", &learner));
	ck_assert(!learner);
	ck_assert(journal_type("predict.commit", &learner));
	ck_assert(learner);
	ck_assert(!journal_type("ctr", &learner));
	ck_assert(!journal_type("", &learner));
}
END_TEST

START_TEST(goes_on_after_reopening)
{
	struct journal *j = open_journal();
	add_three(j);
	journal_close(j);
	j = open_journal();
	ck_assert_int_eq(journal_last(j), 3);
	ck_assert_int_eq(journal_add(j, &student, "reset", NULL, NULL, NULL, NULL), 4);
	ck_assert_int_eq(journal_verify(j, NULL), 0);
	journal_close(j);
}
END_TEST

static void tamper(const char *sql)
{
	sqlite3 *db;
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Each way to cheat, and the fact at which the chain is seen to break. */
static const struct { const char *sql, *at; } cheats[] = {
	{ "UPDATE fact SET line = replace(line, '\"n\":2', '\"n\":9') WHERE seq = 2", "fact 2" },
	{ "UPDATE fact SET line = replace(line, 'student', 'graders') WHERE seq = 1", "fact 1" },
	{ "DELETE FROM fact WHERE seq = 2", "fact 2" },
	{ "UPDATE fact SET line = (SELECT line FROM fact WHERE seq = 1) WHERE seq = 3", "fact 3" },
	{ "UPDATE fact SET line = 'nonsense' WHERE seq = 3", "fact 3" },
	{ "UPDATE fact SET line = '' WHERE seq = 1", "fact 1" },
};

START_TEST(sees_tampering)
{
	struct err e = { 0 };
	struct journal *j = open_journal();
	add_three(j);
	journal_close(j);
	tamper(cheats[_i].sql);
	j = open_journal();
	ck_assert_int_eq(journal_verify(j, &e), -EBADMSG);
	ck_assert_msg(strstr(e.what, cheats[_i].at) != NULL, "%s", e.what);
	journal_close(j);
}
END_TEST

static void *add_many(void *arg)
{
	for (int i = 0; i < 200; i++)
		journal_add(arg, &student, "typed", NULL, NULL, number(i), NULL);
	return NULL;
}

START_TEST(many_threads_make_one_chain)
{
	struct journal *j = open_journal();
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, add_many, j), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ck_assert_int_eq(journal_last(j), 800);
	ck_assert_int_eq(journal_verify(j, NULL), 0);
	journal_close(j);
}
END_TEST

static void *follow_three(void *arg)
{
	static struct lines l = { NULL, 3 };
	journal_read(arg, 0, true, collect, &l, NULL);
	return l.v;
}

START_TEST(follows)
{
	struct journal *j = open_journal();
	pthread_t t;
	void *got;
	ck_assert_int_eq(pthread_create(&t, NULL, follow_three, j), 0);
	usleep(20000);
	add_three(j);
	pthread_join(t, &got);
	ck_assert_uint_eq(strv_len(got), 3);
	strv_free(got);
	journal_close(j);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("journal");
	TCase *t = tcase_create("journal");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, keeps_order_and_fields);
	tcase_add_test(t, refuses_unknown_types);
	tcase_add_test(t, knows_who_may_write);
	tcase_add_test(t, goes_on_after_reopening);
	tcase_add_loop_test(t, sees_tampering, 0, ARRAY_SIZE(cheats));
	tcase_add_test(t, many_threads_make_one_chain);
	tcase_add_test(t, follows);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
