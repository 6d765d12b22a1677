/* source.h - what COPY and ADD take: files, folders, URLs, texts. */
#ifndef DRYDOCK_BUILD_SOURCE_H
#define DRYDOCK_BUILD_SOURCE_H

#include <stdbool.h>

#include "build/job.h"
#include "core/error.h"

struct source {
	char *path;		/* where it is on disk */
	char *name;		/* its name in a target folder */
	char sum[96];		/* "file:HEX" or "dir:HEX" */
	bool is_dir;
	bool unpack;		/* a local file that ADD unpacks, if it is an archive */
	long mode;		/* of a file that we wrote ourselves; -1: as it is */
};
struct sources {
	struct source *v;
	size_t n;
	const char *root;	/* of a context or an image; NULL: there is none */
	const char *scratch;	/* a folder of ours for what is fetched or written */
	bool from_image;
	bool add;		/* ADD, not COPY */
};

/* Each word of the instruction but the last, found and summed. */
int sources_find(struct sources *s, struct job *j, const struct step *step, struct err *e);
void sources_free(struct sources *s);
/* "file:HEX", or "multi:HEX" of several; owned. */
char *sources_sum(const struct sources *s);

#endif
