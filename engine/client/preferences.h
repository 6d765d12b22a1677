/* preferences.h - what a user has set once and for all in config.json: formats of listings,
 * keys that detach, headers for the daemon. */
#ifndef DRYDOCK_CLIENT_PREFERENCES_H
#define DRYDOCK_CLIENT_PREFERENCES_H

#include <cjson/cJSON.h>

#include "client/verb.h"

/* Fills in options of c that were not given.  config: config_load()'s. */
void preferences_options(struct command *c, const cJSON *config);
/* HttpHeaders: with every request from here on. */
void preferences_headers(struct http *h, const cJSON *config);

#endif
