#!/bin/bash
# Users' own networks, with the real docker client: making and removing them, names,
# fixed addresses, several networks at once, isolation, and a daemon killed in between.
# timeout: 120
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
have_real_docker || skip_all "no docker client is installed"
need nft ip curl

CLIENT=/usr/local/bin/docker
[ -x $CLIENT ] || CLIENT=/usr/bin/docker
export DOCKER_CLI_HINTS=false HOME=$WORK
d() { timeout 20 "$CLIENT" "$@"; }
said() { d "$@" 2>&1; }
show() { d inspect -f "$2" "$1"; }	# CONTAINER TEMPLATE
# What a container resolves a name to, by its own C library's words: address or "-".
find_name() { d exec "$1" getent ahostsv4 "$2" | awk '{ print $1 }' | sort -u | paste -sd' ' | grep . || echo -; }
reach() {	# FROM ADDRESS: does a TCP connection get through?
	d exec "$1" python3 -c "import socket; socket.create_connection(('$2', 80), 1)" >/dev/null 2>&1
}

IMAGES=course start_daemon
d pull -q python:3.9-slim >/dev/null
server() { d run -d "$@" python:3.9-slim python3 -m http.server 80 >/dev/null; }

# -- making
id=$(d network create back)
like "$id" '^[0-9a-f]{64}$' "create prints the id"
is "$(d network ls --format '{{.Name}} {{.Driver}} {{.Scope}}')" "back bridge local
bridge bridge local
host host local
none null local" "ls shows it beside the three that are always there"
is "$(d network inspect -f '{{.Id}}' "${id:0:6}")" "$id" "found by the beginning of its id"
is "$(d network inspect -f '{{(index .IPAM.Config 0).Subnet}} {{(index .IPAM.Config 0).Gateway}}' back)" \
	"172.18.0.0/16 172.18.0.1" "the next subnet of the default pools"
like "$(ip -4 -o address show dev "br-${id:0:12}")" "172.18.0.1/16" "its bridge is there, named after the id"
d network create --subnet 10.77.0.0/16 --ip-range 10.77.5.0/24 --gateway 10.77.0.9 --label tier=front \
	--aux-address printer=10.77.5.0 front >/dev/null
is "$(d network inspect -f '{{json .IPAM.Config}} {{json .Labels}}' front)" \
	'[{"Subnet":"10.77.0.0/16","IPRange":"10.77.5.0/24","Gateway":"10.77.0.9","AuxiliaryAddresses":{"printer":"10.77.5.0"}}] {"tier":"front"}' \
	"subnet, range, gateway, reserved addresses and labels are kept"
is "$(d network ls -q --filter label=tier=front --format '{{.Name}}')" front "ls by label"
is "$(d network ls --filter type=custom --format '{{.Name}}' | paste -sd' ')" "back front" "ls by type"
is "$(d network ls --filter dangling=true --format '{{.Name}}' | paste -sd' ')" "back front" "ls of those nobody uses"

# -- refused, in docker's words
# What the client adds after the daemon's words ("exit status 1") is its own.
refused() { is "$(said "${@:3}" | grep -v '^exit status')" "Error response from daemon: $1" "$2"; }
refused "network with name back already exists" "a name twice" network create back
refused "operation is not permitted on predefined bridge network" "a predefined name" network create bridge
refused "invalid pool request: Pool overlaps with other one on this address space" "a subnet twice" \
	network create --subnet 10.77.8.0/24 other
refused 'only one instance of "host" network is allowed' "a second host network" network create -d host h2
refused "could not find plugin weave in v1 plugin registry: plugin not found" "an unknown driver" \
	network create -d weave w
refused "invalid network config:
invalid subnet 10.78.1.5/16: it should be 10.78.0.0/16" "a subnet with host bits" network create --subnet 10.78.1.5/16 x
like "$(said network create -o com.docker.network.bridge.inhibit_ipv4=true x)" "bridges are their containers' gateway" \
	"what can't be had isn't dropped in silence"
refused "bridge is a pre-defined network and cannot be removed" "the default bridge stays" network rm bridge
refused "network nope not found" "removing none" network rm nope
like "$(said run --rm --network nope python:3.9-slim true)" "network nope not found" "running in none"
like "$(said run --rm --ip 172.17.0.9 python:3.9-slim true)" \
	"user specified IP address is supported on user defined networks only" "a fixed address on the default bridge"
