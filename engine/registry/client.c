/* client.c - requests to one registry: addresses, authentication, its errors. */
#include "registry/client.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "registry/auth.h"
#include "registry/fetch.h"

#define ERROR_LIMIT (64u << 10)
#define PATIENCE 10	/* seconds that we wait by ourselves if a registry asks us to */
#define ASKS 3		/* how often one request is sent in that case */

#define ATTEMPTS 3	/* at a blob, in a row without a single new byte */

struct registry {
	char *url, *repository;
	char **scopes;			/* what a token must allow */
	struct trust trust;
	atomic_bool maybe_tls;		/* until the first answer */
	bool (*stop)(void *arg);
	void *arg;
	int attempts;
	pthread_mutex_t lock;		/* auth, scopes, url */
	struct auth auth;
	struct fetch_pool *pool;
};

const char *registry_repository(const struct registry *r) { return r->repository; }
int registry_attempts(const struct registry *r) { return r->attempts; }

/* ---- addresses ------------------------------------------------------------------- */

bool registry_is_loopback(const char *domain)
{
	size_t n = *domain == '[' ? strcspn(domain, "]") + 1 : strcspn(domain, ":");
	return (n == 9 && strncasecmp(domain, "localhost", 9) == 0) ||
	       str_starts(domain, "127.") || str_starts(domain, "[::1]");
}

char *registry_url(const char *domain, char *const *insecure, bool *maybe_tls)
{
	bool plain = registry_is_loopback(domain) || trust_insecure(domain, insecure);
	*maybe_tls = plain;
	if (str_eq(domain, "docker.io"))
		domain = "registry-1.docker.io";
	return str_printf("%s://%s", plain ? "http" : "https", domain);
}

int registry_open(const struct registry_target *t, struct registry **out, struct err *e)
{
	struct registry *r = mem_alloc(sizeof(*r));
	int err = trust_read(t->url, &r->trust, e);
	if (err == 0)
		err = auth_parse(t->auth, &r->auth, e);
	if (err < 0) {
		trust_free(&r->trust);
		free(r);
		return err;
	}
	/* What may be plain HTTP has nothing that a certificate could vouch for. */
	r->trust.anybody = t->maybe_tls;
	r->url = str_dup(t->url);
	while (str_ends(r->url, "/"))
		r->url[strlen(r->url) - 1] = '\0';
	r->repository = str_dup(t->repository);
	r->attempts = t->attempts ? t->attempts : ATTEMPTS;
	r->scopes = mem_alloc(sizeof(*r->scopes));
	autofree char *scope = str_printf("repository:%s:%s", t->repository,
					  t->push ? "pull,push" : "pull");
	if (*t->repository)
		strv_add(&r->scopes, scope);
	r->maybe_tls = t->maybe_tls;
	r->stop = t->stop;
	r->arg = t->arg;
	pthread_mutex_init(&r->lock, NULL);
	r->pool = fetch_pool_new();
	*out = r;
	return 0;
}

void registry_close(struct registry **rp)
{
	struct registry *r = *rp;
	if (!r)
		return;
	fetch_pool_free(r->pool);
	auth_free(&r->auth);
	pthread_mutex_destroy(&r->lock);
	free(r->url);
	free(r->repository);
	strv_free(r->scopes);
	trust_free(&r->trust);
	free(r);
	*rp = NULL;
}

/* ---- what a registry says when it says no ---------------------------------------- */

static const struct { const char *name; int code, status; } known[] = {
	{ "MANIFEST_UNKNOWN", ENOENT, 404 }, { "BLOB_UNKNOWN", ENOENT, 404 },
	{ "NAME_UNKNOWN", ENXIO, 404 }, { "DENIED", EACCES, 404 },
	{ "UNAUTHORIZED", EACCES, 401 }, { "TOOMANYREQUESTS", EAGAIN, 429 },
	{ "NAME_INVALID", EINVAL, 400 }, { "DIGEST_INVALID", EBADMSG, 400 },
	/* An upload that stands elsewhere than we thought, as after a cut: worth asking. */
	{ "RANGE_INVALID", ECONNRESET, 0 }, { "BLOB_UPLOAD_INVALID", ECONNRESET, 0 },
	{ "BLOB_UPLOAD_UNKNOWN", ECONNRESET, 0 },
};

