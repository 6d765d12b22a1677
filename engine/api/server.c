/* server.c - the HTTP server: libmicrohttpd, one thread for each connection.
 *
 * Long answers (logs, events, wait) then simply block.  Of a stack only what was
 * touched costs memory: an idle connection costs little.  A caller on the unix
 * socket is who the kernel says (SO_PEERCRED): root, the daemon's own user, or a
 * member of the socket's group, which is what its mode 0660 lets in; checked again
 * here, since a mode can be changed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/upload.h"
#include "core/rights.h"

#define CONN_MEMORY  (256 * 1024)	/* headers: X-Registry-Auth may be large */
#define BODY_LIMIT   (4 << 20)		/* a create body is a few KiB */

struct server { struct MHD_Daemon *mhd; bool unix_socket; struct api *api; };

/* -- one request ------------------------------------------------------------------- */

/* "/v1.41/x" -> "/x" and 41; 400 for a version we don't speak. */
static int strip_version(struct request *r, const char *url, struct err *e)
{
	int major, minor, used = 0;
	r->minor = 47;
	if (sscanf(url, "/v%d.%d%n", &major, &minor, &used) == 2 && url[used] == '/') {
		if (major != 1 || minor < 24)
			return err_http(e, 400, EINVAL, "client version %d.%d is too old. Minimum supported"
					" API version is " API_MIN_VERSION ", please upgrade your client to a"
					" newer version", major, minor);
		if (minor > 47)
			return err_http(e, 400, EINVAL, "client version %d.%d is too new. Maximum supported"
					" API version is " API_VERSION, major, minor);
		r->minor = minor;
		url += used;
	}
	r->path = str_dup(url);
	return 0;
}

static const char *header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name);
}

/* What a client may say of itself, and with which method.  Whoever reaches the socket
 * can send any header, so that it can only lower: what seed and demo do earns nothing;
 * the grader looks and tidies up, but notes nothing; nobody but the engine changes
 * anything in the engine's name. */
static const struct { enum actor actor; const char *methods; } claims[] = {
	{ ACTOR_SEED, "GET HEAD POST PUT DELETE" }, { ACTOR_DEMO, "GET HEAD POST PUT DELETE" },
	{ ACTOR_GRADER, "GET HEAD DELETE" }, { ACTOR_ENGINE, "GET HEAD" },
};

static enum actor claimed(const char *name, const char *method)
{
	enum actor actor;
	if (!name || actor_parse(name, &actor) < 0)
		return ACTOR_STUDENT;
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		if (claims[i].actor == actor && strstr(claims[i].methods, method))
			return actor;
	return ACTOR_STUDENT;
}

/* Who asks: the headers, or the labels of the current context. */
static void find_origin(struct request *r, const char *method)
{
	const char *session = header(r, "X-Drydock-Session"), *step = header(r, "X-Drydock-Step");
	r->origin.actor = claimed(header(r, "X-Drydock-Actor"), method);
	pthread_mutex_lock(&r->api->lock);
	r->origin.session = str_dup(session ? session : r->api->session ? r->api->session : "");
	r->origin.step = str_dup(step ? step : r->api->step ? r->api->step : "");
	pthread_mutex_unlock(&r->api->lock);
}

static struct request *begin(struct api *api, struct MHD_Connection *conn, const char *url,
			     const char *method, struct err *e)
{
	struct request *r = mem_alloc(sizeof(*r));
	__atomic_add_fetch(&api->requests, 1, __ATOMIC_RELAXED);
	r->api = api;
	r->conn = conn;
	r->head = str_eq(method, "HEAD");
	if (strip_version(r, url, e) < 0)
		return r;
	r->route = route_find(method, r->path, r->arg);
	if (!r->route)
		err_http(e, 404, ENOENT, "page not found");
	find_origin(r, method);
	return r;
}

static void end(void *cls, struct MHD_Connection *conn, void **state,
		enum MHD_RequestTerminationCode why)
{
	struct request *r = *state;
	if (!r)
		return;
	body_free(r);
	for (size_t i = 0; i < MAX_ARGS; i++)
		free(r->arg[i]);
	free(r->path);
	for (size_t i = 0; i < MAX_HEADERS; i++) {
		free(r->header[i].name);
		free(r->header[i].value);
	}
	origin_free(&r->origin);
	str_free(&r->body);
	cJSON_Delete(r->json);
	free(r);
	*state = NULL;
}

/* "application/json; charset=utf-8" is one too. */
static int check_type(const struct request *r, struct err *e)
{
	static const char json[] = "application/json";
	const char *type = header(r, "Content-Type");
	size_t len = type ? strcspn(type, "; \t") : 0;
	if (len == strlen(json) && strncasecmp(type, json, len) == 0)
		return 0;
	if (!len)
		return err_http(e, 400, EINVAL, "malformed Content-Type header (%s): mime: no media type",
				type ? type : "");
	return err_http(e, 400, EINVAL, "unsupported Content-Type header (%s): must be"
			" 'application/json'", type);
}

