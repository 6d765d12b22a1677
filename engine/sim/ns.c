/* ns.c - namespaces: made by clone and unshare, entered by setns, seen in /proc/N/ns. */
#include "sim/task.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "sim/mount.h"
#include "sim/net.h"

#define USER_LEVELS 32		/* user namespaces in one another, as in the kernel */

const struct ns_kind ns_kinds[NS_TYPES] = {
	[NS_MNT] = { "mnt", CLONE_NEWNS },	  [NS_PID] = { "pid", CLONE_NEWPID },
	[NS_NET] = { "net", CLONE_NEWNET },	  [NS_IPC] = { "ipc", CLONE_NEWIPC },
	[NS_UTS] = { "uts", CLONE_NEWUTS },	  [NS_CGROUP] = { "cgroup", CLONE_NEWCGROUP },
	[NS_USER] = { "user", CLONE_NEWUSER },	  [NS_TIME] = { "time", SIM_CLONE_NEWTIME },
};

/* The numbers of the first ones, as every Linux has them. */
static const uint64_t first_inode[NS_TYPES] = {
	[NS_MNT] = 4026531841, [NS_PID] = 4026531836, [NS_NET] = 4026531840,
	[NS_IPC] = 4026531839, [NS_UTS] = 4026531838, [NS_CGROUP] = 4026531835,
	[NS_USER] = 4026531837, [NS_TIME] = 4026531834,
};
#define NEXT_INODE 4026532176

static struct ns *ns_new(struct sim *s, enum ns_type type, struct ns *owner)
{
	struct ns *n = mem_alloc(sizeof(*n));

	n->type = type;
	n->refs = 1;
	n->sim = s;
	n->owner = owner ? ns_get(owner) : NULL;
	n->inode = owner ? s->next_inode++ : first_inode[type];
	return n;
}

struct ns *ns_get(struct ns *n)
{
	n->refs++;
	return n;
}

static void release(struct ns *n)
{
	if (n->type == NS_NET)
		net_free(n->net);
	else if (n->type == NS_MNT)
		vfs_mntns_put(n->mnt);
	else if (n->type == NS_CGROUP)
		cgroup_put(n->cgroup);
}

void ns_put(struct ns *n)
{
	while (n && --n->refs == 0) {
		struct ns *parent = n->parent;
		release(n);
		if (n->owner)
			ns_put(n->owner);
		free(n);
		n = parent;
	}
}

void ns_init(struct sim *s)
{
	s->next_inode = NEXT_INODE;
	for (int i = 0; i < NS_TYPES; i++)
		s->initial[i] = ns_new(s, (enum ns_type)i, NULL);
	struct ns *user = s->initial[NS_USER];
	user->user.mapped[0] = user->user.mapped[1] = true;
	for (int i = 0; i < 2; i++)
		strcpy(user->user.maps[i], "         0          0 4294967295\n");
	struct ns *uts = s->initial[NS_UTS];
	const char *name = s->options.hostname ? s->options.hostname : "drydock";
	snprintf(uts->uts.host, sizeof(uts->uts.host), "%s", name);
	strcpy(uts->uts.domain, "(none)");
	s->initial[NS_CGROUP]->cgroup = cgroup_get(cgroup_root(s->cgroups));
	s->initial[NS_NET]->net = net_new(s, s->initial[NS_NET]);
	s->initial[NS_MNT]->mnt = vfs_mntns_get(vfs_mntns_init(s->fs));
}

void ns_fini(struct sim *s)
{
	for (int i = 0; i < NS_TYPES; i++)
		if (s->initial[i])
			ns_put(s->initial[i]);
}

struct ns *ns_of(struct task *t, enum ns_type type)
{
	return type == NS_PID ? t->pid->n[t->pid->level].ns : t->ns[type];
}

/* Is `t` mighty in that user namespace?  By a capability in it or in one around it, or
 * as its maker. */
bool ns_capable(const struct task *t, const struct ns *user, int cap)
{
	for (; user; user = user->parent) {
		if (user == t->ns[NS_USER])
			return t->cred.effective >> cap & 1;
		if (user->parent == t->ns[NS_USER] && user->user.owner_uid == t->cred.euid)
			return true;
	}
	return false;
}

/* ---- new ones ---- */

static int new_user(struct task *t)
{
	struct ns *was = t->ns[NS_USER];

	if (was->user.level == USER_LEVELS)
		return -ENOSPC;
	struct ns *n = ns_new(t->sim, NS_USER, was);
	n->parent = ns_get(was);
	n->user.level = was->user.level + 1;
	n->user.owner_uid = t->cred.euid;
	ns_put(was);
	t->ns[NS_USER] = n;
	t->cred.effective = t->cred.permitted = SIM_CAPS_ALL;
	t->cred.bounding = SIM_CAPS_ALL;
	t->cred.inheritable = t->cred.ambient = 0;
	task_cred_changed(t);
	return 0;
}

struct ns *ns_new_pid(struct task *t, uint64_t flags, int *error)
{
	struct ns *outer = t->pid_ns;

	*error = outer->pid.level + 1 == SIM_LEVELS ? -ENOSPC : 0;
	if (*error == 0 && !(flags & CLONE_NEWUSER) &&
	    !ns_capable(t, t->ns[NS_USER], SIM_CAP_SYS_ADMIN))
		*error = -EPERM;
	if (*error)
		return NULL;
	struct ns *n = ns_new(t->sim, NS_PID, t->ns[NS_USER]);
	n->parent = ns_get(outer);
	n->pid.level = outer->pid.level + 1;
	return n;
}

