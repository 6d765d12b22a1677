/* task.h - the kernel's own view of tasks; shared by the files of engine/sim that are
 * about processes.  Models see sys.h instead.
 *
 * A call of a task runs on the task's own stack.  It may wait anywhere (task_wait);
 * when it is told that the task shall die, it unwinds as from any error, with -EINTR,
 * and the task ends at the call's border (sys_leave): so kernel code may hold things
 * across a wait, models may not.
 */
#ifndef DRYDOCK_SIM_TASK_H
#define DRYDOCK_SIM_TASK_H

#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>

#include "core/str.h"
#include "sim/cgroup.h"
#include "sim/context.h"
#include "sim/host_source.h"
#include "sim/sim.h"
#include "sim/sys.h"
#include "sim/vfs.h"

#define SIM_LEVELS 8		/* of pid namespaces, one in the other */
#define SIM_NSIG 65
#define SIM_NGROUPS 64
#define SIM_TOKENS 4096
#define SIM_NEVER UINT64_MAX
#define SIM_CAPS_ALL ((1ull << 41) - 1)

/* ---- waiting ---- */

struct waiter { struct task *task; struct waiter *next; };
struct sim_queue { struct waiter *first; };

/* ---- namespaces (ns.c) ---- */

#define SIM_CLONE_NEWTIME 0x80

enum ns_type { NS_MNT, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_CGROUP, NS_USER, NS_TIME, NS_TYPES };
struct ns_kind { const char *name; uint64_t flag; };
extern const struct ns_kind ns_kinds[NS_TYPES];

struct ns {
	enum ns_type type;
	uint64_t inode;
	unsigned refs;
	struct sim *sim;
	struct ns *owner;		/* user namespace that made it */
	struct ns *parent;		/* pid and user: one further out */
	union {
		struct { char host[65], domain[65]; } uts;
		struct {
			struct task *init;
			int last, level, tasks;	/* tasks: in it and further in */
			bool dead;
			struct sim_queue news;	/* one of them has ended */
		} pid;
		struct net *net;
		struct vfs_mntns *mnt;
		struct cgroup *cgroup;	/* what looks like / from inside */
		struct { uint32_t owner_uid; int level; bool mapped[2]; char maps[2][256]; } user;
	};
};

/* ---- process numbers (pid.c) ---- */

struct pid_number { struct ns *ns; int nr; struct pid *pid; struct pid_number *next; };

/* Lives as long as its process, or a group or session of that number. */
struct pid {
	unsigned refs;
	int level;
	struct task *task;		/* NULL: reaped */
	struct pid_number n[SIM_LEVELS];	/* the machine's own first */
};

/* ---- descriptors (fd.c) ---- */

struct fd { struct vfs_file *file; bool cloexec; };
struct fdtable {
	unsigned refs;
	struct fd *low; size_t n_low;		/* 0, 1, 2 … */
	struct fd *high; size_t n_high;		/* K_SIM_FD_BASE … */
};

/* ---- tasks ---- */

enum task_state { T_READY, T_WAITING, T_STOPPED, T_ZOMBIE };

struct cred {
	uint32_t uid, euid, gid, egid;
	uint32_t groups[SIM_NGROUPS];
	size_t n_groups;
	uint64_t effective, permitted, inheritable, bounding, ambient;
	bool no_new_privs, keep_caps;
	int seccomp, filters;		/* as /proc/PID/status shows them */
};

struct chunk { _Alignas(16) struct chunk *prev; struct chunk *next; size_t size; };

struct task {
	struct sim *sim;
	struct task *all_prev, *all_next;
	enum task_state state;
	bool external;			/* a thread of the daemon: never scheduled */
	bool woken, fresh;		/* fresh: hasn't waited yet; its parent waits for that */
	bool exiting, in_exec, orphan;	/* orphan: nobody waits for it, it is reaped at once */
	struct task *ready_next;
	struct context context;
	struct waiter *waits;		/* what it waits in now: n_waits places */
	uint64_t deadline; size_t heap;	/* place in the heap of sleepers, 0: none */
	uint64_t alarm;

	int (*fn)(struct task *t, void *arg);
	void *arg;
	const struct sim_program *program;
	int argc;
	char **argv, **envp;
	char *exe, comm[16];

