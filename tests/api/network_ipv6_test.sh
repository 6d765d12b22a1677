#!/bin/bash
# Networks with IPv6, with the real docker client: addresses, names, the way out, ports,
# isolation, and a daemon killed in between.  ip, nft and the container's own C library say
# what came of it.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need nft ip curl
[ -e /proc/sys/net/ipv6 ] || skip_all "this kernel has no IPv6"

said() { d "$@" 2>&1; }
show() { d inspect -f "$2" "$1"; }	# CONTAINER TEMPLATE
configs() { d network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}' "$1"; }
names() { d exec "$1" getent ahostsv6 "$2" | awk '{ print $1 }' | sort -u | paste -sd' ' | grep . || echo -; }
reach() {	# FROM ADDRESS: does a TCP connection get through?
	d exec "$1" python3 -c "import socket; socket.create_connection(('$2', 80), 1)" >/dev/null 2>&1
}
server() {	# answers on both families, with the visitor's address
	d run -d "$@" python:3.9-slim python3 -c '
import http.server, socket
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = self.client_address[0].encode()
        self.send_response(200); self.send_header("Content-Length", str(len(text))); self.end_headers()
        self.wfile.write(text)
    def log_message(self, *a): pass
class S(http.server.ThreadingHTTPServer): address_family = socket.AF_INET6
S(("::", 80), H).serve_forever()' >/dev/null
}
IMAGES=course start_daemon
d pull -q python:3.9-slim >/dev/null

# -- making
d network create --ipv6 --subnet 10.66.0.0/24 --subnet fd00:66::/64 --ip-range fd00:66::80/121 \
	--gateway fd00:66::fe --aux-address printer=fd00:66::81 six >/dev/null
is "$(configs six)" "10.66.0.0/24 10.66.0.1 fd00:66::/64 fd00:66::fe " "subnets of both families"
is "$(d network inspect -f '{{.EnableIPv6}}' six)" true "inspect says so"
bridge=br-$(d network inspect -f '{{.Id}}' six | cut -c1-12)
like "$(ip -6 -o addr show dev "$bridge")" "fd00:66::fe/64" "the bridge has the gateway's address"
d network create --ipv6 local >/dev/null
like "$(configs local)" '^172\.18\.0\.0/16 172\.18\.0\.1 (fd[0-9a-f:]+)::/64 \1::1 $' "a unique local subnet where none is named"
d network create --ipv6 --subnet fd00:67::/64 other >/dev/null
like "$(configs other)" '^172\.19\.0\.0/16 172\.19\.0\.1 fd00:67::/64 fd00:67::1 $' "IPv4 comes beside it"
d network create --subnet fd00:68::/64 --subnet 10.68.0.0/24 four >/dev/null
is "$(configs four)$(d network inspect -f '{{.EnableIPv6}}' four)" "10.68.0.0/24 10.68.0.1 false" "without --ipv6 there is none"

# -- refused, in docker's words
refused() { is "$(said "${@:3}" | grep -v '^exit status')" "Error response from daemon: $1" "$2"; }
refused "invalid pool request: Pool overlaps with other one on this address space" "a subnet twice" \
	network create --ipv6 --subnet fd00:66:0:0:1::/80 x
