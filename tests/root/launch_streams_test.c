/* launch_streams_test.c - nothing that is typed or printed gets lost: needs root.
 *
 * What a program doesn't read yet waits, as it would in front of any terminal; what
 * it wrote before its end comes, however slowly it is fetched; and what it leaves
 * behind can neither keep anybody waiting nor break the container. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "launch_world.h"

static void say(int fd, const char *text)
{
	if (write_all(fd, text, strlen(text)) < 0)
		perror("write");
}

/* A client with `early` sent ahead; its end of the socket. */
static int attach(struct world *w, const char *early)
{
	struct err e = { 0 };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	struct attach_options o = { .fd = ends[0], .in = true, .out = true, .err = true,
				    .early = early, .early_len = early ? strlen(early) : 0 };
	if (launch_attach(w->r, &o, &e) < 0)
		printf("# %s\n", e.what);
	return ends[1];
}

/* n lines of `width` bytes; the caller frees. */
static char *lines(int n, int width)
{
	char *text = mem_alloc((size_t)(n * width) + 1);

	for (int i = 0; i < n; i++)
		snprintf(text + i * width, (size_t)width + 1, "%0*d\n", width - 1, i);
	return text;
}

/* ---- input ---- */

static void test_early(struct world *w)
{
	autostr struct str out = { 0 };
	autofree char *text = lines(3000, 10);
	struct err e = { 0 };

	world_spec(w, "cat | md5sum; echo end");
	w->spec.open_stdin = w->spec.stdin_once = true;
	launch_prepare(w->l, &w->spec, &w->r, &e);
	int client = attach(w, text);
	shutdown(client, SHUT_WR);
	launch_go(w->r, NULL, &e);
	world_read(client, false, &out, &out);
	world_wait(w);
	has(&out, "end\n", "input that came ahead of the attach, more than any buffer of ours");
	/* seq -f %09g 0 2999 | md5sum */
	has(&out, "2fa38a222d7cf82429e0880d16907dc3", "arrives whole");
}

static void test_exec_early(struct world *w)
{
	char *argv[] = { (char *)"wc", (char *)"-c", NULL };
	autofree char *text = lines(3000, 10);
	autostr struct str out = { 0 };
	struct err e = { 0 };
	int ends[2];

	world_spec(w, "sleep 1000");
	world_start(w, NULL, &e);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	struct exec_spec x = {
		.id = "early", .argv = argv, .envp = &argv[2], .cwd = "/",
		.attach = { .fd = ends[0], .in = true, .out = true, .err = true, .early = text,
			    .early_len = strlen(text) },
	};
	w->exec_code = -1;
	is_number(launch_exec(w->r, &x, NULL, &e), 0, "an exec whose client was ahead of it");
	say(ends[1], "and more\n");
	shutdown(ends[1], SHUT_WR);
	world_read(ends[1], false, &out, &out);
	world_wait_exec(w);
	is(&out, "30009\n", "reads all of it, in front of what came after");
	launch_kill(w->r, SIGKILL, &e);
	world_wait(w);
}

/* Each writes whole lines of its own; the program reads only later. */
static void test_two_type(struct world *w)
{
	autostr struct str out = { 0 };
	autofree char *text = lines(2000, 32);
	struct err e = { 0 };
	int one;

	world_spec(w, "sleep 0.3; head -c 128000 | wc -c");
	w->spec.open_stdin = true;
	world_start(w, &one, &e);
	int two = attach(w, NULL);
	for (size_t at = 0; at < 64000; at += 3200) {
		if (write(one, text + at, 3200) < 0 || write(two, text + at, 3200) < 0)
			perror("write");
	}
	shutdown(two, SHUT_RD);
	world_read(one, true, &out, &out);
	world_wait(w);
	close(two);
	is(&out, "128000\n", "two clients type at once: every byte arrives");
}

static void test_hang_up(struct world *w)
{
	autofree char *text = lines(9000, 10), *path = NULL;
	autostr struct str log = { 0 };
	struct err e = { 0 };
	int client;

	world_spec(w, "sleep 0.5; cat | wc -c");
	w->spec.open_stdin = w->spec.stdin_once = true;
	world_start(w, &client, &e);
	say(client, text);
	close(client);
	world_wait(w);
	file_read(w->spec.log_path, &log, NULL);
	has(&log, "\"90000\\n\"", "a client that hangs up: what it had typed counts");
}

