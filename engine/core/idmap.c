#include "core/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/str.h"

#define CAPABILITY "security.capability"

struct range { uint32_t inside, outside, length; };
struct map { struct range range[IDMAP_RANGES]; size_t n; };

static struct map uids, gids;

bool idmap_active(void) { return uids.n > 0; }

/* ---- numbers --------------------------------------------------------------------- */

static const struct range *range_inside(const struct map *m, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (id >= m->range[i].inside && id - m->range[i].inside < m->range[i].length)
			return &m->range[i];
	return NULL;
}

static uint32_t out_of(const struct map *m, uint32_t id)
{
	const struct range *r = range_inside(m, id);
	return r ? r->outside + (id - r->inside) : id;
}

static uint32_t into(const struct map *m, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct range *r = &m->range[i];
		if (id >= r->outside && id - r->outside < r->length)
			return r->inside + (id - r->outside);
	}
	return id;
}

uid_t idmap_uid_out(uid_t inside) { return out_of(&uids, inside); }
gid_t idmap_gid_out(gid_t inside) { return out_of(&gids, inside); }
uid_t idmap_uid_in(uid_t outside) { return into(&uids, outside); }
gid_t idmap_gid_in(gid_t outside) { return into(&gids, outside); }
bool idmap_has_uid(uid_t inside) { return !uids.n || range_inside(&uids, inside); }
bool idmap_has_gid(gid_t inside) { return !gids.n || range_inside(&gids, inside); }

static char *map_text(const struct map *m)
{
	struct str b = { 0 };
	for (size_t i = 0; i < m->n; i++)
		str_addf(&b, "%u %u %u\n", m->range[i].inside, m->range[i].outside,
			 m->range[i].length);
	return str_take(&b);
}

char *idmap_uid_text(void) { return map_text(&uids); }
char *idmap_gid_text(void) { return map_text(&gids); }

int idmap_give(int dir, const char *path)
{
	if (!idmap_active())
		return 0;
	int flags = AT_SYMLINK_NOFOLLOW | (*path ? 0 : AT_EMPTY_PATH);
	return fchownat(dir, path, idmap_uid_out(0), idmap_gid_out(0), flags) < 0 ? -errno : 0;
}

/* ---- file capabilities ----------------------------------------------------------- */

/* struct vfs_cap_data of <linux/capability.h>: a word that says which revision, two
 * pairs of sets, and in revision 3 the number of the user namespace's root. */
#define CAPS_REVISION_2 0x02000000u
#define CAPS_REVISION_3 0x03000000u
#define CAPS_REVISION	0xff000000u
#define CAPS_SIZE_2 20
#define CAPS_SIZE_3 24

