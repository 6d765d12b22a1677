/* script.h - a demonstration: lines that are really run, and what they must show.
 *
 *	title: one image, two containers
 *	script:
 *	  - say: what to look at, before the line
 *	    note: what only the speaker sees, on a second terminal
 *	    predict:			# the room votes, twice, before the line is run
 *	      ask: Is the file there?
 *	      options: { a: "yes", b: "no" }
 *	      right: a
 *	      why: one line, for afterwards
 *	    run: docker run --name demo-a ubuntu:20.04 hostname
 *	    expect: "^[0-9a-f]{12}$"	# extended regular expression, on what it printed
 *	    code: 0			# how it must end; 0 where nothing is said
 *	shows: what has been seen when all came as expected
 *	cleanup:
 *	  - docker rm -f demo-a
 *
 * Each line goes to /bin/sh, with our `docker` first on PATH and the actor "demo":
 * nobody earns anything by it.  What is listed under cleanup runs at the end whatever
 * happened, and before the beginning too, in case an earlier run was cut off.
 * play.h performs one.
 */
#ifndef DRYDOCK_LESSONS_SCRIPT_H
#define DRYDOCK_LESSONS_SCRIPT_H

#include "labs/front.h"

#define FORECAST_OPTIONS 6	/* as many as a room can hold up fingers for */

struct forecast_option { const char *text; char key; };

/* A question about what the line will show. */
struct forecast {
	const char *ask, *right, *why;
	struct forecast_option options[FORECAST_OPTIONS];
	size_t n;
};

struct script_line {
	const char *say, *run, *expect, *note;	/* all but run: NULL where there is none */
	struct forecast *forecast;		/* NULL: none */
	int code;
};

/* All text belongs to the front. */
struct script {
	const char *name, *title, *shows;
	struct script_line *v;
	size_t n;
	const char **cleanup;
	size_t n_cleanup;
};

/* EINVAL with file and line; a bad regular expression is found here as well. */
int script_read(const struct front *f, const yaml_node_t *map, struct script *out, struct err *e);
void script_free(struct script *s);

#endif
