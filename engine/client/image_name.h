/* image_name.h - image names as users write them, taken apart for the API. */
#ifndef DRYDOCK_CLIENT_IMAGE_NAME_H
#define DRYDOCK_CLIENT_IMAGE_NAME_H

#include <stdbool.h>

#include "core/error.h"

struct image_name {
	char *full;		/* "docker.io/library/busybox" */
	char *familiar;		/* "busybox" */
	char *tag;		/* "latest" where none was written; "sha256:…" for a digest */
	bool digest;		/* tag is a digest */
	char *beside;		/* the tag that was written beside it: only shown; NULL: none */
	bool implied;		/* the tag was not written */
};

/* EINVAL with docker's words. */
int image_name_parse(const char *text, struct image_name *out, struct err *e);
void image_name_free(struct image_name *n);
/* "busybox:latest", "busybox@sha256:…" or with both. Caller frees. */
char *image_name_show(const struct image_name *n, bool full);

#endif
