/* archive.h - images as one file: docker save and load, import.
 *
 * What we write is at once what `docker load` reads (manifest.json) and an OCI
 * image layout (oci-layout, index.json, blobs/: OCI image-spec image-layout.md).
 * What we read is either of the two, and the older form of the first, packed or
 * not.  It is read once, from front to back: layers are unpacked as they come,
 * and the documents that say what they are for are kept until the end.
 */
#ifndef DRYDOCK_IMAGE_ARCHIVE_H
#define DRYDOCK_IMAGE_ARCHIVE_H

#include "core/error.h"
#include "image/image.h"

/* -- save (save.c) -- */

struct image_save;
/* Looks the names up (a name without tag means all its tags), and keeps what they
 * name from being removed meanwhile.  404 in docker's words. */
int image_save_begin(struct image_store *s, char *const *refs, struct image_save **out,
		     struct err *e);
int image_save_write(struct image_save *w, int (*sink)(void *arg, const void *data, size_t len,
						       struct err *e), void *arg, struct err *e);
void image_save_free(struct image_save *w);
/* The images' ids, as often as they were named; borrowed, NULL-terminated. */
char *const *image_save_ids(const struct image_save *w);

/* -- load (load.c) -- */

struct load_options {
	int fd;			/* the archive; closed by image_load_archive() */
	/* Layers on their way, in docker's words; may be NULL. */
	void (*progress)(void *arg, const struct pull_progress *p);
	/* An image arrived: its name, or NULL if it has none.  `moved`: the id that had
	 * this name until now, or NULL. */
	void (*loaded)(void *arg, const char *id, const char *name, const char *moved);
	void *arg;
};
int image_load_archive(struct image_store *s, const struct load_options *o, struct err *e);

/* -- import (load.c) -- */

/* The tar at fd (closed) becomes the only layer of an image; config's rootfs is
 * filled in.  ref may be NULL. */
int image_import(struct image_store *s, int fd, cJSON *config, const char *ref,
		 struct image **out, struct err *e);

#endif
