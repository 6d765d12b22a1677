/* import.h - images into a registry's folder without a server: for baking. */
#ifndef DRYDOCK_REGISTRY_IMPORT_H
#define DRYDOCK_REGISTRY_IMPORT_H

#include "core/error.h"
#include "image/digest.h"
#include "image/image.h"

/* Puts the image into registry_root as repo:tag ("library/python", "3.9-slim").
 * Blobs that are there already are not copied.  A server may be running on it.
 * digest: the manifest's, which names the image in that registry. */
int registry_import(const char *registry_root, struct image_store *s, const struct image *img,
		    const char *repo, const char *tag, char digest[DIGEST_TEXT], struct err *e);

#endif
