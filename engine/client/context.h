/* context.h - a folder as a tar stream for the daemon, without what .dockerignore names. */
#ifndef DRYDOCK_CLIENT_CONTEXT_H
#define DRYDOCK_CLIENT_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct context_pack;	/* the files are read while it is read */

struct context_options {
	const char *folder;
	const char *dockerfile;		/* its name in the folder: sent in any case */
	const char *text;		/* a Dockerfile from elsewhere, sent under that name; or NULL */
	/* For `docker cp`: all that is there, owners kept, the folder itself first and
	 * under this name; NULL for a build. */
	const char *as;
	bool alone;			/* `folder` is a file or link: only itself */
};
int context_begin(const struct context_options *o, struct context_pack **out, struct err *e);
/* The next bytes: 0 at the end, or -errno (context_error() then says more). */
long context_read(void *pack, char *buf, size_t cap);
const struct err *context_error(const struct context_pack *p);
void context_end(struct context_pack *p);		/* NULL is fine */

#endif
