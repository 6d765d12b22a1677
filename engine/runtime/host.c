#include "runtime/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/rights.h"
#include "core/str.h"
#include "runtime/device_rules.h"

const char *const cg_names[CG_COUNT] = {
	"memory", "pids", "cpuacct", "cpu", "cpuset", "freezer", "devices", "blkio",
};

/* ---- where the control groups are ---- */

bool host_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || strchr(", ", at[-1])) && (!at[n] || strchr(", \n", at[n])))
			return true;
	return false;
}

/* The controllers among a v1 mount's options, as the option that mounts it again. */
static char *v1_option(const char *super)
{
	static const char *const known[] = { "cpuset", "cpu", "cpuacct", "memory", "pids",
					     "freezer", "devices", "blkio", NULL };
	struct str b = { 0 };

	for (int i = 0; known[i]; i++)
		if (host_has_word(super, known[i]))
			str_addf(&b, "%s%s", b.len ? "," : "", known[i]);
	return str_take(&b);
}

static void take_v1(struct host *h, const char *at, const char *super)
{
	for (int cg = 0; cg < CG_COUNT; cg++) {
		if (h->cgroup[cg] || !host_has_word(super, cg_names[cg]))
			continue;
		h->cgroup[cg] = str_dup(at);
		h->cgroup_opts[cg] = v1_option(super);
	}
}

/* One line of /proc/self/mountinfo: "… root at options … - type source super". */
static void take_mount(struct host *h, char *line, char **v2)
{
	char at[512], type[64], super[512];
	char *dash = strstr(line, " - ");

	if (!dash || sscanf(line, "%*s %*s %*s %*s %511s", at) != 1 ||
	    sscanf(dash, " - %63s %*s %511s", type, super) != 2)
		return;
	if (strcmp(type, "cgroup") == 0)
		take_v1(h, at, super);
	if (strcmp(type, "cgroup2") == 0 && !*v2)
		*v2 = str_dup(at);
}

void host_find_trees(struct host *h, char **v2)
{
	autofile FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[2048];

	while (f && fgets(line, sizeof(line), f))
		take_mount(h, line, v2);
}

static void warn(struct host *h, const char *fmt, const char *arg)
{
	autofree char *text = str_printf(fmt, arg);
	strv_add(&h->warnings, text);
}

/* ---- v1: a group of our own in each tree ---- */

static long write_in(struct kernel *k, const char *dir, const char *file, const char *text)
{
	autofree char *path = str_printf("%s/%s", dir, file);
	return k_write_file(k, path, text);
}

/* Are they in force?  Then they are not written again: between "deny all" and the
 * last "allow" no container, another daemon's neither, could make its devices. */
static bool has_device_rules(struct kernel *k, const char *dir)
{
	autofree char *path = str_printf("%s/devices.list", dir);
	autostr struct str want = { 0 };
	char text[512] = "";
	struct k_buf b = { text, sizeof(text) - 1, 0 };

	for (int i = 0; device_rules_default[i]; i++)
		str_addf(&want, "%s\n", device_rules_default[i]);
	return k_read_file(k, path, &b) > 0 && str_eq(text, want.s);
}

static void set_device_rules(struct kernel *k, struct host *h, const char *dir)
{
	if (has_device_rules(k, dir))
		return;
	if (write_in(k, dir, "devices.deny", "a") < 0)
		warn(h, "device rules: %s can't be written", dir);
	for (int i = 0; device_rules_default[i]; i++)
		write_in(k, dir, "devices.allow", device_rules_default[i]);
}

/* An empty cpuset takes no task: the new group gets what its parent has, and
 * passes it on. */
static void fill_cpuset(struct kernel *k, struct host *h, const char *tree, const char *dir)
{
	const struct { const char *file; char **kept; } sets[] = {
		{ "cpuset.cpus", &h->cpus }, { "cpuset.mems", &h->mems },
	};

	for (int i = 0; i < 2; i++) {
		char text[256];
		struct k_buf b = { text, sizeof(text), 0 };
		autofree char *path = str_printf("%s/%s", tree, sets[i].file);
		if (k_read_file(k, path, &b) <= 0)
			continue;
		write_in(k, dir, sets[i].file, text);
		*sets[i].kept = str_dup(text);
	}
	write_in(k, dir, "cgroup.clone_children", "1");
}

