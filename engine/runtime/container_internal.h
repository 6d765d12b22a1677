/* container_internal.h - what container_*.c share among themselves. */
#ifndef DRYDOCK_RUNTIME_CONTAINER_INTERNAL_H
#define DRYDOCK_RUNTIME_CONTAINER_INTERNAL_H

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/random.h"
#include "runtime/container.h"
#include "runtime/container_event.h"
#include "runtime/container_places.h"
#include "runtime/networks.h"
#include "runtime/spec.h"
#include "runtime/state.h"
#include "trace/decorator.h"

struct work;			/* container_exit.c */

struct containers {
	struct kernel *kernel;
	char *data_root, *exec_root;
	int userns;			/* what containers live in; 0: the host's, no mapping */
	char *init_layer;		/* between every image and its writable layers */
	struct image_store *images;
	struct journal *journal;
	struct state *state;
	struct launcher *launcher;
	struct network *network;	/* the default bridge; NULL: none on this host */
	struct volumes *volumes;
	const cJSON *defaults;		/* HostConfig of what requests leave out; borrowed, or NULL */
	struct network_config bridge;	/* of the default bridge; borrowed */
	const char *host_ip;		/* where its ports are bound; borrowed, NULL: everywhere */
	const char *host_gateway, *seccomp;	/* as in containers_options, and so borrowed */
	char *const *network_opts;
	bool no_new_privs;

	pthread_mutex_t nets_lock;	/* the table of networks; taken after a container's */
	struct net **nets;		/* bridge, host, none, then users' own */
	size_t n_nets;

	pthread_mutex_t images_lock;	/* no image goes while a container of it comes; taken first */
	pthread_mutex_t lock;		/* the table, names, execs */
	struct container **v;
	size_t n;
	struct container *coming;	/* being created: their names are taken */
	struct exec *execs;

	pthread_mutex_t work_lock;
	pthread_cond_t work_more, work_done;
	struct work *first, **last;
	uint64_t queued, finished;	/* pieces of work, ever */
	_Atomic bool stopping;
	pthread_t worker, reaper;
	int threads;			/* of these two, running */
	int helpers;			/* threads that look after one container each; atomic */
};

/* userns.c: fills in `userns`, before anything is started. */
int userns_open(struct containers *cs, struct err *e);

/* container_table.c */
struct container *container_new(struct containers *cs);
/* Gives it its name (NULL: any that is free), which is its own from then on: until
 * table_unclaim(), and for longer if it is in the table by then.  409: name in use. */
int table_claim(struct container *c, const char *name, struct err *e);
void table_unclaim(struct container *c);
int table_add(struct containers *cs, struct container *c, struct err *e);	/* 409: name in use */
void table_remove(struct container *c);
struct container *table_find_id(struct containers *cs, const char *id);	/* counted */
/* The name of a container by its id, whoever holds its lock; owned, NULL if there is none. */
char *table_name(struct containers *cs, const char *id);
int container_save(struct container *c, struct err *e);
struct container *container_load(struct containers *cs, const cJSON *doc);
int check_name(const char *name, struct err *e);
int container_is_restarting(const struct container *c, struct err *e);	/* 409, in docker's words */
bool container_is_up(const struct container *c);	/* running or paused */

/* container_spec.c: lock held.  s is freed by the caller with spec_free(). */
bool config_has_env(const cJSON *config, const char *name);
int spec_build(struct container *c, struct spec *s, bool resolve_user, struct err *e);
bool host_flag(const struct container *c, const char *key);
const char *host_text(const struct container *c, const char *key);

/* container_defaults.c: the request with the daemon's defaults in it; owned. */
cJSON *defaults_body(const cJSON *defaults, const cJSON *body);

/* container_points.c.  What a plan has slots for (plan.h), less those it needs itself. */
#define MAX_POINTS 40
/* Sets c->points by what Config and HostConfig ask for.  Nothing is made yet. */
int points_build(struct container *c, struct err *e);

/* container_mounts.c: from points to directories and mounts. */
int mounts_make(struct container *c, struct err *e);	/* at creation: volumes, filled */
int mounts_ready(struct container *c, struct err *e);	/* before a start; undone by: */
void mounts_done(struct container *c);
/* After that, once: sources that are a path in a volume become what that leads to. */
int mounts_resolve(struct spec *s, struct err *e);
void mounts_build(const struct container *c, struct spec *s);
void mounts_remove_volumes(struct container *c);	/* those made for it alone */
const char *propagation_word(unsigned long flags);	/* "rslave" for MS_SLAVE | MS_REC */
int mounts_count(const struct container *c, const char *type);
/* The type of the mount that a path of the container lies on, or NULL. */
const char *mount_at(const struct container *c, const char *path);
/* container_share.c: pids of those whose namespaces are joined; lock held. */
int share_check(struct container *c, struct err *e);	/* at creation: those joined are there */
int share_namespaces(struct container *c, struct spec *s, struct err *e);
/* The pid of the running container that HostConfig's key names ("container:NAME"). */
int share_join(struct container *c, const char *key, const char *what, int *pid, struct err *e);
int devices_build(const cJSON *host, struct spec *s, struct err *e);
/* container_limits.c */
int limits_build(const cJSON *host, struct spec *s, struct err *e);
int caps_build(const cJSON *host, uint64_t *caps, struct err *e);

