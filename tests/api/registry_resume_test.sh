#!/bin/bash
# Connections that break in the middle of a blob, both ways: what has arrived is not sent
# again.  Over a line that cuts (registry_line.py), to our registry, which keeps what came of
# a request, and to Debian's docker-registry, which keeps only what it has acknowledged.
. "$(dirname "$0")/../helpers/tap.sh"
. "$TESTS/helpers/registry.sh"
need python3 curl docker-registry
isolate "$0" "$@"

ours=127.0.0.1:5001 theirs=127.0.0.1:5002 bad=127.0.0.1:5003 worse=127.0.0.1:5004
docker_registry $theirs
"$ENGINE" registry serve --root "$WORK/shelf" --port "${ours#*:}" >"$WORK/ours.log" 2>&1 &
python3 "$TESTS/api/registry_line.py" "${bad#*:}" $ours "$WORK/bad.log" 2>"$WORK/bad.err" &
python3 "$TESTS/api/registry_line.py" "${worse#*:}" $theirs "$WORK/worse.log" 2>"$WORK/worse.err" &
start_daemon
eventually curl -sf -o /dev/null "http://$bad/v2/"
eventually curl -sf -o /dev/null "http://$worse/v2/"

# A layer that doesn't shrink, and takes three pieces where it goes in pieces.
mkdir "$WORK/context"
head -c 20000000 /dev/urandom >"$WORK/context/noise"
printf 'FROM scratch\nCOPY noise /\n' >"$WORK/context/Dockerfile"
docker build -q -t $bad/noise:1 "$WORK/context" >/dev/null
docker tag $bad/noise:1 $worse/noise:1
id=$(docker images -q --no-trunc $bad/noise:1)

# ---- our registry ----------------------------------------------------------------------------

like "$(docker push $bad/noise:1 2>&1)" '^1: digest: sha256:' "a push over a line that is cut"
like "$(cat "$WORK/bad.log")" '^send cut$' "as it was"
from=$(sed -n 's/^PATCH [0-9]* \([0-9]*\)-.*/\1/p' "$WORK/bad.log" | head -n 1)
ok "goes on where the connection broke" test "${from:-0}" -ge 10000 -a "${from:-0}" -le 100000
is "$(grep -c '^PUT 200' "$WORK/bad.log")" 1 "and is not begun again"
is "$(find "$WORK/shelf/uploads" -type f | wc -l)" 0 "no upload is left"
docker rmi $bad/noise:1 $worse/noise:1 >/dev/null
like "$(docker pull $bad/noise:1 2>&1)" 'Status: Downloaded' "a pull over a line that is cut"
like "$(cat "$WORK/bad.log")" '^fetch cut$' "as it was"
like "$(cat "$WORK/bad.log")" '^GET 206 bytes 100000-' "goes on by a range"
is "$(docker images -q --no-trunc $bad/noise:1)" "$id" "it is what was pushed"

# ---- docker-registry --------------------------------------------------------------------------

docker tag $bad/noise:1 $worse/noise:1
like "$(docker push $worse/noise:1 2>&1)" '^1: digest: sha256:' "the same push to docker-registry"
like "$(cat "$WORK/worse.log")" '^send cut$' "which is cut"
like "$(cat "$WORK/worse.log")" '^PATCH 8388608 0-8388607$' "and begins again, in pieces"
like "$(cat "$WORK/worse.log")" '^PATCH [0-9]+ 16777216-' "each after the one before"
docker rmi $bad/noise:1 $worse/noise:1 >/dev/null
like "$(docker pull $worse/noise:1 2>&1)" 'Status: Downloaded' "and it comes back"
like "$(cat "$WORK/worse.log")" '^GET 206 bytes 100000-' "by a range, too"
is "$(docker images -q --no-trunc $worse/noise:1)" "$id" "it is what was pushed"
stop_daemon
done_testing