/* Where no document says more. */
static const struct { int status, code, answer; const char *words; } by_status[] = {
	{ 401, EACCES, 0, "unauthorized: authentication required" },
	{ 403, EACCES, 0, "denied: requested access to the resource is denied" },
	{ 404, ENOENT, 404, "manifest unknown: manifest unknown" },
	{ 416, ECONNRESET, 0, "requested range not satisfiable" },
	{ 429, EAGAIN, 0, "toomanyrequests: HTTP status 429 Too Many Requests" },
};

static int refused_bare(const struct fetch *f, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(by_status); i++)
		if (by_status[i].status == f->status)
			return err_http(e, by_status[i].answer, by_status[i].code, "%s",
					by_status[i].words);
	return err_set(e, EPROTO, "received unexpected HTTP status: %d", f->status);
}

/* "MANIFEST_UNKNOWN" -> "manifest unknown" */
static void spell(char *name)
{
	for (; *name; name++)
		*name = *name == '_' ? ' ' : (char)tolower((unsigned char)*name);
}

static int refused(struct fetch *f, struct err *e)
{
	autofree char *text = NULL;
	autojson cJSON *j = NULL;
	size_t len = 0;
	int code = -refused_bare(f, e), status = 0;
	if (stream_whole(&f->s, ERROR_LIMIT, &text, &len, NULL) == 0)
		json_parse(text, len, &j, NULL);
	const cJSON *first = cJSON_GetArrayItem(json_obj(j, "errors"), 0);
	autofree char *name = str_dup(json_str_or(first, "code", ""));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i].name, name)) {
			code = known[i].code;
			status = known[i].status;
		}
	spell(name);
	if (*name)
		err_http(e, status, code, "%s: %s", name, json_str_or(first, "message", ""));
	if (code == EAGAIN)
		err_hint(e, "this registry limits how much is pulled: wait%s%s%s, or `docker login`",
			 f->retry_after ? " (" : "", f->retry_after ? f->retry_after : "",
			 f->retry_after ? " seconds)" : "");
	return -code;
}

/* ---- requests -------------------------------------------------------------------- */

static int send_once(struct registry *r, const struct fetch_request *like, const char *path,
		     struct fetch **out, struct err *e)
{
	struct fetch_request q = *like;
	char **headers = strv_dup(like->headers);
	pthread_mutex_lock(&r->lock);
	/* An upload's address may be at another host, which is not told who we are. */
	autofree char *url = *path == '/' ? str_printf("%s%s", r->url, path) : str_dup(path);
	bool same = str_starts(url, r->url) && url[strlen(r->url)] == '/';
	autofree char *bearer = same && r->auth.bearer
		? str_printf("Authorization: Bearer %s", r->auth.bearer) : NULL;
	q.user = same && r->auth.basic ? r->auth.user : NULL;
	q.password = r->auth.password;
	pthread_mutex_unlock(&r->lock);
	if (bearer)
		strv_add(&headers, bearer);
	q.url = url;
	q.headers = headers;
	q.trust = &r->trust;
	q.stop = r->stop;
	q.arg = r->arg;
	int err = fetch_open(r->pool, &q, out, e);
	strv_free(headers);
	return err;
}

/* A server that wants TLS answers plain HTTP with 400, or by hanging up. */
static bool wants_tls(const struct registry *r, int err, const struct fetch *f)
{
	return r->maybe_tls && str_starts(r->url, "http://") &&
	       (f ? f->status == 400 : err == -ECONNRESET || err == -EPROTO);
}

