/* abi.h - the numbers of Linux's interface that a header of another system lacks.
 *
 * The simulated kernel is built on machines without Linux's headers.  What the
 * machine's own headers name keeps the machine's numbers (O_CREAT, AT_FDCWD, S_IFDIR,
 * errno); what they may lack stands here under names of ours, with Linux's numbers:
 * mount(2), umount2(2), fsopen(2), open_tree(2), mount_setattr(2), rename(2),
 * capabilities(7), statfs(2).
 */
#ifndef DRYDOCK_SIM_ABI_H
#define DRYDOCK_SIM_ABI_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#ifndef O_PATH
#define O_PATH 010000000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_NO_AUTOMOUNT
#define AT_NO_AUTOMOUNT 0x800
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#define RENAME_WHITEOUT 4
#endif

enum {	/* mount(2) */
	SIM_MS_RDONLY = 1, SIM_MS_NOSUID = 2, SIM_MS_NODEV = 4, SIM_MS_NOEXEC = 8,
	SIM_MS_SYNCHRONOUS = 16, SIM_MS_REMOUNT = 32, SIM_MS_NOSYMFOLLOW = 256,
	SIM_MS_NOATIME = 1024, SIM_MS_NODIRATIME = 2048, SIM_MS_BIND = 4096, SIM_MS_MOVE = 8192,
	SIM_MS_REC = 16384, SIM_MS_SILENT = 32768, SIM_MS_UNBINDABLE = 1 << 17,
	SIM_MS_PRIVATE = 1 << 18, SIM_MS_SLAVE = 1 << 19, SIM_MS_SHARED = 1 << 20,
	SIM_MS_RELATIME = 1 << 21, SIM_MS_STRICTATIME = 1 << 24,
	SIM_MS_PROPAGATION = SIM_MS_UNBINDABLE | SIM_MS_PRIVATE | SIM_MS_SLAVE | SIM_MS_SHARED,
};
enum { SIM_MNT_FORCE = 1, SIM_MNT_DETACH = 2, SIM_MNT_EXPIRE = 4, SIM_UMOUNT_NOFOLLOW = 8 };
enum {	/* mount_setattr(2), fsmount(2); also how a mount keeps its flags */
	SIM_ATTR_RDONLY = 1, SIM_ATTR_NOSUID = 2, SIM_ATTR_NODEV = 4, SIM_ATTR_NOEXEC = 8,
	SIM_ATTR_ATIME = 0x70, SIM_ATTR_NOATIME = 0x10, SIM_ATTR_STRICTATIME = 0x20,
	SIM_ATTR_NODIRATIME = 0x80, SIM_ATTR_NOSYMFOLLOW = 0x200000,
};
enum { SIM_OPEN_TREE_CLONE = 1 };
enum {	/* move_mount(2) */
	SIM_MOVE_F_SYMLINKS = 1, SIM_MOVE_F_EMPTY = 4, SIM_MOVE_T_SYMLINKS = 0x10,
	SIM_MOVE_T_EMPTY = 0x40,
};
enum {	/* fsconfig(2) */
	SIM_FSCONFIG_FLAG = 0, SIM_FSCONFIG_STRING = 1, SIM_FSCONFIG_CREATE = 6,
	SIM_FSCONFIG_RECONFIGURE = 7,
};
enum {	/* capabilities(7): bit numbers */
	SIM_CAP_CHOWN = 0, SIM_CAP_DAC_OVERRIDE = 1, SIM_CAP_DAC_READ_SEARCH = 2, SIM_CAP_FOWNER = 3,
	SIM_CAP_FSETID = 4, SIM_CAP_SYS_CHROOT = 18, SIM_CAP_SYS_ADMIN = 21, SIM_CAP_MKNOD = 27,
	SIM_CAP_SETFCAP = 31,
};

/* Device numbers as Linux packs them. */
static inline uint32_t sim_makedev(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffu) << 12;
}
static inline uint32_t sim_major(uint32_t dev) { return dev >> 8 & 0xfff; }
static inline uint32_t sim_minor(uint32_t dev) { return (dev & 0xff) | (dev >> 12 & ~0xffu); }

#endif
