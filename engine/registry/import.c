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
	if (storage_has_blob(root, digest, NULL)) {
		storage_touch_blob(root, digest);
		return 0;
	}
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

int registry_import(const char *registry_root, struct image_store *s, const struct image *img,
		    const char *repo, const char *tag, char digest[DIGEST_TEXT], struct err *e)
{
	automanifest struct manifest m = { 0 };
	char sum[DIGEST_TEXT];
	if (!reference_path_ok(repo) || !reference_tag_ok(tag))
		return err_set(e, EINVAL, "import %s:%s: invalid reference format", repo, tag);
	int r = storage_prepare(registry_root, false, e);
	if (r == 0)
		r = list_blobs(registry_root, s, img, &m, e);
	if (r == 0) {
		autofree char *text = manifest_write(&m);
		struct storage_put put = { repo, tag, TYPE_DOCKER_MANIFEST, text, strlen(text) };
		r = storage_put_manifest(registry_root, &put, sum, NULL, e);
	}
	if (r < 0)
		return err_wrap(e, "import %s:%s", repo, tag);
	memcpy(digest, sum, DIGEST_TEXT);
	return 0;
}
