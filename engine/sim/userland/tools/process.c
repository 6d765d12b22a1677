/* process.c - ps and kill: what /proc tells, and signals. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

struct process {
	int pid, ppid;
	char state;
	uid_t uid;
	const char *comm, *args, *tty;
	unsigned long long start_ticks, cpu_ticks, vsz_kib, rss_kib;
};

static char *proc_file(struct prog *p, const char *pid, const char *name, size_t *n)
{
	long rc;

	return read_whole(p, arena_printf(p->a, "/proc/%s/%s", pid, name), n, &rc);
}

/* Field `wanted` of /proc/PID/stat; fields are numbered as in proc(5). */
static unsigned long long stat_number(const char *stat, int wanted)
{
	const char *s = strrchr(stat, ')');

	for (int i = 2; s && i < wanted; i++)
		s = strchr(s + 1, ' ');
	return s ? strtoull(s, NULL, 10) : 0;
}

static unsigned long long status_number(const char *status, const char *key)
{
	const char *s = strstr(status, key);

	return s ? strtoull(s + strlen(key), NULL, 10) : 0;
}

static const char *command_line(struct prog *p, const char *pid, const char *comm)
{
	size_t n = 0;
	char *s = proc_file(p, pid, "cmdline", &n);

	if (!s || !n)
		return arena_printf(p->a, "[%s]", comm);
	for (size_t i = 0; i + 1 < n; i++)
		if (!s[i])
			s[i] = ' ';
	return s;
}

static bool read_process(struct prog *p, const char *pid, struct process *out_)
{
	size_t n;
	char *stat = proc_file(p, pid, "stat", &n), *status = proc_file(p, pid, "status", &n);
	char *open = stat ? strchr(stat, '(') : NULL, *close = stat ? strrchr(stat, ')') : NULL;
	unsigned long long tty;

	if (!open || !close || !status)
		return false;
	*out_ = (struct process){.pid = atoi(pid),
				 .ppid = (int)stat_number(stat, 4),
				 .state = close[1] ? close[2] : '?',
				 .uid = (uid_t)status_number(status, "\nUid:\t")};
	out_->comm = arena_dupn(p->a, open + 1, (size_t)(close - open - 1));
	out_->args = command_line(p, pid, out_->comm);
	out_->cpu_ticks = stat_number(stat, 14) + stat_number(stat, 15);
	out_->start_ticks = stat_number(stat, 22);
	out_->vsz_kib = stat_number(stat, 23) / 1024;
	out_->rss_kib = stat_number(stat, 24) * 4;
	tty = stat_number(stat, 7);
	out_->tty = tty >> 8 == 136 ? arena_printf(p->a, "pts/%llu", tty & 0xff) : "?";
	return true;
}

/* ---- columns ---- */

