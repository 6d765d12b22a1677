#!/bin/bash
# Networks beside the happy path, with the real docker client: options that exclude each
# other, files about names, containers that lost their networks, drivers' options.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need ip curl

said() { d "$@" 2>&1 | grep -vE "^(Run 'docker|exit status|$)"; }
show() { d inspect -f "$2" "$1"; }	# CONTAINER TEMPLATE
inside() { d run --rm "${@:1:$#-1}" busybox sh -c "${*: -1}"; }	# OPTION... COMMAND
DAEMON="docker: Error response from daemon:"

printf 'nameserver 10.9.8.7\nsearch host.test\noptions timeout:3\n' >"$WORK/resolv.conf"
mount --bind "$WORK/resolv.conf" /etc/resolv.conf
start_daemon
d pull -q busybox >/dev/null
d network create --subnet 10.77.0.0/24 own >/dev/null
d run -d --name first busybox sleep 100 >/dev/null

# -- who shares another's network can't say what it is to be
for row in "-p 80:80|port publishing and the container type network mode" \
	"-P|port publishing and the container type network mode" \
	"--expose 80|port exposing and the container type network mode" \
	"--hostname x|hostname and the network mode" "--dns 1.2.3.4|dns and the network mode" \
	"--add-host a:1.2.3.4|custom host-to-IP mapping and the network mode" \
	"--mac-address 02:42:ac:11:00:09|mac-address and the network mode" \
	"--link first|container type network can't be used with links. This would result in undefined behavior"; do
	# shellcheck disable=SC2086 # an option and its value
	is "$(said run --rm --network container:first ${row%%|*} busybox true)" \
		"$DAEMON conflicting options: ${row#*|}" "container: with ${row%% *}"
done
is "$(said run --rm --network container: busybox true)" \
	"$DAEMON invalid network mode: invalid container format container:<name|id>" "container: of nobody"
like "$(said run --rm --network host --link first busybox true)" "host type networking can't be used with links" "host with links"
d create --name loop --network container:loop busybox true >/dev/null
like "$(said start loop)" "cannot join own network" "container: of oneself"
d create --name asleep busybox true >/dev/null
like "$(said run --rm --network container:asleep busybox true)" "cannot join network of a non running container" "container: of one that doesn't run"

# -- resolv.conf: what isn't given is the host's
lines() { sort | paste -sd, ; }
is "$(inside --dns-search ex.com 'cat /etc/resolv.conf' | lines)" "nameserver 10.9.8.7,options timeout:3,search ex.com" "a search list alone"
is "$(inside --dns-option ndots:2 'cat /etc/resolv.conf' | lines)" "nameserver 10.9.8.7,options ndots:2,search host.test" "options alone"
is "$(inside --dns 1.2.3.4 'cat /etc/resolv.conf' | lines)" "nameserver 1.2.3.4,options timeout:3,search host.test" "a server alone"
is "$(inside --dns-search . 'cat /etc/resolv.conf' | lines)" "nameserver 10.9.8.7,options timeout:3" "a dot: search nowhere"
like "$(inside --network own --dns-search ex.com 'cat /etc/resolv.conf' | lines)" "^nameserver 127.0.0.11,.*search ex.com$" \
	"the same on a user's network"

# -- networks that can't be
refused() { is "$(said "${@:3}")" "Error response from daemon: $1" "$2"; }
refused "failed to allocate gateway (10.82.0.0): Address already in use" "the subnet's address as its gateway" \
	network create --subnet 10.82.0.0/24 --gateway 10.82.0.0 x
refused "failed to allocate gateway (10.82.0.255): Address already in use" "the broadcast address as its gateway" \
	network create --subnet 10.82.0.0/24 --gateway 10.82.0.255 x
refused "failed to allocate gateway (): No available addresses on this pool" "no room for anybody" network create --subnet 10.83.0.0/31 x
refused "cannot create a swarm scoped network when swarm is not active" "a swarm's network" network create --scope swarm x
refused "could not find plugin macvlan in v1 plugin registry: plugin not found" "another driver" network create -d macvlan x

