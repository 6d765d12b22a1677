#include "labs/facts.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/lang.h"
#include "core/str.h"
#include "labs/vocabulary.h"

struct list {
	uint32_t *at;
	size_t n, cap;
};

/* One (type, cid) pair; cid NULL is the list of the whole type. */
struct bucket {
	int type;
	const char *cid;
	struct list list;
};

struct facts {
	struct fact *v;
	cJSON **json;		/* owns what v points to */
	size_t n, cap;
	struct bucket *table;	/* open addressing; cap_table is a power of two */
	size_t used, cap_table;
};

struct facts *facts_new(void)
{
	struct facts *f = mem_alloc(sizeof(*f));
	f->cap_table = 256;
	f->table = mem_alloc(f->cap_table * sizeof(*f->table));
	return f;
}

void facts_free(struct facts *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		cJSON_Delete(f->json[i]);
	for (size_t i = 0; i < f->cap_table; i++)
		free(f->table[i].list.at);
	free(f->table);
	free(f->json);
	free(f->v);
	free(f);
}

/* FNV-1a, 64 bit. */
static uint64_t hash(int type, const char *cid)
{
	uint64_t h = 0xcbf29ce484222325ull ^ (uint64_t)(type + 1);
	h *= 0x100000001b3ull;
	for (; cid && *cid; cid++)
		h = (h ^ (unsigned char)*cid) * 0x100000001b3ull;
	return h ^ h >> 29;
}

/* The pair's slot, or the empty one where it belongs (list.at NULL). */
static struct bucket *slot(const struct facts *f, int type, const char *cid)
{
	size_t i = hash(type, cid) & (f->cap_table - 1);
	for (;; i = (i + 1) & (f->cap_table - 1)) {
		struct bucket *b = &f->table[i];
		if (!b->list.at || (b->type == type && str_eq(b->cid, cid)))
			return b;
	}
}

static void widen(struct facts *f)
{
	struct bucket *old = f->table;
	size_t n = f->cap_table;
	f->cap_table *= 2;
	f->table = mem_alloc(f->cap_table * sizeof(*f->table));
	for (size_t i = 0; i < n; i++)
		if (old[i].list.at)
			*slot(f, old[i].type, old[i].cid) = old[i];
	free(old);
}

static void index_one(struct facts *f, int type, const char *cid, uint32_t at)
{
	if (f->used * 2 > f->cap_table)
		widen(f);
	struct bucket *b = slot(f, type, cid);
	if (!b->list.at)
		f->used++;
	b->type = type;
	b->cid = cid;
	if (b->list.n == b->list.cap) {
		b->list.cap = b->list.cap ? b->list.cap * 2 : 4;
		b->list.at = mem_grow(b->list.at, b->list.cap * sizeof(*b->list.at));
	}
	b->list.at[b->list.n++] = at;
}

static void reserve(struct facts *f)
{
	if (f->n < f->cap)
		return;
	f->cap = f->cap ? f->cap * 2 : 256;
	f->v = mem_grow(f->v, f->cap * sizeof(*f->v));
	f->json = mem_grow(f->json, f->cap * sizeof(*f->json));
}

int facts_add(struct facts *f, cJSON *line, struct err *e)
{
	struct fact x = {
		.seq = json_int(line, "seq", -1),
		.actor = json_str_or(line, "actor", ""),
		.session = json_str_or(line, "session", ""),
		.step = json_str_or(line, "step", ""),
		.cid = json_str_or(line, "cid", ""),
		.image = json_str_or(line, "image", ""),
		.wall = json_str_or(line, "wall", ""),
		.data = json_obj(line, "data"),
	};
	const char *type = json_str(line, "type");
	if (!type || x.seq < 0) {
		cJSON_Delete(line);
		return err_set(e, EBADMSG, _("read the journal: a line without type or seq"));
	}
	if (x.seq <= facts_last_seq(f)) {
		cJSON_Delete(line);
		return 0;
	}
	reserve(f);
	x.type = vocabulary_find(type);
	f->json[f->n] = line;
	f->v[f->n] = x;
	if (x.type >= 0) {
		index_one(f, x.type, NULL, (uint32_t)f->n);
		if (*x.cid)
			index_one(f, x.type, x.cid, (uint32_t)f->n);
	}
	f->n++;
	return 0;
}

int facts_add_text(struct facts *f, const char *line, size_t len, struct err *e)
{
	cJSON *j;
	int r = json_parse(line, len, &j, e);
	return r < 0 ? r : facts_add(f, j, e);
}

int facts_load(struct facts *f, const char *path, struct err *e)
{
	autostr struct str text = { 0 };
	size_t row = 1;
	int r = file_read(path, &text, e);
	for (char *s = text.s; r == 0 && s && *s; row++) {
		size_t len = strcspn(s, "\n");
		if (len && *s != '#')
			r = facts_add_text(f, s, len, e);
		if (r < 0)
			err_wrap(e, "%s:%zu", path, row);
		s += len + (s[len] == '\n');
	}
	return r;
}

size_t facts_count(const struct facts *f) { return f->n; }

int64_t facts_last_seq(const struct facts *f) { return f->n ? f->v[f->n - 1].seq : 0; }

const struct fact *facts_at(const struct facts *f, size_t i) { return &f->v[i]; }

struct fact_list facts_of(const struct facts *f, int type, const char *cid)
{
	const struct bucket *b = slot(f, type, cid);
	return (struct fact_list){ b->list.at, b->list.n };
}

size_t fact_list_below(struct fact_list l, size_t limit)
{
	size_t lo = 0, hi = l.n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (l.at[mid] < limit)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
