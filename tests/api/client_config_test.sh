#!/bin/bash
# config.json and contexts: what a user has set there holds for every command, as with
# docker's client.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need python3
start_daemon --bridge ddconf0
export DOCKER_CONFIG=$WORK/config
mkdir -p "$DOCKER_CONFIG"
ours() { timeout 20 "$BUILD/docker" "$@"; }
d pull -q busybox >/dev/null
d network create one >/dev/null
d volume create two >/dev/null
d run -d --name box busybox sleep 60 >/dev/null
d create --name idle -it busybox cat >/dev/null

# ---- formats: beside docker's own client -----------------------------------------------------

cat >"$DOCKER_CONFIG/config.json" <<'END'
{"psFormat": "table {{.Names}}\t{{.Image}}\t{{.Size}}", "imagesFormat": "<{{.Repository}}>",
 "networksFormat": "{{.Name}}/{{.Driver}}", "volumesFormat": "json", "statsFormat": "{{.Name}} now"}
END
while read -r line; do
	is "$(ours $line 2>&1)" "$(d $line 2>&1)" "$line"
done <<'END'
ps
ps -a
ps -q
container ls --format {{.ID}}
images
images -q
image ls --digests
network ls
network ls -q
volume ls
volume ls -q
stats --no-stream
END
echo '{"psFormat": "{{.Nope"}' >"$DOCKER_CONFIG/config.json"
is "$(ours ps 2>&1 | cut -c1-40)" "$(d ps 2>&1 | cut -c1-40)" "a format that is none"
ours ps >/dev/null 2>&1; rc=$?
is "$rc" 1 "fails"
echo '{"psFormat": "x"' >"$DOCKER_CONFIG/config.json"
is "$(ours ps 2>&1 | grep -c WARNING)" 1 "a file that is no JSON is warned about once"
like "$(ours ps 2>/dev/null)" 'box$' "and doesn't count"

# ---- keys and headers ------------------------------------------------------------------------

echo '{"detachKeys": "ctrl-e,e"}' >"$DOCKER_CONFIG/config.json"
cat >"$WORK/leave.py" <<'END'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
time.sleep(1.5)
os.write(fd, b"\x05e")
try:
    while os.read(fd, 1000):
        pass
except OSError:
    pass
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
is "$(timeout 10 python3 "$WORK/leave.py" "$BUILD/docker" start -ai idle)" 0 "detachKeys leave a container"
is "$(d inspect -f '{{.State.Running}}' idle)" true "which runs on"
cat >"$WORK/listen.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
print(s.accept()[0].recv(10000).decode())
END
echo '{"HttpHeaders": {"X-Course": "seven", "User-Agent": "mine", "No Name": "x"}}' >"$DOCKER_CONFIG/config.json"
timeout 10 python3 "$WORK/listen.py" "$WORK/listen" >"$WORK/heard" &
eventually test -S "$WORK/listen"
ours -H "unix://$WORK/listen" ps >/dev/null 2>&1
wait $!
like "$(tr -d '\r' <"$WORK/heard")" '^X-Course: seven$' "HttpHeaders go with each request"
unlike "$(cat "$WORK/heard")" 'mine|No Name' "but for who we are, and what is no header"

# ---- contexts --------------------------------------------------------------------------------

rm -r "$DOCKER_CONFIG"
d context create far --docker "host=$DOCKER_HOST" >/dev/null
d context create nowhere --docker "host=unix://$WORK/nobody.sock" >/dev/null
here=$DOCKER_HOST
unset DOCKER_HOST
is "$(ours --context far ps -q)" "$(d --context far ps -q)" "a context of docker's client"
is "$(DOCKER_CONTEXT=far ours ps -q)" "$(d --context far ps -q)" "DOCKER_CONTEXT"
d context use nowhere >/dev/null
like "$(ours ps 2>&1)" 'nobody.sock. Is the docker daemon running' "the one in use"
is "$(DOCKER_HOST=$here ours ps -q)" "$(d --context far ps -q)" "DOCKER_HOST comes before it"
is "$(ours -H "$here" --context far ps 2>&1)" "$(d -H "$here" --context far ps 2>&1)" "both is too much"
like "$(ours --context nope ps 2>&1)" 'unable to resolve docker endpoint: context "nope": context not found' "none of that name"
export DOCKER_HOST=$here
stop_daemon
leak_check "nothing is left behind"
done_testing
