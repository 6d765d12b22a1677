/* plan_rootfs.c - layers become one tree, and that tree becomes /.
 *
 * The overlay is mounted inside the container's mount namespace: the host's
 * mount table stays short (cloning it costs with every entry), and nothing is
 * left behind when the container dies.
 *
 * The newer mount calls take one layer at a time ("lowerdir+", Linux 6.8).  An
 * older kernel accepts the word and fails only when the overlay is created, so
 * that the plan has a second way: mount(2) with all layers in one line.
 *
 * pivot_root(".", ".") puts the new root over the old one at the same place; the
 * old one is then detached from below our feet.  No directory for it is needed
 * in the image, which may be read-only.
 */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "image/merged.h"

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

static void add_old_way(struct plan_builder *p, const struct plan_input *in)
{
	const struct spec *s = in->spec;
	autostr struct str data = { 0 };

	str_add(&data, in->host->rootless ? "userxattr,lowerdir=" : "lowerdir=");
	for (size_t i = strv_len(s->lower); i-- > 0;) {
		merged_add_path(&data, s->lower[i]);
		str_add(&data, i ? ":" : "");
	}
	str_add(&data, ",upperdir=");
	merged_add_path(&data, s->upper);
	str_add(&data, ",workdir=");
	merged_add_path(&data, s->work);
	plan_add(p, K_MOUNT, WHY_OVERLAY_OLD, TEXT("overlay"), TEXT(s->merged), TEXT("overlay"),
		 INT(plan_nodev(in) ? MS_NODEV : 0), TEXT(data.s));
}

static void set_text(struct plan_builder *p, int fs, int why, const char *key,
		     const char *value, int old_way)
{
	plan_add(p, K_FSCONFIG, why, SLOT(fs), INT(FSCONFIG_SET_STRING), TEXT(key), TEXT(value),
		 INT(0));
	plan_expect(p, EINVAL, old_way);
}

static void set_flag(struct plan_builder *p, int fs, int why, const char *key, int old_way)
{
	plan_add(p, K_FSCONFIG, why, SLOT(fs), INT(FSCONFIG_SET_FLAG), TEXT(key), NOTEXT, INT(0));
	plan_expect(p, EINVAL, old_way);
}

static void attach(struct plan_builder *p, const struct spec *s, int mnt)
{
	plan_add(p, K_MOVE_MOUNT, WHY_OVERLAY_ATTACH, SLOT(mnt), TEXT(""), INT(AT_FDCWD),
		 TEXT(s->merged), INT(MOVE_MOUNT_F_EMPTY_PATH));
}

/* In a user namespace's plan nothing is attached yet: it is only taken hold of. */
static void take_hold(struct plan_builder *p, const struct spec *s, int mnt)
{
	plan_add(p, K_OPEN_TREE, WHY_OVERLAY_OLD, INT(AT_FDCWD), TEXT(s->merged),
		 INT(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
	plan_into(p, mnt);
}

void plan_attach_root(struct plan_builder *p, const struct plan_input *in,
		      const struct plan_sources *s)
{
	if (plan_in_userns(in))
		attach(p, in->spec, s->root);
}

void plan_overlay(struct plan_builder *p, const struct plan_input *in, struct plan_sources *sources)
{
	const struct spec *s = in->spec;
	int fs = plan_slot(p, "overlay"), mnt = plan_slot(p, "merged");
	int old_way = plan_label(p), mounted = plan_label(p);
	bool nodev = plan_nodev(in);

	plan_add(p, K_FSOPEN, WHY_OVERLAY_OPEN, TEXT("overlay"), INT(FSOPEN_CLOEXEC));
	plan_into(p, fs);
	plan_expect(p, ENOSYS, old_way);
	set_text(p, fs, WHY_OVERLAY_OPEN, "source", "overlay", old_way);
	if (in->host->rootless)
		set_flag(p, fs, WHY_OVERLAY_USER, "userxattr", old_way);
	for (size_t i = strv_len(s->lower); i-- > 0;)
		set_text(p, fs, WHY_OVERLAY_LOWER, "lowerdir+", s->lower[i], old_way);
	set_text(p, fs, WHY_OVERLAY_UPPER, "upperdir", s->upper, old_way);
	set_text(p, fs, WHY_OVERLAY_WORK, "workdir", s->work, old_way);
	plan_add(p, K_FSCONFIG, WHY_OVERLAY_CREATE, SLOT(fs), INT(FSCONFIG_CMD_CREATE), NOTEXT,
		 NOTEXT, INT(0));
	plan_expect(p, EINVAL, old_way);
	plan_add(p, K_FSMOUNT, WHY_OVERLAY_MOUNT, SLOT(fs), INT(FSMOUNT_CLOEXEC),
		 INT(nodev ? MOUNT_ATTR_NODEV : 0));
	plan_into(p, mnt);
	sources->root = mnt;
	if (plan_in_userns(in))
		plan_add(p, K_CLOSE, WHY_TABLE, SLOT(fs));
	else
		attach(p, s, mnt);
	plan_then(p, mounted);
	plan_here(p, old_way);
	add_old_way(p, in);
	if (plan_in_userns(in))
		take_hold(p, s, mnt);
	plan_here(p, mounted);
}

void plan_pivot(struct plan_builder *p, const struct plan_input *in)
{
	plan_add(p, K_CHDIR, WHY_ROOT_ENTER, TEXT(in->spec->merged));
	plan_add(p, K_PIVOT_ROOT, WHY_ROOT_PIVOT, TEXT("."), TEXT("."));
}

void plan_detach(struct plan_builder *p)
{
	plan_add(p, K_UMOUNT, WHY_ROOT_DETACH, TEXT("."), INT(MNT_DETACH));
	plan_add(p, K_CHDIR, WHY_ROOT_ENTER, TEXT("/"));
}
