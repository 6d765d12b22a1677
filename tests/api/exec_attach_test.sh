#!/bin/bash
# docker exec and attach by the unmodified client and by the API itself: options, exit
# codes, refusals, what is told of an exec, and streams that nobody upgrades.
# timeout: 120
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need curl python3

start_daemon
d run -d --name box --ulimit nofile=321:654 --group-add 77 --hostname in -e A=1 busybox sleep 1000 >/dev/null 2>&1
ex() { d exec "$@" 2>&1; }

# -- options
is "$(ex box sh -c 'echo $A $HOME $(id -u) $(pwd)')" "1 /root 0 /" "exec: environment, home, user and directory of the container"
is "$(ex -e A=2 -e B=3 box sh -c 'echo $A $B')" "2 3" "-e replaces and adds"
printf 'C=4\n#no\nD=5 6\n' >"$WORK/env"
is "$(ex --env-file "$WORK/env" box sh -c 'echo $C $D')" "4 5 6" "--env-file"
is "$(ex -w /tmp box pwd)" /tmp "-w"
is "$(ex -w /nowhere box pwd | grep -c 'no such file or directory')" 1 "-w to nowhere is refused"
is "$(ex -u user box sh -c 'id -u; id -g; echo $HOME' | paste -sd' ')" "1000 1000 /home/user" "-u NAME: its groups and home"
is "$(ex -u 12:34 box sh -c 'id -u; id -g' | paste -sd' ')" "12 34" "-u UID:GID"
like "$(ex box id)" '77' "--group-add counts for an exec, too"
is "$(ex box sh -c 'ulimit -n; ulimit -Hn' | paste -sd' ')" "321 654" "so do its limits"
unlike "$(ex box grep CapEff /proc/self/status)" 3fffff "an exec has the container's capabilities"
is "$(ex --privileged box grep CapEff /proc/self/status)" "$(grep CapEff /proc/self/status)" "--privileged: all that the daemon has"
is "$(echo typed | d exec -i box cat)" typed "-i"
is "$(head -c 300000 /dev/zero | d exec -i box wc -c)" 300000 "-i: much input arrives whole"
is "$(ex -t box tty | tr -d '\r')" /dev/pts/0 "-t"
d exec -d box sh -c 'sleep 0.2; echo done >/later'; sleep 0.6
is "$(ex box cat /later)" "done" "-d"

# -- exit codes
for row in "0 true" "1 false" "42 sh -c exit\ 42" "137 sh -c kill\ -9\ \$\$" "143 sh -c kill\ \$\$" \
	"127 nosuch" "127 /no/such" "126 /etc/passwd"; do
	eval "set -- ${row/\$\$/\\\$\\\$}"
	want=$1; shift
	exits "$want" "exec $*: $want" d exec box "$@"
done
exits 126 "a user that isn't there: 126" d exec -u nobody9 box true
like "$(ex -u nobody9 box true)" 'unable to find user nobody9: no matching entries in passwd file' "in docker's words"

