/* networks_check.h - what a network may be asked to be. */
#ifndef DRYDOCK_RUNTIME_NETWORKS_CHECK_H
#define DRYDOCK_RUNTIME_NETWORKS_CHECK_H

#include <cjson/cJSON.h>

#include "core/error.h"

/* The body of a creation: types, name, driver, IPAM, in docker's words. */
int network_check(const cJSON *body, struct err *e);
/* com.docker.network.… options: a text for each that is given; dflt else. */
const char *network_option(const cJSON *doc, const char *key, const char *dflt);

#define OPTION_BRIDGE "com.docker.network.bridge.name"
#define OPTION_ICC    "com.docker.network.bridge.enable_icc"
#define OPTION_MASQ   "com.docker.network.bridge.enable_ip_masquerade"
#define OPTION_HOST   "com.docker.network.bridge.host_binding_ipv4"
#define OPTION_MTU    "com.docker.network.driver.mtu"

#endif
