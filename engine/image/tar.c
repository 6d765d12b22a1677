/* tar.c - libarchive as a reader of tar headers and data, and of nothing else:
 * it neither inflates (inflate.c) nor writes (unpack.c says why). */
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "image/unpack.h"

static ssize_t give(struct archive *a, void *arg, const void **buf)
{
	struct tar_source *src = arg;
	ssize_t n = src->in->read(src->in, src->buf, STREAM_BUF, &src->err);
	*buf = src->buf;
	if (n < 0)
		archive_set_error(a, (int)-n, "%s", src->err.what);
	return n < 0 ? -1 : n;
}

struct archive *tar_open(struct tar_source *src, struct err *e)
{
	struct archive *a = archive_read_new();
	src->buf = mem_alloc(STREAM_BUF);
	archive_read_support_filter_none(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_empty(a);
	if (archive_read_open(a, src, NULL, give, NULL) == ARCHIVE_OK)
		return a;
	tar_fail(a, src, e);
	tar_close(a, src);
	return NULL;
}

/* What the stream said where it was the stream that failed, else what libarchive says. */
int tar_fail(struct archive *a, struct tar_source *src, struct err *e)
{
	if (src->err.code && e)
		*e = src->err;
	if (src->err.code)
		return -src->err.code;
	const char *why = archive_error_string(a);
	if (why && strstr(why, "Unrecognized archive format"))	/* no header at all: dockerd's words */
		return err_set(e, EBADMSG, "Error processing tar file(exit status 1): unexpected EOF");
	return err_set(e, EBADMSG, "archive/tar: invalid tar header: %s", why ? why : "damaged");
}

int tar_next(struct archive *a, struct tar_source *src, struct archive_entry **entry,
	     struct err *e)
{
	int r = archive_read_next_header(a, entry);
	if (r == ARCHIVE_EOF)
		return 0;
	/* A warning is a name that is no text in this locale: its bytes are kept. */
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return tar_fail(a, src, e);
	return archive_entry_pathname(*entry) ? 1
	       : err_set(e, EBADMSG, "archive/tar: an entry has no name");
}

void tar_close(struct archive *a, struct tar_source *src)
{
	if (a)
		archive_read_free(a);
	free(src->buf);
	src->buf = NULL;
}

char *tar_clean_name(const char *name)
{
	struct str out = { 0 };
	str_add(&out, "");
	while (*name) {
		size_t n = strcspn(name, "/");
		if (n == 2 && memcmp(name, "..", 2) == 0) {
			str_free(&out);
			return NULL;
		}
		if (n && !(n == 1 && *name == '.')) {
			if (out.len)
				str_add(&out, "/");
			str_addn(&out, name, n);
		}
		name += n + (name[n] == '/');
	}
	return str_take(&out);
}
