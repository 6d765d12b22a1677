/* fetch.c - see fetch.h.  Every transfer has a curl multi handle of its own, which
 * is curl's way of letting the reader decide when bytes move; connections live in
 * it, so the pool keeps the pair. */
#include "registry/fetch.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "registry/client.h"

#define PIECE (256 << 10)	/* curl's receive buffer, and the most it hands over at once */
#define ROOM (2 * PIECE)
#define POOL 4			/* idle connections: three layers and a manifest */
#define CONNECT_SECONDS 15L	/* a handshake over a bad line takes a few */
#define STALL_SECONDS 30L	/* without a single byte: docker gives up after as long */
#define POLL_MS 200

struct transfer {
	struct fetch f;		/* first: a fetch is a transfer */
	struct fetch_pool *pool;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	bool (*stop)(void *arg);
	void *arg;
	struct stream *upload;
	struct err upload_err;
	char *url, *method;
	bool head_done, paused, done;
	CURLcode result;
	size_t pos, len;
	char why[CURL_ERROR_SIZE];
	char buf[ROOM];
};

struct fetch_pool {
	pthread_mutex_t lock;
	struct transfer *idle[POOL];
	size_t n_idle;
};

/* TLS sets itself up when a first https address is asked for: most pulls in a
 * class never do, and it takes two MiB. */
static void init_curl(void) { curl_global_init(CURL_GLOBAL_NOTHING); }

struct fetch_pool *fetch_pool_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_curl);
	struct fetch_pool *p = mem_alloc(sizeof(*p));
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

static void transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_multi_cleanup(t->multi);
	free(t);
}

void fetch_pool_free(struct fetch_pool *p)
{
	for (size_t i = 0; i < p->n_idle; i++)
		transfer_free(p->idle[i]);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static struct transfer *transfer_take(struct fetch_pool *p)
{
	struct transfer *t = NULL;
	pthread_mutex_lock(&p->lock);
	if (p->n_idle)
		t = p->idle[--p->n_idle];
	pthread_mutex_unlock(&p->lock);
	if (!t) {
		t = mem_alloc(sizeof(*t));
		t->multi = curl_multi_init();
		t->easy = curl_easy_init();
		t->pool = p;
	}
	return t;
}

/* ---- what curl calls ------------------------------------------------------------- */

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	if (t->len + n > sizeof(t->buf)) {
		t->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	memcpy(t->buf + t->len, data, n);
	t->len += n;
	return n;
}

static void keep_header(struct transfer *t, const char *name, size_t name_len, const char *value)
{
	const struct { const char *name; char **to; } wanted[] = {
		{ "content-type", &t->f.type }, { "retry-after", &t->f.retry_after },
		{ "docker-content-digest", &t->f.digest },
		{ "location", &t->f.location }, { "range", &t->f.range },
		{ "www-authenticate", &t->f.challenge },
	};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (strlen(wanted[i].name) != name_len ||
		    strncasecmp(wanted[i].name, name, name_len) != 0)
			continue;
		free(*wanted[i].to);
		*wanted[i].to = str_dup(value);
	}
	if (t->f.type)
		t->f.type[strcspn(t->f.type, "; ")] = '\0';
}

static void forget_headers(struct transfer *t)
{
	char **const all[] = { &t->f.type, &t->f.digest, &t->f.location, &t->f.challenge,
				&t->f.retry_after, &t->f.range };
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		free(*all[i]);
		*all[i] = NULL;
	}
}

/* Called line by line, for each answer on the way (100, redirects, the last one). */
static size_t on_header(char *data, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	autofree char *line = strndup(data, n);
	line[strcspn(line, "\r\n")] = '\0';
	if (str_starts(line, "HTTP/")) {
		forget_headers(t);
		return n;
	}
	size_t name = strcspn(line, ":");
	if (line[name])
		keep_header(t, line, name, line + name + 1 + strspn(line + name + 1, " \t"));
	return n;
}

static size_t on_upload(char *buf, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	ssize_t r = t->upload->read(t->upload, buf, n, &t->upload_err);
	return r < 0 ? CURL_READFUNC_ABORT : (size_t)r;
}

/* ---- errors ---------------------------------------------------------------------- */

