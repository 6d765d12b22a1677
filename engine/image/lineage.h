/* lineage.h - which image was made from which, by which step.
 *
 * A build makes an image of every step; each knows its parent ("" for the first
 * on nothing) and the step's name: a digest of all that decides what the step
 * does.  The same step on the same parent is what `docker build` calls its cache.
 */
#ifndef DRYDOCK_IMAGE_LINEAGE_H
#define DRYDOCK_IMAGE_LINEAGE_H

#include <stdbool.h>

#include "core/error.h"
#include "image/image.h"

/* Writes it down; a line that is there already for the image is replaced. */
int image_set_parent(struct image_store *s, const char *id, const char *parent, const char *step,
		     struct err *e);
/* The newest image made from parent by this step, or NULL; owned. */
char *image_find_child(struct image_store *s, const char *parent, const char *step);
/* NULL: nobody knows; owned. */
char *image_parent(struct image_store *s, const char *id);
bool image_has_children(struct image_store *s, const char *id);

#endif
