/* options.h - command line options as tables, in the notation of docker's users
 * (POSIX short options, GNU long ones): -it, -p80:80, -p=80:80, --name x,
 * --name=x, --, and flags after arguments unless the verb passes those on.
 *
 * A row says everything about an option: its type (how its value is checked and
 * shown in --help), its default, what completes it, and for `run` and `create`
 * where in the API's body it goes.
 */
#ifndef DRYDOCK_CLIENT_OPTIONS_H
#define DRYDOCK_CLIENT_OPTIONS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/complete.h"
#include "core/error.h"
#include "core/str.h"

struct option_type {
	const char *label;	/* in --help: "string", "list" … */
	bool flag;		/* needs no value: --x is --x=true */
	bool many;		/* may be given again; the values add up */
	bool commas;		/* and a value may hold several, with commas between */
	int (*check)(const char *text, struct err *e);	/* NULL: any text will do */
};
extern const struct option_type opt_flag, opt_string, opt_int, opt_bytes, opt_duration,
	opt_decimal, opt_list, opt_map, opt_filter, opt_ulimit, opt_mount, opt_host, opt_env,
	opt_stream, opt_strings, opt_uint16, opt_network, opt_weight;

struct option {
	const char *name;	/* without "--"; NULL ends the table */
	char letter;		/* 0: none */
	const struct option_type *type;
	const char *help;	/* one line, simple English */
	const char *preset;	/* its value where the user gives none; NULL: no value */
	enum complete_kind complete;	/* what its value may be */
	const char *field;	/* create's body: "HostConfig.Memory", or NULL */
	/* Puts the values (NULL-terminated) there. */
	int (*put)(cJSON *body, const char *field, char *const *values, struct err *e);
	bool hidden;		/* an older name: understood, but shown nowhere */
	const char *since;	/* needs a newer API than ours ("1.48"): refused, shown nowhere */
};

struct options {
	const struct option *table;
	char ***values;		/* by row; NULL: not given */
	char **args;		/* what is left, NULL-terminated */
	size_t n_args;
	bool help;		/* --help was among them */
};

/* Parses argv[0..argc); stop_early: options end at the first argument (run,
 * exec).  -EINVAL with docker's words.  Free with options_free() in any case. */
int options_parse(const struct option *table, bool stop_early, int argc, char *const *argv,
		  struct options *out, struct err *e);
void options_free(struct options *o);

/* By name, which must be in the table. */
bool opt_given(const struct options *o, const char *name);
bool opt_on(const struct options *o, const char *name);
const char *opt_text(const struct options *o, const char *name);	/* preset, else NULL */
/* As if the user had given it, unless there is a value already. */
void opt_default(struct options *o, const char *name, const char *value);
char *const *opt_all(const struct options *o, const char *name);	/* never NULL */
int64_t opt_number(const struct options *o, const char *name);		/* opt_int; 0 */

/* The "Options:" part of --help, wrapped to `width` columns. */
void options_help(const struct option *table, int width, struct str *out);

#endif
