/* fstypes.c - what can be mounted: tmpfs, overlay, host; their options. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/mem.h"
#include "sim/mount_priv.h"
#include "sim/overlay_make.h"

/* Cuts the next part off *rest, up to an unescaped `end`; NULL: nothing is left. */
static char *next_part(const char **rest, char end)
{
	const char *s = *rest;

	if (!s)
		return NULL;
	while (*s && *s != end)
		s += s[0] == '\\' && s[1] ? 2 : 1;
	char *part = str_printf("%.*s", (int)(s - *rest), *rest);
	*rest = *s ? s + 1 : NULL;
	return part;
}

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		*to++ = *s;
	}
	*to = 0;
}

/* ---- tmpfs ---- */

struct tmpfs_options {
	uint64_t size, inodes;
	uint32_t mode, uid, gid;
	bool has_size, has_inodes, has_mode, has_uid, has_gid;
};

static bool number(const char *s, int base, uint64_t *out)
{
	static const char suffix[] = "kmgt";
	char *end;

	*out = strtoull(s, &end, base);
	if (end == s)
		return false;
	const char *at = *end ? strchr(suffix, *end | 0x20) : NULL;
	if (at && base == 10) {
		*out <<= 10 * (at - suffix + 1);
		end++;
	}
	return !*end;
}

static bool set_number(struct tmpfs_options *o, const char *key, const char *value)
{
	const struct { const char *name; int base; bool *has; uint64_t *wide; uint32_t *narrow; } keys[] = {
		{ "size", 10, &o->has_size, &o->size, NULL },
		{ "nr_inodes", 10, &o->has_inodes, &o->inodes, NULL },
		{ "mode", 8, &o->has_mode, NULL, &o->mode },
		{ "uid", 10, &o->has_uid, NULL, &o->uid },
		{ "gid", 10, &o->has_gid, NULL, &o->gid },
	};
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, key))
			continue;
		if (!number(value, keys[i].base, &n))
			return false;
		*keys[i].has = true;
		if (keys[i].wide)
			*keys[i].wide = n;
		else
			*keys[i].narrow = (uint32_t)n;
		return true;
	}
	return false;
}

static int parse_tmpfs(const char *text, struct tmpfs_options *o)
{
	static const char *const ignored[] = { "huge", "inode32", "inode64", "noswap", "mpol" };

	for (char *part; (part = next_part(&text, ','));) {
		autofree char *held = part;
		char *value = strchr(part, '=');
		bool known = !*part;
		if (value)
			*value++ = 0;
		for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
			known |= !strcmp(part, ignored[i]);
		if (!known && !(value && set_number(o, part, value)))
			return -EINVAL;
	}
	return 0;
}

static void apply_tmpfs(struct vfs_super *sb, const struct tmpfs_options *o)
{
	struct vfs_inode *root = sb->root->inode;

	if (o->has_size)
		sb->max_bytes = (o->size + 4095) / 4096 * 4096;
	if (o->has_inodes)
		sb->max_inodes = o->inodes;
	if (o->has_mode)
		root->mode = S_IFDIR | (o->mode & 07777);
	if (o->has_uid)
		root->uid = o->uid;
	if (o->has_gid)
		root->gid = o->gid;
	struct str shown = { 0 };
	if (sb->max_bytes)
		str_addf(&shown, ",size=%lluk", (unsigned long long)sb->max_bytes / 1024);
	if (sb->max_inodes)
		str_addf(&shown, ",nr_inodes=%llu", (unsigned long long)sb->max_inodes);
	if ((root->mode & 07777) != 01777)
		str_addf(&shown, ",mode=%03o", root->mode & 07777);
	if (root->uid)
		str_addf(&shown, ",uid=%u", root->uid);
	if (root->gid)
		str_addf(&shown, ",gid=%u", root->gid);
	free(sb->options);
	sb->options = str_take(&shown);
}

