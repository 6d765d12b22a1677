#!/bin/bash
# The daemon itself: its options and file, readiness, what a shutdown does to containers,
# restart policies, and what it says of programs in the journal.
# timeout: 180
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
have_real_docker || skip_all "no docker client is installed"
need busybox curl python3

CLIENT=/usr/local/bin/docker
[ -x $CLIENT ] || CLIENT=/usr/bin/docker
export DOCKER_CLI_HINTS=false HOME=$WORK
d() { timeout 20 "$CLIENT" "$@"; }
raw() { curl -s -m 10 --unix-socket "${DOCKER_HOST#unix://}" "$@"; }
again() { start_daemon --bridge ddtest2 "$@"; }
state() { d inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' "$1"; }

# -- options and file
not_ok "an unknown option" "$ENGINE" daemon --no-such
is "$("$ENGINE" daemon --help | head -n 1)" "Usage: drydock daemon [OPTIONS]" "--help"
echo '{"no-such-key": 1}' >"$WORK/bad.json"
like "$("$ENGINE" daemon --config-file "$WORK/bad.json" 2>&1)" \
	"the following directives don't match any configuration option: no-such-key" "an unknown key"
echo '{"log-level": ' >"$WORK/torn.json"
like "$("$ENGINE" daemon --config-file "$WORK/torn.json" 2>&1)" "torn.json: invalid JSON" "a torn file"
like "$(DRYDOCK_ROOT=$WORK/r "$ENGINE" daemon --backend sim 2>&1)" 'backend "sim"' "a backend that isn't there"
cat >"$WORK/daemon.json" <<JSON
{"pidfile": "$WORK/pid", "bridge": "ddtest2", "hosts": ["tcp://127.0.0.1:2399"], "log-level": "error"}
JSON
start_daemon --config-file "$WORK/daemon.json"
is "$(cat "$WORK/pid")" "$daemon_pid" "daemon.json: pidfile"
is "$(curl -s http://127.0.0.1:2399/_ping)" OK "daemon.json: a second host, on loopback"
is "$(stat -c %a "${DOCKER_HOST#unix://}")" 660 "the socket is for owner and group"
stop_daemon
ok "the pidfile and the socket are gone with the daemon" test ! -e "$WORK/pid" -a ! -e "${DOCKER_HOST#unix://}"
python3 - "$ENGINE" <<'PY' && ready=0 || ready=1
import os, subprocess, sys, select
r, w = os.pipe(); os.set_inheritable(w, True)
p = subprocess.Popen([sys.argv[1], "daemon", "--bridge", "ddtest2", "--ready-fd", str(w)], close_fds=False, stderr=subprocess.DEVNULL)
os.close(w)
got = select.select([r], [], [], 10)[0] and os.read(r, 1)
there = os.path.exists(os.environ["DRYDOCK_ROOT"] + "/run/drydock.sock")
p.terminate(); p.wait()
sys.exit(not (got and there))
PY
is "$ready" 0 "--ready-fd gets a byte when the socket is there"

# -- the end of the daemon is the end of its containers, unless told otherwise
again
d pull -q busybox >/dev/null
d run -d --name plain busybox sleep 1000 >/dev/null
d run -d --name polite busybox sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
d run -d --restart always --name always busybox sh -c 'trap exit TERM; while :; do sleep 0.1; done' >/dev/null
sleep 0.3
d update --help >/dev/null
d stop -t 0 plain >/dev/null
d start plain >/dev/null
stop_daemon
is "$(pgrep -c -x sleep)" 0 "a shutdown ends the containers"
again
is "$(state polite)" "exited 3 0" "they were asked to end"
is "$(state plain)" "exited 137 0" "and who did not listen was killed after its grace"
like "$(state always)" "^running" "restart always: runs again with the daemon"
d rm -f polite plain always >/dev/null
stop_daemon
again --live-restore
d run -d --name on -p 8081:80 busybox httpd -f -p 80 -h /var/www >/dev/null
stop_daemon
again
is "$(d ps --format '{{.Names}}')" on "--live-restore: it runs on"
is "$(curl -s -m 5 localhost:8081)" "Welcome to nginx!" "and is reached again"
d rm -f on >/dev/null

# -- restart policies
d run -d --restart on-failure:2 --name twice busybox sh -c 'exit 4' >/dev/null
ok "on-failure:2 tries twice more" eventually sh -c "$CLIENT inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' twice | grep -q '^exited 4 2'"
is "$(d logs twice 2>&1 | wc -l)" 0 "and then rests"
d run -d --restart on-failure --name fine busybox true >/dev/null
sleep 0.5
is "$(state fine)" "exited 0 0" "on-failure: success is no failure"
d run -d --restart always --name again busybox sleep 0.2 >/dev/null
sleep 1.2
like "$(state again)" "^(running|restarting) 0 [1-9]" "always: also after success"
d stop -t 0 again >/dev/null
sleep 1
like "$(state again)" "^exited" "always: but not when stopped by hand"
d rm -f twice fine again >/dev/null

# -- what a container did, in the journal
d run --name did busybox sh -c 'cp /bin/busybox /tmp/cat; /tmp/cat /etc/layer /no/such; rm /tmp/cat' >/dev/null 2>&1
f=$(raw http://x/drydock/facts)
like "$(grep '"type":"proc.exec"' <<<"$f" | grep '"argv":\["/tmp/cat"')" '"exe":"/tmp/cat","exe_layer":"upper"' "a program out of the writable layer"
like "$(grep '"type":"proc.exec"' <<<"$f" | grep '"argv":\["sh","-c","cp')" '"exe":"/bin/busybox","exe_layer":"lower:0"' "a program out of the image's base"
like "$(grep '"type":"fs.read"' <<<"$f")" '"path":"/etc/layer","found":true,"sha256":"[0-9a-f]{64}"' "a file that was named"
like "$(grep '"type":"fs.read"' <<<"$f")" '"path":"/no/such","found":false' "a file that was named, and isn't there"
like "$(grep '"type":"proc.exit"' <<<"$f" | grep '"nspid":1')" '"stdout":"[0-9a-f]{64}","bytes":7' "what PID 1 printed, by its hash"
one=$(grep '"type":"ovl.mount"' <<<"$f" | tail -n 1 | grep -o '"upper":"[^"]*"')
d start did >/dev/null
sleep 0.5
two=$(raw http://x/drydock/facts | grep '"type":"ovl.mount"' | tail -n 1 | grep -o '"upper":"[^"]*"')
is "$two" "$one" "started again: the same writable layer"
like "$(raw http://x/drydock/facts | grep '"type":"ctr.start"' | tail -n 1)" '"n":2' "started again: counted"
raw -H 'X-Drydock-Actor: grader' -X DELETE "http://x/containers/did" >/dev/null
like "$(raw http://x/drydock/facts | grep '"type":"ctr.rm"' | tail -n 1)" '"actor":"grader"' "who asked is noted"
raw -X DELETE http://x/containers/nobody >/dev/null
like "$(raw http://x/drydock/facts | tail -n 1)" '"type":"ctr.rm.refused".*"why":"no-such"' "also who asked for what isn't there"
like "$(raw -X POST -H 'Content-Type: application/json' -d '{"Image":"busybox"}' http://x/drydock/containers/plan)" 'pivot_root' "a plan, and nothing is made"
is "$(d ps -aq)" "" "nothing was"

stop_daemon
leak_check "nothing is left behind"
done_testing
