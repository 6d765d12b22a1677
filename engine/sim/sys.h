/* sys.h - the simulated kernel as a modelled program sees it.
 *
 * A *machine* (struct sim) is one simulated computer: tasks, namespaces, mounts,
 * files, control groups, terminals, network.  A *task* is one simulated process.
 * The programs of the course images are models: C functions that do what the real
 * program does, by these calls and nothing else - no libc file, process, time or
 * network function.  Everything here mirrors the system call of the same name:
 * results >= 0, or -errno as the real kernel gives it; flags, modes and structures
 * are those of the man pages (O_CREAT, S_IFDIR, WNOHANG, CLONE_NEWNS, SIGTERM …).
 *
 * How a model runs.  Each task is a coroutine with a stack of SIM_STACK bytes
 * (touched pages only cost memory); one thread runs them all, one at a time, and
 * switches only inside a call that has to wait.  Between two calls a model is
 * alone: no locks, ever.  To wait, it just calls (sys_read of an empty pipe,
 * sys_wait, sys_sleep …).  A call may not return at all: the task was killed.  Its
 * stack is then forgotten, so a model holds nothing that must be given back by hand:
 * memory comes from sim_alloc() (freed with the task, and charged to its control
 * group: a task over memory.max is killed in there, as by the kernel).  No big
 * local arrays: 4 KiB at the most; no static variables: many containers run at once.
 *
 * Order is deterministic: a new task runs at once, until it first waits; its parent
 * goes on after that; then whoever became ready first.  Time is virtual: it moves
 * only while every task sleeps (in the daemon it keeps step with the real clock).
 *
 * Starting programs.  A register of programs says what a file that is executed
 * behaves like:
 *
 *	static int true_main(struct task *t, int argc, char **argv) { return 0; }
 *	const struct sim_program userland[] = { { "true", true_main }, { NULL } };
 *
 * execve looks the file up in the container's tree as ever (ENOENT, EACCES, #! lines),
 * then finds the model: by the name it was called by, else by the name that the
 * symbolic links lead to; last by the whole path for names that contain a slash.
 * A program without a model says so, and exits 127.
 */
#ifndef DRYDOCK_SIM_SYS_H
#define DRYDOCK_SIM_SYS_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#define SIM_STACK (256 * 1024)	/* of each task; untouched pages cost nothing */

struct sim;
struct task;

/* ---- programs ---- */

struct sim_program {
	/* Last part of the path, a glob ("python3*"); with a slash: the whole path. */
	const char *name;
	int (*main)(struct task *t, int argc, char **argv);	/* returns the exit code */
};
/* Adds the models of `table` (ends with name NULL; borrowed for ever). Later tables
 * come first. */
void sim_register(struct sim *s, const struct sim_program *table);

/* The environment of the program, NULL-terminated, "NAME=value"; borrowed. */
char **sim_environ(struct task *t);

/* ---- memory: belongs to the task, freed when it ends or execs ---- */

