/* pull_layer.c - one layer, from the registry's socket to a directory, in one pass.
 *
 *	body -> tee: digest, blob file -> inflate -> tee: DiffID -> tar -> tmp/…/fs
 *
 * Only when both digests are right does anything leave tmp/.  If unpacking fails
 * first, the rest of the body is read all the same: a wrong digest explains a
 * damaged tar, and is what docker reports.
 *
 * Two pulls that want the same layer share one flight: the second waits, showing
 * the first one's progress.  If the first gives up, the second takes over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/str.h"
#include "image/pull.h"
#include "image/stream.h"
#include "image/unpack.h"

#define TELL_NS 100000000u	/* a progress line every 0.1 s, as docker */
#define WAIT_MS 100

struct ingest {
	struct pull *p;
	const struct descriptor *d;
	const char *diff_id;
	struct flight *flight;
	struct tee blob, plain;
	struct blob_new file;
	char *tmp;		/* …/tmp/layer.N, with fs/ in it */
	int64_t unpacked;
	uint64_t told_ns;
	bool whole;		/* the blob's last byte has come */
};

/* ---- flights --------------------------------------------------------------------- */

static struct flight *flight_find(struct image_store *s, const char *diff_id)
{
	for (struct flight *f = s->flights; f; f = f->next)
		if (str_eq(f->diff_id, diff_id))
			return f;
	return NULL;
}

static void flight_leave(struct image_store *s, struct flight *f)
{
	if (--f->users == 0)
		free(f);
}

/* Off the list: who comes now finds the layer, or starts anew. */
static void flight_land(struct image_store *s, struct flight *f)
{
	STORE_LOCKED(s);
	struct flight **at = &s->flights;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	f->landed = true;
	pthread_cond_broadcast(&s->landed);
	flight_leave(s, f);
}

/* With the lock held; lets go of it while waiting. */
static int flight_await(struct pull *p, struct flight *f, const struct descriptor *d,
			struct err *e)
{
	struct timespec until;
	f->users++;
	while (!f->landed) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += WAIT_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&p->s->landed, &p->s->lock, &until);
		pthread_mutex_unlock(&p->s->lock);
		pull_tell(p, d->digest, "Downloading", f->current, f->total);
		bool stop = pull_stopped(p);
		pthread_mutex_lock(&p->s->lock);
		if (stop) {
			flight_leave(p->s, f);
			return err_set(e, ECANCELED, "context canceled");
		}
	}
	flight_leave(p->s, f);
	return 0;
}

/* 1: the layer is here.  0: *out is ours to bring in.  Waits for others. */
static int flight_board(struct pull *p, const char *diff_id, const struct descriptor *d,
			struct flight **out, struct err *e)
{
	struct layer_record rec;
	STORE_LOCKED(p->s);
	for (;;) {
		if (layer_find(p->s, diff_id, &rec, NULL) == 0)
			return 1;
		struct flight *f = flight_find(p->s, diff_id);
		int r = f ? flight_await(p, f, d, e) : 0;
		if (r < 0)
			return r;
		if (f)
			continue;
		f = mem_alloc(sizeof(*f));
		snprintf(f->diff_id, sizeof(f->diff_id), "%s", diff_id);
		f->total = d->size;
		f->users = 1;
		f->next = p->s->flights;
		p->s->flights = f;
		*out = f;
		return 0;
	}
}

/* ---- the pass -------------------------------------------------------------------- */

static void on_bytes(void *arg, int64_t count)
{
	struct ingest *in = arg;
	uint64_t now = clock_mono_ns();
	in->flight->current = count;
	if (now - in->told_ns < TELL_NS && count < in->d->size)
		return;
	in->told_ns = now;
	pull_tell(in->p, in->d->digest, "Downloading", count, in->d->size);
}