/* If that was wrong too, the first error is the one to tell. */
static int try_tls(struct registry *r, const struct fetch_request *q, const char *path,
		   struct fetch **out)
{
	struct fetch *f = NULL;
	pthread_mutex_lock(&r->lock);
	char *plain = r->url;
	r->url = str_printf("https://%s", plain + strlen("http://"));
	pthread_mutex_unlock(&r->lock);
	int err = send_once(r, q, path, &f, NULL);
	pthread_mutex_lock(&r->lock);
	if (err < 0) {
		free(r->url);
		r->url = plain;
	} else {
		free(plain);
		fetch_close(out);
		*out = f;
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

static int answer_challenge(struct registry *r, const struct fetch *f, struct err *e)
{
	struct fetch_request q = { .stop = r->stop, .arg = r->arg, .trust = &r->trust };
	pthread_mutex_lock(&r->lock);
	int err = auth_answer(&r->auth, r->pool, f->challenge, r->scopes, &q, e);
	pthread_mutex_unlock(&r->lock);
	return err;
}

void registry_also(struct registry *r, const char *repository, bool wanted)
{
	autofree char *scope = str_printf("repository:%s:pull", repository);
	size_t n = strv_len(r->scopes);
	pthread_mutex_lock(&r->lock);
	bool last = n && str_eq(r->scopes[n - 1], scope);
	if (wanted && !last) {
		strv_add(&r->scopes, scope);
		auth_outgrown(&r->auth);
	} else if (!wanted && last) {
		free(r->scopes[n - 1]);
		r->scopes[n - 1] = NULL;
	}
	pthread_mutex_unlock(&r->lock);
}

static int request_once(struct registry *r, const struct fetch_request *q, const char *path,
			struct fetch **out, struct err *e)
{
	autofetch struct fetch *f = NULL;
	int err = send_once(r, q, path, &f, e);
	if (wants_tls(r, err, f) && try_tls(r, q, path, &f) == 0)
		err = 0;
	if (err < 0)
		return err;
	r->maybe_tls = false;	/* it has answered: settled */
	if (f->status == 401) {
		err = answer_challenge(r, f, e);
		if (err < 0)
			return err;
		fetch_close(&f);
		/* What has been read cannot be sent again from here: with the new token,
		 * registry_upload_begin() finds out how much of it arrived. */
		if (q->upload)
			return err_set(e, ECONNRESET, "unauthorized: authentication required");
		err = send_once(r, q, path, &f, e);
		if (err < 0)
			return err;
	}
	*out = steal_ptr(f);
	return 0;
}

/* How long the registry asks us to wait: 0 if it doesn't, or for longer than we would. */
static long asked_to_wait(const struct fetch *f)
{
	long n = (f->status == 429 || f->status == 503) && f->retry_after
		? strtol(f->retry_after, NULL, 10) : 0;
	return n > 0 && n <= PATIENCE ? n : 0;
}

/* -ECANCELED: stop() said so meanwhile. */
static int wait_seconds(const struct registry *r, long seconds, struct err *e)
{
	const struct timespec tick = { .tv_nsec = 200000000 };
	for (long i = 0; i < seconds * 5; i++) {
		if (r->stop && r->stop(r->arg))
			return err_set(e, ECANCELED, "context canceled");
		nanosleep(&tick, NULL);
	}
	return 0;
}

int registry_request(struct registry *r, const struct fetch_request *q, const char *path,
		     struct fetch **out, struct err *e)
{
	autofetch struct fetch *f = NULL;
	long seconds;
	int err = request_once(r, q, path, &f, e);
	/* A body that is read while it is sent can't be sent again. */
	for (int i = 1; err == 0 && i < ASKS && !q->upload && (seconds = asked_to_wait(f)); i++) {
		fetch_close(&f);
		err = wait_seconds(r, seconds, e);
		if (err == 0)
			err = request_once(r, q, path, &f, e);
	}
	if (err < 0)
		return err;
	if (f->status >= 400)
		return refused(f, e);
	*out = steal_ptr(f);
	return 0;
}

int registry_ping(struct registry *r, struct err *e)
{
	autofetch struct fetch *f = NULL;
	struct fetch_request q = { .method = "GET" };
	int err = registry_request(r, &q, "/v2/", &f, e);
	return err == -EHOSTUNREACH || err == -ETIMEDOUT || err == -ECANCELED ? err : 0;
}

int registry_login(const struct registry_target *t, char **identity, struct err *e)
{
	autoregistry struct registry *r = NULL;
	autofetch struct fetch *f = NULL;
	struct fetch_request q = { .method = "GET" };
	int err = registry_open(t, &r, e);
	if (err < 0)
		return err;
	r->auth.lasting = true;
	err = registry_request(r, &q, "/v2/", &f, e);
	if (err == 0)
		*identity = steal_ptr(r->auth.refresh);
	if (err != -EACCES)
		return err;
	autofree char *why = str_dup(e->what);
	return err_http(e, 401, EACCES, "Get \"%s/v2/\": %s", r->url, why);
}

/* ---- tags ------------------------------------------------------------------------ */

#define TAGS_PAGE  100
#define TAGS_LIMIT (1u << 20)	/* bytes of one page */

static int tags_page(struct registry *r, const char *last, cJSON **out, struct err *e)
{
	autofetch struct fetch *f = NULL;
	autofree char *text = NULL;
	size_t len = 0;
	struct fetch_request q = { .method = "GET" };
	autofree char *path = str_printf("/v2/%s/tags/list?n=%d%s%s", r->repository, TAGS_PAGE,
					 last ? "&last=" : "", last ? last : "");
	int err = registry_request(r, &q, path, &f, e);
	if (err == 0)
		err = stream_whole(&f->s, TAGS_LIMIT, &text, &len, e);
	return err < 0 ? err : json_parse(text, len, out, e);
}

/* Page by page, each after the last tag of the one before, until one is not full. */
int registry_tags(struct registry *r, char ***out, struct err *e)
{
	char **tags = mem_alloc(sizeof(*tags));
	size_t n = 0;
	for (int got = TAGS_PAGE; got >= TAGS_PAGE;) {
		autojson cJSON *o = NULL;
		const cJSON *t;
		int err = tags_page(r, n ? tags[n - 1] : NULL, &o, e);
		if (err < 0) {
			strv_free(tags);
			return err;
		}
		got = 0;
		cJSON_ArrayForEach(t, json_obj(o, "tags"))
			/* One that doesn't know pages gives all of them again. */
			if (cJSON_IsString(t) && (!n || strcmp(t->valuestring, tags[n - 1]) > 0)) {
				strv_add(&tags, t->valuestring);
				n++;
				got++;
			}
	}
	*out = tags;
	return 0;
}

/* ---- manifests ------------------------------------------------------------------- */

#define MANIFEST_LIMIT (4u << 20)	/* what registries accept at the most */

static char accept_all[] = "Accept: "
	"application/vnd.oci.image.index.v1+json, "
	"application/vnd.docker.distribution.manifest.list.v2+json, "
	"application/vnd.oci.image.manifest.v1+json, "
	"application/vnd.docker.distribution.manifest.v2+json";

void registry_doc_free(struct registry_doc *d)
{
	free(d->type);
	free(d->text);
	*d = (struct registry_doc){ 0 };
}

int registry_manifest(struct registry *r, const char *ref, struct registry_doc *out,
		      struct err *e)
{
	autofetch struct fetch *f = NULL;
	autodoc struct registry_doc d = { 0 };
	char *headers[] = { accept_all, NULL };
	struct fetch_request q = { .method = "GET", .headers = headers };
	autofree char *path = str_printf("/v2/%s/manifests/%s", r->repository, ref);
	int err = registry_request(r, &q, path, &f, e);
	if (err == 0)
		err = stream_whole(&f->s, MANIFEST_LIMIT, &d.text, &d.len, e);
	if (err < 0)
		return err;
	digest_of(d.text, d.len, d.digest);
	/* By tag nothing tells what it should be but the registry itself. */
	const char *want = digest_ok(ref) ? ref : f->digest;
	if (want && !str_eq(want, d.digest))
		return err_set(e, EBADMSG, "manifest verification failed for digest %s", want);
	d.type = str_dup(f->type ? f->type : "");
	*out = d;
	d = (struct registry_doc){ 0 };
	return 0;
}
