/* build.h - a Dockerfile and a folder become an image.
 *
 * The folder (the context) is on disk already: context.h brings it there.  Each
 * step makes an image from the one before, so that a failed build leaves the last
 * good one to look into.  A RUN step is a container like any other; COPY and ADD
 * write into a new layer on top of the merged ones; the rest change only the
 * configuration.
 */
#ifndef DRYDOCK_BUILD_BUILD_H
#define DRYDOCK_BUILD_BUILD_H

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/error.h"
#include "image/image.h"
#include "runtime/container.h"
#include "trace/fact.h"

/* Everything is borrowed for as long as the build runs. */
struct build_options {
	struct image_store *images;
	struct containers *containers;
	struct origin by;

	const char *context;		/* a folder of ours; NULL: there is none */
	const char *name, *text;	/* the Dockerfile's */
	size_t len;
	const cJSON *args, *labels;	/* name -> text (args: or null) */
	char *const *tags;		/* checked: reference_parse() takes each */
	char *const *cache_from;
	const char *target, *platform;	/* NULL or "": none */
	const cJSON *host;		/* HostConfig of the containers of RUN steps */
	bool no_cache, pull, rm, force_rm;

	/* Pulling what FROM names, as in struct pull_options. */
	const char *auths;		/* X-Registry-Config: who we are to which registry; NULL */
	char *const *mirrors, *const *insecure;
	void (*progress)(void *arg, const struct pull_progress *p);
	void (*say)(void *arg, const char *text, size_t len);	/* output, any bytes */
	void (*made)(void *arg, const char *id);		/* a stage's image */
	void *arg;
	const atomic_bool *cancel;
};

struct build_result {
	char id[72];		/* "" where the build failed */
	int code;		/* of the command that failed, 0 otherwise */
};

/* What can be said before anything is done: EINVAL for a Dockerfile that is wrong, or
 * a target that isn't in it. */
int build_check(const struct build_options *o, struct err *e);
int build_image(const struct build_options *o, struct build_result *out, struct err *e);

#endif