refused "invalid network config:
invalid subnet fd00:69::5/64: it should be fd00:69::/64" "a subnet with host bits" network create --ipv6 --subnet fd00:69::5/64 x
is "$(raw -H "$JSON" -d '{"Name": "x", "EnableIPv6": true, "IPAM": {"Config": [
	{"Subnet": "fd00:69::/64", "Gateway": "fd00:70::1"}]}}' http://d/v1.47/networks/create)" \
	'{"message":"invalid network config:\ninvalid gateway fd00:70::1: parent subnet fd00:69::/64 doesn'"'"'t contain this address"}' \
	"a gateway of elsewhere"
refused "invalid network config:
invalid ip-range fd00:69::/48: CIDR block is bigger than its parent subnet fd00:69::/64" "a range that is too large" \
	network create --ipv6 --subnet fd00:69::/64 --ip-range fd00:69::/48 x
refused "bridge driver doesn't support multiple subnets" "two subnets of IPv6" \
	network create --ipv6 --subnet fd00:69::/64 --subnet fd00:70::/64 x
like "$(said network create -o com.docker.network.bridge.gateway_mode_ipv6=routed x)" "gateway mode nat only" "another gateway mode"
like "$(said run --rm --network six --ip6 fd00:99::5 python:3.9-slim true)" \
	"no configured subnet or ip-range contain the IP address fd00:99::5" "an address of elsewhere"
like "$(said run --rm --network local --ip6 fd00:99::5 python:3.9-slim true)" \
	"supported only when connecting to networks with user configured subnets" "a fixed address in a subnet nobody chose"
like "$(said run --rm --network six --ip6 nonsense python:3.9-slim true)" "invalid IPv6 address" "no address at all"
d rm -f $(d ps -aq) >/dev/null 2>&1

# -- addresses
server --name web --network six --network-alias www -p 8080:80
is "$(show web '{{with .NetworkSettings.Networks.six}}{{.GlobalIPv6Address}}/{{.GlobalIPv6PrefixLen}} {{.IPv6Gateway}} {{.IPAddress}}{{end}}')" \
	"fd00:66::80/64 fd00:66::fe 10.66.0.2" "the range's first free address"
server --name fixed --network six --ip6 fd00:66::1234 --ip 10.66.0.99
is "$(show fixed '{{with .NetworkSettings.Networks.six}}{{.GlobalIPv6Address}} {{.IPAddress}}{{end}}')" \
	"fd00:66::1234 10.66.0.99" "the address asked for"
server --name third --network six
is "$(show third '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}')" fd00:66::82 "a reserved one is left alone"
server --name dup --network other
refused "Address already in use" "an address twice" network connect --ip6 fd00:66::1234 six dup
like "$(d network inspect six)" '"IPv6Address": "fd00:66::80/64"' "the network's inspect lists them"
like "$(d exec web ip -6 addr show dev eth0 2>/dev/null || d exec web cat /proc/net/if_inet6)" \
	"fd00:66::80/64|fd000066000000000000000000000080" "the interface has it"
like "$(d exec web cat /proc/net/ipv6_route)" "^0{32} 00 0{32} 00 fd0000660000000000000000000000fe" "the default route leads to the gateway"
like "$(d exec web cat /etc/hosts)" "^fd00:66::80	" "/etc/hosts has it as well"

# -- names
is "$(names third web) $(names third www.six)" "fd00:66::80 fd00:66::80" "names have AAAA records"
is "$(d exec third getent ahostsv4 web | awk 'NR == 1 { print $1 }')" 10.66.0.2 "beside their A records"
is "$(d exec third python3 -c 'import socket; print(socket.gethostbyaddr("fd00:66::80")[0])')" web.six "and back from the address"
ok "reached by IPv6" eventually reach third fd00:66::80

# -- ports, the way out, isolation
ok "a published port is reached by IPv6" eventually curl -sf -m 2 'http://[::1]:8080/'
is "$(curl -s -m 5 'http://[::1]:8080/') $(curl -s -m 5 http://127.0.0.1:8080/)" \
	"fd00:66::80 ::ffff:10.66.0.2" "each family goes on as it came"
ip netns add outside 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip netns add outside; }
ip link add out0 type veth peer name in0 netns outside
ip -6 addr add fd00:9::1/64 dev out0 nodad; ip link set out0 up
ip -n outside -6 addr add fd00:9::2/64 dev in0 nodad; ip -n outside link set in0 up
ip -n outside link set lo up
ip -n outside -6 route add default via fd00:9::1
ip netns exec outside python3 -c '
import socket
s = socket.socket(socket.AF_INET6); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("::", 80)); s.listen()
while True:
    c, a = s.accept(); c.sendall(a[0].encode()); c.close()' &
outside=$!
seen() { d exec web python3 -c 'import socket; print(socket.create_connection(("fd00:9::2", 80), 2).recv(99).decode())' 2>&1 | tail -n 1; }
is_masqueraded() { [ "$(seen)" = fd00:9::1 ]; }
eventually is_masqueraded
is "$(seen)" fd00:9::1 "what leaves has the host's address"
not_ok "nobody comes in from outside" ip netns exec outside python3 -c '
import socket; socket.create_connection(("fd00:66::80", 80), 1)'
not_ok "no way from one network to another" reach dup fd00:66::80
like "$(nft list tables)" "table ip6 drydock_br_" "by a table of our own"

# -- joined and left while running
d network connect --ip6 fd00:67::77 other web
is "$(show web '{{.NetworkSettings.Networks.other.GlobalIPv6Address}}') $(names dup web)" "fd00:67::77 fd00:67::77" "joined while it runs"
is "$(d exec web grep -c fd00:67::77 /etc/hosts)" 1 "in /etc/hosts, too"
d network disconnect other web
is "$(d exec web grep -c fd00:67::77 /etc/hosts) $(names dup web)" "0 -" "and left again"
d network disconnect six web
d network connect four web
is "$(show web '{{.NetworkSettings.Networks.four.GlobalIPv6Address}}')" "" "none in a network without"
d network connect six web
like "$(d exec web cat /proc/net/ipv6_route)" "^0{32} 00 0{32} 00 fd0000660000000000000000000000fe" \
	"IPv6's default route goes where there is IPv6"
