/* launch_update.c - other limits for a container that runs.
 *
 * The files are those of a start (plan_cgroup.c).  A v1 group that was not needed then,
 * since it limited nothing, is made now, and whoever runs in the container moves in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "runtime/launch_internal.h"
#include "runtime/plan_parts.h"

static int move_in(struct running *r, const char *group, struct err *e)
{
	autofree pid_t *pids = NULL;
	autofree char *procs = str_printf("%s/cgroup.procs", group);
	size_t n;
	int err = launch_pids(r, &pids, &n, e);
	for (size_t i = 0; err == 0 && i < n; i++) {
		autofree char *pid = str_printf("%d", (int)pids[i]);
		long w = k_write_file(r->l->k, procs, pid);
		if (w < 0 && w != -ESRCH)	/* it ended meanwhile: nothing to move */
			err = err_sys(e, (int)-w, "%s", procs);
	}
	return err;
}

/* Those of a --cgroup-parent may be missing in this tree. */
static void make_above(struct kernel *k, const char *tree, const char *group)
{
	for (const char *at = group; (at = strchr(at, '/')); at++) {
		autofree char *dir = str_printf("%s/%.*s", tree, (int)(at - group), group);
		k_cg_mkdir(k, dir, 0755);
	}
}

static int make_groups(struct running *r, const struct spec *s, struct err *e)
{
	int err = 0;
	for (int cg = 0; cg < CG_COUNT && err == 0; cg++) {
		if (!plan_cgroup_used(s, r->l->host, cg))
			continue;
		const char *tree = r->l->host->cgroup[cg];
		autofree char *dir = str_printf("%s/%s", tree, s->cgroup);
		make_above(r->l->k, tree, s->cgroup);
		long made = k_cg_mkdir(r->l->k, dir, 0755);
		if (made == 0)
			err = move_in(r, dir, e);
		else if (made != -EEXIST)
			err = err_sys(e, (int)-made, "%s", dir);
	}
	return err;
}

struct writing { struct kernel *k; int code; struct err *e; };

static void write_limit(void *arg, const char *path, const char *value)
{
	struct writing *w = arg;
	long r = k_write_file(w->k, path, value);
	if (r < 0 && !w->code)
		w->code = err_sys(w->e, (int)-r, "failed to write \"%s\" to %s", value, path);
}

int launch_update(struct running *r, const struct spec *s, struct err *e)
{
	const struct plan_input in = { .spec = s, .host = r->l->host };
	struct writing first = { r->l->k, 0, NULL }, again = { r->l->k, 0, e };

	int err = make_groups(r, s, e);
	if (err < 0)
		return err;
	saved_from(&r->saved, s);
	/* Twice: memory can't go above the sum with swap, which is only written after it. */
	plan_cgroup_limits(&in, write_limit, &first);
	if (first.code)
		plan_cgroup_limits(&in, write_limit, &again);
	return again.code ? again.code : saved_write(&r->saved, r->run_dir, e);
}
