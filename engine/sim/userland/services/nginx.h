/* nginx.h - the configuration of the modelled web server. */
#ifndef DRYDOCK_SIM_NGINX_H
#define DRYDOCK_SIM_NGINX_H

#include "sim/userland/services/http.h"

struct nginx_conf {
	int port;
	const char *root, *name, *access_log, *error_log;
	const char *server_name;	/* "nginx/1.18.0": the version from the image's package */
	struct list index, types;	/* types: extension, type, extension ... */
	long uid, gid;			/* of the workers; -1 */
	bool foreground;
	int depth;			/* of includes */
};

/* Reads the file and what it includes; exits where that can't be read. */
struct nginx_conf *nginx_conf_read(struct prog *p, const char *path, const char *directives);
struct nginx_conf *nginx_conf_copy(struct arena *a, const struct nginx_conf *c);
const char *nginx_type(struct prog *p, const struct nginx_conf *c, const char *path);

#endif
