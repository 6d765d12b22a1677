/* spec.h - what to run, with every question answered: no look-ups below here. */
#ifndef DRYDOCK_RUNTIME_SPEC_H
#define DRYDOCK_RUNTIME_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum net_mode { NET_NONE, NET_NEW, NET_HOST, NET_JOIN };	/* NET_NEW: netns_fd ready-made */
enum ns_mode { NS_PRIVATE, NS_HOST, NS_JOIN };

struct spec_mount {
	char *type;		/* "bind", "tmpfs", "volume" (a bind by now) */
	char *source, *target;
	unsigned long flags;	/* MS_RDONLY, MS_BIND, MS_REC … */
	unsigned long propagation;	/* of a bind: MS_PRIVATE, MS_SLAVE or MS_SHARED, MS_REC */
	bool readonly_top;	/* MS_RDONLY is for itself, not for what is mounted below */
	char *options;		/* tmpfs options, or "" */
	char *below;		/* the path in source that is meant (mounts_resolve), or NULL */
};

struct spec_ulimit { int resource; uint64_t soft, hard; };
struct spec_device {
	char *source, *path;	/* the host's, the container's */
	mode_t mode; dev_t dev;
	char rights[4];		/* of "rwm" */
};
struct spec_sysctl { char *name, *value; };

enum blkio_kind { BLKIO_WEIGHT, BLKIO_READ_BPS, BLKIO_WRITE_BPS, BLKIO_READ_IOPS,
		  BLKIO_WRITE_IOPS, BLKIO_KINDS };
struct spec_blkio { enum blkio_kind kind; dev_t dev; uint64_t value; };	/* weight, or per second */

struct spec {
	char *id;		/* 64 hex digits */
	char *name;
	char *hostname, *domainname;
	char **argv;		/* the whole command */
	char **envp;
	char *cwd;		/* made if missing */
	uid_t uid; gid_t gid;	/* resolved in the image's passwd by user.h */
	gid_t *groups; size_t n_groups;

	bool tty, open_stdin, stdin_once, init, readonly_root, privileged, no_new_privs;
	unsigned short rows, cols;

	int userns_fd;		/* the user namespace it is root of; 0: the host's */
	char **lower;		/* base first */
	char *upper, *work, *merged;	/* directories that exist */
	char *hosts, *hostname_file, *resolv_conf;	/* bound over /etc/… or NULL */
	struct spec_mount *mounts; size_t n_mounts;
	int64_t shm_size;	/* bytes; 64 MiB by default */
	bool no_shm;		/* --ipc none: nothing on /dev/shm */

	enum net_mode net; int netns_fd; int join_pid;	/* NET_JOIN: of that process (names go with it) */
	enum ns_mode pid_mode, ipc_mode, uts_mode, cgroup_mode;
	int pid_join, ipc_join;		/* NS_JOIN: of these processes */
	struct spec_device *devices; size_t n_devices;	/* of the host, let in */
	char **device_rules;	/* --device-cgroup-rule, as devices.allow takes them */

	uint64_t caps;		/* bounding = permitted = effective for uid 0 */
	bool seccomp_default;	/* false: unconfined (the exec watch stays) */
	char *seccomp_profile;	/* a user's own, as JSON, or NULL */
	char **masked, **readonly;	/* paths */

	char *cgroup;		/* "drydock/<id>" or "PARENT/<id>", below each controller's root */
	char *device_group;	/* v1: its own in the tree of devices; NULL: that of all */
	int64_t memory, memory_swap, memory_reservation;	/* bytes; 0 none, swap -1 unlimited */
	int64_t cpu_period, cpu_quota, cpu_shares;		/* µs, µs, weight */
	char *cpuset_cpus, *cpuset_mems;
	int64_t pids;						/* 0 or -1: none */
	int64_t blkio_weight;					/* 10 to 1000; 0: none */
	struct spec_blkio *blkio; size_t n_blkio;		/* of one disk each */
	bool has_swappiness;		/* else the kernel's own */
	int swappiness;			/* 0 to 100 */
	bool no_oom_kill;
	struct spec_ulimit *ulimits; size_t n_ulimits;
	struct spec_sysctl *sysctls; size_t n_sysctls;
	int oom_score_adj;

	char *log_path;		/* json-file; NULL: keep no log */
	int64_t log_max_size; int log_max_file;	/* bytes, 0: no limit; files, this one too */
	char *log_attrs;	/* JSON object that stands on each line, or NULL */
	char *run_dir;		/* EXEC_ROOT/containers/<id>: control socket, exit record */
};

void spec_free(struct spec *s);

#endif
