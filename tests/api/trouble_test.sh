#!/bin/bash
# Trouble: the daemon killed at any moment, clients killed, ports and names taken, a full
# disk, damaged layers, a registry that hangs up.  Each time: the right words, and nothing
# left behind.
# timeout: 240
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need busybox curl python3

need_real_docker
again() { start_daemon --bridge ddtest1; }
fresh() {	# a new root, with the images in its registry
	stop_daemon
	unset DRYDOCK_ROOT
	rm -rf "$WORK/root"
	again
}

again
d pull -q busybox >/dev/null

# -- kill -9 while containers run
d run -d --name web -p 8080:80 busybox httpd -f -p 80 -h /var/www >/dev/null
d run -d --name ticks busybox sh -c 'i=0; while :; do echo $((i=i+1)); sleep 0.1; done' >/dev/null
d run -d --name short busybox sh -c 'sleep 0.5; exit 5' >/dev/null
d run -d --rm --name vanishing busybox sleep 0.5 >/dev/null
kill_daemon
sleep 1
again
is "$(d ps --format '{{.Names}}' | sort | tr '\n' ' ')" "ticks web " "killed: what ran still runs"
is "$(d inspect -f '{{.State.Status}} {{.State.ExitCode}}' short)" "exited 5" "killed: who ended meanwhile has its exit status"
fails=$(d inspect vanishing 2>&1)
like "$fails" "[Nn]o such" "killed: --rm is carried out late"
is "$(curl -s -m 5 localhost:8080)" "Welcome to nginx!" "killed: the port is published again"
is "$(d exec web echo inside)" inside "killed: exec works"
# One reading of a log that grows: its last number is how many lines it must have.
a=$(d logs ticks | tail -n 1); sleep 0.5; d logs ticks >"$WORK/ticks"; b=$(tail -n 1 "$WORK/ticks")
ok "killed: the log has no gap and goes on" test "$b" -gt "$a" -a "$(wc -l <"$WORK/ticks")" -eq "$b"
is "$(d stop -t 0 ticks)" ticks "killed: stop works"
d rm -f web ticks short >/dev/null
is "$(d ps -aq)" "" "killed: everything can be removed"

# -- kill -9 at every kernel call of the daemon's own during a start
n=1 repaired=0 done=
while [ $n -le 40 ] && [ -z "$done" ]; do
	kill_daemon
	DRYDOCK_FAULT="#$n=kill" "$ENGINE" daemon -H "$DOCKER_HOST" --bridge ddtest1 >>"$WORK/daemon.log" 2>&1 &
	daemon_pid=$!
	for _ in $(seq 40); do [ -S "${DOCKER_HOST#unix://}" ] && d version >/dev/null 2>&1 && break; kill -0 $daemon_pid 2>/dev/null || break; sleep 0.05; done
	d run --rm --name victim -p 8080:80 busybox true >/dev/null 2>&1 && done=1
	kill -9 $daemon_pid 2>/dev/null; wait $daemon_pid 2>/dev/null
	again
	if [ "$(d run --rm -p 8080:80 --name check busybox echo fine 2>&1)" = fine ]; then
		repaired=$((repaired + 1))
	else
		diag "after a kill at call $n the next daemon does not work"
	fi
	d rm -f victim >/dev/null 2>&1
	n=$((n + 3))
done
is "$repaired" "$(((n - 1) / 3))" "killed at call 1, 4, 7 …: the next daemon works each time"
is "$(d ps -aq)" "" "and shows no container that isn't one"

# -- kill -9 at random moments of many starts
for i in 1 2 3 4 5 6; do
	for k in 1 2 3; do d run --rm busybox true >/dev/null 2>&1 & done
	sleep 0.0$((i * 13 % 10))
	kill_daemon
	wait $(jobs -p) 2>/dev/null
	again
done
sleep 0.5
d container prune -f >/dev/null
is "$(d ps -q)" "" "killed in the middle of starts: nothing runs on unseen"
is "$(d run --rm busybox echo fine)" fine "killed in the middle of starts: the next start works"

# -- kill -9 while building
printf 'FROM busybox\nRUN sleep 1717\n' | DOCKER_BUILDKIT=0 timeout 60 "$CLIENT" build - >"$WORK/build" 2>&1 &
eventually sh -c 'pgrep -x sleep -a | grep -q 1717'
kill_daemon
again
is "$(d ps -aq)" "" "killed while building: the step's container goes"
is "$(pgrep -x sleep -a | grep 1717)" "" "and so does its program"
printf 'FROM busybox\nRUN false\n' | DOCKER_BUILDKIT=0 "$CLIENT" build - >/dev/null 2>&1
left=$(d ps -aq)
kill_daemon
again
is "$(d ps -aq)" "$left" "what a failed build left to be looked at stays"
d rm "$left" >/dev/null

# -- kill -9 while pulling
d rmi -f busybox >/dev/null
( sleep 0.03; kill -9 "$daemon_pid" ) &
d pull busybox >/dev/null 2>&1
wait $! 2>/dev/null
kill_daemon
again
ok "killed while pulling: pulls again" d pull -q busybox
is "$(find "$DRYDOCK_ROOT/lib/image/tmp" -mindepth 1 2>/dev/null | wc -l)" 0 "killed while pulling: nothing half made is left"
is "$(d run --rm busybox echo fine)" fine "killed while pulling: the image works"

