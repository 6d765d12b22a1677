/* pull.h - pulling an image, with docker's progress. */
#ifndef DRYDOCK_CLIENT_PULL_H
#define DRYDOCK_CLIENT_PULL_H

#include <stdbool.h>
#include <stdio.h>

#include "client/http.h"

struct pull {
	const char *image;	/* as the user wrote it */
	const char *platform;	/* NULL: the daemon's */
	FILE *to;		/* where progress goes; NULL: nowhere */
	bool all;		/* every tag of the name */
};
/* 0, or -errno; a failure that came in the stream is e->what like any other. */
int pull_image(struct http *h, const struct pull *p, struct err *e);

/* progress.c: the daemon's JSON messages (pull, push, load …) as docker shows
 * them: redrawn on a terminal, plain lines elsewhere. */
struct progress;
struct progress *progress_new(FILE *to);	/* NULL: shows nothing */
/* 0, or -errno where the message is an error. */
int progress_line(struct progress *p, const cJSON *line, struct err *e);
void progress_free(struct progress *p);

#endif
