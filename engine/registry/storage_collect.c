/* storage_collect.c - what may go: mark what manifests list, sweep the rest.
 *
 * All under the storage's lock, taken alone: no manifest comes or goes meanwhile.
 * A blob that has just been sent, or asked for, is young, and stays: its manifest is
 * still on the way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "registry/storage.h"

#define UPLOAD_SECONDS 86400	/* a day: longer than anybody's line needs for a layer */

/* ---- mark ------------------------------------------------------------------------ */

struct marks { char (*digests)[DIGEST_TEXT]; size_t n, cap; };

static void mark(void *arg, const char *digest)
{
	struct marks *m = arg;
	if (!digest_ok(digest))
		return;
	if (m->n == m->cap) {
		m->cap = m->cap * 2 + 64;
		m->digests = mem_grow(m->digests, m->cap * sizeof(*m->digests));
	}
	memcpy(m->digests[m->n++], digest, DIGEST_TEXT);
}

static int mark_manifest(const char *root, const char *hex, struct marks *m, struct err *e)
{
	autofree char *digest = str_printf("sha256:%s", hex);
	autostr struct str text = { 0 };
	autojson cJSON *doc = NULL;
	if (!digest_ok(digest))
		return 0;
	mark(m, digest);
	autofree char *path = storage_blob(root, digest);
	if (access(path, F_OK) < 0)
		return 0;	/* damaged already; what it listed can't be known */
	int r = file_read(path, &text, e);
	if (r == 0 && json_parse(text.s, text.len, &doc, NULL) == 0)
		storage_each_listed(doc, mark, m);
	return r;
}

static int by_digest(const void *a, const void *b) { return memcmp(a, b, DIGEST_TEXT); }

static int mark_all(const char *root, struct marks *m, struct err *e)
{
	char **repos = NULL;
	int r = storage_repositories(root, &repos, e);
	if (r < 0)
		return r;
	for (size_t i = 0; repos[i] && r == 0; i++) {
		autofree char *path = str_printf("%s/repositories/%s/_manifests", root, repos[i]);
		autodir DIR *d = opendir(path);
		struct dirent *de;
		while (d && r == 0 && (de = readdir(d)))
			r = mark_manifest(root, de->d_name, m, e);
	}
	strv_free(repos);
	if (m->n)
		qsort(m->digests, m->n, DIGEST_TEXT, by_digest);
	return r;
}

static bool is_marked(const struct marks *m, const char *digest)
{
	return m->n && bsearch(digest, m->digests, m->n, DIGEST_TEXT, by_digest);
}

/* ---- sweep ----------------------------------------------------------------------- */

static bool older(const struct stat *st, int64_t seconds)
{
	return S_ISREG(st->st_mode) && st->st_mtim.tv_sec + seconds <= time(NULL);
}

static void sweep_blobs(const char *root, const struct marks *m, int64_t seconds,
			struct storage_collected *done)
{
	autofree char *path = str_printf("%s/blobs/sha256", root);
	autodir DIR *d = opendir(path);
	struct dirent *de;
	struct stat st;
	while (d && (de = readdir(d))) {
		char digest[DIGEST_TEXT] = "";
		autofree char *named = str_printf("sha256:%s", de->d_name);
		if (digest_ok(named))
			memcpy(digest, named, DIGEST_TEXT);
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !older(&st, seconds) || is_marked(m, digest) ||
		    unlinkat(dirfd(d), de->d_name, 0) < 0)
			continue;
		done->blobs++;
		done->bytes += st.st_size;
	}
}

static void sweep_uploads(const char *root, struct storage_collected *done)
{
	autofree char *path = str_printf("%s/uploads", root);
	autodir DIR *d = opendir(path);
	struct dirent *de;
	struct stat st;
	while (d && (de = readdir(d))) {
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !older(&st, UPLOAD_SECONDS) || unlinkat(dirfd(d), de->d_name, 0) < 0)
			continue;
		done->uploads++;
		done->bytes += st.st_size;
	}
}

int storage_collect(const char *root, int64_t seconds, struct storage_collected *done,
		    struct err *e)
{
	struct storage_collected here = { 0 };
	struct marks m = { 0 };
	autofd int lock = -1;
	int r = storage_lock(root, true, &lock, e);
	if (r == 0)
		r = mark_all(root, &m, e);
	if (r == 0) {
		sweep_blobs(root, &m, seconds, &here);
		sweep_uploads(root, &here);
	}
	free(m.digests);
	if (r == 0 && done)
		*done = here;
	return r;
}

int storage_delete_blob(const char *root, const char *digest, struct err *e)
{
	struct marks m = { 0 };
	autofd int lock = -1;
	autofree char *path = storage_blob(root, digest);
	int r = storage_lock(root, true, &lock, e);
	if (r == 0)
		r = mark_all(root, &m, e);
	bool used = r == 0 && is_marked(&m, digest);
	free(m.digests);
	if (used)
		return err_set(e, EBUSY, "a manifest lists this blob: delete the manifest first");
	if (r == 0 && unlink(path) < 0)
		return err_sys(e, errno, "delete blob %s", digest);
	return r;
}
