#include "runtime/spec.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/str.h"

void spec_free(struct spec *s)
{
	char *const text[] = { s->id, s->name, s->hostname, s->domainname, s->cwd, s->upper, s->work,
			       s->merged, s->hosts, s->hostname_file, s->resolv_conf, s->cgroup,
			       s->cpuset_cpus, s->cpuset_mems, s->log_path, s->log_attrs,
			       s->seccomp_profile, s->run_dir, s->device_group };
	char **const lists[] = { s->argv, s->envp, s->lower, s->masked, s->readonly,
				s->device_rules };

	for (size_t i = 0; i < s->n_mounts; i++) {
		free(s->mounts[i].type);
		free(s->mounts[i].source);
		free(s->mounts[i].below);
		free(s->mounts[i].target);
		free(s->mounts[i].options);
	}
	for (size_t i = 0; i < s->n_sysctls; i++) {
		free(s->sysctls[i].name);
		free(s->sysctls[i].value);
	}
	for (size_t i = 0; i < s->n_devices; i++)
		free(s->devices[i].source), free(s->devices[i].path);
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		free(text[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_free(lists[i]);
	free(s->mounts);
	free(s->devices);
	free(s->blkio);
	free(s->sysctls);
	free(s->ulimits);
	free(s->groups);
	*s = (struct spec){ .netns_fd = -1 };
}
