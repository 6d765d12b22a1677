/* plan_parts.h - the parts of a plan, one file a concern.  Each adds its steps
 * to the builder in the stage that is set, and says in its file why they are
 * what they are and why they come in this order. */
#ifndef DRYDOCK_RUNTIME_PLAN_PARTS_H
#define DRYDOCK_RUNTIME_PLAN_PARTS_H

#include "runtime/host.h"
#include "runtime/launch.h"
#include "runtime/plan_build.h"
#include "runtime/seccomp.h"
#include "runtime/spec.h"
#include "trace/decorator.h"

struct plan_input {
	const struct spec *spec;
	const struct host *host;
	const struct seccomp_program *filter;
	struct seccomp_program own;	/* a user's profile beside it; len 0: none */
};

/* The whole start, and the whole `docker exec`; *out is the flat buffer. */
int plan_start(const struct plan_input *in, struct str *out, struct err *e);
int plan_exec(const struct plan_input *in, const struct exec_spec *x, struct str *out,
	      struct err *e);

/* plan_cgroup.c */
/* Each limit that is asked for: a file, and what to write to it. */
void plan_cgroup_limits(const struct plan_input *in,
			void (*fn)(void *arg, const char *path, const char *value), void *arg);
void plan_cgroup_make(struct plan_builder *p, const struct plan_input *in);
void plan_cgroup_join(struct plan_builder *p, const struct plan_input *in);
void plan_cgroup_mounts(struct plan_builder *p, const struct plan_input *in);
/* With v2: opens the group that clone puts the child into; its slot is p->cgroup. */
void plan_cgroup_open(struct plan_builder *p, const struct plan_input *in);
/* … and there, asks a program which devices may be opened. */
void plan_cgroup_devices(struct plan_builder *p, const struct plan_input *in);
/* Whether the container has a group of its own there (v1: some are made on demand). */
bool plan_cgroup_used(const struct spec *s, const struct host *h, int cg);

/* No control group refuses devices here: mounts must. */
bool plan_nodev(const struct plan_input *in);

/* plan_namespaces.c */
void plan_spawn(struct plan_builder *p, const struct plan_input *in);
void plan_namespaces(struct plan_builder *p, const struct plan_input *in);
void plan_private(struct plan_builder *p);	/* its mounts and the host's go separate ways */
void plan_close_to_others(struct plan_builder *p);
void plan_enter(struct plan_builder *p, const struct plan_input *in);
void plan_spawn_exec(struct plan_builder *p, const struct plan_input *in);

/* What is mounted: made in one place, put into place in another. */
struct plan_sources {
	int slot[PLAN_SLOTS];	/* of binds, in their order */
	size_t n;
	int root, dev;		/* the overlay, /dev; attached nowhere yet */
	int home;		/* the mount namespace to come back to */
};

/* plan_user.c */
bool plan_in_userns(const struct plan_input *in);
/* Mounts that only the host's root can make, ahead of the child's birth. */
void plan_user_prepare(struct plan_builder *p, const struct plan_input *in,
		       struct plan_sources *s);
void plan_user_leave(struct plan_builder *p, const struct plan_sources *s);
/* After the child's birth: what it has now, the supervisor keeps no hold of. */
void plan_user_let_go(struct plan_builder *p, const struct plan_sources *s);
/* Still the host's root by number: what needs that; then root of the namespace. */
void plan_user_become(struct plan_builder *p);

/* plan_rootfs.c */
void plan_overlay(struct plan_builder *p, const struct plan_input *in, struct plan_sources *s);
void plan_attach_root(struct plan_builder *p, const struct plan_input *in,
		      const struct plan_sources *s);
void plan_pivot(struct plan_builder *p, const struct plan_input *in);
void plan_detach(struct plan_builder *p);	/* the host's tree, from below the new root */

/* plan_mounts.c */
void plan_mount_sources(struct plan_builder *p, const struct plan_input *in,
			struct plan_sources *s, bool linked);
void plan_mounts(struct plan_builder *p, const struct plan_input *in,
		 const struct plan_sources *s);
void plan_make_dirs(struct plan_builder *p, const char *path);	/* like mkdir -p */

/* plan_dev.c */
void plan_kernel_filesystems(struct plan_builder *p, const struct plan_input *in,
			     const struct plan_sources *s);
/* The devices every container has: path number i, or NULL after the last. */
const char *plan_device(size_t i);
/* In a user namespace no device can be made: /dev comes ready, in s->dev. */
void plan_dev_ahead(struct plan_builder *p, const struct plan_input *in, struct plan_sources *s);

/* plan_security.c */
void plan_protect_paths(struct plan_builder *p, const struct plan_input *in);
void plan_limits(struct plan_builder *p, const struct plan_input *in);
void plan_oom_score(struct plan_builder *p, const struct plan_input *in);

struct plan_identity {		/* who the program is */
	uid_t uid; gid_t gid; const gid_t *groups; size_t n_groups;
	uint64_t caps;
	bool no_new_privs;
};
void plan_security(struct plan_builder *p, const struct plan_input *in,
		   const struct plan_identity *who);

/* plan_exec.c */
struct plan_process {		/* the program and what it stands on */
	char *const *argv, *const *envp; const char *cwd;
	uid_t uid;
	bool tty; unsigned short rows, cols;
	bool console;		/* bind the terminal over /dev/console */
	bool own_streams;	/* theirs already (plan_user_streams) */
	bool open_stdin;	/* a pipe; else /dev/null of the host */
	bool init, wait_go;
	int why;
};
void plan_streams(struct plan_builder *p, const struct plan_process *x);
/* plan_user.c: in a user namespace they are given away before, by the host's numbers. */
void plan_user_streams(struct plan_builder *p, const struct plan_process *x);
void plan_program_start(struct plan_builder *p, const struct plan_process *x);

#endif
