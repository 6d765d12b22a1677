/* who.c - who and where: id whoami hostname uname env date nproc. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/userland/tools/tools.h"

struct person { uid_t uid; gid_t gid, groups[64]; long n; };

static int who_asked(struct prog *p, const struct opts *o, struct person *who)
{
	long uid;

	if (!o->n) {
		*who = (struct person){ .uid = sys_geteuid(p->t), .gid = sys_getegid(p->t) };
		who->n = sys_getgroups(p->t, who->groups, ARRAY_SIZE(who->groups));
		return 0;
	}
	uid = user_id(p, o->rest[0], &who->gid, NULL);
	if (uid < 0)
		return complain(p, is_gnu(p) ? "'%s': no such user" : "unknown user %s", o->rest[0]);
	who->uid = (uid_t)uid;
	who->n = (long)groups_of(p, o->rest[0], who->groups, ARRAY_SIZE(who->groups));
	return 0;
}

static void named(struct prog *p, const char *before, unsigned id, const char *name)
{
	outf(p, name ? "%s%u(%s)" : "%s%u", before, id, name);
}

static void id_whole(struct prog *p, const struct person *who, bool asked)
{
	named(p, "uid=", who->uid, user_name(p, who->uid));
	named(p, " gid=", who->gid, group_name(p, who->gid));
	if (who->n > 0 || asked || is_gnu(p)) {
		named(p, " groups=", who->gid, group_name(p, who->gid));
		for (long i = 0; i < who->n; i++)
			if (who->groups[i] != who->gid)
				named(p, ",", who->groups[i], group_name(p, who->groups[i]));
	}
	out(p, "\n");
}

int tool_id(struct prog *p)
{
	struct opts o;
	struct person who;
	const char *name;
	unsigned id;

	parse_options(p, "ugGnr", NULL, &o);
	if (who_asked(p, &o, &who))
		return 1;
	if (!o.has['u'] && !o.has['g'] && !o.has['G']) {
		id_whole(p, &who, o.n > 0);
		return 0;
	}
	id = o.has['u'] ? who.uid : who.gid;
	name = !o.has['n'] ? NULL : o.has['u'] ? user_name(p, id) : group_name(p, id);
	out(p, name ? name : arena_printf(p->a, "%u", id));
	for (long i = 0; o.has['G'] && i < who.n; i++)
		if (who.groups[i] != who.gid) {
			name = o.has['n'] ? group_name(p, who.groups[i]) : NULL;
			outf(p, " %s", name ? name : arena_printf(p->a, "%u", who.groups[i]));
		}
	out(p, "\n");
	return 0;
}

int tool_whoami(struct prog *p)
{
	uid_t uid = sys_geteuid(p->t);
	const char *name = user_name(p, uid);

	if (!name)
		return complain(p, is_gnu(p) ? "cannot find name for user ID %u" : "unknown uid %u",
				(unsigned)uid);
	outf(p, "%s\n", name);
	return 0;
}

int tool_hostname(struct prog *p)
{
	struct sim_uname u;
	struct opts o;
	long rc;

	parse_options(p, "sfdi", NULL, &o);
	if (o.n) {
		rc = sys_sethostname(p->t, o.rest[0]);
		return rc < 0 ? complain_of(p, rc, "sethostname") : 0;
	}
	sys_uname(p->t, &u);
	outf(p, "%.*s\n", o.has['s'] ? (int)strcspn(u.nodename, ".") : 64, u.nodename);
	return 0;
}

int tool_uname(struct prog *p)
{
	static const char letters[] = "snrvmo";
	struct sim_uname u;
	struct opts o;
	const char *fields[6] = { u.sysname, u.nodename, u.release, u.version, u.machine, "GNU/Linux" };
	bool any = false;

	parse_options(p, "asnrvmpio", NULL, &o);
	sys_uname(p->t, &u);
	for (int i = 0; i < 6; i++)
		if (o.has['a'] || o.has[(unsigned char)letters[i]]) {
			outf(p, any ? " %s" : "%s", fields[i]);
			any = true;
		}
	outf(p, any ? "\n" : "%s\n", u.sysname);
	return 0;
}

/* env [-i] [-u NAME] [NAME=VALUE]... [PROGRAM [ARG]...] */
int tool_env(struct prog *p)
{
	struct list vars = { .a = p->a };
	struct opts o;
	int i = 0;
	long rc;

	parse_options(p, "+iu:0", NULL, &o);
	for (char **e = sim_environ(p->t); !o.has['i'] && e && *e; e++) {
		size_t n = o.arg['u'] ? strlen(o.arg['u']) : 0;

		if (!n || strncmp(*e, o.arg['u'], n) || (*e)[n] != '=')
			list_add(&vars, *e);
	}
	for (; i < o.n && strchr(o.rest[i], '='); i++) {
		size_t n = strcspn(o.rest[i], "=") + 1, j = 0;

		while (j < vars.n && strncmp(vars.v[j], o.rest[i], n))
			j++;
		if (j < vars.n)
			vars.v[j] = o.rest[i];
		else
			list_add(&vars, o.rest[i]);
	}
	if (i < o.n) {
		rc = exec_by_path(p, o.rest + i, vars.v ? vars.v : arena_alloc(p->a, sizeof(char *)));
		die(p, rc == -ENOENT ? 127 : 126, is_gnu(p) ? "'%s': %s" : "can't execute '%s': %s",
		    o.rest[i], strerror((int)-rc));
	}
	if (!strcmp(p->name, "printenv") && o.n) {
		const char *value = env_get(p, o.rest[0]);

		if (value)
			outf(p, "%s\n", value);
		return !value;
	}
	for (size_t j = 0; j < vars.n; j++)
		outf(p, "%s\n", vars.v[j]);
	return 0;
}

/* @SECONDS or YYYY-MM-DD [HH:MM:SS]; -1: neither. */
static int64_t date_of(const char *s)
{
	struct tm tm = { 0 };
	int n = 0;

	if (*s == '@')
		return strtoll(s + 1, NULL, 10);
	if (sscanf(s, "%d-%d-%d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &n) < 3)
		return -1;
	sscanf(s + n, " %d:%d:%d", &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm);
}

int tool_date(struct prog *p)
{
	static const struct long_option longs[] = {
		{"utc", 'u'}, {"date", 'd'}, {"iso-8601", 'I'}, {NULL}};
	int64_t now = (int64_t)(sys_clock(p->t, CLOCK_REALTIME) / 1000000000);
	struct opts o;

	parse_options(p, "ud:IRs:", longs, &o);
	if (o.arg['d'] && (now = date_of(o.arg['d'])) < 0)
		return complain(p, is_gnu(p) ? "invalid date '%s'" : "invalid date '%s'", o.arg['d']);
	if (o.n && o.rest[0][0] != '+')
		return complain(p, "invalid date '%s'", o.rest[0]);
	outf(p, "%s\n",
	     time_text(p->a,
		       o.n          ? o.rest[0] + 1
		       : o.has['I'] ? "%Y-%m-%d"
		       : o.has['R'] ? "%a, %d %b %Y %H:%M:%S +0000"
				    : "%a %b %e %H:%M:%S UTC %Y",
		       now));
	return 0;
}

int tool_nproc(struct prog *p)
{
	size_t n;
	long rc;
	char *s = read_whole(p, "/proc/cpuinfo", &n, &rc);
	int count = 0;

	while (s && (s = strstr(s, "processor"))) {
		count++;
		s++;
	}
	outf(p, "%d\n", count ? count : 1);
	return 0;
}
