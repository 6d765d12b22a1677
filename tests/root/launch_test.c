/* launch_test.c - containers for real: needs root. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "launch_world.h"

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

/* One script, many lines: each `want` must be in what it printed. */
struct look { const char *script, *want, *name; };

static const struct look looks[] = {
	{ "hostname", "testbox\n", "a name of its own" },
	{ "echo $$", "1\n", "PID 1" },
	{ "ps -o pid,args >/dev/shm/ps; wc -l </dev/shm/ps", "3\n", "no process but its own" },
	{ "grep CapPrm /proc/self/status", "a80425fb", "Docker's capabilities: permitted" },
	{ "grep CapEff /proc/self/status", "a80425fb", "effective" },
	{ "grep CapBnd /proc/self/status", "a80425fb", "bounding" },
	{ "grep CapInh /proc/self/status", "0000000000000000", "and none inheritable" },
	{ "grep Seccomp: /proc/self/status", "2\n", "under a filter" },
	{ "unshare -U true 2>&1", "not permitted", "which refuses unshare" },
	{ "mount -t tmpfs x /mnt 2>&1", "denied", "and mount" },
	{ "ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3 ", "no descriptor but three (and ls's own)" },
	{ "ls /dev | tr '\\n' ' '", "core fd full mqueue null ptmx pts random shm stderr stdin stdout "
	  "tty urandom zero", "the devices Docker gives" },
	{ "wc -c < /proc/timer_list", "0\n", "masked files are empty" },
	{ "ls /sys/firmware | wc -l", "0\n", "masked directories, too" },
	{ "echo 1 2>&1 > /proc/sys/kernel/hostname", "ead-only", "/proc/sys is read-only" },
	{ "touch /sys/x 2>&1", "ead-only", "/sys is read-only" },
	{ "echo x > /dev/null && echo good", "good\n", "/dev/null takes all" },
	{ "mknod /dev/disk b 1 0 && head -c1 /dev/disk 2>&1", "ermi",
	  "a disk's node may be made, but not opened" },
	{ "mknod /disk b 1 0 && head -c1 /disk 2>&1", "ermi", "nowhere" },
	{ "ip link show lo", "UP", "loopback is up" },
	{ "ip link | grep -c '^[0-9]'", "1\n", "and alone" },
	{ "grep -c drydock /proc/self/cgroup", "0\n", "its group is the root it sees" },
	{ "cat /sys/fs/cgroup/*/pids.current /sys/fs/cgroup/pids.current 2>/dev/null | wc -l", "1\n",
	  "and can be looked at" },
	{ "stat -c %a /dev/shm", "1777\n", "modes are as written" },
	{ "umask", "0022\n", "the usual umask" },
	{ "kill -PIPE $$; echo alive", "alive\n", "signals are as they were (PID 1 is deaf to them)" },
};

static void test_inside(struct world *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		autostr struct str out = { 0 };
		autofree char *script = str_printf("%s; true", looks[i].script);
		world_spec(w, script);
		world_run(w, &out);
		has(&out, looks[i].want, looks[i].name);
	}
}

static void test_programs(struct world *w)
{
	autostr struct str out = { 0 }, err = { 0 };

	world_spec(w, "echo a | /bin/cat; true");
	world_run(w, &out);
	usleep(100000);
	pthread_mutex_lock(&w->lock);
	has(&w->procs, "+sh -c echo a | /bin/cat; true|/bin/busybox|/|init\n", "PID 1's start is told");
	has(&w->procs, "+/bin/cat|/bin/busybox|/|init\n", "other programs, too");
	has(&w->procs, "-/bin/cat=0\n", "and their ends");
	pthread_mutex_unlock(&w->lock);
}

/* ---- what can't be started ---- */

struct refusal { const char *program, *words; int code; const char *name; };

static const struct refusal refusals[] = {
	{ "nosuch", "exec: \"nosuch\": executable file not found in $PATH: unknown", -ENOENT,
	  "a missing program" },
	{ "/nosuch", "exec: \"/nosuch\": stat /nosuch: no such file or directory", -ENOENT,
	  "a missing path" },
	{ "/etc/plain-file", "permission denied", -EACCES, "a file that isn't executable" },
};

static void test_refusals(struct world *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct err e = { 0 };
		autostr struct str words = { 0 };
		world_spec(w, "");
		strv_free(w->spec.argv);
		w->spec.argv = NULL;
		strv_add(&w->spec.argv, refusals[i].program);
		int r = world_start(w, NULL, &e);
		str_add(&words, e.what);
		is_number(r, refusals[i].code, refusals[i].name);
		has(&words, refusals[i].words, "in docker's words");
		ok(!*world_leftovers(w), "and nothing is left");
	}
}

