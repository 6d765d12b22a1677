/* load.c - docker load: an archive of images, read once from front to back.
 *
 * An archive may hold its parts in any order, and the document that says which file
 * is which layer often comes last.  So each file is looked at as it comes: a small
 * one that is JSON is kept as a document; anything else that is a tar becomes a
 * layer of the store, known by its DiffID and pinned; the rest is passed over.  At
 * the end the documents are read, and an image is made only if every layer that
 * its configuration lists came, with the very digest that is written there.  What
 * nobody listed is let go of.
 *
 * Nothing in an archive is trusted: files never get a name from it, and a blob
 * whose path is a digest must have that digest.
 */
#include "image/archive.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/json.h"
#include "image/layer_in.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/unpack.h"

#define DOCUMENT_MAX (4 << 20)		/* bytes: a manifest or configuration is a few KiB */
#define DOCUMENTS_MAX (64 << 20)	/* bytes of all of them */
#define TAR_BLOCK 512
#define TAR_MAGIC_AT 257		/* "ustar" in a header: POSIX pax, ustar interchange */
#define TELL_NS 100000000u		/* a progress line every 0.1 s, as docker */
#define MAX_LINKS 8			/* from one path to another, in old archives */

struct document { char *path, *text; size_t len; };
struct layer_file { char *path; char diff_id[DIGEST_TEXT]; struct err err; };
struct link { char *path, *to; };

struct load {
	struct image_store *s;
	const struct load_options *o;
	char holder[32];		/* under which this load's layers are pinned */
	struct archive *a;
	struct tar_source src;
	struct document *docs;
	struct layer_file *layers;
	struct link *links;
	size_t n_docs, n_layers, n_links, doc_bytes;
	bool any;			/* an image was made */
};

/* ---- one file of the archive as a stream ----------------------------------------- */

struct member {
	struct stream s;
	struct load *l;
	const char *id;
	int64_t at, size;
	uint64_t told_ns;
	bool silent;			/* it may be a document: nobody is told of those */
};

static void tell(struct member *m)
{
	uint64_t now = clock_mono_ns();
	if (!m->l->o->progress || (now - m->told_ns < TELL_NS && m->at != m->size))
		return;
	struct pull_progress p = { .id = m->id, .status = "Loading layer",
				   .current = m->at, .total = m->size };
	m->told_ns = now;
	m->l->o->progress(m->l->o->arg, &p);
}

static ssize_t member_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct member *m = (struct member *)s;
	la_ssize_t n = archive_read_data(m->l->a, buf, cap);
	if (n < 0)
		return tar_fail(m->l->a, &m->l->src, e);
	m->at += n;
	if (n > 0 && !m->silent)
		tell(m);
	return n;
}

struct memory { struct stream s; const char *data; size_t len; };

static ssize_t memory_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct memory *m = (struct memory *)s;
	size_t n = m->len < cap ? m->len : cap;
	memcpy(buf, m->data, n);
	m->data += n;
	m->len -= n;
	return (ssize_t)n;
}

/* ---- layers ---------------------------------------------------------------------- */

/* "sha256:HEX" if the path is that of a blob of a layout, else "". */
static void blob_digest(const char *path, char digest[DIGEST_TEXT])
{
	snprintf(digest, DIGEST_TEXT, "sha256:%s",
		 str_starts(path, "blobs/sha256/") ? path + 13 : "");
	if (!digest_ok(digest))
		digest[0] = '\0';
}

/* A layer that is here already, by what its blob is called; pinned. */
static bool known_layer(struct load *l, const char *digest, char diff_id[DIGEST_TEXT])
{
	autostmt sqlite3_stmt *st = NULL;
	if (!*digest)
		return false;
	{
		STORE_LOCKED(l->s);
		if (db_query(l->s->db, &st, "SELECT diff_id FROM layer WHERE diff_id = ?1 "
			     "OR digest = ?1", "s", NULL, digest) < 0 ||
		    sqlite3_step(st) != SQLITE_ROW)
			return false;
		snprintf(diff_id, DIGEST_TEXT, "%s", sqlite3_column_text(st, 0));
	}
	return layer_pin(l->s, diff_id, l->holder, NULL) == 0;
}

