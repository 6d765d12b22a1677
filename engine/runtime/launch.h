/* launch.h - from a spec to a running container, and the way to talk to it.
 *
 * launch_prepare() makes the plan and hands it to a supervisor; launch_go() waits
 * until the program runs or a step failed (then everything is undone).  The
 * supervisor owns stdio, the log, the terminal and the exit status from there on;
 * it outlives the daemon, which finds it again with launch_reattach().
 *
 * Environment: DRYDOCK_SUPERVISOR names the supervisor's program (else it is looked
 * for beside ours, then in libexec); DRYDOCK_FAULT makes calls fail on purpose in
 * supervisors and their children (kernel/fault.h), for tests.
 */
#ifndef DRYDOCK_RUNTIME_LAUNCH_H
#define DRYDOCK_RUNTIME_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "core/str.h"
#include "kernel/kernel.h"
#include "runtime/spec.h"

struct launcher;	/* one per daemon: paths, host facts, spare supervisors */
struct running;		/* one per live container */

struct launch_exit {
	int code, signal;	/* code: 128 + signal if a signal ended it */
	bool oom;		/* the kernel killed for memory in its control group */
	uint64_t wall_ns;
	char stdout_sha256[65];	/* of everything PID 1 and its children wrote to stdout */
	int64_t stdout_bytes;
};

/* A program that started or ended inside a container (exec watch). */
struct launch_proc {
	bool ended;
	int pid, nspid;			/* host's and container's number */
	int code, signal;		/* when ended: 128 + signal; -1, -1 if nobody saw how */
	uid_t uid; uint64_t caps;
	char *const *argv;		/* borrowed */
	const char *exe;		/* path inside the container */
	const char *cwd;
	const char *initiator;		/* "init", "exec", "tty" */
};

/* Called from the launcher's own thread, in order per container. */
struct launch_events {
	void (*exited)(void *arg, const char *id, const struct launch_exit *x);
	void (*exec_exited)(void *arg, const char *id, const char *exec_id, int code);
	void (*proc)(void *arg, const char *id, const struct launch_proc *p);
	void (*detached)(void *arg, const char *id, const char *how);	/* "keys", "hangup", "exit" */
	/* So many of the last two went by while no daemon listened, and weren't kept. */
	void (*lost)(void *arg, const char *id, int n);
	void *arg;
};

/* The supervisor's program: beside ourselves, or where `make install` puts it. Owned. */
char *launcher_program(void);
int launcher_open(struct kernel *k, const char *exec_root, const struct launch_events *ev,
		  struct launcher **out, struct err *e);
void launcher_close(struct launcher *l);	/* leaves containers running */
/* Supervisors trace into rings of this collector (NULL: nowhere), and the first
 * spares are started.  Call once, before the first launch. */
struct collector;
void launcher_trace(struct launcher *l, struct collector *c);
struct host;
const struct host *launcher_host(const struct launcher *l);
/* What the host can't give: one sentence each ("memory limits: …"), for docker info. */
char *const *launcher_warnings(const struct launcher *l);
/* Clamps caps and limits to what the daemon has; appends a sentence for each to *warnings. */
/* What a daemon without root's rights can't even pretend to: limits, where its user has
 * no control groups.  EINVAL; a container without them might take the machine down. */
int launch_refuse(struct launcher *l, const struct spec *s, struct err *e);
void launch_clamp(struct launcher *l, struct spec *s, char ***warnings);

/* Facts about a start, for the journal. */
struct launch_info {
	int pid;			/* PID 1's number on the host */
	uint64_t ns_inode[8];		/* by order of launch_ns_names[]; 0: shared with the host */
	uint64_t request_ns, exec_ns;	/* CLOCK_MONOTONIC */
	char *upper, *lower;		/* as given to the kernel; the caller's to free; NULL
					 * after launch_reattach() */
};
extern const char *const launch_ns_names[8];	/* "mnt","pid","net","ipc","uts","cgroup","user",NULL */

