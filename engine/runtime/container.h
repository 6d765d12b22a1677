/* container.h - containers: from `create` to `rm`, and all that happens between.
 *
 *	created --start--> running --exit--> exited --start--> running …
 *	                   running <--pause/unpause--> paused
 *	created, exited --remove--> gone
 *
 * What is asked for is kept as Docker's two documents (Config merged with the
 * image's, and HostConfig); a start turns them into a spec (container_spec.c)
 * and hands that to the launcher.  What happens on its own (a program ends, a
 * port is visited) arrives as events of the launcher and the network, and is
 * worked through in order by one thread (container_exit.c).
 *
 * Locks: containers.lock guards the table and the names; container.lock guards
 * one container and is held while it is started or removed; the first may be
 * taken while the second is held, never the other way round.  A container is
 * counted: containers_get() must be paired with container_put().
 *
 * On disk: DATA_ROOT/containers/ID/{upper,work,merged,hosts,hostname,resolv.conf,
 * ID-json.log}; one document in the state database.  The document is there
 * before the first mount and gone before the directory is taken away, so that
 * whatever a killed daemon leaves behind is found by the next (container_restore.c).
 */
#ifndef DRYDOCK_RUNTIME_CONTAINER_H
#define DRYDOCK_RUNTIME_CONTAINER_H

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "image/image.h"
#include "kernel/kernel.h"
#include "network/network.h"
#include "runtime/container_files.h"
#include "runtime/launch.h"
#include "trace/fact.h"
#include "volume/volume.h"

enum ctr_status {
	CTR_CREATED, CTR_RUNNING, CTR_PAUSED, CTR_RESTARTING, CTR_REMOVING, CTR_EXITED, CTR_DEAD,
};
extern const char *const ctr_status_names[];	/* "created", "running" … */

struct containers;
struct place;			/* container_places.h */
struct net;			/* networks.h */
struct attach_waiting;		/* clients attached before the start */
struct health;			/* how the last probes went */
struct changes;			/* what the upper layer held when last looked at */

/* Read the fields with the lock held (container_lock). */
struct container {
	char id[65];
	char *name;		/* without Docker's leading slash */
	char *image_id, *image_ref;
	cJSON *config, *host;	/* Config and HostConfig */
	cJSON *points;		/* its mounts (container_points.c); never changes */
	/* Atomic: who joins its namespaces looks without the lock, holding its own. */
	_Atomic enum ctr_status status;
	_Atomic int pid;
	int exit_code;
	bool oom;
	char *error;		/* why the last start failed, or "" */
	uint64_t created_ns, started_ns, finished_ns;	/* wall clock; 0: never */
	int starts, restarts;	/* restarts: by policy, since the last start by hand */
	unsigned delay_ms;	/* before the latest of these */
	bool by_hand;		/* stopped on request: the restart policy rests */
	bool in_build;		/* of a RUN step: goes with a daemon that dies meanwhile */
	bool restarting;	/* by `docker restart`: --rm waits for another end */

	struct place **places;		/* in networks: the mode's first */
	size_t n_places;
	struct port *ports;		/* published while it runs */
	size_t n_ports;

	/* Private to container_*.c. */
	struct containers *all;
	pthread_mutex_t mutex;
	pthread_cond_t changed;		/* state, or gone */
	int refs;			/* atomic */
	struct container *next_coming;	/* of those being created (containers.coming) */
	bool gone;
	bool viewed;			/* its files are mounted for somebody (container_root.c) */
	uint64_t exits;			/* how often it ended: what waiters compare */
	struct running *run;
	struct endpoint *endpoint;	/* where its ports lead to */
	struct attach_waiting *waiting;
	int expected;			/* clients promised a stream that aren't here yet */
	struct changes *changes;
	struct health *health;		/* NULL: it has no check, or was never started */
	struct origin by;		/* of the last start, or the creation; owned text */
	char **init_argv;		/* PID 1's, as last exec'd */
	char *init_exe;
	size_t n_layers;
	char **lower, **diff_ids;	/* the image's, base first; loaded at need */
	char *upper;			/* the writable layer; loaded with them */
};

