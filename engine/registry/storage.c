#include "registry/storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "image/reference.h"

int storage_prepare(const char *root, bool clean, struct err *e)
{
	static const char *const names[] = { "blobs/sha256", "repositories", "uploads" };
	autofree char *uploads = str_printf("%s/uploads", root);
	int r = clean ? dir_remove(uploads, e) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++) {
		autofree char *path = str_printf("%s/%s", root, names[i]);
		r = dir_make(path, 0755, e);
	}
	return r;
}

char *storage_blob(const char *root, const char *digest)
{
	return str_printf("%s/blobs/sha256/%s", root, digest_hex(digest));
}

char *storage_tag(const char *root, const char *repo, const char *tag)
{
	return str_printf("%s/repositories/%s/_tags/%s", root, repo, tag);
}

char *storage_manifest(const char *root, const char *repo, const char *digest)
{
	return str_printf("%s/repositories/%s/_manifests/%s", root, repo, digest_hex(digest));
}

char *storage_upload(const char *root, const char *id)
{
	return str_printf("%s/uploads/%s", root, id);
}

bool storage_upload_id_ok(const char *id)
{
	return strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32;
}

int storage_lock(const char *root, bool alone, int *fd, struct err *e)
{
	autofree char *path = str_printf("%s/lock", root);
	autofd int mine = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (mine < 0 || flock(mine, alone ? LOCK_EX : LOCK_SH) < 0)
		return err_sys(e, errno, "lock %s", path);
	*fd = steal_fd(&mine);
	return 0;
}

/* ---- blobs ----------------------------------------------------------------------- */

bool storage_has_blob(const char *root, const char *digest, int64_t *size)
{
	struct stat st;
	autofree char *path = storage_blob(root, digest);
	if (stat(path, &st) < 0)
		return false;
	if (size)
		*size = st.st_size;
	return true;
}

void storage_touch_blob(const char *root, const char *digest)
{
	autofree char *path = storage_blob(root, digest);
	utimensat(AT_FDCWD, path, NULL, 0);	/* on a disk that is read-only nothing is collected */
}

static int sync_file(const char *path)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int storage_keep_blob(const char *root, const char *upload, const char *digest, struct err *e)
{
	char got[DIGEST_TEXT];
	int r = digest_of_file(upload, got, e);
	if (r < 0)
		return r;
	if (!str_eq(got, digest))
		return err_set(e, EBADMSG, "provided digest did not match uploaded content");
	autofree char *path = storage_blob(root, digest);
	if (sync_file(upload) < 0 || rename(upload, path) < 0)
		return err_sys(e, errno, "keep blob %s", digest);
	return 0;
}

/* ---- manifests ------------------------------------------------------------------- */

static int resolve_tag(const char *root, const char *repo, const char *ref,
		       char digest[DIGEST_TEXT])
{
	autostr struct str text = { 0 };
	autofree char *path = storage_tag(root, repo, ref);
	if (file_read(path, &text, NULL) < 0)
		return -ENOENT;
	text.s[strcspn(text.s, "\n")] = '\0';
	if (!digest_ok(text.s))
		return -ENOENT;
	memcpy(digest, text.s, DIGEST_TEXT);
	return 0;
}

static int unknown(const char *root, const char *repo, const char *ref, struct err *e)
{
	autofree char *path = str_printf("%s/repositories/%s/_manifests", root, repo);
	if (access(path, F_OK) < 0)
		return err_set(e, EACCES, "repository name not known to registry");
	return err_set(e, ENOENT, "manifest unknown");
}

int storage_get_manifest(const char *root, const char *repo, const char *ref, struct str *text,
			 char **type, char digest[DIGEST_TEXT], struct err *e)
{
	autostr struct str kind = { 0 };
	char found[DIGEST_TEXT];
	if (digest_ok(ref))
		memcpy(found, ref, DIGEST_TEXT);
	else if (resolve_tag(root, repo, ref, found) < 0)
		return unknown(root, repo, ref, e);
	autofree char *link = storage_manifest(root, repo, found);
	autofree char *blob = storage_blob(root, found);
	if (file_read(link, &kind, NULL) < 0 || file_read(blob, text, NULL) < 0)
		return unknown(root, repo, ref, e);
	memcpy(digest, found, DIGEST_TEXT);
	*type = str_take(&kind);
	return 0;
}

