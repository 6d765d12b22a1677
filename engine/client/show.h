/* show.h - pieces of docker's columns that several lists share. */
#ifndef DRYDOCK_CLIENT_SHOW_H
#define DRYDOCK_CLIENT_SHOW_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/str.h"

/* "sha256:" off, and 12 digits unless whole. Caller frees. */
char *show_id(const char *id, bool whole);
/* At most max characters, the last an ellipsis. Caller frees. */
char *show_ellipsis(const char *text, size_t max);
/* In double quotes, as Go's strconv.Quote. Caller frees. */
char *show_quoted(const char *text);
/* "80/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp" from the API's Ports. Caller frees. */
char *show_ports(const cJSON *ports);
/* "a=b,c=d", by name. Caller frees. */
char *show_labels(const cJSON *labels);
/* Puts labels into a list's row: as text, and for {{.Label "x"}}. */
void show_put_labels(cJSON *row, const cJSON *labels);
/* Puts a size ("1.98MB"); digits as in human_size(). */
void show_put_size(cJSON *row, const char *field, double bytes, int digits);
/* "0.0.0.0:80" or "[::]:80", as Go's net.JoinHostPort. Caller frees. */
char *show_host_port(const char *ip, const char *port);

#endif
