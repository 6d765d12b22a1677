/* remove.c - taking names and images away, as `docker rmi` and prune do.
 *
 * Removing a name removes the image with it only if it was the last one.  An
 * image that a stopped container uses can be forced away: its names and its row
 * in the lists go, while its layers stay as long as the container (image.gone);
 * the next removal or prune after that takes them.
 *
 * An image that others were built from stays until they are gone, then goes with
 * the last of them unless it has a name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/str.h"
#include "image/lineage.h"
#include "image/reference.h"
#include "image/store.h"

#define SHORT_ID 12	/* digits docker shows of an id */

typedef bool (*in_use_fn)(void *arg, const char *id, char *holder, size_t cap);

struct removal {
	struct image_store *s;
	in_use_fn in_use;
	void *arg;
	struct image_removed *out;
	bool keep_parents;
	char holder[128];
};

static bool used(struct removal *r, const char *id)
{
	r->holder[0] = '\0';
	return r->in_use && r->in_use(r->arg, id, r->holder, sizeof(r->holder));
}

static const char *short_id(const char *id, char buf[SHORT_ID + 1])
{
	snprintf(buf, SHORT_ID + 1, "%s", digest_hex(id));
	return buf;
}

/* ChainIDs (OCI config.md): a layer together with all below it.  Docker lists
 * these as what was deleted; newest first. */
static void add_chain_ids(const struct image *img, char *const *gone, char ***deleted)
{
	autofree char **chain = mem_alloc((img->n_layers + 1) * sizeof(*chain));
	for (size_t i = 0; i < img->n_layers; i++) {
		char sum[DIGEST_TEXT];
		autofree char *both = str_printf("%s %s", i ? chain[i - 1] : "", img->diff_ids[i]);
		digest_of(both, strlen(both), sum);
		chain[i] = str_dup(i ? sum : img->diff_ids[0]);
	}
	for (size_t i = img->n_layers; i-- > 0; ) {
		for (char *const *g = gone; g && *g; g++)
			if (str_eq(*g, img->diff_ids[i])) {
				strv_add(deleted, chain[i]);
				break;
			}
		free(chain[i]);
	}
}

/* ---- the image itself ------------------------------------------------------------ */

static int forget_image(struct image_store *s, const char *id, bool keep, struct err *e)
{
	STORE_LOCKED(s);
	int r = db_exec(s->db, "BEGIN IMMEDIATE", e);
	if (r < 0)
		return r;
	r = db_run(s->db, "DELETE FROM name WHERE image = ?", "s", e, id);
	if (r == 0 && keep)
		r = db_run(s->db, "UPDATE image SET gone = 1 WHERE id = ?", "s", e, id);
	if (r == 0 && !keep)
		r = db_run(s->db, "DELETE FROM image_layer WHERE image = ?", "s", e, id);
	if (r == 0)
		r = db_run(s->db, "DELETE FROM child WHERE image = ?", "s", e, id);
	if (r == 0)
		r = db_run(s->db, "DELETE FROM tagged WHERE image = ?", "s", e, id);
	if (r == 0 && !keep)
		r = db_run(s->db, "DELETE FROM image WHERE id = ?", "s", e, id);
	if (r < 0) {
		db_exec(s->db, "ROLLBACK", NULL);
		return r;
	}
	r = db_exec(s->db, "COMMIT", e);
	autofree char *config = store_blob_path(s, id);
	if (r == 0 && !keep)
		unlink(config);
	return r;
}

static int delete_one(struct removal *r, const struct image *img, struct err *e)
{
	char **gone = NULL;
	bool keep = used(r, img->id);
	int err = forget_image(r->s, img->id, keep, e);
	if (err < 0)
		return err;
	strv_add(&r->out->deleted, img->id);
	err = store_collect(r->s, &gone, &r->out->bytes, e);
	add_chain_ids(img, gone, &r->out->deleted);
	strv_free(gone);
	return err;
}

/* The image a build made before this one, if nothing else needs it; NULL otherwise. */
static struct image *idle_parent(struct removal *r, const char *parent)
{
	autoimage struct image *img = NULL;
	if (!parent || !*parent || image_get(r->s, parent, &img, NULL) < 0 || img->tags[0] ||
	    img->digests[0] || image_has_children(r->s, img->id) || used(r, img->id))
		return NULL;
	return steal_ptr(img);
}

