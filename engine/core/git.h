/* git.h - build contexts that are git repositories: https://HOST/x.git#REF:FOLDER,
 * git://…, ssh://…, git@HOST:x, github.com/x.
 *
 * The work is the git program's, as with docker.  Whoever calls says how programs are
 * started: the command line and the daemon each have their own way.
 */
#ifndef DRYDOCK_CORE_GIT_H
#define DRYDOCK_CORE_GIT_H

#include <stdbool.h>

#include "core/error.h"
#include "core/str.h"

bool git_is_url(const char *text);

struct git_source { char *remote, *ref, *folder; };	/* folder: "" for the whole */
int git_source_parse(const char *url, struct git_source *out, struct err *e);
void git_source_free(struct git_source *s);
#define autogit __attribute__((cleanup(git_source_free)))

struct git_runner {
	/* Runs argv (argv[0]: a path) with env and nothing to read, adds what it writes to
	 * *said; its exit code, or -errno where it could not be started. */
	int (*run)(void *arg, char *const *argv, char *const *env, struct str *said);
	void *arg;
	bool alone;	/* without the user's settings and questions: for a daemon */
};
/* Checks the source out into dir, which is there and empty.  *context: the folder that is
 * meant, without symbolic links; caller frees. */
int git_clone(const struct git_source *s, const char *dir, const struct git_runner *runner,
	      char **context, struct err *e);

#endif