/* ---- terminals, input, attaching ---- */

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		perror("write");
}

static void test_tty(struct world *w)
{
	autostr struct str out = { 0 };
	struct err e = { 0 };
	int client;

	world_spec(w, "tty; stty size; read line; echo got:$line; exit 5");
	w->spec.tty = w->spec.open_stdin = w->spec.stdin_once = true;
	w->spec.rows = 33;
	w->spec.cols = 99;
	world_start(w, &client, &e);
	say(client, "hi\n");
	world_read(client, false, &out, &out);
	is_number(world_wait(w), 5, "a container with a terminal");
	/* Apart: the echo of what is typed may come in between. */
	has(&out, "/dev/pts/0", "has one");
	has(&out, "33 99", "of the size asked for");
	has(&out, "got:hi\r\n", "and reads what is typed");

	str_clear(&out);
	world_spec(w, "read line; stty size; exit 7");
	w->spec.tty = w->spec.open_stdin = true;
	world_start(w, &client, &e);
	say(client, "\x10q\x10\x11");
	world_read(client, false, &out, &out);
	world_wait_detached(w);
	ok(!strcmp(w->detached, "keys"), "ctrl-p ctrl-q detaches");
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		abort();
	struct attach_options o = { .fd = ends[0], .in = true, .out = true, .err = true };
	launch_resize(w->r, NULL, 44, 111, &e);
	is_number(launch_attach(w->r, &o, &e), 0, "and another client can attach");
	say(ends[1], "\n");
	str_clear(&out);
	world_read(ends[1], false, &out, &out);
	is_number(world_wait(w), 7, "the container went on");
	has(&out, "44 111", "a change of size arrives");
}

static void test_stdin(struct world *w)
{
	autostr struct str out = { 0 };
	struct err e = { 0 };
	int client;

	world_spec(w, "cat; echo end");
	w->spec.open_stdin = w->spec.stdin_once = true;
	world_start(w, &client, &e);
	say(client, "one\ntwo\n");
	shutdown(client, SHUT_WR);
	world_read(client, true, &out, &out);
	is_number(world_wait(w), 0, "half close ends the input");
	is(&out, "one\ntwo\nend\n", "and all output still comes");

	str_clear(&out);
	world_spec(w, "cat | wc -c");
	w->spec.open_stdin = w->spec.stdin_once = true;
	world_start(w, &client, &e);
	autofree char *much = mem_alloc(200000);
	memset(much, 'x', 200000);
	write_all(client, much, 200000);
	shutdown(client, SHUT_WR);
	world_read(client, true, &out, &out);
	world_wait(w);
	is(&out, "200000\n", "much input arrives whole");
}

static void test_output(struct world *w)
{
	autostr struct str out = { 0 }, log = { 0 };

	world_spec(w, "seq 1 40000; dd if=/dev/zero bs=20000 count=1 2>/dev/null | tr '\\0' y");
	is_number(world_run(w, &out), 0, "much output");
	is_number((long)out.len, 228894 + 20000, "arrives whole");
	file_read(w->spec.log_path, &log, NULL);
	has(&log, "y\",\"stream\"", "a line without end is logged in parts");
	has(&log, "{\"log\":\"40000\\n\"", "all lines are logged");
}

/* ---- exec ---- */

static void exec_once(struct world *w, const char *script, const char *want, int code,
		      bool tty, const char *name)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	autostr struct str out = { 0 };
	struct err e = { 0 };
	int client;

	if (world_exec(w, argv, tty, &client, &e) < 0)
		printf("# %s\n", e.what);
	if (!tty)
		shutdown(client, SHUT_WR);
	world_read(client, !tty, &out, &out);
	is_number(world_wait_exec(w), code, name);
	has(&out, want, "and shows what it should");
}

static void exec_refused(struct world *w, const char *program, int code, const char *words)
{
	char *argv[] = { (char *)program, NULL };
	autostr struct str what = { 0 };
	struct err e = { 0 };

	is_number(world_exec(w, argv, false, NULL, &e), code, "an exec of what can't be run");
	str_add(&what, e.what);
	has(&what, words, "says so in docker's words");
}