int vfs_tmpfs_remount(struct vfs_super *sb, const char *options)
{
	struct tmpfs_options o = { 0 };
	int r = parse_tmpfs(options, &o);

	if (r < 0 || (o.has_size && o.size && o.size < sb->used_bytes))
		return -EINVAL;
	o.has_mode = o.has_uid = o.has_gid = false;	/* of its root, which is there */
	apply_tmpfs(sb, &o);
	return 0;
}

static int make_tmpfs(const struct vfs_view *v, const char *source, const char *options, void *arg,
		      struct vfs_super **out)
{
	struct tmpfs_options o = { 0 };
	int r = parse_tmpfs(options, &o);

	if (r < 0)
		return r;
	*out = vfs_mem_super(v->fs, "tmpfs", 01777);
	apply_tmpfs(*out, &o);
	return 0;
}

const struct vfs_type vfs_tmpfs_type = { "tmpfs", make_tmpfs };

/* ---- host ---- */

static int make_host(const struct vfs_view *v, const char *source, const char *options, void *arg,
		     struct vfs_super **out)
{
	const struct mem_host how = { .own_as_root = true, .uid = getuid() };

	return source ? vfs_host_super(v->fs, source, &how, out) : -EINVAL;
}

const struct vfs_type vfs_host_type = { "host", make_host };

/* ---- overlay ---- */

struct overlay_options {
	const struct vfs_view *v;
	struct ovl_layers l;
};

static int add_lower(struct overlay_options *o, const char *text)
{
	int r = 0;

	for (char *part; r == 0 && (part = next_part(&text, ':'));) {
		autofree char *path = part;
		unescape(path);
		o->l.lower = mem_grow(o->l.lower, (o->l.n + 1) * sizeof(*o->l.lower));
		r = *path ? vfs_walk(o->v, NULL, path, 0, &o->l.lower[o->l.n]) : -EINVAL;
		o->l.n += r == 0;
	}
	return r;
}

static int set_dir(struct overlay_options *o, struct vfs_path *to, char *path)
{
	unescape(path);
	return to->d ? -EINVAL : vfs_walk(o->v, NULL, path, 0, to);
}

/* Values that are what we do anyway; others would need a different overlay. */
static bool known(const char *key, const char *value)
{
	static const char *const pair[][2] = {
		{ "index", "off" }, { "redirect_dir", "off" }, { "redirect_dir", "nofollow" },
		{ "metacopy", "off" }, { "xino", "off" }, { "xino", "auto" }, { "nfs_export", "off" },
		{ "uuid", "auto" }, { "uuid", "off" }, { "uuid", "null" }, { "verity", "off" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pair); i++)
		if (!strcmp(pair[i][0], key) && value && !strcmp(pair[i][1], value))
			return true;
	return !*key || (!value && (!strcmp(key, "volatile") || !strcmp(key, "userxattr")));
}

static int parse_overlay(struct overlay_options *o, const char *text)
{
	int r = 0;

	for (char *part; r == 0 && (part = next_part(&text, ','));) {
		autofree char *held = part;
		char *value = strchr(part, '=');
		if (value)
			*value++ = 0;
		if (value && !strcmp(part, "lowerdir"))
			r = o->l.n ? -EINVAL : add_lower(o, value);
		else if (value && !strcmp(part, "upperdir"))
			r = set_dir(o, &o->l.upper, value);
		else if (value && !strcmp(part, "workdir"))
			r = set_dir(o, &o->l.work, value);
		else
			r = known(part, value) ? 0 : -EINVAL;
	}
	return r;
}

static int make_overlay(const struct vfs_view *v, const char *source, const char *options, void *arg,
			struct vfs_super **out)
{
	struct overlay_options o = { .v = v };
	autofree char *shown = str_printf("%s%s", *options ? "," : "", options);
	int r = parse_overlay(&o, options);

	o.l.shown = shown;
	if (r == 0)
		r = ovl_make(v->fs, &o.l, out);
	while (o.l.n)
		vfs_path_put(&o.l.lower[--o.l.n]);
	free(o.l.lower);
	vfs_path_put(&o.l.upper);
	vfs_path_put(&o.l.work);
	return r;
}

const struct vfs_type vfs_overlay_type = { "overlay", make_overlay };
