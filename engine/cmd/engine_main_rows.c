/* engine_main_rows.c - the daemon's settings as data: one row for flag and key. */
#include <stdlib.h>

#include "cmd/engine_main.h"
#include "core/cleanup.h"
#include "core/str.h"

/* Root's rights don't belong on a network, and nobody listens on loopback between. */
#define NO_TLS "the API is served on unix sockets and loopback, without TLS; from elsewhere it " \
	       "is reached by ssh (docker context create x --docker host=ssh://HOST)"
#define AT(member) offsetof(struct settings, member)

const struct option_row option_rows[] = {
	{ "host", "hosts", 'H', LIST, AT(hosts), "URL",
	  "listen there: unix:///PATH or tcp://127.0.0.1:PORT (may be repeated)" },
	{ "data-root", "data-root", 0, TEXT, AT(data_root), "DIR",
	  "images, containers and state (default /var/lib/drydock)" },
	{ "exec-root", "exec-root", 0, TEXT, AT(exec_root), "DIR",
	  "sockets and what must not survive a reboot (default /run/drydock)" },
	{ "pidfile", "pidfile", 'p', TEXT, AT(pidfile), "FILE",
	  "write the daemon's process number there" },
	{ "config-file", NULL, 0, TEXT, AT(config_file), "FILE",
	  "daemon.json (default /etc/drydock/daemon.json)" },
	{ "backend", "backend", 0, TEXT, AT(backend), "NAME",
	  "auto, linux (root), rootless (user namespaces)", "auto|linux|rootless",
	  "backend \"%s\" is not part of this build: auto, linux, rootless" },
	{ "trace", "trace", 0, TEXT, AT(trace), "on|off",
	  "keep the trace of kernel calls (default on)" },
	{ "registry-port", "registry-port", 0, TEXT, AT(registry_port), "PORT",
	  "port of the course registry (default 10740, or any free one; 0: none)" },
	{ "bridge", "bridge", 'b', TEXT, AT(bridge), "NAME",
	  "name of the bridge (default drydock0)" },
	{ "bip", "bip", 0, TEXT, AT(bip), "CIDR",
	  "the bridge's address (default 172.17.0.1/16)" },
	{ "default-address-pool", "default-address-pools", 0, LIST, AT(pools), "POOL",
	  "subnets of networks: base=10.10.0.0/16,size=24; of IPv6, too (may be repeated)" },
	{ "log-level", "log-level", 'l', TEXT, AT(log_level), "LEVEL",
	  "debug, info, warn, error, fatal", "debug|info|warn|error|fatal", "invalid logging level: %s" },
	{ "registry-mirror", "registry-mirrors", 0, LIST, AT(mirrors), "URL",
	  "ask this registry first for names of Docker Hub (may be repeated)" },
	{ "insecure-registry", "insecure-registries", 0, LIST, AT(insecure), "HOST",
	  "a registry without TLS (may be repeated)" },
	{ "live-restore", "live-restore", 0, FLAG, AT(live_restore), NULL,
	  "leave containers running when the daemon is stopped" },
	{ "debug", "debug", 'D', FLAG, AT(debug), NULL, "said by docker info" },
	{ "label", "labels", 0, LIST, AT(labels), "KEY=VALUE",
	  "shown by docker info (may be repeated)" },
	{ "log-driver", "log-driver", 0, TEXT, AT(log_driver), "NAME",
	  "of containers that name none: json-file, local, none", "json-file|local|none",
	  "logger: no log driver named '%s' is registered" },
	{ "log-opt", "log-opts", 0, LIST, AT(log_opts), "KEY=VALUE",
	  "the driver's options (may be repeated)" },
	{ "default-ulimit", "default-ulimits", 0, LIST, AT(ulimits), "LIMIT",
	  "of containers: nofile=1024:2048 (may be repeated)" },
	{ "default-shm-size", "default-shm-size", 0, TEXT, AT(shm_size), "BYTES",
	  "of containers' /dev/shm (default 64M)" },
	{ "init", "init", 0, FLAG, AT(init), NULL, "an init process in each container" },
	{ "dns", "dns", 0, LIST, AT(dns), "ADDRESS", "of containers (may be repeated)" },
	{ "dns-search", "dns-search", 0, LIST, AT(dns_search), "DOMAIN", "the same" },
	{ "dns-opt", "dns-opts", 0, LIST, AT(dns_opts), "OPTION", "the same" },
	{ "mtu", "mtu", 0, TEXT, AT(mtu), "BYTES", "of the bridge (default 1500)" },
	{ "ip", "ip", 0, TEXT, AT(ip), "ADDRESS", "bind ports of the bridge there (default 0.0.0.0)" },
	{ "ipv6", "ipv6", 0, FLAG, AT(ipv6), NULL, "give containers of the bridge IPv6 addresses, too" },
	{ "fixed-cidr-v6", "fixed-cidr-v6", 0, TEXT, AT(cidr6), "CIDR",
	  "the bridge's IPv6 subnet (default: a unique local one)" },
	{ "ip6tables", "ip6tables", 0, OFF, AT(no_ip6tables), NULL,
	  "accepted: IPv6 is masqueraded and kept apart as IPv4 is" },
	{ "icc", "icc", 0, OFF, AT(no_icc), NULL,
	  "let containers of the bridge reach one another (default true)" },
	{ "ip-masq", "ip-masq", 0, OFF, AT(no_masquerade), NULL,
	  "give packets out of the bridge the host's address (default true)" },
	{ "userland-proxy", "userland-proxy", 0, FLAG, AT(userland_proxy), NULL,
	  "accepted: ports are published in one way only" },
	{ "storage-driver", "storage-driver", 's', TEXT, AT(storage_driver), "NAME", "overlay2",
	  "overlay2", "error initializing graphdriver: driver not supported: %s" },
	{ "default-runtime", "default-runtime", 0, TEXT, AT(runtime), "NAME", "runc", "runc",
	  "specified default runtime '%s' does not exist" },
	{ "exec-opt", "exec-opts", 0, LIST, AT(exec_opts), "KEY=VALUE", "native.cgroupdriver=cgroupfs",
	  "native.cgroupdriver=cgroupfs", "invalid exec-opt \"%s\": control groups are files here" },
	{ "cgroup-parent", "cgroup-parent", 0, TEXT, AT(cgroup_parent), "GROUP",
	  "above the control groups of containers that name none (default /drydock)" },
	{ "default-cgroupns-mode", "default-cgroupns-mode", 0, TEXT, AT(cgroupns), "MODE",
	  "of containers: private, host", "private|host",
	  "default cgroup namespace mode (%s) is invalid; use \"host\" or \"private\"" },
	{ "default-ipc-mode", "default-ipc-mode", 0, TEXT, AT(ipc), "MODE",
	  "of containers: private, shareable", "private|shareable",
	  "default IPC mode setting (%s) is invalid; use \"private\" or \"shareable\"" },
	{ "no-new-privileges", "no-new-privileges", 0, FLAG, AT(no_new_privs), NULL,
	  "containers get no rights by setuid programs" },
	{ "seccomp-profile", "seccomp-profile", 0, TEXT, AT(seccomp_profile), "FILE",
	  "of containers: a profile, or builtin, or unconfined" },
	{ "group", "group", 'G', TEXT, AT(group), "GROUP", "may use the unix sockets" },
	{ "fixed-cidr", "fixed-cidr", 0, TEXT, AT(fixed_cidr), "CIDR",
	  "addresses of the bridge's containers come from there" },
	{ "host-gateway-ip", "host-gateway-ip", 0, TEXT, AT(host_gateway), "ADDRESS",
	  "what host-gateway means in --add-host (default: the bridge's address)" },
	{ "default-network-opt", "default-network-opts", 0, LIST, AT(network_opts), "DRIVER=KEY=VALUE",
	  "options of networks that are made later (may be repeated)" },
	{ "iptables", "iptables", 0, OFF, AT(no_iptables), NULL, "only true: networks stand on rules",
	  "true", "iptables=%s: this engine has no networks without rules that keep them apart" },
	{ "ip-forward", "ip-forward", 0, OFF, AT(no_forward), NULL,
	  "turn the host's forwarding on (default true)" },
	{ "max-concurrent-downloads", "max-concurrent-downloads", 0, TEXT, AT(downloads), "N",
	  "layers of a pull at a time (default 3)" },
	{ "max-concurrent-uploads", "max-concurrent-uploads", 0, TEXT, AT(uploads), "N",
	  "accepted: layers of a push go one after the other" },
	{ "max-download-attempts", "max-download-attempts", 0, TEXT, AT(attempts), "N",
	  "how often a broken download is taken up again in a row (default 5)" },
	{ "shutdown-timeout", "shutdown-timeout", 0, TEXT, AT(shutdown_timeout), "SECONDS",
	  "accepted: each container's own time to stop is waited for" },
	{ "http-proxy", "http-proxy", 0, TEXT, AT(http_proxy), "URL", "for the daemon's own requests" },
	{ "https-proxy", "https-proxy", 0, TEXT, AT(https_proxy), "URL", "the same" },
	{ "no-proxy", "no-proxy", 0, TEXT, AT(no_proxy), "HOSTS", "hosts that need none of these" },
	{ "raw-logs", "raw-logs", 0, FLAG, AT(raw_logs), NULL, "accepted: what is said has no colours" },
	{ "add-runtime", "runtimes", 0, LIST, AT(runtimes), "NAME=PATH", "only runc: this engine's own" },
	{ "feature", "features", 0, LIST, AT(features), "NAME=false", "only false: there are none" },
	{ "selinux-enabled", "selinux-enabled", 0, FLAG, AT(selinux), NULL, "only false", "false",
	  "selinux-enabled=%s: this engine sets no labels of SELinux" },
	{ "experimental", "experimental", 0, FLAG, AT(experimental), NULL, "only false", "false",
	  "experimental=%s: this engine has no experimental features" },
	{ "tls", "tls", 0, FLAG, AT(tls), NULL, "only false", "false", "tls=%s: " NO_TLS },
	{ "tlsverify", "tlsverify", 0, FLAG, AT(tlsverify), NULL, "only false", "false",
	  "tlsverify=%s: " NO_TLS },
	{ "tlscacert", "tlscacert", 0, TEXT, AT(tlscacert), "FILE", "refused", "", "tlscacert %s: " NO_TLS },
	{ "tlscert", "tlscert", 0, TEXT, AT(tlscert), "FILE", "refused", "", "tlscert %s: " NO_TLS },
	{ "tlskey", "tlskey", 0, TEXT, AT(tlskey), "FILE", "refused", "", "tlskey %s: " NO_TLS },
	{ "userns-remap", "userns-remap", 0, TEXT, AT(userns_remap), "USER[:GROUP]",
	  "containers' users are numbers of this one's (subuid(5)); \"default\": dockremap's" },
	{ "validate", NULL, 0, FLAG, AT(validate), NULL, "only check the options and the file" },
	{ "ready-fd", NULL, 0, TEXT, AT(ready_fd), "FD",
	  "write a byte to this descriptor when serving" },
};

const size_t n_option_rows = ARRAY_SIZE(option_rows);

static void *at(struct settings *s, const struct option_row *r) { return (char *)s + r->at; }
char **text_at(struct settings *s, const struct option_row *r) { return at(s, r); }
char ***list_at(struct settings *s, const struct option_row *r) { return at(s, r); }
bool *flag_at(struct settings *s, const struct option_row *r) { return at(s, r); }

void option_set(struct settings *s, const struct option_row *r, const char *value)
{
	if (r->kind == LIST) {
		strv_add(list_at(s, r), value);
	} else if (r->kind == TEXT) {
		free(*text_at(s, r));
		*text_at(s, r) = str_dup(value);
	} else {
		bool on = !value || !str_eq(value, "false");
		*flag_at(s, r) = r->kind == OFF ? !on : on;
	}
}
