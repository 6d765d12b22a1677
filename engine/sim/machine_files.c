#include "sim/machine_files.h"

static int64_t now(void *arg)
{
	struct sim *s = arg;
	return (int64_t)(s->epoch_ns + s->now_ns);
}

struct vfs *machine_files_new(struct sim *s)
{
	struct vfs_hooks hooks = { .arg = s, .now = now };

	return vfs_new(&hooks);
}

void machine_files_free(struct sim *s) { vfs_free(s->fs); }
