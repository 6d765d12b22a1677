/* docker.h - the docker command line as a function.
 *
 * Callable any number of times in one process: it never exits, and leaves the
 * terminal, the signal handlers and the standard streams as it found them.
 * Labels for the journal come from the environment: DRYDOCK_SESSION,
 * DRYDOCK_STEP, DRYDOCK_ACTOR (sent as X-Drydock-…).
 */
#ifndef DRYDOCK_CLIENT_DOCKER_H
#define DRYDOCK_CLIENT_DOCKER_H

#include "core/version.h"

#define DOCKER_SPEAKS "28.2.2"	/* the docker client whose behaviour this one has */
#define DOCKER_API "1.47"

/* argv[0] is "docker".  Returns docker's exit code. */
int docker_main(int argc, char **argv);

#endif
