/* http.h - HTTP/1.1 over the daemon's socket, for the command line, the shell
 * and the labs.  No libcurl: loading it costs a command more than its answer.
 *
 * DOCKER_HOST (or --host) says where: unix:///path or tcp://127.0.0.1:port;
 * default: the running daemon's socket, then /var/run/docker.sock.
 */
#ifndef DRYDOCK_CLIENT_HTTP_H
#define DRYDOCK_CLIENT_HTTP_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"
#include "core/str.h"

struct http;	/* one connection, kept alive between requests */

int http_open(const char *host, struct http **out, struct err *e);	/* NULL: the default */
void http_close(struct http *h);
/* Sent with every request from here on ("X-Drydock-Actor", "X-Drydock-Step" …). */
void http_header(struct http *h, const char *name, const char *value);

struct http_answer {
	int status;
	struct str body;	/* whole, unless on_data took it */
	cJSON *json;		/* parsed body if it was JSON, else NULL */
};
void http_answer_free(struct http_answer *a);

/* One request.  path is the API path without version ("/containers/json?all=1").
 * body: JSON, or NULL.  Status >= 400 is an error: e->what is the daemon's
 * message and e->status its status (hint from "hint" if the daemon gave one). */
int http_call(struct http *h, const char *method, const char *path, const cJSON *body,
	      struct http_answer *out, struct err *e);
/* The same, streamed: on_data gets each piece as it arrives; non-zero stops. */
int http_stream(struct http *h, const char *method, const char *path, const cJSON *body,
		int (*on_data)(void *arg, const char *data, size_t n), void *arg, struct err *e);
/* Each line of a JSON-lines stream, parsed. */
int http_lines(struct http *h, const char *method, const char *path, const cJSON *body,
	       int (*on_line)(void *arg, cJSON *line), void *arg, struct err *e);
/* Upgrade: tcp.  The raw socket is the caller's from here on; bytes that came
 * with the header are in *early. */
int http_hijack(struct http *h, const char *method, const char *path, const cJSON *body,
		int *fd, struct str *early, struct err *e);

#endif
