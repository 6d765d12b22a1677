/* container_mounts.c - a container's mount points become directories, then mounts.
 *
 * At creation its volumes are made and, where the image has something at that place
 * and the volume is new, filled with it.  At each start what the volumes name is
 * mounted, missing sources of -v are made, and the spec gets its mounts: parents
 * before what is mounted inside them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/mount_options.h"
#include "image/merged.h"
#include "image/resolve.h"
#include "image/tree.h"
#include "runtime/container_internal.h"

static bool is_type(const cJSON *p, const char *type) { return str_eq(json_str(p, "Type"), type); }

/* -- at creation ------------------------------------------------------------------- */

/* What the image holds at `target`, as its layers merged show it; *dir -1: no directory. */
static int open_image_dir(struct container *c, const char *target, int *dir, struct err *e)
{
	struct layers l;
	autofree char *at = container_path(c, "merged");
	int r = container_layers(c, &l, e);
	if (r < 0)
		return r;
	const struct merged m = { .dir = l.dir + 1, .n = l.n - 1 };	/* all but the writable one */
	autofd int root = merged_open(c->all->kernel, &m, at, e);
	if (root < 0)
		return root;
	r = resolve_dir(root, target + 1);
	*dir = r < 0 ? -1 : r;
	return 0;
}

/* Does any other container that is up use it? */
static bool used_elsewhere(const struct container *c, const char *name)
{
	bool used = false;
	size_t n;
	struct container **v = containers_list(c->all, &n);
	for (size_t i = 0; i < n; i++) {
		const cJSON *p;
		cJSON_ArrayForEach(p, v[i]->points)
			used |= v[i] != c && v[i]->pid && str_eq(json_str(p, "Name"), name);
	}
	containers_list_free(v, n);
	return used;
}

/* A volume in use, or one that somebody has put files into, stays as it is.  Filled
 * beside and put into place at once: half of it would look like somebody's files. */
