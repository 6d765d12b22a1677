/* unit.h - the main() of a unit test written with libcheck (check.h).
 *
 *	START_TEST(names_the_port) { ... } END_TEST
 *
 *	static Suite *suite(void)
 *	{
 *		Suite *s = suite_create("network");
 *		TCase *t = tcase_create("ports");
 *		tcase_add_test(t, names_the_port);
 *		suite_add_tcase(s, t);
 *		return s;
 *	}
 *	UNIT_MAIN(suite)
 *
 * Each test runs in a process of its own, so that a crash is one failure and
 * not the end.  Results go to stdout as TAP (testanything.org), which is what
 * tests/run adds up.  CK_RUN_CASE=ports runs one case, CK_FORK=no helps gdb.
 */
#ifndef DRYDOCK_TESTS_UNIT_H
#define DRYDOCK_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	/* libcheck's own limit, 4 s, is for a machine with nothing else to do. */
	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(suite_fn)			\
	int main(void)				\
	{					\
		return unit_run(suite_fn());	\
	}

#endif