/* Typed ahead while a program runs that reads nothing. */
static void test_type_ahead(struct world *w)
{
	autostr struct str out = { 0 };
	autofree char *text = lines(2000, 10);
	struct err e = { 0 };
	int client;

	world_spec(w, "stty -echo; echo ready; sleep 0.6; "
		      "n=0; while [ $n -lt 2000 ]; do read x; n=$((n+1)); done; read last; "
		      "echo $x $last");
	w->spec.tty = w->spec.open_stdin = true;
	world_start(w, &client, &e);
	for (char c = 0; c != '\n' && read(client, &c, 1) == 1;)
		;
	say(client, text);
	say(client, "done\n");
	world_read(client, false, &out, &out);
	world_wait(w);
	has(&out, "000001999 done", "lines typed ahead wait in the terminal, 20,000 bytes of them");
}

/* ---- output ---- */

/* Everything was written in an instant; the client fetches it seconds later. */
static void test_slow_reader(struct world *w)
{
	autostr struct str out = { 0 };
	struct err e = { 0 };
	int client, small = 4096;

	world_spec(w, "seq 1 11000");
	launch_prepare(w->l, &w->spec, &w->r, &e);
	client = attach(w, NULL);
	setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	launch_go(w->r, NULL, &e);
	uint64_t begun = clock_mono_ns();
	pthread_mutex_lock(&w->lock);
	while (!w->exited)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
	ok(clock_mono_ns() - begun < 1000000000u, "nobody waits for a slow reader");
	usleep(200000);
	world_read(client, false, &out, &out);
	world_wait(w);
	is_number((long)out.len, 54894, "which gets all of it later");
}

static void test_left_behind(struct world *w)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"yes & echo begun; exit 3", NULL };
	struct err e = { 0 };
	uint64_t begun = clock_mono_ns();

	world_spec(w, "sleep 1000");
	world_start(w, NULL, &e);
	world_exec(w, argv, false, NULL, &e);
	is_number(world_wait_exec(w), 3, "an exec that leaves `yes` behind ends");
	ok(clock_mono_ns() - begun < 3000000000u, "at once");
	autostr struct str out = { 0 };
	int client;
	char *look[] = { (char *)"echo", (char *)"here", NULL };
	world_exec(w, look, false, &client, &e);
	world_read(client, true, &out, &out);
	world_wait_exec(w);
	is(&out, "here\n", "and the container answers");
	launch_kill(w->r, SIGKILL, &e);
	world_wait(w);
}

/* Each exec brings a watch of its own, which lives as long as what the exec left. */
static void test_many_left_behind(struct world *w)
{
	char *argv[] = { (char *)"sh", (char *)"-c",
			 (char *)"(sleep 0.2; exec sleep 1000) >/dev/null 2>&1 & exit 0", NULL };
	char *count[] = { (char *)"sh", (char *)"-c", (char *)"ps | grep -c 'sleep 100[0]'", NULL };
	autostr struct str out = { 0 };
	struct err e = { 0 };
	int client, failed = 0;

	world_spec(w, "sleep 1000");
	w->spec.pids = 0;
	world_start(w, NULL, &e);
	for (int i = 0; i < 100; i++)
		failed += world_exec(w, argv, false, NULL, &e) < 0 || world_wait_exec(w) != 0;
	is_number(failed, 0, "a hundred execs that each leave a program behind");
	usleep(400000);
	world_exec(w, count, false, &client, &e);
	world_read(client, true, &out, &out);
	world_wait_exec(w);
	is(&out, "101\n", "all of which can still run another program");
	launch_kill(w->r, SIGKILL, &e);
	world_wait(w);
	ok(!*world_leftovers(w), "nothing is left");
}

int main(void)
{
	static world_test *const tests[] = {
		test_early, test_exec_early, test_two_type, test_hang_up, test_type_ahead,
		test_slow_reader, test_left_behind, test_many_left_behind, NULL,
	};

	return world_main(tests);
}
