/* fetch_file.h - files from the web: ADD URL, and contexts by URL. */
#ifndef DRYDOCK_BUILD_FETCH_FILE_H
#define DRYDOCK_BUILD_FETCH_FILE_H

#include "build/job.h"
#include "core/error.h"

/* The last name of a URL's path, NULL if it ends in "/"; owned. */
void fetch_name(const char *url, char **name);

/* Fetches url to a new file.  sum: "sha256:…" it must have, or NULL. */
int fetch_file(struct job *j, const char *url, const char *path, const char *sum, struct err *e);

/* The same without a build; *type: the Content-Type, owned, may be NULL. */
int fetch_to(const char *url, const char *path, char **type, struct err *e);

#endif