static void fill(struct task *t, struct ns *n, const struct ns *old)
{
	if (n->type == NS_UTS)
		n->uts = old->uts;
	else if (n->type == NS_NET)
		n->net = net_new(t->sim, n);
	else if (n->type == NS_CGROUP)
		n->cgroup = cgroup_get(t->cgroup);
}

static int new_mounts(struct task *t, struct ns *n)
{
	return -EINVAL;		/* as a kernel says that was built without them */
}

static int make_one(struct task *t, enum ns_type type)
{
	struct ns *old = t->ns[type], *n = ns_new(t->sim, type, t->ns[NS_USER]);

	fill(t, n, old);
	int r = type == NS_MNT ? new_mounts(t, n) : 0;
	if (r < 0) {
		n->type = NS_TIME;	/* nothing to release in it */
		ns_put(n);
		return r;
	}
	ns_put(old);
	t->ns[type] = n;
	return 0;
}

/* as_child: by clone; the pid namespace was made for it already. */
int ns_enter_new(struct task *t, uint64_t flags, bool as_child)
{
	int r = flags & CLONE_NEWUSER ? new_user(t) : 0;

	for (int i = 0; i < NS_TYPES && r == 0; i++) {
		if (!(flags & ns_kinds[i].flag) || i == NS_USER)
			continue;
		if (!ns_capable(t, t->ns[NS_USER], SIM_CAP_SYS_ADMIN))
			r = -EPERM;
		else if (i != NS_PID)
			r = make_one(t, (enum ns_type)i);
		else if (!as_child) {
			struct ns *n = ns_new_pid(t, flags, &r);
			if (!n)
				break;
			ns_put(t->pid_ns);
			t->pid_ns = n;
		}
	}
	if (as_child) {
		ns_put(t->pid_ns);
		t->pid_ns = ns_get(ns_of(t, NS_PID));
	}
	return r;
}

#define UNSHARABLE (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
		    CLONE_NEWCGROUP | CLONE_NEWUSER | SIM_CLONE_NEWTIME | CLONE_FS | CLONE_FILES | \
		    CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)

long task_unshare(struct task *t, uint64_t flags)
{
	if (flags & ~(uint64_t)UNSHARABLE)
		return -EINVAL;
	/* A process with several threads can't: the daemon has them. */
	if (t->external && flags & (CLONE_NEWUSER | CLONE_THREAD | CLONE_VM))
		return -EINVAL;
	return ns_enter_new(t, flags, false);
}

long sys_unshare(struct task *t, uint64_t flags)
{
	return sys_leave(t, task_unshare(t, flags));
}

/* ---- entering ---- */

static bool is_inside(const struct ns *n, const struct ns *outer)
{
	for (; n; n = n->parent)
		if (n == outer)
			return true;
	return false;
}

static int may_enter(struct task *t, struct ns *n)
{
	const struct ns *user = n->type == NS_USER ? n : n->owner ? n->owner : n->sim->initial[NS_USER];

	if (n->type == NS_USER && (n == t->ns[NS_USER] || t->external))
		return -EINVAL;
	if (!ns_capable(t, user, SIM_CAP_SYS_ADMIN) ||
	    (n->type != NS_USER && !ns_capable(t, t->ns[NS_USER], SIM_CAP_SYS_ADMIN)))
		return -EPERM;
	if (n->type == NS_MNT && !ns_capable(t, t->ns[NS_USER], SIM_CAP_SYS_CHROOT))
		return -EPERM;
	if (n->type == NS_PID && !is_inside(n, ns_of(t, NS_PID)))
		return -EINVAL;
	return 0;
}

int ns_enter(struct task *t, struct ns *n)
{
	int r = may_enter(t, n);

	if (r < 0)
		return r;
	if (n->type == NS_PID) {
		struct ns *old = t->pid_ns;
		t->pid_ns = ns_get(n);
		ns_put(old);
		return 0;
	}
	if (n->type == NS_MNT)
		r = -EINVAL;
	if (r < 0)
		return r;
	struct ns *old = t->ns[n->type];
	t->ns[n->type] = ns_get(n);
	ns_put(old);
	if (n->type == NS_USER) {
		t->cred.effective = t->cred.permitted = t->cred.bounding = SIM_CAPS_ALL;
		task_cred_changed(t);
	}
	return 0;
}

/* All of a process's namespaces that `flags` names, by its pidfd: those it shares
 * already are left out. */
long ns_enter_all(struct task *t, struct task *of, uint64_t flags)
{
	int r = 0;

	for (int i = 0; i < NS_TYPES && r == 0; i++)
		if (flags & ns_kinds[i].flag)
			r = ns_enter(t, ns_of(of, (enum ns_type)i));
	return r;
}

/* ---- as files ---- */

static void file_release(struct vfs_file *f) { ns_put(f->priv); }

static const struct vfs_file_ops ns_ops = { .release = file_release };

struct vfs_file *ns_file(struct sim *s, struct ns *n)
{
	return vfs_file_new(s->fs, &ns_ops, ns_get(n), O_RDONLY);
}

struct ns *ns_from_file(const struct vfs_file *f)
{
	return f && f->ops == &ns_ops ? f->priv : NULL;
}

uint64_t sim_ns_inode(struct sim *s, int pid, const char *name)
{
	struct task *t = task_find(s, s->initial[NS_PID], pid);

	for (int i = 0; t && t->state != T_ZOMBIE && i < NS_TYPES; i++)
		if (strcmp(ns_kinds[i].name, name) == 0)
			return ns_of(t, (enum ns_type)i)->inode;
	return 0;
}
