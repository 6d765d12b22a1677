/* job.h - the inside of a build: what its steps share. */
#ifndef DRYDOCK_BUILD_JOB_H
#define DRYDOCK_BUILD_JOB_H

#include "build/args.h"
#include "build/build.h"
#include "build/expand.h"
#include "build/instruction.h"
#include "build/node.h"

struct done_stage { char *name, *image; };	/* name NULL: it has none */

struct job {
	const struct build_options *o;
	struct kernel *k;
	struct dockerfile file;
	struct stages stages;
	size_t n_stages;		/* up to the target */
	struct build_args args;
	cJSON *auths;
	struct done_stage *done;
	size_t n_done;
	int step, n_steps;

	/* The stage that is being built: */
	struct image *top;		/* NULL: nothing yet (FROM scratch) */
	cJSON *config;			/* what the next image's "config" will be */
	char *author;			/* MAINTAINER; NULL: none */
	bool cmd_set;			/* a CMD of this stage */
	bool missed;			/* a step was new: no later one can be known */

	char **containers;		/* of RUN steps, to be removed */
	int hits, layers;		/* for the journal */
	int code;			/* of a command that failed */
};

/* One instruction with its arguments expanded (strv) as far as it is to be. */
struct step {
	const struct node *node;
	const struct instruction *in;
	char **args;
};

/* -- job.c: saying, images, the cache ---------------------------------------------- */

void job_say(struct job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool job_cancelled(const struct job *j);
const char *job_image(const struct job *j);	/* the id, "" for nothing */
int job_expand(struct job *j, const char *word, bool heredoc, char **out, struct err *e);
struct expander job_expander(struct job *j);

/* A step is named by the command it stands for: the shell, and behind it the text,
 * "#(nop) " before it where nothing is run.  cmd: strv. */
char **job_nop(struct job *j, const char *comment, bool apart);
/* 1: the step was made before, and is the top now.  0: it is new. */
int job_probe(struct job *j, char *const *cmd, struct err *e);
/* Makes the step's image.  layer: a tree that becomes its layer and is gone after,
 * or NULL. */
int job_commit(struct job *j, char *const *cmd, const char *layer, struct err *e);
/* The image that FROM or --from names, pulled where it isn't here. */
int job_find_image(struct job *j, const char *ref, const char *platform, struct image **out,
		   struct err *e);
void job_take(struct job *j, struct image *img);	/* the top from here on */

/* -- the steps that touch files ---------------------------------------------------- */

int step_run(struct job *j, const struct step *s, struct err *e);	/* step_run.c */
int step_copy(struct job *j, const struct step *s, struct err *e);	/* step_copy.c */
int step_workdir(struct job *j, const struct step *s, struct err *e);
void job_remove_containers(struct job *j);

/* -- step.c: all of them ------------------------------------------------------------ */

int job_step(struct job *j, const struct node *n, struct err *e);

#endif