/* ---- both: which files of disks there are ---- */

static bool has_file(const char *dir, const char *file)
{
	autofree char *path = str_printf("%s/%s", dir, file);
	return access(path, F_OK) == 0;
}

/* Weights depend on the scheduler of disks that the kernel was built with; the root
 * group has none of these files, the group of ours has. */
static void find_blkio(struct host *h)
{
	static const struct { const char *all, *one; } v1[] = {
		{ "blkio.weight", "blkio.weight_device" },
		{ "blkio.bfq.weight", "blkio.bfq.weight_device" },
	}, v2[] = { { "io.weight", "io.weight" }, { "io.bfq.weight", "io.bfq.weight" } };

	if (!h->cgroup[CG_BLKIO])
		return;
	autofree char *dir = str_printf("%s/drydock", h->cgroup[CG_BLKIO]);
	for (int i = 0; i < 2 && !h->blkio_weight; i++) {
		const char *all = h->cgroup_v2 ? v2[i].all : v1[i].all;
		const char *one = h->cgroup_v2 ? v2[i].one : v1[i].one;
		h->blkio_weight = has_file(dir, all) ? all : NULL;
		h->blkio_weight_device = has_file(dir, one) ? one : NULL;
	}
	h->blkio_throttle = has_file(dir, h->cgroup_v2 ? "io.max" : "blkio.throttle.read_bps_device");
}

static void prepare_v1(struct kernel *k, struct host *h)
{
	for (int cg = 0; cg < CG_COUNT; cg++) {
		if (!h->cgroup[cg])
			continue;
		autofree char *dir = str_printf("%s/drydock", h->cgroup[cg]);
		long r = k_cg_mkdir(k, dir, 0755);
		if ((r < 0 && r != -EEXIST) || access(dir, W_OK) < 0) {
			warn(h, "control groups: %s can't be used here", cg_names[cg]);
			free(h->cgroup[cg]);
			h->cgroup[cg] = NULL;
			continue;
		}
		if (cg == CG_DEVICES)
			set_device_rules(k, h, dir);
		if (cg == CG_CPUSET)
			fill_cpuset(k, h, h->cgroup[cg], dir);
	}
	autofree char *swap = str_printf("%s/memory.memsw.limit_in_bytes",
					 h->cgroup[CG_MEMORY] ? h->cgroup[CG_MEMORY] : "");
	h->swap_limit = access(swap, F_OK) == 0;
}

/* ---- v2: controllers must be switched on from above ---- */

#define ASIDE "/drydock-host"

/* A group that has both processes and controllers for its children is refused
 * (but for the real root): those in it move aside into a leaf. */
static void move_aside(struct kernel *k, const char *tree)
{
	static char text[65536];
	struct k_buf b = { text, sizeof(text), 0 };
	autofree char *leaf = str_printf("%s" ASIDE, tree);
	autofree char *procs = str_printf("%s/cgroup.procs", tree);
	char *save = NULL;

	k_cg_mkdir(k, leaf, 0755);
	if (k_read_file(k, procs, &b) <= 0)
		return;
	for (char *pid = strtok_r(text, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save))
		write_in(k, leaf, "cgroup.procs", pid);
}

static bool enable(struct kernel *k, const char *dir, const char *controller)
{
	autofree char *text = str_printf("+%s", controller);
	return write_in(k, dir, "cgroup.subtree_control", text) >= 0;
}

/* A kernel or a daemon's rights may know no such program: tried out with the rules of all. */
static bool takes_programs(struct kernel *k)
{
	autofree struct device_program *p = mem_alloc(sizeof(*p));

	device_program((char *const *)device_rules_default, p);
	const struct k_filter program = { (unsigned short)p->len, p->insn };
	long fd = k_bpf_load(k, &program);
	if (fd >= 0)
		k_close(k, (int)fd);
	return fd >= 0;
}

