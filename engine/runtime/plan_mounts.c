/* plan_mounts.c - Docker's own files in /etc, volumes, binds and tmpfs.
 *
 * A bind has two ends on two sides of pivot_root: the source is a path of the
 * host, the target a path of the container.  So each is taken with open_tree
 * before (a mount without a place, read-only already where asked), and put into
 * place after, when a symbolic link in the image can't lead out any more.
 */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* One bind, whatever it is for. */
struct bind {
	const char *source, *target;
	bool readonly, recursive, readonly_top;
	int of;				/* the source is in this process's mount namespace */
	unsigned long propagation;	/* 0: as the namespace has it, private */
	int why;
};

static size_t list_binds(const struct plan_input *in, struct bind *out, size_t max)
{
	const struct host *h = in->host;
	const struct spec *s = in->spec;
	const char *path;
	const struct bind files[] = {
		{ s->resolv_conf, "/etc/resolv.conf", .why = WHY_ROOT_FILE },
		{ s->hostname_file, "/etc/hostname", .why = WHY_ROOT_FILE },
		{ s->hosts, "/etc/hosts", .why = WHY_ROOT_FILE },
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i].source)
			out[n++] = files[i];
	/* Who may make no device borrows those of the host, which can be opened. */
	for (size_t i = 0; h->rootless && (path = plan_device(i)); i++)
		out[n++] = (struct bind){ path, path, .why = WHY_ROOT_NODE };
	for (size_t i = 0; h->rootless && i < s->n_devices && n < max; i++)
		out[n++] = (struct bind){ s->devices[i].source, s->devices[i].path,
					  .why = WHY_ROOT_NODE };
	/* Shared memory by name goes with the IPC namespace (shm_overview(7)). */
	if (s->ipc_mode == NS_HOST)
		out[n++] = (struct bind){ "/dev/shm", "/dev/shm", .why = WHY_ROOT_SHM };
	if (s->ipc_mode == NS_JOIN)
		out[n++] = (struct bind){ "/dev/shm", "/dev/shm", .of = s->ipc_join, .why = WHY_ROOT_SHM };
	for (size_t i = 0; i < s->n_mounts && n < max; i++) {
		const struct spec_mount *m = &s->mounts[i];
		if (strcmp(m->type, "tmpfs"))
			out[n++] = (struct bind){
				m->source, m->target, m->flags & MS_RDONLY, m->flags & MS_REC,
				m->readonly_top, 0,
				m->propagation & MS_PRIVATE ? 0 : m->propagation, WHY_ROOT_VOLUME,
			};
	}
	return n;
}

/* Steps over into the mount namespace of a process; the slot is the way back. */
static int visit(struct plan_builder *p, int pid, int why)
{
	autofree char *path = str_printf("/proc/%d/ns/mnt", pid);
	int theirs = plan_slot(p, "their mounts"), own = plan_slot(p, "own mounts");
	const char *paths[] = { "/proc/self/ns/mnt", path };
	int slots[] = { own, theirs };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		plan_add(p, K_OPEN, why, INT(AT_FDCWD), TEXT(paths[i]), INT(O_RDONLY | O_CLOEXEC),
			 INT(0));
		plan_into(p, slots[i]);
	}
	plan_add(p, K_SETNS, why, SLOT(theirs), INT(CLONE_NEWNS));
	plan_add(p, K_CLOSE, WHY_TABLE, SLOT(theirs));
	return own;
}

