#!/bin/bash
# The Engine API's answers where no container runs: filters of lists, events, disk usage,
# and what a daemon without swarm, plugins and BuildKit says.
# timeout: 180
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox curl python3

msg() { raw "$@" | python3 -c 'import json, sys; print(json.load(sys.stdin)["message"])'; }
post() { local path=$1 body=$2; shift 2; raw -X POST -H 'Content-Type: application/json' -d "$body" "http://x$path" "$@"; }
filter() { python3 -c 'import sys, urllib.parse; print("filters=" + urllib.parse.quote(sys.argv[1]))' "$1"; }
# Columns of a list, sorted: PATH PYTHON-EXPRESSION-OF-A-ROW
rows() { raw "http://x$1" | python3 -c 'import json, sys
print(" ".join(sorted(str(eval(sys.argv[1], {"r": r})) for r in json.load(sys.stdin))))' "$2"; }
ps_() { rows "/containers/json?$(filter "$1")" 'r["Names"][0][1:]'; }
images() { rows "/images/json?$(filter "$1")${2:+&$2}" 'r["RepoTags"]'; }

start_daemon --bridge ddtest6
d pull -q busybox >/dev/null
d pull -q hello-world >/dev/null

# -- what every answer and every refusal has
head=$(raw -I http://x/_ping)
like "$head" "^Api-Version: 1.47" "ping: the version"
like "$head" "^Builder-Version: 1" "ping: the classic builder"
like "$head" "^Swarm: inactive" "ping: no swarm"
is "$(raw http://x/no/such)" '{"message":"page not found"}' "an unknown path"
is "$(status -X PATCH http://x/containers/json) $(status -X DELETE http://x/info)" "404 404" "a wrong method is as unknown"
is "$(status -X OPTIONS http://x/anything)" 200 "OPTIONS"
is "$(status http://x/v1.23/info) $(status http://x/v1.48/info) $(status http://x/v1.24/info)" "400 400 200" "versions too old, too new, and old enough"
is "$(msg http://x/v1.23/info)" "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version" "said in docker's words"
is "$(post /containers/create '{"Image":' -o /dev/null -w '%{http_code}')" 400 "torn JSON"
is "$(post /containers/create '[]' -o /dev/null -w '%{http_code}')" 400 "JSON of another type"
is "$(post /containers/create '{"Image":["busybox"]}' -o /dev/null -w '%{http_code}')" 400 "a field of another type"
is "$(raw -X POST http://x/containers/create)" '{"message":"invalid JSON: got EOF while reading request body"}' "no body at all"
is "$(msg -X POST -d '{}' http://x/containers/create)" \
	"unsupported Content-Type header (application/x-www-form-urlencoded): must be 'application/json'" "a body of another type"
is "$(msg -X POST -H 'Content-Type:' -d '{}' http://x/containers/create)" \
	"malformed Content-Type header (): mime: no media type" "a body of no type"
is "$(status -X POST -H 'Content-Type: Application/JSON; charset=utf-8' -d '{"Image":"none"}' http://x/containers/create)" 404 \
	"its type may have parameters"
head -c 5000000 /dev/zero | tr '\0' ' ' >"$WORK/large"
is "$(status -X POST -H 'Expect:' --data-binary "@$WORK/large" http://x/containers/create)" 413 "a body over its limit"

# -- containers: filters
d create --name one --label tier=web --label new -p 8080:80 busybox sleep 100 >/dev/null
d create --name two --label tier=db --expose 5353/udp -v /data busybox true >/dev/null
d run --name three busybox sh -c 'exit 3' >/dev/null
d run -d --name four --network host busybox sleep 100 >/dev/null
is "$(ps_ '{}')" four "ps: what runs"
is "$(ps_ '{"status":["created"]}')" "one two" "ps: status"
is "$(ps_ '{"status":{"exited":true,"running":true}}')" "four three" "ps: the other form of filters, several values"
is "$(msg "http://x/containers/json?$(filter '{"status":["bogus"]}')")" "invalid filter 'status=bogus': invalid value for state (bogus): must be one of [created running paused restarting removing exited dead]" "ps: a status that is none"
all() { rows "/containers/json?all=1&$(filter "$1")" 'r["Names"][0][1:]'; }
is "$(all '{"label":["tier=web"]}') $(all '{"label":["tier"]}') $(all '{"label":["tier","new"]}')" "one one two one" "ps: labels, all of which must fit"
is "$(all '{"name":["^/t"]}') $(all '{"name":["^two$"]}') $(all '{"name":["o(n|u)"]}')" "three two two four one" "ps: names are regular expressions"
is "$(all '{"exited":["3"]}') $(all '{"exited":["0"]}')" "three " "ps: exited"
is "$(msg "http://x/containers/json?$(filter '{"exited":["x"]}')")" "invalid filter 'exited=x': strconv.Atoi: parsing \"x\": invalid syntax" "ps: exited with no number"
is "$(all '{"ancestor":["busybox"]}') $(all '{"ancestor":["hello-world"]}')" "four one three two " "ps: ancestor"
is "$(all '{"before":["three"]}') $(all '{"since":["three"]}')" "one two four" "ps: before and since"
is "$(status "http://x/containers/json?$(filter '{"before":["nobody"]}')")" 404 "ps: before nobody"
is "$(all '{"network":["host"]}') $(all '{"volume":["/data"]}')" "four two" "ps: network, volume"
is "$(all '{"expose":["5353/udp"]}') $(all '{"expose":["80-90"]}') $(all '{"publish":["8080"]}')" "  " "ps: expose and publish see running containers' ports"
d start one >/dev/null
is "$(all '{"publish":["8000-8080/tcp"]}') $(all '{"expose":["80"]}')" "one one" "ps: publish, expose"
is "$(all '{"health":["none"]}') $(all '{"health":["healthy"]}') $(all '{"is-task":["true"]}')" "four one three two  " "ps: health, is-task"
is "$(msg "http://x/containers/json?$(filter '{"bogus":["1"]}')")" "invalid filter 'bogus'" "ps: an unknown filter"
is "$(msg "http://x/containers/json?filters=x")" "invalid filter" "filters that are no JSON"
is "$(rows '/containers/json?limit=2' 'r["Names"][0][1:]')" "four three" "ps: limit counts from the newest"
is "$(status 'http://x/containers/json?limit=x')" 400 "ps: a limit that is no number"
is "$(msg -X POST "http://x/containers/prune?$(filter '{"until":["bogus"]}')")" 'failed to parse value as time or duration: "bogus"' "prune: a time that is none"
is "$(post "/containers/prune?$(filter '{"label!":["tier"],"until":["1h"]}')" '' | tr -d '\n')" '{"ContainersDeleted":null,"SpaceReclaimed":0}' "prune: nothing that old"
d container prune -f --filter 'label!=tier' >/dev/null
is "$(all '{}')" "four one two" "prune: label!"

began=$(date +%s%N)
is "$(raw 'http://x/containers/two/stats?stream=0' | grep -o '"preread":"[^"]*"')" '"preread":"0001-01-01T00:00:00Z"' "stats of what doesn't run"
ok "come at once" test $(($(date +%s%N) - began)) -lt 900000000

# -- images: filters and older shapes
d tag busybox local/app:v1 >/dev/null
is "$(images '{"reference":["local/*"]}') $(images '{"reference":["*"]}')" "['local/app:v1'] ['busybox:latest'] ['hello-world:latest']" "images: reference; a star stops at a slash"
is "$(images '{"reference":["*/app:v?"]}') $(images '{"reference":["none"]}')" "['local/app:v1'] " "images: patterns"
is "$(images '{"dangling":["true"]}')" "" "images: dangling"
is "$(msg "http://x/images/json?$(filter '{"dangling":["x"]}')")" "invalid filter 'dangling=[x]'" "images: dangling, neither true nor false"
is "$(images '{"until":["2001-01-01"]}') $(images '{"label":["no.such"]}')" " " "images: until, label"
is "$(status "http://x/images/json?$(filter '{"before":["no-such"]}')")" 404 "images: before what isn't there"
one=$(raw http://x/v1.43/images/json | grep -o '"VirtualSize":[0-9]*' | head -n 1); ok "images: 1.43 has VirtualSize" test -n "$one"
is "$(raw http://x/images/json | grep -c VirtualSize)" 0 "images: 1.47 hasn't"
is "$(raw http://x/images/busybox/json | python3 -c 'import json, sys; c = json.load(sys.stdin)["Config"]; print([c[k] for k in ("User", "Tty", "Volumes", "WorkingDir")])')" "['', False, None, '']" "image inspect: a whole configuration"
is "$(raw http://x/v1.44/images/busybox/json | grep -c ContainerConfig) $(raw http://x/v1.45/images/busybox/json | grep -c ContainerConfig)" "1 0" "image inspect: before and since 1.45"
like "$(raw 'http://x/images/json?shared-size=1')" '"SharedSize":[0-9]' "images: shared-size when asked for"
is "$(raw -X POST "http://x/images/prune?$(filter '{"dangling":["false"],"until":["2001-01-01"]}')" | tr -d '\n')" '{"ImagesDeleted":null,"SpaceReclaimed":0}' "images prune: until"
is "$(status 'http://x/images/search?term=x')" 501 "images: search is answered plainly"

# -- df
is "$(raw 'http://x/system/df?type=image' | python3 -c 'import json, sys; print(sorted(json.load(sys.stdin)))')" "['Images', 'LayersSize']" "df: images alone"
is "$(raw http://x/system/df | python3 -c 'import json, sys; print(sorted(json.load(sys.stdin)))')" "['BuildCache', 'Containers', 'Images', 'LayersSize', 'Volumes']" "df: everything"
is "$(msg 'http://x/system/df?type=bogus')" "unknown object type: bogus" "df: an unknown type"
ok "df: what layers take is no more than what images say" python3 - "$(raw http://x/system/df)" <<'PY'
import json, sys
o = json.loads(sys.argv[1])
sys.exit(not 0 < o["LayersSize"] <= sum(i["Size"] for i in o["Images"]) or not o["Containers"][0]["ImageID"])
PY

# -- parameters that not every client sends
d run -d --name five --label a=b --log-opt labels=a busybox sh -c 'trap "echo hup; exit 7" HUP; echo up; while :; do sleep 0.1; done' >/dev/null
eventually sh -c "$CLIENT logs five | grep -q up"
is "$(d logs --details five) $(d logs five)" "a=b up up" "logs: details"
is "$(status -X POST 'http://x/containers/five/restart?signal=HUP&t=5')" 204 "restart with a signal"
like "$(d logs five | tr '\n' ' ')" "^up hup up " "which it got"
is "$(msg -X POST 'http://x/containers/five/stop?signal=NOPE')" "Invalid signal: NOPE" "stop: no such signal"
is "$(msg 'http://x/containers/five/top?ps_args=-o%20cmd')" "Couldn't find PID field in ps output" "top: without the PID"
is "$(raw 'http://x/containers/five/top?ps_args=auxww' | grep -o '"PID"') $(status 'http://x/containers/five/top?ps_args=--bogus')" '"PID" 400' "top: as wide as it gets, and what isn't known"
is "$(msg -X DELETE 'http://x/containers/five?link=1')" "Conflict, cannot remove the default link name of the container" "a link's removal"
is "$(msg -X POST 'http://x/containers/five/start?checkpoint=c')" "checkpoint is only supported in experimental mode" "start from a checkpoint"
is "$(post '/containers/create?platform=linux/s390x' '{"Image":"busybox"}' | tr -d '\n')" '{"message":"image with reference busybox was found but does not provide the specified platform (linux/s390x)"}' "create for another platform"
d rm -f five >/dev/null
like "$(raw http://x/info)" '"ID":"[0-9a-f]{8}-[0-9a-f]{4}-' "info: an id of its own"
is "$(raw http://x/info | grep -o '"IPv4Forwarding":[a-z]*')" "\"IPv4Forwarding\":$([ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] && echo true || echo false)" "info: what this machine does"
is "$(raw http://x/v1.24/info | grep -o '"SecurityOptions":[^]]*')" '"SecurityOptions":["seccomp","cgroupns"' "info: names alone before 1.25"

# -- events
d rm -f four >/dev/null
events() { raw "http://x/events?since=1&until=$(date +%s)&$(filter "$1")" | python3 -c 'import json, sys
for line in sys.stdin: e = json.loads(line); print(e["Type"], e["Action"], e["Actor"]["Attributes"].get("name"))'; }
sleep 1
like "$(events '{"container":["four"]}' | tr '\n' ';')" "^container create four;.*container start four;.*container destroy four;$" "events: of a container"
is "$(events '{"container":["four"],"event":["die"]}')" "container die four" "events: of one kind"
is "$(events '{"type":["image"],"event":["tag"]}' | wc -l)" 1 "events: type"
is "$(events '{"image":["busybox"],"event":["create"],"type":["container"]}' | wc -l)" 5 "events: image, with its tag or without"
is "$(events '{"label":["tier=db"],"event":["create"]}')" "container create two" "events: label"
like "$(raw "http://x/events?since=1&until=$(date +%s)&$(filter '{"event":["prune"]}')" | tail -n 1)" '"Type":"image".*"reclaimed":"0"' "events: a prune is one"
is "$(events '{"scope":["swarm"]}') $(events '{"network":["nothing"]}')" " " "events: scope, network"
is "$(msg 'http://x/events?since=200&until=100')" '`since` time (200) cannot be after `until` time (100)' "events: times the wrong way round"
is "$(status "http://x/events?since=1&until=2&$(filter '{"bogus":["1"]}')")" 200 "events: an unknown filter is dockerd's to overlook"

# -- no swarm, no plugins, no BuildKit
manager='This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
for path in /swarm /services /services/a /nodes /nodes/a /tasks /tasks/a/logs /secrets /configs/a; do
	is "$(msg "http://x$path")" "$manager" "no swarm: GET $path"
done
is "$(d service ls 2>&1)" "Error response from daemon: $manager" "docker service ls"
is "$(d swarm leave 2>&1)" "Error response from daemon: This node is not part of a swarm" "docker swarm leave"
like "$(d swarm init 2>&1)" "^Error response from daemon: swarm mode is not supported" "docker swarm init"
is "$(d plugin ls -q)" "" "docker plugin ls"
is "$(d plugin inspect nope 2>&1 >/dev/null | tail -n 1)" "Error response from daemon: plugin \"nope\" not found" "docker plugin inspect"
is "$(status -X POST http://x/plugins/a/b:c/enable)" 404 "a plugin with slashes in its name"
is "$(status -X POST http://x/session) $(status -X PUT http://x/volumes/a)" "501 503" "BuildKit's session, a cluster's volume"
is "$(status http://x/containers/two/attach/ws) $(status http://x/containers/nobody/attach/ws)" "501 404" "attach by websocket"
is "$(post /containers/two/start '{"Binds":[]}' -o /dev/null -w '%{http_code}')" 400 "start takes no configuration"

# -- images: when they got a name, and their nameless parents
tagged() { raw "http://x/images/$1/json" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Metadata"]["LastTagTime"])'; }
is "$(tagged hello-world)" "0001-01-01T00:00:00Z" "what was only pulled got no name here"
before=$(date -u +%FT%T.%N)
d tag hello-world hello-again
ok "a tag is noted"  test "$(tagged hello-world)" '>' "$before"
d rmi hello-again >/dev/null
ok "and stays noted without it"  test "$(tagged hello-world)" '>' "$before"
chain() { printf 'FROM busybox\nRUN touch /a\nRUN touch /b\n' | DOCKER_BUILDKIT=0 d build -q -t chain - >/dev/null; }
nameless() { rows '/images/json?all=1' 'not r["RepoTags"]' | grep -o True | wc -l; }
chain
is "$(tagged chain | cut -c1-2) $(nameless)" "20 1" "a build names its image; what it was made from has no name"
is "$(status -X DELETE 'http://x/images/chain?noprune=1') $(nameless)" "200 1" "noprune keeps that"
chain
is "$(status -X DELETE 'http://x/images/chain') $(nameless)" "200 0" "else it goes along"

# -- stats
d network create side >/dev/null
d run -d --name busy --network bridge busybox sh -c 'while :; do :; done' >/dev/null
d network connect side busy
look() { raw 'http://x/containers/busy/stats?stream=0' | python3 -c "import json, sys; s = json.load(sys.stdin)
cpu, net = s['cpu_stats']['cpu_usage'], s['networks']
print($1)"; }
is "$(look "sorted(net)")" "['eth0', 'eth1']" "stats: each interface by its name"
is "$(look "sorted(net['eth1'])")" "['rx_bytes', 'rx_dropped', 'rx_errors', 'rx_packets', 'tx_bytes', 'tx_dropped', 'tx_errors', 'tx_packets']" \
	"stats: what went over it"
d exec busy ping -c 3 -i 0.1 -w 2 "$(d network inspect -f '{{(index .IPAM.Config 0).Gateway}}' side)" >/dev/null
is "$(look "net['eth1']['rx_packets'] >= 3 and net['eth1']['tx_bytes'] >= 3 * 98")" True "stats: packets are counted where they go"
is "$(look "cpu['usage_in_usermode'] > 0 and cpu['usage_in_usermode'] + cpu['usage_in_kernelmode'] <= cpu['total_usage'] * 1.2")" True \
	"stats: time in the program and in the kernel"
d rm -f busy >/dev/null
d network rm side >/dev/null

d rm -f one two >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
