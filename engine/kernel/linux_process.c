#include "kernel/linux.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

long linux_wait(struct kernel *k, int pid, unsigned long options, struct k_exit *status)
{
	siginfo_t si = { 0 };
	int kind = pid < 0 ? P_ALL : P_PID;
	long r = SYS(waitid, kind, pid < 0 ? 0 : pid, &si, WEXITED | options, NULL);

	if (r < 0)
		return r;
	bool left = si.si_code == CLD_EXITED;
	*status = (struct k_exit){
		.pid = si.si_pid,	/* 0: WNOHANG, and none has ended */
		.code = left ? si.si_status : 0,
		.signal = left ? 0 : si.si_status,
	};
	return 0;
}

long linux_unshare(struct kernel *k, unsigned long flags)
{
	return SYS(unshare, flags);
}

long linux_setns(struct kernel *k, int ns, unsigned long type)
{
	return SYS(setns, ns, type);
}

long linux_execve(struct kernel *k, const char *file, char *const *argv, char *const *envp)
{
	return SYS(execve, file, argv, envp);
}

long linux_pidfd_open(struct kernel *k, int pid, unsigned long flags)
{
	return SYS(pidfd_open, pid, flags);
}

long linux_kill(struct kernel *k, int pidfd, int sig)
{
	return SYS(pidfd_send_signal, pidfd, sig, NULL, 0);
}

long linux_setsid(struct kernel *k)
{
	return SYS(setsid);
}

long linux_umask(struct kernel *k, unsigned int mask)
{
	return SYS(umask, mask);
}

long linux_sethostname(struct kernel *k, const char *name)
{
	return SYS(sethostname, name, strlen(name));
}

long linux_setdomainname(struct kernel *k, const char *name)
{
	return SYS(setdomainname, name, strlen(name));
}
