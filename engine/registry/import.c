#include "registry/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/store.h"
#include "registry/storage.h"

/* The kernel copies; on filesystems that can, without moving a byte. */
static int copy_file(const char *from, const char *to, struct err *e)
{
	struct stat st;
	autofd int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0 || fstat(in, &st) < 0)
		return err_sys(e, errno, "read %s", from);
	autofd int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out < 0)
		return err_sys(e, errno, "create %s", to);
	for (off_t left = st.st_size; left > 0; ) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, (size_t)left, 0);
		if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP))
			n = sendfile(out, in, NULL, (size_t)left);
		if (n <= 0)
			return err_sys(e, n < 0 ? errno : EIO, "copy %s", from);
		left -= n;
	}
	return 0;
}

static int bring_blob(const char *root, struct image_store *s, const char *digest, struct err *e)
{
	if (storage_has_blob(root, digest, NULL))
		return 0;
	autofree char *from = store_blob_path(s, digest);
	autofree char *name = str_printf("import.%d.%s", (int)gettid(), digest_hex(digest));
	autofree char *upload = storage_upload(root, name);
	int r = copy_file(from, upload, e);
	if (r == 0)
		r = storage_keep_blob(root, upload, digest, e);
	if (r < 0)
		unlink(upload);
	return r;
}

static int list_blobs(const char *root, struct image_store *s, const struct image *img,
		      struct manifest *m, struct err *e)
{
	struct layer_record rec;
	memcpy(m->config.digest, img->id, DIGEST_TEXT);
	int r = bring_blob(root, s, img->id, e);
	if (r == 0 && !storage_has_blob(root, img->id, &m->config.size))
		r = err_set(e, ENOENT, "%s has gone again", img->id);
	m->layers = mem_alloc(img->n_layers * sizeof(*m->layers));
	for (size_t i = 0; i < img->n_layers && r == 0; i++) {
		r = layer_find(s, img->diff_ids[i], &rec, e);
		if (r == 0)
			r = bring_blob(root, s, rec.digest, e);
		memcpy(m->layers[m->n_layers].digest, rec.digest, DIGEST_TEXT);
		m->layers[m->n_layers++].size = rec.size;
	}
	return r;
}

static int make_folders(const char *root, struct err *e)
{
	/* storage_prepare() would empty uploads/ under a running server. */
	autofree char *blobs = str_printf("%s/blobs/sha256", root);
	autofree char *uploads = str_printf("%s/uploads", root);
	int r = dir_make(blobs, 0755, e);
	return r < 0 ? r : dir_make(uploads, 0755, e);
}

int registry_import(const char *registry_root, struct image_store *s, const struct image *img,
		    const char *repo, const char *tag, struct err *e)
{
	automanifest struct manifest m = { 0 };
	char digest[DIGEST_TEXT];
	if (!reference_path_ok(repo) || !reference_tag_ok(tag))
		return err_set(e, EINVAL, "import %s:%s: invalid reference format", repo, tag);
	int r = make_folders(registry_root, e);
	if (r == 0)
		r = list_blobs(registry_root, s, img, &m, e);
	if (r == 0) {
		autofree char *text = manifest_write(&m);
		r = storage_put_manifest(registry_root, repo, tag, TYPE_DOCKER_MANIFEST, text,
					 strlen(text), digest, e);
	}
	return r < 0 ? err_wrap(e, "import %s:%s", repo, tag) : 0;
}

/* ---- checking ------------------------------------------------------------------------------ */

static int check_blob(const char *root, const char *digest, struct err *e)
{
	char now[DIGEST_TEXT];
	autofree char *path = storage_blob(root, digest);
	int r = digest_of_file(path, now, e);
	if (r == 0 && str_eq(now, digest))
		return 0;
	unlink(path);
	return err_set(e, EBADMSG, "blob %s is missing or damaged", digest);
}

int registry_check(const char *registry_root, const char *repo, const char *tag, struct err *e)
{
	autostr struct str text = { 0 };
	autofree char *type = NULL;
	autojson cJSON *j = NULL;
	automanifest struct manifest m = { 0 };
	char digest[DIGEST_TEXT];
	int r = storage_get_manifest(registry_root, repo, tag, &text, &type, digest, NULL);
	if (r < 0)
		return err_set(e, ENOENT, "%s:%s is not in the registry", repo, tag);
	if (check_blob(registry_root, digest, e) < 0 || json_parse(text.s, text.len, &j, e) < 0 ||
	    manifest_parse(j, &m, e) < 0)
		return err_set(e, EBADMSG, "%s:%s: its manifest is damaged", repo, tag);
	/* All of them, so that one repair restores all. */
	r = check_blob(registry_root, m.config.digest, e);
	for (size_t i = 0; i < m.n_layers; i++) {
		int one = check_blob(registry_root, m.layers[i].digest, e);
		r = r < 0 ? r : one;
	}
	return r < 0 ? err_wrap(e, "%s:%s", repo, tag) : 0;
}
