/* body.h - from run's and create's options to the body of POST /containers/create.
 * The rows of the option table say which function puts a value where. */
#ifndef DRYDOCK_CLIENT_BODY_H
#define DRYDOCK_CLIENT_BODY_H

#include <cjson/cJSON.h>

#include "client/options.h"

/* What the rows of option tables name.  field: dotted, within body. */
#define PUT(name) int put_##name(cJSON *body, const char *field, char *const *values, struct err *e)

PUT(text); PUT(flag); PUT(bool);
PUT(int); PUT(bytes); PUT(duration); PUT(nano); PUT(list); PUT(caps); PUT(map);
PUT(env); PUT(env_file); PUT(label_file); PUT(one_list); PUT(volume); PUT(publish); PUT(expose);
PUT(restart); PUT(ulimit); PUT(device); PUT(tmpfs); PUT(mount); PUT(health); PUT(no_health);
PUT(security); PUT(hosts); PUT(throttle); PUT(weight); PUT(network);

/* Every given option that has a put function, into body. */
int body_options(cJSON *body, const struct options *o, struct err *e);
/* The whole body: every given option with a put function, the image and its
 * command (args[0], args[1…]).  *out is the caller's. */
int body_create(const struct options *o, char *const *args, cJSON **out, struct err *e);

#endif