static int delete_image(struct removal *r, const struct image *img, struct err *e)
{
	autofree char *parent = image_parent(r->s, img->id);
	int err = delete_one(r, img, e);
	while (err == 0 && !r->keep_parents) {
		autoimage struct image *next = idle_parent(r, parent);
		if (!next)
			break;
		free(parent);
		parent = image_parent(r->s, next->id);
		err = delete_one(r, next, e);
	}
	return err;
}

/* Rows of images that were forced away and whose containers have gone since. */
static int sweep_gone(struct removal *r, struct err *e)
{
	char **ids = NULL;
	int err;
	{
		STORE_LOCKED(r->s);
		autostmt sqlite3_stmt *st = NULL;
		err = db_query(r->s->db, &st, "SELECT id FROM image WHERE gone = 1", "", e);
		while (err == 0 && sqlite3_step(st) == SQLITE_ROW)
			strv_add(&ids, (const char *)sqlite3_column_text(st, 0));
	}
	bool any = false;
	for (size_t i = 0; err == 0 && ids && ids[i]; i++) {
		if (used(r, ids[i]))
			continue;
		err = forget_image(r->s, ids[i], false, e);
		any = true;
	}
	strv_free(ids);
	return err == 0 && any ? store_collect(r->s, NULL, &r->out->bytes, e) : err;
}

/* ---- names ----------------------------------------------------------------------- */

static int untag(struct removal *r, const char *name, struct err *e)
{
	STORE_LOCKED(r->s);
	int err = db_run(r->s->db, "DELETE FROM name WHERE ref = ?", "s", e, name);
	if (err == 0)
		strv_add(&r->out->untagged, name);
	return err;
}

static int untag_all(struct removal *r, const struct image *img, struct err *e)
{
	char **const lists[] = { img->tags, img->digests };
	int err = 0;
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; lists[l][i] && err == 0; i++)
			err = untag(r, lists[l][i], e);
	return err;
}

/* "python:3.9" and "python@sha256:…" are of one repository, "python". */
static bool same_repository(const char *name, const char *repo)
{
	size_t n = strlen(repo);
	return strncmp(name, repo, n) == 0 && (name[n] == '@' ||
	       (name[n] == ':' && !strchr(name + n, '/')));
}

static bool other_repository(const struct image *img, const char *repo)
{
	char **const lists[] = { img->tags, img->digests };
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; lists[l][i]; i++)
			if (!same_repository(lists[l][i], repo))
				return true;
	return false;
}

/* The container's id: the last word of what in_use() wrote. */
static const char *holder_id(const struct removal *r)
{
	const char *space = strrchr(r->holder, ' ');
	return space ? space + 1 : r->holder;
}

static int conflict(const struct removal *r, const char *id, bool force, struct err *e)
{
	char buf[SHORT_ID + 1];
	bool running = str_starts(r->holder, "running ");
	if (force && !running)
		return 0;
	err_http(e, 409, EBUSY, "conflict: unable to delete %s (%s) - image is being used by "
		 "%s container %s", short_id(id, buf), running ? "cannot be forced" : "must be forced",
		 running ? "running" : "stopped", holder_id(r));
	return err_hint(e, running ? "stop and remove that container first"
				   : "remove that container first, or force with -f");
}

static int remove_by_id(struct removal *r, const struct image *img, bool force, struct err *e)
{
	char buf[SHORT_ID + 1];
	const char *first = img->tags[0] ? img->tags[0] : img->digests[0];
	autofree char *repo = str_dup(first ? first : "");
	size_t n = strcspn(repo, "@");
	repo[n] = '\0';
	char *colon = strrchr(repo, ':');
	if (colon && !strchr(colon, '/') && img->tags[0])
		*colon = '\0';
	bool several = first && (other_repository(img, repo) ||
				 (img->tags[0] && img->tags[1]));
	if (several && !force)
		return err_http(e, 409, EBUSY, "conflict: unable to delete %s (must be forced) - "
				"image is referenced in multiple repositories",
				short_id(img->id, buf));
	if (image_has_children(r->s, img->id))
		return err_http(e, 409, EBUSY, "conflict: unable to delete %s (cannot be forced) - "
				"image has dependent child images", short_id(img->id, buf));
	int err = used(r, img->id) ? conflict(r, img->id, force, e) : 0;
	if (err == 0)
		err = untag_all(r, img, e);
	return err == 0 ? delete_image(r, img, e) : err;
}

