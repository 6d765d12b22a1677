/* store.c - opening and repairing the store, blobs, paths.  Theory: store.h. */
#include "image/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/file.h"
#include "core/str.h"
#include "image/repair.h"

/* "unnamed" images whose container lives on keep their row: gone = 1. */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS image("
	"  id TEXT PRIMARY KEY, created_ns INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0"
	") WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS layer("
	"  diff_id TEXT PRIMARY KEY, digest TEXT NOT NULL, size INTEGER NOT NULL,"
	"  unpacked INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS image_layer("
	"  image TEXT NOT NULL, place INTEGER NOT NULL, diff_id TEXT NOT NULL,"
	"  PRIMARY KEY(image, place)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS name("
	"  ref TEXT PRIMARY KEY, repo TEXT NOT NULL, is_digest INTEGER NOT NULL,"
	"  image TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS child("
	"  image TEXT PRIMARY KEY, parent TEXT NOT NULL, step TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS tagged("
	"  image TEXT PRIMARY KEY, ns INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS child_step ON child(parent, step);"
	"CREATE TEMP TABLE pin(diff_id TEXT NOT NULL, holder TEXT NOT NULL);";

char *store_blob_path(struct image_store *s, const char *digest)
{
	return str_printf("%s/blobs/sha256/%s", s->root, digest_hex(digest));
}

char *store_layer_path(struct image_store *s, const char *diff_id)
{
	return str_printf("%s/layers/%s/fs", s->root, digest_hex(diff_id));
}

char *store_tmp_path(struct image_store *s, const char *what)
{
	return str_printf("%s/tmp/%s.%u", s->root, what, atomic_fetch_add(&s->serial, 1));
}

int store_hint(struct err *e)
{
	int code = e ? e->code : EIO;
	if (code == ENOSPC || code == EDQUOT)
		err_hint(e, "the disk is full: `docker system df` shows what takes space");
	return -code;
}

/* ---- blobs ----------------------------------------------------------------------- */

int blob_begin(struct image_store *s, struct blob_new *b, struct err *e)
{
	char *tmp = store_tmp_path(s, "blob");
	int fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		int r = err_sys(e, errno, "create %s", tmp);
		free(tmp);
		return r;
	}
	*b = (struct blob_new){ fd, tmp };
	return 0;
}

void blob_drop(struct blob_new *b)
{
	if (b->tmp)
		unlink(b->tmp);
	if (b->fd >= 0)
		close(b->fd);
	free(b->tmp);
	*b = (struct blob_new){ -1, NULL };
}

int blob_keep(struct image_store *s, struct blob_new *b, const char *digest, struct err *e)
{
	autofree char *path = store_blob_path(s, digest);
	if (fsync(b->fd) < 0 || rename(b->tmp, path) < 0)
		return err_sys(e, errno, "keep blob %s", digest);
	free(steal_ptr(b->tmp));
	blob_drop(b);
	return 0;
}

int blob_put(struct image_store *s, const void *data, size_t len, char digest[DIGEST_TEXT],
	     struct err *e)
{
	autoblob struct blob_new b = { -1, NULL };
	int r = blob_begin(s, &b, e);
	if (r < 0)
		return r;
	r = write_all(b.fd, data, len);
	if (r < 0)
		return err_sys(e, -r, "write blob");
	digest_of(data, len, digest);
	return blob_keep(s, &b, digest, e);
}

int blob_get(struct image_store *s, const char *digest, struct str *out, struct err *e)
{
	char found[DIGEST_TEXT];
	autofree char *path = store_blob_path(s, digest);
	int r = file_read(path, out, e);
	if (r < 0)
		return r;
	digest_of(out->s, out->len, found);
	if (!str_eq(found, digest)) {
		err_set(e, EBADMSG, "blob %s is damaged: its bytes are now %s", digest, found);
		return err_hint(e, "remove the image and pull it again");
	}
	return 0;
}

/* ---- open, close ----------------------------------------------------------------- */

static int make_folders(struct image_store *s, struct err *e)
{
	static const char *const names[] = { "blobs/sha256", "layers", "tmp" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		autofree char *path = str_printf("%s/%s", s->root, names[i]);
		int r = dir_make(path, 0711, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Two processes would take each other's half-made files for left-overs. */
static int claim(struct image_store *s, struct err *e)
{
	autofree char *path = str_printf("%s/lock", s->root);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return err_sys(e, errno, "open %s", path);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	err_set(e, EBUSY, "image store %s: another drydock process uses it", s->root);
	return err_hint(e, "stop the daemon that runs on this folder, or choose another root");
}

static int open_all(struct image_store *s, struct err *e)
{
	autofree char *db = str_printf("%s/image.db", s->root);
	int r = make_folders(s, e);
	if (r == 0)
		r = claim(s, e);
	if (r == 0)
		r = db_open(db, schema, &s->db, e);
	return r == 0 ? store_repair(s, e) : r;
}

int image_store_open(const char *root, struct kernel *k, struct image_store **out, struct err *e)
{
	struct image_store *s = mem_alloc(sizeof(*s));
	s->root = str_printf("%s/image", root);
	s->k = k;
	s->lock_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->landed, NULL);
	int r = open_all(s, e);
	if (r < 0)
		image_store_close(s);
	else
		*out = s;
	return r;
}

void image_store_close(struct image_store *s)
{
	if (!s)
		return;
	sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	pthread_cond_destroy(&s->landed);
	pthread_mutex_destroy(&s->lock);
	free(s->root);
	free(s);
}
