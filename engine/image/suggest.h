/* suggest.h - what a name that no registry knows may have been meant to be. */
#ifndef DRYDOCK_IMAGE_SUGGEST_H
#define DRYDOCK_IMAGE_SUGGEST_H

#include "image/reference.h"

/* Asks the mirrors (NULL ends the list) what they have: "hello-world" for
 * "helo-world", "ubuntu:20.04" for "ubuntu".  The caller's; NULL: nothing is near. */
char *suggest_image(const struct reference *ref, char *const *mirrors);

#endif