static uint32_t little(const void *at)
{
	const unsigned char *b = at;
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put_little(void *at, uint32_t v)
{
	unsigned char *b = at;
	for (int i = 0; i < 4; i++)
		b[i] = (unsigned char)(v >> 8 * i);
}

static bool is_caps(const char *name, const void *value, size_t len, size_t size,
		    uint32_t revision)
{
	return idmap_active() && str_eq(name, CAPABILITY) && len == size &&
	       (little(value) & CAPS_REVISION) == revision;
}

size_t idmap_caps_out(const char *name, const void *value, size_t len, void *out)
{
	if (!is_caps(name, value, len, CAPS_SIZE_2, CAPS_REVISION_2))
		return 0;
	memcpy(out, value, CAPS_SIZE_2);
	put_little(out, (little(value) & ~CAPS_REVISION) | CAPS_REVISION_3);
	put_little((char *)out + CAPS_SIZE_2, idmap_uid_out(0));
	return CAPS_SIZE_3;
}

size_t idmap_caps_in(const char *name, const void *value, size_t len, void *out)
{
	if (!is_caps(name, value, len, CAPS_SIZE_3, CAPS_REVISION_3) ||
	    little((const char *)value + CAPS_SIZE_2) != idmap_uid_out(0))
		return 0;
	memcpy(out, value, CAPS_SIZE_2);
	put_little(out, (little(value) & ~CAPS_REVISION) | CAPS_REVISION_2);
	return CAPS_SIZE_2;
}

/* ---- who: passwd(5), group(5), subuid(5) ----------------------------------------- */

struct who { char *name; uint32_t id; };

static bool is_number(const char *text, uint32_t *out)
{
	char *end;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > INT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* The line of passwd or group with that name, or that number in its third field. */
static int look_up(const char *etc, const char *file, const char *text, struct who *out)
{
	autofree char *path = str_printf("%s/%s", etc, file);
	autofile FILE *f = fopen(path, "re");
	autofree char *line = NULL;
	size_t cap = 0;
	uint32_t want, id;
	bool number = is_number(text, &want);

	while (f && getline(&line, &cap, f) > 0) {
		char *save = NULL, *name = strtok_r(line, ":\n", &save);
		strtok_r(NULL, ":\n", &save);	/* the password, or where it is */
		char *digits = strtok_r(NULL, ":\n", &save);
		if (!digits || !is_number(digits, &id) ||
		    !(number ? id == want : str_eq(name, text)))
			continue;
		*out = (struct who){ str_dup(name), id };
		return 0;
	}
	return -ENOENT;
}

/* The ranges of a name, or of the number it stands for, one after the other. */
static void read_ranges(const char *etc, const char *file, const struct who *w, struct map *m)
{
	autofree char *path = str_printf("%s/%s", etc, file);
	autofree char *number = str_printf("%u", w->id);
	autofile FILE *f = fopen(path, "re");
	autofree char *line = NULL;
	size_t cap = 0;
	uint32_t next = 0;

	m->n = 0;
	while (f && getline(&line, &cap, f) > 0 && m->n < IDMAP_RANGES) {
		char *save = NULL, *name = strtok_r(line, ":\n", &save);
		char *start = strtok_r(NULL, ":\n", &save), *length = strtok_r(NULL, ":\n", &save);
		struct range r = { .inside = next };
		if (!length || (!str_eq(name, w->name) && !str_eq(name, number)) ||
		    !is_number(start, &r.outside) || !is_number(length, &r.length) || !r.length ||
		    r.length > UINT32_MAX - next)
			continue;
		m->range[m->n++] = r;
		next += r.length;
	}
}

#define DEFAULT_USER "dockremap"

static int no_user(const char *user, const char *why, struct err *e)
{
	err_set(e, EINVAL, "Error during uid lookup for \"%s\": %s", user, why);
	if (!str_eq(user, DEFAULT_USER))
		return -EINVAL;
	return err_hint(e, "`useradd --system --no-create-home --user-group " DEFAULT_USER "` makes the user,"
			" `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 " DEFAULT_USER
			"` gives it numbers for containers");
}

static int find_group(const char *etc, const char *text, bool given, struct who *g, struct err *e)
{
	uint32_t id;
	if (look_up(etc, "group", text, g) == 0)
		return 0;
	if (is_number(text, &id))
		return err_set(e, EINVAL, "Gid %u has no entry in /etc/group: no matching entries in"
			       " group file", id);
	return err_set(e, EINVAL, "Error during %s lookup for \"%s\": no matching entries in group file",
		       given ? "groupname" : "gid", text);
}

static int find_both(const char *who, const char *etc, struct who *u, struct who *g, struct err *e)
{
	const char *colon = strchr(who, ':');
	autofree char *user = strndup(who, colon ? (size_t)(colon - who) : strlen(who));
	uint32_t id;
	if (!*user || (colon && (!colon[1] || strchr(colon + 1, ':'))))
		return err_set(e, EINVAL, "invalid user/group specification in --userns-remap: \"%s\"",
			       who);
	if (str_eq(user, "default")) {
		free(user);
		user = str_dup(DEFAULT_USER);
	}
	bool number = is_number(user, &id);
	if (look_up(etc, "passwd", user, u) < 0)
		return number ? err_set(e, EINVAL, "Uid %u has no entry in /etc/passwd: no matching"
					" entries in passwd file", id)
			      : no_user(user, "no matching entries in passwd file", e);
	/* Without a group: the one of the same number, or of the same name. */
	return find_group(etc, colon ? colon + 1 : user, colon, g, e);
}

static int no_range(const char *kind, const char *name, struct err *e)
{
	err_set(e, EINVAL, "Can't create ID mappings: No sub%s ranges found for %s \"%s\" in /etc/sub%s",
		kind, str_eq(kind, "uid") ? "user" : "group", name, kind);
	return err_hint(e, "`usermod --add-sub%ss 100000-165535 %s` gives it some", kind, name);
}

int idmap_choose(const char *who, const char *etc, struct err *e)
{
	struct who u = { NULL, 0 }, g = { NULL, 0 };
	int r = 0;

	uids.n = gids.n = 0;
	if (!who || !*who)
		return 0;
	if ((r = find_both(who, etc, &u, &g, e)) == 0 && !str_eq(u.name, "root")) {
		read_ranges(etc, "subuid", &u, &uids);
		read_ranges(etc, "subgid", &g, &gids);
		if (!uids.n || !gids.n)
			r = no_range(uids.n ? "gid" : "uid", uids.n ? g.name : u.name, e);
	}
	if (r < 0)
		uids.n = gids.n = 0;
	free(u.name);
	free(g.name);
	return r;
}
