/* reply.c - answers: JSON, streams, and the raw connection. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/api.h"
#include "api/upload.h"
#include "core/clock.h"

#define STREAM_QUEUE  (256 * 1024)	/* bytes a slow client may be behind */
#define STREAM_BLOCK  (32 * 1024)	/* the largest chunk */
#define STREAM_POLL   250		/* ms between two looks whether the client is still there */

void reply_header(struct request *r, const char *name, const char *value)
{
	for (size_t i = 0; i < MAX_HEADERS; i++)
		if (!r->header[i].name) {
			r->header[i].name = str_dup(name);
			r->header[i].value = str_dup(value);
			return;
		}
}

static int queue(struct request *r, int status, struct MHD_Response *resp)
{
	MHD_add_response_header(resp, "Api-Version", API_VERSION);
	MHD_add_response_header(resp, "Ostype", "linux");
	MHD_add_response_header(resp, "Docker-Experimental", "false");
	MHD_add_response_header(resp, "Server", "Drydock/" DRYDOCK_VERSION " (linux)");
	for (size_t i = 0; i < MAX_HEADERS && r->header[i].name; i++)
		MHD_add_response_header(resp, r->header[i].name, r->header[i].value);
	r->answered = true;
	if (r->upload) {
		body_keep_answer(r, status, resp);
		return 0;
	}
	int ok = MHD_queue_response(r->conn, (unsigned)status, resp);
	MHD_destroy_response(resp);
	return ok == MHD_YES ? 0 : -EIO;
}

int reply_text(struct request *r, int status, const char *type, const char *text)
{
	struct MHD_Response *resp = MHD_create_response_from_buffer(strlen(text), (void *)text,
								    MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(resp, "Content-Type", type);
	return queue(r, status, resp);
}

int reply_json(struct request *r, int status, cJSON *o)
{
	char *text = json_line(o);
	size_t n = strlen(text);
	cJSON_Delete(o);
	text = mem_grow(text, n + 2);
	memcpy(text + n, "\n", 2);
	struct MHD_Response *resp = MHD_create_response_from_buffer(n + 1, text, MHD_RESPMEM_MUST_FREE);
	MHD_add_response_header(resp, "Content-Type", "application/json");
	return queue(r, status, resp);
}

int reply_empty(struct request *r, int status)
{
	return queue(r, status, MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT));
}

int reply_error(struct request *r, const struct err *e)
{
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "message", e->what);
	if (e->hint[0])
		json_put_str(o, "hint", e->hint);
	return reply_json(r, err_status(e), o);
}

/* -- streams ----------------------------------------------------------------------- */

struct stream {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct str data;		/* put; sent up to `sent` */
	size_t sent;
	bool broken;			/* the producer gave up */
	bool held;			/* the status waits for the first put */
	struct err early;		/* what failed before it */
	bool done;			/* the producer has returned */
	_Atomic bool gone;		/* the client hung up */
	int fd;				/* the connection's, to poll */
	pthread_t thread;
	void (*produce)(struct stream *s, void *arg);
	void (*release)(void *arg);
	void *arg;
};

static void *producer(void *arg)
{
	struct stream *s = arg;
	s->produce(s, s->arg);
	pthread_mutex_lock(&s->lock);
	s->done = true;
	pthread_cond_signal(&s->filled);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* A client that has shut down its sending half (POLLRDHUP) may well be reading: it
 * gets its answer.  Over TCP, one that went away looks the same until its kernel
 * answers a keep-alive (server.c) with a reset. */
bool stream_gone(void *stream)
{
	struct stream *s = stream;
	struct pollfd p = { .fd = s->fd };
	if (!s->gone && poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR))
		s->gone = true;
	return s->gone;
}

const _Atomic bool *stream_cancel(struct stream *s) { return &s->gone; }

