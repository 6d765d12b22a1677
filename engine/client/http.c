/* http.c - requests and answers over one connection (RFC 9112).
 *
 * A request is one write: header and body together.  The answer's header is read
 * into `buf`; what came behind it stays there and goes through the body decoder
 * of http_wire.h first.  A connection that was kept alive may have been closed by
 * the daemon meanwhile: if it ends before a single byte of the answer, the
 * request is sent once more over a new one.
 */
#include "client/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "client/http_connect.h"
#include "client/http_wire.h"
#include "core/cleanup.h"
#include "core/json.h"

#define HEAD_MAX 65536u			/* bytes of an answer's header */
#define BODY_MAX (256u << 20)		/* of a whole answer kept in memory */
#define READ_SIZE 32768u

struct http {
	char *host;
	struct http_address address;
	struct str extra;		/* header lines added to every request */
	struct str once;		/* header lines for the next request alone */
	int fd;
	bool used;			/* carried an answer already: may be stale */
	struct str head;		/* of the last answer */
	struct wire_head info;
	struct wire_body body;
	bool complete;			/* no body byte is due */
	unsigned patience;		/* ms, 0: no limit */
	char buf[READ_SIZE];		/* read, not yet decoded: [at, end) */
	size_t at, end;
};

int http_open(const char *host, struct http **out, struct err *e)
{
	autofree char *where = host ? str_dup(host) : http_default_host();
	struct http_address a;
	int r = http_address(where, &a, e);

	if (r)
		return r;
	struct http *h = mem_alloc(sizeof(*h));
	h->address = a;
	h->host = steal_ptr(where);
	h->fd = -1;
	h->complete = true;
	*out = h;
	return 0;
}

static void hang_up(struct http *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	h->at = h->end = 0;
	h->complete = true;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	hang_up(h);
	str_free(&h->extra);
	str_free(&h->once);
	str_free(&h->head);
	free(h->host);
	free(h);
}

void http_header(struct http *h, const char *name, const char *value)
{
	if (!strpbrk(value, "\r\n"))
		str_addf(&h->extra, "%s: %s\r\n", name, value);
}

void http_header_once(struct http *h, const char *name, const char *value)
{
	if (!strpbrk(value, "\r\n"))
		str_addf(&h->once, "%s: %s\r\n", name, value);
}

void http_patience(struct http *h, unsigned ms)
{
	h->patience = ms;
}

int http_fd(const struct http *h)
{
	return h->fd;
}

bool http_ready(const struct http *h)
{
	return h->complete || h->at < h->end;
}

void http_answer_free(struct http_answer *a)
{
	str_free(&a->body);
	json_free(&a->json);
}

const char *http_got(const struct http *h, const char *name)
{
	static char value[4096];

	if (!h->head.s || !wire_header(h->head.s, h->head.len, name, value, sizeof(value)))
		value[0] = '\0';
	return value;
}

static int send_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

static int lost(struct http *h, int code, struct err *e)
{
	hang_up(h);
	if (code == EINTR)
		return err_set(e, EINTR, "interrupted");
	if (code == EBADMSG)
		return err_set(e, EBADMSG, "the daemon at %s does not answer in HTTP", h->host);
	return err_sys(e, code, "the daemon at %s hung up", h->host);
}

/* More bytes into buf; 0 at the connection's end. */
static long fill(struct http *h)
{
	if (h->at == h->end)
		h->at = h->end = 0;
	ssize_t n = recv(h->fd, h->buf + h->end, sizeof(h->buf) - h->end, 0);
	if (n < 0)
		return -errno;
	h->end += (size_t)n;
	return n;
}

/* Reads one header into h->head, leaving what follows in buf. */
static int read_head(struct http *h, bool head_request)
{
	size_t end;

	str_clear(&h->head);
	do {
		if (h->at == h->end) {
			long n = fill(h);
			if (n <= 0)
				return n < 0 ? (int)n : -ECONNRESET;
		}
		size_t had = h->head.len;
		str_addn(&h->head, h->buf + h->at, h->end - h->at);
		end = wire_head_end(h->head.s, h->head.len);
		if (!end && h->head.len > HEAD_MAX)
			return -EBADMSG;
		h->at = end ? h->at + (end - had) : h->end;
	} while (!end);
	h->head.len = end;
	if (wire_head_parse(h->head.s, end, head_request, &h->info))
		return -EBADMSG;
	return 0;
}

/* The final answer's header: 100 Continue and its like are skipped. */
static int read_answer(struct http *h, bool head_request)
{
	int r;

	do {
		r = read_head(h, head_request);
	} while (!r && h->info.status < 200 && h->info.status != 101);
	if (r)
		return r;
	wire_body_start(&h->body, &h->info);
	h->complete = h->info.kind == WIRE_NONE ||
		      (h->info.kind == WIRE_LENGTH && !h->info.length);
	h->used = true;
	return 0;
}

