/* end.c - how it ended: written down first, told after, cleaned up last.
 *
 * The record, run_dir/exit, is written beside and renamed, so that a daemon that
 * was away finds it whole or not at all:
 *
 *	code signal oom wall_ns stdout_bytes stdout_sha256
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "super.h"

/* How often the kernel killed for memory in this control group: the line
 * "oom_kill N" of memory.oom_control (v1) or memory.events (v2). */
static uint64_t oom_count(struct super *s)
{
	char text[512];
	struct k_buf b = { text, sizeof(text), 0 };

	trace_why(s->k, WHY_END_OOM);
	if (!*s->oom_path || k_read_file(s->k, s->oom_path, &b) <= 0)
		return 0;
	const char *at = strstr(text, "oom_kill ");
	return at ? strtoull(at + strlen("oom_kill "), NULL, 10) : 0;
}

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void write_record(struct super *s, const struct msg_exited *x)
{
	char text[256], path[PATH_CAP + 16], beside[PATH_CAP + 16];
	int n = snprintf(text, sizeof(text), "%d %d %d %llu %lld %s\n", x->code, x->signal, x->oom,
			 (unsigned long long)x->wall_ns, (long long)x->stdout_bytes,
			 x->stdout_sha256);

	snprintf(path, sizeof(path), "%s/exit", s->run_dir);
	snprintf(beside, sizeof(beside), "%s/exit.new", s->run_dir);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write(fd, text, (size_t)n) == n)
		rename(beside, path);
	close(fd);
}

/* With the host's pid namespace PID 1's end ends nobody else: those it left behind
 * are found by their control group. */
static void end_others(struct super *s)
{
	static char pids[16384];
	char path[PATH_CAP + 16];
	struct k_buf b = { pids, sizeof(pids), 0 };
	char *slash, *at = pids, *next;

	snprintf(path, sizeof(path), "%s", s->oom_path);
	if (s->private_pids || !(slash = strrchr(path, '/')))
		return;
	snprintf(slash, sizeof(path) - (size_t)(slash - path), "/cgroup.procs");
	if (k_read_file(s->k, path, &b) <= 0)
		return;
	for (long pid; (pid = strtol(at, &next, 10)) > 0; at = next) {
		struct pollfd gone = { .fd = (int)k_pidfd_open(s->k, (int)pid, 0),
				       .events = POLLIN };
		if (gone.fd < 0)
			continue;
		k_kill(s->k, gone.fd, SIGKILL);
		poll(&gone, 1, 1000);
		k_close(s->k, gone.fd);
	}
}

void end_container(struct super *s)
{
	struct msg m = { .type = MSG_EXITED };
	struct msg_exited *x = &m.exited;

	io_close(s, &s->main.io);
	x->code = s->main.end.code;
	x->signal = s->main.end.signal;
	x->oom = oom_count(s) > 0;	/* the group is as old as this run */
	x->wall_ns = wall_ns();
	x->stdout_bytes = s->stdout_bytes;
	sha256_hex(&s->sha, x->stdout_sha256);
	spool_end(s);
	write_record(s, x);
	control_say(s, &m, NULL);
	/* The news is out; what takes time comes now. */
	close_fd(&s->mnt_ns);
	trace_region(s->k, REGION_CLEANUP);
	end_others(s);
	if (s->main.plan_map)
		plan_undo(&s->main.run);
	plan_undo_kept(&s->main.run, &s->undo);
	trace_region(s->k, REGION_NONE);
	control_unlisten(s);
}