int stream_put(struct stream *s, const void *data, size_t n)
{
	pthread_mutex_lock(&s->lock);
	while (!s->gone && s->data.len - s->sent > STREAM_QUEUE) {
		clock_wait_ms(&s->emptied, &s->lock, STREAM_POLL);
		stream_gone(s);
	}
	if (!s->gone)
		str_addn(&s->data, data, n);
	pthread_cond_signal(&s->filled);
	pthread_mutex_unlock(&s->lock);
	return s->gone ? -EPIPE : 0;
}

int stream_sink(void *stream, const void *data, size_t n, struct err *e)
{
	int r = stream_put(stream, data, n);
	return r < 0 ? err_set(e, -r, "the client is gone") : 0;
}

void stream_break(struct stream *s, const struct err *e)
{
	if (!stream_gone(s))
		err_print(e);
	pthread_mutex_lock(&s->lock);
	s->broken = true;
	pthread_mutex_unlock(&s->lock);
}

int stream_line(struct stream *s, const char *line)
{
	autofree char *text = str_printf("%s\r\n", line);
	return stream_put(s, text, strlen(text));
}

int stream_json(struct stream *s, const cJSON *o)
{
	autofree char *line = json_line(o);
	return stream_line(s, line);
}

/* What was sent makes room when all of it was, or when it is a queue's worth. */
static void drop_sent(struct stream *s)
{
	if (s->sent < s->data.len && s->sent < STREAM_QUEUE)
		return;
	memmove(s->data.s, s->data.s + s->sent, s->data.len - s->sent);
	s->data.len -= s->sent;
	s->sent = 0;
}

/* MHD's reader: takes what there is; waits for more, looking for a hang-up. */
static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = cls;
	pthread_mutex_lock(&s->lock);
	while (s->data.len == s->sent && !s->done && !s->gone) {
		clock_wait_ms(&s->filled, &s->lock, STREAM_POLL);
		stream_gone(s);
	}
	size_t n = s->data.len - s->sent < max ? s->data.len - s->sent : max;
	if (n) {
		memcpy(buf, s->data.s + s->sent, n);
		s->sent += n;
		drop_sent(s);
		pthread_cond_signal(&s->emptied);
	}
	bool gone = s->gone || s->broken;
	pthread_mutex_unlock(&s->lock);
	if (n)
		return (ssize_t)n;
	return gone ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_stream(void *cls)
{
	struct stream *s = cls;
	pthread_mutex_lock(&s->lock);
	s->gone = true;
	pthread_cond_signal(&s->emptied);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	if (s->release)
		s->release(s->arg);
	str_free(&s->data);
	free(s);
}

static cJSON *failure_json(const struct err *e)
{
	cJSON *o = cJSON_CreateObject(), *d = cJSON_CreateObject();
	json_put_int(d, "code", err_status(e));
	json_put_str(d, "message", e->what);
	json_put(o, "errorDetail", d);
	json_put_str(o, "error", e->what);
	if (e->hint[0])
		json_put_str(o, "hint", e->hint);
	return o;
}

bool stream_fail_early(struct stream *s, const struct err *e)
{
	pthread_mutex_lock(&s->lock);
	bool early = s->held && !s->data.len;
	if (early)
		s->early = *e;
	pthread_mutex_unlock(&s->lock);
	return early;
}

void stream_fail(struct stream *s, const struct err *e)
{
	if (stream_fail_early(s, e))
		return;
	autojson cJSON *o = failure_json(e);
	stream_json(s, o);
}

/* Waits for the first put or the end; true if the producer failed before any. */
static bool failed_early(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->data.len && !s->done && !s->gone) {
		clock_wait_ms(&s->filled, &s->lock, STREAM_POLL);
		stream_gone(s);
	}
	s->held = false;
	bool failed = s->early.code != 0;
	pthread_mutex_unlock(&s->lock);
	return failed;
}

