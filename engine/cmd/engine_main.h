/* engine_main.h - the programs of build/drydock-engine, and the daemon's settings. */
#ifndef DRYDOCK_CMD_ENGINE_MAIN_H
#define DRYDOCK_CMD_ENGINE_MAIN_H

#include <stdbool.h>

#include "core/error.h"

/* dockerd's flags and daemon.json's keys, in one table (engine_main_options.c). */
struct settings {
	char **hosts;			/* -H: unix:///path, tcp://127.0.0.1:port */
	char *data_root, *exec_root, *pidfile, *config_file;
	char *backend, *trace, *bridge, *bip, *log_level;
	char *registry_port, *ready_fd;	/* numbers as text; NULL: not given */
	char **mirrors, **insecure, **pools;
	bool live_restore;
};

/* Flags over the configuration file over defaults.  0; 1 if --help was answered; or
 * -EINVAL with the reason in e. */
int settings_read(int argc, char **argv, struct settings *out, struct err *e);
void settings_free(struct settings *s);

int cmd_daemon(int argc, char **argv);
int cmd_registry(int argc, char **argv);
int cmd_bake(int argc, char **argv);
int cmd_dump_ast(int argc, char **argv);

#endif
