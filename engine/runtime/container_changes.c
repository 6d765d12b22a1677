/* container_changes.c - what has a container written?  (docker diff, and fs.change facts)
 *
 * The overlay answers it: everything written since the start lies in the upper
 * directory, a deletion as a whiteout.  We walk that directory and compare each
 * name's stamp (inode, size, times) with what we saw last; what differs is told.
 * "add" or "modify" depends on whether a layer below has the name too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "runtime/container_internal.h"

#define HASH_MAX  (1 << 20)	/* files up to 1 MiB are told with their SHA-256 */
#define REST_NS   100000000ull	/* between two looks; more if looking takes long */

struct stamp { ino_t ino; off_t size; struct timespec mtime, ctime; mode_t mode; };

struct seen {
	char *path;		/* NULL: a free slot */
	struct stamp stamp;
	unsigned round;
	bool told;		/* as there */
};

struct changes {
	struct seen *slot;	/* open addressing; cap is a power of two */
	size_t n, cap;
	unsigned round;
	uint64_t looked_ns, took_ns;
};

void changes_free(struct changes *ch)
{
	if (!ch)
		return;
	for (size_t i = 0; i < ch->cap; i++)
		free(ch->slot[i].path);
	free(ch->slot);
	free(ch);
}

static uint64_t hash(const char *s)	/* FNV-1a */
{
	uint64_t h = 14695981039346656037ull;
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ull;
	return h;
}

static struct seen *slot_of(struct seen *slot, size_t cap, const char *path)
{
	size_t i = hash(path) & (cap - 1);
	while (slot[i].path && strcmp(slot[i].path, path))
		i = (i + 1) & (cap - 1);
	return &slot[i];
}

static void grow(struct changes *ch)
{
	size_t cap = ch->cap ? ch->cap * 2 : 64;
	struct seen *slot = mem_alloc(cap * sizeof(*slot));
	for (size_t i = 0; i < ch->cap; i++)
		if (ch->slot[i].path)
			*slot_of(slot, cap, ch->slot[i].path) = ch->slot[i];
	free(ch->slot);
	ch->slot = slot;
	ch->cap = cap;
}

static struct seen *seen_get(struct changes *ch, const char *path)
{
	if (ch->n * 4 >= ch->cap * 3)
		grow(ch);
	struct seen *s = slot_of(ch->slot, ch->cap, path);
	if (!s->path) {
		s->path = str_dup(path);
		s->round = ch->round - 1;
		ch->n++;
	}
	return s;
}

/* -- walking the upper directory --------------------------------------------------- */

static void walk_upper(struct container *c, void (*fn)(void *arg, const struct dir_entry *en),
		       void *arg)
{
	autofree char *upper = container_path(c, "upper");
	autofd int fd = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		dir_walk(fd, fn, arg);
}

/* Everything below the writable layer. */
static int lower_layers(struct container *c, struct layers *out)
{
	int r = container_layers(c, out, NULL);
	if (r < 0)
		return r;
	memmove(out->dir, out->dir + 1, --out->n * sizeof(out->dir[0]));
	return 0;
}

static bool is_below(const struct layers *lower, const char *path)
{
	struct layer_file f;
	return layers_find(lower, path, false, &f) == 0;
}

/* -- facts ------------------------------------------------------------------------- */

struct look { struct container *c; struct layers lower; bool silent; };

static void hash_file(const struct dir_entry *en, cJSON *d)
{
	char hex[65];
	autofree char *data = mem_alloc(HASH_MAX);
	autofd int fd = openat(en->dir, en->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 0;
	while (fd >= 0 && n < HASH_MAX && (got = read(fd, data + n, HASH_MAX - n)) > 0)
		n += (size_t)got;
	if (fd < 0 || got < 0)
		return;
	sha256_hex(data, n, hex);
	json_put_str(d, "sha256", hex);
}

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode) ? "dir" : S_ISLNK(mode) ? "link" : "file";
}

