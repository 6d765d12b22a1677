/* image_tree.h - docker images --tree. */
#ifndef DRYDOCK_CLIENT_IMAGE_TREE_H
#define DRYDOCK_CLIENT_IMAGE_TREE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Prints the API's list, the newest first as it comes; all: dangling ones too. */
void image_tree(const cJSON *images, bool all);

#endif
