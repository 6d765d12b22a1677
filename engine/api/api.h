/* api.h - the Docker Engine API: what every resource's file works with.
 *
 * A request arrives on a thread of its own (server.c), is matched against the
 * table of routes (routes.def), and its handler queues one answer: a JSON text,
 * nothing, a stream, or the raw connection.  A handler that fails returns
 * -errno with `e` filled in and queues nothing; the server answers
 * {"message": e->what} with err_status(e).
 */
#ifndef DRYDOCK_API_API_H
#define DRYDOCK_API_API_H

#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/filters.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/str.h"
#include "core/version.h"
#include "runtime/container.h"
#include "trace/collector.h"
#include "trace/fact.h"

#define API_VERSION     "1.47"
#define API_MIN_VERSION "1.24"

/* The daemon, as handlers see it.  Borrowed; outlives the server. */
struct api {
	struct containers *containers;
	struct image_store *images;
	struct journal *journal;	/* NULL: --trace off */
	struct collector *trace;	/* the same */
	const char *data_root, *exec_root, *socket, *backend;
	const char *shelf;		/* where the course registry keeps its images */
	char *const *mirrors, *const *insecure, *const *labels;	/* replaced at SIGHUP, never freed */
	bool live_restore, debug;	/* containers outlive the daemon */
	const char *log_driver;
	uint16_t registry_port;		/* the course registry's; 0: none runs */
	uint64_t started_ns;
	unsigned requests;		/* ever; atomic */

	pthread_mutex_t lock;		/* the context: labels for clients that send none */
	char *session, *step;
};

#define MAX_ARGS    3
/* Bytes of stack for whatever carries out a request: trees are walked, as deep as a path
 * can be (2,048 directories, under 1 KiB each).  What isn't touched costs nothing. */
#define HANDLER_STACK (4u << 20)
#define MAX_HEADERS 4

struct request {
	struct api *api;
	struct MHD_Connection *conn;
	const struct route *route;
	char *path;			/* without the version prefix */
	char *arg[MAX_ARGS];		/* what the pattern's braces matched; owned */
	int minor;			/* API 1.minor that the client speaks */
	bool head;
	struct str body;
	cJSON *json;			/* the body, if there was one */
	struct origin origin;		/* owned text */
	struct upload *upload;		/* an UPLOAD route's body, else NULL */
	struct { char *name, *value; } header[MAX_HEADERS];	/* of the answer; owned */
	bool answered, refused;
};

typedef int (*handler)(struct request *r, struct err *e);

/* upload: the body is no JSON; the handler reads it from request_take_body() while it
 * comes, in a thread of its own. */
struct route { const char *method, *pattern; handler fn; bool upload; };
extern const struct route routes[];
extern const size_t n_routes;
/* The route, or NULL: a method that a path doesn't have is as unknown as the path. */
const struct route *route_find(const char *method, const char *path, char *arg[MAX_ARGS]);

/* -- reading a request (request.c) ------------------------------------------------- */

const char *query(const struct request *r, const char *key);	/* NULL if absent */
const char *query_or(const struct request *r, const char *key, const char *dflt);
char **query_all(const struct request *r, const char *key);	/* owned strv, maybe empty */
bool query_bool(const struct request *r, const char *key);	/* "", 0, no, false, none: false */
int64_t query_int(const struct request *r, const char *key, int64_t dflt);
/* 400 for what is no number from min to max; *out stays as it is where none is given. */
int query_want_int(const struct request *r, const char *key, int min, int max, int *out,
		   struct err *e);
/* h and w: a terminal's size, 0 where not given. */
int query_size(const struct request *r, int *rows, int *cols, struct err *e);
/* "", "1700000000", "1700000000.5" or RFC 3339, as since and until come; dflt for none. */
int query_time(const struct request *r, const char *key, uint64_t dflt, uint64_t *ns,
	       struct err *e);
/* UPLOAD routes: the body, to be read and closed by the caller.  Reading gives 0 at its
 * end and fails with ECONNRESET if the client went away before. */
int request_take_body(struct request *r);
/* The container of arg[0]. */
int request_container(struct request *r, struct container **out, struct err *e);
/* The same; that there is none is a fact of this type with why=no-such. */
int request_container_or_tell(struct request *r, const char *type, struct container **out,
			      struct err *e);
/* A fact of this request; data is consumed. */
void request_fact(struct request *r, const char *type, const char *cid, const char *image,
		  cJSON *data);
/* docker events: a prune of this type of thing is over. */
void prune_event(const char *type, int64_t bytes);
/* {"what":…} as a `view` fact. */
void view_fact(struct request *r, const char *what, const char *cid, const char *image, int rows);

/* -- answering (reply.c) ----------------------------------------------------------- */

int reply_json(struct request *r, int status, cJSON *o);	/* consumes o */
int reply_text(struct request *r, int status, const char *type, const char *text);
/* One more header for the answer that follows: at most MAX_HEADERS. */
void reply_header(struct request *r, const char *name, const char *value);
int reply_empty(struct request *r, int status);
int reply_error(struct request *r, const struct err *e);

/* A stream: produce() runs in a thread of its own and puts; each put is one chunk. */
struct stream;
int reply_stream(struct request *r, const char *type, void (*produce)(struct stream *s, void *arg),
		 void (*release)(void *arg), void *arg);
/* The same, with the status held back until there is something to say: a producer that
 * calls stream_fail() before its first put has the error answered as any other. */
int reply_held_stream(struct request *r, const char *type,
		      void (*produce)(struct stream *s, void *arg), void (*release)(void *arg),
		      void *arg, struct err *e);
/* The last word of a producer that failed: the held status, or else a line of its own,
 * {"errorDetail":{"code","message"},"error","hint"}. */
void stream_fail(struct stream *s, const struct err *e);
/* Only the first half: false where the status is no longer held, and nothing is done. */
bool stream_fail_early(struct stream *s, const struct err *e);
/* 0, or -EPIPE: the client is gone.  Waits while the client is slow. */
int stream_put(struct stream *s, const void *data, size_t n);
int stream_sink(void *stream, const void *data, size_t n, struct err *e);	/* for writers */
int stream_line(struct stream *s, const char *line);	/* its end is added */
int stream_json(struct stream *s, const cJSON *o);	/* as one line */
/* Something failed halfway: the connection breaks, so that the client sees no whole
 * answer. */
void stream_break(struct stream *s, const struct err *e);
bool stream_gone(void *stream);				/* polls the connection */
const _Atomic bool *stream_cancel(struct stream *s);	/* true once it is known to be gone */

/* 101, then fn owns the raw socket.  `early`: bytes the client sent with its head.  A
 * request without the header Upgrade has what fn's socket is given as an ordinary
 * answer (200), and no way to send more. */
int reply_upgrade(struct request *r,
		  void (*fn)(void *arg, int fd, const void *early, size_t early_len), void *arg,
		  bool multiplexed);
/* Writes what the container's log has, as an attached client would have seen it. */
void logs_replay(struct container *c, int to, bool out, bool err);

/* -- the server (server.c) --------------------------------------------------------- */

struct server;
/* fd: a listening socket, closed by the server.  unix_socket: callers are checked. */
int server_start(struct api *api, int fd, bool unix_socket, struct server **out, struct err *e);
void server_stop(struct server *s);

#endif