void *sim_alloc(struct task *t, size_t n);	/* zeroed; never NULL */
void *sim_realloc(struct task *t, void *p, size_t n);
char *sim_strdup(struct task *t, const char *s);
char *sim_printf(struct task *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sim_free(struct task *t, void *p);
/* Memory that is charged but never really there ("python loads 9 MB"): until exit.
 * A negative number gives back. Past the limit the OOM killer comes. */
void sim_charge(struct task *t, int64_t bytes);
/* A pointer of the program's own, for its signal handlers, which get nothing but the
 * task; NULL in a new task and after exec. */
void sim_set_local(struct task *t, void *local);
void *sim_local(struct task *t);
/* Processor time that the model's work would take; others run meanwhile as cpu.max
 * and the like allow. */
void sim_burn(struct task *t, uint64_t ns);

/* ---- processes ---- */

/* A child that runs fn(child, arg) and exits with its result.  It has copies of the
 * descriptors, working directory, environment and signal dispositions, memory of its
 * own, and sees the parent's (nothing is copied).  It runs first, up to its first
 * wait: what it needs of the parent's memory later it copies before that.
 * Returns the child's pid, -EAGAIN (pids.max). */
long sys_fork(struct task *t, int (*fn)(struct task *t, void *arg), void *arg);
/* The same with namespaces: flags CLONE_NEW*. */
long sys_clone(struct task *t, uint64_t flags, int (*fn)(struct task *t, void *arg), void *arg);
/* Returns only with -errno.  argv and envp are copied. */
long sys_execve(struct task *t, const char *file, char *const *argv, char *const *envp);
_Noreturn void sys_exit(struct task *t, int code);
/* pid as in waitpid(2): -1 any, 0 own group, < -1 group.  *status as there (WIFEXITED …);
 * options: WNOHANG, WUNTRACED.  Returns the pid; 0 with WNOHANG; -ECHILD, -EINTR. */
long sys_wait(struct task *t, pid_t pid, int *status, int options);
long sys_kill(struct task *t, pid_t pid, int sig);	/* pid as in kill(2) */
/* A handler runs at the end of the call that was under way (which gives -EINTR where
 * it waited), or of the next. SIG_DFL and SIG_IGN as ever.  Returns the old one. */
typedef void sim_handler(struct task *t, int sig);
#define SIM_DFL ((sim_handler *)0)
#define SIM_IGN ((sim_handler *)1)
long sys_signal(struct task *t, int sig, sim_handler *handler);
long sys_pause(struct task *t);			/* -EINTR */
long sys_alarm(struct task *t, unsigned seconds);
pid_t sys_getpid(struct task *t);		/* as its pid namespace numbers it */
pid_t sys_getppid(struct task *t);
pid_t sys_getpgid(struct task *t, pid_t pid);
long sys_setpgid(struct task *t, pid_t pid, pid_t pgid);
long sys_setsid(struct task *t);
long sys_unshare(struct task *t, uint64_t flags);
long sys_setns(struct task *t, int fd, uint64_t type);

uid_t sys_getuid(struct task *t);
gid_t sys_getgid(struct task *t);
uid_t sys_geteuid(struct task *t);
gid_t sys_getegid(struct task *t);
long sys_getgroups(struct task *t, gid_t *out, size_t cap);
long sys_setuid(struct task *t, uid_t uid);
long sys_setgid(struct task *t, gid_t gid);
long sys_setgroups(struct task *t, const gid_t *gid, size_t n);
bool sys_capable(struct task *t, int cap);	/* CAP_*: effective */
mode_t sys_umask(struct task *t, mode_t mask);

/* ---- files: paths are relative to the working directory ---- */

long sys_open(struct task *t, const char *path, int flags, mode_t mode);
long sys_openat(struct task *t, int dir, const char *path, int flags, mode_t mode);
long sys_close(struct task *t, int fd);
long sys_read(struct task *t, int fd, void *buf, size_t n);
/* -EPIPE comes after SIGPIPE, as ever. */
long sys_write(struct task *t, int fd, const void *buf, size_t n);
int64_t sys_lseek(struct task *t, int fd, int64_t offset, int whence);
long sys_ftruncate(struct task *t, int fd, int64_t size);
long sys_dup2(struct task *t, int from, int to);
long sys_dup(struct task *t, int from);
long sys_fcntl(struct task *t, int fd, int cmd, long arg);	/* F_DUPFD(_CLOEXEC), F_[GS]ETF[DL] */
long sys_pipe(struct task *t, int fd[2], int flags);
long sys_poll(struct task *t, struct pollfd *p, size_t n, int timeout_ms);
long sys_stat(struct task *t, const char *path, struct stat *out);
long sys_lstat(struct task *t, const char *path, struct stat *out);
long sys_fstat(struct task *t, int fd, struct stat *out);
long sys_access(struct task *t, const char *path, int mode);
struct sim_dirent { uint64_t ino; unsigned char type; char name[256]; };	/* type: DT_* */
long sys_readdir(struct task *t, int fd, struct sim_dirent *out);	/* 1, 0 at the end */
long sys_mkdir(struct task *t, const char *path, mode_t mode);
long sys_rmdir(struct task *t, const char *path);
long sys_unlink(struct task *t, const char *path);
long sys_rename(struct task *t, const char *from, const char *to);
long sys_link(struct task *t, const char *from, const char *to);
long sys_symlink(struct task *t, const char *target, const char *path);
long sys_readlink(struct task *t, const char *path, char *buf, size_t cap);	/* no NUL */
long sys_mknod(struct task *t, const char *path, mode_t mode, dev_t dev);
long sys_chmod(struct task *t, const char *path, mode_t mode);
long sys_chown(struct task *t, const char *path, uid_t uid, gid_t gid, int flags);	/* AT_* */
long sys_utimens(struct task *t, const char *path, const struct timespec ts[2], int flags);
long sys_getxattr(struct task *t, const char *path, const char *name, void *buf, size_t cap);
long sys_setxattr(struct task *t, const char *path, const char *name, const void *v, size_t n);
long sys_listxattr(struct task *t, const char *path, char *buf, size_t cap);
long sys_removexattr(struct task *t, const char *path, const char *name);
long sys_chdir(struct task *t, const char *path);
long sys_getcwd(struct task *t, char *buf, size_t cap);		/* bytes with the NUL */
long sys_chroot(struct task *t, const char *path);
long sys_mount(struct task *t, const char *source, const char *target, const char *fstype,
	       unsigned long flags, const char *data);
long sys_umount(struct task *t, const char *target, int flags);
struct sim_statfs { uint64_t total, free, inodes, free_inodes; long type; };	/* bytes; magic */
long sys_statfs(struct task *t, const char *path, struct sim_statfs *out);

/* ---- this and that ---- */

struct sim_uname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domain[65];
};
long sys_uname(struct task *t, struct sim_uname *out);
long sys_sethostname(struct task *t, const char *name);
long sys_setdomainname(struct task *t, const char *name);
uint64_t sys_clock(struct task *t, clockid_t clock);	/* ns: CLOCK_REALTIME, CLOCK_MONOTONIC */
long sys_sleep(struct task *t, uint64_t ns);		/* 0, or -EINTR */
uint64_t sys_cputime(struct task *t);			/* ns */
uint64_t sys_random(struct task *t);			/* from the machine's seed */