	struct pid *pid, *group, *session;
	struct tty *tty;		/* controlling; of the session */
	struct task *parent, *children, *children_end, *sibling, *sibling_prev;
	struct sim_queue child_news;	/* a child ended or stopped */
	struct sim_queue own_news;	/* this one left its first stretch, or ended */
	int exit_status, stop_sig;	/* as wait(2) has it */
	bool stop_told;
	int death_sig;			/* PR_SET_PDEATHSIG */

	uint64_t pending, blocked;
	sim_handler *handler[SIM_NSIG];
	bool stopped;

	struct ns *ns[NS_TYPES];	/* [NS_MNT] is view.ns' */
	struct ns *pid_ns;		/* for children */
	struct cred cred;
	struct vfs_cred vfs_cred;	/* the same for the files' half */
	struct vfs_view view;
	struct fdtable *fds;
	bool engine;			/* runs the engine's own code: descriptors from the base up */
	bool owner;			/* … and closes real descriptors itself */
	bool undumpable;

	struct chunk *memory;
	void *local;			/* the program's own: sim_local() */
	uint64_t charged, allocated, cpu_ns, children_cpu_ns, start_ns;
	struct cgroup *cgroup;
	struct { uint64_t soft, hard; } limit[16];
	int oom_adj;
	struct watch *watch;		/* who is told of its programs; inherited */
	void (*at_end)(void *arg);	/* of the engine's own programs: gives back what is theirs */
	void *at_end_arg;
	int pidfd_end;			/* writing end of the pidfd's pipe, or -1 */
	int pidfd;			/* reading end, kept for more of it, or -1 */
};

struct sim {
	struct kernel kernel;
	struct sim_options options;
	pthread_mutex_t turn;		/* held by the next who gets the lock */
	pthread_mutex_t lock;		/* everything below */
	pthread_cond_t changed;		/* an outside task may go on */
	pthread_t thread;
	bool threaded, stop;
	unsigned outside;		/* threads that want the lock */
	int epoll, wake;		/* -1: nothing of the host's is waited for yet */
	unsigned host_waits;		/* tasks that wait for something of the host's */
	struct epoll_event *events; int n_events;	/* of the round under way */
	unsigned unwatched;
	struct host_source nobody;

	struct task *running;		/* NULL: nobody, the scheduler itself */
	struct context scheduler;
	struct task *ready, **ready_end;
	struct task **sleepers; size_t n_sleepers, cap_sleepers;
	struct stack_pool stacks;
	struct task *all, *all_end;	/* oldest first */
	size_t n_tasks;
	struct task *last_dead;		/* gone, but still on its stack */

	uint64_t now_ns, base_ns, epoch_ns;
	uint64_t random;
	uint64_t next_inode;
	struct pid_number **numbers;	/* a table, pid.c */
	struct ns *initial[NS_TYPES];
	struct task *init;		/* pid 1 of the machine: the daemon */
	struct cgroup_tree *cgroups;
	struct vfs *fs;
	struct token *tokens[SIM_TOKENS];	/* by inode */
	struct tty *ttys;
	const struct sim_program **programs; size_t n_programs;
	struct net *nets;
	struct sim_backend { struct k_hook hook; struct sim *sim; } backend;
	bool init_taken;		/* a thread is number 1 already */
	struct sim *next_alive;
	uint64_t number;		/* of this machine, among all there ever were */
};

/* sim.c: the lock, from outside */
void sim_enter(struct sim *s);
void sim_leave(struct sim *s);
void backend_init(struct sim *s);
struct task *sched_running_here(void);		/* the task on this thread, or NULL */
bool sched_inside(const struct sim *s);		/* does this thread run the machine now? */

/* sched.c */
void sched_ready(struct task *t);		/* at the end of the queue */
void sched_first(struct task *t);		/* before all others */
void sched_stop(struct task *t);			/* away, until somebody makes it ready */
void sched_let_run(struct task *t, struct task *child);	/* child first, then t */
_Noreturn void sched_gone(struct task *t);	/* leaves for ever */
void sched_restart(struct task *t);		/* on a clean stack, at task_begin() */
bool sched_step(struct sim *s, bool may_jump);	/* false: nothing could run */
void sched_kick(struct sim *s);			/* the machine's thread looks again */
/* Waits until one of the queues is woken, or `deadline` (SIM_NEVER: never; 0: only let
 * others run).  0; -EINTR: a signal wants to be seen; -ETIMEDOUT. */
