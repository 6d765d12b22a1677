#!/bin/bash
# The six steps typed as the lecture prints them, through a pseudo-terminal: in
# colour at 80x24, in colour at 120x40, and in plain mode. timeout: 1200
. "$(dirname "$0")/../helpers/tap.sh"
need_root
need expect curl
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
# Baking needs the network, which the isolated test has not.
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"
isolate "$0" "$@"

plan 33
export DRYDOCK_ROOT=$WORK/root HOME=$WORK/home SHELL=/bin/bash
export DOCKER="$BUILD/docker"
export COUNT_LAYERS="$DOCKER image inspect --format '{{len .RootFS.Layers}}' python:3.9-slim"
export COUNT_ROWS="$DOCKER history -q python:3.9-slim | wc -l"
mkdir -p "$HOME"
unset DOCKER_HOST NO_COLOR ACCESSIBLE

session() {	# NAME COLUMNS ROWS TERM [OPTIONS...]
	local name=$1 columns=$2 rows=$3 term=$4 text
	shift 4
	rm -rf "$DRYDOCK_ROOT"
	mkdir -p "$DRYDOCK_ROOT/lib"
	course_images "$DRYDOCK_ROOT/lib"
	ok "$name: every line is answered, and exit leaves" \
		env TERM="$term" expect "$TESTS/lab/six_steps.exp" "$WORK/transcript.$name" "$columns" "$rows" \
		"$DRYDOCK" --learner ana "$@"
	text=$(readable "$WORK/transcript.$name")
	for step in 1 2 3 4 5 6; do
		like "$text" "done: step $step is shown" "$name: step $step ends with its proof"
	done
	keep=$text
}

leak_before=$(leak_list)
session wide 120 40 xterm-256color
like "$keep" "Containers still run: each gets 10 seconds" "exit says why it takes a while"
export HURRY=1	# once is enough
session small 80 24 xterm-256color
like "$keep" "you expected: none in both lists" "the prediction stands beside what happened"
session plain 80 24 dumb --plain
if have_real_docker; then
	DOCKER_WORD=$(PATH=/usr/bin:/usr/local/bin command -v docker) session "another client" 80 24 xterm
else
	skip 7 "no docker client but ours is installed"
fi
is "$(LC_ALL=C grep -c $'[\x1b\x80-\xff]' <(sed '/PING\|nginx\|root@/d' "$WORK/transcript.plain" | grep -a "^lab 7\|^shown\|^done\|^|"))" 0 \
	"plain mode: the lab's own lines are ASCII without escape sequences"
is "$(pgrep -c drydock-engine)" 0 "no engine is left behind"
leak_check "nothing else is left behind either"
