/* rows.h - rows that more than one verb shows (ps and system df, images and df). */
#ifndef DRYDOCK_CLIENT_ROWS_H
#define DRYDOCK_CLIENT_ROWS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#define FORMAT_HELP "How to print: table, json, or a Go template (\"table TEMPLATE\" for a table)"
#define FORMAT_ONE_HELP "How to print: json, or a Go template"

/* From an element of the API's answer to a list's row; the caller's. */
cJSON *row_container(const cJSON *c, bool whole);
/* tag: "name:tag" or NULL; digests: show the digest too. */
cJSON *row_image(const cJSON *image, const char *tag, bool whole, bool digests);
cJSON *row_volume(const cJSON *volume);

#endif
