/* engine_main.h - the programs of build/drydock-engine, and the daemon's settings. */
#ifndef DRYDOCK_CMD_ENGINE_MAIN_H
#define DRYDOCK_CMD_ENGINE_MAIN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* dockerd's flags and daemon.json's keys, in one table (engine_main_options.c). */
struct settings {
	char **hosts;			/* -H: unix:///path, tcp://127.0.0.1:port */
	char *data_root, *exec_root, *pidfile, *config_file;
	char *backend, *trace, *bridge, *bip, *log_level;
	char *registry_port, *ready_fd;	/* numbers as text; NULL: not given */
	char **mirrors, **insecure, **pools, **labels;
	bool live_restore, debug, validate, init, userland_proxy, no_icc, no_masquerade;
	/* What containers get that don't say: texts as the flags have them. */
	char *log_driver, *shm_size;
	char **log_opts, **ulimits, **dns, **dns_search, **dns_opts;
	char *mtu, *ip, *cidr6;			/* of the default bridge */
	bool ipv6, no_ip6tables;
	char *storage_driver, *runtime, *cgroup_parent, *userns_remap;	/* one value alone will do */
	char **exec_opts;
	char *cgroupns, *ipc, *seccomp_profile, *group, *fixed_cidr, *host_gateway;
	bool no_new_privs, no_iptables, no_forward, selinux, raw_logs, experimental, tls, tlsverify;
	char *tlscacert, *tlscert, *tlskey;
	char *downloads, *uploads, *attempts, *shutdown_timeout;	/* numbers */
	char *http_proxy, *https_proxy, *no_proxy;
	char **runtimes, **features, **network_opts;
};

/* Flags over the configuration file over defaults.  0; 1 if --help was answered; or
 * -EINVAL with the reason in e. */
/* --validate: the settings are fine if this returns 0. */
/* Where images and state are without --data-root; owned. */
char *default_data_root(void);
int settings_read(int argc, char **argv, struct settings *out, struct err *e);
void settings_free(struct settings *s);
/* What wasn't said: as root the system's folders, otherwise XDG's, DRYDOCK_ROOT before both. */
void settings_roots(struct settings *s);
/* The HostConfig that containers get where they don't say (owned); EINVAL for a value
 * that no container could have. */
int settings_defaults(const struct settings *s, cJSON **out, struct err *e);

/* engine_main_rows.c: the table. */
enum option_kind { TEXT, LIST, FLAG, OFF };	/* OFF: a flag that is true unless it is said */
struct option_row {
	const char *flag, *key;		/* NULL: there is none */
	char letter;
	enum option_kind kind;
	size_t at;			/* in struct settings */
	const char *value, *what;	/* for --help */
	const char *only, *wrong;	/* "a|b": all values there are, and what is said of others */
};
extern const struct option_row option_rows[];
extern const size_t n_option_rows;
char **text_at(struct settings *s, const struct option_row *r);
char ***list_at(struct settings *s, const struct option_row *r);
bool *flag_at(struct settings *s, const struct option_row *r);
void option_set(struct settings *s, const struct option_row *r, const char *value);

/* engine_main_file.c: daemon.json into s.  given: rows that were flags already. */
int settings_file(struct settings *s, const bool *given, struct err *e);

int cmd_daemon(int argc, char **argv);
int cmd_registry(int argc, char **argv);
int cmd_bake(int argc, char **argv);
int cmd_dump_ast(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#endif
