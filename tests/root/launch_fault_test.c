/* launch_fault_test.c - every call of a start fails once, and every process that
 * makes them is killed at every call: nothing may be left behind.  Needs root. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "launch_world.h"

#define CALLS_MAX 220	/* more than any start makes */

struct tally { int calls, clean, did_without; };

/* One start with one fault; true if the fault's call was reached. */
static void strike_once(struct world *w, const char *rule, struct tally *t)
{
	struct err e = { 0 };

	setenv("DRYDOCK_FAULT", rule, 1);
	world_spec(w, "exit 3");
	w->spec.memory = 64 << 20;
	if (world_start(w, NULL, &e) == 0) {
		t->did_without++;
		world_wait(w);
	}
	unsetenv("DRYDOCK_FAULT");
	const char *left = world_leftovers(w);
	t->calls++;
	t->clean += !*left;
	if (*left)
		printf("# %s: %s (%s)\n", rule, left, e.what);
}

/* The plan says how many calls there are: one line each with its stage in front. */
static int count_calls(struct world *w, const char *stage)
{
	autostr struct str text = { 0 };
	autofree char *start = str_printf("\n%s ", stage);
	int n = 0;

	launch_dry_run(w->l, world_spec(w, "exit 3"), false, &text, NULL);
	for (const char *at = text.s; at && (at = strstr(at, start)); at++)
		n++;
	return n;
}

static void strike(struct world *w, const char *stage, const char *what)
{
	int calls = count_calls(w, stage);
	struct tally t = { 0, 0, 0 };

	for (int i = 1; i <= calls && i <= CALLS_MAX; i++) {
		autofree char *rule = str_printf("%s/#%d=%s", stage, i, what);
		strike_once(w, rule, &t);
	}
	autofree char *name = str_printf("%s, %s at each of %d calls: nothing is left", stage, what,
					 calls);
	is_number(t.clean, t.calls, name);
	printf("# %d could do without\n", t.did_without);
	ok(calls > 5 && t.did_without < calls / 2, "and most of them end the start");
}

/* The same for docker exec, in one container that must go on. */
static void strike_exec(struct world *w, const char *what)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"exit 4", NULL };
	struct err e = { 0 };
	int good = 0, calls = 80;

	for (int i = 1; i <= calls; i++) {
		autofree char *rule = str_printf("exec/#%d=%s", i, what);
		setenv("DRYDOCK_FAULT", rule, 1);
		world_spec(w, "sleep 1000");
		int started = world_start(w, NULL, &e) == 0;
		unsetenv("DRYDOCK_FAULT");
		if (world_exec(w, argv, false, NULL, &e) == 0)
			good += world_wait_exec(w) >= 0;
		else
			good += started && e.what[0] != '\0';
		launch_kill(w->r, SIGKILL, &e);
		good -= world_wait(w) != 137;
	}
	autofree char *name = str_printf("exec, %s at each call: an answer, and the container goes on",
					 what);
	is_number(good, calls, name);
	ok(!*world_leftovers(w), "and nothing is left");
}

int main(void)
{
	struct world w;

	if (geteuid() != 0) {
		puts("1..0 # SKIP needs root");
		return 0;
	}
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 && getenv("TAP_ISOLATED")) {
		puts("1..0 # SKIP too many starts for an emulated machine");
		return 0;
	}
	world_open(&w);
	strike(&w, "supervisor", "EIO");
	strike(&w, "child", "EIO");
	strike(&w, "supervisor", "kill");
	strike(&w, "child", "kill");
	strike_exec(&w, "EIO");
	strike_exec(&w, "kill");
	world_close(&w);
	return tap_done();
}
