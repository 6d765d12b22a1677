#include "registry/storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* "config", "layers" and "manifests" name blobs (manifests are blobs too). */
static int check_references(const char *root, const cJSON *doc, struct err *e)
{
	static const char *const lists[] = { "layers", "manifests" };
	const cJSON *item;
	const char *config = json_str(json_obj(doc, "config"), "digest");
	if (config && (!digest_ok(config) || !storage_has_blob(root, config, NULL)))
		return err_set(e, EINVAL, "blob unknown to registry: %s", config);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		cJSON_ArrayForEach(item, json_obj(doc, lists[i])) {
			const char *d = json_str_or(item, "digest", "");
			/* A layer may be kept elsewhere, for legal reasons. */
			if (json_obj(item, "urls"))
				continue;
			if (!digest_ok(d) || !storage_has_blob(root, d, NULL))
				return err_set(e, EINVAL, "blob unknown to registry: %s", d);
		}
	return 0;
}

static int write_small(const char *path, const char *text, struct err *e)
{
	autofree char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
	int r = dir_make(folder, 0755, e);
	return r < 0 ? r : file_write_atomic(path, text, strlen(text), 0644, e);
}

int storage_put_manifest(const char *root, const char *repo, const char *tag, const char *type,
			 const char *text, size_t len, char digest[DIGEST_TEXT], struct err *e)
{
	autojson cJSON *doc = NULL;
	if (json_parse(text, len, &doc, e) < 0 || !cJSON_IsObject(doc))
		return err_set(e, EBADMSG, "manifest invalid: no JSON document");
	int r = check_references(root, doc, e);
	if (r < 0)
		return r;
	digest_of(text, len, digest);
	autofree char *blob = storage_blob(root, digest);
	autofree char *link = storage_manifest(root, repo, digest);
	r = file_write_atomic(blob, text, len, 0644, e);
	if (r == 0)
		r = write_small(link, json_str_or(doc, "mediaType", type), e);
	if (r == 0 && tag) {
		autofree char *path = storage_tag(root, repo, tag);
		r = write_small(path, digest, e);
	}
	return r;
}

int storage_delete(const char *root, const char *repo, const char *ref, struct err *e)
{
	char **tags = NULL, meant[DIGEST_TEXT];
	autofree char *path = digest_ok(ref) ? storage_manifest(root, repo, ref)
					     : storage_tag(root, repo, ref);
	if (access(path, F_OK) < 0)
		return unknown(root, repo, ref, e);
	/* The tags first: one that points nowhere would be worse than a manifest without. */
	if (digest_ok(ref) && storage_tags(root, repo, &tags, NULL) == 0)
		for (size_t i = 0; tags[i]; i++) {
			autofree char *tag = storage_tag(root, repo, tags[i]);
			if (resolve_tag(root, repo, tags[i], meant) == 0 && str_eq(meant, ref))
				unlink(tag);
		}
	strv_free(tags);
	return unlink(path) < 0 ? err_sys(e, errno, "delete %s", ref) : 0;
}

/* ---- lists ----------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(char **v) { qsort(v, strv_len(v), sizeof(*v), by_text); }

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
		if (reference_tag_ok(de->d_name) && !str_ends(de->d_name, ".tmp"))
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