static int parse_body(struct request *r, struct err *e)
{
	if (!r->body.len)
		return 0;
	int n = check_type(r, e);
	if (n < 0)
		return n;
	return json_parse(r->body.s, r->body.len, &r->json, e);
}

static enum MHD_Result finish(struct request *r, struct err *e)
{
	int n = 0;
	if (!e->code && (n = parse_body(r, e)) == 0)
		n = r->route->fn(r, e);
	if (r->answered)
		return MHD_YES;
	if (!e->code)
		err_set(e, n ? -n : EIO, "%s: no answer", r->path);
	return reply_error(r, e) == 0 ? MHD_YES : MHD_NO;
}

/* The whole body has been passed on: waits for the handler, and sends what it said. */
static enum MHD_Result finish_upload(struct request *r, struct err *e)
{
	struct MHD_Response *answer;
	int status, n = body_end(r, &status, &answer, e);
	if (answer) {
		enum MHD_Result ok = MHD_queue_response(r->conn, (unsigned)status, answer);
		MHD_destroy_response(answer);
		return ok;
	}
	body_free(r);
	if (!e->code)
		err_set(e, n ? -n : EIO, "%s: no answer", r->path);
	return reply_error(r, e) == 0 ? MHD_YES : MHD_NO;
}

/* MHD calls this first with the head, then with each piece of the body, then once
 * more with none.  What is wrong with the head is answered before a body is read,
 * except that small bodies are read and dropped, so that the connection lives. */
static enum MHD_Result handle(void *cls, struct MHD_Connection *conn, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **state)
{
	struct server *s = cls;
	struct err e = { 0 };
	struct request *r = *state;

	if (!r) {
		r = *state = begin(s->api, conn, url, method, &e);
		if (!e.code && r->route->upload)
			body_begin(r, &e);
		r->refused = e.code != 0;
		if (r->refused)
			return reply_error(r, &e) == 0 ? MHD_YES : MHD_NO;
		return MHD_YES;
	}
	if (*size && r->upload) {
		body_feed(r, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (r->upload)
		return finish_upload(r, &e);
	if (*size) {
		bool fits = r->body.len + *size <= BODY_LIMIT;
		if (fits)
			str_addn(&r->body, data, *size);
		else
			r->refused = true;
		*size = 0;
		return MHD_YES;
	}
	if (r->answered)
		return MHD_YES;
	if (r->refused)
		err_http(&e, 413, E2BIG, "request body is larger than %d MiB", BODY_LIMIT >> 20);
	return finish(r, &e);
}

/* -- the daemon -------------------------------------------------------------------- */

static bool may_connect(int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);
	gid_t groups[64];
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return false;
	/* In a user namespace the host's root is nobody (user_namespaces(7)): there the
	 * socket's own mode, 0660, is what keeps others away. */
	if (rights_rootless() || who.uid == 0 || who.uid == geteuid() || who.gid == getegid())
		return true;
	n = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) < 0)
		return false;
	for (size_t i = 0; i < n / sizeof(groups[0]); i++)
		if (groups[i] == getegid())
			return true;
	return false;
}

/* See stream_gone().  30 s: long enough to cost nothing, short enough that a follower
 * that left does not stay for ever. */
static void keep_alive(int fd)
{
	int on = 1, seconds = 30;
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
}

/* For each new connection, before its first byte is read. */
static void connected(void *cls, struct MHD_Connection *conn, void **state,
		      enum MHD_ConnectionNotificationCode why)
{
	struct server *s = cls;
	if (why != MHD_CONNECTION_NOTIFY_STARTED)
		return;
	int fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	if (!s->unix_socket)
		keep_alive(fd);
	else if (!may_connect(fd))
		shutdown(fd, SHUT_RDWR);
}

int server_start(struct api *api, int fd, bool unix_socket, struct server **out, struct err *e)
{
	struct server *s = mem_alloc(sizeof(*s));
	*s = (struct server){ NULL, unix_socket, api };
	s->mhd = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
		MHD_ALLOW_UPGRADE,
		0, NULL, NULL, handle, s,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)HANDLER_STACK,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONN_MEMORY,
		MHD_OPTION_NOTIFY_COMPLETED, end, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, connected, s,
		MHD_OPTION_END);
	if (!s->mhd) {
		free(s);
		return err_set(e, EIO, "start the API server");
	}
	*out = s;
	return 0;
}

void server_stop(struct server *s)
{
	MHD_stop_daemon(s->mhd);
	free(s);
}