/* Hands the plan to a supervisor, which sets the container up; from here on attach
 * works (docker attaches between create and start).  launch_go() lets the program
 * begin: what went wrong while setting up is told by it.  It fails with everything
 * undone; the caller releases r in any case.  The two are apart so that nobody
 * waits for the other: the word to go is there before the container is ready. */
int launch_prepare(struct launcher *l, struct spec *s, struct running **out, struct err *e);
int launch_go(struct running *r, struct launch_info *info, struct err *e);
/* ENOENT: no supervisor lives there (read launch_exit_record() then). */
int launch_reattach(struct launcher *l, const char *id, const char *run_dir, struct running **out,
		    struct launch_info *info, struct err *e);
/* The exit status a supervisor wrote down before it left; ENOENT if it had none. */
int launch_exit_record(const char *run_dir, struct launch_exit *out, struct err *e);
/* The records (proc, detached, lost) of a container that ended while no daemon
 * listened; launch_reattach() gives those of one that runs. */
void launch_spooled(struct launcher *l, const char *id, const char *run_dir);
void launch_release(struct running *r);		/* forget it; never kills */

struct attach_options {
	int fd;				/* the client's socket: handed over, closed by us */
	bool in, out, err;
	bool framed;			/* docker's 8-byte headers (no tty) */
	const char *detach_keys;	/* "ctrl-p,ctrl-q" form, "" = none, NULL = the default */
	const void *early; size_t early_len;	/* bytes the client sent already */
};
int launch_attach(struct running *r, const struct attach_options *o, struct err *e);
int launch_kill(struct running *r, int sig, struct err *e);	/* PID 1, by pidfd */
int launch_resize(struct running *r, const char *exec_id, int rows, int cols, struct err *e);
/* Limits of s (cgroup set) from now on, as far as they are given. */
int launch_update(struct running *r, const struct spec *s, struct err *e);
int launch_pause(struct running *r, bool pause, struct err *e);	/* freezer */

struct exec_spec {
	const char *id; char *const *argv; char *const *envp; const char *cwd;
	uid_t uid; gid_t gid; const gid_t *groups; size_t n_groups;
	bool tty, privileged; unsigned short rows, cols;
	const struct spec_ulimit *ulimits; size_t n_ulimits; int oom_score_adj;
	const char *seccomp_profile;	/* as in the spec */
	struct attach_options attach;	/* fd -1: detached */
};
int launch_exec(struct running *r, const struct exec_spec *x, int *pid, struct err *e);

#define LAUNCH_INTERFACES 32	/* as many are told of: one for each network it is in */
struct launch_flow { uint64_t bytes, packets, errors, dropped; };
struct launch_interface { char name[16]; struct launch_flow rx, tx; };

struct launch_stats {
	uint64_t cpu_ns, system_ns;	/* the container's, the whole machine's */
	uint64_t user_ns, kernel_ns;	/* how the container's was spent: v1 counts ticks */
	uint64_t periods, throttled_periods, throttled_ns;	/* under --cpus */
	uint64_t memory, memory_limit;	/* bytes, without cache that would be given back */
	uint64_t pids, pids_limit;	/* limit 0: none */
	uint64_t blk_read, blk_write;	/* bytes */
	struct launch_interface net[LAUNCH_INTERFACES];	/* without loopback */
	size_t n_net;
	bool has_memory, has_pids;
};
int launch_stats(struct running *r, struct launch_stats *out, struct err *e);
int launch_pids(struct running *r, pid_t **pids, size_t *n, struct err *e);

/* The plan as text (`--dry-run`): one line a call, stage, why; JSON with json. */
int launch_dry_run(struct launcher *l, struct spec *s, bool json, struct str *out, struct err *e);
/* Removes what a dead container may have left (cgroup, mounts, run_dir). */
int launch_sweep(struct launcher *l, const char *id, const char *run_dir, struct err *e);

#endif
