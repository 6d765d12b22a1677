#include "sim/backend.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sys/resource.h>

#include "sim/watch.h"

#define CAP_SETPCAP_BIT 8
#define CAP_SYS_RESOURCE_BIT 24
#define CAP_LAST 40
#define NEW_LISTENER 8		/* SECCOMP_FILTER_FLAG_NEW_LISTENER */

static long drop_bounding(struct task *t, long cap)
{
	if (cap < 0 || cap > CAP_LAST)
		return -EINVAL;
	if (!sys_capable(t, CAP_SETPCAP_BIT))
		return -EPERM;
	t->cred.bounding &= ~(1ull << cap);
	return 0;
}

static long ambient(struct task *t, long what, long cap)
{
	struct cred *c = &t->cred;

	if (what == PR_CAP_AMBIENT_CLEAR_ALL) {
		c->ambient = 0;
		return 0;
	}
	if (cap < 0 || cap > CAP_LAST)
		return -EINVAL;
	if (what == PR_CAP_AMBIENT_IS_SET)
		return c->ambient >> cap & 1;
	if (what == PR_CAP_AMBIENT_LOWER) {
		c->ambient &= ~(1ull << cap);
		return 0;
	}
	if (what != PR_CAP_AMBIENT_RAISE)
		return -EINVAL;
	if (!(c->permitted & c->inheritable & 1ull << cap))
		return -EPERM;
	c->ambient |= 1ull << cap;
	return 0;
}

long row_prctl(struct task *t, const struct k_call *c)
{
	long a = (long)c->a[1].i, b = (long)c->a[2].i;

	switch (c->a[0].i) {
	case PR_CAPBSET_DROP:
		return drop_bounding(t, a);
	case PR_CAPBSET_READ:
		return a < 0 || a > CAP_LAST ? -EINVAL : (long)(t->cred.bounding >> a & 1);
	case PR_CAP_AMBIENT:
		return ambient(t, a, b);
	case PR_SET_NO_NEW_PRIVS:
		if (a != 1)
			return -EINVAL;
		t->cred.no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return t->cred.no_new_privs;
	case PR_SET_KEEPCAPS:
		t->cred.keep_caps = a != 0;
		return 0;
	case PR_SET_PDEATHSIG:
		t->death_sig = (int)a;
		return 0;
	case PR_SET_DUMPABLE:
		t->undumpable = a == 0;
		return 0;
	case PR_GET_DUMPABLE:
		return !t->undumpable;
	}
	return -EINVAL;
}

long row_capset(struct task *t, const struct k_call *c)
{
	const struct k_caps *want = c->a[0].p;
	struct cred *cred = &t->cred;

	if (want->permitted & ~cred->permitted || want->effective & ~want->permitted)
		return -EPERM;
	if (want->inheritable & ~(cred->inheritable | cred->permitted | cred->bounding))
		return -EPERM;
	cred->effective = want->effective;
	cred->permitted = want->permitted;
	cred->inheritable = want->inheritable;
	cred->ambient &= want->permitted & want->inheritable;
	task_cred_changed(t);
	return 0;
}

long row_seccomp(struct task *t, const struct k_call *c)
{
	if (!t->cred.no_new_privs && !sys_capable(t, SIM_CAP_SYS_ADMIN))
		return -EACCES;
	t->cred.seccomp = 2;
	t->cred.filters++;
	return (unsigned long)c->a[1].i & NEW_LISTENER ? watch_new(t) : 0;
}

long row_setgroups(struct task *t, const struct k_call *c)
{
	const struct k_gids *g = c->a[1].p;
	return task_setgroups(t, g ? g->gid : NULL, (size_t)c->a[0].i);
}

/* All three ids, as setresuid(2). */
long row_setgid(struct task *t, const struct k_call *c)
{
	return task_setgid(t, (gid_t)c->a[0].i);
}

long row_setuid(struct task *t, const struct k_call *c)
{
	return task_setuid(t, (uid_t)c->a[0].i);
}

long row_prlimit(struct task *t, const struct k_call *c)
{
	const struct k_rlimit *want = c->a[1].p;
	int64_t which = c->a[0].i;

	if (which < 0 || which >= (int64_t)(sizeof(t->limit) / sizeof(t->limit[0])) ||
	    want->soft > want->hard)
		return -EINVAL;
	if (want->hard > t->limit[which].hard && !sys_capable(t, CAP_SYS_RESOURCE_BIT))
		return -EPERM;
	t->limit[which].soft = want->soft;
	t->limit[which].hard = want->hard;
	return 0;
}

long row_umask(struct task *t, const struct k_call *c)
{
	return (long)sys_umask(t, (mode_t)c->a[0].i);
}

long row_notify_recv(struct task *t, const struct k_call *c)
{
	return watch_next(t->sim, (int)c->a[0].i, c->a[1].out);
}

long row_notify_send(struct task *t, const struct k_call *c) { return 0; }
