/* own_docker.h - a `docker` on PATH that is this program. */
#ifndef DRYDOCK_LABS_OWN_DOCKER_H
#define DRYDOCK_LABS_OWN_DOCKER_H

#include "core/error.h"

/* Puts it first.  Where no link lies beside the program, one is made in a folder of its
 * own, *made: hand it to own_docker_remove() in the end (NULL: there is none). */
int own_docker_first(char **made, struct err *e);
void own_docker_remove(char *made);

#endif
