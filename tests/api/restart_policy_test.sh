#!/bin/bash
# Restart policies: when a container runs again, how often, and what can be done with it
# while it rests in between.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox
start() { start_daemon --bridge ddtest8 --bip 10.98.0.1/24 "$@"; }
look() { d inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' "$1"; }
looks() { [[ "$(look "$1")" =~ ^$2$ ]]; }

start
d pull -q busybox >/dev/null
d run -d --restart on-failure:2 --name twice busybox sh -c 'exit 4' >/dev/null
ok "on-failure:2 tries twice more" eventually looks twice "exited 4 2"
d start twice >/dev/null
ok "started by hand it counts anew" eventually looks twice "exited 4 2"
d run -d --restart on-failure --name good busybox true >/dev/null
sleep 0.4
is "$(look good)" "exited 0 0" "on-failure: success is no failure"
d run -d --restart always --name often busybox sh -c 'exit 3' >/dev/null
ok "always: again and again" eventually looks often "restarting 3 [4-9]"
rests() { [[ "$(d ps --filter name=often --format '{{.Status}}')" =~ ^Restarting\ \(3\)\ .*\ ago$ ]]; }
ok "ps" eventually rests
is "$(d inspect -f '{{.State.Running}} {{.State.Restarting}}' often)" "true true" "inspect"
like "$(d rm often 2>&1)" 'cannot remove container "/often": container is restarting: stop the container before removing or force remove' "rm"
like "$(d exec often true 2>&1)" 'Container [0-9a-f]{64} is restarting, wait until the container is running' "exec"
like "$(d pause often 2>&1)" 'is restarting, wait until the container is running' "pause"
ok "start says nothing" d start often
ok "update" d update --restart no often
ok "ends it" eventually looks often "exited 3 [0-9]+"
d update --restart unless-stopped often >/dev/null
d start often >/dev/null
eventually looks often "restarting 3 [3-9]"
ok "stop" d stop often
like "$(look often)" "^exited 3" "ends it at once"
sleep 1
like "$(look often)" "^exited 3" "for good"
d rm often good twice >/dev/null

# -- the next daemon
for p in always unless-stopped on-failure no; do
	d run -d --restart $p --name "up-$p" busybox sleep 1000 >/dev/null
	d run -d --restart $p --name "down-$p" busybox sleep 1000 >/dev/null
	d stop -t 0 "down-$p" >/dev/null
done
stop_daemon
start
is "$(d ps --format '{{.Names}}' | sort | tr '\n' ' ')" "down-always up-always up-on-failure up-unless-stopped " \
	"which of them run again with the next daemon"
kill_daemon
start
is "$(d ps --format '{{.Names}}' | sort | tr '\n' ' ')" "down-always up-always up-on-failure up-unless-stopped " \
	"and go on when one is killed"

d ps -aq | xargs "$CLIENT" rm -f >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