static int begin_stream(struct request *r, struct stream **out, bool held,
			void (*produce)(struct stream *s, void *arg), void (*release)(void *arg),
			void *arg)
{
	struct stream *s = *out = mem_alloc(sizeof(*s));
	pthread_attr_t attr;
	s->held = held;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->filled, NULL);
	pthread_cond_init(&s->emptied, NULL);
	s->fd = MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	s->produce = produce;
	s->release = release;
	s->arg = arg;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, HANDLER_STACK);
	int failed = pthread_create(&s->thread, &attr, producer, s);
	pthread_attr_destroy(&attr);
	if (failed) {
		if (release)
			release(arg);
		free(s);
	}
	return -failed;
}

static int queue_stream(struct request *r, const char *type, struct stream *s)
{
	struct MHD_Response *resp = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
								      read_stream, s, free_stream);
	MHD_add_response_header(resp, "Content-Type", type);
	return queue(r, 200, resp);
}

int reply_stream(struct request *r, const char *type, void (*produce)(struct stream *s, void *arg),
		 void (*release)(void *arg), void *arg)
{
	struct stream *s;
	int n = begin_stream(r, &s, false, produce, release, arg);
	return n < 0 ? n : queue_stream(r, type, s);
}

int reply_held_stream(struct request *r, const char *type,
		      void (*produce)(struct stream *s, void *arg), void (*release)(void *arg),
		      void *arg, struct err *e)
{
	struct stream *s;
	int n = begin_stream(r, &s, true, produce, release, arg);
	if (n < 0)
		return err_sys(e, -n, "start a thread");
	if (!failed_early(s))
		return queue_stream(r, type, s);
	*e = s->early;
	free_stream(s);
	return -e->code;
}

/* -- the raw connection ------------------------------------------------------------ */

struct upgrade {
	void (*fn)(void *arg, int fd, const void *early, size_t early_len);
	void *arg;
};

/* MHD shuts the socket down when it is told to close it, which would end the stream
 * for whoever holds a duplicate.  So the descriptor MHD knows is made to name one end
 * of a throwaway pair, and what MHD closes is that. */
static int take_socket(int sock)
{
	int pair[2], fd = fcntl(sock, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fd;
	dup3(pair[0], sock, O_CLOEXEC);
	close(pair[0]);
	close(pair[1]);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

static void upgraded(void *cls, struct MHD_Connection *conn, void *con_cls, const char *extra,
		     size_t extra_len, MHD_socket sock, struct MHD_UpgradeResponseHandle *urh)
{
	struct upgrade *u = cls;
	int fd = take_socket(sock);
	if (fd >= 0)
		u->fn(u->arg, fd, extra, extra_len);
	MHD_upgrade_action(urh, MHD_UPGRADE_ACTION_CLOSE);
	free(u);
}

/* No raw connection: fn gets one end of a pair, the client what comes out of the other. */
static void produce_plain(struct stream *s, void *arg)
{
	struct upgrade *u = arg;
	char buf[16384];
	int pair[2];
	ssize_t n = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	autofd int mine = pair[0];
	u->fn(u->arg, pair[1], NULL, 0);
	while (n > 0 && !stream_gone(s)) {
		struct pollfd p = { .fd = mine, .events = POLLIN };
		if (poll(&p, 1, STREAM_POLL) == 0)
			continue;
		n = read(mine, buf, sizeof(buf));
		if (n > 0 && stream_put(s, buf, (size_t)n) < 0)
			break;
	}
}

int reply_upgrade(struct request *r,
		  void (*fn)(void *arg, int fd, const void *early, size_t early_len), void *arg,
		  bool multiplexed)
{
	const char *type = multiplexed && r->minor >= 42 ?
			   "application/vnd.docker.multiplexed-stream" :
			   "application/vnd.docker.raw-stream";
	struct upgrade *u = mem_alloc(sizeof(*u));
	*u = (struct upgrade){ fn, arg };
	if (!MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "Upgrade"))
		return reply_stream(r, type, produce_plain, free, u);
	struct MHD_Response *resp = MHD_create_response_for_upgrade(upgraded, u);
	MHD_add_response_header(resp, "Upgrade", "tcp");
	MHD_add_response_header(resp, "Content-Type", type);
	return queue(r, MHD_HTTP_SWITCHING_PROTOCOLS, resp);
}
