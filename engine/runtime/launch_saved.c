#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "runtime/launch_internal.h"

#define SAVED_MAGIC 0x44525932u

void saved_from(struct saved *s, const struct spec *spec)
{
	*s = (struct saved){
		.magic = SAVED_MAGIC,
		.tty = spec->tty, .privileged = spec->privileged,
		.no_new_privs = spec->no_new_privs, .seccomp_default = spec->seccomp_default,
		.userns = spec->userns_fd != 0,
		.net = (int32_t)spec->net, .pid_mode = (int32_t)spec->pid_mode,
		.ipc_mode = (int32_t)spec->ipc_mode, .uts_mode = (int32_t)spec->uts_mode,
		.cgroup_mode = (int32_t)spec->cgroup_mode, .caps = spec->caps,
		.cpu_shares = spec->cpu_shares, .cpu_period = spec->cpu_period,
		.cpu_quota = spec->cpu_quota, .cpuset_cpus = spec->cpuset_cpus != NULL,
		.cpuset_mems = spec->cpuset_mems != NULL,
		.blkio = spec->blkio_weight > 0 || spec->n_blkio,
	};
	snprintf(s->cgroup, sizeof(s->cgroup), "%s", spec->cgroup);
	snprintf(s->device_group, sizeof(s->device_group), "%s",
		 spec->device_group ? spec->device_group : "");
}

void saved_groups(struct saved *s, const struct host *h)
{
	for (int cg = 0; cg < CG_COUNT; cg++) {
		const char *at = s->cgroup;

		s->groups_there[cg] = 0;
		while (h->cgroup[cg] && (at = strchr(at, '/'))) {
			autofree char *above = str_printf("%s/%.*s", h->cgroup[cg], (int)(at++ - s->cgroup),
							  s->cgroup);

			if (access(above, F_OK) < 0)
				break;
			s->groups_there[cg]++;
		}
	}
}

void saved_to(const struct saved *s, struct spec *spec)
{
	*spec = (struct spec){
		.tty = s->tty, .privileged = s->privileged,
		.no_new_privs = s->no_new_privs, .seccomp_default = s->seccomp_default,
		.userns_fd = s->userns,		/* an exec only asks whether there is one */
		.net = (enum net_mode)s->net, .pid_mode = (enum ns_mode)s->pid_mode,
		.ipc_mode = (enum ns_mode)s->ipc_mode, .uts_mode = (enum ns_mode)s->uts_mode,
		.cgroup_mode = (enum ns_mode)s->cgroup_mode, .caps = s->caps,
		.cpu_shares = s->cpu_shares, .cpu_period = s->cpu_period,
		.cpu_quota = s->cpu_quota,
		.cpuset_cpus = (char *)(s->cpuset_cpus ? "" : NULL),
		.cpuset_mems = (char *)(s->cpuset_mems ? "" : NULL),
		.n_blkio = s->blkio,
		.cgroup = (char *)s->cgroup,
		.device_group = (char *)(s->device_group[0] ? s->device_group : NULL),
	};
}

/* Of use only while the container runs: after a power cut there is none, so that
 * nothing needs to be synced. */
int saved_write(const struct saved *s, const char *run_dir, struct err *e)
{
	autofree char *path = str_printf("%s/spec", run_dir);
	autofile FILE *f = fopen(path, "we");

	if (!f || fwrite(s, sizeof(*s), 1, f) != 1)
		return err_sys(e, errno, "write %s", path);
	return 0;
}

int saved_read(struct saved *s, const char *run_dir, struct err *e)
{
	autofree char *path = str_printf("%s/spec", run_dir);
	autofile FILE *f = fopen(path, "re");

	if (!f)
		return err_sys(e, errno, "read %s", path);
	if (fread(s, sizeof(*s), 1, f) != 1 || s->magic != SAVED_MAGIC)
		return err_set(e, EBADMSG, "read %s: not what a launcher wrote", path);
	return 0;
}
