/* http.h - HTTP/1.1 over the daemon's socket, for the command line, the shell
 * and the labs.  No libcurl: loading it costs a command more than its answer.
 *
 * DOCKER_HOST (or --host) says where: unix:///path or tcp://127.0.0.1:port;
 * default: the running daemon's socket, then /var/run/docker.sock.
 *
 * One struct http is one connection with at most one request under way.  It is
 * made lazily, kept alive between requests and made again when the daemon
 * closed it meanwhile.  Paths are API paths without version, already escaped
 * (url.h helps).  A signal that interrupts a wait ends the call with -EINTR.
 */
#ifndef DRYDOCK_CLIENT_HTTP_H
#define DRYDOCK_CLIENT_HTTP_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"
#include "core/str.h"

struct http;	/* one connection, kept alive between requests */

/* Never talks to the daemon: the first request connects.  EINVAL for a host
 * that can't be parsed.  NULL: DOCKER_HOST, else the default (see above). */
int http_open(const char *host, struct http **out, struct err *e);
void http_close(struct http *h);	/* NULL is fine */
/* Sent with every request from here on ("X-Drydock-Actor", "X-Drydock-Step" …). */
void http_header(struct http *h, const char *name, const char *value);
/* Sent with the next http_call() or its like, and then forgotten: credentials. */
void http_header_once(struct http *h, const char *name, const char *value);
/* How long a wait for the daemon may last; 0: as long as it takes, which is the
 * default.  Then it counts as gone. */
void http_patience(struct http *h, unsigned ms);

struct http_answer {
	int status;
	struct str body;	/* whole, unless on_data took it */
	cJSON *json;		/* parsed body if it was JSON, else NULL */
};
void http_answer_free(struct http_answer *a);

/* One request.  path is the API path without version ("/containers/json?all=1").
 * body: JSON, or NULL.  Status >= 400 is an error: e->what is the daemon's
 * message and e->status its status (hint from "hint" if the daemon gave one).
 * Where no daemon answers, e->what are docker's words for it and e->status is 0. */
int http_call(struct http *h, const char *method, const char *path, const cJSON *body,
	      struct http_answer *out, struct err *e);
/* The same, streamed: on_data gets each piece as it arrives; non-zero stops
 * (the call then returns 0 and the connection is closed). */
int http_stream(struct http *h, const char *method, const char *path, const cJSON *body,
		int (*on_data)(void *arg, const char *data, size_t n), void *arg, struct err *e);
/* Each line of a JSON-lines stream, parsed. */
int http_lines(struct http *h, const char *method, const char *path, const cJSON *body,
	       int (*on_line)(void *arg, cJSON *line), void *arg, struct err *e);
/* Upgrade: tcp.  The raw socket is the caller's from here on; bytes that came
 * with the header are in *early. */
int http_hijack(struct http *h, const char *method, const char *path, const cJSON *body,
		int *fd, struct str *early, struct err *e);

/* The pieces: begin sends the request and reads the answer's header (an error
 * status fails as above); read hands out the body, 0 at its end; finish reads
 * the rest of it into *out.  `docker run` begins a wait before it starts. */
int http_begin(struct http *h, const char *method, const char *path, const cJSON *body,
	       struct err *e);
long http_read(struct http *h, char *buf, size_t cap, struct err *e);
int http_finish(struct http *h, struct http_answer *out, struct err *e);
int http_fd(const struct http *h);	/* for poll(); borrowed, -1 if not connected */
bool http_ready(const struct http *h);	/* bytes were read ahead: poll() need not see them */
/* A header of the last answer, "" if it had none; borrowed until the next request. */
const char *http_got(const struct http *h, const char *name);

/* A body that is no JSON: sent in chunks, as read() gives it (0: its end, or
 * -errno).  As http_begin otherwise. */
struct http_source {
	const char *type;	/* Content-Type */
	long (*read)(void *arg, char *buf, size_t cap);
	void *arg;
};
int http_upload(struct http *h, const char *method, const char *path,
		const struct http_source *src, struct err *e);

#endif
