/* content.h - where the course's texts are: labs, lessons, quiz.
 *
 * Each kind is a folder of NN-name entries, read in the order of their names.
 */
#ifndef DRYDOCK_LABS_CONTENT_H
#define DRYDOCK_LABS_CONTENT_H

#include "core/error.h"

struct content {
	const char *folder;	/* "labs" */
	const char *env;	/* DRYDOCK_LABS says where it is instead */
	const char *inside;	/* what an entry adds to its name: "/lab.md", or ".md" */
};
extern const struct content content_labs, content_lessons, content_quiz;

/* The environment's, else the folder beside the program's directory, else its
 * installed place.  Caller frees. */
char *content_dir(const struct content *c);

/* The files of all entries below dir (NULL: content_dir()), sorted; caller frees with
 * strv_free().  ENOENT: none. */
int content_files(const struct content *c, const char *dir, char ***out, struct err *e);

#endif