static void prepare_v2(struct kernel *k, struct host *h, const char *tree)
{
	static const struct { enum cg cg; const char *name; bool quiet; } wanted[] = {
		{ CG_MEMORY, "memory" }, { CG_PIDS, "pids" }, { CG_CPU, "cpu" },
		{ CG_CPUSET, "cpuset" }, { CG_BLKIO, "io", true },
	};
	autofree char *dir = str_printf("%s/drydock", tree);
	bool moved = false;

	long r = k_cg_mkdir(k, dir, 0755);
	if ((r < 0 && r != -EEXIST) || access(dir, W_OK) < 0) {
		warn(h, "control groups: %s can't be written, no limits", tree);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		bool on = enable(k, tree, wanted[i].name);
		if (!on && !moved) {
			move_aside(k, tree);
			moved = true;
			on = enable(k, tree, wanted[i].name);
		}
		if (on && enable(k, dir, wanted[i].name))
			h->cgroup[wanted[i].cg] = str_dup(tree);
		else if (!wanted[i].quiet)
			warn(h, "%s limits: the kernel doesn't offer this controller here",
			     wanted[i].name);
	}
	h->memory_v2 = h->cgroup[CG_MEMORY] != NULL;
	h->device_program = takes_programs(k);
	/* One tree: a group is made and joined even where no controller works. */
	if (!h->cgroup[CG_MEMORY])
		h->cgroup[CG_MEMORY] = str_dup(tree);
	h->cgroup[CG_CPUACCT] = str_dup(tree);
	h->cgroup[CG_FREEZER] = str_dup(tree);
	h->swap_limit = true;
}

/* Where we are; or, since we may have moved aside in it, the one above. */
char *host_delegated_group(struct kernel *k, const char *tree)
{
	char text[4096] = "";
	struct k_buf b = { text, sizeof(text), 0 };

	k_read_file(k, "/proc/self/cgroup", &b);
	char *own = str_starts(text, "0::") ? text + 3 : strstr(text, "\n0::");
	own = own == text + 3 ? own : own ? own + 4 : (char *)"";
	char *end = own + strcspn(own, "\n");
	if (end - own > (long)strlen(ASIDE) && !memcmp(end - strlen(ASIDE), ASIDE, strlen(ASIDE)))
		end -= strlen(ASIDE);
	return str_printf("%s%.*s", tree, (int)(end - own), own);
}

static bool any_v1(const struct host *h)
{
	for (int cg = 0; cg < CG_COUNT; cg++)
		if (h->cgroup[cg])
			return true;
	return false;
}

static void find_cgroups(struct kernel *k, struct host *h)
{
	autofree char *v2 = NULL;

	host_find_trees(h, &v2);
	if (any_v1(h)) {
		prepare_v1(k, h);
	} else if (v2) {
		autofree char *base = h->rootless ? host_delegated_group(k, v2) : str_dup(v2);
		h->cgroup_v2 = true;
		prepare_v2(k, h, base);
	}
	find_blkio(h);
	if (!h->cgroup[CG_MEMORY])
		warn(h, "memory limits: no %s controller on this machine", "memory");
}

/* ---- capabilities ---- */

static uint64_t status_mask(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 16) : 0;
}

static void find_caps(struct kernel *k, struct host *h)
{
	char text[4096] = "";
	struct k_buf b = { text, sizeof(text), 0 };

	k_read_file(k, "/proc/self/status", &b);
	h->caps = status_mask(text, "\nCapPrm:") & status_mask(text, "\nCapBnd:");
	k_read_file(k, "/proc/sys/kernel/cap_last_cap", &b);
	h->last_cap = atoi(text);
	if (h->last_cap <= 0 || h->last_cap > 63)
		h->last_cap = 40;
}

int host_open(struct kernel *k, struct host **out, struct err *e)
{
	struct host *h = mem_alloc(sizeof(*h));

	h->rootless = rights_rootless();
	h->one_user = !rights_owners();
	if (h->one_user)
		warn(h, "users: there is only root in containers, whoever they ask for: %s",
		     "your user has no range in /etc/subuid and /etc/subgid, or newuidmap is missing");
	find_caps(k, h);
	find_cgroups(k, h);
	*out = h;
	return 0;
}

void host_forget_trees(struct host *h)
{
	for (int cg = 0; cg < CG_COUNT; cg++) {
		free(h->cgroup[cg]);
		free(h->cgroup_opts[cg]);
	}
}

void host_close(struct host *h)
{
	host_forget_trees(h);
	strv_free(h->warnings);
	free(h->cpus);
	free(h->mems);
	free(h);
}
