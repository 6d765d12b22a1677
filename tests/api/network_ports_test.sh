#!/bin/bash
# Published ports, with the real docker client: both IP versions, ranges, UDP, -P, one
# address only, and what is said about a port that is taken.  Then our own client's
# words about networks beside the real one's.
# timeout: 120
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
have_real_docker || skip_all "no docker client is installed"
need curl ip python3

CLIENT=/usr/local/bin/docker
[ -x $CLIENT ] || CLIENT=/usr/bin/docker
export DOCKER_CLI_HINTS=false HOME=$WORK
d() { timeout 20 "$CLIENT" "$@"; }
said() { d "$@" 2>&1; }
udp() {	# ADDRESS PORT TEXT: the answer to a datagram, or "-"
	python3 - "$@" <<'PY'
import socket, sys
address, port, text = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
try:
    s.sendto(text.encode(), (address, int(port)))
    print(s.recvfrom(2048)[0].decode())
except OSError:
    print("-")
PY
}
# Answers each datagram in capitals, and says how many it has met.
ECHO='
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 5353))
n = 0
while True:
    text, who = s.recvfrom(2048)
    n += 1
    s.sendto(text.upper() + b" " + str(n).encode(), who)'
up() { [ "$(udp 127.0.0.1 "$1" x)" != - ]; }

IMAGES=course start_daemon
d pull -q python:3.9-slim >/dev/null
server() { d run -d "$@" python:3.9-slim python3 -m http.server 80 >/dev/null; }
drop() { d rm -f "$@" >/dev/null; }

# -- all addresses
server --name web -p 8080:80
ok "IPv4" eventually curl -sfo /dev/null http://127.0.0.1:8080/
ok "IPv6" curl -sfo /dev/null 'http://[::1]:8080/'
is "$(d port web)" "80/tcp -> 0.0.0.0:8080
80/tcp -> [::]:8080" "port shows both"
is "$(d ps --format '{{.Ports}}')" "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp" "so does ps"
is "$(d inspect -f '{{json .HostConfig.PortBindings}}' web)" '{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}' "what was asked for is kept as it was"

# -- taken
name=$(d ps -q --filter name=web)
like "$(said run --rm -p 8080:80 python:3.9-slim true)" "Bind for 0.0.0.0:8080 failed: port is already allocated" "taken by a container"
like "$(said run --rm -p 127.0.0.1:8080:80 python:3.9-slim true)" "Bind for 127.0.0.1:8080 failed: port is already allocated" "one address of it, too"
is "$(d run --rm -p 8080:80/udp python:3.9-slim echo fine)" fine "the same number of UDP is another port"
python3 -c 'import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("0.0.0.0", 8099)); time.sleep(20)' &
other=$!
eventually grep -q ':1FA3 ' /proc/net/udp
like "$(said run --rm -p 8099:80/udp python:3.9-slim true)" "8099/udp: address already in use" "taken by another program's UDP socket"
kill $other; wait $other 2>/dev/null
drop web $(d ps -aq)

# -- one address only
ip address add 127.0.0.5/8 dev lo
server --name pa -p 127.0.0.1:8080:80
server --name pb -p 127.0.0.5:8080:80
ok "one address" eventually curl -sfo /dev/null http://127.0.0.1:8080/
ok "another has the port, too" eventually curl -sfo /dev/null http://127.0.0.5:8080/
is "$(d port pa)" "80/tcp -> 127.0.0.1:8080" "and nothing else is claimed"
server --name pc -p '[::1]:8080:80'
ok "IPv6's own loopback" eventually curl -sfo /dev/null 'http://[::1]:8080/'
drop pa pb pc