static int verify_blob(struct ingest *in, struct err *e)
{
	char got[DIGEST_TEXT];
	pull_tell(in->p, in->d->digest, "Verifying Checksum", 0, 0);
	sha256_end(&in->blob.sum, got);
	if (!str_eq(got, in->d->digest)) {
		err_set(e, EBADMSG, "filesystem layer verification failed for digest %s",
			in->d->digest);
		return err_hint(e, "the registry sent other bytes than it promised: pull again");
	}
	pull_tell(in->p, in->d->digest, "Download complete", 0, 0);
	return 0;
}

/* Errors that are about the bytes, not about this machine or the line. */
static bool blames_content(int err) { return err == -EBADMSG || err == -ENOENT || err == -EEXIST; }

static int unpack(struct ingest *in, struct err *e)
{
	autofree char *fs = str_printf("%s/fs", in->tmp);
	autostream struct stream *plain = NULL;
	char got[DIGEST_TEXT];
	int r = dir_make(fs, 0755, e);
	if (r == 0)
		r = stream_inflate(&in->blob.s, &plain, e);
	if (r < 0)
		return r;
	tee_begin(&in->plain, plain, -1);
	r = layer_unpack(in->p->s->k, &in->plain.s, fs, &in->unpacked, e);
	sha256_end(&in->plain.sum, got);
	if (r == 0 && !str_eq(got, in->diff_id))
		r = err_set(e, EBADMSG, "layers from manifest don't match image configuration: "
			    "%s is %s", in->diff_id, got);
	return r;
}

static int stream_through(struct ingest *in, struct err *e)
{
	struct err why = { 0 };
	autostream struct stream *body = NULL;
	int r = registry_blob(in->p->from, in->d->digest, in->d->size, &body, e);
	if (r < 0)
		return r;
	tee_begin(&in->blob, body, in->file.fd);
	in->blob.limit = in->d->size;
	in->blob.moved = on_bytes;
	in->blob.arg = in;
	int unpacked = unpack(in, &why);
	if (unpacked == 0 || blames_content(unpacked)) {
		r = stream_drain(&in->blob.s, e);
		if (r == 0)
			r = verify_blob(in, e);
	}
	sha256_drop(&in->blob.sum);
	if (r < 0 || unpacked == 0)
		return r;
	if (e)
		*e = why;
	if (unpacked != -ECANCELED && unpacked != -ECONNRESET && unpacked != -ETIMEDOUT)
		err_wrap(e, "failed to register layer");
	return unpacked;
}

static int keep(struct ingest *in, struct err *e)
{
	struct layer_record rec = { .size = in->d->size, .unpacked = in->unpacked };
	memcpy(rec.digest, in->d->digest, sizeof(rec.digest));
	snprintf(rec.diff_id, sizeof(rec.diff_id), "%s", in->diff_id);
	pull_tell(in->p, in->d->digest, "Extracting", in->d->size, in->d->size);
	int r = blob_keep(in->p->s, &in->file, rec.digest, e);
	return r == 0 ? layer_keep(in->p->s, in->tmp, &rec, e) : r;
}

static int bring_in(struct ingest *in, struct err *e)
{
	in->tmp = store_tmp_path(in->p->s, "layer");
	int r = blob_begin(in->p->s, &in->file, e);
	if (r == 0)
		r = stream_through(in, e);
	if (r == 0)
		r = keep(in, e);
	blob_drop(&in->file);
	if (r < 0)
		dir_remove(in->tmp, NULL);
	free(in->tmp);
	return r;
}

int pull_layer(struct pull *p, size_t index, struct err *e)
{
	struct ingest in = {
		.p = p, .d = &p->m.layers[index], .diff_id = p->diff_ids[index], .file = { -1, NULL },
	};
	int r = flight_board(p, in.diff_id, in.d, &in.flight, e);
	if (r < 0)
		return r;
	if (r == 0) {
		r = bring_in(&in, e);
		flight_land(p->s, in.flight);
		if (r < 0)
			return r;
	}
	pull_tell_done(p, index, "Pull complete", true);
	return 0;
}