like "$(said run --rm --network back --ip 172.18.0.9 python:3.9-slim true)" \
	"supported only when connecting to networks with user configured subnets" "a fixed address in a subnet nobody chose"
like "$(said run --rm --network front --ip 10.9.9.9 python:3.9-slim true)" \
	"no configured subnet or ip-range contain the IP address 10.9.9.9" "an address of elsewhere"
like "$(said run --rm --network-alias a python:3.9-slim true)" \
	"network-scoped aliases are only supported for user-defined networks" "an alias on the default bridge"
d rm -f $(d ps -aq) >/dev/null 2>&1

# -- names
server --name web --network back --network-alias www --hostname webhost
refused "network nope not found" "connecting to no network" network connect nope web
server --name db --network back
is "$(find_name db web)" 172.18.0.2 "a container's name"
is "$(find_name db www)" 172.18.0.2 "an alias"
is "$(find_name db webhost)" 172.18.0.2 "a host name"
is "$(find_name db "$(d ps -q --filter name=web)")" 172.18.0.2 "a short id"
is "$(find_name db WEB.back)" 172.18.0.2 "with the network's name, in any case"
is "$(find_name db db)" 172.18.0.3 "its own name"
is "$(find_name db nobody-here)" - "an unknown name"
is "$(d exec db python3 -c 'import socket; print(socket.gethostbyaddr("172.18.0.2")[0])')" web.back "and back from the address"
is "$(d exec db cat /etc/resolv.conf | head -n 1)" "nameserver 127.0.0.11" "at Docker's address"
ok "the name leads to the program" eventually reach db web
is "$(show web '{{json (index .NetworkSettings.Networks "back").DNSNames}}')" \
	"[\"web\",\"www\",\"$(d ps -q --filter name=web)\",\"webhost\"]" "inspect shows the names"
d rename web shop
is "$(find_name db shop) $(find_name db web)" "172.18.0.2 -" "a new name works, the old one no more"
d rename shop web
server --name lone
is "$(d exec lone cat /etc/resolv.conf | grep -c 127.0.0.11)" 0 "the default bridge has no names"
is "$(find_name lone web)" - "and doesn't know those of others"
# Over TCP as well, and with a name server of the container's own on port 53.
is "$(d exec db python3 -c '
import socket, struct
q = struct.pack(">HHHHHH", 7, 256, 1, 0, 0, 0) + b"\3web\0" + struct.pack(">HH", 1, 1)
s = socket.create_connection(("127.0.0.11", 53)); s.sendall(struct.pack(">H", len(q)) + q)
r = s.recv(512); print(r[2:4] == q[:2], socket.inet_ntoa(r[-4:]))')" "True 172.18.0.2" "over TCP"
ok "port 53 is free inside" d exec db python3 -c '
import socket
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("0.0.0.0", 53))
t = socket.socket(); t.bind(("0.0.0.0", 53)); t.listen()'

# -- links, for the default bridge
d run -d --name store --expose 5432 -e PASS=x python:3.9-slim sleep 100 >/dev/null
said=$(d run --rm --name user --link store:my-db python:3.9-slim sh -c 'getent hosts my-db store; env | grep MY_DB | sort')
at=$(show store '{{.NetworkSettings.IPAddress}}')
like "$said" "^$at +my-db" "a link is a name in /etc/hosts"
like "$said" "^MY_DB_PORT_5432_TCP=tcp://$at:5432$" "and variables about the ports"
like "$said" "^MY_DB_ENV_PASS=x$" "and about the environment"
d create --name linked --link store python:3.9-slim true >/dev/null
is "$(show linked '{{json .HostConfig.Links}}')" '["/store:/linked/store"]' "inspect shows it as Docker does"
refused "could not get container for nope: No such container: nope" "a link to nobody" create --link nope python:3.9-slim
d stop -t 0 store >/dev/null
like "$(said start linked)" "Cannot link to a non running container: /store AS /linked/store" "a link to one that doesn't run"
is "$(d run --rm --network back --link db:other-name python:3.9-slim getent ahostsv4 other-name | awk 'NR == 1 { print $1 }')" \
	172.18.0.3 "on a user's network it is a name of one container only"
