/* calls.c - the calls about a task itself: who it is, what time it is, how it is called. */
#include "sim/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALL(...) return sys_leave(t, __VA_ARGS__)
#define CAP_SETGID_BIT 6
#define CAP_SETUID_BIT 7

/* ---- who ---- */

uid_t sys_getuid(struct task *t) { return t->cred.uid; }
gid_t sys_getgid(struct task *t) { return t->cred.gid; }
uid_t sys_geteuid(struct task *t) { return t->cred.euid; }
gid_t sys_getegid(struct task *t) { return t->cred.egid; }
bool sys_capable(struct task *t, int cap) { return t->cred.effective >> cap & 1; }

long sys_getgroups(struct task *t, gid_t *out, size_t cap)
{
	if (cap && cap < t->cred.n_groups)
		CALL(-EINVAL);
	for (size_t i = 0; cap && i < t->cred.n_groups; i++)
		out[i] = t->cred.groups[i];
	CALL((long)t->cred.n_groups);
}

/* Root's rights end with root, unless PR_SET_KEEPCAPS asks otherwise. */
static void caps_after_setuid(struct cred *c, uint32_t was)
{
	if (was == 0 && c->uid != 0 && c->euid != 0) {
		c->effective = 0;
		c->ambient = 0;
		if (!c->keep_caps)
			c->permitted = 0;
	} else if (c->euid == 0) {
		c->effective = c->permitted;
	}
}

long task_setuid(struct task *t, uid_t uid)
{
	struct cred *c = &t->cred;
	uint32_t was = c->euid;

	if (!sys_capable(t, CAP_SETUID_BIT) && uid != c->uid && uid != c->euid)
		return -EPERM;
	if (sys_capable(t, CAP_SETUID_BIT))
		c->uid = uid;
	c->euid = uid;
	caps_after_setuid(c, was);
	task_cred_changed(t);
	return 0;
}

long sys_setuid(struct task *t, uid_t uid) { CALL(task_setuid(t, uid)); }

long task_setgid(struct task *t, gid_t gid)
{
	struct cred *c = &t->cred;
	bool may = sys_capable(t, CAP_SETGID_BIT);

	if (!may && gid != c->gid && gid != c->egid)
		return -EPERM;
	if (may)
		c->gid = gid;
	c->egid = gid;
	task_cred_changed(t);
	return 0;
}

long sys_setgid(struct task *t, gid_t gid) { CALL(task_setgid(t, gid)); }

long task_setgroups(struct task *t, const gid_t *gid, size_t n)
{
	if (!sys_capable(t, CAP_SETGID_BIT))
		return -EPERM;
	if (n > SIM_NGROUPS)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		t->cred.groups[i] = gid[i];
	t->cred.n_groups = n;
	task_cred_changed(t);
	return 0;
}

long sys_setgroups(struct task *t, const gid_t *gid, size_t n) { CALL(task_setgroups(t, gid, n)); }

mode_t sys_umask(struct task *t, mode_t mask)
{
	mode_t old = t->view.umask;

	t->view.umask = mask & 0777;
	return old;
}

/* ---- names of the machine ---- */

long sys_uname(struct task *t, struct sim_uname *out)
{
	const struct ns *uts = t->ns[NS_UTS];

	memset(out, 0, sizeof(*out));
	strcpy(out->sysname, "Linux");
	snprintf(out->nodename, sizeof(out->nodename), "%s", uts->uts.host);
	strcpy(out->release, "6.12.0-drydock-sim");
	strcpy(out->version, "#1 SMP simulated");
	strcpy(out->machine, "x86_64");
	snprintf(out->domain, sizeof(out->domain), "%s", uts->uts.domain);
	CALL(0);
}

static long set_name(struct task *t, char *place, size_t cap, const char *name)
{
	if (!ns_capable(t, t->ns[NS_UTS]->owner ? t->ns[NS_UTS]->owner : t->ns[NS_USER],
			SIM_CAP_SYS_ADMIN))
		return -EPERM;
	if (strlen(name) >= cap)
		return -EINVAL;
	strcpy(place, name);
	return 0;
}

long task_sethostname(struct task *t, const char *name)
{
	return set_name(t, t->ns[NS_UTS]->uts.host, sizeof(t->ns[NS_UTS]->uts.host), name);
}

long sys_sethostname(struct task *t, const char *name) { CALL(task_sethostname(t, name)); }

long task_setdomainname(struct task *t, const char *name)
{
	return set_name(t, t->ns[NS_UTS]->uts.domain, sizeof(t->ns[NS_UTS]->uts.domain), name);
}

long sys_setdomainname(struct task *t, const char *name) { CALL(task_setdomainname(t, name)); }

/* ---- time ---- */

uint64_t sys_clock(struct task *t, clockid_t clock)
{
	uint64_t now = sched_now(t->sim);

	if (clock == CLOCK_REALTIME)
		return t->sim->epoch_ns + now;
	return clock == CLOCK_PROCESS_CPUTIME_ID ? t->cpu_ns : now;
}

uint64_t sys_cputime(struct task *t) { return t->cpu_ns; }

static long sleep_until(struct task *t, uint64_t deadline)
{
	long r = task_wait(t, NULL, deadline);
	return r == -ETIMEDOUT ? 0 : r;
}

long sys_sleep(struct task *t, uint64_t ns)
{
	uint64_t deadline = sched_now(t->sim) + ns;
	long r;

	do
		r = sleep_until(t, deadline);
	while (sys_again(t, r));
	return r;
}

void sim_burn(struct task *t, uint64_t ns)
{
	uint64_t lasts = t->cgroup ? cgroup_cpu(t->cgroup, ns) : ns;
	uint64_t deadline = sched_now(t->sim) + lasts;

	t->cpu_ns += ns;
	while (sched_now(t->sim) < deadline)
		sys_sleep(t, deadline - sched_now(t->sim));
}

uint64_t sys_random(struct task *t)
{
	uint64_t z = t->sim->random += 0x9e3779b97f4a7c15ull;	/* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* ---- alarms: whoever waits is woken by then, others see it when they next wait ---- */

void task_ring(struct task *t)
{
	if (!t->alarm || sched_now(t->sim) < t->alarm)
		return;
	t->alarm = 0;
	signal_send(t, SIGALRM, NULL);
}

long sys_alarm(struct task *t, unsigned seconds)
{
	uint64_t now = sched_now(t->sim), left = t->alarm > now ? t->alarm - now : 0;

	t->alarm = seconds ? now + seconds * 1000000000ull : 0;
	task_ring(t);
	CALL((long)((left + 999999999) / 1000000000));
}
