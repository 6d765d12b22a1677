/* config_change.h - a Dockerfile's instruction becomes part of an image's
 * configuration: for builds, and for what `commit --change` and `import --change`
 * are given.
 *
 * The fields and their meaning: OCI image-spec config.md ("config"), and for
 * Healthcheck, OnBuild and Shell, Docker's additions to it.
 */
#ifndef DRYDOCK_IMAGE_CONFIG_CHANGE_H
#define DRYDOCK_IMAGE_CONFIG_CHANGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"

struct config_change {
	const char *word;	/* "CMD", in any case */
	/* What follows, quotes taken off and variables replaced; NULL-terminated.
	 * ENV and LABEL: name, value, name, value …; a shell command and ONBUILD: one. */
	char *const *args;
	char *const *flags;	/* HEALTHCHECK's "--interval=5s"; NULL: none */
	bool json;		/* args were written as a JSON array: no shell around them */
};

/* Applies one change to `config` (the inner object, with Cmd, Env …).  *cmd_set
 * starts as false and is to be kept between the changes of one build: an
 * ENTRYPOINT drops the Cmd that came from below.  EINVAL with docker's words. */
int image_config_change(cJSON *config, const struct config_change *c, bool *cmd_set,
			struct err *e);

/* Is it one of the words that image_config_change() knows? */
bool image_config_knows(const char *word);

/* The document of an image with no layers yet: owned.  arch NULL: this machine's. */
cJSON *image_document_empty(const char *arch);

/* The command as it is run: Shell (or /bin/sh -c) before the text (NULL: none); strv. */
char **image_config_shell(const cJSON *config, const char *text);
/* The value of a variable in Env, or NULL; owned. */
char *image_config_env(const cJSON *config, const char *name);

#endif
