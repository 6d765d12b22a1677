/* routes.h - the handlers that routes.def names, one resource a file. */
#ifndef DRYDOCK_API_ROUTES_H
#define DRYDOCK_API_ROUTES_H

#include "api/api.h"

#define ROUTE(method, pattern, fn) int fn(struct request *r, struct err *e);
#define UPLOAD ROUTE
#include "api/routes.def"
#undef ROUTE
#undef UPLOAD

/* POST /images/create without fromImage. */
int images_import(struct request *r, struct err *e);

#endif
