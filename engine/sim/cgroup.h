/* cgroup.h - control groups: one tree (v2), with limits that bite. */
#ifndef DRYDOCK_SIM_CGROUP_H
#define DRYDOCK_SIM_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct task;
struct cgroup;
struct cgroup_tree;

#define CGROUP_MAX UINT64_MAX	/* "max" in a file */

struct cgroup_tree *cgroup_tree_new(struct sim *s);
void cgroup_tree_free(struct cgroup_tree *tree);
struct cgroup *cgroup_root(struct cgroup_tree *tree);

struct cgroup *cgroup_get(struct cgroup *g);
void cgroup_put(struct cgroup *g);
long cgroup_mkdir(struct cgroup *parent, const char *name);
long cgroup_rmdir(struct cgroup *g);		/* -EBUSY: tasks or children */
struct cgroup *cgroup_child(struct cgroup *g, const char *name, size_t len);
struct cgroup *cgroup_parent(struct cgroup *g);
const char *cgroup_name(const struct cgroup *g);
struct cgroup *cgroup_next(struct cgroup *parent, const struct cgroup *after);
/* "/a/b" as seen by somebody whose cgroup namespace begins at `root`. */
void cgroup_path(const struct cgroup *g, const struct cgroup *root, char *out, size_t cap);

/* The files of a group by number, 0 …; NULL at the end (the root has fewer). */
const char *cgroup_file(const struct cgroup *g, size_t i);
/* Text of a file, as read; writes: bytes taken or -errno. */
struct str;
long cgroup_read(struct task *who, struct cgroup *g, const char *file, struct str *out);
long cgroup_write(struct task *who, struct cgroup *g, const char *file, const char *text);

/* A task comes and goes.  attach: -EAGAIN if pids.max is reached. */
int cgroup_attach(struct cgroup *g, struct task *t);
void cgroup_detach(struct task *t);
int cgroup_move(struct cgroup *g, struct task *t);	/* by writing cgroup.procs */
/* Memory: -ENOMEM once nothing helps; the OOM killer has then killed somebody. */
int cgroup_charge(struct cgroup *g, int64_t bytes, struct task *who);
/* Processor time used; returns how long it takes under cpu.max. */
uint64_t cgroup_cpu(struct cgroup *g, uint64_t ns);
bool cgroup_frozen(const struct cgroup *g);
struct sim_queue *cgroup_thaw_queue(struct cgroup *g);
uint64_t cgroup_id(const struct cgroup *g);	/* what stat shows as the inode */
bool cgroup_is_gone(const struct cgroup *g);

#endif