struct containers_options {
	struct kernel *kernel;
	const char *data_root, *exec_root;
	struct image_store *images;
	struct journal *journal;	/* NULL: keep none */
	struct collector *trace;	/* NULL: trace nothing */
	struct network_config network;	/* borrowed until containers_close(), as all below */
	const cJSON *defaults;		/* HostConfig of what requests leave out, or NULL */
	const char *host_ip;		/* where ports without an address are bound; NULL: everywhere */
	const char *host_gateway;	/* what host-gateway means; NULL: the bridge's addresses */
	char *const *network_opts;	/* "bridge=KEY=VALUE" of networks that don't say; or NULL */
	const char *seccomp;		/* a profile's text, or "unconfined"; NULL: the built-in one */
	bool no_new_privs;		/* for all containers that don't say */
};

/* Opens launcher and network, finds the containers of the last run again and
 * repairs what it left behind. */
int containers_open(const struct containers_options *o, struct containers **out, struct err *e);
/* stop: end what runs, with grace; otherwise leave it to the next daemon. */
void containers_close(struct containers *cs, bool stop);
struct launcher *containers_launcher(struct containers *cs);
struct network *containers_network(struct containers *cs);	/* NULL: this host gives none */
struct volumes *containers_volumes(struct containers *cs);
struct journal *containers_journal(struct containers *cs);
/* Returns when everything that has happened so far is in the journal (or after 3 s). */
void containers_settle(struct containers *cs);

/* By id, name or unambiguous id prefix.  404 "No such container: x". */
int containers_get(struct containers *cs, const char *ref, struct container **out, struct err *e);
void container_put(struct container *c);
void container_lock(struct container *c);
void container_unlock(struct container *c);
/* All of them, newest first, each counted; the array is the caller's too. */
struct container **containers_list(struct containers *cs, size_t *n);
void containers_list_free(struct container **v, size_t n);
#define autocontainer __attribute__((cleanup(cleanup_container)))
static inline void cleanup_container(struct container **c) { if (*c) container_put(*c); }

/* body: Docker's create body.  warnings: appended sentences (strv). */
int container_create(struct containers *cs, const struct origin *by, const char *name,
		     const cJSON *body, struct container **out, char ***warnings, struct err *e);
/* A build's: if the daemon dies while it runs, the next one removes it.  Before its start. */
int container_in_build(struct container *c, struct err *e);
/* What create and start would do, as text; nothing is made. */
int container_plan(struct containers *cs, const cJSON *body, struct str *out, struct err *e);

/* 0, or 1 if it ran already. */
int container_start(struct container *c, const struct origin *by, struct err *e);
/* grace: seconds, -1 its own.  signal: NULL its own.  0, or 1 if it didn't run. */
int container_stop(struct container *c, const struct origin *by, int grace, const char *signal,
		   struct err *e);
int container_restart(struct container *c, const struct origin *by, int grace,
		      const char *signal, struct err *e);
int container_kill(struct container *c, const struct origin *by, const char *signal,
		   struct err *e);
int container_pause(struct container *c, const struct origin *by, bool pause, struct err *e);
/* docker update: want has fields of HostConfig.  409 where they clash with what is set. */
int container_update(struct container *c, const cJSON *want, char ***warnings, struct err *e);
int container_rename(struct container *c, const char *name, struct err *e);
/* Networks, also while it runs.  settings: the API's EndpointConfig, or NULL. */
int container_connect(struct container *c, const struct origin *by, struct net *n,
		      const cJSON *settings, struct err *e);
int container_disconnect(struct container *c, const struct origin *by, struct net *n,
			 struct err *e);
/* From a network, by name or id, that was removed while the container didn't run. */
int container_forget_network(struct container *c, const char *ref, struct err *e);
int container_resize(struct container *c, int rows, int cols, struct err *e);
/* volumes: those that were made for it without a name, too. */
int container_remove(struct container *c, const struct origin *by, bool force, bool volumes,
		     struct err *e);
/* bytes: of the writable layers. removed: ids (strv), appended. */
int containers_prune(struct containers *cs, const struct origin *by,
		     bool (*want)(void *arg, struct container *c), void *arg, char ***removed,
		     int64_t *bytes, struct err *e);

