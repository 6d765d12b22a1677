/* storage.h - what the embedded registry keeps, as files.
 *
 *	ROOT/blobs/sha256/HEX			everything, manifests too, once
 *	ROOT/repositories/NAME/_manifests/HEX	the manifest belongs here; holds its media type
 *	ROOT/repositories/NAME/_tags/TAG	holds the digest the tag stands for
 *	ROOT/repositories/NAME/_referrers/HEX/HEX2	manifest HEX2 names HEX as its subject
 *	ROOT/uploads/ID				half-sent blobs; emptied when a server starts
 *	ROOT/lock				flock(2): see below
 *
 * NAME may have slashes; no part of it can begin with "_", so nothing collides.
 * Files are written beside and renamed: a reader sees all of one or nothing.
 * Blobs are seen from every repository: there is nobody to hide them from, and a
 * push of what some other image has already brought sends nothing.
 *
 * A blob that no manifest lists is garbage once it is old.  Whoever asks for a blob
 * makes it young again, since a client that is told "it is here" won't send it.
 * Adding a manifest takes the lock shared, removing anything takes it alone, so that
 * no blob goes between the look and the manifest that lists it, whichever process
 * (a server, `drydock bake`, the collection by hand) does which.
 */
#ifndef DRYDOCK_REGISTRY_STORAGE_H
#define DRYDOCK_REGISTRY_STORAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/str.h"
#include "image/digest.h"

/* Makes the folders; clean: and throws half-sent uploads away. */
int storage_prepare(const char *root, bool clean, struct err *e);

/* Paths; the caller frees. */
char *storage_blob(const char *root, const char *digest);
char *storage_tag(const char *root, const char *repo, const char *tag);
char *storage_manifest(const char *root, const char *repo, const char *digest);
char *storage_upload(const char *root, const char *id);
bool storage_upload_id_ok(const char *id);	/* 32 hex digits, as the server makes them */

bool storage_has_blob(const char *root, const char *digest, int64_t *size);
void storage_touch_blob(const char *root, const char *digest);	/* young again */
/* Moves a finished upload in; EBADMSG if its bytes aren't that digest's. */
int storage_keep_blob(const char *root, const char *upload, const char *digest, struct err *e);
/* ENOENT; EBUSY while a manifest of any repository lists it. */
int storage_delete_blob(const char *root, const char *digest, struct err *e);

/* ref: a tag or digest.  ENOENT: no such manifest; EACCES: no such repository. */
int storage_get_manifest(const char *root, const char *repo, const char *ref, struct str *text,
			 char **type, char digest[DIGEST_TEXT], struct err *e);
/* Checks that it is JSON (EBADMSG else) and that what it lists is here (EINVAL else),
 * then keeps it; tag may be NULL.  subject: the digest that it refers to, or "". */
struct storage_put {
	const char *repo, *tag;
	const char *type;		/* where the text names none */
	const char *text;
	size_t len;
};
int storage_put_manifest(const char *root, const struct storage_put *m, char digest[DIGEST_TEXT],
			 char subject[DIGEST_TEXT], struct err *e);
/* A tag: just the tag.  A digest: the manifest and every tag that means it. */
int storage_delete(const char *root, const char *repo, const char *ref, struct err *e);
/* The index of what refers to `subject`, those of one artifact type unless NULL; the
 * caller frees.  None, or no such repository: an empty one. */
char *storage_referrers(const char *root, const char *repo, const char *subject, const char *type);

/* Sorted; the caller frees with strv_free. */
int storage_tags(const char *root, const char *repo, char ***out, struct err *e);
int storage_repositories(const char *root, char ***out, struct err *e);

/* Removes blobs that no manifest lists and that nobody has asked for in so many
 * seconds, and uploads nobody has written to in a day.  done may be NULL. */
struct storage_collected { size_t blobs, uploads; int64_t bytes; };
int storage_collect(const char *root, int64_t seconds, struct storage_collected *done,
		    struct err *e);

/* For the files of the storage.  The lock is let go of by closing the descriptor. */
int storage_lock(const char *root, bool alone, int *fd, struct err *e);
/* Calls fn with each digest that a manifest lists: config, layers, manifests, and
 * schema 1's layers. */
void storage_each_listed(const cJSON *doc, void (*fn)(void *arg, const char *digest),
			 void *arg);

#endif
