/* import.h - images into a registry's folder without a server: for baking. */
#ifndef DRYDOCK_REGISTRY_IMPORT_H
#define DRYDOCK_REGISTRY_IMPORT_H

#include "core/error.h"
#include "image/image.h"

/* Puts the image into registry_root as repo:tag ("library/python", "3.9-slim").
 * Blobs that are there already are not copied.  A server may be running on it. */
int registry_import(const char *registry_root, struct image_store *s, const struct image *img,
		    const char *repo, const char *tag, struct err *e);

/* Is repo:tag there, with every blob, and each what its digest says?  ENOENT: not
 * there; EBADMSG: damaged, in which case what is damaged has been removed, so that
 * importing again restores it. */
int registry_check(const char *registry_root, const char *repo, const char *tag, struct err *e);

#endif