# -- ranges, free ones, all exposed ones
server --name r1 -p 8000-8002:80
server --name r2 -p 8000-8002:80
is "$(d port r1 | head -n 1) $(d port r2 | head -n 1)" "80/tcp -> 0.0.0.0:8000 80/tcp -> 0.0.0.0:8001" "the first free one of a range"
drop r1 r2
server --name many -p 9000-9002:80-82
is "$(d port many | grep -c 0.0.0.0)" 3 "as many as asked for"
drop many
server --name free -p 80
port=$(d port free 80 | sed -n '1s/.*://p')
ok "a free one: at least 32768" test "${port:-0}" -ge 32768
ok "which leads there" eventually curl -sfo /dev/null "http://127.0.0.1:$port/"
is "$(d port free 80 | sed 's/.*://' | sort -u | wc -l)" 1 "of the same number for both IP versions"
drop free
server --name all --expose 80 --expose 5353/udp -P
is "$(d port all | awk '{ print $1 }' | sort -u | paste -sd' ')" "5353/udp 80/tcp" "-P: all that are exposed"
drop all

# -- UDP
d run -d --name echo -p 5353:5353/udp python:3.9-slim python3 -c "$ECHO" >/dev/null
ok "UDP" eventually up 5353
like "$(udp 127.0.0.1 5353 hello)" '^HELLO [0-9]+$' "a question has its answer"
like "$(udp ::1 5353 six)" '^SIX [0-9]+$' "over IPv6 as well"
is "$(python3 - <<'PY'
import socket
socks = []
for i in range(50):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(2)
    s.sendto(b"v%d" % i, ("127.0.0.1", 5353))
    socks.append(s)
print(all(s.recv(99).split()[0] == b"V%d" % i for i, s in enumerate(socks)))
PY
)" True "fifty visitors at once, each with its own answer"
is "$(d port echo)" "5353/udp -> 0.0.0.0:5353
5353/udp -> [::]:5353" "port says udp"
kill_daemon
IMAGES=course start_daemon
ok "after a kill: UDP goes on" eventually up 5353
d stop -t 0 echo >/dev/null
is "$(udp 127.0.0.1 5353 late)" - "and ends with the container"
drop echo

# -- on a user's network; a port moves with its network
d network create one >/dev/null
d network create two >/dev/null
server --name web --network one -p 8080:80
d network connect two web
ok "on a user's network" eventually curl -sfo /dev/null http://127.0.0.1:8080/
d network disconnect one web
ok "by way of the other, when one is left" eventually curl -sfo /dev/null http://127.0.0.1:8080/
drop web
d network rm one two >/dev/null

# -- our own client says what the real one says, but for our hints
same() {	# NAME WORDS...
	local name=$1 theirs
	shift
	theirs=$(said "$@")
	is "$(docker "$@" 2>&1 | grep -v '^Hint:')" "$theirs" "both clients: $name"
}
like "$(docker network create --subnet 10.66.0.0/16 --gateway 10.66.0.1 --ip-range 10.66.1.0/24 --aux-address x=10.66.1.9 --label k=v -o com.docker.network.driver.mtu=1300 ours)" \
	'^[0-9a-f]{64}$' "ours: network create"
same "network ls" network ls
same "network ls --format" network ls --format '{{.Name}} {{.ID}} {{.Labels}}' --filter type=custom
same "network inspect" network inspect ours
same "create of a taken name" network create ours
same "create without a fitting subnet" network create --subnet 10.1.0.0/16 --gateway 10.2.0.1 x
same "create with a range alone" network create --ip-range 10.1.0.0/16 x
docker run -d --name member --network name=ours,ip=10.66.7.7,alias=m1,alias=m2 python:3.9-slim sleep 60 >/dev/null
is "$(d inspect -f '{{json (index .NetworkSettings.Networks "ours").Aliases}} {{(index .NetworkSettings.Networks "ours").IPAddress}}' member)" \
	'["m1","m2"] 10.66.7.7' "ours: run --network name=…,ip=…,alias=…"
same "rm of one in use" network rm ours
docker network create apart >/dev/null
is "$(docker network connect --alias z apart member 2>&1)" "" "ours: network connect"
same "connected twice" network connect apart member
is "$(d exec member getent ahostsv4 z | awk 'NR == 1 { print $1 }')" 172.18.0.2 "which gave it the alias"
is "$(docker network disconnect apart member 2>&1)" "" "ours: network disconnect"
same "disconnected twice" network disconnect apart member
docker rm -f member >/dev/null
is "$(docker network rm apart ours | paste -sd' ')" "apart ours" "ours: network rm"
same "rm of none" network rm nope
stop_daemon
leak_check "nothing is left behind"
done_testing
