/* server.c - the embedded registry: a listener, a table of routes, replies.
 *
 * One thread a connection (libmicrohttpd makes them): a class pulls a few layers
 * each, and a slow reader holds up nobody else.  Bodies of uploads go to their
 * file as they arrive, manifests are small and kept in memory.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "image/digest.h"
#include "image/reference.h"
#include "registry/exchange.h"
#include "registry/storage.h"

#define STACK (192u << 10)	/* bytes a connection's thread gets */
#define IDLE_SECONDS 120u	/* an unused connection is closed; clients make a new one */

struct registry_server {
	struct MHD_Daemon *mhd;
	char *root;
	uint16_t port;
	bool read_only;
};

/* The first that fits: longer infixes before what they contain. */
static const struct route routes[] = {
	{ "/blobs/uploads/", "POST",   true,  true,  upload_begin },
	{ "/blobs/uploads/", "GET",    false, false, upload_status },
	{ "/blobs/uploads/", "PATCH",  true,  true,  upload_patch },
	{ "/blobs/uploads/", "PUT",    true,  true,  upload_end },
	{ "/blobs/uploads/", "DELETE", true,  false, upload_cancel },
	{ "/blobs/",         "GET",    false, false, blob_answer },
	{ "/blobs/",         "HEAD",   false, false, blob_answer },
	{ "/manifests/",     "GET",    false, false, manifest_get },
	{ "/manifests/",     "HEAD",   false, false, manifest_get },
	{ "/manifests/",     "PUT",    true,  false, manifest_put },
	{ "/manifests/",     "DELETE", true,  false, manifest_delete },
	{ "/tags/list",      "GET",    false, false, tags_list },
};

/* ---- replies --------------------------------------------------------------------- */

enum MHD_Result exchange_reply(struct exchange *x, int status, const char *type, const char *text,
		      const char *const *headers)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
								 MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(r, "Docker-Distribution-Api-Version", "registry/2.0");
	if (type)
		MHD_add_response_header(r, "Content-Type", type);
	for (; headers && headers[0]; headers += 2)
		MHD_add_response_header(r, headers[0], headers[1]);
	enum MHD_Result done = MHD_queue_response(x->conn, (unsigned)status, r);
	MHD_destroy_response(r);
	return done;
}

enum MHD_Result exchange_error(struct exchange *x, int status, const char *code, const char *message)
{
	autojson cJSON *j = cJSON_CreateObject();
	cJSON *list = cJSON_CreateArray(), *item = cJSON_CreateObject();
	json_put_str(item, "code", code);
	json_put_str(item, "message", message);
	json_put(item, "detail", cJSON_CreateObject());
	cJSON_AddItemToArray(list, item);
	json_put(j, "errors", list);
	autofree char *text = json_line(j);
	return exchange_reply(x, status, "application/json", text, NULL);
}

