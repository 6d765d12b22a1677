/* storage.h - what the embedded registry keeps, as files.
 *
 *	ROOT/blobs/sha256/HEX			everything, manifests too, once
 *	ROOT/repositories/NAME/_manifests/HEX	the manifest belongs here; holds its media type
 *	ROOT/repositories/NAME/_tags/TAG	holds the digest the tag stands for
 *	ROOT/uploads/ID				half-sent blobs; emptied when a server starts
 *
 * NAME may have slashes; no part of it can begin with "_", so nothing collides.
 * Files are written beside and renamed: a reader sees all of one or nothing.
 * Blobs are seen from every repository: there is nobody to hide them from, and a
 * push of what some other image has already brought sends nothing.
 */
#ifndef DRYDOCK_REGISTRY_STORAGE_H
#define DRYDOCK_REGISTRY_STORAGE_H

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
/* Moves a finished upload in; EBADMSG if its bytes aren't that digest's. */
int storage_keep_blob(const char *root, const char *upload, const char *digest, struct err *e);

/* ref: a tag or digest.  ENOENT: no such manifest; EACCES: no such repository. */
int storage_get_manifest(const char *root, const char *repo, const char *ref, struct str *text,
			 char **type, char digest[DIGEST_TEXT], struct err *e);
/* Checks that it is JSON and that what it lists is here (EINVAL else), then keeps
 * it; tag may be NULL. */
int storage_put_manifest(const char *root, const char *repo, const char *tag, const char *type,
			 const char *text, size_t len, char digest[DIGEST_TEXT], struct err *e);
/* A tag: just the tag.  A digest: the manifest and every tag that means it. */
int storage_delete(const char *root, const char *repo, const char *ref, struct err *e);

/* Sorted; the caller frees with strv_free. */
int storage_tags(const char *root, const char *repo, char ***out, struct err *e);
int storage_repositories(const char *root, char ***out, struct err *e);

#endif