static int read_layer(struct load *l, const char *digest, struct stream *in,
		      struct layer_file *f, struct err *e)
{
	struct layer_record rec;
	char raw[DIGEST_TEXT];
	int r = layer_from_stream(l->s, in, l->holder, &rec, raw, e);
	if (r == 0 && *digest && !str_eq(digest, raw))
		return err_set(e, EBADMSG, "invalid blob: its name is %s, its digest %s", digest, raw);
	if (r == 0)
		memcpy(f->diff_id, rec.diff_id, sizeof(f->diff_id));
	return r;
}

/* A file that can't be a layer is a failure only if an image lists it. */
static int take_layer(struct load *l, const char *path, struct stream *in, struct err *e)
{
	struct layer_file f = { .path = str_dup(path) };
	char digest[DIGEST_TEXT];
	int r = 0;
	blob_digest(path, digest);
	if (!known_layer(l, digest, f.diff_id))
		r = read_layer(l, digest, in, &f, &f.err);
	l->layers = mem_grow(l->layers, (l->n_layers + 1) * sizeof(*l->layers));
	l->layers[l->n_layers++] = f;
	if (r < 0 && r != -EBADMSG && e)
		*e = f.err;
	return r == -EBADMSG ? 0 : r;
}

/* ---- what comes ------------------------------------------------------------------ */

static bool looks_like_tar(const char *text, size_t len)
{
	return stream_packed(text, len) || (len >= TAR_BLOCK &&
	       (memcmp(text + TAR_MAGIC_AT, "ustar", 5) == 0 || !text[0]));
}

static bool is_document(const char *text, size_t len)
{
	autojson cJSON *doc = NULL;
	size_t skip = strspn(text, " \t\r\n");
	return (text[skip] == '{' || text[skip] == '[') && json_parse(text, len, &doc, NULL) == 0;
}

/* text: owned by the document from here on. */
static int keep_document(struct load *l, const char *path, char *text, size_t len, struct err *e)
{
	l->docs = mem_grow(l->docs, (l->n_docs + 1) * sizeof(*l->docs));
	l->docs[l->n_docs++] = (struct document){ str_dup(path), text, len };
	l->doc_bytes += len;
	return l->doc_bytes > DOCUMENTS_MAX
	       ? err_set(e, EFBIG, "the archive's documents are more than %d MiB",
			 DOCUMENTS_MAX >> 20) : 0;
}

static int take_small(struct load *l, const char *path, struct member *in, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = stream_whole(&in->s, DOCUMENT_MAX, &text, &len, e);
	if (r < 0)
		return r;
	if (is_document(text, len))
		return keep_document(l, path, steal_ptr(text), len, e);
	struct memory m = { { memory_read, NULL }, text, len };
	if (!looks_like_tar(text, len))
		return 0;
	tell(in);
	return take_layer(l, path, &m.s, e);
}

static int take_link(struct load *l, const char *path, const char *to)
{
	const char *slash = strrchr(path, '/');
	autofree char *joined = str_printf("%.*s/%s", slash ? (int)(slash - path) : 0, path, to);
	l->links = mem_grow(l->links, (l->n_links + 1) * sizeof(*l->links));
	l->links[l->n_links++] = (struct link){ str_dup(path), str_clean_path(joined) };
	return 0;
}