enum MHD_Result exchange_err(struct exchange *x, const struct err *e)
{
	static const struct { int code, status; const char *name; } map[] = {
		{ ENOENT, 404, "MANIFEST_UNKNOWN" }, { EACCES, 404, "NAME_UNKNOWN" },
		{ EINVAL, 404, "MANIFEST_BLOB_UNKNOWN" }, { EBADMSG, 400, "DIGEST_INVALID" },
		{ EFBIG, 413, "SIZE_INVALID" }, { ENOSPC, 507, "UNKNOWN" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (map[i].code == e->code)
			return exchange_error(x, map[i].status, map[i].name, e->what);
	return exchange_error(x, 500, "UNKNOWN", e->what);
}

const char *exchange_query(struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->conn, MHD_GET_ARGUMENT_KIND, name);
}

/* ---- routes ---------------------------------------------------------------------- */

/* Where infix stands last: a repository's name may hold such words too. */
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
static const struct route *find_route(struct exchange *x, const char *path, const char *method,
				      bool *known)
{
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!split(x, path, routes[i].infix))
			continue;
		*known = true;
		if (str_eq(routes[i].method, method))
			return &routes[i];
	}
	return NULL;
}

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
	static const struct { int code, status; const char *name; } map[] = {
		{ ENOSPC, 507, "UNKNOWN" }, { EFBIG, 413, "SIZE_INVALID" },
		{ ERANGE, 416, "BLOB_UPLOAD_INVALID" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (map[i].code == -x->failed)
			return exchange_error(x, map[i].status, map[i].name, strerror(-x->failed));
	return exchange_error(x, 500, "UNKNOWN", strerror(-x->failed));
}

static enum MHD_Result answer(struct registry_server *s, struct exchange *x, const char *url,
			      const char *method)
{
	bool known = false;
	const char *path = str_starts(url, "/v2/") ? url + 4 : "";
	if (!x->route)
		x->route = find_route(x, path, method, &known);
	if (!x->route)
		return no_route(x, url, method, known);
	if (!reference_path_ok(x->repo))
		return exchange_error(x, 400, "NAME_INVALID", "invalid repository name");
	if (x->route->writes && s->read_only)
		return exchange_error(x, 405, "UNSUPPORTED", "this registry is read-only");
	return x->failed ? body_failed(x) : x->route->answer(x);
}

/* ---- bodies ---------------------------------------------------------------------- */

/* A piece has to go on where the last one ended; without Content-Range it does. */
static int open_upload(struct exchange *x)
{
	struct stat st;
	long long from;
	if (!storage_upload_id_ok(x->ref))
		return 0;
	autofree char *path = storage_upload(x->root, x->ref);
	const char *range = MHD_lookup_connection_value(x->conn, MHD_HEADER_KIND, "Content-Range");
	x->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (x->fd < 0 || !range)
		return 0;	/* an upload that isn't there is answered by the route */
	return fstat(x->fd, &st) == 0 && sscanf(range, "%lld-", &from) == 1 && from == st.st_size
		? 0 : -ERANGE;
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

/* Before the first byte of the body: where it goes. */
static struct exchange *begin(struct registry_server *s, struct MHD_Connection *conn,
			      const char *url, const char *method)
{
	bool known;
	struct exchange *x = mem_alloc(sizeof(*x));
	x->root = s->root;
	x->conn = conn;
	x->fd = -1;
	if (str_starts(url, "/v2/"))
		x->route = find_route(x, url + 4, method, &known);
	if (x->route && x->route->upload && !s->read_only && reference_path_ok(x->repo))
		x->failed = *x->ref ? open_upload(x) : new_upload(x);
	return x;
}

static void take_body(struct exchange *x, const char *data, size_t len)
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

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	struct registry_server *s = arg;
	struct exchange *x = *state;
	if (!x) {
		*state = begin(s, conn, url, method);
		return MHD_YES;
	}
	if (*len) {
		take_body(x, data, *len);
		*len = 0;
		return MHD_YES;
	}
	return answer(s, x, url, method);
}

static void on_done(void *arg, struct MHD_Connection *conn, void **state,
		    enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *state;
	if (!x)
		return;
	if (x->fd >= 0)
		close(x->fd);
	free(x->repo);
	free(x->ref);
	str_free(&x->body);
	free(x);
	*state = NULL;
}

/* ---- start, stop ----------------------------------------------------------------- */

static int listen_on(const char *address, uint16_t port, int *out, struct err *e)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
	if (!is_six && inet_pton(AF_INET, address, &four.sin_addr) != 1)
		return err_set(e, EINVAL, "registry: %s is no address", address);
	autofd int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;
	const struct sockaddr *sa = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	if (fd < 0)
		return err_sys(e, errno, "registry: socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, sa, is_six ? sizeof(six) : sizeof(four)) < 0 || listen(fd, 64) < 0) {
		err_sys(e, errno, "registry: listen on %s:%u", address, port);
		return err_hint(e, "choose another port with --port, or 0 for any free one");
	}
	*out = steal_fd(&fd);
	return 0;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	return ntohs(a.sin6_port);	/* at the same place in sockaddr_in */
}

int registry_start(const struct registry_options *o, struct registry_server **out, struct err *e)
{
	int fd = -1;
	/* A reader may stand beside a server that is just being pushed to. */
	int r = storage_prepare(o->root, !o->read_only, e);
	if (r == 0)
		r = listen_on(o->address ? o->address : "127.0.0.1", o->port, &fd, e);
	if (r < 0)
		return r;
	struct registry_server *s = mem_alloc(sizeof(*s));
	s->root = str_dup(o->root);
	s->port = port_of(fd);
	s->read_only = o->read_only;
	s->mhd = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
				  MHD_USE_POLL, 0, NULL, NULL, on_request, s,
				  MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
				  MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(64 << 10),
				  MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_END);
	if (!s->mhd) {
		close(fd);
		free(s->root);
		free(s);
		return err_set(e, EIO, "registry: the HTTP server does not start");
	}
	*out = s;
	return 0;
}

uint16_t registry_port(const struct registry_server *r) { return r->port; }

void registry_stop(struct registry_server *r)
{
	if (!r)
		return;
	MHD_stop_daemon(r->mhd);	/* closes the listening socket, too */
	free(r->root);
	free(r);
}
