#!/bin/bash
# Our docker command line has every verb, option, letter and alias of docker's own.
# timeout: 60
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need python3
need_real_docker
[ "$("$CLIENT" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 28 ] || skip_all "docker's client is older than 28"
IMAGES=none start_daemon
python3 "$TESTS/api/client_options.py" "$CLIENT" "$BUILD/docker" || tap_failed=1
stop_daemon