/* ---- terminals ---- */

bool sys_isatty(struct task *t, int fd);
struct sim_winsize { unsigned short rows, cols; };
long sys_winsize(struct task *t, int fd, struct sim_winsize *out);	/* -ENOTTY */
/* What the line discipline does: any of these, or'ed. */
enum {
	SIM_TTY_ECHO = 1, SIM_TTY_CANON = 2, SIM_TTY_ISIG = 4, SIM_TTY_OPOST = 8,
	SIM_TTY_ICRNL = 16,
};
long sys_tty_mode(struct task *t, int fd);			/* the bits */
long sys_tty_set_mode(struct task *t, int fd, int bits);
long sys_tcsetpgrp(struct task *t, int fd, pid_t group);
long sys_tcgetpgrp(struct task *t, int fd);
long sys_ttyname(struct task *t, int fd, char *buf, size_t cap);

/* ---- network: AF_INET SOCK_STREAM and SOCK_DGRAM, AF_UNIX SOCK_STREAM ---- */

long sys_socket(struct task *t, int family, int type, int protocol);
long sys_bind(struct task *t, int fd, const struct sockaddr *a, socklen_t len);
long sys_listen(struct task *t, int fd, int backlog);
long sys_accept(struct task *t, int fd, struct sockaddr *a, socklen_t *len);	/* a may be NULL */
long sys_connect(struct task *t, int fd, const struct sockaddr *a, socklen_t len);
long sys_getsockname(struct task *t, int fd, struct sockaddr *a, socklen_t *len);
long sys_getpeername(struct task *t, int fd, struct sockaddr *a, socklen_t *len);
long sys_shutdown(struct task *t, int fd, int how);
/* A name's first IPv4 address (network order), by /etc/hosts, then /etc/resolv.conf. */
long sys_resolve(struct task *t, const char *name, uint32_t *address);	/* -ENOENT */

#endif
