/* look.c - what there is to see of a program that starts or ends: in /proc.
 *
 * The process waits while we look, so what we read of it is true: at exit its own
 * /proc files; at exec its memory, since the new program isn't there yet.  (Another
 * thread of it could change the memory after we looked: this is for the journal,
 * never for security.)
 *
 * An execve of a file that isn't there tells nothing: shells try every directory
 * of PATH that way.  So the path is looked up as the kernel will, beneath the
 * process's own root.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"

#define ARGV_MAX 64	/* arguments noted at most; text is cut at the message's end */

/* linux/pidfd.h of Linux 6.15; older ones answer ENOTTY, or without this bit. */
#define INFO_EXIT (1u << 3)
struct info {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define GET_INFO _IOWR(0xff, 11, struct info)

static char *const text = scratch.text;

static int open_proc(int pid, const char *file, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return open(path, flags | O_CLOEXEC);
}

static size_t read_proc(int pid, const char *file, char *out, size_t cap)
{
	int fd = open_proc(pid, file, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, out, cap - 1) : -1;

	close_fd(&fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void link_proc(int pid, const char *file, char *out, size_t cap)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	ssize_t n = readlink(path, out, cap - 1);
	out[n > 0 ? n : 0] = '\0';
}

/* ---- who it is ---- */

static unsigned long long status_value(const char *key, int base, bool last)
{
	const char *at = strstr(text, key);
	const char *end = at ? strchr(at + 1, '\n') : NULL;

	if (!end)
		return 0;
	if (last)	/* NSpid: one number for each namespace, the innermost last */
		for (at = end; at[-1] != '\t' && at[-1] != ' '; at--)
			;
	else
		at += strlen(key);
	return strtoull(at, NULL, base);
}

/* A field of /proc/PID/stat by its number in proc(5), from 4 on; the second may
 * hold spaces.  *alive: it is no zombie. */
static long stat_field(int pid, int number, bool *alive)
{
	read_proc(pid, "stat", text, sizeof(scratch.text));
	const char *at = strrchr(text, ')');

	if (!at || at[1] != ' ')
		return -1;
	*alive = at[2] != 'Z';
	for (int field = 2; at && field < number; field++)
		at = strchr(at + 1, ' ');
	return at ? strtol(at, NULL, 10) : -1;
}

static bool has_terminal(int pid)
{
	bool alive;
	return stat_field(pid, 7, &alive) > 0;
}

static bool is_ours(const struct super *s, int pid)
{
	for (int i = 0; i < MAX_EXECS; i++)
		if (s->exec[i].state != P_FREE && s->exec[i].pid == pid)
			return true;
	return s->main.pid == pid;
}

static void describe(struct super *s, int pid, struct msg_proc *p)
{
	read_proc(pid, "status", text, sizeof(scratch.text));
	p->pid = (int32_t)status_value("\nTgid:", 10, false);
	p->uid = (uint32_t)status_value("\nUid:", 10, false);
	p->caps = status_value("\nCapEff:", 16, false);
	p->nspid = (int32_t)status_value("\nNSpid:", 10, true);
	p->tty = !is_ours(s, p->pid) && has_terminal(pid);
}

/* ---- what it is about to run ---- */

/* Text in another process's memory, up to cap; 0 if it can't be read. */
static size_t peek_text(int mem, uint64_t at, char *out, size_t cap)
{
	ssize_t n = pread(mem, out, cap - 1, (off_t)at);

	if (n <= 0)
		return 0;
	out[n] = '\0';
	return strlen(out);
}

/* The file's path in the container if it is a program that can be run, else "". */
static bool find_program(int pid, const char *path, char *out, size_t cap)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int root = open_proc(pid, "root", O_PATH | O_DIRECTORY);
	char whole[1024], cwd[512] = "", self[64];
	struct stat st;

	if (*path != '/')
		link_proc(pid, "cwd", cwd, sizeof(cwd));
	snprintf(whole, sizeof(whole), "%s/%s", cwd, path);
	int fd = root >= 0 ? (int)syscall(SYS_openat2, root, whole, &how, sizeof(how)) : -1;
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	ssize_t n = ok ? readlink(self, out, cap - 1) : 0;
	out[n > 0 ? n : 0] = '\0';
	close_fd(&fd);
	close_fd(&root);
	return ok;
}

static void add_argv(int mem, uint64_t argv, struct msg *note)
{
	uint64_t at[ARGV_MAX] = { 0 };

	if (pread(mem, at, sizeof(at), (off_t)argv) <= 0)
		return;
	for (int i = 0; i < ARGV_MAX - 1 && at[i]; i++) {
		peek_text(mem, at[i], text, sizeof(scratch.text));
		if (msg_add_text(note, text) < 0)
			return;
	}
}

static bool note_exec(const struct k_notify *n, struct msg *note)
{
	bool at_form = n->nr == SYS_execveat;
	uint64_t file = n->args[at_form ? 1 : 0], argv = n->args[at_form ? 2 : 1];
	int mem = open_proc(n->pid, "mem", O_RDONLY);
	char path[512] = "", exe[512] = "";

	if (mem < 0)
		return false;
	peek_text(mem, file, path, sizeof(path));
	if (at_form && !*path) {	/* fexecve: the program is a descriptor */
		snprintf(path, sizeof(path), "fd/%d", (int)n->args[0]);
		link_proc(n->pid, path, exe, sizeof(exe));
	} else if (!find_program(n->pid, path, exe, sizeof(exe))) {
		close(mem);
		return false;
	}
	msg_add_text(note, exe);
	link_proc(n->pid, "cwd", path, sizeof(path));
	msg_add_text(note, path);
	add_argv(mem, argv, note);
	close(mem);
	return true;
}

/* ---- what ends ---- */

static bool note_exit(const struct k_notify *n, struct msg *note)
{
	char path[512];

	note->proc.ended = 1;
	note->proc.code = (int32_t)(n->args[0] & 0xff);
	link_proc(n->pid, "exe", path, sizeof(path));
	msg_add_text(note, path);
	link_proc(n->pid, "cwd", path, sizeof(path));
	msg_add_text(note, path);
	size_t left = read_proc(n->pid, "cmdline", text, sizeof(scratch.text));
	for (char *arg = text; left > 0;) {
		size_t size = strlen(arg) + 1;
		if (msg_add_text(note, arg) < 0 || size >= left)
			break;
		arg += size;
		left -= size;
	}
	return true;
}

bool look_at(struct super *s, int listener, const struct k_notify *n, struct msg *note)
{
	describe(s, n->pid, &note->proc);
	return n->nr == SYS_exit_group ? note_exit(n, note) : note_exec(n, note);
}

/* ---- how it ended ---- */

/* -1: its parent was faster, and the kernel is an older one. */
int look_status(const struct live *l)
{
	struct info info = { .mask = INFO_EXIT };
	bool alive = true;
	long status = stat_field(l->pid, 52, &alive);

	if (!alive)
		return (int)status;
	if (ioctl(l->pidfd, GET_INFO, &info) == 0 && info.mask & INFO_EXIT)
		return info.exit_code;
	return -1;
}