void storage_each_listed(const cJSON *doc, void (*fn)(void *arg, const char *digest), void *arg)
{
	static const struct { const char *list, *field; } lists[] = {
		{ "layers", "digest" }, { "manifests", "digest" }, { "fsLayers", "blobSum" },
	};
	const cJSON *item;
	const char *config = json_str(json_obj(doc, "config"), "digest");
	if (config)
		fn(arg, config);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		cJSON_ArrayForEach(item, json_obj(doc, lists[i].list))
			/* A layer may be kept elsewhere, for legal reasons. */
			if (!json_obj(item, "urls"))
				fn(arg, json_str_or(item, lists[i].field, ""));
}

struct looking { const char *root; struct err *e; int r; };

static void look_for(void *arg, const char *digest)
{
	struct looking *l = arg;
	if (l->r < 0)
		return;
	if (!digest_ok(digest) || !storage_has_blob(l->root, digest, NULL))
		l->r = err_set(l->e, EINVAL, "blob unknown to registry: %s", digest);
}

/* An index lists manifests, which belong to a repository; blobs are anybody's. */
static int check_references(const char *root, const char *repo, const cJSON *doc, struct err *e)
{
	struct looking l = { .root = root, .e = e };
	const cJSON *item;
	storage_each_listed(doc, look_for, &l);
	cJSON_ArrayForEach(item, json_obj(doc, "manifests")) {
		const char *child = json_str_or(item, "digest", "");
		if (l.r < 0)
			break;
		autofree char *link = storage_manifest(root, repo, child);
		if (access(link, F_OK) < 0)
			l.r = err_set(e, EINVAL, "manifest unknown to repository: %s", child);
	}
	return l.r;
}

/* It is sent back in a header: RFC 6838's characters, and nothing else. */
static bool type_ok(const char *type)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789!#$&^_.+-/";
	return *type && strlen(type) <= 255 && !type[strspn(type, letters)];
}

static int write_small(const char *path, const char *text, struct err *e)
{
	autofree char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
	int r = dir_make(folder, 0755, e);
	return r < 0 ? r : file_write_atomic(path, text, strlen(text), 0644, e);
}

static char *referrer_path(const char *root, const char *repo, const char *subject,
			   const char *digest)
{
	return str_printf("%s/repositories/%s/_referrers/%s/%s", root, repo, digest_hex(subject),
			  digest_hex(digest));
}

static const char *subject_of(const cJSON *doc)
{
	const char *subject = json_str_or(json_obj(doc, "subject"), "digest", "");
	return digest_ok(subject) ? subject : "";
}

/* What makes the manifest part of the repository, last of all its tag. */
static int link_manifest(const char *root, const struct storage_put *m, const char *type,
			 const char *digest, const char *subject, struct err *e)
{
	autofree char *blob = storage_blob(root, digest);
	autofree char *link = storage_manifest(root, m->repo, digest);
	int r = file_write_atomic(blob, m->text, m->len, 0644, e);
	if (r == 0)
		r = write_small(link, type, e);
	if (r == 0 && *subject) {
		autofree char *path = referrer_path(root, m->repo, subject, digest);
		r = write_small(path, "", e);
	}
	if (r == 0 && m->tag) {
		autofree char *path = storage_tag(root, m->repo, m->tag);
		r = write_small(path, digest, e);
	}
	return r;
}

int storage_put_manifest(const char *root, const struct storage_put *m, char digest[DIGEST_TEXT],
			 char subject[DIGEST_TEXT], struct err *e)
{
	autojson cJSON *doc = NULL;
	autofd int lock = -1;
	if (json_parse(m->text, m->len, &doc, e) < 0 || !cJSON_IsObject(doc))
		return err_set(e, EBADMSG, "manifest invalid: no JSON document");
	const char *type = json_str_or(doc, "mediaType", m->type);
	if (!type_ok(type))
		return err_set(e, EBADMSG, "manifest invalid: no media type");
	int r = storage_lock(root, false, &lock, e);
	if (r == 0)
		r = check_references(root, m->repo, doc, e);
	if (r < 0)
		return r;
	digest_of(m->text, m->len, digest);
	if (subject)
		strcpy(subject, subject_of(doc));
	return link_manifest(root, m, type, digest, subject_of(doc), e);
}