static int take(struct load *l, struct archive_entry *ae, struct err *e)
{
	char id[16];
	autofree char *path = tar_clean_name(archive_entry_pathname(ae));
	if (!path)
		return err_set(e, EBADMSG, "invalid archive: %s leaves it", archive_entry_pathname(ae));
	const char *hex = strrchr(path, '/');
	snprintf(id, sizeof(id), "%.12s", str_starts(path, "blobs/") && hex ? hex + 1 : path);
	struct member m = { .s = { member_read, NULL }, .l = l, .id = id,
			    .size = archive_entry_size(ae) };
	if (archive_entry_hardlink(ae)) {
		autofree char *to = str_printf("/%s", archive_entry_hardlink(ae));
		return take_link(l, "", to);
	}
	if (archive_entry_filetype(ae) == AE_IFLNK)
		return take_link(l, path, archive_entry_symlink(ae));
	if (archive_entry_filetype(ae) != AE_IFREG)
		return 0;
	if (m.size <= DOCUMENT_MAX) {
		m.silent = true;
		return take_small(l, path, &m, e);
	}
	return take_layer(l, path, &m.s, e);
}

static int read_archive(struct load *l, struct stream *in, struct err *e)
{
	struct archive_entry *ae;
	int r;
	l->src.in = in;
	l->a = tar_open(&l->src, e);
	if (!l->a)
		return e ? -e->code : -EBADMSG;
	while ((r = tar_next(l->a, &l->src, &ae, e)) > 0)
		if ((r = take(l, ae, e)) < 0)
			break;
	tar_close(l->a, &l->src);
	return r;
}

/* ---- what it meant --------------------------------------------------------------- */

static const char *follow(const struct load *l, const char *path)
{
	for (int hops = 0; hops < MAX_LINKS; hops++) {
		size_t i = 0;
		while (i < l->n_links && !str_eq(l->links[i].path, path))
			i++;
		if (i == l->n_links)
			break;
		path = l->links[i].to;
	}
	return path;
}

static const struct document *document(const struct load *l, const char *path)
{
	for (size_t i = 0; path && i < l->n_docs; i++)
		if (str_eq(l->docs[i].path, follow(l, path)))
			return &l->docs[i];
	return NULL;
}

/* Parsed, and of the digest that its path says; NULL with e filled in. */
static cJSON *read_document(const struct load *l, const char *path, struct err *e)
{
	char digest[DIGEST_TEXT], got[DIGEST_TEXT];
	const struct document *d = document(l, path);
	cJSON *doc = NULL;
	if (!d) {
		err_set(e, EINVAL, "invalid archive: it has no %s", path ? path : "configuration");
		return NULL;
	}
	blob_digest(d->path, digest);
	digest_of(d->text, d->len, got);
	if (*digest && !str_eq(digest, got))
		err_set(e, EINVAL, "invalid archive: %s has the digest %s", d->path, got);
	else
		json_parse(d->text, d->len, &doc, e);
	return doc;
}

static int check_layer(const struct load *l, const char *path, size_t place, const char *want,
		       struct err *e)
{
	const struct layer_file *f = NULL;
	for (size_t i = 0; path && i < l->n_layers && !f; i++)
		if (str_eq(l->layers[i].path, follow(l, path)))
			f = &l->layers[i];
	if (!f)
		return err_set(e, EINVAL, "invalid archive: it has no %s", path ? path : "layer");
	if (f->err.code) {
		*e = f->err;
		return err_wrap(e, "%s", path);
	}
	if (!str_eq(f->diff_id, want))
		return err_set(e, EINVAL, "invalid diffID for layer %zu: expected \"%s\", got \"%s\"",
			       place, want, f->diff_id);
	return 0;
}

static int check_layers(const struct load *l, char *const *diff_ids, char *const *files,
			struct err *e)
{
	size_t n = strv_len(diff_ids);
	int r = 0;
	if (strv_len(files) != n)
		return err_set(e, EINVAL, "invalid manifest, layers length mismatch: expected %zu, "
			       "got %zu", n, strv_len(files));
	for (size_t i = 0; i < n && r == 0; i++)
		r = check_layer(l, files[i], i, diff_ids[i], e);
	return r;
}