leads() { d exec "$1" awk '$1 ~ /^0+$/ && $2 == "00" && $10 != "lo" { print $5 }' /proc/net/ipv6_route; }
d network create --ipv6 --subnet fd00:a1::/64 alpha >/dev/null
d network create --ipv6 --internal --subnet fd00:a0::/64 aaa >/dev/null
d network connect alpha web
d network connect aaa web
is "$(leads web)" fd0000a1000000000000000000000001 "of several it goes to the first by name that isn't internal"
d network disconnect alpha web
is "$(leads web)" fd0000660000000000000000000000fe "and to the next when that one is left"
d run -d --name udp --network aaa --network alpha -p 5353:53/udp python:3.9-slim python3 -c '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(("::", 53))
while True: t, a = s.recvfrom(99); s.sendto(a[0].encode(), a)' >/dev/null
asked() { python3 -c '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.settimeout(1); s.sendto(b"x", ("::1", 5353)); print(s.recv(99).decode())'; }
eventually asked
is "$(asked)" fd00:a1::2 "ports of UDP as well"
d network create --ipv6 --subnet fd00:a2::/64 -o com.docker.network.host_ipv6=fd00:9::7 chosen >/dev/null
like "$(nft list ruleset)" "ip6 saddr fd00:a2::/64 .* snat to fd00:9::7" "the address outside can be chosen"

# -- killed
kill_daemon
IMAGES=course start_daemon
is "$(names third fixed)" fd00:66::1234 "after a kill: names have their addresses"
server --name late --network six
unlike "$(show late '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}')" \
	"^($(d inspect -f '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}' web third fixed | paste -sd'|'))$" "after a kill: none is given twice"
d stop -t 0 fixed >/dev/null; d start fixed >/dev/null
is "$(show fixed '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}')" fd00:66::1234 "a fixed address comes back"
d rm -f $(d ps -aq) >/dev/null
d network prune -f >/dev/null
is "$(nft list tables | grep ip6)" "" "their tables go with them"
stop_daemon

# -- daemon.json
echo '{"ipv6": true, "fixed-cidr-v6": "fd00:aa::/64", "default-address-pools": [
	{"base": "10.88.0.0/16", "size": 24}, {"base": "fd00:bb::/56", "size": 64}]}' >"$WORK/daemon.json"
IMAGES=course start_daemon --config-file "$WORK/daemon.json"
is "$(d run --rm python:3.9-slim python3 -c '
for l in open("/proc/net/if_inet6"):
    if l.startswith("fd"): print(l.split()[0])')" fd0000aa000000000000000000000002 "the default bridge, as daemon.json has it"
d create --name dflt python:3.9-slim sleep 100 >/dev/null; d start dflt >/dev/null
like "$(show dflt '{{.NetworkSettings.GlobalIPv6Address}}/{{.NetworkSettings.GlobalIPv6PrefixLen}} {{.NetworkSettings.IPv6Gateway}}')" \
	"^fd00:aa::[0-9a-f]+/64 fd00:aa::1$" "inspect shows it"
like "$(d run --rm --add-host up:host-gateway python:3.9-slim cat /etc/hosts)" "^fd00:aa::1	up$" "host-gateway has both families"
d network create --ipv6 p1 >/dev/null
d network create --ipv6 p2 >/dev/null
is "$(configs p1)$(configs p2)" "10.88.0.0/24 10.88.0.1 fd00:bb::/64 fd00:bb::1 10.88.1.0/24 10.88.1.1 fd00:bb:0:1::/64 fd00:bb:0:1::1 " \
	"default-address-pools of both families"
# A daemon that finds it running knows its address before it hands out others.
kill_daemon
IMAGES=course start_daemon --config-file "$WORK/daemon.json"
for i in 1 2 3; do d run -d --name "next$i" python:3.9-slim sleep 100 >/dev/null; done
d network connect bridge "$(d run -d --name live --network p1 python:3.9-slim sleep 100)"
is "$(d inspect -f '{{.NetworkSettings.Networks.bridge.GlobalIPv6Address}}' dflt next1 next2 next3 live | sort | uniq -d)" \
	"" "after a kill: no address of the default bridge is given twice"
d rm -f $(d ps -aq) >/dev/null
d network rm p1 p2 >/dev/null
stop_daemon
echo '{"ipv6": true}' >"$WORK/daemon.json"
IMAGES=course start_daemon --config-file "$WORK/daemon.json"
like "$(configs bridge)" '(fd[0-9a-f:]+)::/64 \1::1 $' "ipv6 alone: a unique local subnet"
stop_daemon
kill $outside; wait $outside 2>/dev/null
ip netns del outside; ip link del out0 2>/dev/null
umount -l /run/netns 2>/dev/null
leak_check "nothing is left behind"
done_testing
