#!/bin/bash
# timeout: 180
# The trace is no theatre: what it shows of `docker run hello-world` is what strace
# sees of the same run, call for call, in order, with the same results.
. "$(dirname "$0")/../helpers/tap.sh"
need strace python3
isolate "$0" "$@"
plan 14

# Every system call that the table's rows are made of.
table_calls() {
	grep -v '^#' "$TESTS/../engine/kernel/kernel_ops.def" | sed 's/\\|/,/g' |
		awk -F'|' 'NF >= 8 { gsub(/ /, "", $4); print $4 }' | tr ',' '\n' | sort -u | paste -sd,
}

# The daemon under strace, as the test's own child.
cat >"$WORK/engine" <<EOF2
#!/bin/sh
exec strace -D -f -ttt -s 80 -o "$WORK/strace" -e trace=$(table_calls),fork "$ENGINE" "\$@"
EOF2
chmod +x "$WORK/engine"
ENGINE_PLAIN=$ENGINE
test_images "$WORK/root/lib"
IMAGES=none
ENGINE=$WORK/engine
start_daemon
sleep 1			# the first spares
begin=$(date +%s.%N)

exits 0 "hello-world runs under strace" docker run hello-world
exits 3 "so does a program that fails" docker run --rm busybox sh -c 'exit 3'
ok "and one with a network, a published port and limits, in the background" \
	docker run -d --name box -p 127.0.0.1::80 -m 64m busybox sh -c 'sleep 1000 & kill -9 $!; sleep 1000'
exits 4 "an exec" docker exec box sh -c 'exit 4'
exits 127 "an exec of what isn't there" docker exec box nosuch
ok "stop" docker stop -t 0 box
ok "rm" docker rm box
ok "a container without a network" docker run --rm --network none busybox true
sleep 1			# what comes after the end: cleaning up, and the next spare
end=$(date +%s.%N)
"$DRYDOCK" trace --as strace --plain >"$WORK/trace"
ENGINE=$ENGINE_PLAIN

compare() { python3 "$TESTS/trace/strace_equal.py" "$WORK/strace" "$1" "$begin" "$end" 2>&1; }
report=$(compare "$WORK/trace")
rc=$?
tap_result $rc "every thread made the calls the trace shows, and no other of the table"
diag "$report"
like "$(head -n 1 <<<"$report")" '^[0-9]{3,} calls equal' "hundreds of calls were compared"
is "$("$DRYDOCK" trace --as json | grep -c '"kind":"dropped"')" 0 "nothing was dropped"

# The comparison itself: a call left out, or a result made up, doesn't pass.
grep -v pivot_root "$WORK/trace" >"$WORK/less"
sed 's/^\(.*umount2(.*\) = 0/\1 = -1 EBUSY/' "$WORK/trace" >"$WORK/other"
grep -v 'execve("[^"]*drydock-supervisor' "$WORK/trace" >"$WORK/spare"
not_ok "a call that the trace leaves out is noticed" compare "$WORK/less"
not_ok "a result that is made up is noticed" compare "$WORK/other"
not_ok "so is a spare supervisor that starts past the tracer" compare "$WORK/spare"