static int name_image(struct load *l, const char *id, const char *tag, struct err *e)
{
	autoreference struct reference ref = { 0 };
	autoimage struct image *old = NULL;
	int r = reference_parse(tag, &ref, e);
	if (r < 0)
		return err_wrap(e, "invalid tag \"%s\"", tag);
	autofree char *name = reference_familiar(&ref);
	bool moves = image_get(l->s, name, &old, NULL) == 0 && !str_eq(old->id, id);
	r = image_tag(l->s, id, name, e);
	if (r == 0)
		l->o->loaded(l->o->arg, id, name, moves ? old->id : NULL);
	return r;
}

static int make_image(struct load *l, const char *config, char *const *files, char *const *tags,
		      struct err *e)
{
	autojson cJSON *doc = read_document(l, config, e);
	char **diff_ids = NULL;
	if (!doc)
		return -EINVAL;
	const struct document *d = document(l, config);
	struct image_record rec = { .text = d->text, .len = d->len, .config = doc };
	int r = image_diff_ids(doc, &diff_ids, e);
	if (r == 0)
		r = check_layers(l, diff_ids, files, e);
	rec.diff_ids = diff_ids;
	if (r == 0)
		r = image_record(l->s, &rec, e);
	strv_free(diff_ids);
	if (r < 0)
		return r;
	l->any = true;
	if (!tags[0])
		l->o->loaded(l->o->arg, rec.id, NULL, NULL);
	for (; *tags && r == 0; tags++)
		r = name_image(l, rec.id, *tags, e);
	return r;
}

/* ---- Docker's list --------------------------------------------------------------- */

static int from_docker(struct load *l, const cJSON *list, struct err *e)
{
	const cJSON *row;
	int r = cJSON_IsArray(list) ? 0 : err_set(e, EINVAL, "invalid manifest.json: no array");
	cJSON_ArrayForEach(row, list) {
		char **files = json_strv(json_obj(row, "Layers"));
		char **tags = json_strv(json_obj(row, "RepoTags"));
		if (r == 0)
			r = make_image(l, json_str(row, "Config"), files, tags, e);
		strv_free(files);
		strv_free(tags);
	}
	return r;
}

/* ---- an OCI layout --------------------------------------------------------------- */

static char *blob_path(const char *digest) { return str_printf("blobs/sha256/%s", digest_hex(digest)); }

/* What the index calls it: a whole name, or none. */
static void index_name(const cJSON *row, char ***tags)
{
	const cJSON *notes = json_obj(row, "annotations");
	const char *name = json_str(notes, "io.containerd.image.name");
	const char *ref = json_str(notes, "org.opencontainers.image.ref.name");
	if (!name && ref && strchr(ref, ':'))
		name = ref;
	if (name)
		strv_add(tags, name);
}

static int from_manifest(struct load *l, const cJSON *doc, char *const *tags, struct err *e)
{
	automanifest struct manifest m = { 0 };
	char **files = mem_alloc(sizeof(*files));
	int r = manifest_parse(doc, &m, e);
	for (size_t i = 0; i < m.n_layers; i++) {
		autofree char *path = blob_path(m.layers[i].digest);
		strv_add(&files, path);
	}
	if (r == 0) {
		autofree char *config = blob_path(m.config.digest);
		r = make_image(l, config, files, tags, e);
	}
	strv_free(files);
	return r;
}

/* A row of the index, or of an index in it: the entry for this machine. */
static int from_row(struct load *l, const char *digest, char *const *tags, bool nested,
		    struct err *e)
{
	struct descriptor d;
	if (!digest_ok(digest))
		return err_set(e, EINVAL, "invalid index.json: no digest");
	autofree char *path = blob_path(digest);
	autojson cJSON *doc = read_document(l, path, e);
	if (!doc)
		return -EINVAL;
	if (!manifest_is_index(json_str(doc, "mediaType"), doc))
		return from_manifest(l, doc, tags, e);
	if (nested)
		return err_set(e, EINVAL, "invalid index.json: an index in an index of an index");
	int r = index_choose(doc, NULL, &d, e);
	return r < 0 ? r : from_row(l, d.digest, tags, true, e);
}

