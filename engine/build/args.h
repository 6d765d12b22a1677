/* args.h - ARG: which build arguments there are, and what they are worth.
 *
 * A value given by the user (--build-arg) wins over the default in the file, but
 * only for names that an ARG has announced in the same stage; the proxies' names
 * need no announcement.  ARGs before the first FROM are for FROM lines, and the
 * defaults of ARGs in stages that have none of their own.
 */
#ifndef DRYDOCK_BUILD_ARGS_H
#define DRYDOCK_BUILD_ARGS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct build_args {
	const cJSON *given;	/* name -> text or null; borrowed, NULL: none */
	cJSON *allowed, *meta;	/* name -> default or null: of this stage, before the first */
	cJSON *used;		/* names that any ARG announced */
};
void args_begin(struct build_args *a, const cJSON *given);
void args_free(struct build_args *a);
void args_new_stage(struct build_args *a);
/* dflt NULL: the ARG has none.  meta: it stands before the first FROM. */
void args_add(struct build_args *a, const char *name, const char *dflt, bool meta);

/* Borrowed; NULL: not announced, or without a value. */
const char *args_value(const struct build_args *a, const char *name);
const char *args_meta_value(const struct build_args *a, const char *name);
/* "NAME=value" of those that `env` (a JSON array of such) doesn't set, sorted by
 * name (strv).  quiet: without proxies that no ARG announced. */
char **args_environment(const struct build_args *a, const cJSON *env, bool quiet);
/* "[a b]": given, but never announced; NULL: none. */
char *args_unused(const struct build_args *a);

/* The value of a name in a JSON array of "NAME=value", or NULL; borrowed. */
const char *env_value(const cJSON *env, const char *name);

#endif
