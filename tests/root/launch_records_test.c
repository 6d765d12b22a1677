/* launch_records_test.c - what programs did is told, however they ended and whoever
 * listened: needs root. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "launch_world.h"

static void told(struct world *w, const char *part, const char *name)
{
	pthread_mutex_lock(&w->lock);
	has(&w->procs, part, name);
	pthread_mutex_unlock(&w->lock);
}

static void end(struct world *w)
{
	struct err e = { 0 };

	launch_kill(w->r, SIGKILL, &e);
	world_wait(w);
}

/* ---- killed by a signal: no exit_group to be seen ---- */

static void test_signals(struct world *w)
{
	const char *script = "/bin/sleep 400 & sleep 0.1; kill -6 $!; kill $$";
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	autostr struct str out = { 0 };
	struct err e = { 0 };

	world_spec(w, "/bin/sleep 300 & sleep 0.1; kill -9 $!; wait $!; /bin/true; kill -15 $$; exit 0");
	world_run(w, &out);
	told(w, "-/bin/sleep 300=137\n", "a program that is killed has an end");
	told(w, "-/bin/true=0\n", "one that ends by itself has one, too");
	world_spec(w, "sleep 1000");
	world_start(w, NULL, &e);
	world_exec(w, argv, false, NULL, &e);
	is_number(world_wait_exec(w), 143, "an exec that a signal ends");
	usleep(100000);
	told(w, "-sh -c /bin/sleep 400 & sleep 0.1; kill -6 $!; kill $$=143\n", "has an end");
	told(w, "-/bin/sleep 400=134\n", "and so has its child");
	end(w);
}

/* ---- no daemon ---- */

static void test_away(struct world *w)
{
	struct err e = { 0 };
	struct launch_info info;

	world_spec(w, "sleep 0.3; /bin/echo away; /bin/sleep 300 & sleep 0.1; kill -9 $!; sleep 1000");
	world_doomed(w);
	usleep(900000);
	str_clear(&w->procs);
	is_number(launch_reattach(w->l, w->spec.id, w->spec.run_dir, &w->r, &info, &e), 0,
		  "a daemon comes back");
	told(w, "+/bin/echo away|/bin/busybox|/|init\n", "and learns what was started meanwhile");
	told(w, "-/bin/echo away=0\n", "how that ended");
	told(w, "-/bin/sleep 300=137\n", "and what a signal ended");
	autofree char *spool = str_printf("%s/spool", w->spec.run_dir);
	ok(access(spool, F_OK) < 0, "once");
	w->exited = false;
	end(w);
}

static void test_too_many(struct world *w)
{
	struct err e = { 0 };
	struct launch_info info;
	struct stat st = { .st_size = 0 };

	world_spec(w, "sleep 0.3; n=0; while [ $n -lt 2500 ]; do /bin/true; n=$((n+1)); done; "
		      "sleep 1000");
	world_doomed(w);
	autofree char *spool = str_printf("%s/spool", w->spec.run_dir);
	usleep(4000000);
	stat(spool, &st);
	ok(st.st_size > 200000 && st.st_size <= 300000, "what is kept is bounded");
	w->lost = 0;
	launch_reattach(w->l, w->spec.id, w->spec.run_dir, &w->r, &info, &e);
	ok(w->lost > 100, "what is not, is counted");
	w->exited = false;
	end(w);
}

static void test_ended_away(struct world *w)
{
	struct launch_exit x;
	struct err e = { 0 };

	world_spec(w, "sleep 0.2; /bin/echo last; exit 9");
	world_doomed(w);
	for (int i = 0; i < 300 && launch_exit_record(w->spec.run_dir, &x, NULL) < 0; i++)
		usleep(10000);
	str_clear(&w->procs);
	launch_spooled(w->l, w->spec.id, w->spec.run_dir);
	told(w, "-/bin/echo last=0\n", "a container that ended meanwhile has left its records");
	launch_sweep(w->l, w->spec.id, w->spec.run_dir, &e);
	ok(!*world_leftovers(w), "and nothing else");
}

int main(void)
{
	static world_test *const tests[] = {
		test_signals, test_away, test_too_many, test_ended_away, NULL,
	};

	return world_main(tests);
}