static int from_layout(struct load *l, const cJSON *index, struct err *e)
{
	const cJSON *row;
	int r = 0;
	cJSON_ArrayForEach(row, json_obj(index, "manifests")) {
		char **tags = mem_alloc(sizeof(*tags));
		index_name(row, &tags);
		if (r == 0)
			r = from_row(l, json_str(row, "digest"), tags, false, e);
		strv_free(tags);
	}
	return r;
}

static int understand(struct load *l, struct err *e)
{
	bool docker = document(l, "manifest.json");
	if (!docker && !document(l, "index.json")) {
		err_set(e, EINVAL, "invalid archive: it has no manifest.json and no index.json");
		return err_hint(e, "`docker load` takes what `docker save` wrote; `docker import` takes "
				"the files of one container");
	}
	autojson cJSON *doc = read_document(l, docker ? "manifest.json" : "index.json", e);
	int r = !doc ? -EINVAL : docker ? from_docker(l, doc, e) : from_layout(l, doc, e);
	if (r == 0 && !l->any)
		r = err_set(e, EINVAL, "invalid archive: it lists no image");
	return r;
}

/* ---- the whole ------------------------------------------------------------------- */

static void load_end(struct load *l)
{
	layer_unpin(l->s, l->holder, NULL);
	for (size_t i = 0; i < l->n_docs; i++) {
		free(l->docs[i].path);
		free(l->docs[i].text);
	}
	for (size_t i = 0; i < l->n_layers; i++)
		free(l->layers[i].path);
	for (size_t i = 0; i < l->n_links; i++) {
		free(l->links[i].path);
		free(l->links[i].to);
	}
	free(l->docs);
	free(l->layers);
	free(l->links);
	store_collect(l->s, NULL, NULL, NULL);	/* layers that nothing listed */
}

int image_load_archive(struct image_store *s, const struct load_options *o, struct err *e)
{
	struct err here = { 0 };
	struct load l = { .s = s, .o = o };
	autostream struct stream *file = stream_fd(o->fd, "the archive"), *inflated = NULL;
	autostream struct stream *plain = NULL;
	snprintf(l.holder, sizeof(l.holder), "load %u", atomic_fetch_add(&s->serial, 1));
	int r = stream_inflate(file, &inflated, &here);
	if (r == 0) {
		plain = stream_unfilter(inflated);
		r = read_archive(&l, plain, &here);
	}
	if (r == 0)
		r = understand(&l, &here);
	load_end(&l);
	if (r < 0 && e)
		*e = here;
	return r;
}

/* ---- import ---------------------------------------------------------------------- */

int image_import(struct image_store *s, int fd, cJSON *config, const char *ref,
		 struct image **out, struct err *e)
{
	struct layer_record rec;
	char raw[DIGEST_TEXT], holder[32];
	autostream struct stream *file = stream_fd(fd, "the archive"), *from = stream_unfilter(file);
	snprintf(holder, sizeof(holder), "import %u", atomic_fetch_add(&s->serial, 1));
	int r = layer_from_stream(s, from, holder, &rec, raw, e);
	if (r == 0) {
		cJSON *fs = cJSON_CreateObject(), *ids = cJSON_CreateArray();
		cJSON_AddItemToArray(ids, cJSON_CreateString(rec.diff_id));
		json_put_str(fs, "type", "layers");
		json_put(fs, "diff_ids", ids);
		json_put(config, "rootfs", fs);
		r = image_create(s, config, ref, out, e);
	}
	layer_unpin(s, holder, NULL);
	if (r < 0)
		store_collect(s, NULL, NULL, NULL);
	return r;
}
