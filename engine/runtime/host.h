/* host.h - what this machine and this daemon can give to a container.
 *
 * Looked up once, when the daemon starts: where the control groups are and
 * which controllers work, which capabilities we hold ourselves, which of the
 * paths Docker masks exist here and whether they are files or directories.
 */
#ifndef DRYDOCK_RUNTIME_HOST_H
#define DRYDOCK_RUNTIME_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/kernel.h"

/* The controllers we use, by their v1 names; v2 has no freezer or devices controller
 * (freezing is part of every group, devices are a BPF program), and blkio is called io. */
enum cg { CG_MEMORY, CG_PIDS, CG_CPUACCT, CG_CPU, CG_CPUSET, CG_FREEZER, CG_DEVICES,
	  CG_BLKIO, CG_COUNT };
extern const char *const cg_names[CG_COUNT];

/* A container's own group in the tree of devices, beside the one of all. */
#define DEVICE_GROUP "drydock.%s"

struct host {
	bool cgroup_v2;			/* one tree for all controllers */
	char *cgroup[CG_COUNT];		/* v1: mount point; v2: the tree's; NULL: not there */
	char *cgroup_opts[CG_COUNT];	/* v1: the option that mounts it again ("cpu,cpuacct") */
	uint64_t caps;			/* what the daemon may hand on (its bounding and permitted set) */
	int last_cap;			/* the highest capability this kernel knows */
	bool memory_v2;			/* v2: the memory controller is on */
	bool device_program;		/* v2: rules of devices can be kept to (device_rules.h) */
	bool swap_limit;		/* memory and swap can be limited together */
	const char *blkio_weight;	/* the file, which not every scheduler of disks has; or NULL */
	const char *blkio_weight_device;	/* … for one disk */
	bool blkio_throttle;		/* rates of a disk can be limited */
	char *cpus, *mems;		/* v1: what the root of cpuset has; or NULL */
	bool rootless;			/* root of a user namespace only: no device nodes … */
	bool one_user;			/* … which has no other users (core/rights.h) */
	char **warnings;		/* what is missing: one sentence each */
};

/* k makes the cgroup calls: /drydock in each tree, with its controllers enabled
 * and the device rules every container inherits. */
int host_open(struct kernel *k, struct host **out, struct err *e);
void host_close(struct host *h);

/* Its parts, for `drydock doctor`, which makes no group that stays.  The mounts of control
 * groups: version 1's by controller in h->cgroup, version 2's tree in *v2 (owned; NULL:
 * none).  Freed by host_forget_trees(). */
void host_find_trees(struct host *h, char **v2);
void host_forget_trees(struct host *h);
/* The group that an administrator, or systemd's Delegate=yes, left to this user. Owned. */
char *host_delegated_group(struct kernel *k, const char *tree);
bool host_has_word(const char *list, const char *word);	/* between commas or spaces */

#endif