static void test_exec(struct world *w)
{
	struct err e = { 0 };

	world_spec(w, "sleep 1000");
	world_start(w, NULL, &e);
	exec_once(w, "echo $$; exit 4", "\n", 4, false, "exec gives its exit code");
	exec_once(w, "hostname; pwd; grep CapEff /proc/self/status", "testbox\n/\nCapEff:\t00000000a80425fb",
		  0, false, "exec sees the container");
	exec_once(w, "ps", "sleep 1000", 0, false, "and its processes");
	exec_once(w, "grep -c drydock /proc/self/cgroup", "0", 1, false, "from within its group");
	exec_once(w, "tty; stty size", "/dev/pts/0\r\n33 99", 0, true, "with a terminal");
	exec_once(w, "seq 1 60000", "\n60000\n", 0, false, "much output of an exec arrives whole");
	exec_once(w, "kill -9 $$", "", 137, false, "a signal counts from 128");
	exec_refused(w, "nosuch", -ENOENT,
		     "OCI runtime exec failed: exec failed: unable to start container process: "
		     "exec: \"nosuch\": executable file not found in $PATH: unknown");
	exec_refused(w, "/etc/plain-file", -EACCES, "permission denied");
	exec_once(w, "cat /etc/plain-file && echo still", "still", 0, false, "and goes on after that");
	launch_kill(w->r, SIGKILL, &e);
	is_number(world_wait(w), 137, "PID 1 killed");
	is_number(w->end.signal, 9, "by the signal");
	ok(!*world_leftovers(w), "nothing is left");
}

/* ---- settings ---- */

static void run_has(struct world *w, const char *want, const char *name)
{
	autostr struct str out = { 0 };

	world_run(w, &out);
	has(&out, want, name);
}

static void test_settings(struct world *w)
{
	world_spec(w, "id -u; id -g; grep -E 'Cap(Eff|Bnd)' /proc/self/status; echo x > /dev/stdout")
		->uid = 1000;
	w->spec.gid = 1001;
	run_has(w, "1000\n1001\nCapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\nx\n",
		"another user has no capability");
	world_spec(w, "touch /x 2>&1; touch /dev/shm/y && echo y")->readonly_root = true;
	run_has(w, "ead-only file system\ny\n", "--read-only");
	world_spec(w, "pwd")->cwd = (char *)"/srv/made";
	run_has(w, "/srv/made\n", "a working directory is made");
	world_spec(w, "grep NoNewPrivs /proc/self/status")->no_new_privs = true;
	run_has(w, "1\n", "no-new-privileges");
	world_spec(w, "grep Seccomp: /proc/self/status; unshare -U true && echo may")
		->seccomp_default = false;
	run_has(w, "2\nmay\n", "seccomp=unconfined leaves the watch");
	world_spec(w, "ps -o pid,args | head -2; /bin/sleep 0.1 & exit 6")->init = true;
	run_has(w, "1 drydock-supervisor", "--init: PID 1 is ours");
	is_number(w->end.code, 6, "and gives the program's exit code");
}

static void add_mount(struct spec *s, const char *type, const char *from, const char *to,
		      unsigned long flags)
{
	s->mounts = mem_grow(s->mounts, (s->n_mounts + 1) * sizeof(*s->mounts));
	s->mounts[s->n_mounts++] = (struct spec_mount){ (char *)type, (char *)from, (char *)to,
							flags, MS_PRIVATE, (char *)"size=1m" };
}

static void test_mounts(struct world *w)
{
	autofree char *dir = str_printf("%s/volume", w->dir);
	autofree char *file = str_printf("%s/volume/hosts", w->dir);
	autofree char *link = str_printf("%s/lower/trap", w->dir);

	dir_make(dir, 0755, NULL);
	file_write_atomic(file, "10.0.0.1 me\n", 12, 0644, NULL);
	if (symlink("/etc", link) < 0)
		perror("symlink");
	struct spec *s = world_spec(w, "cat /data/hosts /etc/hosts; touch /ro/x 2>&1; touch /data/x; "
				       "touch /tmpfs/x && echo tmpfs; ls /etc/inner");
	s->hosts = file;
	add_mount(s, "bind", dir, "/data", 0);
	add_mount(s, "bind", dir, "/ro", 1);
	add_mount(s, "tmpfs", "", "/tmpfs", 0);
	add_mount(s, "bind", dir, "/trap/inner", 0);
	run_has(w, "10.0.0.1 me\n10.0.0.1 me\ntouch: /ro/x: Read-only file system\ntmpfs\nhosts\nx\n",
		"binds, read-only binds, tmpfs, files in /etc, links that stay inside");
	s->hosts = NULL;
	s->n_mounts = 0;
	ok(access("/etc/inner", F_OK) < 0, "a link in the image can't make us touch the host");
}

