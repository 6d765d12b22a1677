/* plan_user.c - a container whose root is an ordinary user of the host.
 *
 * With --userns-remap containers live in a user namespace (user_namespaces(7)) whose
 * numbers stand for others outside.  Inside, root may do to what belongs to that
 * namespace whatever root may; to the host it is number 100000 or so.  The daemon has
 * one such namespace, handed in as SLOT_NS_USER, and the child is born inside of it,
 * so that its other namespaces belong to it.
 *
 * What differs in the plan follows from what the kernel keeps for the host's root:
 *
 *   - the overlay with its trusted.* notes, and device nodes.  The supervisor mounts
 *     layers and /dev ahead, in a mount namespace that it borrows for that; the child
 *     finds them as descriptors and only puts them into place;
 *   - a pipe can be opened again, by /dev/stdout, by its owner: given away before;
 *   - /proc and /sys may be mounted by who sees them already: the host's tree stays
 *     below the new root until they are.
 *
 * The child begins with the host root's number but none of its rights, which still lets
 * it write into control groups and walk to the container's directory; then it becomes
 * the namespace's root.  A daemon that is in a user namespace itself needs nothing
 * before that point, and all that comes after it.
 */
#include "runtime/plan_parts.h"

#include <fcntl.h>
#include <sched.h>

#include "core/idmap.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

bool plan_in_userns(const struct plan_input *in)
{
	return in->spec->userns_fd != 0;
}

void plan_user_streams(struct plan_builder *p, const struct plan_process *x)
{
	if (!x->own_streams || x->tty)
		return;
	for (int fd = x->open_stdin ? 0 : 1; fd < 3; fd++)
		plan_add(p, K_CHOWN, WHY_NS_USER_STREAM, SLOT(SLOT_STDIN + fd), TEXT(""),
			 INT(idmap_uid_out(x->uid)), INT(-1), INT(AT_EMPTY_PATH));
}

void plan_user_prepare(struct plan_builder *p, const struct plan_input *in,
		       struct plan_sources *s)
{
	s->home = plan_slot(p, "own mounts");
	plan_add(p, K_OPEN, WHY_NS_BORROW, INT(AT_FDCWD), TEXT("/proc/self/ns/mnt"),
		 INT(O_RDONLY | O_CLOEXEC), INT(0));
	plan_into(p, s->home);
	plan_add(p, K_UNSHARE, WHY_NS_BORROW, INT(CLONE_NEWNS));
}

void plan_user_leave(struct plan_builder *p, const struct plan_sources *s)
{
	plan_add(p, K_SETNS, WHY_NS_RETURN, SLOT(s->home), INT(CLONE_NEWNS));
	plan_add(p, K_CLOSE, WHY_TABLE, SLOT(s->home));
}

void plan_user_let_go(struct plan_builder *p, const struct plan_sources *s)
{
	const int made[] = { s->root, s->dev };

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		plan_add(p, K_CLOSE, WHY_TABLE, SLOT(made[i]));
	for (size_t i = 0; i < s->n; i++)
		plan_add(p, K_CLOSE, WHY_TABLE, SLOT(s->slot[i]));
}

void plan_user_become(struct plan_builder *p)
{
	struct { uint64_t gids; } none = { plan_data(p, "", 1) };
	uint32_t at = plan_data(p, &none, sizeof(none));

	plan_reloc(p, at);
	plan_add(p, K_SETGROUPS, WHY_NS_USER_GROUPS, INT(0), HEAP(at));
	plan_add(p, K_SETGID, WHY_NS_USER_ROOT, INT(0));
	plan_add(p, K_SETUID, WHY_NS_USER_ROOT, INT(0));
}
