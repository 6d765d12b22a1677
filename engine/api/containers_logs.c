/* containers_logs.c - docker logs: the json-file that the supervisor writes.
 *
 * A line of the file is {"log":"text\n","stream":"stdout","time":"RFC3339"}; an
 * answer has the texts alone, or each with Docker's 8-byte head that says which
 * stream it is (no head for a terminal, which has one stream only).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "api/routes.h"
#include "core/clock.h"
#include "core/file.h"
#include "runtime/container_log.h"
#include "runtime/log_line.h"

struct logs {
	struct container *c;
	struct journal *journal;
	struct origin by;	/* owned text */
	bool out, err, follow, timestamps, framed, details;
	uint64_t since, until;
	int64_t tail;		/* lines; -1: all */

	int to;			/* a client's socket; -1: the answer's stream */
	int fd;
	struct str part;	/* a line that isn't whole yet */
	struct log_line line;
	EVP_MD_CTX *sha;
	int64_t lines, bytes, told_lines;
	bool stop;		/* past `until`, or the client left */
};

/* -- what is sent ------------------------------------------------------------------ */

/* details=1: what --log-opt asked to be kept with each line, "k=v,k2=v2 ". */
static void add_details(struct str *out, const char *line, size_t len)
{
	autojson cJSON *o = cJSON_ParseWithLength(line, len);
	const cJSON *a, *all = json_obj(o, "attrs");
	cJSON_ArrayForEach(a, all)
		str_addf(out, "%s%s=%s", a == all->child ? "" : ",", a->string,
			 cJSON_IsString(a) ? a->valuestring : "");
	str_add(out, " ");
}

static int send_text(struct logs *l, struct stream *s, const struct log_line *line,
		     const struct str *details)
{
	struct str out = { 0 };
	size_t extra = l->timestamps ? strlen(line->stamp) + 1 : 0;
	size_t n = line->text.len + extra + details->len;
	unsigned char head[8] = { line->is_err ? 2 : 1, 0, 0, 0, (unsigned char)(n >> 24),
				  (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n };
	if (l->framed)
		str_addn(&out, head, sizeof(head));
	if (l->timestamps)
		str_addf(&out, "%s ", line->stamp);
	str_addn(&out, details->s, details->len);
	str_addn(&out, line->text.s, line->text.len);
	int r = l->to >= 0 ? write_all(l->to, out.s, out.len) : stream_put(s, out.s, out.len);
	str_free(&out);
	return r;
}

static void send_line(struct logs *l, struct stream *s, const char *line, size_t len)
{
	const struct log_line *got = &l->line;
	autostr struct str details = { 0 };
	uint64_t at = 0;

	if (log_line_parse(line, len, &l->line) < 0 || !(got->is_err ? l->err : l->out))
		return;
	if (l->since || l->until != UINT64_MAX)
		clock_parse(got->stamp, &at);
	if (at && at < l->since)
		return;
	if (l->details)
		add_details(&details, line, len);
	if (at > l->until || send_text(l, s, got, &details) < 0) {
		l->stop = true;
		return;
	}
	EVP_DigestUpdate(l->sha, got->text.s, got->text.len);
	l->lines++;
	l->bytes += (int64_t)got->text.len;
}

/* Reads to the end of the file; true if there was something. */
static bool send_new(struct logs *l, struct stream *s)
{
	char buf[16384];
	ssize_t n;
	bool any = false;
	while (!l->stop && (n = read(l->fd, buf, sizeof(buf))) > 0) {
		any = true;
		str_addn(&l->part, buf, (size_t)n);
		char *line = l->part.s, *end;
		while (!l->stop && (end = memchr(line, '\n', l->part.len - (size_t)(line - l->part.s)))) {
			send_line(l, s, line, (size_t)(end - line));
			line = end + 1;
		}
		l->part.len -= (size_t)(line - l->part.s);
		memmove(l->part.s, line, l->part.len);
	}
	return any;
}

/* -- where to begin ---------------------------------------------------------------- */

/* A container's log is one file, or with a limit of size several: "NAME", before that
 * "NAME.1", and so on back.  n: how far back; NULL if there is no such file. */
static char *file_name(const struct logs *l, int n)
{
	autofree char *path = container_log_path(l->c);
	char *name = n ? str_printf("%s.%d", path, n) : str_dup(path);
	if (access(name, F_OK) == 0)
		return name;
	free(name);
	return NULL;
}

static bool open_file(struct logs *l, int n)
{
	autofree char *name = file_name(l, n);
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return false;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = fd;
	return true;
}

static int oldest(const struct logs *l)
{
	for (int n = 0;; n++) {
		autofree char *next = file_name(l, n + 1);
		if (!next)
			return n;
	}
}

/* At the end of a file: on to the one that was begun after it, which the supervisor may
 * have done this moment (ours is then found under another name).  False: there is none. */
static bool next_file(struct logs *l, struct stream *s)
{
	struct stat own, st;
	int last = oldest(l);
	if (fstat(l->fd, &own) < 0)
		return false;
	for (int n = 0; n <= last; n++) {
		autofree char *name = file_name(l, n);
		if (!name || stat(name, &st) < 0 || st.st_ino != own.st_ino)
			continue;
		if (n > 0)
			send_new(l, s);		/* what came just before; it grows no more */
		return n > 0 && open_file(l, n - 1);
	}
	return open_file(l, last);	/* ours is deleted: all the others are newer */
}

/* Moves to the start of the last `left` lines: newlines are counted from the end.
 * Returns how many more would be needed. */
static int64_t seek_back(struct logs *l, int64_t left)
{
	char buf[16384];
	off_t end = lseek(l->fd, 0, SEEK_END), at = end;
	left++;		/* the file ends with a newline of its own */
	while (at > 0) {
		size_t want = at < (off_t)sizeof(buf) ? (size_t)at : sizeof(buf);
		ssize_t n = pread(l->fd, buf, want, at - (off_t)want);
		if (n <= 0)
			break;
		for (ssize_t i = n - 1; i >= 0; i--)
			if (buf[i] == '\n' && --left == 0) {
				lseek(l->fd, at - (off_t)want + i + 1, SEEK_SET);
				return 0;
			}
		at -= (off_t)want;
	}
	lseek(l->fd, 0, SEEK_SET);
	return left - 1;
}

/* Opens the file that the answer begins in, at its place. */
static bool open_first(struct logs *l)
{
	int64_t left = l->tail;
	if (left < 0)
		return open_file(l, oldest(l));
	if (!open_file(l, 0))
		return false;
	for (int n = 0; (left = seek_back(l, left)) > 0;)
		if (!open_file(l, ++n))
			break;
	return true;
}

/* -- following --------------------------------------------------------------------- */

static void tell(struct logs *l)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	char hex[65] = "";
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	if (!l->journal || (l->told_lines == l->lines && l->lines)) {
		EVP_MD_CTX_free(copy);
		return;
	}
	EVP_MD_CTX_copy_ex(copy, l->sha);
	EVP_DigestFinal_ex(copy, md, NULL);
	EVP_MD_CTX_free(copy);
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	cJSON *d = cJSON_CreateObject();
	json_put_bool(d, "follow", l->follow);
	json_put_int(d, "lines", l->lines);
	json_put_int(d, "bytes", l->bytes);
	json_put_str(d, "sha256", hex);
	journal_add(l->journal, &l->by, "log.read", l->c->id, l->c->image_id, d, NULL);
	l->told_lines = l->lines;
}