is "$(find_name web other-name)" - "that others don't know"
d rm -f linked >/dev/null
d start store >/dev/null
d run -d --name follower --link store:my-db python:3.9-slim sleep 100 >/dev/null
d exec follower sh -c 'printf "\n9.9.9.9 mine\n" >>/etc/hosts'
d stop -t 0 store >/dev/null
d run -d --name thief python:3.9-slim sleep 100 >/dev/null
sleep 0.1
d run -d --name thief2 python:3.9-slim sleep 100 >/dev/null
d start store >/dev/null
is "$(d exec follower awk '/my-db/ { print $1 }' /etc/hosts)" "$(show store '{{.NetworkSettings.IPAddress}}')" \
	"a linked container's new address is followed"
is "$(d exec follower tail -n 2 /etc/hosts | paste -sd,)" ",9.9.9.9 mine" "what the container wrote itself stays"
d rm -f store follower thief thief2 >/dev/null

d network connect back lone
is "$(d exec lone head -n 1 /etc/resolv.conf) $(find_name lone web)" "nameserver 127.0.0.11 172.18.0.2" "joined while it runs: names are there"
is "$(d exec lone tail -n 1 /etc/hosts)" "$(show lone '{{.NetworkSettings.Networks.back.IPAddress}}	{{.Config.Hostname}}')" \
	"/etc/hosts has the new address as well"
lines=$(d exec lone cat /etc/hosts | wc -l)
d network disconnect back lone
is "$(d exec lone cat /etc/hosts | wc -l)" $((lines - 1)) "and loses it again"
is "$(d exec lone grep -c 127.0.0.11 /etc/resolv.conf) $(find_name lone web)" "0 -" "left again: they are gone"

# -- apart
server --name other --network front
is "$(show other '{{(index .NetworkSettings.Networks "front").IPAddress}}')" 10.77.5.1 "the range's first free address"
not_ok "no way from one network to another" reach db 10.77.5.1
not_ok "nor back" reach other 172.18.0.2
is "$(find_name other web)" - "nor by name"

# -- what is gone
d network create passing >/dev/null
d create --name waiting --network passing python:3.9-slim true >/dev/null
d network rm passing >/dev/null
refused "network passing not found" "disconnected from a network that is gone" network disconnect passing waiting
d network disconnect -f passing waiting
is "$? $(show waiting '{{len .NetworkSettings.Networks}}')" "0 0" "with force it is forgotten"
refused "endpoint nobody not found" "a container that is gone, with force" network disconnect -f back nobody
d rm waiting >/dev/null

# -- several at once
d network connect --ip 10.77.9.9 --alias store front db
is "$(d exec db ls /sys/class/net | sort | paste -sd' ')" "eth0 eth1 lo" "connect adds an interface to a running container"
is "$(show db '{{(index .NetworkSettings.Networks "front").IPAddress}}')" 10.77.9.9 "with the address asked for"
is "$(find_name other store)" 10.77.9.9 "and the alias"
ok "reached there" eventually reach other store
is "$(find_name db web) $(find_name db other)" "172.18.0.2 10.77.5.1" "it sees both networks' names"
is "$(find_name other web)" - "but doesn't carry them across"
refused "endpoint with name db already exists in network front" "connected twice" network connect front db
refused "Address already in use" "an address twice" network connect --ip 10.77.9.9 front web
is "$(d network inspect -f '{{range .Containers}}{{.Name}}={{.IPv4Address}} {{end}}' front | tr ' ' '\n' | sort | paste -sd' ')" \
	" db=10.77.9.9/16 other=10.77.5.1/16" "inspect lists who is there"
like "$(said network rm front)" 'error while removing network: network front has active endpoints \(.*name:"db" id:"[0-9a-f]{12}"' "not removed while used"

# -- killed
kill_daemon
IMAGES=course start_daemon
is "$(find_name db web) $(find_name db other)" "172.18.0.2 10.77.5.1" "after a kill: names work again"
is "$(d network ls --filter type=custom --format '{{.Name}}' | paste -sd' ')" "back front" "after a kill: the networks are known"
is "$(show db '{{(index .NetworkSettings.Networks "front").IPAddress}}')" 10.77.9.9 "after a kill: so are the addresses"
server --name late --network back
is "$(show late '{{(index .NetworkSettings.Networks "back").IPAddress}}')" 172.18.0.4 "after a kill: no address is given twice"
d network disconnect front db
is "$(d exec db ls /sys/class/net | sort | paste -sd' ')" "eth0 lo" "disconnect takes the interface away"
is "$(find_name other store) $(find_name db web)" "- 172.18.0.2" "and its names, no others"
like "$(said network disconnect front db)" "container $(d ps -q --no-trunc --filter name=db) is not connected to network front" "disconnected twice"