enum wait_for { WAIT_NOT_RUNNING, WAIT_NEXT_EXIT, WAIT_REMOVED };
/* Begins to wait at the state of now; then asks `stop` twice a second. */
struct wait { struct container *c; enum wait_for what; uint64_t exits; };
void container_wait_begin(struct container *c, enum wait_for what, struct wait *w);
/* 0 with the code, or -ECANCELED when stop(arg) said so. */
int container_wait(struct wait *w, bool (*stop)(void *arg), void *arg, int *code);

/* Attaches a client's socket (taken over, also on failure): at once if it runs,
 * with its first byte if it is still to be started. */
/* The client is about to be told that it is attached (101), which happens before
 * its socket can be handed over: a start that comes in between waits for it. */
void container_expect(struct container *c);
int container_attach(struct container *c, const struct origin *by, struct attach_options *o,
		     struct err *e);

/* Execs. */
struct exec {
	char id[65];
	struct container *c;	/* counted */
	char **argv, **env;
	char *user, *cwd, *detach_keys;
	bool tty, privileged, in, out, err;
	bool started, running;
	int pid, exit_code;	/* exit_code -1: not yet */
	struct origin by;	/* owned text */
	struct exec *next;
};
int exec_create(struct container *c, const struct origin *by, const cJSON *body, char id[65],
		struct err *e);
/* Copies the fields an answer shows as JSON (GET /exec/ID/json). */
int exec_inspect(struct containers *cs, const char *id, cJSON **out, struct err *e);
/* 404, 409 as the answer to a start request must be, before the stream begins. */
int exec_check(struct containers *cs, const char *id, bool *tty, struct err *e);
/* fd -1: detached; else taken over, also on failure. */
int exec_start(struct containers *cs, const char *id, int fd, const void *early, size_t early_len,
	       int rows, int cols, struct err *e);
/* SIGKILL for its program, if that still runs. */
void exec_kill(struct containers *cs, const char *id);
int exec_resize(struct containers *cs, const char *id, int rows, int cols, struct err *e);
cJSON *container_exec_ids(struct container *c);		/* array, or JSON null */

/* The layer stack: upper first, then the init layer, then the image's from the top. */
int container_layers(struct container *c, struct layers *out, struct err *e);
char *container_path(const struct container *c, const char *name);	/* below its directory; owned */
char *container_log_path(const struct container *c);			/* owned */
/* Bytes of the writable layer. */
int64_t container_size_rw(struct container *c);
/* Docker's array of {"Path","Kind"}: 0 modified, 1 added, 2 deleted. */
int container_changes(struct container *c, cJSON **out, struct err *e);

/* "starting", "healthy", "unhealthy", or "none".  Lock held. */
const char *container_health(const struct container *c);
/* State.Health: {"Status","FailingStreak","Log"}; owned, NULL if there is no check. */
cJSON *container_health_json(const struct container *c);
/* "Up 3 minutes", "Exited (0) 2 hours ago" …; owned. */
char *container_status_text(const struct container *c);
/* Signals by name ("KILL", "SIGKILL") or number: the number, or -EINVAL. */
int signal_number(const char *text);
/* What `docker events` shows of it; more: further attributes, consumed. */
void container_event(struct container *c, const char *action, cJSON *more);
/* A fact about this container; data is consumed.  Nothing if no journal is kept. */
void container_fact(struct container *c, const struct origin *by, const char *type, cJSON *data);
/* Around every image_remove() and image_prune(): until it is let go, no container comes
 * to be.  Not to be called with a container's lock held. */
void containers_hold_images(struct containers *cs, bool hold);
/* True for image_remove()'s in_use. */
bool containers_use_image(void *containers, const char *image_id, char *holder, size_t cap);
/* For volume_remove()'s users: their ids, ", " between; owned, NULL: nobody. */
char *containers_use_volume(void *containers, const char *name);
/* Docker's "Mounts" of inspect and ps; owned. */
cJSON *container_mounts(const struct container *c);

#endif