#!/bin/bash
# docker exec at the moment when the daemon makes spare supervisors, right after a
# start: none of them may keep the client's connection.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
plan 2
start_daemon
docker pull -q busybox >/dev/null

hung=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	docker run -d --name "c$i" busybox sleep 600 >/dev/null
	timeout 5 "$BUILD/docker" exec "c$i" true || hung=$((hung + 1))
	docker rm -f "c$i" >/dev/null
done
is "$hung" 0 "each of 20 execs comes back"
held=$(for p in $(pgrep -x drydock-supervi); do find "/proc/$p/fd" -mindepth 1 | wc -l; done | sort -n | tail -n 1)
ok "a spare has six descriptors ($held)" test "$held" -eq 6