static char *ticks_text(struct prog *p, unsigned long long ticks, bool hours)
{
	unsigned long long s = ticks / 100;

	return hours ? arena_printf(p->a, "%02llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60) :
		       arena_printf(p->a, "%llu:%02llu", s / 60, s % 60);
}

/* When it started: HH:MM, or the day where that was another. */
static char *start_text(struct prog *p, const struct process *x)
{
	int64_t now = (int64_t)(sys_clock(p->t, CLOCK_REALTIME) / 1000000000);
	int64_t up = (int64_t)(sys_clock(p->t, CLOCK_MONOTONIC) / 1000000000);
	int64_t start = now - up + (int64_t)(x->start_ticks / 100);

	return time_text(p->a, now - start < 86400 ? "%H:%M" : "%b%d", start);
}

static const char *user_text(struct prog *p, uid_t uid)
{
	const char *name = user_name(p, uid);

	return name ? name : arena_printf(p->a, "%u", (unsigned)uid);
}

static const char *column(struct prog *p, const char *name, const struct process *x)
{
	if (!strcmp(name, "pid"))
		return arena_printf(p->a, "%d", x->pid);
	if (!strcmp(name, "ppid"))
		return arena_printf(p->a, "%d", x->ppid);
	if (!strcmp(name, "user") || !strcmp(name, "ruser"))
		return user_text(p, x->uid);
	if (!strcmp(name, "comm") || !strcmp(name, "ucmd"))
		return x->comm;
	if (!strcmp(name, "stat") || !strcmp(name, "s"))
		return arena_printf(p->a, "%c", x->state);
	if (!strcmp(name, "tty"))
		return x->tty;
	if (!strcmp(name, "time"))
		return ticks_text(p, x->cpu_ticks, is_gnu(p));
	return x->args;
}

static const struct { const char *name, *title; int width; } columns[] = {
	{"pid", "PID", 5},       {"ppid", "PPID", 5},      {"user", "USER", -8},
	{"ruser", "RUSER", -8},  {"comm", "COMMAND", -16}, {"ucmd", "CMD", -16},
	{"args", "COMMAND", -1}, {"cmd", "CMD", -1},       {"stat", "STAT", -4},
	{"s", "S", -1},          {"tty", "TTY", -8},       {"time", "TIME", 8},
};

static int column_of(struct prog *p, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (!strcmp(columns[i].name, name))
			return (int)i;
	die(p, 1, "bad -o argument '%s'", name);
}

/* One process, or with NULL the titles. */
static void show_columns(struct prog *p, const struct list *names, const struct process *x)
{
	for (size_t i = 0; i < names->n; i++) {
		int c = column_of(p, names->v[i]), width = columns[c].width;
		const char *s = x ? column(p, names->v[i], x) : columns[c].title;

		if (i + 1 == names->n && width < 0)
			width = 0;
		outf(p, i + 1 < names->n ? "%*s " : "%*s\n", width, s);
	}
}

static void show_aux(struct prog *p, const struct process *x)
{
	if (!x)
		out(p, "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n");
	else
		outf(p, "%-8s %7d  0.0  0.0 %6llu %5llu %-8s %-4c %5s %6s %s\n",
		     user_text(p, x->uid), x->pid, x->vsz_kib, x->rss_kib, x->tty, x->state,
		     start_text(p, x), ticks_text(p, x->cpu_ticks, false), x->args);
}

static void show_full(struct prog *p, const struct process *x)
{
	if (!x)
		out(p, "UID          PID    PPID  C STIME TTY          TIME CMD\n");
	else
		outf(p, "%-8s %7d %7d  0 %s %-8s %s %s\n", user_text(p, x->uid), x->pid, x->ppid,
		     start_text(p, x), x->tty, ticks_text(p, x->cpu_ticks, true), x->args);
}

static void show_short(struct prog *p, const struct process *x)
{
	if (!x)
		out(p, "    PID TTY          TIME CMD\n");
	else
		outf(p, "%7d %-8s %s %s\n", x->pid, x->tty, ticks_text(p, x->cpu_ticks, true), x->comm);
}

static void show_busybox(struct prog *p, const struct process *x)
{
	if (!x)
		out(p, "PID   USER     COMMAND\n");
	else
		outf(p, "%5d %-8.8s %s\n", x->pid, user_text(p, x->uid), x->args);
}

static int by_number(const void *a, const void *b)
{
	int x = atoi(*(char *const *)a), y = atoi(*(char *const *)b);

	return (x > y) - (x < y);
}

struct ps {
	void (*show)(struct prog *p, const struct process *x);
	struct list names;
	bool all;
	const char *only;
};

/* ps's three ways of options: aux, -ef and -o pid,comm. */
static void ps_options(struct prog *p, struct ps *ps)
{
	struct opts o;

	if (p->argc > 1 && p->argv[1][0] != '-')
		p->argv[1] = arena_printf(p->a, "-%s", p->argv[1]);
	parse_options(p, "aAeflxuwo:p:T", NULL, &o);
	ps->all = !is_gnu(p) || o.has['e'] || o.has['A'] || o.has['a'] || o.has['x'];
	ps->show = !is_gnu(p) ? show_busybox : o.has['u'] ? show_aux : o.has['f'] ? show_full : show_short;
	ps->only = o.arg['p'];
	if (o.arg['o'])
		for (char *rest = arena_dup(p->a, o.arg['o']), *s = strtok_r(rest, ", ", &rest); s;
		     s = strtok_r(NULL, ", ", &rest))
			list_add(&ps->names, s);
}

static void ps_show(struct prog *p, struct ps *ps, const struct process *x)
{
	if (ps->names.n)
		show_columns(p, &ps->names, x);
	else
		ps->show(p, x);
}

int tool_ps(struct prog *p)
{
	struct ps ps = { .names.a = p->a };
	struct list pids = { .a = p->a };
	struct process me = { 0 }, x;
	long rc = read_names(p, "/proc", &pids);

	if (rc < 0)
		return complain(p,
				is_gnu(p) ? "Error, do this: mount -t proc proc /proc"
					  : "can't open '/proc': %s",
				strerror((int)-rc));
	ps_options(p, &ps);
	list_sort(&pids, by_number);
	read_process(p, arena_printf(p->a, "%d", (int)sys_getpid(p->t)), &me);
	ps_show(p, &ps, NULL);
	for (size_t i = 0; i < pids.n; i++) {
		if (pids.v[i][0] < '0' || pids.v[i][0] > '9' || !read_process(p, pids.v[i], &x))
			continue;
		if (ps.only ? x.pid == atoi(ps.only)
			    : ps.all || (x.tty && me.tty && !strcmp(x.tty, me.tty)))
			ps_show(p, &ps, &x);
	}
	return 0;
}

/* ---- kill ---- */

static int list_signals(struct prog *p, const char *which)
{
	int sig = which ? signal_by_name(which) : 0;

	if (!which) {
		for (sig = 1; sig < 32; sig++)
			outf(p, is_gnu(p) ? "%2d) SIG%s\n" : "%2d) %s\n", sig, signal_name(sig));
		return 0;
	}
	if (sig < 0)
		return complain(p, "unknown signal '%s'", which);
	if (*which >= '0' && *which <= '9')
		outf(p, "%s\n", signal_name(sig & 127));
	else
		outf(p, "%d\n", sig);
	return 0;
}

static int kill_one(struct prog *p, const char *s, int sig)
{
	char *end;
	long pid = strtol(s, &end, 10), rc;

	if (end == s || *end)
		return complain(p,
				is_gnu(p) ? "%s: arguments must be process or job IDs"
					  : "invalid number '%s'",
				s);
	rc = sys_kill(p->t, (pid_t)pid, sig);
	if (rc < 0 && is_gnu(p))
		return complain(p, "(%ld) - %s", pid, strerror((int)-rc));
	return rc < 0 ? complain_of(p, rc, "can't kill pid %ld", pid) : 0;
}

int tool_kill(struct prog *p)
{
	int sig = SIGTERM, i = 1;
	const char *s = p->argc > 1 ? p->argv[1] : "";

	if (!strcmp(s, "-l"))
		return list_signals(p, p->argc > 2 ? p->argv[2] : NULL);
	if (!strcmp(s, "-s") && p->argc > 2)
		s = p->argv[2], i = 3;
	else if (s[0] == '-' && s[1] && strcmp(s, "--"))
		s++, i = 2;
	else
		s = NULL, i += p->argc > 1 && !strcmp(p->argv[1], "--");
	if (s && (sig = signal_by_name(s)) < 0)
		return complain(
			p, is_gnu(p) ? "%s: invalid signal specification" : "bad signal name '%s'",
			s);
	if (i >= p->argc)
		return complain(p, is_gnu(p) ? "not enough arguments" : "you need to specify whom to kill");
	for (; i < p->argc; i++)
		kill_one(p, p->argv[i], sig);
	return p->status;
}
