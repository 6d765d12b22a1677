/* http.h - HTTP/1.1 as a client of a simulated network speaks it. */
#ifndef DRYDOCK_SIM_HTTP_H
#define DRYDOCK_SIM_HTTP_H

#include "sim/userland/prog.h"

struct url { const char *scheme, *host, *path; int port; uint32_t address; };
struct reply {
	int status;
	char *head;			/* status line and headers, as they came */
	char *body;
	size_t body_n;
};

/* [http://]host[:port][/path]; false: none that a model can ask for. */
bool url_parse(struct prog *p, const char *text, struct url *u);
/* -ENOENT: no such name; -ECONNREFUSED and the like from connecting.  method "GET", "HEAD". */
long http_fetch(struct prog *p, struct url *u, const char *method, const char *agent, const char *headers,
		struct reply *r);
/* A header's value, or NULL. */
char *http_header(struct prog *p, const char *head, const char *name);

#endif
