/* try_cgroup.c - limits: a group of our own, in which the file that sets one is written. */
#include "doctor/try.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/rights.h"
#include "runtime/host.h"

struct limit {
	enum cg cg;
	const char *v1, *v2;	/* files */
	const char *value1, *value2;
};
static const struct limit limit_memory = { CG_MEMORY, "memory.limit_in_bytes", "memory.max",
					   "67108864", "67108864" };
static const struct limit limit_pids = { CG_PIDS, "pids.max", "pids.max", "100", "100" };
static const struct limit limit_cpu = { CG_CPU, "cpu.cfs_quota_us", "cpu.max", "100000",
					"100000 100000" };

/* systemd's way: a scope of one's own below the user's. */
static void mend_rootless(struct trial *t, bool v2)
{
	if (v2)
		mends(t, "$ systemd-run --user --scope -p Delegate=yes drydock");
	else
		mends(t, "# sed -i 's/^GRUB_CMDLINE_LINUX=\"/&systemd.unified_cgroup_hierarchy=1 /'"
		      " /etc/default/grub && update-grub && reboot");
}

static int write_limit(struct trial *t, const char *tree, const char *file, const char *value)
{
	autofree char *dir = str_printf("%s/drydock-doctor.%d", tree, getpid());
	autofree char *path = str_printf("%s/%s", dir, file);
	long r = k_cg_mkdir(t->k, dir, 0755);

	if (r < 0)
		return (int)r;
	if ((r = k_write_file(t->k, path, value)) > 0)
		r = 0;
	k_cg_rmdir(t->k, dir);
	return (int)r;
}

/* A group has the files of those controllers only that the one above hands on; ours may
 * be the one that has to, which takes the right to write there. */
static int v2_has(struct trial *t, const char *tree, const char *controller)
{
	autofree char *list = str_printf("%s/cgroup.controllers", tree);
	autofree char *on = str_printf("%s/cgroup.subtree_control", tree);
	autofree char *procs = str_printf("%s/cgroup.procs", tree);
	char text[256] = "";
	struct k_buf b = { text, sizeof(text), 0 };

	k_read_file(t->k, list, &b);
	if (!host_has_word(text, controller)) {
		says(t, "version 2, without the controller %s", controller);
		return -ENOENT;
	}
	return access(on, W_OK) < 0 || access(procs, W_OK) < 0 ? -errno : 0;
}

static int try_v2(struct trial *t, const struct host *h, const struct limit *l, const char *v2)
{
	autofree char *tree = t->place == PLACE_ROOTLESS ? host_delegated_group(t->k, v2) : str_dup(v2);
	int r = v2_has(t, tree, cg_names[l->cg]);

	if (r == 0 && (r = write_limit(t, tree, l->v2, l->value2)) == -ENOENT)
		r = 0;		/* not handed on yet: the daemon does that */
	if (r == 0)
		says(t, t->place == PLACE_ROOTLESS ? "version 2, delegated" : "version 2");
	else if (!*t->f->said)
		says(t, "version 2, %s is not yours: %s", tree, strerror(-r));
	return r;
}

static int try_limit(struct trial *t, const struct limit *l)
{
	struct host h = { 0 };
	char *v2 = NULL;
	int r = -ENOENT;

	host_find_trees(&h, &v2);
	bool only_v2 = v2 && !h.cgroup[CG_MEMORY] && !h.cgroup[CG_PIDS] && !h.cgroup[CG_CPU];
	if (only_v2) {
		r = try_v2(t, &h, l, v2);
	} else if (h.cgroup[l->cg]) {
		r = write_limit(t, h.cgroup[l->cg], l->v1, l->value1);
		says(t, "version 1%s%s", r ? ", not yours: " : "", r ? strerror(-r) : "");
	} else {
		says(t, "no such controller is mounted");
	}
	if (r < 0 && t->place == PLACE_ROOTLESS)
		mend_rootless(t, only_v2);
	host_forget_trees(&h);
	free(v2);
	return r;
}

int try_memory(struct trial *t) { return try_limit(t, &limit_memory); }
int try_pids(struct trial *t) { return try_limit(t, &limit_pids); }
int try_cpu(struct trial *t) { return try_limit(t, &limit_cpu); }