# -- disconnected from everything, it stays so
d run -d --name lost --network own --ip 10.77.0.9 busybox sleep 100 >/dev/null
d network disconnect own lost
d restart -t 0 lost >/dev/null
is "$(d exec lost ls /sys/class/net) $(show lost '{{len .NetworkSettings.Networks}}')" "lo 0" "after a restart, too"
d network connect --ip 10.77.0.9 own lost
is "$(show lost '{{.NetworkSettings.Networks.own.IPAddress}}')" 10.77.0.9 "until it is connected again"
d stop -t 0 lost >/dev/null
d run -d --name thief --network own busybox sleep 100 >/dev/null
d start lost >/dev/null
is "$(show lost '{{.NetworkSettings.Networks.own.IPAddress}}')" 10.77.0.9 "a fixed address is kept over a stop"
d stop -t 0 lost >/dev/null
d network disconnect own thief
d network rm own >/dev/null
like "$(said start lost)" "network .* not found" "its network is gone: it can't start"
is "$(show lost '{{.State.ExitCode}}')" 137 "and its exit code is still that of its last run"

# -- interfaces: names and settings
d network create -o com.docker.network.container_iface_prefix=lan pre >/dev/null
is "$(inside --network pre 'ls /sys/class/net' | paste -sd' ')" "lan0 lo" "the network names its interfaces"
is "$(inside --network name=pre,driver-opt=com.docker.network.endpoint.ifname=wan 'ls /sys/class/net' | paste -sd' ')" "lo wan" "an endpoint has a name of its own"
is "$(inside --network name=bridge,driver-opt=com.docker.network.endpoint.ifname=uplink 'ls /sys/class/net; ip -o -4 addr show dev uplink | wc -l' | paste -sd' ')" \
	"lo uplink 1" "on the default bridge, too"
like "$(said run --rm --network name=pre,driver-opt=com.docker.network.endpoint.ifname=a/b busybox true)" "invalid interface name a/b" "no name"
is "$(inside --network 'name=pre,"driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=0"' \
	'cat /proc/sys/net/ipv4/conf/lan0/log_martians /proc/sys/net/ipv4/conf/lan0/forwarding' | paste -sd' ')" "1 0" "sysctls of an endpoint"
like "$(said run --rm --network name=pre,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.eth0.log_martians=1 busybox true)" \
	"unrecognised network interface sysctl 'net.ipv4.conf.eth0.log_martians=1'" "a sysctl of another's"
like "$(said run --rm --network name=pre,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.nonsense=1 busybox true)" \
	"failed to set net/ipv4/conf/lan0/nonsense=1" "a sysctl that isn't there"
is "$(inside --network pre --link-local-ip 169.254.7.7 --link-local-ip fe80::7 \
	'ip -o addr show lan0 | awk "{ print \$4 }" | grep -E "^(169|fe80::7/)"' | paste -sd' ')" "169.254.7.7/16 fe80::7/64" "link-local addresses"
like "$(said run --rm --network pre --link-local-ip nonsense busybox true)" "invalid link-local IP address|invalid.*nonsense" "none"
is "$(inside --network name=pre,mac-address=02:42:ac:11:00:77 'cat /sys/class/net/lan0/address')" 02:42:ac:11:00:77 "a hardware address by network"

# -- of several networks, the default route is the first's by name, or of highest priority
d network create --subnet 10.91.0.0/24 g1 >/dev/null
d network create --subnet 10.92.0.0/24 g2 >/dev/null
route='ip route | grep -o "default via [0-9.]*"'
is "$(inside --network g2 --network g1 "$route")" "default via 10.91.0.1" "the default route goes to the first by name"
is "$(inside --network g1 --network name=g2,gw-priority=1 "$route")" "default via 10.92.0.1" "or to that of the highest priority"

d rm -f $(d ps -aq) >/dev/null
d network prune -f >/dev/null
stop_daemon
umount /etc/resolv.conf
leak_check "nothing is left behind"
done_testing
