/* main.h - verbs of `drydock` that are no other program's. */
#ifndef DRYDOCK_CMD_MAIN_H
#define DRYDOCK_CMD_MAIN_H

/* drydock export-bundle CONTAINER|IMAGE DIR: the daemon writes DIR/config.json and
 * DIR/rootfs.  0 done, 1 it failed, 2 wrong usage. */
int export_bundle(int argc, char **argv);

#endif
