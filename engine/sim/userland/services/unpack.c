/* unpack.c - a .deb into the file system: an ar archive whose data.tar holds the files.
 *
 * libarchive reads from memory to memory; only when it has given everything back do
 * system calls follow, since a task may be gone behind each of them.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "sim/userland/match.h"
#include "sim/userland/services/apt.h"

struct item {
	struct item *next;
	char *path, *target, *data;
	size_t n;
	mode_t mode;
	bool hard;
	uid_t uid;
	gid_t gid;
	int64_t mtime;
};

/* The member of an ar archive whose name begins so. */
static const char *ar_member(const char *s, size_t n, const char *name, size_t *size)
{
	size_t at = 8;

	if (n < 8 || memcmp(s, "!<arch>\n", 8))
		return NULL;
	while (at + 60 <= n) {
		char digits[11] = "";
		size_t length;

		memcpy(digits, s + at + 48, 10);
		length = strtoul(digits, NULL, 10);
		if (length > n - at - 60)
			return NULL;
		if (!strncmp(s + at, name, strlen(name))) {
			*size = length;
			return s + at + 60;
		}
		at += 60 + length + (length & 1);
	}
	return NULL;
}

/* ./usr/bin/ as /usr/bin. */
static char *absolute(struct prog *p, const char *path)
{
	size_t n;

	while (*path == '.' && path[1] == '/')
		path += 2;
	n = strlen(path);
	return arena_printf(p->a, "/%.*s", (int)(n && path[n - 1] == '/' ? n - 1 : n), path);
}

static void read_item(struct prog *p, struct archive *ar, struct archive_entry *e, struct item *i)
{
	const char *hard = archive_entry_hardlink(e), *link = archive_entry_symlink(e);
	int64_t size = archive_entry_size(e);

	i->path = absolute(p, archive_entry_pathname(e));
	i->mode = archive_entry_mode(e);
	i->uid = (uid_t)archive_entry_uid(e);
	i->gid = (gid_t)archive_entry_gid(e);
	i->mtime = archive_entry_mtime(e);
	i->hard = hard != NULL;
	i->target = hard ? absolute(p, hard) : link ? arena_dup(p->a, link) : NULL;
	if (S_ISREG(i->mode) && !hard && size > 0) {
		la_ssize_t got;

		i->data = arena_alloc(p->a, (size_t)size);
		while (i->n < (size_t)size &&
		       (got = archive_read_data(ar, i->data + i->n, (size_t)size - i->n)) > 0)
			i->n += (size_t)got;
	}
}

static struct item *read_items(struct prog *p, const char *data, size_t n, int *rc)
{
	struct archive *ar = archive_read_new();
	struct archive_entry *e;
	struct item *first = NULL, **tail = &first;
	int r;

	archive_read_support_filter_all(ar);
	archive_read_support_format_tar(ar);
	r = archive_read_open_memory(ar, data, n);
	while (r == ARCHIVE_OK && (r = archive_read_next_header(ar, &e)) == ARCHIVE_OK) {
		*tail = arena_alloc(p->a, sizeof(**tail));
		read_item(p, ar, e, *tail);
		tail = &(*tail)->next;
	}
	archive_read_free(ar);
	*rc = r == ARCHIVE_EOF ? 0 : -EBADMSG;
	return first;
}

/* ---- what dpkg's configuration leaves out ---- */

static char *rules(struct prog *p)
{
	struct list names = { .a = p->a };
	struct text t = { .a = p->a };
	size_t n;
	long rc;

	read_names(p, "/etc/dpkg/dpkg.cfg.d", &names);
	for (size_t i = 0; i < names.n; i++)
		text_addf(&t, "%s\n",
			  read_whole(p, path_join(p->a, "/etc/dpkg/dpkg.cfg.d", names.v[i]), &n,
				     &rc));
	return text_str(&t);
}

/* The last rule that fits counts. */
static bool left_out(struct prog *p, const char *s, const char *path)
{
	bool answer = false;

	for (; *s; s += strcspn(s, "\n") + (strchr(s, '\n') != NULL)) {
		bool exclude = !strncmp(s, "path-exclude=", 13), include = !strncmp(s, "path-include=", 13);

		if ((exclude || include) &&
		    glob_match(arena_dupn(p->a, s + 13, strcspn(s + 13, "\n")), path))
			answer = exclude;
	}
	return answer;
}

static long put_file(struct prog *p, const struct item *i)
{
	long fd = sys_open(p->t, i->path, O_WRONLY | O_CREAT | O_TRUNC, i->mode & 07777), rc;

	if (fd < 0)
		return fd;
	rc = i->n ? put_all(p->t, (int)fd, i->data, i->n) : 0;
	sys_close(p->t, (int)fd);
	return rc;
}

static long put_item(struct prog *p, const struct item *i)
{
	struct timespec ts[2] = { { .tv_sec = i->mtime }, { .tv_sec = i->mtime } };
	struct stat st;
	long rc;

	if (S_ISDIR(i->mode)) {
		if (sys_stat(p->t, i->path, &st) == 0)
			return 0;
		rc = sys_mkdir(p->t, i->path, i->mode & 07777);
	} else {
		sys_unlink(p->t, i->path);
		rc = i->hard            ? sys_link(p->t, i->target, i->path)
		     : i->target        ? sys_symlink(p->t, i->target, i->path)
		     : S_ISREG(i->mode) ? put_file(p, i)
					: 0;
	}
	if (rc < 0)
		return rc;
	sys_chown(p->t, i->path, i->uid, i->gid, AT_SYMLINK_NOFOLLOW);
	if (!i->target)
		sys_chmod(p->t, i->path, i->mode & 07777);
	if (!S_ISDIR(i->mode))
		sys_utimens(p->t, i->path, ts, AT_SYMLINK_NOFOLLOW);
	return 0;
}

int deb_unpack(struct prog *p, const char *path, const char *package)
{
	struct text names = { .a = p->a };
	const char *skip = rules(p), *data;
	struct item *items;
	size_t n, size = 0;
	long rc, fd;
	char *deb = read_whole(p, path, &n, &rc);
	int bad = 0;

	data = deb ? ar_member(deb, n, "data.tar", &size) : NULL;
	items = data ? read_items(p, data, size, &bad) : NULL;
	if (!data || bad) {
		errorf(p, "dpkg-deb: error: '%s' is not a Debian format archive\n", path);
		return -EBADMSG;
	}
	for (const struct item *i = items; i; i = i->next) {
		if (left_out(p, skip, i->path))
			continue;
		rc = put_item(p, i);
		if (rc < 0) {
			errorf(p,
			       "dpkg: error processing archive %s (--unpack):\n unable to create "
			       "'%s': %s\n",
			       path, i->path, strerror((int)-rc));
			return (int)rc;
		}
		text_addf(&names, "%s\n", i->path);
	}
	fd = sys_open(p->t, arena_printf(p->a, "/var/lib/dpkg/info/%s.list", package),
		      O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd >= 0)
		put_all(p->t, (int)fd, text_str(&names), names.n);
	return 0;
}
