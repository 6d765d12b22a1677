/* launch_internal.h - shared by launch*.c only.
 *
 * Threads: API threads call launch_*(); one thread of the launcher reads the
 * supervisors' messages and calls the event functions.  Until a container is
 * started its socket is read by the thread that starts it, so that a start costs
 * no change of thread; then the launcher's thread takes over.
 *
 * A struct running is counted: one reference for the caller of launch_prepare()
 * or launch_reattach(), one for the launcher's thread as long as the supervisor
 * lives.
 */
#ifndef DRYDOCK_RUNTIME_LAUNCH_INTERNAL_H
#define DRYDOCK_RUNTIME_LAUNCH_INTERNAL_H

#include <pthread.h>

#include "runtime/host.h"
#include "runtime/launch.h"
#include "runtime/protocol.h"
#include "trace/collector.h"
#include "trace/decorator.h"

#define SPARES 4

/* What an exec needs to know of the container: kept in run_dir/spec, so that a
 * new daemon can exec, too. */
struct saved {
	uint32_t magic;
	uint8_t tty, privileged, no_new_privs, seccomp_default;
	int32_t net, pid_mode, ipc_mode, uts_mode, cgroup_mode;
	uint64_t caps;
	int64_t cpu_shares, cpu_period, cpu_quota;
	uint8_t cpuset_cpus, cpuset_mems, blkio, userns;
	char cgroup[352], device_group[352];	/* PARENT/<id>; PARENT is checked at creation */
	uint8_t groups_there[CG_COUNT];	/* so many names of PARENT were there in that tree */
};

struct spare { int link, pid; struct trace_ring *ring[2]; };

/* A program whose start was told: if a signal ends it, this is what is known of it. */
struct known { int pid; char *exe, *cwd; char **argv; };

/* A request that waits for its answer. */
struct waiting { struct waiting *next; int32_t tag; bool done; struct msg answer; };

struct running {
	struct launcher *l;
	struct running *next;
	int refs;
	char id[65];
	char *run_dir;
	struct saved saved;
	int link, pidfd, pid, super_pid;	/* super_pid 0: not our child */
	struct trace_ring *ring[2];
	bool watched;		/* the launcher's thread reads the link */
	bool exited, gone;	/* EXITED was told; the supervisor has left */
	bool adopted;		/* after a daemon's restart: earlier programs are unknown */
	struct known *known;	/* programs that run; owned by the reader of the link */
	size_t n_known, cap_known;
	char *upper, *lower;
	uint64_t request_ns;
	struct msg_state state;
	struct waiting *waiting;
	int32_t next_tag;
	char **argv;		/* these two for the words of an error */
	struct str plan;
};

struct launcher {
	struct kernel *k;
	struct host *host;
	char *exec_root, *supervisor;
	struct launch_events ev;
	struct collector *trace;
	pthread_t thread;
	int epoll, wake;
	_Atomic bool stop;
	bool filling;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct spare spare[SPARES];
	size_t n_spares;
	struct running *all;
};

/* launcher.c */
int launcher_take_spare(struct launcher *l, struct spare *out, struct err *e);
void launcher_watch(struct running *r);	/* the thread reads its link from now on */
struct running *running_new(struct launcher *l, const char *id, const char *run_dir);
void running_unref(struct running *r);	/* with the lock not held */

/* launch_event.c: one message, by the launcher's thread; false: the link ended. */
bool launch_message(struct running *r);
/* The records that were made while no daemon listened; before the thread takes over. */
void launch_read_spool(struct running *r);
void launch_forget_known(struct running *r);
void launch_supervisor_left(struct running *r);

/* launch_words.c: docker's words for what went wrong in a plan. */
int launch_words(const struct msg_failed *f, const char *plan, size_t plan_size, bool exec,
		 char *const *argv, struct err *e);

/* launch.c: in->filter and, if own (a profile as JSON) is given, in->own, whose insn is
 * the caller's. */
struct plan_input;
int launch_filters(struct plan_input *in, bool profile, const char *own, struct err *e);

/* launch_saved.c */
void saved_from(struct saved *s, const struct spec *spec);
void saved_groups(struct saved *s, const struct host *h);	/* before anything is made */
void saved_to(const struct saved *s, struct spec *spec);	/* borrows from s */
int saved_write(const struct saved *s, const char *run_dir, struct err *e);
int saved_read(struct saved *s, const char *run_dir, struct err *e);

/* A container that has ended: its supervisor may still be cleaning up after it. */
void launch_wait_gone(struct launcher *l, const char *id);

/* Text in a memfd, to be handed over. */
int launch_memfd(const void *data, size_t n, const char *doing, struct err *e);

#endif
