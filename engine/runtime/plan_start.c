/* plan_start.c - from spec to plan: the whole start of a container on one screen.
 *
 * The order is forced by the kernel more than by us:
 *
 *   - the control group comes first, so that nothing runs uncounted;
 *   - the child is born into new namespaces; a network prepared ahead is entered;
 *   - the sources of volumes are taken hold of while the host's tree can still be
 *     named, their targets are looked up only after pivot_root: a symbolic link
 *     in an image can then lead nowhere but into the container;
 *   - what must be writable for setting up is protected afterwards;
 *   - rights are given up last, since all of the above needs them; the filter
 *     before the user id, since only root may install one without no_new_privs.
 */
#include "runtime/plan_parts.h"

#include <stdlib.h>

/* In a user namespace of its own the container can mount what belongs to it, but not
 * the layers: these are mounted before it is there, by the supervisor. */
static void add_mounts(struct plan_builder *p, const struct plan_input *in,
		       struct plan_sources *sources)
{
	plan_mount_sources(p, in, sources, true);
	plan_private(p);
	plan_region(p, REGION_IMAGE);
	plan_overlay(p, in, sources);
	plan_region(p, REGION_ROOTFS);
	plan_mount_sources(p, in, sources, false);
}

static void add_root(struct plan_builder *p, const struct plan_input *in,
		     const struct plan_sources *sources)
{
	bool userns = plan_in_userns(in);

	plan_attach_root(p, in, sources);
	plan_pivot(p, in);
	bool late = userns || in->host->rootless;

	if (userns)
		plan_user_become(p);
	if (!late)
		plan_detach(p);
	plan_kernel_filesystems(p, in, sources);
	if (late)	/* in a user namespace a /proc and a /sys must be seen, to mount others */
		plan_detach(p);
	plan_mounts(p, in, sources);
}

/* Where there is only root, everybody is (docker info says so). */
static uid_t user_here(const struct plan_input *in, uid_t asked)
{
	return in->host->one_user ? 0 : asked;
}

static void start_steps(struct plan_builder *p, const struct plan_input *in)
{
	const struct spec *s = in->spec;
	struct plan_sources sources = { .slot = { 0 } };
	const struct plan_identity who = {
		.uid = user_here(in, s->uid), .gid = user_here(in, s->gid),
		.groups = s->groups, .n_groups = s->n_groups,
		.caps = s->caps, .no_new_privs = s->no_new_privs,
	};
	const struct plan_process program = {
		.argv = s->argv, .envp = s->envp, .cwd = s->cwd, .uid = who.uid, .tty = s->tty,
		.rows = s->rows, .cols = s->cols, .console = true, .init = s->init,
		.wait_go = true, .why = WHY_EXEC_PROGRAM,
		.open_stdin = s->open_stdin, .own_streams = plan_in_userns(in),
	};

	plan_stage(p, STAGE_SUPERVISOR, REGION_CGROUP);
	plan_cgroup_make(p, in);
	plan_region(p, REGION_NAMESPACES);
	plan_user_streams(p, &program);
	if (plan_in_userns(in)) {
		plan_user_prepare(p, in, &sources);
		add_mounts(p, in, &sources);
		plan_dev_ahead(p, in, &sources);
		plan_user_leave(p, &sources);
	}
	plan_region(p, REGION_NAMESPACES);
	plan_spawn(p, in);
	if (plan_in_userns(in))
		plan_user_let_go(p, &sources);

	plan_stage(p, STAGE_CHILD, REGION_NAMESPACES);
	if (s->pid_mode == NS_JOIN)
		plan_close_to_others(p);
	plan_cgroup_join(p, in);
	plan_oom_score(p, in);
	plan_namespaces(p, in);
	if (plan_in_userns(in))
		plan_private(p);
	else
		add_mounts(p, in, &sources);
	plan_region(p, REGION_ROOTFS);
	add_root(p, in, &sources);
	plan_region(p, REGION_EXEC);
	plan_streams(p, &program);
	plan_region(p, REGION_SECURITY);
	plan_limits(p, in);
	plan_protect_paths(p, in);
	plan_security(p, in, &who);
	plan_region(p, REGION_EXEC);
	plan_program_start(p, &program);
}

/* A second program in a running container: enter instead of make. */
static void exec_steps(struct plan_builder *p, const struct plan_input *in,
		       const struct exec_spec *x)
{
	const struct spec *s = in->spec;
	const struct plan_identity who = {
		.uid = user_here(in, x->uid), .gid = user_here(in, x->gid),
		.groups = x->groups, .n_groups = x->n_groups,
		.caps = x->privileged ? in->host->caps : s->caps,
		.no_new_privs = s->no_new_privs,
	};
	const struct plan_process program = {
		.argv = x->argv, .envp = x->envp, .cwd = x->cwd, .uid = who.uid, .tty = x->tty,
		.rows = x->rows, .cols = x->cols, .why = WHY_EXEC_EXTRA,
		.open_stdin = x->attach.fd >= 0 && x->attach.in,
		.own_streams = plan_in_userns(in),
	};

	plan_stage(p, STAGE_SUPERVISOR, REGION_NAMESPACES);
	plan_user_streams(p, &program);
	plan_spawn_exec(p, in);

	plan_stage(p, STAGE_EXEC, REGION_NAMESPACES);
	plan_close_to_others(p);
	plan_cgroup_join(p, in);
	plan_oom_score(p, in);
	plan_enter(p, in);
	if (plan_in_userns(in))
		plan_user_become(p);
	plan_region(p, REGION_EXEC);
	plan_streams(p, &program);
	plan_region(p, REGION_SECURITY);
	plan_limits(p, in);
	plan_security(p, in, &who);
	plan_region(p, REGION_EXEC);
	plan_program_start(p, &program);
}

static int finish(struct plan_builder *p, struct str *out, struct err *e)
{
	int r = plan_finish(p, out, e);

	plan_free(p);
	free(p);
	return r;
}

int plan_start(const struct plan_input *in, struct str *out, struct err *e)
{
	struct plan_builder *p = mem_alloc(sizeof(*p));

	plan_begin(p);
	start_steps(p, in);
	return finish(p, out, e);
}

int plan_exec(const struct plan_input *in, const struct exec_spec *x, struct str *out,
	      struct err *e)
{
	struct plan_builder *p = mem_alloc(sizeof(*p));

	plan_begin(p);
	exec_steps(p, in, x);
	return finish(p, out, e);
}