static int fill_volume(struct container *c, const struct volume *v, const char *target, struct err *e)
{
	const struct tree_copy all = { .k = c->all->kernel, .keep_owner = true, .mode = -1 };
	autofree char *beside = str_printf("%s.new", v->dir);
	autofd int from = -1;
	int r = open_image_dir(c, target, &from, e);
	if (r < 0 || from < 0)
		return r;
	autofree char *path = str_printf("/proc/self/fd/%d/.", from);
	autofree char *parent = strndup(v->dir, (size_t)(strrchr(v->dir, '/') - v->dir));
	autofd int to = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return err_sys(e, errno, "open %s", parent);
	if (used_elsewhere(c, v->name))	/* its directory must stay the one that is mounted */
		return dir_is_empty(v->dir) ? tree_copy(&all, path, to, "_data", e) : 0;
	r = tree_copy(&all, path, to, "_data.new", e);
	if (r == 0 && rename(beside, v->dir) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = err_sys(e, errno, "fill volume %s", v->name);
	dir_remove(beside, NULL);
	return r;
}

static int make_volume(struct container *c, const cJSON *p, struct err *e)
{
	autovolume struct volume *v = NULL;
	autojson cJSON *labels = cJSON_Duplicate(json_obj(p, "labels"), true);
	bool made;
	if (json_bool(p, "anonymous")) {
		labels = cJSON_IsObject(labels) ? labels : cJSON_CreateObject();
		json_put_str(labels, VOLUME_ANONYMOUS, "");
	}
	int r = volume_create(c->all->volumes, json_str_or(p, "Name", ""), labels,
			      json_obj(p, "options"), &v, &made, e);
	if (r < 0)
		return r;
	if (made)
		event_volume("create", v->name, NULL);
	if (json_bool(p, "nocopy") || cJSON_GetArraySize(v->options))
		return 0;
	return fill_volume(c, v, json_str_or(p, "Destination", ""), e);
}

int mounts_make(struct container *c, struct err *e)
{
	const cJSON *p;
	int r = 0;
	cJSON_ArrayForEach(p, c->points)
		if (r == 0 && is_type(p, "volume"))
			r = make_volume(c, p, e);
	if (r < 0)
		mounts_remove_volumes(c);
	return r;
}

void mounts_remove_volumes(struct container *c)
{
	const cJSON *p;
	cJSON_ArrayForEach(p, c->points) {
		struct err unused = { 0 };	/* another container may have it by --volumes-from */
		if (json_bool(p, "anonymous") &&
		    volume_remove(c->all->volumes, json_str_or(p, "Name", ""), containers_use_volume,
				  c->all, &unused) == 0)
			event_volume("destroy", json_str_or(p, "Name", ""), NULL);
	}
}

char *containers_use_volume(void *containers, const char *name)
{
	struct str ids = { 0 };
	size_t n;
	struct container **v = containers_list(containers, &n);
	for (size_t i = 0; i < n; i++) {
		const cJSON *p;
		bool uses = false;
		cJSON_ArrayForEach(p, v[i]->points)
			uses |= str_eq(json_str(p, "Name"), name);
		if (uses)
			str_addf(&ids, "%s%s", ids.len ? ", " : "", v[i]->id);
	}
	containers_list_free(v, n);
	return ids.s;
}

/* -- at a start -------------------------------------------------------------------- */

static cJSON *use_attributes(const struct container *c, const cJSON *p)
{
	cJSON *a = cJSON_CreateObject();
	json_put_str(a, "container", c->id);
	json_put_str(a, "destination", json_str(p, "Destination"));
	json_put_str(a, "propagation", json_str(p, "Propagation"));
	json_put_str(a, "read/write", json_bool(p, "RW") ? "true" : "false");
	return a;
}

static int ready_volume(struct container *c, const cJSON *p, struct err *e)
{
	autovolume struct volume *v = NULL;
	const char *name = json_str_or(p, "Name", "");
	int r = volume_create(c->all->volumes, name, NULL, NULL, &v, NULL, e);
	if (r == 0 && (r = volume_mount(c->all->volumes, v, e)) == 0)
		event_volume("mount", name, use_attributes(c, p));
	return r;
}

/* The line of mountinfo (proc(5)) about the mount that a path is on: the tags between
 * its options and the dash say whom it shares its mounts with; owned, "" if unknown. */
static char *mount_tags(const char *path)
{
	struct statx st;
	autofile FILE *f = fopen("/proc/self/mountinfo", "re");
	autofree char *line = NULL;
	size_t cap = 0;
	if (!f || statx(AT_FDCWD, path, 0, STATX_MNT_ID, &st) < 0)
		return str_dup("");
	while (getline(&line, &cap, f) > 0)
		if (strtoull(line, NULL, 10) == st.stx_mnt_id) {
			const char *dash = strstr(line, " - ");
			return strndup(line, dash ? (size_t)(dash - line) : 0);
		}
	return str_dup("");
}

/* Docker's rule: who asks to share needs a mount that shares. */
static int check_shared(const cJSON *p, const char *source, struct err *e)
{
	const char *word = json_str_or(p, "Propagation", "");
	bool shared = strstr(word, "shared"), slave = strstr(word, "slave");
	autofree char *tags = shared || slave ? mount_tags(source) : str_dup("");
	if ((!shared && !slave) || strstr(tags, " shared:") || (slave && strstr(tags, " master:")))
		return 0;
	return err_set(e, EINVAL, "path %s is mounted on a filesystem but it is not a shared%s mount",
		       source, slave ? " or slave" : "");
}

static int ready_bind(const cJSON *p, struct err *e)
{
	const char *source = json_str_or(p, "Source", "");
	struct stat st;
	if (stat(source, &st) == 0)
		return check_shared(p, source, e);
	if (json_bool(p, "strict"))
		return err_set(e, EINVAL, "invalid mount config for type \"bind\": bind source path does not"
			       " exist: %s", source);
	if (dir_make_inside(source, e) < 0)
		return err_wrap(e, "error while creating mount source path '%s'", source);
	return 0;
}

int mounts_ready(struct container *c, struct err *e)
{
	const cJSON *p;
	int r = 0;
	cJSON_ArrayForEach(p, c->points) {
		if (is_type(p, "volume"))
			r = ready_volume(c, p, e);
		else if (is_type(p, "bind"))
			r = ready_bind(p, e);
		if (r < 0)
			return r;
	}
	return 0;
}

void mounts_done(struct container *c)
{
	const cJSON *p;
	cJSON_ArrayForEach(p, c->points) {
		autovolume struct volume *v = NULL;
		const char *name = json_str_or(p, "Name", "");
		if (!is_type(p, "volume") || volume_get(c->all->volumes, name, &v, NULL) < 0)
			continue;
		if (cJSON_GetArraySize(v->options) && !used_elsewhere(c, name))
			volume_unmount(c->all->volumes, v, NULL);
		event_volume("unmount", name, use_attributes(c, p));
	}
}

/* -- the spec ---------------------------------------------------------------------- */

static const struct { const char *word; unsigned long flags; } propagations[] = {
	{ "private", MS_PRIVATE }, { "rprivate", MS_PRIVATE | MS_REC },
	{ "slave", MS_SLAVE }, { "rslave", MS_SLAVE | MS_REC },
	{ "shared", MS_SHARED }, { "rshared", MS_SHARED | MS_REC },
};

static unsigned long propagation(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(propagations); i++)
		if (str_eq(propagations[i].word, word))
			return propagations[i].flags;
	return MS_PRIVATE | MS_REC;
}

