/* journal.c - facts, in one order, each carrying the hash of the one before.
 *
 * A fact is one line of JSON, and the line is what is kept: table `fact` has its
 * number and its text.  hash = SHA-256 of the line without its last member (the
 * hash itself); "prev" repeats the hash of the fact before.  So a line that is
 * changed, taken out or put in breaks the chain at its place, and verifying needs
 * nothing but the lines.
 *
 * Appending gives the fact its number and hash under a lock and leaves the
 * writing to a thread, which puts whatever has come together into one
 * transaction: a container's start writes two dozen facts and waits for none.
 * Reading waits until what was appended before is written.
 */
#include <errno.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/json.h"
#include "core/str.h"
#include "trace/fact.h"

#define SCHEMA    "CREATE TABLE IF NOT EXISTS fact(seq INTEGER PRIMARY KEY, line TEXT NOT NULL);"
#define HASH_LEN  64
#define TAIL_LEN  (sizeof(",\"hash\":\"\"}") - 1 + HASH_LEN)	/* ,"hash":"…"} */
#define BATCH     256		/* lines read at once */
#define POLL_MS   500		/* how often a follower's fn hears that nothing came */
#define RETRY_MS  1000		/* a full disk is tried again this often */

struct entry { struct entry *next; int64_t seq; char *line; };

struct journal {
	sqlite3 *db;
	pthread_mutex_t lock;
	pthread_cond_t queued, written;	/* for the writer; for readers */
	struct entry *first, **last;	/* appended, not yet written */
	int64_t seq, written_seq;
	char hash[HASH_LEN + 1];	/* of fact `seq`; zeroes before the first */
	bool stop;
	pthread_t writer;
};

static const char *const actor_names[] = {
	[ACTOR_STUDENT] = "student", [ACTOR_ENGINE] = "engine", [ACTOR_SEED] = "seed",
	[ACTOR_GRADER] = "grader", [ACTOR_DEMO] = "demo",
};

const char *actor_name(enum actor a) { return actor_names[a]; }

int actor_parse(const char *name, enum actor *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(actor_names); i++)
		if (str_eq(name, actor_names[i])) {
			*out = (enum actor)i;
			return 0;
		}
	return -EINVAL;
}

void origin_free(struct origin *o)
{
	free((char *)o->session);
	free((char *)o->step);
	*o = (struct origin){ 0 };
}

void origin_keep(struct origin *to, const struct origin *from)
{
	struct origin copy = { from->actor, str_dup(from->session ? from->session : ""),
			       str_dup(from->step ? from->step : "") };
	origin_free(to);
	*to = copy;
}

static void hash_text(const char *text, size_t len, char hex[HASH_LEN + 1])
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	SHA256((const unsigned char *)text, len, md);
	for (size_t i = 0; i < sizeof(md); i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
}

/* The hash that closes a line, or NULL if the line has no such tail. */
static const char *tail_hash(const char *line)
{
	size_t n = strlen(line);
	const char *tail = line + n - TAIL_LEN;
	return n > TAIL_LEN && str_starts(tail, ",\"hash\":\"") ? tail + 9 : NULL;
}

/* -- writing ----------------------------------------------------------------------- */

static int write_batch(struct journal *j, const struct entry *list)
{
	int r = db_exec(j->db, "BEGIN IMMEDIATE", NULL);
	for (; r == 0 && list; list = list->next)
		r = db_run(j->db, "INSERT INTO fact(seq, line) VALUES(?, ?)", "is", NULL,
			   list->seq, list->line);
	if (r == 0)
		r = db_exec(j->db, "COMMIT", NULL);
	if (r < 0)
		db_exec(j->db, "ROLLBACK", NULL);
	return r;
}

static void free_entries(struct entry *e)
{
	for (struct entry *next; e; e = next) {
		next = e->next;
		free(e->line);
		free(e);
	}
}

/* Writes what is queued.  Lock held, let go while the disk works.  What can't be
 * written (a full disk) stays queued. */