static void request_head(struct http *h, struct str *req, const char *method, const char *path,
			 const char *type, size_t len)
{
	str_addf(req, "%s %s HTTP/1.1\r\nHost: docker\r\nUser-Agent: Docker-Client/drydock\r\n",
		 method, path);
	if (h->extra.s)
		str_add(req, h->extra.s);
	if (h->once.s)
		str_add(req, h->once.s);
	str_clear(&h->once);
	if (type)
		str_addf(req, "Content-Type: %s\r\n", type);
	if (len || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0)
		str_addf(req, "Content-Length: %zu\r\n", len);
}

static int dial(struct http *h, struct err *e)
{
	struct timeval limit = { h->patience / 1000, h->patience % 1000 * 1000 };
	int fd = http_connect(&h->address, h->host, e);

	if (fd < 0)
		return fd;
	if (h->patience)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	h->fd = fd;
	h->used = false;
	return 0;
}

/* Sends req and reads the answer's header, over a new connection if the kept
 * one turns out to be gone. */
static int exchange(struct http *h, const struct str *req, bool head_request, struct err *e)
{
	for (;;) {
		bool kept = h->fd >= 0 && h->used;
		int r = 0;

		if (h->fd < 0)
			r = dial(h, e);
		if (r)
			return r;
		r = send_all(h->fd, req->s, req->len);
		if (!r)
			r = read_answer(h, head_request);
		if (!r)
			return 0;
		if (!kept || h->head.len || r == -EINTR)
			return lost(h, -r, e);
		hang_up(h);
	}
}

/* The body so far unread, thrown away where it is small, else the connection. */
static void settle(struct http *h)
{
	char scrap[4096];

	if (h->fd >= 0 && !h->complete &&
	    (h->info.kind != WIRE_LENGTH || h->body.left > sizeof(scrap)))
		hang_up(h);
	while (h->fd >= 0 && !h->complete)
		if (http_read(h, scrap, sizeof(scrap), NULL) < 0)
			return;
	if (h->fd >= 0 && h->info.close && h->used)
		hang_up(h);
}

static int take_error(struct http *h, struct err *e)
{
	struct http_answer a = { 0 };
	int status = h->info.status, r = http_finish(h, &a, e);

	if (r)
		return r;
	const char *said = a.json ? json_str(a.json, "message") : NULL;
	const char *hint = a.json ? json_str(a.json, "hint") : NULL;
	r = err_http(e, status, status == 404 ? ENOENT : status == 409 ? EBUSY : EIO, "%s",
		     said ? said : a.body.len ? a.body.s : "the daemon gave no reason");
	if (hint)
		err_hint(e, "%s", hint);
	http_answer_free(&a);
	return r;
}

static int begin(struct http *h, const char *method, const char *path, const cJSON *body,
		 const char *more, struct err *e)
{
	autostr struct str req = { 0 };
	autofree char *text = body ? json_line(body) : NULL;
	int r;

	settle(h);
	request_head(h, &req, method, path, text ? "application/json" : NULL,
		     text ? strlen(text) : 0);
	str_addf(&req, "%s\r\n%s", more, text ? text : "");
	r = exchange(h, &req, strcmp(method, "HEAD") == 0, e);
	if (!r && h->info.status >= 400)
		r = take_error(h, e);
	return r;
}

int http_begin(struct http *h, const char *method, const char *path, const cJSON *body,
	       struct err *e)
{
	return begin(h, method, path, body, "", e);
}

long http_read(struct http *h, char *buf, size_t cap, struct err *e)
{
	while (!h->complete) {
		const char *data;
		size_t used, len, n = h->end - h->at;

		if (n > cap)
			n = cap;
		int r = wire_body_feed(&h->body, h->buf + h->at, n, &used, &data, &len);
		h->at += used;
		if (r < 0)
			return lost(h, EBADMSG, e);
		h->complete = r > 0;
		if (len) {
			memcpy(buf, data, len);
			return (long)len;
		}
		if (h->complete || h->at < h->end)
			continue;
		long got = fill(h);
		if (got == 0 && h->body.kind == WIRE_UNTIL_CLOSE)
			h->complete = true;
		else if (got <= 0)
			return lost(h, got ? (int)-got : ECONNRESET, e);
	}
	return 0;
}

int http_finish(struct http *h, struct http_answer *out, struct err *e)
{
	struct http_answer a = { .status = h->info.status };
	char piece[16384];
	long n;

	while ((n = http_read(h, piece, sizeof(piece), e)) > 0) {
		str_addn(&a.body, piece, (size_t)n);
		if (a.body.len > BODY_MAX) {
			hang_up(h);
			n = err_set(e, EFBIG, "the daemon's answer is larger than %u MiB",
				    BODY_MAX >> 20);
			break;
		}
	}
	if (n < 0) {
		http_answer_free(&a);
		return (int)n;
	}
	if (h->info.json && a.body.len && json_parse(a.body.s, a.body.len, &a.json, NULL)) {
		http_answer_free(&a);
		return err_set(e, EBADMSG, "the daemon's answer says it is JSON and is not");
	}
	*out = a;
	return 0;
}