const char *propagation_word(unsigned long flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(propagations); i++)
		if (propagations[i].flags == flags)
			return propagations[i].word;
	return "rprivate";
}

static struct spec_mount *add_mount(struct spec *s, const char *type, const char *target)
{
	s->mounts = mem_grow(s->mounts, (s->n_mounts + 1) * sizeof(*s->mounts));
	struct spec_mount *m = &s->mounts[s->n_mounts++];
	*m = (struct spec_mount){ .type = str_dup(type), .target = str_dup(target) };
	return m;
}

/* Words that are flags become flags, the rest is for the filesystem. */
static void add_tmpfs(struct spec *s, const char *target, const char *options, bool writable)
{
	struct spec_mount *m = add_mount(s, "tmpfs", target);
	m->source = str_dup("tmpfs");
	m->flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | (writable ? 0 : MS_RDONLY);
	m->options = mount_options_take(options, &m->flags);
}

static void add_point(struct spec *s, const cJSON *p)
{
	const char *target = json_str_or(p, "Destination", ""), *below = json_str_or(p, "subpath", "");
	if (is_type(p, "tmpfs")) {
		add_tmpfs(s, target, json_str_or(p, "options", ""), json_bool(p, "RW"));
		return;
	}
	struct spec_mount *m = add_mount(s, json_str_or(p, "Type", ""), target);
	m->source = str_dup(json_str_or(p, "Source", ""));
	m->below = *below ? str_dup(below) : NULL;
	m->flags = MS_BIND | (json_bool(p, "flat") ? 0 : MS_REC) | (json_bool(p, "RW") ? 0 : MS_RDONLY);
	m->readonly_top = json_bool(p, "ro_top");
	m->propagation = propagation(json_str_or(p, "Propagation", ""));
	m->options = str_dup("");
}

static size_t depth(const char *path)
{
	size_t n = 0;
	for (; *path; path++)
		n += *path == '/';
	return n;
}

static int by_depth(const void *a, const void *b)
{
	const struct spec_mount *x = a, *y = b;
	size_t dx = depth(x->target), dy = depth(y->target);
	return dx != dy ? (dx > dy) - (dx < dy) : strcmp(x->target, y->target);
}

void mounts_build(const struct container *c, struct spec *s)
{
	const cJSON *p;
	cJSON_ArrayForEach(p, c->points)
		add_point(s, p);
	if (s->n_mounts)
		qsort(s->mounts, s->n_mounts, sizeof(*s->mounts), by_depth);
}

/* Whoever has the volume can put links there that lead anywhere: they are followed with
 * the volume as "/", and where that is has none any more. */
static int resolve_below(struct spec_mount *m, struct err *e)
{
	autofd int dir = open(m->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int fd = dir < 0 ? -errno : resolve_open(dir, m->below, O_PATH);
	char *where = fd < 0 ? NULL : resolve_where(fd);
	if (!where)
		return err_sys(e, fd < 0 ? -fd : errno, "cannot access path %s/%s", m->source, m->below);
	free(m->source);
	m->source = where;
	return 0;
}

int mounts_resolve(struct spec *s, struct err *e)
{
	int r = 0;
	for (size_t i = 0; i < s->n_mounts && r == 0; i++)
		if (s->mounts[i].below)
			r = resolve_below(&s->mounts[i], e);
	return r;
}

int mounts_count(const struct container *c, const char *type)
{
	const cJSON *p;
	int n = 0;
	cJSON_ArrayForEach(p, c->points)
		n += is_type(p, type);
	return n;
}

const char *mount_at(const struct container *c, const char *path)
{
	const cJSON *p;
	cJSON_ArrayForEach(p, c->points) {
		const char *target = json_str_or(p, "Destination", "");
		size_t n = strlen(target);
		if (!strncmp(path, target, n) && (path[n] == '/' || !path[n]))
			return json_str(p, "Type");
	}
	return NULL;
}