static void take_source(struct plan_builder *p, const struct bind *b, int slot, uint64_t nodev)
{
	int deep = b->recursive ? AT_RECURSIVE : 0;
	bool apart = b->readonly && b->readonly_top && deep;
	const struct k_mount_attr top = { .set = MOUNT_ATTR_RDONLY }, attr = {
		.set = (b->readonly && !apart ? MOUNT_ATTR_RDONLY : 0) | (deep ? nodev : 0),
		.propagation = b->propagation & ~(unsigned long)MS_REC,
	};

	int own = b->of ? visit(p, b->of, b->why) : 0;
	plan_add(p, K_OPEN_TREE, b->why, INT(AT_FDCWD), TEXT(b->source),
		 INT(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | deep));
	plan_into(p, slot);
	if (own) {
		plan_add(p, K_SETNS, b->why, SLOT(own), INT(CLONE_NEWNS));
		plan_add(p, K_CLOSE, WHY_TABLE, SLOT(own));
	}
	if (attr.set || attr.propagation)
		plan_add(p, K_MOUNT_SETATTR, b->why, SLOT(slot), TEXT(""),
			 INT(AT_EMPTY_PATH | (b->propagation & MS_REC || !b->propagation ? deep : 0)),
			 HEAP(plan_data(p, &attr, sizeof(attr))));
	if (apart)
		plan_add(p, K_MOUNT_SETATTR, b->why, SLOT(slot), TEXT(""), INT(AT_EMPTY_PATH),
			 HEAP(plan_data(p, &top, sizeof(top))));
}

/* In the order of list_binds(); `linked`: those whose mounts go on following the host's,
 * which must be taken before the namespace is made private, and only those. */
void plan_mount_sources(struct plan_builder *p, const struct plan_input *in,
			struct plan_sources *s, bool linked)
{
	struct bind b[PLAN_SLOTS];
	size_t n = list_binds(in, b, PLAN_SLOTS);

	s->n = n;
	for (size_t i = 0; i < n; i++)
		if (linked == !!b[i].propagation) {
			s->slot[i] = plan_slot(p, b[i].target);
			take_source(p, &b[i], s->slot[i], plan_nodev(in) ? MOUNT_ATTR_NODEV : 0);
		}
}

void plan_make_dirs(struct plan_builder *p, const char *path)
{
	for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		autofree char *dir = slash ? str_printf("%.*s", (int)(slash - path), path)
					   : str_dup(path);
		if (strcmp(dir, "/") && dir[strlen(dir) - 1] != '/') {
			plan_add(p, K_MKDIR, WHY_TABLE, INT(AT_FDCWD), TEXT(dir), INT(0755));
			plan_expect(p, EEXIST, -1);
		}
		if (!slash)
			return;
	}
}

/* The target must be there, and be of the source's kind. */
static void make_target(struct plan_builder *p, const struct bind *b)
{
	struct stat st;
	bool dir = stat(b->source, &st) < 0 || S_ISDIR(st.st_mode);
	const char *slash = strrchr(b->target, '/');

	if (dir) {
		plan_make_dirs(p, b->target);
		return;
	}
	if (slash > b->target) {
		autofree char *parent = str_printf("%.*s", (int)(slash - b->target), b->target);
		plan_make_dirs(p, parent);
	}
	plan_add(p, K_MKNOD, WHY_ROOT_POINT, INT(AT_FDCWD), TEXT(b->target), INT(S_IFREG | 0644),
		 INT(0));
	plan_expect(p, EEXIST, -1);
}

static void add_tmpfs(struct plan_builder *p, const struct spec_mount *m, bool nodev)
{
	plan_make_dirs(p, m->target);
	plan_add(p, K_MOUNT, WHY_ROOT_VOLUME, TEXT("tmpfs"), TEXT(m->target), TEXT("tmpfs"),
		 INT(m->flags | (nodev ? MS_NODEV : 0)), TEXT(m->options ? m->options : ""));
}

void plan_mounts(struct plan_builder *p, const struct plan_input *in,
		 const struct plan_sources *s)
{
	struct bind b[PLAN_SLOTS];
	size_t n = list_binds(in, b, PLAN_SLOTS);

	for (size_t i = 0; i < in->spec->n_mounts; i++)
		if (!strcmp(in->spec->mounts[i].type, "tmpfs"))
			add_tmpfs(p, &in->spec->mounts[i], plan_nodev(in));
	for (size_t i = 0; i < n; i++) {
		make_target(p, &b[i]);
		plan_add(p, K_MOVE_MOUNT, b[i].why, SLOT(s->slot[i]), TEXT(""), INT(AT_FDCWD),
			 TEXT(b[i].target), INT(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS));
	}
}
