/* launch_world.h - a container's surroundings for tests: a root filesystem of
 * busybox alone, a launcher with its events kept, and a way to read what a client
 * would.  All below a directory of the test's own; nothing outlives world_close().
 */
#ifndef DRYDOCK_TESTS_LAUNCH_WORLD_H
#define DRYDOCK_TESTS_LAUNCH_WORLD_H

#include <pthread.h>

#include "core/str.h"
#include "runtime/launch.h"
#include "trace/collector.h"

struct world {
	char *dir;			/* temporary */
	struct launcher *l;
	struct collector *trace;
	struct running *r;		/* of world_start() */
	struct spec spec;
	int n_started;			/* containers so far: each gets an id */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool exited;
	struct launch_exit end;
	int exec_code;			/* -1 until one ended */
	struct str procs;		/* "+argv0 argv1…|init\n" and "-argv…=code\n" */
	char detached[16];
	int lost;			/* records that weren't kept */
};

/* A test program's main: each test in turn, NULL-terminated, in one world; root only. */
typedef void world_test(struct world *w);
int world_main(world_test *const *tests);

void world_open(struct world *w);
void world_close(struct world *w);
/* A spec for `sh -c script`, with Docker's defaults; tests change it as they like. */
struct spec *world_spec(struct world *w, const char *script);
/* Prepares, attaches a client (*client may be NULL: none) and goes. 0 or -errno. */
int world_start(struct world *w, int *client, struct err *e);
/* Waits for the end and lets go of the container; the exit code. */
int world_wait(struct world *w);
/* What a client is sent until it ends; frames taken apart if framed. */
void world_read(int client, bool framed, struct str *out, struct str *err);
/* start + read + wait: output of both streams in *out, the exit code. */
int world_run(struct world *w, struct str *out);
int world_exec(struct world *w, char *const *argv, bool tty, int *client, struct err *e);
int world_wait_exec(struct world *w);
void world_wait_detached(struct world *w);	/* w->detached says how */
/* Starts the spec by a daemon of its own, in a process that is killed once the
 * container runs; the signal that ended it. */
int world_doomed(struct world *w);
/* Anything of a container left on the machine: "" or what it is. */
const char *world_leftovers(struct world *w);

/* TAP: results as they come; tap_done() prints the plan and gives main's result. */
bool ok(bool good, const char *name);
void is(const struct str *got, const char *want, const char *name);
void is_number(long got, long want, const char *name);
void has(const struct str *got, const char *part, const char *name);
int tap_done(void);

#endif