static const struct failure {
	CURLcode curl;
	int code;
	const char *words;	/* NULL: made by explain() */
} failures[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH, NULL },
	{ CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH, "proxyconnect tcp: no such host" },
	{ CURLE_COULDNT_CONNECT, EHOSTUNREACH, NULL },
	{ CURLE_SSL_CONNECT_ERROR, EHOSTUNREACH, NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, EHOSTUNREACH, NULL },
	{ CURLE_OPERATION_TIMEDOUT, ETIMEDOUT, NULL },
	{ CURLE_GOT_NOTHING, ECONNRESET, "EOF" },
	/* A kept connection had ended: curl would try a new one, but the body has begun. */
	{ CURLE_SEND_FAIL_REWIND, ECONNRESET, "EOF" },
	{ CURLE_PARTIAL_FILE, ECONNRESET, "unexpected EOF" },
	{ CURLE_RECV_ERROR, ECONNRESET, "read: connection reset by peer" },
	{ CURLE_SEND_ERROR, ECONNRESET, "write: connection reset by peer" },
	{ CURLE_WEIRD_SERVER_REPLY, EPROTO, "malformed HTTP response" },
	{ CURLE_OK, EPROTO, NULL },	/* any other */
};

static int connect_errno(const struct transfer *t)
{
	long n = 0;
	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &n);
	return (int)n;
}

/* The words of Go's network library, which docker's users know. */
static char *explain(const struct transfer *t)
{
	const char *s = strstr(t->url, "://");
	s = s ? s + 3 : t->url;
	int host = (int)strcspn(s, "/");
	const char *why = *t->why ? t->why : curl_easy_strerror(t->result);
	if (t->result == CURLE_COULDNT_RESOLVE_HOST)
		return str_printf("dial tcp: lookup %.*s: no such host", (int)strcspn(s, "/:"), s);
	if (t->result == CURLE_COULDNT_CONNECT)
		return str_printf("dial tcp %.*s: connect: %s", host, s,
				  connect_errno(t) ? strerror(connect_errno(t)) : why);
	if (t->result == CURLE_OPERATION_TIMEDOUT)
		return str_printf("net/http: request canceled while waiting for %.*s (%s)", host, s,
				  why);
	return str_dup(why);
}

static int failed(struct transfer *t, struct err *e)
{
	const struct failure *f = failures;
	if (t->upload_err.code) {
		if (e)
			*e = t->upload_err;
		return -t->upload_err.code;
	}
	while (f->curl != CURLE_OK && f->curl != t->result)
		f++;
	autofree char *words = f->words ? str_dup(f->words) : explain(t);
	autofree char *method = str_dup(t->method);
	for (char *c = method + 1; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return err_set(e, f->code, "%s \"%s\": %s", method, t->url, words);
}

/* ---- moving bytes ---------------------------------------------------------------- */

static void note_end(struct transfer *t)
{
	int left;
	CURLMsg *m;
	while ((m = curl_multi_info_read(t->multi, &left)))
		if (m->msg == CURLMSG_DONE) {
			t->done = true;
			t->result = m->data.result;
		}
}

/* One round: lets curl do what it can, then waits for the network if that was nothing. */
static int pump(struct transfer *t, struct err *e)
{
	int running;
	size_t before = t->len;
	if (t->stop && t->stop(t->arg))
		return err_set(e, ECANCELED, "context canceled");
	if (t->paused) {
		t->paused = false;
		curl_easy_pause(t->easy, CURLPAUSE_CONT);
	}
	curl_multi_perform(t->multi, &running);
	note_end(t);
	if (!t->done && t->len == before && !t->paused)
		curl_multi_poll(t->multi, NULL, 0, POLL_MS, NULL);
	return 0;
}

static ssize_t body_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct transfer *t = (struct transfer *)s;
	while (t->pos == t->len) {
		t->pos = t->len = 0;
		if (t->done && !t->paused)
			return t->result == CURLE_OK ? 0 : failed(t, e);
		int r = pump(t, e);
		if (r < 0)
			return r;
	}
	size_t n = t->len - t->pos < cap ? t->len - t->pos : cap;
	memcpy(buf, t->buf + t->pos, n);
	t->pos += n;
	return (ssize_t)n;
}

