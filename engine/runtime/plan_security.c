/* plan_security.c - what root inside may not do.
 *
 * Paths first, while we can still mount: the files of /proc and /sys that show
 * or change the whole host are covered (by /dev/null or an empty directory) or
 * made read-only.  Many of them exist on some kernels only: each is looked at
 * before it is covered, since a mount that fails makes the kernel wait.
 *
 * Then rights.  Order: bounding set (needs CAP_SETPCAP), filter (needs
 * CAP_SYS_ADMIN or no_new_privs), groups, group, user, and what is left of the
 * capabilities last.  Changing to another user than root clears the effective
 * and permitted sets by itself.
 */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "core/cleanup.h"

/* A step that goes on at `missing` when the path isn't there. */
static void look(struct plan_builder *p, const char *path, int missing)
{
	plan_add(p, K_ACCESS, WHY_SEC_LOOK, INT(AT_FDCWD), TEXT(path), INT(F_OK));
	plan_expect(p, ENOENT, missing);
}

/* The kernel's own files are the same here and there: their kind is known. */
static bool is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void mask(struct plan_builder *p, const char *path)
{
	int missing = plan_label(p);

	look(p, path, missing);
	if (is_dir(path))
		plan_add(p, K_MOUNT, WHY_SEC_MASK, TEXT("tmpfs"), TEXT(path), TEXT("tmpfs"),
			 INT(MS_RDONLY), TEXT("size=0k"));
	else
		plan_add(p, K_MOUNT, WHY_SEC_MASK, TEXT("/dev/null"), TEXT(path), NOTEXT,
			 INT(MS_BIND), NOTEXT);
	plan_here(p, missing);
}

static void make_readonly(struct plan_builder *p, const char *path)
{
	int missing = plan_label(p);

	look(p, path, missing);
	plan_add(p, K_MOUNT, WHY_SEC_READONLY, TEXT(path), TEXT(path), NOTEXT,
		 INT(MS_BIND | MS_REC), NOTEXT);
	plan_add(p, K_MOUNT, WHY_SEC_READONLY, NOTEXT, TEXT(path), NOTEXT,
		 INT(MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC),
		 NOTEXT);
	plan_here(p, missing);
}

void plan_protect_paths(struct plan_builder *p, const struct plan_input *in)
{
	const struct spec *s = in->spec;
	const struct k_mount_attr attr = { .set = 1 /* MOUNT_ATTR_RDONLY */ };

	for (size_t i = 0; i < strv_len(s->readonly); i++)
		make_readonly(p, s->readonly[i]);
	for (size_t i = 0; i < strv_len(s->masked); i++)
		mask(p, s->masked[i]);
	if (s->readonly_root)
		plan_add(p, K_MOUNT_SETATTR, WHY_ROOT_READONLY, INT(AT_FDCWD), TEXT("/"),
			 INT(0), HEAP(plan_data(p, &attr, sizeof(attr))));
}

static void add_sysctl(struct plan_builder *p, const struct spec_sysctl *c)
{
	autofree char *path = str_printf("/proc/sys/%s", c->name);

	for (char *dot = path; (dot = strchr(dot, '.'));)
		*dot = '/';
	plan_add(p, K_WRITE_FILE, WHY_SEC_SYSCTL, TEXT(path), TEXT(c->value));
}

void plan_limits(struct plan_builder *p, const struct plan_input *in)
{
	const struct spec *s = in->spec;

	for (size_t i = 0; i < s->n_sysctls; i++)
		add_sysctl(p, &s->sysctls[i]);
	for (size_t i = 0; i < s->n_ulimits; i++) {
		struct k_rlimit l = { s->ulimits[i].soft, s->ulimits[i].hard };
		plan_add(p, K_PRLIMIT, WHY_SEC_LIMIT, INT(s->ulimits[i].resource),
			 HEAP(plan_data(p, &l, sizeof(l))));
		plan_expect(p, EPERM, -1);
	}
}

/* While the file is still ours: it is root's of the host. */
void plan_oom_score(struct plan_builder *p, const struct plan_input *in)
{
	const struct spec *s = in->spec;

	if (s->oom_score_adj) {
		autofree char *value = str_printf("%d", s->oom_score_adj);
		plan_add(p, K_WRITE_FILE, WHY_SEC_OOM, TEXT("/proc/self/oom_score_adj"),
			 TEXT(value));
		plan_expect(p, EACCES, -1);
		plan_expect(p, EPERM, -1);
	}
}

static void add_filter(struct plan_builder *p, const struct plan_input *in)
{
	int watch = plan_slot(p, "watch");
	uint32_t at = plan_filter(p, in->filter->insn, in->filter->len,
				  sizeof(*in->filter->insn));

	plan_add(p, K_SECCOMP, in->spec->seccomp_default ? WHY_SEC_SECCOMP : WHY_SEC_WATCH,
		 HEAP(at), INT(SECCOMP_FILTER_FLAG_NEW_LISTENER));
	plan_into(p, watch);
	plan_add(p, ACT_HAND_WATCH, WHY_SEC_WATCH, SLOT(watch));
}

/* The user's own: root may install it as long as its capabilities are whole, everybody
 * under no_new_privs; so it comes as late as that allows.  Like runc's, it must let
 * through what is still to come. */
static void add_own_filter(struct plan_builder *p, const struct seccomp_program *f)
{
	if (f->len)
		plan_add(p, K_SECCOMP, WHY_SEC_SECCOMP,
			 HEAP(plan_filter(p, f->insn, f->len, sizeof(*f->insn))), INT(0));
}

static void add_user(struct plan_builder *p, const struct plan_input *in,
		     const struct plan_identity *who)
{
	struct { uint64_t gids; } groups = { plan_data(p, who->groups,
						       who->n_groups * sizeof(gid_t)) };
	uint32_t at = plan_data(p, &groups, sizeof(groups));
	const struct k_caps caps = { .effective = who->caps, .permitted = who->caps };

	plan_reloc(p, at);
	if (!in->host->one_user)	/* who gave setgroups(2) up to be root at all */
		plan_add(p, K_SETGROUPS, WHY_SEC_GROUPS, INT(who->n_groups), HEAP(at));
	plan_add(p, K_SETGID, WHY_SEC_USER, INT(who->gid));
	plan_add(p, K_SETUID, WHY_SEC_USER, INT(who->uid));
	if (who->uid == 0)
		plan_add(p, K_CAPSET, WHY_SEC_CAPS, HEAP(plan_data(p, &caps, sizeof(caps))));
	/* Once more: a change of the user id clears this setting. */
	plan_add(p, K_PRCTL, WHY_EXEC_PARENT, INT(PR_SET_PDEATHSIG), INT(SIGKILL), INT(0));
}

void plan_security(struct plan_builder *p, const struct plan_input *in,
		   const struct plan_identity *who)
{
	for (int cap = 0; cap <= in->host->last_cap; cap++)
		if (!(who->caps >> cap & 1))
			plan_add(p, K_PRCTL, WHY_SEC_BOUNDING, INT(PR_CAPBSET_DROP), INT(cap),
				 INT(0));
	if (who->no_new_privs)
		plan_add(p, K_PRCTL, WHY_SEC_NNP, INT(PR_SET_NO_NEW_PRIVS), INT(1), INT(0));
	add_filter(p, in);
	if (!who->no_new_privs)
		add_own_filter(p, &in->own);
	add_user(p, in, who);
	if (who->no_new_privs)
		add_own_filter(p, &in->own);
}
