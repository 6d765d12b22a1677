/* server_routes.c - which request is which, and bodies as they arrive.
 *
 * A repository's name may have slashes and may even hold "manifests" or "blobs", so
 * a route is told by the last place in the path where its own word stands.  Bodies
 * of uploads go to their file as they come, whatever their size; manifests are
 * small and kept in memory; any other body is held to the same limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "image/reference.h"
#include "registry/exchange.h"
#include "registry/storage.h"

#define TURN_MS 50		/* between two looks whether an upload is free */
#define TURNS 100		/* looks: five seconds, which a cut connection may take to be noticed */

/* The first that fits: longer infixes before what they contain. */
static const struct registry_route routes[] = {
	{ "/blobs/uploads/", "POST",   true,  true,  upload_begin },
	{ "/blobs/uploads/", "GET",    false, false, upload_status },
	{ "/blobs/uploads/", "PATCH",  true,  true,  upload_patch },
	{ "/blobs/uploads/", "PUT",    true,  true,  upload_end },
	{ "/blobs/uploads/", "DELETE", true,  false, upload_cancel },
	{ "/blobs/",         "GET",    false, false, blob_answer },
	{ "/blobs/",         "HEAD",   false, false, blob_answer },
	{ "/blobs/",         "DELETE", true,  false, blob_delete },
	{ "/manifests/",     "GET",    false, false, manifest_get },
	{ "/manifests/",     "HEAD",   false, false, manifest_get },
	{ "/manifests/",     "PUT",    true,  false, manifest_put },
	{ "/manifests/",     "DELETE", true,  false, manifest_delete },
	{ "/referrers/",     "GET",    false, false, referrers_get },
	{ "/tags/list",      "GET",    false, false, tags_list },
};

static const char *find_last(const char *path, const char *infix)
{
	const char *found = NULL;
	for (const char *p = path; (p = strstr(p, infix)); p++)
		found = p;
	return found;
}

static bool split(struct exchange *x, const char *path, const char *infix)
{
	const char *at = find_last(path, infix);
	/* "/tags/list" ends the path, the others are followed by a word. */
	if (!at || (!str_ends(infix, "/") && at[strlen(infix)]))
		return false;
	free(x->repo);
	free(x->ref);
	x->repo = strndup(path, (size_t)(at - path));
	x->ref = str_dup(at + strlen(infix));
	return !strchr(x->ref, '/');
}

/* NULL: no such place; *known: there is one, for other methods. */
static const struct registry_route *find_route(struct exchange *x, const char *path,
					       const char *method, bool *known)
{
	*known = false;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!split(x, path, routes[i].infix))
			continue;
		*known = true;
		if (str_eq(routes[i].method, method))
			return &routes[i];
	}
	return NULL;
}

/* ---- bodies ---------------------------------------------------------------------- */

/* One writer at a time.  The one before may be a connection that was cut, which its
 * thread has yet to notice. */
static int take_turn(int fd)
{
	const struct timespec turn = { .tv_nsec = TURN_MS * 1000000L };
	for (int i = 0; i < TURNS; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		nanosleep(&turn, NULL);
	}
	return -EBUSY;
}

/* Content-Range "FROM-TO": a piece has to go on where the last one ended, and to be
 * as long as it says; without the header it does. */
static int check_range(struct exchange *x, int64_t size)
{
	const char *range = exchange_header(x, "Content-Range");
	const char *length = exchange_header(x, "Content-Length");
	long long from, to;
	char rest;
	if (!range)
		return 0;
	if (sscanf(range, "%lld-%lld%c", &from, &to, &rest) != 2 || from != size || to < from)
		return -ERANGE;
	return !length || atoll(length) == to - from + 1 ? 0 : -EMSGSIZE;
}

static int open_upload(struct exchange *x)
{
	struct stat st;
	if (!storage_upload_id_ok(x->ref))
		return 0;
	autofree char *path = storage_upload(x->root, x->ref);
	x->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (x->fd < 0)
		return 0;	/* an upload that isn't there is answered by the route */
	int r = take_turn(x->fd);
	if (r == 0 && fstat(x->fd, &st) < 0)
		r = -errno;
	return r == 0 ? check_range(x, st.st_size) : r;
}