static int write_queued(struct journal *j)
{
	struct entry *list = j->first, **last = j->last;
	int64_t upto = j->seq;

	j->first = NULL;
	j->last = &j->first;
	pthread_mutex_unlock(&j->lock);
	int r = write_batch(j, list);
	if (r == 0)
		free_entries(list);
	pthread_mutex_lock(&j->lock);
	if (r < 0) {
		*last = j->first;
		if (!j->first)
			j->last = last;
		j->first = list;
		return r;
	}
	j->written_seq = upto;
	pthread_cond_broadcast(&j->written);
	return 0;
}

static void *writer(void *arg)
{
	struct journal *j = arg;
	pthread_mutex_lock(&j->lock);
	while (!j->stop || j->first) {
		if (!j->first)
			pthread_cond_wait(&j->queued, &j->lock);
		else if (write_queued(j) < 0) {
			if (j->stop)
				break;
			clock_wait_ms(&j->queued, &j->lock, RETRY_MS);
		}
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* The line without its hash; consumes data. */
static char *line_body(const struct journal *j, const struct origin *by, const char *type,
		       const char *cid, const char *image, cJSON *data)
{
	char wall[40];
	autojson cJSON *o = cJSON_CreateObject();
	autofree char *mono = str_printf("%llu", (unsigned long long)clock_mono_ns());

	json_put_int(o, "seq", j->seq + 1);
	json_put(o, "mono", cJSON_CreateRaw(mono));	/* all its digits */
	json_put_str(o, "wall", clock_rfc3339(clock_wall_ns(), wall));
	json_put_str(o, "actor", actor_name(by->actor));
	json_put_str(o, "session", by->session ? by->session : "");
	json_put_str(o, "step", by->step ? by->step : "");
	json_put_str(o, "type", type);
	json_put_str(o, "cid", cid ? cid : "");
	json_put_str(o, "image", image ? image : "");
	json_put(o, "data", data ? data : cJSON_CreateObject());
	json_put_str(o, "prev", j->hash);
	return json_line(o);
}

int64_t journal_add(struct journal *j, const struct origin *by, const char *type,
		    const char *cid, const char *image, cJSON *data, struct err *e)
{
	bool learner;
	if (!journal_type(type, &learner)) {
		cJSON_Delete(data);
		return err_set(e, EINVAL, "journal: no fact of type \"%s\"", type);
	}
	pthread_mutex_lock(&j->lock);
	autofree char *body = line_body(j, by, type, cid, image, data);
	size_t n = strlen(body);
	hash_text(body, n, j->hash);
	struct entry *entry = mem_alloc(sizeof(*entry));
	entry->line = str_printf("%.*s,\"hash\":\"%s\"}", (int)n - 1, body, j->hash);
	int64_t seq = entry->seq = ++j->seq;
	*j->last = entry;
	j->last = &entry->next;
	pthread_cond_signal(&j->queued);
	pthread_mutex_unlock(&j->lock);
	return seq;
}

/* -- reading ----------------------------------------------------------------------- */

/* Up to BATCH lines after *since, owned by the caller; *since moves along. */
static int read_batch(struct journal *j, int64_t *since, char ***lines, struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(j->db, &st, "SELECT seq, line FROM fact WHERE seq > ? ORDER BY seq LIMIT ?",
			 "ii", e, *since, (int64_t)BATCH);
	if (r < 0)
		return r;
	size_t n = 0;
	*lines = mem_alloc((BATCH + 1) * sizeof(**lines));
	while ((r = sqlite3_step(st)) == SQLITE_ROW) {
		*since = sqlite3_column_int64(st, 0);
		(*lines)[n++] = str_dup((const char *)sqlite3_column_text(st, 1));
	}
	return r == SQLITE_DONE ? (int)n : db_fail(j->db, "read the journal", e);
}

/* Waits until everything appended so far is written, or, past that, for news. */
static void wait_for(struct journal *j, int64_t since, bool follow)
{
	pthread_mutex_lock(&j->lock);
	int64_t want = j->seq;
	if (follow && since >= j->written_seq)
		clock_wait_ms(&j->written, &j->lock, POLL_MS);
	else
		for (int i = 0; i < 4 && j->written_seq < want; i++)
			clock_wait_ms(&j->written, &j->lock, POLL_MS);
	pthread_mutex_unlock(&j->lock);
}

int journal_read(struct journal *j, int64_t since, bool follow,
		 int (*fn)(void *arg, const char *line), void *arg, struct err *e)
{
	int stop = 0;
	bool idle = false;	/* the last look found nothing */

	while (!stop) {
		char **lines = NULL;
		wait_for(j, since, idle);
		int n = read_batch(j, &since, &lines, e);
		for (int i = 0; i < n && !stop; i++)
			stop = fn(arg, lines[i]);
		strv_free(lines);
		if (n < 0)
			return n;
		idle = n == 0;
		if (idle && !follow)
			break;
		if (idle)
			stop = fn(arg, NULL);
	}
	return 0;
}

struct check { char prev[HASH_LEN + 1]; int64_t seq; int64_t broken; };

static int check_line(void *arg, const char *line)
{
	struct check *c = arg;
	char hash[HASH_LEN + 1];
	const char *tail = tail_hash(line);
	autojson cJSON *o = cJSON_Parse(line);

	c->seq++;
	if (tail) {
		autofree char *body = str_printf("%.*s}", (int)(tail - 9 - line), line);
		hash_text(body, strlen(body), hash);
	}
	if (!tail || strncmp(tail, hash, HASH_LEN) || json_int(o, "seq", 0) != c->seq ||
	    !str_eq(json_str(o, "prev"), c->prev)) {
		c->broken = c->seq;
		return 1;
	}
	memcpy(c->prev, hash, sizeof(hash));
	return 0;
}

static void no_hash(char hash[HASH_LEN + 1])
{
	memset(hash, '0', HASH_LEN);
	hash[HASH_LEN] = '\0';
}

int journal_verify(struct journal *j, struct err *e)
{
	struct check c = { .seq = 0 };
	no_hash(c.prev);
	int r = journal_read(j, 0, false, check_line, &c, e);
	if (r == 0 && c.broken)
		return err_set(e, EBADMSG, "journal: fact %lld was changed, added or taken out afterwards",
			       (long long)c.broken);
	return r;
}

int64_t journal_last(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	int64_t seq = j->seq;
	pthread_mutex_unlock(&j->lock);
	return seq;
}

/* -- opening ----------------------------------------------------------------------- */

/* Takes the chain up where the last run left it. */
static int load_end(struct journal *j, struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	no_hash(j->hash);
	int r = db_query(j->db, &st, "SELECT seq, line FROM fact ORDER BY seq DESC LIMIT 1", "", e);
	if (r < 0)
		return r;
	if (sqlite3_step(st) != SQLITE_ROW)
		return 0;
	j->seq = j->written_seq = sqlite3_column_int64(st, 0);
	const char *hash = tail_hash((const char *)sqlite3_column_text(st, 1));
	if (hash)
		memcpy(j->hash, hash, HASH_LEN);
	return 0;
}

int journal_open(const char *path, struct journal **out, struct err *e)
{
	struct journal *j = mem_alloc(sizeof(*j));
	j->last = &j->first;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->queued, NULL);
	pthread_cond_init(&j->written, NULL);
	int r = db_open(path, SCHEMA, &j->db, e);
	if (r == 0)
		r = load_end(j, e);
	if (r == 0 && (r = -pthread_create(&j->writer, NULL, writer, j)) < 0)
		err_sys(e, -r, "journal: start its writer");
	if (r < 0) {
		sqlite3_close(j->db);
		free(j);
		return r;
	}
	*out = j;
	return 0;
}

void journal_close(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	j->stop = true;
	pthread_cond_signal(&j->queued);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->writer, NULL);
	free_entries(j->first);
	sqlite3_close(j->db);
	free(j);
}
