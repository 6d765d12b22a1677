/* repair.h - what a kill may have left, put right when the store is opened. */
#ifndef DRYDOCK_IMAGE_REPAIR_H
#define DRYDOCK_IMAGE_REPAIR_H

#include "image/store.h"

/* Alone in the store, before anybody uses it. */
int store_repair(struct image_store *s, struct err *e);
/* Unpacks a layer's blob into tmp/fs, checking its DiffID.  tmp is the caller's to remove. */
int layer_unpack_blob(struct image_store *s, const struct layer_record *rec, const char *tmp,
		      struct err *e);
/* Puts a layer that is damaged or missing back in place from its blob. */
int layer_restore(struct image_store *s, const struct layer_record *rec, struct err *e);

#endif
