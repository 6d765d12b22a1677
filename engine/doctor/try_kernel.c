/* try_kernel.c - rights, users, and what watches over containers. */
#include "doctor/try.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/rights.h"
#include "core/str.h"
#include "rootless/rootless.h"

static uint64_t own_caps(struct kernel *k)
{
	char text[4096] = "";
	struct k_buf b = { text, sizeof(text), 0 };

	k_read_file(k, "/proc/self/status", &b);
	const char *at = strstr(text, "\nCapEff:");
	return at ? strtoull(at + strlen("\nCapEff:"), NULL, 16) : 0;
}

/* user_namespaces(7): outside of all others every user stands for itself. */
static bool in_user_namespace(struct kernel *k)
{
	char text[128] = "";
	struct k_buf b = { text, sizeof(text), 0 };
	unsigned inside, outside, count;

	k_read_file(k, "/proc/self/uid_map", &b);
	return sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 && count != UINT32_MAX;
}

int try_root(struct trial *t)
{
	if (geteuid() != 0) {
		says(t, "you are user %u", geteuid());
		return -EPERM;
	}
	if (in_user_namespace(t->k))
		says(t, "of a user namespace only");
	if (own_caps(t->k) >> CAP_SYS_ADMIN & 1)
		return 0;
	says(t, "root, but without CAP_SYS_ADMIN: of a container, most likely");
	mends(t, "$ docker run --privileged ...");
	return -EPERM;
}

/* What `docker run` gives a container that asks for nothing. */
int try_capabilities(struct trial *t)
{
	static const struct { int cap; const char *name; } all[] = {
		{ CAP_CHOWN, "CHOWN" }, { CAP_DAC_OVERRIDE, "DAC_OVERRIDE" }, { CAP_FSETID, "FSETID" },
		{ CAP_FOWNER, "FOWNER" }, { CAP_MKNOD, "MKNOD" }, { CAP_NET_RAW, "NET_RAW" },
		{ CAP_SETGID, "SETGID" }, { CAP_SETUID, "SETUID" }, { CAP_SETFCAP, "SETFCAP" },
		{ CAP_SETPCAP, "SETPCAP" }, { CAP_NET_BIND_SERVICE, "NET_BIND_SERVICE" },
		{ CAP_SYS_CHROOT, "SYS_CHROOT" }, { CAP_KILL, "KILL" },
		{ CAP_AUDIT_WRITE, "AUDIT_WRITE" },
	};
	uint64_t have = own_caps(t->k);
	autostr struct str lost = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!(have >> all[i].cap & 1))
			str_addf(&lost, " %s", all[i].name);
	if (lost.len)
		says(t, "not here:%s", lost.s);
	return lost.len ? -EPERM : 0;
}

static int nothing(void *arg) { return 0; }

int try_user_namespace(struct trial *t)
{
	struct err e = { 0 };
	int r = rootless_visit(t->k, 0, nothing, NULL, &e);

	if (r < 0)
		says(t, "%s", strerror(-r));
	return r < 0 ? r : r > 0 ? TRY_UNCLEAR : 0;
}

/* Files of another user: more of them than one are there only by newuidmap. */
int try_users(struct trial *t)
{
	autofree char *path = str_printf("%s/owned", t->scratch ? t->scratch : "");
	autofd int fd = t->scratch ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
	struct stat st;

	if (fd < 0 || write(fd, "", 1) != 1) {
		says(t, "no folder to try it in");
		return TRY_UNCLEAR;
	}
	int r = fchown(fd, 1000, 1000) < 0 ? -errno : 0;
	if (r == 0 && (fstat(fd, &st) < 0 || st.st_uid != 1000))
		r = -EIO;
	unlink(path);
	return r;
}

int try_pidfd(struct trial *t)
{
	long fd = k_pidfd_open(t->k, getpid(), 0);

	if (fd >= 0)
		k_close(t->k, (int)fd);
	return fd < 0 ? (int)fd : 0;
}

/* A filter that lets everything through. */
static long install(struct trial *t, unsigned long flags)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct k_filter filter = { 1, &all };
	long r = k_prctl(t->k, PR_SET_NO_NEW_PRIVS, 1, 0);

	return r < 0 ? r : k_seccomp(t->k, &filter, flags);
}

int try_seccomp(struct trial *t) { return (int)install(t, 0); }

int try_notify(struct trial *t)
{
	long r = install(t, SECCOMP_FILTER_FLAG_NEW_LISTENER);

	if (r == -EBUSY) {	/* Drydock's own containers are like that */
		says(t, "a filter of the container around us listens already, and only one can");
		mends(t, "$ exit");
	}
	return r < 0 ? (int)r : 0;
}
