/* launch_test.c - containers for real: needs root. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "launch_world.h"

static int n_tests, n_failed;

static bool ok(bool good, const char *name)
{
	n_tests++;
	n_failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", n_tests, name);
	fflush(stdout);
	return good;
}

static void is(const struct str *got, const char *want, const char *name)
{
	const char *text = got->s ? got->s : "";

	if (!ok(strcmp(text, want) == 0, name))
		printf("# got: %s\n# not: %s\n", text, want);
}

static void is_number(long got, long want, const char *name)
{
	if (!ok(got == want, name))
		printf("# got %ld, not %ld\n", got, want);
}

static void has(const struct str *got, const char *part, const char *name)
{
	if (!ok(got->s && strstr(got->s, part), name))
		printf("# no %s in: %s\n", part, got->s ? got->s : "");
}

/* ---- running and ending ---- */

static void test_run(struct world *w)
{
	autostr struct str out = { 0 };

	world_spec(w, "echo hello; echo oops >&2; exit 3");
	is_number(world_run(w, &out), 3, "the exit code comes back");
	is(&out, "hello\noops\n", "both streams come back");
	is_number(w->end.stdout_bytes, 6, "stdout's bytes are counted");
	ok(!strcmp(w->end.stdout_sha256,
		   "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"),
	   "and summed up");
	autostr struct str log = { 0 };
	file_read(w->spec.log_path, &log, NULL);
	has(&log, "{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"20", "the log has the line");
	has(&log, "{\"log\":\"oops\\n\",\"stream\":\"stderr\"", "and the other stream's");
	ok(!*world_leftovers(w), "nothing is left");
}

static void test_inside(struct world *w)
{
	autostr struct str out = { 0 };

	world_spec(w, "hostname; echo $$; grep -E 'Cap(Eff|Prm|Bnd|Inh)|Seccomp:|NoNew' /proc/self/status | tr '\\n\\t' '  '; echo; "
		      "ls /proc/self/fd | tr '\\n' ' '; echo; ls /dev | tr '\\n' ' '; echo; "
		      "wc -c < /proc/kcore; ls /sys/firmware | wc -l; touch /proc/sys/x; mount -t tmpfs x /mnt; "
		      "unshare -U true; ip link 2>/dev/null | grep -c UP; cat /proc/self/cgroup; ls -d /host* /tmp; pwd");
	world_run(w, &out);
	printf("# %s\n", out.s);
	has(&out, "testbox\n1\n", "a name of its own, and PID 1");
	has(&out, "CapPrm:  00000000a80425fb", "Docker's capabilities");
}

int main(void)
{
	struct world w;

	if (geteuid() != 0) {
		puts("1..0 # SKIP needs root");
		return 0;
	}
	world_open(&w);
	test_run(&w);
	test_inside(&w);
	world_close(&w);
	printf("1..%d\n", n_tests);
	return n_failed != 0;
}