# -- one daemon a root
said=$("$ENGINE" daemon -H "unix://$WORK/other.sock" 2>&1); rc=$?
is "$rc" 1 "a second daemon on one root ends at once"
like "$said" "another daemon uses" "and says why"
said=$("$ENGINE" daemon -H tcp://0.0.0.0:2375 2>&1)
like "$(DRYDOCK_ROOT=$WORK/r2 "$ENGINE" daemon -H tcp://0.0.0.0:2375 --bridge ddtest2 2>&1)" "only on loopback" "no API for the whole network"

# -- clients killed
"$CLIENT" run --name held busybox sh -c 'sleep 0.7; echo late' >/dev/null 2>&1 &
sleep 0.4; kill -9 $!; wait $! 2>/dev/null
ok "client killed: the container goes on to its end" eventually sh -c "$CLIENT logs held | grep -q late"
"$CLIENT" logs -f held >/dev/null 2>&1 & kill -9 $!; wait $! 2>/dev/null
"$CLIENT" events >/dev/null 2>&1 & sleep 0.2; kill -9 $!; wait $! 2>/dev/null
"$CLIENT" pull hello-world >/dev/null 2>&1 & sleep 0.02; kill -9 $!; wait $! 2>/dev/null
ok "client killed while pulling: pulls again" d pull -q hello-world
d rm held >/dev/null

# -- a port taken by something else
python3 -c 'import socket,time; s=socket.socket(); s.bind(("0.0.0.0",8099)); s.listen(); time.sleep(30)' &
other=$!
sleep 0.5
said=$(d run --rm -p 8099:80 busybox true 2>&1); rc=$?
is "$rc" 125 "a port that another program has: 125"
like "$said" "8099.*(already in use|already allocated)" "and says so"
like "$(curl -s --unix-socket "${DOCKER_HOST#unix://}" http://x/drydock/port/8099)" '"free":false' "drydock/port knows it"
kill $other; wait $other 2>/dev/null
is "$(d ps -aq)" "" "nothing is left of it"

# -- damaged layers
blob=$(find "$DRYDOCK_ROOT/lib/registry/blobs" -type f -size +100k | head -n 1)
d rmi -f busybox >/dev/null
cp -a "$blob" "$WORK/good"; cp "$blob" "$WORK/bad"; chmod u+w "$WORK/bad"
printf 'damage' | dd of="$WORK/bad" bs=1 seek=5000 conv=notrunc 2>/dev/null
rm "$blob"; cp "$WORK/bad" "$blob"
said=$(d pull busybox 2>&1); rc=$?
ok "a damaged layer: pull fails" test $rc -ne 0
like "$said" "digest|checksum|corrupt|damaged|sha256|verif" "a damaged layer: says so"
rm "$blob"; head -c 20000 "$WORK/good" >"$blob"
not_ok "a truncated layer: pull fails" d pull busybox
is "$(d images -q busybox)" "" "no image came of it"
rm "$blob"; cp "$WORK/good" "$blob"
ok "the whole layer: pulls" d pull -q busybox

said=$(d pull "busybox@sha256:$(printf 'f%.0s' $(seq 64))" 2>&1); rc=$?
ok "a digest that nobody has: pull fails" test $rc -ne 0
like "$said" "manifest|not found|no mirror has" "a digest that nobody has: says so"
fails=$(d run --rm "no such image" true 2>&1)
like "$fails" "invalid reference format" "a name that is none"

# -- a registry that hangs up, or talks nonsense
cat >"$WORK/rude.py" <<'PY'
import socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(8)
while True:
    c, _ = s.accept()
    c.recv(4096)
    if sys.argv[2] == "nonsense":
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.distribution.manifest.v2+json\r\nContent-Length: 8\r\n\r\nnonsense")
    c.close()
PY
for how in hangup nonsense; do
	[ $how = hangup ] && port=5601 || port=5602
	python3 "$WORK/rude.py" $port $how & rude=$!
	sleep 0.5
	said=$(d pull 127.0.0.1:$port/thing 2>&1); rc=$?
	ok "a registry with $how: pull fails" test $rc -ne 0
	unlike "$said" "panic|unexpected EOF" "a registry with $how: in words"
	kill $rude; wait $rude 2>/dev/null
done
is "$(d images -q 127.0.0.1:5601/thing)" "" "no image came of it"

# -- a full disk
stop_daemon
mkdir -p "$WORK/small"
mount -t tmpfs -o size=4m tmpfs "$WORK/small"
export DRYDOCK_ROOT=$WORK/small IMAGES=none
mkdir -p "$DRYDOCK_ROOT/lib"
cp -a "$BUILD/test-images/registry" "$DRYDOCK_ROOT/lib/"
again
said=$(d pull busybox 2>&1); rc=$?
if [ $rc -eq 0 ]; then
	dd if=/dev/zero of="$DRYDOCK_ROOT/fill" bs=64k 2>/dev/null
	said=$(d run --rm busybox sh -c 'dd if=/dev/zero of=/x bs=64k count=100' 2>&1); rc=$?
fi
ok "a full disk: fails" test $rc -ne 0
like "$said" "[Nn]o space left|disk is full|full" "a full disk: says so"
rm -f "$DRYDOCK_ROOT/fill"
is "$(curl -s --unix-socket "${DOCKER_HOST#unix://}" http://x/_ping)" OK "a full disk: the daemon lives"
stop_daemon
umount "$WORK/small"

leak_check "nothing is left behind"
done_testing
