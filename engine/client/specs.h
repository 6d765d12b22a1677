/* specs.h - docker's little notations, as the API's JSON: published ports,
 * mounts, ulimits, extra hosts, devices.  Errors are docker's words. */
#ifndef DRYDOCK_CLIENT_SPECS_H
#define DRYDOCK_CLIENT_SPECS_H

#include <cjson/cJSON.h>

#include "core/error.h"

/* "[[ip:]host[-host]:]ctr[-ctr][/proto]" into ExposedPorts and PortBindings. */
int spec_port(const char *text, cJSON *exposed, cJSON *bindings, struct err *e);
/* "80", "8000-8010/udp" into ExposedPorts. */
int spec_expose(const char *text, cJSON *exposed, struct err *e);
/* "type=bind,src=/a,dst=/b,readonly": an element of HostConfig.Mounts. */
int spec_mount(const char *text, cJSON **out, struct err *e);
/* "nofile=1024:2048": an element of HostConfig.Ulimits. */
int spec_ulimit(const char *text, cJSON **out, struct err *e);
/* "/dev/null[:/dev/x[:rwm]]": an element of HostConfig.Devices. */
int spec_device(const char *text, cJSON **out, struct err *e);
/* "/dev/sda:500": an element of HostConfig.BlkioWeightDevice. */
int spec_weight(const char *text, cJSON **out, struct err *e);
/* "on-failure:3": HostConfig.RestartPolicy. */
int spec_restart(const char *text, cJSON **out, struct err *e);

/* "backend", or "name=backend,alias=web,ip=…": the name and its EndpointSettings. */
int spec_network(const char *text, char **name, cJSON **settings, struct err *e);
/* What `network create` is told about addresses, as IPAM's Config; lists end in NULL. */
struct ipam_words { char *const *subnets, *const *ranges, *const *gateways, *const *reserved; };
int spec_ipam(const struct ipam_words *w, cJSON **out, struct err *e);

/* For the option types: is it well formed? */
int spec_check_mount(const char *text, struct err *e);
int spec_check_weight(const char *text, struct err *e);
int spec_check_ulimit(const char *text, struct err *e);
int spec_check_host(const char *text, struct err *e);	/* "name:ip" */

/* A number between 0 and 65535, or "a-b" with a <= b. */
int spec_port_range(const char *text, unsigned *first, unsigned *last);

#endif
