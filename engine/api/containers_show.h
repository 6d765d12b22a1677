/* containers_show.h - containers as Docker's JSON. */
#ifndef DRYDOCK_API_CONTAINERS_SHOW_H
#define DRYDOCK_API_CONTAINERS_SHOW_H

#include "api/api.h"

/* NetworkSettings.Networks: the networks a container is in, by name.  Lock held. */
cJSON *show_networks(const struct container *c);
/* GET /volumes' array, with how often each is used and its size if asked for. */
int show_volumes(struct request *r, const cJSON *filters, bool usage, cJSON **out, struct err *e);
/* A row of GET /containers/json.  Lock held. */
cJSON *show_row(const struct request *r, struct container *c, bool size);

#endif