static void forget_referrer(const char *root, const char *repo, const char *digest)
{
	autofree char *blob = storage_blob(root, digest);
	autostr struct str text = { 0 };
	autojson cJSON *doc = NULL;
	if (file_read(blob, &text, NULL) < 0 || json_parse(text.s, text.len, &doc, NULL) < 0)
		return;
	const char *subject = subject_of(doc);
	if (*subject) {
		autofree char *path = referrer_path(root, repo, subject, digest);
		unlink(path);
	}
}

/* The tags first: one that points nowhere would be worse than a manifest without. */
static void forget_tags(const char *root, const char *repo, const char *digest)
{
	char **tags = NULL, meant[DIGEST_TEXT];
	if (storage_tags(root, repo, &tags, NULL) < 0)
		return;
	for (size_t i = 0; tags[i]; i++) {
		autofree char *tag = storage_tag(root, repo, tags[i]);
		if (resolve_tag(root, repo, tags[i], meant) == 0 && str_eq(meant, digest))
			unlink(tag);
	}
	strv_free(tags);
}

int storage_delete(const char *root, const char *repo, const char *ref, struct err *e)
{
	autofd int lock = -1;
	autofree char *path = digest_ok(ref) ? storage_manifest(root, repo, ref)
					     : storage_tag(root, repo, ref);
	int r = storage_lock(root, true, &lock, e);
	if (r < 0)
		return r;
	if (access(path, F_OK) < 0)
		return unknown(root, repo, ref, e);
	if (digest_ok(ref)) {
		forget_tags(root, repo, ref);
		forget_referrer(root, repo, ref);
	}
	return unlink(path) < 0 ? err_sys(e, errno, "delete %s", ref) : 0;
}

/* ---- lists ----------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(char **v) { qsort(v, strv_len(v), sizeof(*v), by_text); }

/* "TAG.1234.tmp": see file_write_atomic(); "v1.tmp" is a tag like any other. */
static bool half_written(const char *name)
{
	size_t n = strlen(name);
	if (!str_ends(name, ".tmp"))
		return false;
	for (n -= 4; n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9'; n--)
		;
	return n > 0 && name[n - 1] == '.';
}

int storage_tags(const char *root, const char *repo, char ***out, struct err *e)
{
	autofree char *path = str_printf("%s/repositories/%s/_tags", root, repo);
	autofree char *known = str_printf("%s/repositories/%s/_manifests", root, repo);
	autodir DIR *d = opendir(path);
	struct dirent *de;
	if (!d && access(known, F_OK) < 0)
		return err_set(e, EACCES, "repository name not known to registry");
	char **tags = mem_alloc(sizeof(*tags));
	while (d && (de = readdir(d)))
		if (reference_tag_ok(de->d_name) && !half_written(de->d_name))
			strv_add(&tags, de->d_name);
	sort(tags);
	*out = tags;
	return 0;
}

static void find_repositories(const char *folder, const char *name, char ***out)
{
	autodir DIR *d = opendir(folder);
	struct dirent *de;
	while (d && (de = readdir(d))) {
		if (str_eq(de->d_name, "_manifests"))
			strv_add(out, name);
		if (de->d_name[0] == '_' || de->d_name[0] == '.')
			continue;
		autofree char *path = str_printf("%s/%s", folder, de->d_name);
		autofree char *below = str_printf("%s%s%s", name, *name ? "/" : "", de->d_name);
		find_repositories(path, below, out);
	}
}

int storage_repositories(const char *root, char ***out, struct err *e)
{
	autofree char *path = str_printf("%s/repositories", root);
	char **names = mem_alloc(sizeof(*names));
	find_repositories(path, "", &names);
	sort(names);
	*out = names;
	return 0;
}
