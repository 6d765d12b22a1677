/* script.h - a demonstration: lines that are really run, and what they must show.
 *
 *	title: one image, two containers
 *	script:
 *	  - say: what to look at, before the line
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
 */
#ifndef DRYDOCK_LESSONS_SCRIPT_H
#define DRYDOCK_LESSONS_SCRIPT_H

#include "labs/front.h"
#include "labs/shell/screen.h"

struct script_line {
	const char *say, *run, *expect;	/* say, expect: NULL where there is none */
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

/* Runs it on the screen.  0: all came as the script says; 1: something did not, and
 * that was said; negative: it could not be run. */
int script_run(const struct script *s, const struct screen *screen, struct err *e);

#endif
