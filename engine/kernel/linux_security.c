#include "kernel/linux.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1u
#endif

long linux_prctl(struct kernel *k, int option, long a, long b)
{
	return SYS(prctl, option, a, b, 0, 0);
}

long linux_capset(struct kernel *k, const struct k_caps *caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)	/* two halves of 32 */
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(caps->effective >> 32 * i),
			.permitted = (uint32_t)(caps->permitted >> 32 * i),
			.inheritable = (uint32_t)(caps->inheritable >> 32 * i),
		};
	return SYS(capset, &header, data);
}

long linux_seccomp(struct kernel *k, const struct k_filter *filter, unsigned long flags)
{
	struct sock_fprog prog = {
		.len = filter->len,
		.filter = (struct sock_filter *)filter->prog,
	};
	return SYS(seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

long linux_setgroups(struct kernel *k, long n, const struct k_gids *groups)
{
	return SYS(setgroups, n, groups->gid);
}

/* Real, effective and saved at once: nothing to go back to. */
long linux_setgid(struct kernel *k, unsigned int gid)
{
	return SYS(setresgid, gid, gid, gid);
}

long linux_setuid(struct kernel *k, unsigned int uid)
{
	return SYS(setresuid, uid, uid, uid);
}

long linux_prlimit(struct kernel *k, int resource, const struct k_rlimit *limit)
{
	uint64_t pair[2] = { limit->soft, limit->hard };
	return SYS(prlimit64, 0, resource, pair, NULL);
}

long linux_notify_recv(struct kernel *k, int listener, struct k_notify *event)
{
	struct seccomp_notif n = { 0 };		/* the kernel insists on zeroes */
	long r = SYS(ioctl, listener, SECCOMP_IOCTL_NOTIF_RECV, &n);

	if (r < 0)
		return r;
	*event = (struct k_notify){ .id = n.id, .pid = (int)n.pid, .nr = n.data.nr };
	for (int i = 0; i < 6; i++)
		event->args[i] = n.data.args[i];
	return r;
}

long linux_notify_send(struct kernel *k, int listener, const struct k_notify *event)
{
	struct seccomp_notif_resp answer = {
		.id = event->id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};
	return SYS(ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}
