#!/bin/bash
# The prompt under the fingers: completion, history, Ctrl-C, a trace that comes
# while a line is typed, into a container and out again, leaving.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need expect
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
export HOME=$WORK/home SHELL=/bin/bash
unset NO_COLOR ACCESSIBLE
mkdir -p "$HOME"
start_daemon
docker pull busybox >/dev/null
expect "$TESTS/lab/prompt.exp" "$DRYDOCK" "$BUILD/docker" "${TRANSCRIPT:-$WORK/transcript}" | tee "$WORK/result"
! grep -q '^not ok' "$WORK/result"
