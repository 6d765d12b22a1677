/* serve.h - the verb `registry` of the command line. */
#ifndef DRYDOCK_REGISTRY_SERVE_H
#define DRYDOCK_REGISTRY_SERVE_H

/* argv[0] is "registry".  The exit status: 0, 1, 2 for a wrong command line. */
int cmd_registry(int argc, char **argv);

#endif
