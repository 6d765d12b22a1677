/* manifest_store.h - manifest lists that are being put together, beside config.json, where
 * and as docker's own client keeps them: manifests/LIST/MANIFEST, one file for each.
 *
 * An entry is {"Ref","Descriptor":{"mediaType","digest","size","platform"},"Raw"}, Raw being
 * the manifest's bytes in base64; the files hold the manifest itself besides.
 */
#ifndef DRYDOCK_CLIENT_MANIFEST_STORE_H
#define DRYDOCK_CLIENT_MANIFEST_STORE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"
#include "core/str.h"

/* Names in full with tag or digest ("docker.io/library/x:latest").  ENOENT in docker's
 * words; what is found is the caller's. */
int manifest_load(const char *list, const char *name, cJSON **out, struct err *e);
int manifest_load_all(const char *list, cJSON **out, struct err *e);	/* an array, by file name */
int manifest_save(const char *list, const char *name, const cJSON *entry, struct err *e);
int manifest_remove(const char *list, struct err *e);

/* The manifest's own text, as the registry has it. */
int manifest_text(const cJSON *entry, struct str *out, struct err *e);
/* The entry as docker prints and keeps it: one line of JSON. */
int manifest_whole(const cJSON *entry, struct str *out, struct err *e);

#endif