int http_call(struct http *h, const char *method, const char *path, const cJSON *body,
	      struct http_answer *out, struct err *e)
{
	struct http_answer scrap = { 0 };
	int r = http_begin(h, method, path, body, e);

	if (r)
		return r;
	r = http_finish(h, out ? out : &scrap, e);
	http_answer_free(&scrap);
	return r;
}

int http_stream(struct http *h, const char *method, const char *path, const cJSON *body,
		int (*on_data)(void *arg, const char *data, size_t n), void *arg, struct err *e)
{
	char piece[16384];
	long n;
	int r = http_begin(h, method, path, body, e);

	if (r)
		return r;
	while ((n = http_read(h, piece, sizeof(piece), e)) > 0)
		if (on_data(arg, piece, (size_t)n)) {
			hang_up(h);
			return 0;
		}
	return (int)n;
}

struct line_sink {
	struct str part;	/* an unfinished line */
	int (*on_line)(void *arg, cJSON *line);
	void *arg;
};

static int one_line(struct line_sink *s)
{
	autojson cJSON *j = NULL;

	if (!s->part.len || json_parse(s->part.s, s->part.len, &j, NULL))
		j = NULL;	/* not JSON: not ours to show */
	str_clear(&s->part);
	return j ? s->on_line(s->arg, j) : 0;
}

static int split_lines(void *arg, const char *data, size_t n)
{
	struct line_sink *s = arg;

	while (n) {
		const char *lf = memchr(data, '\n', n);
		size_t len = lf ? (size_t)(lf - data) : n;

		str_addn(&s->part, data, len);
		if (!lf)
			return s->part.len > BODY_MAX;
		if (one_line(s))
			return 1;
		data += len + 1;
		n -= len + 1;
	}
	return 0;
}

int http_lines(struct http *h, const char *method, const char *path, const cJSON *body,
	       int (*on_line)(void *arg, cJSON *line), void *arg, struct err *e)
{
	struct line_sink s = { .on_line = on_line, .arg = arg };
	int r = http_stream(h, method, path, body, split_lines, &s, e);

	if (!r)
		one_line(&s);
	str_free(&s.part);
	return r;
}

int http_hijack(struct http *h, const char *method, const char *path, const cJSON *body,
		int *fd, struct str *early, struct err *e)
{
	int r = begin(h, method, path, body, "Connection: Upgrade\r\nUpgrade: tcp\r\n", e);

	if (r)
		return r;
	if (h->info.status != 101 && h->info.status != 200) {
		int status = h->info.status;
		hang_up(h);
		return err_set(e, EPROTO, "unable to upgrade to tcp, received %d", status);
	}
	str_addn(early, h->buf + h->at, h->end - h->at);
	h->at = h->end = 0;
	h->complete = true;
	*fd = h->fd;
	h->fd = -1;
	return 0;
}

/* One chunk: its size in hex, the bytes, an empty line. */
static int send_chunk(int fd, const char *data, size_t n)
{
	char size[24];
	int r = send_all(fd, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", n));

	if (!r && n)
		r = send_all(fd, data, n);
	return r ? r : send_all(fd, "\r\n", 2);
}

static int send_source(struct http *h, const struct http_source *src, struct err *e)
{
	char piece[READ_SIZE];
	long n;

	while ((n = src->read(src->arg, piece, sizeof(piece))) > 0)
		if (send_chunk(h->fd, piece, (size_t)n))
			return 0;	/* the daemon has heard enough: its answer says why */
	if (n < 0) {
		hang_up(h);
		return err_sys(e, (int)-n, "read what is to be sent");
	}
	send_chunk(h->fd, "", 0);
	return 0;
}

int http_upload(struct http *h, const char *method, const char *path,
		const struct http_source *src, struct err *e)
{
	autostr struct str req = { 0 };
	int r;

	settle(h);
	hang_up(h);	/* a body can't be sent twice: no doubtful connection for it */
	r = dial(h, e);
	if (r)
		return r;
	str_addf(&req, "%s %s HTTP/1.1\r\nHost: docker\r\n%s%sContent-Type: %s\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n", method, path, h->extra.s ? h->extra.s : "",
		 h->once.s ? h->once.s : "", src->type);
	str_clear(&h->once);
	r = send_all(h->fd, req.s, req.len);
	if (r)
		return lost(h, -r, e);
	r = send_source(h, src, e);
	if (r)
		return r;
	r = read_answer(h, false);
	if (r)
		return lost(h, -r, e);
	return h->info.status >= 400 ? take_error(h, e) : 0;
}