/* container_net.c: lock held. */
int net_start(struct container *c, struct spec *s, struct err *e);
void net_stop(struct container *c);
void net_adopt(struct container *c);
/* Before and after one of its places goes while it runs: where its ports lead to. */
void net_ports_leave(struct container *c, const struct place *p);
void net_ports_move(struct container *c);
int net_check_ports(struct container *c, struct err *e);	/* at creation */
int net_files(struct container *c, struct err *e);	/* hosts, hostname, resolv.conf */
int net_resolv_file(struct container *c, struct err *e);
/* One of the three, in place: it may be bound into the container, by its inode. */
int net_write_file(struct container *c, const char *name, const struct str *text, struct err *e);
cJSON *net_ports_fact(const struct container *c);	/* as asked for */

/* container_plug.c: lock held. */
int plug_all(struct container *c, struct err *e);	/* all places, or none */
void unplug_all(struct container *c);
void plug_adopt(struct container *c, struct err *e);	/* e: why one was lost */
struct place *plug_leader(const struct container *c);	/* with the default route; NULL: none */
bool plug_has_names(const struct container *c);		/* asks 127.0.0.11 */
void plug_tell_names(struct container *c);		/* after its name has changed */

/* container_links.c: lock held. */
int links_check(struct container *c, struct err *e);	/* at creation; fills in HostConfig.Links */
int links_hosts(struct container *c, struct str *text, struct err *e);	/* lines of /etc/hosts */
int links_env(struct container *c, char ***env, struct err *e);	/* variables, added */
/* The line about `other` in the /etc/hosts of c, as things are now; NULL: no link. */
char *links_line_to(struct container *c, struct container *other);

/* container_hosts.c: lock held.  Lines are owned by the caller, and have no end. */
/* Its own lines, of either family, each with its end; "": none.  Owned. */
char *hosts_lines(const struct container *c, const struct place *p);
void hosts_connected(struct container *c, const struct place *p);	/* while it runs */
void hosts_disconnected(struct container *c, const char *line);
void hosts_follow(struct container *c);		/* it has started: in the files of those linked to it */

/* container_start.c: lock held. */
void container_ended(struct container *c, const struct launch_exit *x);
int start_locked(struct container *c, const struct origin *by, struct err *e);

/* container_root.c: lock held, let go of meanwhile.  Until nobody has its files mounted. */
void container_root_await(struct container *c);

/* container_attach.c: lock held. */
void attach_waiting_to(struct container *c);	/* hands over those that came before the start */
void attach_drop(struct container *c);		/* closes them */
void attach_await(struct container *c);		/* until those expected are here, or 1 s */

/* container_remove.c */
int remove_locked(struct container *c, const struct origin *by, bool force, bool volumes,
		  struct err *e);
void *reaper_run(void *containers);
void reaper_wake(void);
int init_layer_make(struct containers *cs, struct err *e);

/* container_exit.c */
extern const struct launch_events container_launch_events;
int worker_start(struct containers *cs, struct err *e);
void worker_stop(struct containers *cs);
/* Waits for what is queued now to be carried out (three seconds at most). */
void worker_settle(struct containers *cs);

/* container_exit.c: fn(c) in a thread of its own, which holds a count of c and ends soon
 * after cs->stopping: it gives both back, and counts itself off cs->helpers. */
bool container_helper(struct container *c, void *(*fn)(void *c));

/* container_restart.c: lock held. */
bool restart_wanted(const struct container *c);		/* now that it has ended */
bool restart_with_daemon(const struct container *c);
void restart_later(struct container *c);
void restart_forget(struct container *c);

/* container_health.c: lock held. */
void health_start(struct container *c, bool again);	/* again: of a run that went on */
void health_stop(struct container *c);
void health_free(struct health *h);
struct health *health_load(const cJSON *o);

/* container_exec.c */
void execs_drop(struct container *c);		/* those of a container that is removed */
void execs_end(struct container *c);		/* PID 1 ended, and they with it */
void exec_finished(struct container *c, const char *exec_id, int code);
/* Who started the exec that a program of it belongs to; false: nobody known. */
bool exec_origin(struct container *c, struct origin *out);

/* container_changes.c: lock held. */
void changes_look(struct container *c);		/* compare now, write fs.change facts */
void changes_look_soon(struct container *c);	/* the same, unless it was done just now */
void changes_free(struct changes *ch);
void changes_baseline(struct container *c);	/* compare, but say nothing */

/* container_facts.c */
void facts_started(struct container *c, const struct launch_info *info, const struct spec *s);
void facts_proc(struct container *c, const struct launch_proc *p);
void facts_exit(struct container *c, const struct launch_exit *x);
void facts_visit(void *containers, const struct net_visit *v);

/* How long ago, in Docker's words ("About a minute"); buf >= 32. */
char *age_text(uint64_t ns, char *buf);

/* container_restore.c */
int restore_all(struct containers *cs, struct err *e);

#endif
