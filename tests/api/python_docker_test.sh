#!/bin/bash
# Docker's Python library, as Debian has it, against our daemon.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need busybox /usr/bin/python3
/usr/bin/python3 -c 'import docker' 2>/dev/null || skip_all "python3-docker is not installed"

start_daemon --bridge ddtest7
docker pull -q busybox >/dev/null
export WORK
/usr/bin/python3 "$TESTS/api/python_docker.py" >"$WORK/said" 2>"$WORK/errors" ||
	diag "$(tail -n 20 "$WORK/errors")"
while IFS=$'\t' read -r rc name why; do
	tap_result "$rc" "$name" || diag "$why"
done <"$WORK/said"
ok "the library went through to its end" grep -q "^0	the end" "$WORK/said"
stop_daemon
leak_check "nothing is left behind"
done_testing
