/* course.h - a learner at an engine: what the lab shell and `drydock lab` share.
 *
 * Two connections: one as the learner, and one as the grader, whose requests
 * (looking whether a port is free, clearing a step away) earn nobody anything.
 */
#ifndef DRYDOCK_LABS_COURSE_H
#define DRYDOCK_LABS_COURSE_H

#include "client/http.h"
#include "labs/verdict.h"

struct course {
	struct labs labs;
	struct learner learner;
	struct facts *facts;
	struct world world;		/* asks the engine and the learner */
	struct http *http, *grader;	/* NULL while no engine answers */
	char *host;			/* "unix:///…", as DOCKER_HOST wants it */
	char *backend;			/* of the engine: "linux", "rootless", "sim"; NULL: none yet */
	bool images;			/* the engine has a registry with the course's images */
};

/* Reads the labs and names the learner (NULL: DRYDOCK_LEARNER, else the user's
 * name).  host NULL: the default socket.  Nothing is connected yet. */
int course_open(struct course *s, const char *learner, const char *host, struct err *e);
void course_close(struct course *s);

/* Connects and asks for the engine's name; ECONNREFUSED or ENOENT: none runs. */
int course_connect(struct course *s, struct err *e);
/* Fetches the facts that are new since the last time. */
int course_refresh(struct course *s, struct err *e);
/* Labels what follows, here and in programs started from here. */
void course_label(struct course *s, int step);

/* Appends a learner's fact; data is consumed.  step 0: none. */
int course_post(struct course *s, const char *type, int step, cJSON *data, struct err *e);
/* A fact whose data is one or two pairs of text. */
int course_note(struct course *s, const char *type, int step, const char *k1, const char *v1,
		 const char *k2, const char *v2, struct err *e);

/* Judges a step; writes the closing fact when it is done for the first time. */
void course_judge(struct course *s, const struct lab *l, struct verdict *v);

/* Containers that the step made and that are still there: ids, owned by the caller. */
char **course_leftovers(const struct course *s, const struct lab *l);
/* Removes them (as grader) and writes the reset. */
int course_reset(struct course *s, const struct lab *l, struct err *e);

#endif
