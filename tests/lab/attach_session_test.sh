#!/bin/bash
# A second terminal for a lab shell: drydock attach-session.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need expect
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
export HOME=$WORK/home SHELL=/bin/bash
unset NO_COLOR ACCESSIBLE
mkdir -p "$HOME"
start_daemon
docker pull -q busybox >/dev/null
said=$("$DRYDOCK" attach-session 2>&1 </dev/null)
expect "$TESTS/lab/attach_session.exp" "$DRYDOCK" "${TRANSCRIPT:-$WORK/transcript}" | tee "$WORK/result"
grep -q 'no lab shell is open' <<<"$said" || { echo "# without a shell it said: $said"; exit 1; }
! grep -q '^not ok' "$WORK/result"
