/* config.h - ~/.docker/config.json, which we share with docker's own client.
 *
 * The folder is --config's, else DOCKER_CONFIG's, else ~/.docker.  What we don't know
 * in the file stays in it.  It may hold passwords: written 0600, beside and renamed.
 */
#ifndef DRYDOCK_CLIENT_CONFIG_H
#define DRYDOCK_CLIENT_CONFIG_H

#include <cjson/cJSON.h>

#include "core/error.h"

/* --config: for this call of docker_main(); NULL: none.  Copied. */
void config_folder(const char *folder);
char *config_path(void);		/* caller frees */

/* The file's object, an empty one if there is none; caller frees.  A file that can't be
 * read is warned about on stderr, the first time, and counts as empty. */
cJSON *config_load(void);
int config_save(const cJSON *config, struct err *e);

#endif