# -- killed while networks come and go: each that is left is known, and can be removed
for i in 1 2 3 4 5 6; do
	for n in x y z; do d network create "$n$i" >/dev/null 2>&1; d network rm "$n$i" >/dev/null 2>&1; done &
	sleep 0.0$((i * 17 % 10))
	kill_daemon
	wait $! 2>/dev/null
	IMAGES=course start_daemon
done
known=$(d network ls -q --filter driver=bridge | sed 's/^/br-/' | sort)
is "$(ip -o link show type bridge | sed 's/^[0-9]*: //; s/:.*//' | grep ^br- | grep -vxF "$known")" "" "killed while networks come and go: no bridge is left behind"
is "$(nft list tables | sed -n 's/^table ip drydock_br_/br-/p' | grep -vxF "$known")" "" "nor a firewall table"
d network prune -f >/dev/null
is "$(d network ls --filter type=custom --format '{{.Name}}' | paste -sd' ')" "back front" "and those that are known can be removed"
is "$(d run --rm --network container:other python:3.9-slim getent ahostsv4 other | awk 'NR == 1 { print $1 }')" 10.77.5.1 "container:NAME shares the names as well"

# -- stopped and started
d stop -t 0 db >/dev/null
d network connect front db
is "$(d start db)" db "a network joined while stopped"
is "$(show db '{{len .NetworkSettings.Networks}}')" 2 "is there after the start"

d network disconnect front db
d network disconnect back db
is "$(d exec db ls /sys/class/net)" lo "disconnected from everything"
d network connect back db
is "$(find_name db web)" 172.18.0.2 "and connected again, in the same namespace"
ok "with a way out" d exec db python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("10.77.0.9", 9))'
d network disconnect back db
d restart -t 0 db >/dev/null
is "$(d exec db ls /sys/class/net) $(show db '{{len .NetworkSettings.Networks}}')" "lo 0" "a restart leaves it so, as dockerd does"
d network connect back db
is "$(find_name db web)" 172.18.0.2 "until it is connected"

# -- internal, and no talk among containers
d network create --internal closed >/dev/null
server --name in1 --network closed
server --name in2 --network closed
ok "internal: among themselves they talk" eventually reach in1 in2
is "$(d exec in1 cat /proc/net/route | awk '$2 == "00000000"')" "" "internal: no way out"
d network create -o com.docker.network.bridge.enable_icc=false -o com.docker.network.bridge.name=quiet0 \
	-o com.docker.network.driver.mtu=1400 quiet >/dev/null
ok "the bridge's name can be chosen" ip link show quiet0
server --name q1 --network quiet
server --name q2 --network quiet
is "$(d exec q1 cat /sys/class/net/eth0/mtu)" 1400 "so can the MTU"
not_ok "enable_icc=false: they can't reach one another" reach q1 q2
is "$(find_name q1 q2)" "$(show q2 '{{(index .NetworkSettings.Networks "quiet").IPAddress}}')" "though they have names"

# -- gone
d rm -f $(d ps -aq) >/dev/null
d network prune -f --filter label=tier=front >/dev/null
is "$(d network ls --filter type=custom --format '{{.Name}}' | paste -sd' ')" "back closed quiet" "prune by label"
is "$(d network rm back closed quiet | paste -sd' ')" "back closed quiet" "rm of several"
is "$(nft list tables | sort | paste -sd' ')" "table ip drydock" "their firewall tables are gone"
is "$(ip -o link show type bridge | wc -l)" 1 "and their bridges"
stop_daemon
echo '{"default-address-pools": [{"base": "10.88.0.0/16", "size": 24}]}' >"$WORK/daemon.json"
IMAGES=course start_daemon --config-file "$WORK/daemon.json"
d network create p1 >/dev/null
d network create p2 >/dev/null
is "$(d network inspect -f '{{(index .IPAM.Config 0).Subnet}}' p1 p2 | paste -sd' ')" "10.88.0.0/24 10.88.1.0/24" "default-address-pools"
d network rm p1 p2 >/dev/null
stop_daemon
is "$(nft list tables)" "" "the last one with the daemon"
leak_check "nothing is left behind"
done_testing