static void transfer_give_back(struct transfer *t)
{
	struct fetch_pool *p = t->pool;
	curl_multi_remove_handle(t->multi, t->easy);
	curl_easy_reset(t->easy);
	curl_slist_free_all(t->headers);
	forget_headers(t);
	free(t->url);
	free(t->method);
	CURLM *multi = t->multi;
	CURL *easy = t->easy;
	*t = (struct transfer){ .pool = p, .multi = multi, .easy = easy };
	pthread_mutex_lock(&p->lock);
	bool kept = p->n_idle < POOL;
	if (kept)
		p->idle[p->n_idle++] = t;
	pthread_mutex_unlock(&p->lock);
	if (!kept)
		transfer_free(t);
}

static void body_close(struct stream *s) { transfer_give_back((struct transfer *)s); }

void fetch_close(struct fetch **f)
{
	if (*f)
		(*f)->s.close(&(*f)->s);
	*f = NULL;
}

/* ---- the request ----------------------------------------------------------------- */

static long stall_seconds(void)
{
	const char *set = getenv("DRYDOCK_STALL_SECONDS");	/* for tests: they can't wait */
	long n = set ? strtol(set, NULL, 10) : 0;
	return n > 0 ? n : STALL_SECONDS;
}

static void set_body(struct transfer *t, const struct fetch_request *q)
{
	CURL *c = t->easy;
	if (str_eq(q->method, "HEAD"))
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else if (!str_eq(q->method, "GET"))
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	if (q->upload) {
		t->upload = q->upload;
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, on_upload);
		curl_easy_setopt(c, CURLOPT_READDATA, t);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->upload_size);
		curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, (long)PIECE);
	} else if (q->body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(q->body));
		curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, q->body);
	}
}

static bool is_loopback(const char *url)
{
	const char *host = strstr(url, "://");
	return host && registry_is_loopback(host + 3);
}

static void set_trust(CURL *c, const struct trust *t)
{
	if (t->anybody) {
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (t->ca) {	/* curl still looks into the system's folder of authorities */
		struct curl_blob blob = { t->ca, strlen(t->ca), CURL_BLOB_NOCOPY };
		curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob);
	}
	if (t->cert) {
		curl_easy_setopt(c, CURLOPT_SSLCERT, t->cert);
		curl_easy_setopt(c, CURLOPT_SSLKEY, t->key);
	}
}

static void set_options(struct transfer *t, const struct fetch_request *q)
{
	CURL *c = t->easy;
	for (size_t i = 0; q->headers && q->headers[i]; i++)
		t->headers = curl_slist_append(t->headers, q->headers[i]);
	/* curl would ask "may I send?" and wait a second where nobody answers. */
	t->headers = curl_slist_append(t->headers, "Expect:");
	curl_easy_setopt(c, CURLOPT_URL, q->url);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "docker/28.2.2 drydock");
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->why);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, stall_seconds());
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)PIECE);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	/* This machine is never behind its own proxy. */
	if (is_loopback(q->url))
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (q->trust)
		set_trust(c, q->trust);
	if (q->user) {
		curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(c, CURLOPT_USERNAME, q->user);
		curl_easy_setopt(c, CURLOPT_PASSWORD, q->password ? q->password : "");
	}
	set_body(t, q);
}

/* Until the first byte of the body, or the end. */
static int await_head(struct transfer *t, struct err *e)
{
	long status = 0;
	curl_off_t length = -1;
	while (!t->done && t->len == 0) {
		int r = pump(t, e);
		if (r < 0)
			return r;
	}
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	/* A transfer that broke after its header fails where its body is read. */
	if (t->result != CURLE_OK && (status == 0 || t->result != CURLE_PARTIAL_FILE))
		return failed(t, e);
	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	t->f.status = (int)status;
	t->f.length = (int64_t)length;
	return 0;
}

int fetch_open(struct fetch_pool *p, const struct fetch_request *q, struct fetch **out,
	       struct err *e)
{
	struct transfer *t = transfer_take(p);
	t->f.s = (struct stream){ body_read, body_close };
	t->url = str_dup(q->url);
	t->method = str_dup(q->method);
	t->stop = q->stop;
	t->arg = q->arg;
	set_options(t, q);
	curl_multi_add_handle(t->multi, t->easy);
	int r = await_head(t, e);
	if (r < 0)
		transfer_give_back(t);
	else
		*out = &t->f;
	return r;
}
