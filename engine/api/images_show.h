/* images_show.h - images as Docker's JSON. */
#ifndef DRYDOCK_API_IMAGES_SHOW_H
#define DRYDOCK_API_IMAGES_SHOW_H

#include "api/api.h"

/* A row of GET /images/json; uses: how many containers, -1 unknown. */
cJSON *show_image_row(struct request *r, const struct image *img, int uses);
/* What a pull tells, as the line that docker's client draws. */
void pull_progress_line(struct stream *s, const struct pull_progress *g);
/* The rows of docker system df; *layers: bytes on disk of all layers. */
cJSON *df_images(struct request *r, int64_t *layers);

#endif