static int in_use_by_name(const struct removal *r, const char *ref, const char *id, struct err *e)
{
	char buf[SHORT_ID + 1];
	const char *holder = holder_id(r);
	err_http(e, 409, EBUSY, "conflict: unable to remove repository reference \"%s\" (must "
		 "force) - container %s is using its referenced image %s", ref, holder,
		 short_id(id, buf));
	return err_hint(e, "remove the container first: docker rm %s", holder);
}

/* What a removal of `name` takes with it: digests alone keep no repository. */
static char **going_with(const struct image *img, const char *name, const char *repo,
			 bool is_digest)
{
	char **going = mem_alloc(sizeof(*going));
	bool repo_stays = is_digest;
	for (size_t i = 0; img->tags[i]; i++)
		repo_stays |= !str_eq(img->tags[i], name) && same_repository(img->tags[i], repo);
	strv_add(&going, name);
	for (size_t i = 0; img->digests[i] && !repo_stays; i++)
		if (same_repository(img->digests[i], repo))
			strv_add(&going, img->digests[i]);
	return going;
}

static int remove_by_name(struct removal *r, const struct image *img, const char *ref,
			  const struct reference *parsed, bool force, struct err *e)
{
	autofree char *repo = reference_familiar_name(parsed);
	autofree char *name = reference_familiar(parsed);
	char **going = going_with(img, name, repo, parsed->digest != NULL);
	bool last = strv_len(going) == strv_len(img->tags) + strv_len(img->digests);
	int err = 0;

	if (last && used(r, img->id))
		err = force ? conflict(r, img->id, force, e) : in_use_by_name(r, ref, img->id, e);
	for (size_t i = 0; going[i] && err == 0; i++)
		err = untag(r, going[i], e);
	strv_free(going);
	last = last && !image_has_children(r->s, img->id);
	return err == 0 && last ? delete_image(r, img, e) : err;
}

static bool is_name_of(const struct image *img, const struct reference *ref)
{
	autofree char *name = reference_familiar(ref);
	char **const lists[] = { img->tags, img->digests };
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; lists[l][i]; i++)
			if (str_eq(lists[l][i], name))
				return true;
	return false;
}

int image_remove(struct image_store *s, const char *ref, int how, in_use_fn in_use, void *arg,
		 struct image_removed *out, struct err *e)
{
	*out = (struct image_removed){ mem_alloc(sizeof(char *)), mem_alloc(sizeof(char *)), 0 };
	struct removal r = { .s = s, .in_use = in_use, .arg = arg, .out = out,
			     .keep_parents = how & REMOVE_KEEP_PARENTS };
	bool force = how & REMOVE_FORCE;
	autoimage struct image *img = NULL;
	autoreference struct reference parsed = { 0 };

	int err = image_get(s, ref, &img, e);
	if (err == 0) {
		bool named = reference_parse(ref, &parsed, NULL) == 0 && is_name_of(img, &parsed);
		err = named ? remove_by_name(&r, img, ref, &parsed, force, e)
			    : remove_by_id(&r, img, force, e);
	}
	if (err == 0)
		err = sweep_gone(&r, e);
	if (err < 0)
		image_removed_free(out);
	return err;
}

/* A parent went with its child. */
static bool gone_already(const struct image_removed *out, const char *id)
{
	for (char *const *d = out->deleted; *d; d++)
		if (str_eq(*d, id))
			return true;
	return false;
}

int image_prune(struct image_store *s, bool all, in_use_fn in_use, void *arg,
		struct image_removed *out, struct err *e)
{
	*out = (struct image_removed){ mem_alloc(sizeof(char *)), mem_alloc(sizeof(char *)), 0 };
	struct removal r = { .s = s, .in_use = in_use, .arg = arg, .out = out };
	struct image **list = NULL;
	size_t n = 0;
	int err = image_list(s, &list, &n, e);

	for (size_t i = 0; i < n; i++) {	/* newest first: children before parents */
		bool unnamed = !list[i]->tags[0] && (all || !list[i]->digests[0]);
		bool stays = image_has_children(s, list[i]->id) || gone_already(out, list[i]->id);
		if (err == 0 && !stays && (all || unnamed) && !used(&r, list[i]->id)) {
			err = untag_all(&r, list[i], e);
			if (err == 0)
				err = delete_image(&r, list[i], e);
		}
		image_free(list[i]);
	}
	free(list);
	if (err == 0)
		err = sweep_gone(&r, e);
	if (err < 0)
		image_removed_free(out);
	return err;
}

void image_removed_free(struct image_removed *r)
{
	strv_free(r->untagged);
	strv_free(r->deleted);
	*r = (struct image_removed){ 0 };
}