# -- what is told of one
api() { raw -H 'Content-Type: application/json' "$@"; }
field() { python3 -c 'import json,sys; d = json.load(sys.stdin)
for k in sys.argv[1].split("."): d = d[k]
print(json.dumps(d))' "$1"; }
new() { api -d "$1" http://x/containers/box/exec | field Id | tr -d '"'; }
id=$(new '{"Cmd":["sh","-c","echo out; echo err >&2; exit 5"],"AttachStdout":true,"AttachStderr":true,"User":"user","Env":["X=1"]}')
is "$(api http://x/exec/$id/json | field Running)" false "inspect: not started"
is "$(api http://x/exec/$id/json | field ExitCode)" null "no exit code yet"
out=$(api -d '{}' http://x/exec/$id/start | python3 -c 'import sys; print(sys.stdin.buffer.read())')
is "$out" "b'\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x04out\\n\\x02\\x00\\x00\\x00\\x00\\x00\\x00\\x04err\\n'" \
	"start without an upgrade: the streams as an ordinary answer"
is "$(api http://x/exec/$id/json | field ExitCode)" 5 "its exit code stays"
is "$(api http://x/exec/$id/json | field ProcessConfig)" \
	'{"tty": false, "entrypoint": "sh", "arguments": ["-c", "echo out; echo err >&2; exit 5"], "privileged": false, "user": "user"}' "and what it was"
like "$(api -d '{}' http://x/exec/$id/start)" "exec command $id has already run" "once is enough"
is "$(status -H "$JSON" -d '{}' http://x/exec/$id/start)" 409 "409"
is "$(status http://x/exec/nosuch/json)" 404 "no such exec"
id=$(new '{"Cmd":["sleep","1000"],"Tty":true}')
api -d '{"Detach":true,"Tty":true}' "http://x/exec/$id/start" >/dev/null
is "$(api http://x/containers/box/json | field ExecIDs)" "[\"$id\"]" "inspect of the container lists those that run"
is "$(status -X POST "http://x/exec/$id/resize?h=20&w=30")" 200 "resize"
like "$(api -d '{}' http://x/exec/$id/start)" 'already running' "one that runs can't be started again"
ok "its number is the host's" test -d "/proc/$(api http://x/exec/$id/json | field Pid)"

# -- refused
d pause box >/dev/null
like "$(ex box true)" 'is paused, unpause the container before exec' "exec in a paused container"
exits 1 "1" d exec box true
like "$(d attach box 2>&1)" 'cannot attach to a paused container, unpause it first' "attach to a paused one"
d unpause box >/dev/null
id=$(new '{"Cmd":["true"]}')
d stop -t 0 box >/dev/null
like "$(ex box true)" 'container [0-9a-f]{64} is not running' "exec in a stopped container"
is "$(status -H "$JSON" -d '{"Detach":true}' http://x/exec/$id/start)" 409 "and start of one made before"
like "$(d attach box 2>&1)" 'cannot attach to a stopped container, start it first' "attach to a stopped one"

# -- attach
d run -d -i --name talk busybox sh -c 'while read l && [ "$l" != end ]; do echo "got $l"; echo "e $l" >&2; done; echo over' >/dev/null
attach() { timeout -k 1 8 "$CLIENT" attach "$@" talk; }
(sleep 0.3; echo one; sleep 0.3) | attach --no-stdin >"$WORK/a" 2>&1 & watcher=$!
sleep 0.5
(echo two; sleep 0.3; echo three; sleep 0.3; echo end) | attach >"$WORK/b" 2>"$WORK/b.err"
wait $watcher
is "$(cat "$WORK/b")" $'got two\ngot three\nover' "attach: what is typed goes in, what is printed comes out"
is "$(cat "$WORK/b.err")" $'e two\ne three' "stderr apart"
is "$(sort "$WORK/a")" $'e three\ne two\ngot three\ngot two\nover' "another client sees the same, and with --no-stdin types nothing"
is "$(raw -X POST "http://x/containers/talk/attach?logs=1&stdout=1" | tr -cd 'a-z \n' | sed '/^$/d')" $'got two\ngot three\nover' \
	"logs=1 alone: what was printed before"
d run -d --name sleeper busybox sh -c 'trap "echo hup; exit 3" HUP; echo before; while :; do sleep 0.1; done' >/dev/null
sleep 0.3
"$CLIENT" attach sleeper >"$WORK/c" 2>&1 & client=$!
timeout 8 curl -s -N --unix-socket "${DOCKER_HOST#unix://}" -X POST "http://x/containers/sleeper/attach?logs=1&stream=1&stdout=1" >"$WORK/l" & watcher=$!
sleep 0.5; kill -HUP $client; wait $client
is "$?" 3 "a signal goes to the program, whose exit code comes back"
wait $watcher
is "$(tr -cd 'a-z\n' <"$WORK/l" | sed '/^$/d')" $'before\nhup' "logs=1&stream=1: what was printed, and what comes"
d rm -f box talk sleeper >/dev/null

# -- a supervisor that has rested for a while
d run -d --name rested busybox sh -c 'echo one; sleep 2; echo two; sleep 100' >/dev/null
sleep 2.8
is "$(d exec rested echo awake)" awake "exec in a container where nothing happened for seconds"
sleep 0.8
is "$(echo typed | d exec -i rested cat)" typed "and once more, with what is typed"
is "$(d logs rested | xargs)" "one two" "its log has all"
d rm -f rested >/dev/null
stop_daemon

leak_check "nothing is left"
done_testing
