/* floor_calls.h - a container's start as a list of system calls: what floor.c makes.
 *
 * The same calls in the same order as our plan for `docker run IMAGE /hello`
 * (see them with `drydock trace --as strace`).  A row is the call with its
 * arguments; SLOT(n) stands for what an earlier row left in slot n (INTO), and
 * OR_SKIP(n) passes over the next n rows where a call fails, as the plan does.
 */
#ifndef DRYDOCK_TESTS_FLOOR_CALLS_H
#define DRYDOCK_TESTS_FLOOR_CALLS_H

#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum slot { NET = 1, READY, GO, OUT, FILTER, WATCH, CAPS_HEAD, CAPS, FS, TREE, FILE_A, FILE_B,
	    FILE_C, CGROUP, DEVNULL, SLOTS };

struct call { const char *name; long number, arg[5]; int into, or_skip; };

#define SLOT(n) (-1000000L - (n))
#define CALL(name, ...) { #name, SYS_##name, { __VA_ARGS__ }, 0, 0 }
#define INTO(slot, name, ...) { #name, SYS_##name, { __VA_ARGS__ }, slot, 0 }
#define OR_SKIP(n, name, ...) { #name, SYS_##name, { __VA_ARGS__ }, 0, 1 + (n) }
#define T (long)	/* text or nothing, as a register holds it */

#define HERE AT_FDCWD
#define QUIET (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define MKDIR(path) OR_SKIP(0, mkdirat, HERE, T path, 0755)
#define MOUNT(type, path, flags, data) \
	MKDIR(path), CALL(mount, T type, T path, T type, flags, T data)
#define NODE(path, major, minor) \
	CALL(mknodat, HERE, T path, S_IFCHR | 0666, (major) << 8 | (minor))
#define LINK(target, path) CALL(symlinkat, T target, HERE, T path)
#define MKGROUP(tree) \
	OR_SKIP(0, mkdirat, HERE, T "/sys/fs/cgroup/" tree "/floor", 0755), \
	OR_SKIP(0, mkdirat, HERE, T "/sys/fs/cgroup/" tree "/floor/one", 0755)
#define RMGROUP(tree) \
	OR_SKIP(0, unlinkat, HERE, T "/sys/fs/cgroup" tree "/floor/one", AT_REMOVEDIR), \
	OR_SKIP(0, unlinkat, HERE, T "/sys/fs/cgroup" tree "/floor", AT_REMOVEDIR)
#define JOIN(group) \
	INTO(CGROUP, openat, HERE, T "/sys/fs/cgroup/" group "/tasks", O_WRONLY | O_CLOEXEC), \
	CALL(write, SLOT(CGROUP), T "0", 1), CALL(close, SLOT(CGROUP))
#define SEE_CGROUP(tree) \
	CALL(mkdirat, HERE, T "/sys/fs/cgroup/" tree, 0755), \
	CALL(mount, T "cgroup", T "/sys/fs/cgroup/" tree, T "cgroup", QUIET | MS_RDONLY, T tree)
#define READONLY(path) \
	OR_SKIP(2, faccessat, HERE, T path, 0), \
	CALL(mount, T path, T path, 0, MS_BIND | MS_REC, 0), \
	CALL(mount, 0, T path, 0, MS_BIND | MS_REMOUNT | MS_RDONLY | QUIET, 0)
#define MASK(path) \
	OR_SKIP(1, faccessat, HERE, T path, 0), \
	CALL(mount, T "/dev/null", T path, 0, MS_BIND, 0)
#define MASK_DIR(path) \
	OR_SKIP(1, faccessat, HERE, T path, 0), \
	CALL(mount, T "tmpfs", T path, T "tmpfs", MS_RDONLY, T "size=0k")
#define OWN_FILE(slot, path) \
	MKDIR("/etc"), OR_SKIP(0, mknodat, HERE, T path, S_IFREG | 0644, 0), \
	CALL(move_mount, SLOT(slot), T "", HERE, T path, 0x14)
#define DROP(cap) CALL(prctl, PR_CAPBSET_DROP, cap, 0)

/* By the parent; v1 needs a group in each tree, v2 is joined at birth. */
static const struct call make_groups_v1[] = {
	MKGROUP("memory"), MKGROUP("pids"), MKGROUP("cpuacct"), MKGROUP("freezer"), { 0 },
};
static const struct call make_groups_v2[] = {
	OR_SKIP(0, mkdirat, HERE, T "/sys/fs/cgroup/floor", 0755),
	OR_SKIP(0, mkdirat, HERE, T "/sys/fs/cgroup/floor/one", 0755),
	INTO(CGROUP, openat, HERE, T "/sys/fs/cgroup/floor/one",
	     O_RDONLY | O_DIRECTORY | O_CLOEXEC), { 0 },
};

/* Before and afterwards, on no clock: the group for devices is there already. */
static const struct call before_v1[] = {
	OR_SKIP(0, mkdirat, HERE, T "/sys/fs/cgroup/devices/floor", 0755), { 0 },
};
static const struct call remove_groups[] = {
	RMGROUP("/memory"), RMGROUP("/pids"), RMGROUP("/cpuacct"), RMGROUP("/freezer"),
	RMGROUP("/devices"), RMGROUP(""), { 0 },
};

