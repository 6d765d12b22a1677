/* containers_top.c - docker top: ps for one container, seen from the host.
 *
 * Docker runs the host's ps and picks the container's lines.  Here the columns
 * come straight from /proc (proc(5)), so no other program is needed; the formats
 * people use are a table: -ef, aux, and -o with any of the columns.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "api/routes.h"
#include "core/clock.h"
#include "core/file.h"

struct row {
	int pid, ppid, tty;
	char state, comm[64];
	unsigned long long utime, stime, start, vsize;
	long rss, nice;
	uid_t uid;
	char *cmd;		/* owned */
};

static int read_row(int pid, struct row *row)
{
	autofree char *dir = str_printf("/proc/%d", pid), *path = str_printf("%s/stat", dir);
	autofree char *cmd_path = str_printf("%s/cmdline", dir);
	autostr struct str text = { 0 }, cmd = { 0 };
	struct stat st;
	*row = (struct row){ .pid = pid };
	if (stat(dir, &st) < 0 || file_read(path, &text, NULL) < 0)
		return -ENOENT;
	row->uid = st.st_uid;
	char *open = strchr(text.s, '('), *close = strrchr(text.s, ')');
	if (!open || !close)
		return -EINVAL;
	snprintf(row->comm, sizeof(row->comm), "%.*s", (int)(close - open - 1), open + 1);
	if (sscanf(close + 1, " %c %d %*d %*d %d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %ld %*d"
		   " %*d %llu %llu %ld", &row->state, &row->ppid, &row->tty, &row->utime, &row->stime,
		   &row->nice, &row->start, &row->vsize, &row->rss) != 9)
		return -EINVAL;
	file_read(cmd_path, &cmd, NULL);
	for (size_t i = 0; i + 1 < cmd.len; i++)
		if (!cmd.s[i])
			cmd.s[i] = ' ';
	row->cmd = cmd.len ? str_dup(cmd.s) : str_printf("[%s]", row->comm);
	return 0;
}

/* -- columns ----------------------------------------------------------------------- */

static char *show_user(const struct row *r)
{
	struct passwd pw, *found = NULL;
	char buf[1024];
	if (getpwuid_r(r->uid, &pw, buf, sizeof(buf), &found) == 0 && found)
		return str_dup(found->pw_name);
	return str_printf("%u", r->uid);
}

static char *show_pid(const struct row *r) { return str_printf("%d", r->pid); }
static char *show_ppid(const struct row *r) { return str_printf("%d", r->ppid); }
static char *show_uid(const struct row *r) { return str_printf("%u", r->uid); }
static char *show_comm(const struct row *r) { return str_dup(r->comm); }
static char *show_cmd(const struct row *r) { return str_dup(r->cmd); }
static char *show_stat(const struct row *r) { return str_printf("%c", r->state); }
static char *show_vsz(const struct row *r) { return str_printf("%llu", r->vsize / 1024); }

static char *show_rss(const struct row *r)
{
	return str_printf("%ld", r->rss * (sysconf(_SC_PAGESIZE) / 1024));
}

static char *show_nice(const struct row *r) { return str_printf("%ld", r->nice); }

/* When it started, in seconds since 1970: start is in clock ticks since boot. */
static time_t start_time(const struct row *r)
{
	time_t up = (time_t)(clock_mono_ns() / 1000000000), ticks = sysconf(_SC_CLK_TCK);
	return time(NULL) - up + (time_t)r->start / ticks;
}

static char *show_start(const struct row *r)
{
	char buf[16];
	struct tm tm;
	time_t t = start_time(r);
	localtime_r(&t, &tm);
	strftime(buf, sizeof(buf), time(NULL) - t < 86400 ? "%H:%M" : "%b%d", &tm);
	return str_dup(buf);
}

