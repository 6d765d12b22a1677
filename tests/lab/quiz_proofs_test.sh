#!/bin/bash
# Every experiment of the quiz really runs, and shows what it says.
. "$(dirname "$0")/../helpers/tap.sh"
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
need_root
need curl
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"
isolate "$0" "$@"
export HOME=$WORK
unset DOCKER_HOST

named=$("$DRYDOCK" quiz --list --json | python3 -c '
import json, sys
names = set()
for q in json.load(sys.stdin):
	names.add(q["prove"])
	names.update(o["prove"] for o in q["options"])
print(*sorted(names - {None}))')
english=$(find "$DRYDOCK_QUIZ" -name '[0-9]*.md' ! -name '*.*.md')
# shellcheck disable=SC2086  # a list of names
all=$(sed -n '/^experiments:/,/^questions:/s/^  \([a-z0-9-]*\):$/\1/p' $english | sort)
is "$named" "$(xargs <<<"$all")" "each experiment belongs to an answer, and each answer's experiment is there"

IMAGES=course start_daemon
# Fetched once, as somebody else; what a script fetches itself is removed behind it.
for image in hello-world ubuntu:20.04 nginx:alpine; do DRYDOCK_ACTOR=seed docker pull -q $image; done >/dev/null
state() { docker ps -aq; docker volume ls -q; docker images -q --no-trunc; docker network ls -q; }
before=$(state)
prove() { "$DRYDOCK" quiz --prove "$1" >"$WORK/said" 2>&1; }
for name in $all; do
	ok "$name" prove "$name" || diag "$(cat "$WORK/said")"
done
is "$(state)" "$before" "they leave containers, volumes, images and networks as they were"
is "$(raw http://localhost/drydock/facts | grep -c '"actor":"student".*"type":"ctr.create"')" 0 \
	"nobody earned anything by them"
stop_daemon
leak_check "nothing is left behind"
done_testing
