#!/bin/bash
# Many at once: what a class, a script or a careless loop does to one daemon.
# timeout: 120
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox curl

at_once() {	# COUNT COMMAND…: each gets its number as the last word
	local n=$1 i; shift
	for ((i = 0; i < n; i++)); do "$@" "$i" & done
	wait $(jobs -p | grep -vx "$daemon_pid")
}
one_run() { d run --rm busybox echo "said $1"; }
one_create() {
	raw -o /dev/null -w '%{http_code}\n' -H "$JSON" -d '{"Image":"busybox"}' \
		"http://x/containers/create?n=[1-20]"
}
one_pull() { d pull -q hello-world; }
one_build() { printf 'FROM busybox\nRUN echo %s >/n\n' "$1" | DOCKER_BUILDKIT=0 d build -q -t "built$1" - 2>/dev/null; }
one_name() { d run -d --name same busybox sleep 1000 >/dev/null 2>&1 && echo "won"; }
one_idle() { d run -d --name "idle$1" busybox sleep 1000; }

start_daemon --bridge ddtest0
d pull -q busybox >/dev/null

is "$(at_once 20 one_run | sort -u | wc -l)" 20 "twenty runs"
is "$(at_once 20 one_pull | sort | uniq -c | xargs)" "20 docker.io/library/hello-world:latest" "twenty pulls of one image"
is "$(at_once 20 one_build | grep -c ^sha256:)" 20 "twenty builds"
is "$(for i in {0..19}; do d run --rm "built$i" cat /n; done | xargs)" "$(echo {0..19})" "each build has its own file"
is "$(at_once 20 one_name)" won "twenty of one name: one wins"
# There are so many that two of them draw the same one.
is "$(at_once 10 one_create | sort | uniq -c | xargs)" "200 201" "two hundred that nobody named"

is "$(at_once 12 one_idle | wc -l)" 12 "a dozen in the background"
start=$SECONDS
is "$("$DRYDOCK" docker stats --no-stream --format '{{.Name}}' | grep -c idle)" 12 "stats of all, by our client"
ok "takes no second for each" test $((SECONDS - start)) -lt 8
# 5000 is what Flask and MLflow listen on: nothing of ours may sit there.
ok "port 5000 is left to containers" d run -d --name flask -p 5000:80 busybox httpd -f -p 80 -h /var/www
is "$(curl -s -m 5 --retry 5 --retry-all-errors localhost:5000)" "Welcome to nginx!" "and is answered by one"
d rm -f $(d ps -aq) >/dev/null

# Megabytes of output: the supervisor sums up what it copies, in a moment.
big() { timeout 20 "$CLIENT" run --rm --log-driver "$1" busybox sh -c 'yes 0123456789 | head -c 20m' | sha256sum; }
want=$(yes 0123456789 | head -c 20M | sha256sum)
is "$(big none)" "$want" "20 MB of output, not logged"
is "$(big json-file)" "$want" "20 MB of output, logged"
like "$(raw http://x/drydock/facts)" "\"${want%% *}\"" "the journal has their sum"

stop_daemon
leak_check "nothing is left behind"
done_testing
