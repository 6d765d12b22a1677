#!/bin/bash
# What we save, dockerd loads, and the other way round; likewise imports of exports.
# timeout: 90
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need dockerd
start_daemon --bridge ddarch2
ours() { d "$@"; }
theirs() { DOCKER_HOST=unix://$WORK/dockerd.sock d "$@"; }
mkdir -p "$WORK/dockerd"
dockerd -H "unix://$WORK/dockerd.sock" --data-root "$WORK/dockerd/data" --exec-root "$WORK/dockerd/exec" \
	--pidfile "$WORK/dockerd/pid" --bridge none --iptables=false >"$WORK/dockerd.log" 2>&1 & pid=$!
eventually theirs version || { kill $pid; skip_all "dockerd does not start here: $(tail -1 "$WORK/dockerd.log")"; }

ours pull -q busybox >/dev/null
ours run --name made busybox sh -c 'echo hi > /new; ln /new /hard; ln -s new /soft; mkdir -m 1777 /t'
ours commit -c 'CMD ["cat","/soft"]' made me/app:v1 >/dev/null
ours save -o "$WORK/ours.tar" me/app:v1 busybox
like "$(theirs load -i "$WORK/ours.tar")" "Loaded image: me/app:v1" "dockerd loads what we save"
is "$(theirs image inspect -f '{{.Id}}' me/app:v1)" "$(ours image inspect -f '{{.Id}}' me/app:v1)" "the same image"
is "$(theirs run --rm --network none me/app:v1 2>&1)" hi "dockerd runs what we commit"
like "$(theirs history me/app:v1)" 'sh -c echo hi' "with its history"
ours export made | theirs import - me/flat >/dev/null
is "$(theirs run --rm --network none me/flat cat /hard 2>&1)" hi "dockerd imports what we export"

theirs tag me/app:v1 theirs/app:v2
theirs save -o "$WORK/theirs.tar" theirs/app:v2
id=$(ours image inspect -f '{{.Id}}' me/app:v1)
ours rm -f made >/dev/null; ours rmi me/app:v1 busybox >/dev/null
is "$(ours load -i "$WORK/theirs.tar")" "Loaded image: theirs/app:v2" "we load what dockerd saves"
is "$(ours image inspect -f '{{.Id}}' theirs/app:v2)" "$id" "it is the same image still"
is "$(ours run --rm theirs/app:v2)" hi "and runs"
theirs create --name flat me/flat true >/dev/null
theirs export flat | ours import - ours/flat >/dev/null
is "$(ours run --rm ours/flat cat /new)" hi "we import what dockerd exports"

kill $pid; wait $pid 2>/dev/null
stop_daemon
done_testing