static bool is_over(struct container *c)
{
	container_lock(c);
	bool over = c->gone || (c->status != CTR_RUNNING && c->status != CTR_PAUSED &&
				c->status != CTR_RESTARTING);
	container_unlock(c);
	return over;
}

/* Sleeps until the file changes, or a moment, after which the container is looked at. */
static void wait_change(int watch)
{
	char events[4096];
	struct pollfd p = { .fd = watch, .events = POLLIN };
	if (poll(&p, 1, 250) > 0 && read(watch, events, sizeof(events)) < 0)
		return;
}

static void follow(struct logs *l, struct stream *s)
{
	autofree char *dir = container_path(l->c, "");
	autofd int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch >= 0)
		inotify_add_watch(watch, dir, IN_MODIFY | IN_CREATE);
	while (!l->stop && !stream_gone(s) && clock_wall_ns() <= l->until) {
		bool over = is_over(l->c);	/* asked before the last look, so nothing is missed */
		bool any = send_new(l, s) || (l->fd >= 0 ? next_file(l, s) : open_file(l, 0));
		if (!any)
			tell(l);
		if (over && !any)
			break;
		if (!any)
			wait_change(watch);
	}
}

static void produce(struct stream *s, void *arg)
{
	struct logs *l = arg;
	l->sha = EVP_MD_CTX_new();
	EVP_DigestInit_ex(l->sha, EVP_sha256(), NULL);
	if (open_first(l))
		do
			send_new(l, s);
		while (!l->stop && next_file(l, s));
	if (l->follow)
		follow(l, s);
	tell(l);
}

static void logs_close(struct logs *l)
{
	if (l->fd >= 0)
		close(l->fd);
	EVP_MD_CTX_free(l->sha);
	str_free(&l->part);
	str_free(&l->line.text);
}

static void release(void *arg)
{
	struct logs *l = arg;
	logs_close(l);
	container_put(l->c);
	origin_free(&l->by);
	free(l);
}

void logs_replay(struct container *c, int to, bool out, bool err)
{
	struct logs l = { .c = c, .out = out, .err = err, .until = UINT64_MAX, .tail = -1,
			  .to = to, .fd = -1 };

	container_lock(c);
	l.framed = !json_bool(c->config, "Tty");
	container_unlock(c);
	produce(NULL, &l);
	logs_close(&l);
}

int containers_logs(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	struct logs want = { .fd = -1, .to = -1, .follow = query_bool(r, "follow"),
			     .out = query_bool(r, "stdout"),
			     .err = query_bool(r, "stderr"), .timestamps = query_bool(r, "timestamps"),
			     .details = query_bool(r, "details"),
			     .journal = r->api->journal, .tail = query_int(r, "tail", -1) };
	int n = request_container(r, &c, e);
	if (n < 0 || (n = query_time(r, "since", 0, &want.since, e)) < 0 ||
	    (n = query_time(r, "until", UINT64_MAX, &want.until, e)) < 0)
		return n;
	if (!want.out && !want.err)
		return err_set(e, EINVAL, "Bad parameters: you must choose at least one stream");
	container_lock(c);
	want.framed = !json_bool(c->config, "Tty");
	bool kept = log_is_kept(json_obj(c->host, "LogConfig"));
	container_unlock(c);
	if (!kept)
		return err_http(e, 501, ENOSYS, "configured logging driver does not support reading");
	struct logs *l = mem_alloc(sizeof(*l));
	*l = want;
	origin_keep(&l->by, &r->origin);
	const char *type = !want.framed || r->minor < 42 ? "application/vnd.docker.raw-stream" :
			   "application/vnd.docker.multiplexed-stream";
	l->c = steal_ptr(c);
	return reply_stream(r, type, produce, release, l);
}
