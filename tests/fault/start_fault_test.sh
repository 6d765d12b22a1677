#!/bin/bash
# timeout: 300
# A container's start on the real kernel, with each kind of call failing once, and
# with supervisor and child killed on the way: docker's user gets an answer and an
# exit status, and nothing is left behind.
#
# tests/unit/kernel_plan_test.c fails every single call, on a kernel of its own.
. "$(dirname "$0")/../helpers/tap.sh"
need python3
isolate "$0" "$@"

run_hello() { timeout 20 "$BUILD/docker" run --rm hello-world >"$WORK/out" 2>"$WORK/err"; }

# "stage/call:1" for each kind of call that a start makes, in order.
kinds() {
	"$DRYDOCK" trace --as json | python3 -c '
import json, sys
seen = {}
for line in sys.stdin:
    e = json.loads(line)
    if e["kind"] == "call" and e["stage"] in ("supervisor", "child"):
        seen.setdefault((e["stage"], e["call"]), None)
print("\n".join("%s/%s:1" % k for k in seen))'
}

calls_of() { "$DRYDOCK" trace --as json | grep -c "\"kind\":\"call\".*\"stage\":\"$1\""; }

# One start with a fault; says what went wrong with that, if anything did.
#	RULE STATUSES: exit statuses that are right, as a pattern
with_fault() {
	local rc
	DRYDOCK_FAULT=$1 start_daemon
	run_hello
	rc=$?
	stop_daemon
	if [[ ! " $2 " == *" $rc "* ]]; then
		echo "$1: docker run left with $rc: $(tail -n 2 "$WORK/err")"
	elif [ $rc -ge 125 ] && [ $rc -le 127 ] && [ ! -s "$WORK/err" ]; then
		echo "$1: docker run failed without a word"
	fi
}

start_daemon
run_hello || bail "hello-world does not run: $(cat "$WORK/err")"
sleep 0.5
mapfile -t rules < <(kinds)
child_calls=$(calls_of child) supervisor_calls=$(calls_of supervisor)
stop_daemon
leak_check "a run without fault leaves nothing"
ok "a start makes many kinds of calls (${#rules[@]})" test "${#rules[@]}" -gt 30

said=
for rule in "${rules[@]}"; do
	said+=$(with_fault "$rule=EIO" "0 1 125 126 127")
done
is "$said" "" "each kind of call fails once: an answer and docker's exit status"
leak_check "nothing is left of any of them"

said=
for n in 1 $((child_calls / 3)) $((child_calls * 2 / 3)) $child_calls; do
	said+=$(with_fault "child/#$n=kill" "0 125 126 127 137 1")
done
is "$said" "" "the child is killed at a third, at two thirds, at the end"
said=
for n in 1 $((supervisor_calls / 3)) $((supervisor_calls * 2 / 3)); do
	said+=$(with_fault "supervisor/#$n=kill" "0 125 126 127 137 1")
done
is "$said" "" "the supervisor is killed on the way"
start_daemon
ok "and the next start works" run_hello
stop_daemon
leak_check "nothing is left of those either"
done_testing
