/* networks_check.h - what a network may be asked to be. */
#ifndef DRYDOCK_RUNTIME_NETWORKS_CHECK_H
#define DRYDOCK_RUNTIME_NETWORKS_CHECK_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"

/* The body of a creation: types, name, driver, IPAM, in docker's words. */
int network_check(const cJSON *body, struct err *e);
/* com.docker.network.… options: a text for each that is given; dflt else. */
const char *network_option(const cJSON *doc, const char *key, const char *dflt);

/* By the flag, or by the driver's option. */
bool network_wants_ipv6(const cJSON *body);
/* The first block of IPAM.Config of IPv4, or (six) of IPv6; NULL: none is given. */
cJSON *network_config_of(const cJSON *doc, bool six);

bool network_is_link_name(const char *text);	/* as the kernel allows them */

#define OPTION_PREFIX "com.docker.network.container_iface_prefix"
#define OPTION_IPV6   "com.docker.network.enable_ipv6"
#define OPTION_BRIDGE "com.docker.network.bridge.name"
#define OPTION_ICC    "com.docker.network.bridge.enable_icc"
#define OPTION_MASQ   "com.docker.network.bridge.enable_ip_masquerade"
#define OPTION_HOST   "com.docker.network.bridge.host_binding_ipv4"
#define OPTION_SOURCE  "com.docker.network.host_ipv4"
#define OPTION_SOURCE6 "com.docker.network.host_ipv6"
#define OPTION_MODE  "com.docker.network.bridge.gateway_mode_ipv4"
#define OPTION_MODE6 "com.docker.network.bridge.gateway_mode_ipv6"
#define OPTION_TRUSTED "com.docker.network.bridge.trusted_host_interfaces"
#define OPTION_INHIBIT "com.docker.network.bridge.inhibit_ipv4"
#define OPTION_MTU    "com.docker.network.driver.mtu"

#endif
