/* containers_show.h - containers as Docker's JSON. */
#ifndef DRYDOCK_API_CONTAINERS_SHOW_H
#define DRYDOCK_API_CONTAINERS_SHOW_H

#include "api/api.h"

/* NetworkSettings.Networks: the networks a container is in, by name.  Lock held. */
cJSON *show_networks(const struct container *c);
/* GET /volumes' array, with how often each is used and its size if asked for. */
int show_volumes(struct request *r, const cJSON *filters, bool usage, cJSON **out, struct err *e);
/* Ports of a row: the published, and those only exposed.  Lock held. */
cJSON *show_row_ports(const struct container *c);

/* What docker ps asks for.  Zeroed but for before (UINT64_MAX) and all; filters is the
 * caller's to free, also after a failure. */
struct ps_filter {
	struct request *r;
	cJSON *filters;
	bool all, nothing;
	uint64_t before, since;		/* created, exclusive */
};
int ps_filter_read(struct request *r, struct ps_filter *f, struct err *e);
bool ps_filter_fits(const struct ps_filter *f, const struct container *c);	/* lock held */

/* A row of GET /containers/json.  Lock held. */
cJSON *show_row(const struct request *r, struct container *c, bool size);

#endif
