/* look.h - seeing through: layers, where a path comes from, what a removal has cost.
 *
 *	drydock layers CONTAINER|IMAGE [IMAGE] [--files] [--json]
 *	drydock where [CONTAINER|IMAGE:]PATH [--json]
 *	drydock lost [CONTAINER] [--json]
 *	drydock compare RUN RUN [--json]
 *
 * All take their own name as argv[0]; 0 done, 1 no such thing, 2 wrong usage.
 * They ask the engine's own routes (api/layers.c) and the journal, and earn nobody
 * anything: to look is free.
 */
#ifndef DRYDOCK_LABS_LOOK_LOOK_H
#define DRYDOCK_LABS_LOOK_LOOK_H

#include "client/http.h"
#include "client/options.h"
#include "labs/facts.h"
#include "labs/shell/screen.h"

/* The rows that every verb's table ends with. */
#define LOOK_OPTIONS \
	{ .name = "json", .type = &opt_flag, .help = "Answer in JSON" }, \
	{ .name = "host", .letter = 'H', .type = &opt_string, \
	  .help = "Where the engine listens" }, \
	{ .name = "plain", .type = &opt_flag, .help = "Lines of ASCII text only" }, \
	{ .name = NULL }

int cmd_layers(int argc, char **argv);
int cmd_where(int argc, char **argv);
int cmd_lost(int argc, char **argv);
int cmd_compare(int argc, char **argv);

/* What they share: the options, a screen, a connection on which no request counts as the
 * learner's. */
struct look {
	struct options o;
	struct screen screen;
	struct http *http;
	bool json;
	struct err e;
};

/* Parses, connects, runs; says what went wrong; the exit code. */
int look_run(int argc, char **argv, const char *head, const struct option *table,
	     int (*run)(struct look *l));
/* One GET; the answer's JSON is the caller's. */
int look_get(struct look *l, const char *path, cJSON **out);
int look_print_json(const cJSON *j);	/* 0 */

/* "the writable layer", "the engine's layer", or the step that made an image's layer,
 * without what Docker puts in front of it; caller frees. */
char *look_layer_name(const cJSON *layer);

/* The engine's words for people: "file", "deleted", "image" … in their language. */
const char *look_word(const char *word);

/* What went with a container: files of its layer that were there when it was removed,
 * told by the journal.  cid NULL: the container removed last. */
struct lost {
	const char *cid, *name;		/* the facts' text; cid NULL: no such removal */
	int64_t bytes;			/* that the engine freed */
	const struct fact **files;	/* fs.change; caller frees the array */
	size_t n;
};
void lost_find(const struct facts *f, const char *which, struct lost *out);

#endif
