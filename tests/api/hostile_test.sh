#!/bin/bash
# Requests nobody should send: the daemon answers each, lives on, and leaves nothing behind.
# FUZZ_SECONDS and FUZZ_SEED make it longer, or another one.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need busybox python3 curl
export WORK

start_daemon --bridge ddtest3
docker pull -q busybox >/dev/null
before=$(awk '/^Threads/ { print $2 }' /proc/$daemon_pid/status)
ok "each request is answered" python3 "$TESTS/api/hostile_requests.py" "${FUZZ_SEED:-$RANDOM}" \
	"${FUZZ_SECONDS:-10}" "$TESTS/../engine/api/routes.def"
ok "the daemon lives" kill -0 "$daemon_pid"
is "$(docker run --rm busybox echo fine)" fine "and works"
is "$(raw http://x/containers/json?all=1)" "[]" "no container is left"
sleep 1
ok "nor a thread" test "$(awk '/^Threads/ { print $2 }' /proc/$daemon_pid/status)" -le $((before + 2))
like "$(raw http://x/drydock/facts/verify)" '"ok":true' "the journal's chain holds"
stop_daemon
leak_check "nothing is left behind"
done_testing
