/* pull.h - the inside of a pull: what its threads share. */
#ifndef DRYDOCK_IMAGE_PULL_H
#define DRYDOCK_IMAGE_PULL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/error.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/store.h"
#include "registry/client.h"

struct pull {
	struct image_store *s;
	const struct pull_options *o;
	int (*act)(struct pull *p, struct err *e);	/* what for, once a registry is open */
	cJSON *about;			/* image_inspect_remote()'s answer */
	char **tags;			/* image_remote_tags()'s */
	struct reference ref;
	char *familiar;			/* "python:3.9-slim" */
	char holder[32];		/* under which this pull's layers are pinned */
	struct registry *from;

	struct manifest m;
	char **diff_ids;

	pthread_mutex_t lock;		/* next, failed, err; and one progress line at a time */
	size_t next;			/* the next layer a worker takes */
	atomic_bool failed;		/* the others stop */
	struct err err;			/* of the first that failed */
	size_t fresh;			/* layers that were not here before */
};

/* Fetches one layer, or waits for another pull that is fetching it. */
int pull_layer(struct pull *p, size_t index, struct err *e);

/* Reports in docker's words; digits of `digest` name the line, NULL: the whole pull. */
void pull_tell(struct pull *p, const char *digest, const char *status, int64_t current,
	       int64_t total);
/* The last line of a layer, which is also told to the journal. */
void pull_tell_done(struct pull *p, size_t index, const char *status, bool is_new);
bool pull_stopped(void *pull);	/* cancelled, or another layer failed */

#endif
