#!/bin/bash
# record.sh - types the six steps into the shell and keeps what the engine wrote
# down as labs/*/runs/right-recorded.jsonl.
#
#	make && tests/lab/record.sh
#
# Thinned: of the many programs that a package installation runs and the files it
# adds, only apt-get and Python stay.  Step 5 rests on images that were fetched in the steps before.
. "$(dirname "$0")/../helpers/tap.sh"
need_root
need expect curl
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"
isolate "$0" "$@"

export HOME=$WORK/home SHELL=/bin/bash NO_COLOR=1
export COUNT_LAYERS="$BUILD/docker image inspect --format '{{len .RootFS.Layers}}' python:3.9-slim"
export COUNT_ROWS="$BUILD/docker history -q python:3.9-slim | wc -l"
mkdir -p "$HOME"
IMAGES=course start_daemon
expect "$TESTS/lab/six_steps.exp" "$WORK/transcript" 80 24 "$DRYDOCK" --plain --learner ana ||
	{ cat "$WORK/transcript"; exit 1; }
curl -s --unix-socket "${DOCKER_HOST#unix://}" http://localhost/drydock/facts >"$WORK/facts"

for dir in "$TESTS"/../labs/0[1-6]-*/runs; do
	step=$(basename "$(dirname "$dir")" | cut -c2)
	awk -v step="$step" '
		/"type":"fs.change"/ && !/"path":"(\/usr\/bin\/python3|\/data.txt|\/tmp\/test.py|\/root\/)/ { next }
		/"type":"(proc\.|fs\.read)/ && step == 2 && !/"argv":\["(apt-get|bash|python3)"/ { next }
		index($0, "\"step\":\"" step "\"") || (step == 5 && /"type":"image\./)' \
		"$WORK/facts" | sed -f "$TESTS/helpers/compact.sed" >"$dir/right-recorded.jsonl"
	wc -l "$dir/right-recorded.jsonl"
done
