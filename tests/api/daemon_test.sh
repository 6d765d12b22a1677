#!/bin/bash
# The daemon itself: its options and file, readiness, what a shutdown does to containers,
# restart policies, and what it says of programs in the journal.
# timeout: 180
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need busybox curl python3

need_real_docker
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
{"pidfile": "$WORK/pid", "bridge": "ddtest2", "log-level": "error"}
JSON
start_daemon --config-file "$WORK/daemon.json" -H tcp://127.0.0.1:2399
eventually test -s "$WORK/pid"	# written after the socket answers
is "$(cat "$WORK/pid")" "$daemon_pid" "daemon.json: pidfile"
is "$(curl -s http://127.0.0.1:2399/_ping)" OK "a second host, on loopback"
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
like "$(d info 2>&1)" "Live Restore Enabled: true" "--live-restore: docker info knows"
d run -d --name on -p 8081:80 busybox httpd -f -p 80 -h /var/www >/dev/null
stop_daemon
again -H tcp://127.0.0.1:2399
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
d create --name did2 busybox >/dev/null
raw -H 'X-Drydock-Actor: engine' -X DELETE http://x/containers/did2 >/dev/null
like "$(raw http://x/drydock/facts | grep '"type":"ctr.rm"' | tail -n 1)" '"actor":"student"' "nobody removes in the engine's name"
for actor in grader engine; do
	raw -H "$JSON" -H "X-Drydock-Actor: $actor" -d '{"type":"answer","data":{"question":"q","value":"4"}}' http://x/drydock/facts >/dev/null
	like "$(raw http://x/drydock/facts | tail -n 1)" '"actor":"student".*"type":"answer"' "who calls himself $actor answers as the student"
done
raw -X DELETE http://x/containers/nobody >/dev/null
like "$(raw http://x/drydock/facts | tail -n 1)" '"type":"ctr.rm.refused".*"why":"no-such"' "also who asked for what isn't there"
like "$(raw -X POST -H 'Content-Type: application/json' -d '{"Image":"busybox"}' http://x/drydock/containers/plan)" 'pivot_root' "a plan, and nothing is made"
is "$(d ps -aq)" "" "nothing was"

# -- numbers that are none, or too large for what they are for
c=$(d create -t busybox)
is "$(raw -X POST "http://x/containers/$c/resize?h=24&w=x" | tr -d '\n')" \
	'{"message":"strconv.Atoi: parsing \"x\": invalid syntax"}' "a width that is no number"
is "$(status -X POST "http://x/containers/$c/resize?h=99999999999999999999&w=80")" 400 "a height that fits nowhere"
is "$(status -X POST "http://x/containers/$c/stop?t=1e3")" 400 "a patience that is no whole number"
is "$(status -d '{"Image":"busybox","HostConfig":{"ConsoleSize":[-1,1e300]}}' http://x/containers/create)" 400 "a terminal of no size"
d start "$c" >/dev/null; x=$(raw -H "$JSON" -d '{"Cmd":["true"]}' http://x/containers/$(d run -d busybox sleep 100)/exec | grep -o '[0-9a-f]\{64\}')
is "$(status -d '{"Detach":true,"ConsoleSize":[1e999,2]}' "http://x/exec/$x/start")" 400 "exec: the same"
d rm -f $(d ps -aq) >/dev/null

# -- a client that has said all it will say still gets its answer
python3 - "${DOCKER_HOST#unix://}" 2399 <<'PY' && half=0 || half=1
import socket, sys, time
def ask(s, where, line):
    s.connect(where)
    s.sendall(("%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % line).encode())
    s.shutdown(socket.SHUT_WR)
    s.settimeout(10)
    got = b""
    while chunk := s.recv(4096):
        got += chunk
    return got
now = time.time()
for family, where in ((socket.AF_UNIX, sys.argv[1]), (socket.AF_INET, ("127.0.0.1", 2399))):
    got = ask(socket.socket(family), where, "GET /events?since=%d&until=%d" % (now - 60, now + 2))
    if b'"destroy"' not in got or not got.endswith(b"0\r\n\r\n"):
        sys.exit("cut short: %r" % got[-200:])
PY
is "$half" 0 "half a connection closed: events come until the end"

# -- a pull that fails before it begins is an error like any other
is "$(status -X POST "http://x/images/create?fromImage=busybox&tag=no-such")" 404 "pull: no such tag is 404"
like "$(d pull busybox:no-such 2>&1 >/dev/null)" "^Error response from daemon: .*busybox:no-such" "and docker says whose error it is"

# -- what docker info says
like "$(d info)" "Live Restore Enabled: false" "info: containers end with the daemon"
ok "info: no line is too long to read" test "$(d info 2>&1 | awk '{ if (length > n) n = length } END { print n }')" -lt 120

# -- a socket that is somebody else's
other=$WORK/other; mkdir -p "$other/run" "$other/lib"
said=$(DRYDOCK_ROOT=$other timeout 10 "$ENGINE" daemon -H "$DOCKER_HOST" --bridge ddtest9 2>&1)
like "$said" "listen on ${DOCKER_HOST#unix://}: another daemon answers there" "a socket where somebody answers is not taken"
is "$(raw http://x/_ping)" OK "nor harmed"
echo precious >"$WORK/file"
said=$(DRYDOCK_ROOT=$other timeout 10 "$ENGINE" daemon -H "unix://$WORK/file" --bridge ddtest9 2>&1)
like "$said" "there is a file of that name that is no socket" "a file is no socket"
is "$(cat "$WORK/file")" precious "and is kept"

stop_daemon
leak_check "nothing is left behind"
done_testing