static void tell(struct container *c, const char *path, const char *op, const struct dir_entry *en)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "path", path);
	json_put_str(d, "op", op);
	if (en) {
		if (S_ISREG(en->st.st_mode) && en->st.st_size <= HASH_MAX)
			hash_file(en, d);
		json_put_int(d, "size", en->st.st_size);
		json_put_str(d, "kind", kind_of(en->st.st_mode));
	}
	json_put_str(d, "upper", c->upper ? c->upper : "");
	container_fact(c, &c->by, "fs.change", d);
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->ino == b->ino && a->size == b->size && a->mode == b->mode &&
	       a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec &&
	       a->ctime.tv_sec == b->ctime.tv_sec && a->ctime.tv_nsec == b->ctime.tv_nsec;
}

static void compare(void *arg, const struct dir_entry *en)
{
	struct look *l = arg;
	struct changes *ch = l->c->changes;
	bool dir = S_ISDIR(en->st.st_mode), gone = is_whiteout(&en->st);
	struct stamp now = { en->st.st_ino, dir ? 0 : en->st.st_size, en->st.st_mtim, en->st.st_ctim,
			     en->st.st_mode };
	if (dir)	/* its times move with every name in it: not a change of its own */
		now.mtime = now.ctime = (struct timespec){ 0 };
	struct seen *s = seen_get(ch, en->path);
	bool known = s->round == ch->round - 1 && s->stamp.mode;
	bool changed = !known || !same_stamp(&s->stamp, &now);

	s->stamp = now;
	s->round = ch->round;
	if (!changed)
		return;
	bool below = is_below(&l->lower, en->path);
	bool first = !s->told;
	s->told = !gone && !(dir && below);
	if (l->silent || (dir && (below || !first)))
		return;
	tell(l->c, en->path, gone ? "delete" : below || !first ? "modify" : "add", gone ? NULL : en);
}

/* Names that were there and left without a whiteout: they had been added. */
static void tell_vanished(struct look *l)
{
	struct changes *ch = l->c->changes;
	for (size_t i = 0; i < ch->cap; i++) {
		struct seen *s = &ch->slot[i];
		if (!s->path || s->round == ch->round || !s->told)
			continue;
		s->told = false;
		s->stamp = (struct stamp){ 0 };
		if (!l->silent)
			tell(l->c, s->path, "delete", NULL);
	}
}

static void look(struct container *c, bool silent)
{
	struct look l = { .c = c, .silent = silent };
	uint64_t begin = clock_mono_ns();
	if (!c->all->journal || lower_layers(c, &l.lower) < 0)
		return;
	if (!c->changes)
		c->changes = mem_alloc(sizeof(*c->changes));
	c->changes->round++;
	walk_upper(c, compare, &l);
	tell_vanished(&l);
	c->changes->looked_ns = clock_mono_ns();
	c->changes->took_ns = c->changes->looked_ns - begin;
}

void changes_look(struct container *c) { look(c, false); }
void changes_baseline(struct container *c) { look(c, true); }

void changes_look_soon(struct container *c)
{
	const struct changes *ch = c->changes;
	uint64_t rest = ch && ch->took_ns * 20 > REST_NS ? ch->took_ns * 20 : REST_NS;
	if (!ch || clock_mono_ns() - ch->looked_ns > rest)
		look(c, false);
}

/* -- docker diff ------------------------------------------------------------------- */

struct diff { cJSON *list; struct layers lower; };

static void add_change(void *arg, const struct dir_entry *en)
{
	struct diff *d = arg;
	cJSON *o = cJSON_CreateObject();
	int kind = is_whiteout(&en->st) ? 2 : is_below(&d->lower, en->path) ? 0 : 1;
	json_put_str(o, "Path", en->path);
	json_put_int(o, "Kind", kind);
	cJSON_AddItemToArray(d->list, o);
}

int container_changes(struct container *c, cJSON **out, struct err *e)
{
	struct diff d = { .list = NULL };
	container_lock(c);
	int r = lower_layers(c, &d.lower);
	if (r == 0) {
		d.list = cJSON_CreateArray();
		walk_upper(c, add_change, &d);
	}
	container_unlock(c);
	if (r < 0)
		return err_sys(e, -r, "look at the layers of container %s", c->name);
	*out = d.list;
	return 0;
}
