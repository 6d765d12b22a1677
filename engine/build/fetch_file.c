/* fetch_file.c - see fetch_file.h. */
#include "build/fetch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "image/digest.h"
#include "image/stream.h"
#include "registry/fetch.h"

#define REDIRECTS 10	/* as Go's client */

void fetch_name(const char *url, char **name)
{
	const char *path = strstr(url, "://");
	path = path ? strchr(path + 3, '/') : NULL;
	autofree char *clean = path ? strndup(path, strcspn(path, "?#")) : str_dup("/");
	const char *last = strrchr(clean, '/') + 1;
	*name = *last && !str_eq(last, ".") && !str_eq(last, "..") ? str_dup(last) : NULL;
}

static int save(struct stream *body, const char *path, const char *sum, struct err *e)
{
	char got[DIGEST_TEXT];
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, errno, "create %s", path);
	struct tee t;
	tee_begin(&t, body, fd);
	int r = stream_drain(&t.s, e);
	sha256_end(&t.sum, got);
	if (r == 0 && sum && !str_eq(sum, got))
		r = err_set(e, EBADMSG, "digest mismatch %s: %s", got, sum);
	return r;
}

static char *absolute(const char *base, const char *location)
{
	if (strstr(location, "://"))
		return str_dup(location);
	const char *host = strstr(base, "://") + 3;
	size_t n = (size_t)(host - base) + strcspn(host, "/?#");
	return str_printf("%.*s%s%s", (int)n, base, *location == '/' ? "" : "/", location);
}

static int get(struct fetch_pool *pool, const char *url, int left, const char *path,
	       const char *sum, char **type, struct err *e)
{
	autofetch struct fetch *f = NULL;
	struct fetch_request q = { .method = "GET", .url = url };
	int r = fetch_open(pool, &q, &f, e);
	if (r < 0)
		return r;
	if (f->status >= 300 && f->status < 400 && f->location) {
		autofree char *next = absolute(url, f->location);
		if (left == 0 || (!str_starts(next, "http://") && !str_starts(next, "https://")))
			return err_set(e, ELOOP, "Get \"%s\": stopped after %d redirects", url, REDIRECTS);
		return get(pool, next, left - 1, path, sum, type, e);
	}
	if (f->status >= 400)
		return err_set(e, f->status == 404 ? ENOENT : EIO, "failed to GET %s with status %d", url,
			       f->status);
	r = save(&f->s, path, sum, e);
	if (r == 0 && type)
		*type = str_dup(f->type);
	return r;
}

static int fetch_checked(const char *url, const char *path, const char *sum, char **type,
			 struct err *e)
{
	struct fetch_pool *pool = fetch_pool_new();
	int r = get(pool, url, REDIRECTS, path, sum, type, e);
	fetch_pool_free(pool);
	return r;
}

int fetch_to(const char *url, const char *path, char **type, struct err *e)
{
	return fetch_checked(url, path, NULL, type, e);
}

int fetch_file(struct job *j, const char *url, const char *path, const char *sum, struct err *e)
{
	if (sum && *sum && !digest_ok(sum))
		return err_set(e, EINVAL, "invalid checksum digest format: %s", sum);
	return fetch_checked(url, path, sum && *sum ? sum : NULL, NULL, e);
}
