#!/bin/bash
# What a container keeps and what it gives back: after a daemon that was killed, after a
# start that failed half way, after `docker restart`.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need busybox curl python3
facts() { raw http://x/drydock/facts | grep "\"type\":\"$1\""; }
state() { docker inspect -f '{{.State.Status}}' "$1"; }
start() { start_daemon --bridge ddtest4 --bip 10.94.0.1/24; }

start
docker pull -q busybox >/dev/null

# -- a port that somebody takes while no daemon is there
docker run -d --name web -p 8091:80 -p 8092:80 busybox httpd -f -p 80 -h /var/www >/dev/null
kill_daemon
python3 -c "
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

for i in range(50):
    try: s.bind(('0.0.0.0', 8091)); break
    except OSError: time.sleep(0.1)
s.listen(); time.sleep(60)" &
thief=$!
sleep 0.6
start
is "$(docker port web | grep -v ::)" "80/tcp -> 0.0.0.0:8092" "a port that was taken meanwhile is not shown"
like "$(facts net.refused)" '"host":8091' "and is in the journal"
like "$(cat "$WORK/daemon.log")" "container web lost its port 8091: " "and said"
is "$(curl -s -m 5 --retry 5 --retry-all-errors localhost:8092)" "Welcome to nginx!" "the other port works"
kill $thief
docker restart -t 0 web >/dev/null
is "$(curl -s -m 5 --retry 5 --retry-all-errors localhost:8091)" "Welcome to nginx!" "the next start has it back"

# -- a second port that can't be had
docker run -d --name second -p 8093:80 -p 8091:80 busybox sleep 100 >/dev/null 2>&1
is "$(docker inspect -f '{{.NetworkSettings.IPAddress}}' second)" "" "a failed start leaves no address"
like "$(facts net.release)" '"host":8093' "and its first port is given back, in the journal too"
docker run -d --name third -p 8093:80 busybox sleep 100 >/dev/null
is "$(docker port third | grep -v ::)" "80/tcp -> 0.0.0.0:8093" "which another can have"
docker rm -f second third web >/dev/null

# -- two rows of one name (a database that was put back, say)
docker create --name twin busybox true >/dev/null
docker create --name other busybox true >/dev/null
id=$(docker inspect -f '{{.Id}}' other)
stop_daemon
python3 - "$DRYDOCK_ROOT/lib/drydock.db" "$id" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE state SET doc = replace(doc, '\"name\":\"other\"', '\"name\":\"twin\"') WHERE id = ?", (sys.argv[2],))
db.commit()
PY
start
is "$(docker ps -a --format '{{.Names}}' | sort | tr '\n' ' ')" "$(printf '%s\n' twin "$id" | sort | tr '\n' ' ')" \
	"two of one name: both are there, one by its id"
docker rm twin "$id" >/dev/null

# -- docker restart
docker run -d --rm --name auto busybox sleep 1000 >/dev/null
ok "restart of --rm" docker restart -t 0 auto
is "$(state auto)" running "does not remove it"
docker stop -t 0 auto >/dev/null
ok "its next end does" eventually sh -c '[ -z "$('"$BUILD"'/docker ps -aq)" ]'

# -- options that would do nothing, or something else
like "$(docker create --network host --sysctl net.ipv4.ip_forward=1 busybox 2>&1)" \
	'sysctl "net.ipv4.ip_forward" not allowed in host network namespace' "--sysctl net.* of the host"
like "$(docker create --ipc host --sysctl kernel.shmmax=1 busybox 2>&1)" \
	'sysctl "kernel.shmmax" is not allowed in the hosts ipc namespace' "--sysctl kernel.shm* of the host"
like "$(docker create -v /tmp:/x:noexec busybox 2>&1)" 'invalid mode: noexec' "-v with a mode that Docker has not"
is "$(docker run --rm --ipc none busybox grep -c /dev/shm /proc/mounts)" 0 "--ipc none: nothing on /dev/shm"
is "$(docker run --rm busybox grep -c /dev/shm /proc/mounts)" 1 "else there is"

# -- output with every byte
docker run --name bytes busybox printf 'a\0b\n' >/dev/null
is "$(docker logs bytes | od -An -c | tr -s ' ')" ' a \0 b \n' "a NUL byte in the log"
docker rm bytes >/dev/null

# -- an image that goes while containers of it come
python3 - "${DOCKER_HOST#unix://}" <<'PY' && race=0 || race=1
import http.client, json, socket, sys, threading
class Conn(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect(sys.argv[1])
def ask(method, path, body=None):
    c = Conn("x"); c.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
    r = c.getresponse(); return r.status, r.read()
bad = []
image = json.loads(ask("GET", "/images/busybox/json")[1])["Id"]
def create(got):
    got.append(ask("POST", "/containers/create", {"Image": image, "Cmd": ["true"]}))
for i in range(8):
    got = []
    threads = [threading.Thread(target=create, args=(got,)) for _ in range(4)]
    threads[0].start(); threads[1].start()
    gone = ask("DELETE", "/images/" + image + "?force=1")[0]
    for t in threads[2:]: t.start()
    for t in threads: t.join()
    for status, body in got:
        if status == 201:
            id = json.loads(body)["Id"]
            started = ask("POST", f"/containers/{id}/start")
            if started[0] != 204: bad.append(started)
            ask("POST", f"/containers/{id}/wait"); ask("DELETE", f"/containers/{id}?force=1")
        elif status != 404: bad.append((status, body))
    ask("POST", "/images/create?fromImage=busybox&tag=latest")
print("#", bad); sys.exit(bool(bad))
PY
is "$race" 0 "each container that is made has its image"

# -- every byte there is, in the log's JSON: each that is no UTF-8 becomes U+FFFD, as with docker
python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(1, 256)) + b"\xe2\x82\xac\n")' >"$WORK/bytes"
docker run -i --name bytes busybox cat <"$WORK/bytes" >/dev/null
ok "the log holds every byte" python3 -c 'import json, sys
said = "".join(json.loads(line)["log"] for line in open(sys.argv[1]))
wanted = open(sys.argv[2], "rb").read().decode("utf-8", "replace")
sys.exit(said != wanted)' "$(docker inspect -f '{{.LogPath}}' bytes)" "$WORK/bytes"

# -- too much memory: told before the end is
docker run --name greedy -m 8m busybox sh -c 'x=a; while :; do x=$x$x; done' >/dev/null 2>&1
is "$(docker events --since 1m --until $(($(date +%s) + 1)) --filter container=greedy --format '{{.Action}}' | tr '\n' ' ')" \
	"create attach start oom die " "events: oom"

docker ps -aq | xargs -r "$BUILD/docker" rm -f >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