int task_wait_any(struct task *t, struct sim_queue *const *q, size_t n, uint64_t deadline);
int task_wait(struct task *t, struct sim_queue *q, uint64_t deadline);
void task_wake(struct task *t);
void task_ring(struct task *t);			/* SIGALRM, if it is time */
void queue_wake(struct sim_queue *q);		/* everybody in it */
uint64_t sched_now(struct sim *s);
void sched_not_fresh(struct task *t);		/* its maker goes on */
void sched_sleep_remove(struct task *t);
struct task *sim_current(struct sim *s);

/* process.c */
struct task *task_new(struct sim *s, struct task *from, struct ns *pid_ns);
void task_adopt(struct task *parent, struct task *child);
void task_set_args(struct task *t, char *const *argv, char *const *envp);
void task_cred_changed(struct task *t);
long task_open(struct task *t, int dir, const char *path, int flags, mode_t mode);
long task_wait_child(struct task *t, pid_t pid, int *status, int options);
void task_free(struct task *t);
struct spawn {
	uint64_t flags;
	int (*fn)(struct task *t, void *arg);
	void *arg;
	struct cgroup *cgroup;
	bool engine;
	bool kernel;			/* a task of the kernel's: nobody waits for it */
	int *pidfd;			/* out, may be NULL */
};
long task_spawn(struct task *t, const struct spawn *how, struct task **out);
long task_setuid(struct task *t, uid_t uid);
long task_setgid(struct task *t, gid_t gid);
long task_setgroups(struct task *t, const gid_t *gid, size_t n);
long task_sethostname(struct task *t, const char *name);
long task_setdomainname(struct task *t, const char *name);
_Noreturn void task_exit(struct task *t, int status);	/* as wait(2) has it */
void task_reap(struct task *t);

/* exec.c */
long task_exec(struct task *t, const char *file, char *const *argv, char *const *envp);
void task_begin(void *task);			/* first on each stack */

/* signal.c */
int signal_send(struct task *to, int sig, struct task *from);
bool signal_pending(const struct task *t);
void signal_forget(struct task *t);		/* exec: handlers are gone */
long sys_leave(struct task *t, long result);	/* the border of each call */
/* The border of a call that waits: true if it shall be made again, since what disturbed
 * it had no handler. */
bool sys_again(struct task *t, long result);
int signal_group(struct sim *s, struct pid *group, int sig, struct task *from);

/* pid.c */
struct pid *pid_new(struct sim *s, struct ns *ns, int *error);
struct pid *pid_get(struct pid *p);
void pid_put(struct sim *s, struct pid *p);
struct pid *pid_find(struct sim *s, const struct ns *ns, int nr);
int pid_in(const struct pid *p, const struct ns *ns);	/* 0: not seen from there */
struct task *task_find(struct sim *s, const struct ns *ns, int nr);

/* ns.c */
void ns_init(struct sim *s);
void ns_fini(struct sim *s);
struct ns *ns_get(struct ns *n);
void ns_put(struct ns *n);
struct ns *ns_of(struct task *t, enum ns_type type);
struct ns *ns_new_pid(struct task *t, uint64_t flags, int *error);
int ns_enter_new(struct task *t, uint64_t flags, bool as_child);
long task_unshare(struct task *t, uint64_t flags);
int ns_enter(struct task *t, struct ns *n);
long ns_enter_all(struct task *t, struct task *of, uint64_t flags);
bool ns_capable(const struct task *t, const struct ns *user, int cap);
struct vfs_file *ns_file(struct sim *s, struct ns *n);
struct ns *ns_from_file(const struct vfs_file *f);

/* fd.c */
struct fdtable *fds_new(void);
struct fdtable *fds_copy(const struct fdtable *from);
void fds_put(struct fdtable *f);
void fds_exec(struct fdtable *f);		/* close-on-exec, and the engine's range */
long fd_add(struct task *t, struct vfs_file *f, bool cloexec);	/* takes the reference */
long fd_add_from(struct task *t, struct vfs_file *f, bool cloexec, size_t first);
long fd_put_at(struct task *t, struct vfs_file *f, int fd, bool cloexec);	/* as dup2 */
long fd_close(struct task *t, int fd);
long fd_close_range(struct task *t, unsigned first, unsigned last, bool mark_only);
struct vfs_file *fd_file(struct task *t, int fd);	/* borrowed; NULL: -EBADF */
struct fd *fd_slot(struct task *t, int fd);

/* watch.c: who is told of the programs that start and end */
void watch_inherit(struct task *t, const struct task *from);
void watch_drop(struct task *t);
void watch_exec(struct task *t);
void watch_exit(struct task *t);

/* memory.c */
void memory_free_all(struct task *t);


#endif
