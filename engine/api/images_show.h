/* images_show.h - images as Docker's JSON. */
#ifndef DRYDOCK_API_IMAGES_SHOW_H
#define DRYDOCK_API_IMAGES_SHOW_H

#include "api/api.h"

/* The labels of its configuration, or NULL. */
const cJSON *image_labels(const struct image *img);
/* What a pull tells, as the line that docker's client draws. */
void pull_progress_line(struct stream *s, const struct pull_progress *g);
/* What `docker events` shows of an image. */
void image_event(const char *action, const char *id, const char *name);
/* 400 for what is no name a new image may have; NULL is fine. */
int image_name_check(const char *ref, struct err *e);
/* The rows of docker system df; *layers: bytes on disk of all layers. */
cJSON *df_images(struct request *r, int64_t *layers);

#endif