static void test_limits(struct world *w)
{
	struct launch_stats st;
	struct err e = { 0 };

	world_spec(w, "dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null; echo $?")
		->memory = 16 << 20;
	run_has(w, "137\n", "memory: a program that wants too much is killed");
	ok(w->end.oom, "and the exit says why");
	world_spec(w, "for i in 1 2 3 4 5 6 7 8; do sleep 2 & done; true")->pids = 5;
	run_has(w, "esource temporarily unavailable", "pids: no more than allowed");
	struct spec *s = world_spec(w, "cat /sys/fs/cgroup/*/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max "
				       "/sys/fs/cgroup/*/cpuset.cpus /sys/fs/cgroup/cpuset.cpus 2>/dev/null");
	s->cpu_quota = 50000;
	s->cpuset_cpus = (char *)"0";
	run_has(w, "50000", "cpu: the quota is set");
	s->cpuset_cpus = NULL;
	ok(!*world_leftovers(w), "nothing is left");

	world_spec(w, "sleep 1000")->memory = 64 << 20;
	world_start(w, NULL, &e);
	is_number(launch_stats(w->r, &st, &e), 0, "stats");
	ok(st.has_memory && st.memory > 0 && st.memory_limit == 64 << 20, "of memory, with its limit");
	ok(st.has_pids && st.pids >= 1, "of processes");
	ok(st.cpu_ns > 0 && st.system_ns > st.cpu_ns, "of processor time");
	is_number(launch_pause(w->r, true, &e), 0, "it can be paused");
	is_number(launch_pause(w->r, false, &e), 0, "and go on");
	launch_kill(w->r, SIGKILL, &e);
	world_wait(w);
}

static void test_clamp(struct world *w)
{
	char **warnings = NULL;
	struct spec *s = world_spec(w, "grep CapBnd /proc/self/status");

	s->caps = 0x1ffffffffff;
	s->privileged = true;
	launch_clamp(w->l, s, &warnings);
	for (char **at = warnings; at && *at; at++)
		printf("# %s\n", *at);
	run_has(w, "CapBnd", "--privileged gets what the daemon has");
	strv_free(warnings);
}

/* ---- namespaces of others ---- */

static void test_joins(struct world *w)
{
	struct launch_info info = { .pid = 0 };
	struct err e = { 0 };

	world_spec(w, "sleep 1000")->hostname = (char *)"first";
	if (launch_prepare(w->l, &w->spec, &w->r, &e) < 0 || launch_go(w->r, &info, &e) < 0)
		printf("# %s\n", e.what);
	struct running *first = w->r;
	struct spec *s = world_spec(w, "hostname; ps | grep -q '[s]leep 1000' && echo seen; "
				       "readlink /proc/self/ns/net");
	s->net = NET_JOIN;
	s->uts_mode = s->ipc_mode = s->pid_mode = NS_JOIN;
	s->join_pid = s->pid_join = s->ipc_join = info.pid;
	autofree char *want = str_printf("first\nseen\nnet:[%llu]\n",
					 (unsigned long long)info.ns_inode[2]);
	run_has(w, want, "another container's network, names and processes");
	world_spec(w, "readlink /proc/self/ns/net")->net = NET_HOST;
	char host[64] = "";
	if (readlink("/proc/self/ns/net", host, sizeof(host) - 1) > 0)
		run_has(w, host, "or the host's network");
	w->r = first;
	w->exited = false;
	launch_kill(first, SIGKILL, &e);
	world_wait(w);
	free(info.upper);
	free(info.lower);
	ok(!*world_leftovers(w), "nothing is left");
}

/* ---- trouble ---- */

static int parent_of(int pid)
{
	autofree char *path = str_printf("/proc/%d/stat", pid);
	autofile FILE *f = fopen(path, "r");
	int parent = -1;

	if (!f || fscanf(f, "%*d (%*[^)]) %*c %d", &parent) != 1)
		return -1;
	return parent;
}

static bool wait_gone(int pid)
{
	for (int i = 0; i < 300; i++) {
		if (kill(pid, 0) < 0)
			return true;
		usleep(10000);
	}
	return false;
}

