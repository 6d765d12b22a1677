#!/bin/bash
# HEALTHCHECK: what is asked, how often, and what is said of it, by docker's own client.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox curl
health() { d inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}}' "$1"; }
ps_status() { d ps -a --filter "name=$1" --format '{{.Status}}'; }
is_now() { [ "$(d inspect -f '{{.State.Health.Status}}' "$1")" = "$2" ]; }
becomes() { eventually is_now "$@"; }
start() { start_daemon --bridge ddtest5 --bip 10.95.0.1/24 "$@"; }

start
d pull -q busybox >/dev/null
began=$(date +%s)
d run -d --name well --health-cmd 'test -e /tmp/well && echo fine' --health-interval 200ms --health-retries 2 \
	--health-start-period 10m --health-start-interval 100ms busybox sleep 1000 >/dev/null
like "$(ps_status well)" '^Up .* \(health: starting\)$' "ps: starting"
sleep 0.6
is "$(health well)" "starting 0" "failures of the start period do not count"
d exec well touch /tmp/well
ok "one success ends it" becomes well healthy
like "$(ps_status well)" '^Up .* \(healthy\)$' "ps: healthy"
is "$(d ps -q --filter health=healthy | wc -l)" 1 "ps --filter health=healthy"
is "$(d ps -q --filter health=starting | wc -l)" 0 "ps --filter health=starting"
like "$(d inspect -f '{{json .State.Health.Log}}' well)" '"ExitCode":0,"Output":"fine\\n"' "what it said is kept"
d exec well rm /tmp/well
ok "two failures make it unhealthy" becomes well unhealthy
like "$(ps_status well)" '^Up .* \(unhealthy\)$' "ps: unhealthy"
sleep 0.7
is "$(d inspect -f '{{len .State.Health.Log}}' well)" 5 "five results are kept"
is "$(d events --since "$began" --until "$(date +%s.%N)" --filter container=well --format '{{.Action}}' | grep health_status | tr '\n' ' ')" \
	"health_status: healthy health_status: unhealthy " "events: each change, once"
d exec well touch /tmp/well
becomes well healthy
kill_daemon
start
is "$(d inspect -f '{{.State.Health.Status}}' well)" healthy "a daemon that was killed remembers"
d exec well rm /tmp/well
ok "and the next one goes on asking" becomes well unhealthy
d stop -t 0 well >/dev/null
is "$(d inspect -f '{{.State.Health.Status}}' well)" unhealthy "what does not run is unhealthy"
d start well >/dev/null
like "$(health well)" "starting 0" "started again: from the beginning"

d run -d --name slow --health-cmd 'echo so far; exec sleep 100' --health-interval 100ms --health-timeout 300ms --health-retries 1 busybox sleep 1000 >/dev/null
ok "one that takes too long fails" becomes slow unhealthy
like "$(d inspect -f '{{json .State.Health.Log}}' slow)" 'ExitCode":-1,"Output":"Health check exceeded timeout \(300ms\): so far' "and says so"
sleep 1
ok "and does not stay" test "$(d top slow | grep -c 'sleep 100$')" -le 1
d run -d --name none --no-healthcheck busybox sleep 1000 >/dev/null
is "$(d inspect -f '{{.State.Health}}' none)" "<nil>" "--no-healthcheck"
d run -d --name plain busybox sleep 1000 >/dev/null
is "$(d ps -q --filter health=none | wc -l)" 2 "ps --filter health=none"
raw -X POST -H 'Content-Type: application/json' 'http://x/containers/create?name=exec' \
	-d '{"Image":"busybox","Cmd":["sleep","100"],"Healthcheck":{"Test":["CMD","/no/such"],"Interval":100000000,"Retries":1}}' >/dev/null
d start exec >/dev/null
ok "a program that is not there" becomes exec unhealthy
like "$(d inspect -f '{{json .State.Health.Log}}' exec)" '/no/such.*no such file' "and says so"
like "$(d run --health-cmd x --health-interval 1us busybox 2>&1)" "Interval in Healthcheck cannot be less than 1ms" "too often"

d ps -aq | xargs "$CLIENT" rm -f >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