static char *show_time(const struct row *r)
{
	unsigned long long s = (r->utime + r->stime) / (unsigned long long)sysconf(_SC_CLK_TCK);
	return str_printf("%02llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
}

static unsigned cpu_percent(const struct row *r)
{
	time_t age = time(NULL) - start_time(r);
	unsigned long long used = (r->utime + r->stime) * 100 / (unsigned long long)sysconf(_SC_CLK_TCK);
	return age > 0 ? (unsigned)(used / (unsigned long long)age) : 0;
}

static char *show_c(const struct row *r) { return str_printf("%u", cpu_percent(r)); }
static char *show_pcpu(const struct row *r) { return str_printf("%u.0", cpu_percent(r)); }

static char *show_pmem(const struct row *r)
{
	double all = (double)sysconf(_SC_PHYS_PAGES);
	return str_printf("%.1f", all > 0 ? 100.0 * (double)r->rss / all : 0);
}

static char *show_tty(const struct row *r)
{
	if (!r->tty)
		return str_dup("?");
	return str_printf(major((dev_t)r->tty) == 136 ? "pts/%u" : "tty%u", minor((dev_t)r->tty));
}

static const struct column { const char *name, *title; char *(*show)(const struct row *r); } columns[] = {
	{ "user", "USER", show_user }, { "pid", "PID", show_pid }, { "ppid", "PPID", show_ppid },
	{ "c", "C", show_c }, { "stime", "STIME", show_start }, { "start", "START", show_start },
	{ "tty", "TTY", show_tty }, { "tt", "TT", show_tty }, { "time", "TIME", show_time },
	{ "cmd", "CMD", show_cmd }, { "args", "COMMAND", show_cmd }, { "command", "COMMAND", show_cmd },
	{ "comm", "COMMAND", show_comm }, { "stat", "STAT", show_stat }, { "s", "S", show_stat },
	{ "vsz", "VSZ", show_vsz }, { "rss", "RSS", show_rss }, { "uid", "UID", show_uid },
	{ "ni", "NI", show_nice }, { "%cpu", "%CPU", show_pcpu }, { "pcpu", "%CPU", show_pcpu },
	{ "%mem", "%MEM", show_pmem }, { "pmem", "%MEM", show_pmem },
};

static const struct { const char *args, *columns; } formats[] = {
	{ "-ef", "user,pid,ppid,c,stime,tty,time,cmd" },
	{ "ef", "user,pid,ppid,c,stime,tty,time,cmd" },
	{ "aux", "user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,args" },
	{ "-aux", "user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,args" },
	{ "-A", "pid,tty,time,cmd" }, { "-e", "pid,tty,time,cmd" }, { "ax", "pid,tty,stat,time,args" },
};

#define MAX_COLUMNS 24

static int parse_columns(const char *list, const struct column *out[MAX_COLUMNS], size_t *n,
			 struct err *e)
{
	autofree char *copy = str_dup(list);
	char *save;
	*n = 0;
	for (char *w = strtok_r(copy, ", ", &save); w && *n < MAX_COLUMNS; w = strtok_r(NULL, ", ", &save)) {
		size_t i = 0;
		while (i < ARRAY_SIZE(columns) && !str_eq(columns[i].name, w))
			i++;
		if (i == ARRAY_SIZE(columns))
			return err_set(e, EINVAL, "ps: error: unknown user-defined format specifier \"%s\"",
				       w);
		out[(*n)++] = &columns[i];
	}
	return 0;
}

static int choose(const char *args, const struct column *out[MAX_COLUMNS], size_t *n, struct err *e)
{
	static const char *const own[] = { "-o", "-eo", "-ao", "axo", "-Ao" };
	autofree char *plain = str_dup(args);	/* w is for wide, which we always are */
	for (size_t len = strlen(plain); len > 2 && plain[len - 1] == 'w'; len--)
		plain[len - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (str_eq(formats[i].args, plain))
			return parse_columns(formats[i].columns, out, n, e);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (str_starts(args, own[i]))
			return parse_columns(args + strlen(own[i]), out, n, e);
	err_set(e, EINVAL, "ps: format \"%s\" is not supported by this engine", args);
	return err_hint(e, "use -ef, aux, or -o with column names such as pid,ppid,user,cmd");
}

static bool has_pid(const struct column *const *col, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(col[i]->title, "PID"))
			return true;
	return false;
}

/* -ef shows the user under the title UID, as ps does. */
static cJSON *titles(const struct column *const *col, size_t n, bool ef)
{
	cJSON *a = cJSON_CreateArray();
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(a, cJSON_CreateString(ef && !i ? "UID" : col[i]->title));
	return a;
}

static cJSON *row_json(const struct row *row, const struct column *const *col, size_t n)
{
	cJSON *a = cJSON_CreateArray();
	for (size_t i = 0; i < n; i++) {
		autofree char *text = col[i]->show(row);
		cJSON_AddItemToArray(a, cJSON_CreateString(text));
	}
	return a;
}

static int container_pids(struct container *c, pid_t **pids, size_t *n, struct err *e)
{
	container_lock(c);
	int r = c->run ? launch_pids(c->run, pids, n, e) :
			 err_http(e, 409, EINVAL, "container %s is not running", c->id);
	container_unlock(c);
	return r;
}

int containers_top(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	const struct column *col[MAX_COLUMNS];
	const char *args = query_or(r, "ps_args", "-ef");
	autofree pid_t *pids = NULL;
	size_t n_col, n_pids;
	int n = request_container(r, &c, e);
	if (n < 0 || (n = choose(args, col, &n_col, e)) < 0)
		return n;
	if (!has_pid(col, n_col))
		return err_http(e, 500, EINVAL, "Couldn't find PID field in ps output");
	if ((n = container_pids(c, &pids, &n_pids, e)) < 0)
		return n;
	cJSON *o = cJSON_CreateObject(), *rows = cJSON_CreateArray();
	for (size_t i = 0; i < n_pids; i++) {
		struct row row;
		if (read_row(pids[i], &row) == 0)
			cJSON_AddItemToArray(rows, row_json(&row, col, n_col));
		free(row.cmd);
	}
	json_put(o, "Titles", titles(col, n_col, str_ends(args, "ef")));
	json_put(o, "Processes", rows);
	view_fact(r, "top", c->id, c->image_id, cJSON_GetArraySize(rows));
	return reply_json(r, 200, o);
}