/* POST begins an upload, whether the blob comes at once or not. */
static int new_upload(struct exchange *x)
{
	unsigned char bytes[16];
	struct str id = { 0 };
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		str_addf(&id, "%02x", bytes[i]);
	free(x->ref);
	x->ref = str_take(&id);
	autofree char *path = storage_upload(x->root, x->ref);
	x->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
	return x->fd < 0 ? -errno : 0;
}

struct exchange *exchange_begin(const char *root, bool read_only, struct MHD_Connection *conn,
				const char *url, const char *method)
{
	bool known;
	struct exchange *x = mem_alloc(sizeof(*x));
	x->root = root;
	x->read_only = read_only;
	x->conn = conn;
	x->fd = -1;
	if (str_starts(url, "/v2/"))
		x->route = find_route(x, url + 4, method, &known);
	if (x->route && x->route->upload && !read_only && reference_path_ok(x->repo))
		x->failed = *x->ref ? open_upload(x) : new_upload(x);
	return x;
}

void exchange_feed(struct exchange *x, const char *data, size_t len)
{
	if (x->failed)
		return;
	if (x->fd >= 0)
		x->failed = write_all(x->fd, data, len);
	else if (x->body.len + len <= MANIFEST_MAX)
		str_addn(&x->body, data, len);
	else
		x->failed = -EFBIG;
}

void exchange_end(struct exchange *x)
{
	if (x->fd >= 0)
		close(x->fd);
	free(x->repo);
	free(x->ref);
	str_free(&x->body);
	free(x);
}

/* ---- answers --------------------------------------------------------------------- */

static enum MHD_Result catalog(struct exchange *x)
{
	char **names = NULL;
	struct err e = { 0 };
	if (storage_repositories(x->root, &names, &e) < 0)
		return exchange_err(x, &e);
	return exchange_list(x, NULL, "repositories", names, "/v2/_catalog");
}

static enum MHD_Result no_route(struct exchange *x, const char *url, const char *method,
				bool known)
{
	bool get = str_eq(method, "GET") || str_eq(method, "HEAD");
	if (get && (str_eq(url, "/v2/") || str_eq(url, "/v2")))
		return exchange_reply(x, 200, "application/json", "{}", NULL);
	if (get && str_eq(url, "/v2/_catalog"))
		return catalog(x);
	if (known)
		return exchange_error(x, 405, "UNSUPPORTED", "The operation is unsupported.");
	return exchange_error(x, 404, "NOT_FOUND", "no such place in this registry");
}

static enum MHD_Result body_failed(struct exchange *x)
{
	static const struct { int code, status; const char *name, *message; } map[] = {
		{ ENOSPC, 507, "UNKNOWN", "the registry's disk is full" },
		{ EFBIG, 413, "SIZE_INVALID", "a manifest may have 4 MiB at the most" },
		{ ERANGE, 416, "BLOB_UPLOAD_INVALID", "the chunk doesn't go on where the upload ends" },
		{ EMSGSIZE, 400, "SIZE_INVALID", "the chunk is not as long as its Content-Range" },
		{ EBUSY, 409, "BLOB_UPLOAD_INVALID", "another request is writing to this upload" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (map[i].code == -x->failed)
			return exchange_error(x, map[i].status, map[i].name, map[i].message);
	return exchange_error(x, 500, "UNKNOWN", strerror(-x->failed));
}

enum MHD_Result exchange_answer(struct exchange *x, const char *url, const char *method)
{
	bool known = false;
	const char *path = str_starts(url, "/v2/") ? url + 4 : "";
	if (!x->route)
		x->route = find_route(x, path, method, &known);
	if (!x->route)
		return no_route(x, url, method, known);
	if (!reference_path_ok(x->repo))
		return exchange_error(x, 400, "NAME_INVALID", "invalid repository name");
	if (x->route->writes && x->read_only)
		return exchange_error(x, 405, "UNSUPPORTED", "this registry is read-only");
	return x->failed ? body_failed(x) : x->route->answer(x);
}
