#!/bin/bash
# The six steps by a user who isn't root, with a range of users and with one: the same
# lines at the same prompt end with the same proofs. timeout: 300
. "$(dirname "$0")/../helpers/tap.sh"
need_root
need expect setpriv newuidmap busybox
command -v slirp4netns pasta >/dev/null || skip_all "neither slirp4netns nor pasta is installed"
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"	# needs the network
isolate "$0" "$@"
. "$TESTS/helpers/student.sh"
unset DOCKER_HOST NO_COLOR ACCESSIBLE
export HURRY=1

steps() {	# NAME
	local step text
	IMAGES=course place "$1"
	export DRYDOCK_ROOT
	ok "$1: every line is answered, and exit leaves" \
		$DAEMON_AS env TERM=xterm expect "$TESTS/lab/six_steps.exp" "$WORK/said.$1" 100 30 "$DRYDOCK" --learner ana
	text=$(readable "$WORK/said.$1")
	for step in 1 2 3 4 5 6; do
		like "$text" "done: step $step is shown" "$1: step $step ends with its proof"
	done
	like "$text" "Backend rootless: " "$1: the screen says on which backend"
}

# Counted by the client, as a learner counts by eye.
export COUNT_LAYERS="$BUILD/docker image inspect -f '{{len .RootFS.Layers}}' python:3.9-slim"
export COUNT_ROWS="$BUILD/docker history -q python:3.9-slim | wc -l"
leak_before=$(leak_list)
touch "$WORK/said.many" "$WORK/said.one" && chmod 666 "$WORK"/said.*
steps many
one_user
steps one
student_end
leak_check "nothing is left behind"
done_testing