/* By the child. */
static const struct call join_v1[] = {
	JOIN("memory/floor/one"), JOIN("pids/floor/one"), JOIN("cpuacct/floor/one"),
	JOIN("freezer/floor/one"), JOIN("devices/floor"), CALL(unshare, CLONE_NEWCGROUP), { 0 },
};
static const struct call root[] = {
	CALL(prctl, PR_SET_PDEATHSIG, 9, 0),
	CALL(setns, SLOT(NET), CLONE_NEWNET),
	CALL(sethostname, T "floor", 5),
	CALL(mount, 0, T "/", 0, MS_REC | MS_PRIVATE, 0),
	INTO(FS, fsopen, T "overlay", 1),
	CALL(fsconfig, SLOT(FS), 1, T "source", T "overlay"),
	OR_SKIP(7, fsconfig, SLOT(FS), 1, T "lowerdir+", T "init"),
	CALL(fsconfig, SLOT(FS), 1, T "lowerdir+", T "lower"),
	CALL(fsconfig, SLOT(FS), 1, T "upperdir", T "upper"),
	CALL(fsconfig, SLOT(FS), 1, T "workdir", T "work"),
	OR_SKIP(3, fsconfig, SLOT(FS), 6),
	INTO(TREE, fsmount, SLOT(FS), 1, 0),
	CALL(move_mount, SLOT(TREE), T "", HERE, T "merged", 4),
	OR_SKIP(1, getpid, 0),		/* done: the next is for kernels before 6.8 */
	CALL(mount, T "overlay", T "merged", T "overlay", 0,
	     T "lowerdir=init:lower,upperdir=upper,workdir=work"),
	INTO(FILE_A, open_tree, HERE, T "resolv.conf", 1 | O_CLOEXEC),
	INTO(FILE_B, open_tree, HERE, T "hostname", 1 | O_CLOEXEC),
	INTO(FILE_C, open_tree, HERE, T "hosts", 1 | O_CLOEXEC),
	CALL(chdir, T "merged"), CALL(pivot_root, T ".", T "."),
	CALL(umount2, T ".", MNT_DETACH), CALL(chdir, T "/"), CALL(umask, 0),
	MOUNT("proc", "/proc", QUIET, 0),
	MOUNT("tmpfs", "/dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"),
	NODE("/dev/null", 1, 3), NODE("/dev/zero", 1, 5), NODE("/dev/full", 1, 7),
	NODE("/dev/random", 1, 8), NODE("/dev/urandom", 1, 9), NODE("/dev/tty", 5, 0),
	LINK("/proc/self/fd", "/dev/fd"), LINK("/proc/self/fd/0", "/dev/stdin"),
	LINK("/proc/self/fd/1", "/dev/stdout"), LINK("/proc/self/fd/2", "/dev/stderr"),
	LINK("/proc/kcore", "/dev/core"), LINK("pts/ptmx", "/dev/ptmx"),
	MOUNT("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC,
	      "newinstance,ptmxmode=0666,mode=0620,gid=5"),
	MOUNT("tmpfs", "/dev/shm", QUIET, "mode=1777,size=65536k"),
	MOUNT("mqueue", "/dev/mqueue", QUIET, 0),
	MOUNT("sysfs", "/sys", QUIET | MS_RDONLY, 0), { 0 },
};
static const struct call see_groups_v1[] = {
	CALL(mount, T "tmpfs", T "/sys/fs/cgroup", T "tmpfs", QUIET, T "mode=755"),
	SEE_CGROUP("memory"), SEE_CGROUP("pids"), SEE_CGROUP("cpuacct"),
	CALL(mount, 0, T "/sys/fs/cgroup", 0, QUIET | MS_RDONLY | MS_REMOUNT | MS_BIND, 0), { 0 },
};
static const struct call see_groups_v2[] = {
	CALL(mount, T "cgroup", T "/sys/fs/cgroup", T "cgroup2", QUIET | MS_RDONLY, 0), { 0 },
};
static const struct call program[] = {
	OWN_FILE(FILE_A, "/etc/resolv.conf"), OWN_FILE(FILE_B, "/etc/hostname"),
	OWN_FILE(FILE_C, "/etc/hosts"),
	CALL(setsid), CALL(dup3, SLOT(DEVNULL), 0, 0), CALL(dup3, SLOT(OUT), 1, 0),
	CALL(dup3, SLOT(OUT), 2, 0),
	READONLY("/proc/bus"), READONLY("/proc/fs"), READONLY("/proc/irq"), READONLY("/proc/sys"),
	READONLY("/proc/sysrq-trigger"),
	MASK_DIR("/proc/asound"), MASK_DIR("/proc/acpi"), MASK("/proc/interrupts"),
	MASK("/proc/kcore"), MASK("/proc/keys"), MASK("/proc/latency_stats"),
	MASK("/proc/timer_list"), MASK("/proc/timer_stats"), MASK("/proc/sched_debug"),
	MASK_DIR("/proc/scsi"), MASK_DIR("/sys/firmware"),
	MASK_DIR("/sys/devices/virtual/powercap"),
	DROP(2), DROP(9), DROP(11), DROP(12), DROP(14), DROP(15), DROP(16), DROP(17), DROP(19),
	DROP(20), DROP(21), DROP(22), DROP(23), DROP(24), DROP(25), DROP(26), DROP(28), DROP(30),
	DROP(32), DROP(33), DROP(34), DROP(35), DROP(36), DROP(37), DROP(38), DROP(39), DROP(40),
	INTO(WATCH, seccomp, 1, 8, SLOT(FILTER)),
	CALL(setgroups, 0, 0), CALL(setresgid, 0, 0, 0), CALL(setresuid, 0, 0, 0),
	CALL(capset, SLOT(CAPS_HEAD), SLOT(CAPS)), CALL(prctl, PR_SET_PDEATHSIG, 9, 0),
	CALL(chdir, T "/"), CALL(umask, 022), CALL(close_range, 3, 0x7fffffff, 4),
	CALL(write, SLOT(READY), T "r", 1), CALL(read, SLOT(GO), SLOT(CAPS), 1), { 0 },
};

#endif
