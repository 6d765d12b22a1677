/* reference.h - image names (distribution reference grammar). */
#ifndef DRYDOCK_IMAGE_REFERENCE_H
#define DRYDOCK_IMAGE_REFERENCE_H

#include <stdbool.h>

#include "core/error.h"

struct reference {
	char *domain;	/* "docker.io" where none was written */
	char *path;	/* "library/python" */
	char *tag;	/* "latest" where neither tag nor digest was written; else may be NULL */
	char *digest;	/* "sha256:…" or NULL */
};
/* EINVAL with docker's words: "invalid reference format". */
int reference_parse(const char *text, struct reference *out, struct err *e);
void reference_free(struct reference *r);
#define autoreference __attribute__((cleanup(reference_free)))

/* What docker shows, and what it means.  The caller frees all three. */
char *reference_familiar_name(const struct reference *r);	/* "python", "localhost:5000/x" */
char *reference_familiar(const struct reference *r);		/* with :tag and @digest */
char *reference_name(const struct reference *r);		/* "docker.io/library/python" */

bool reference_path_ok(const char *path);	/* "library/python": a repository's path alone? */
bool reference_tag_ok(const char *tag);

#endif
