/* bake.h - the inside of `drydock bake`, which makes the course images.
 *
 * A course image is a folder with a Recipe (bake_recipe.c), whose RUN lines are
 * carried out one by one, each on an overlay over what came before, so that
 * what a line changed is exactly one layer (bake_step.c).  The result goes into
 * the course registry, and a record says from which recipe it was made and what
 * its digest is (bake_record.c).  As long as recipe and digest agree with the
 * record, there is nothing to do.
 *
 * Everything half made lies in REGISTRY/.bake, which the next bake throws away:
 * an image is in the registry whole, or not at all.
 */
#ifndef DRYDOCK_CMD_BAKE_H
#define DRYDOCK_CMD_BAKE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "image/digest.h"
#include "image/image.h"

int cmd_bake(int argc, char **argv);

char *bake_recipes(void);		/* the folder they are in, by default; owned */
/* The names of the course images that aren't in DATA_ROOT/registry; owned, NULL if even
 * the recipes aren't there. */
char **bake_missing(const char *data_root);

/* ---- recipes ------------------------------------------------------------------ */

struct recipe {
	char *folder;		/* "python-3.9-slim" */
	char *dir;		/* its path */
	char *name;		/* "library/python:3.9-slim" */
	char *from;		/* folder of the recipe below it; NULL: scratch */
	char **lines;		/* "RUN install nginx-light", "EXPOSE 80" …; never NULL */
	char hash[DIGEST_TEXT];	/* of its folder, step.sh, and the recipe it is FROM */
};
struct recipes { struct recipe *all; size_t n; };

/* All folders of dir that have a Recipe, those they build on first. */
int recipes_load(const char *dir, struct recipes *out, struct err *e);
void recipes_free(struct recipes *r);
struct recipe *recipes_find(const struct recipes *r, const char *folder);

/* ---- records ------------------------------------------------------------------ */

#define RECIPE_LABEL "org.drydock.recipe"	/* struct recipe's hash */

enum course_state { COURSE_GOOD, COURSE_MISSING, COURSE_CHANGED, COURSE_DAMAGED };

/* Is the image in the registry, whole and of this recipe?  deep reads every
 * byte; else the manifest and sizes must do.  What is damaged is removed, so
 * that it will be written again; e says what was. */
enum course_state course_check(const char *registry, const struct recipe *r, bool deep,
			       struct err *e);
int course_note(const char *registry, const struct recipe *r, const char *digest,
		struct err *e);

/* ---- baking ------------------------------------------------------------------- */

struct bake {
	const char *registry;	/* DATA_ROOT/registry */
	const char *recipes;	/* the folder with step.sh */
	char *work;		/* REGISTRY/.bake */
	bool verbose;
	struct image_store *store;	/* of this bake only */
	unsigned steps;		/* how many were made, for names */
};

/* An image while it is being made. */
struct cake {
	struct bake *bake;
	const struct recipe *recipe;
	cJSON *config;		/* the configuration document so far */
	struct image *top;	/* what the next step stands on; NULL at the bottom */
};

/* Bakes r on its base (NULL: scratch) into the registry, and notes it. */
int bake_image(struct bake *b, const struct recipe *r, const struct recipe *base,
	       struct err *e);

/* Carries out one RUN line; a new layer, a history row, and labels come of it. */
int bake_run(struct cake *c, const char *text, struct err *e);
/* A row of `docker history`; empty: metadata only, no layer. */
void cake_history(struct cake *c, const char *created_by, bool empty);
/* The image's `config` object, and one inside of it: made where missing. */
cJSON *cake_config(struct cake *c);
cJSON *cake_object(struct cake *c, const char *key);
const char *cake_label(struct cake *c, const char *key);	/* NULL if it has none */
/* Stores configuration and layers so far; the next step stands on them. */
int cake_store(struct cake *c, const char *name, struct err *e);

#endif
