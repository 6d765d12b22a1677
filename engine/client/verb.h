/* verb.h - docker's verbs as a table: each is a row, one file per group.
 *
 * A verb's function gets a struct command: its parsed options and arguments and
 * a connection made on first use.  It returns the exit code.  It never calls
 * exit() and leaves nothing behind: the lab shell runs verbs in its own process.
 */
#ifndef DRYDOCK_CLIENT_VERB_H
#define DRYDOCK_CLIENT_VERB_H

#include <stdbool.h>
#include <stdio.h>

#include "client/http.h"
#include "client/options.h"

#define EXIT_DOCKER 125		/* docker's own failure in run, and any bad option */

struct command;
struct http;

struct verb {
	/* Every way to say it, '|' between, as in "ps|container ls|container list". */
	const char *paths;
	const char *usage;	/* after the path; "" for nothing */
	const char *about;	/* one line */
	const struct option *options;	/* NULL: none */
	int min_args, max_args;	/* max -1: no limit */
	bool stop_early;	/* options end at the first argument */
	bool hidden;		/* for programs, or for what isn't here: shown in no list */
	/* Any option will do, and none is looked at: nothing can come of it (swarm.c). */
	bool any_options;
	const char *route;	/* then: what the daemon is asked, "GET /nodes/{}"; or NULL */
	int common;		/* place among the common verbs of `docker --help`, 0: none */
	enum complete_kind complete;	/* what its arguments name */
	int (*run)(struct command *c);
	/* Instead of run: called with each argument and a connection; each failure
	 * is said, and the others still have their turn.  1: done, say nothing. */
	int (*each)(struct command *c, struct http *h, const char *arg, struct err *e);
	bool echo;		/* print each argument that went well */
};

struct command {
	const struct verb *verb;
	const char *path;	/* as typed: "container ls" */
	struct options opt;
	int n_words;		/* arguments and options, as typed */
	const char *host;	/* --host, or NULL */
	struct http *http;	/* use command_http() */
	const cJSON *config;	/* the user's config.json; NULL: none */
};

/* The tables, each ended by a row without paths. */
extern const struct verb verbs_run[], verbs_container[], verbs_inspect[], verbs_logs[], verbs_exec[],
	verbs_list[], verbs_image[], verbs_pull[], verbs_system[], verbs_prune[], verbs_network[],
	verbs_volume[], verbs_archive[], verbs_cp[], verbs_disk[], verbs_stats[],
	verbs_update[], verbs_build[],
	verbs_login[], verbs_shell[], verbs_man[],
	verbs_context[], verbs_swarm[], verbs_dial[], verbs_context_archive[], verbs_manifest[];
/* All of them, NULL-terminated. */
extern const struct verb *const verb_tables[];

/* The verb that words name ("container", "ls"); *used words belong to its path. */
const struct verb *verb_find(int n, char *const *words, int *used);
/* The first path of v that starts with group ("container "; "" is the top), NULL
 * if there is none; its length in *len. */
const char *verb_path_in(const struct verb *v, const char *group, size_t *len);
/* Goes through v's paths: the one at *at, which moves on; false after the last. */
bool verb_next_path(const char **at, const char **path, size_t *len);

/* The connection with the environment's labels on it. */
int command_http(struct command *c, struct http **out, struct err *e);
/* A further one, to be closed by the caller. */
int command_http_new(struct command *c, struct http **out, struct err *e);

/* The verb's `each` for all arguments: what a verb without `run` does. */
int command_each(struct command *c);

/* Says what went wrong in docker's words and returns the exit code: 1, or 130
 * where the user interrupted. */
int command_fail(struct command *c, const struct err *e);
/* "docker: what" with the pointer to --help behind it, as `run` does. */
int command_fail_help(struct command *c, const struct err *e, int code);

extern const struct option global_options[];	/* before the verb */

/* help.c */
void help_verb(const struct verb *v, const char *path);
void help_group(FILE *to, const char *group);	/* "container" */
void help_top(FILE *to);
const char *help_group_name(size_t i);	/* of those that are shown; NULL after the last */
const char *help_group_about(const char *group, size_t len);	/* NULL: no such group */

#endif