/* A container that only waits; its PID 1's number. */
static int start_idle(struct world *w)
{
	struct err e = { 0 };
	pid_t *pids;
	size_t n;

	world_spec(w, "sleep 1000");
	world_start(w, NULL, &e);
	launch_pids(w->r, &pids, &n, &e);
	int one = pids[0];
	free(pids);
	return one;
}

static void test_supervisor_killed(struct world *w)
{
	int one = start_idle(w);

	kill(parent_of(one), SIGKILL);
	is_number(world_wait(w), 137, "a supervisor that is killed ends its container");
	ok(wait_gone(one), "PID 1 is gone");
	ok(!*world_leftovers(w), "nothing is left");
}

/* Killed after it had handed over the plan, and before it said "go". */
static void test_daemon_killed_early(struct world *w)
{
	int pid, status;

	world_spec(w, "sleep 1000");
	pid = fork();
	if (pid == 0) {
		struct launch_events none = { .arg = NULL };
		autofree char *run = str_printf("%s/run", w->dir);
		setsid();
		if (launcher_open(kernel_linux(), run, &none, &w->l, NULL) == 0 &&
		    launch_prepare(w->l, &w->spec, &w->r, NULL) == 0)
			usleep(3000);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	ok(!*world_leftovers(w), "a daemon killed before its word to go: nothing is left");
}

static void test_host_pids(struct world *w)
{
	world_spec(w, "(/bin/sleep 1000 & echo $!); exit 2")->pid_mode = NS_HOST;
	autostr struct str out = { 0 };
	is_number(world_run(w, &out), 2, "with the host's processes in sight");
	ok(wait_gone(atoi(out.s ? out.s : "0")), "what it left behind is ended");
	ok(!*world_leftovers(w), "nothing is left");
}

static void test_reattach(struct world *w)
{
	struct launch_info info;
	struct launch_exit x;
	struct err e = { 0 };
	autostr struct str log = { 0 };

	world_spec(w, "echo before; sleep 1; echo after; sleep 1000");
	is_number(world_doomed(w), SIGKILL, "the daemon is killed");
	w->exited = false;
	is_number(launch_reattach(w->l, w->spec.id, w->spec.run_dir, &w->r, &info, &e), 0,
		  "a new one finds the container");
	ok(info.pid > 0 && info.ns_inode[0], "and what it is");
	exec_once(w, "hostname", "testbox\n", 0, false, "and can exec");
	usleep(1200000);
	file_read(w->spec.log_path, &log, NULL);
	has(&log, "after", "the log went on");
	launch_kill(w->r, SIGTERM, &e);
	launch_kill(w->r, SIGKILL, &e);
	is_number(world_wait(w), 137, "and learns of its end");
	ok(!*world_leftovers(w), "nothing is left");

	world_spec(w, "exit 9");
	world_doomed(w);
	for (int i = 0; i < 200 && launch_exit_record(w->spec.run_dir, &x, NULL) < 0; i++)
		usleep(10000);
	is_number(launch_reattach(w->l, w->spec.id, w->spec.run_dir, &w->r, &info, &e), -ENOENT,
		  "one that ended meanwhile isn't there");
	is_number(launch_exit_record(w->spec.run_dir, &x, &e), 0, "but has left a record");
	is_number(x.code, 9, "with its exit code");
	is_number(launch_sweep(w->l, w->spec.id, w->spec.run_dir, &e), 0, "and is swept away");
	ok(access(w->spec.run_dir, F_OK) < 0, "wholly");
	ok(!*world_leftovers(w), "nothing is left");
}

/* ---- figures ---- */

static long pss_of(int pid)
{
	autofree char *path = str_printf("/proc/%d/smaps_rollup", pid);
	autofile FILE *f = fopen(path, "r");
	char line[256];
	long kib = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %ld", &kib) == 1)
			break;
	return kib;
}

static void test_memory(struct world *w)
{
	struct err e = { 0 };
	int one = start_idle(w);

	usleep(50000);
	long pss = pss_of(parent_of(one));
	printf("# supervisor of an idle container: %ld KiB PSS\n", pss);
	ok(pss > 0 && pss <= 150, "a supervisor is small");
	launch_kill(w->r, SIGKILL, &e);
	world_wait(w);
}

int main(void)
{
	static world_test *const tests[] = {
		test_run, test_inside, test_programs, test_refusals, test_tty, test_stdin,
		test_output, test_exec, test_settings, test_mounts, test_limits, test_clamp,
		test_joins, test_memory, test_supervisor_killed, test_daemon_killed_early,
		test_host_pids, test_reattach, NULL,
	};

	return world_main(tests);
}
