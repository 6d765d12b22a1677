#!/bin/bash
# Our docker at a terminal: raw mode and back, sizes, detach keys, signals; and the
# streams without one: half close, much data both ways, exit codes.
# timeout: 120
. "$(dirname "$0")/../helpers/tap.sh"
need python3
isolate "$0" "$@"
start_daemon
docker pull -q busybox >/dev/null

user() { python3 "$TESTS/api/client_pty.py" "$@"; }
# A prompt is shown before the shell reads: the words are what is waited for.
said=$(user 'wait:/ #' 'type:stty size; tty\r' 'wait:pts/0' 'size:50x132' sleep:0.3 'type:stty size\r' \
	'wait:132' 'type:exit 3\r' -- "$BUILD/docker" run -it --rm busybox sh)
like "$said" '^24 80$' "a terminal begins with our size"
like "$said" '^50 132$' "a new size is passed on"
like "$said" '^exit 3$' "the exit code is the program's"
like "$said" 'terminal restored' "the terminal is as it was"

said=$(user 'wait:/ #' 'type:echo he""llo\r' 'wait:hello' 'type:\x10\x11' -- "$BUILD/docker" run -it --name det busybox sh)
like "$said" '^exit 0$' "ctrl-p ctrl-q leaves quietly"
like "$said" 'terminal restored' "the terminal is as it was"
is "$(docker inspect -f '{{.State.Status}}' det)" running "and the container running"

said=$(user sleep:0.3 'type:echo ag""ain\r' 'wait:again' 'type:\x10\x11' -- "$BUILD/docker" attach det)
like "$said" '^again$' "attach finds the same shell"
like "$said" 'read escape sequence' "detaching from attach says so"
like "$said" '^exit 1$' "with docker's code"
said=$(user sleep:0.3 'type:exit 9\r' -- "$BUILD/docker" attach det)
like "$said" '^exit 9$' "attach ends with the program's code"
said=$(user 'wait:/ #' 'type:exit 4\r' -- "$BUILD/docker" start -ai det)
like "$said" '^exit 4$' "so does start -ai"
docker run -dit --name draws busybox sh -c 'trap "echo drawn" WINCH; while :; do sleep 0.1; done' >/dev/null
for i in 1 2; do	# the second finds the size it has itself
	said=$(user 'wait:drawn' 'type:\x10\x11' -- "$BUILD/docker" attach draws)
done
like "$said" '^drawn$' "a program is told to draw anew when we attach"
said=$(user 'wait:/ #' 'type:a' 'type:\x10' 'type:x\r' sleep:0.2 'type:exit 5\r' -- \
	"$BUILD/docker" run -it --rm --detach-keys ctrl-a,z busybox sh)
like "$said" '^exit 5$' "other detach keys: the usual ones are typed through"

docker run -d --name up busybox sleep 1000 >/dev/null
said=$(user 'wait:/ #' 'type:exit 6\r' -- "$BUILD/docker" exec -it up sh)
like "$said" '^exit 6$' "exec with a terminal"
like "$said" 'terminal restored' "the terminal is as it was"
said=$(user 'wait:/ #' 'type:\x10\x11' -- "$BUILD/docker" exec -it up sh)
like "$said" 'read escape sequence' "detaching from exec says so, as docker does"
like "$said" '^exit 1$' "with docker's code"
said=$(user sleep:1 signal:TERM -- "$BUILD/docker" run -it --rm busybox sleep 100)
like "$said" '^exit 143$' "a signal ends the client at a terminal"
like "$said" 'terminal restored' "the terminal is as it was all the same"
said=$(user 'wait:ready' signal:INT -- "$BUILD/docker" run --rm busybox sh -c 'trap "exit 42" INT; echo ready; while :; do sleep 0.1; done')
like "$said" '^exit 42$' "without a terminal signals are passed on"
said=$(user 'wait:ready' 'type:\x03' -- "$BUILD/docker" run --rm busybox sh -c 'trap "exit 43" INT; echo ready; while :; do sleep 0.1; done')
like "$said" '^exit 43$' "so is ctrl-c"
said=$(user sleep:0.5 'type:\x03' -- "$BUILD/docker" logs -f up)
like "$said" '^exit 130$' "ctrl-c ends logs -f"

is "$(head -c 20000000 /dev/zero | docker run -i --rm busybox cat | wc -c)" 20000000 "20 MB in and out at once"
is "$(printf 'a\nb\n' | docker run -i --rm busybox wc -l)" 2 "the end of stdin reaches the program"
is "$(echo x | docker exec -i up cat)" x "exec with stdin"
is "$(docker run --rm busybox sh -c 'echo out; echo err >&2' 2>/dev/null)" out "streams stay apart"
is "$(docker run -it busybox true </dev/null 2>&1)" "the input device is not a TTY" "in docker's words"
docker rm -f $(docker ps -aq) >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
