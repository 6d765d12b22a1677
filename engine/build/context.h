/* context.h - the folder that a build works on, and the Dockerfile in it. */
#ifndef DRYDOCK_BUILD_CONTEXT_H
#define DRYDOCK_BUILD_CONTEXT_H

#include "core/error.h"
#include "core/str.h"
#include "image/image.h"

struct context {
	char *dir;		/* ours, gone with context_free() */
	bool files;		/* false: only a Dockerfile, with nothing to COPY */
	char *name;		/* of the Dockerfile in it */
	struct str text;	/* the Dockerfile's */
};

/* From a tar stream (plain, gzip or zstd) that fd gives; fd is closed.  dockerfile:
 * its name in there ("": "Dockerfile"). */
int context_from_tar(struct image_store *s, int fd, const char *dockerfile,
		     struct context *out, struct err *e);
/* From http(s)://…: a Dockerfile or a tar; from a git repository (core/git.h). */
int context_from_url(struct image_store *s, const char *url,
		     const char *dockerfile, struct context *out, struct err *e);
void context_free(struct context *c);

#endif
