# runs.sh - learners of lab runs: each types into a shell of its own, at an engine that all
# share.  Source it after tap.sh:
#
#	. "$(dirname "$0")/../helpers/runs.sh"
#	wrong s1.w2 'docker pull hello-world'	# `check` must answer with this id (s1.w2-b: as well)
#	right 1 NAME LINE...			# ... or that the step is done
#
# RECORD=1 keeps the runs as labs/*/runs/*-recorded.jsonl, the lecture's own as right.jsonl.
need_root
need script curl
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
# Baking needs the network, which the isolated test has not.
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"
isolate "$0" "$@"

export HOME=$WORK/home SHELL=/bin/bash NO_COLOR=1 WORK
mkdir -p "$HOME"
export DRYDOCK_SESSION=nobody	# what this script does itself is no learner's
IMAGES=course start_daemon
for image in hello-world ubuntu:20.04 nginx:alpine python:3.9-slim; do
	DRYDOCK_ACTOR=seed docker pull $image >/dev/null || bail "no $image"
done
# inside IMAGE LINE...: types the lines at a terminal in a container (%w: waits a second).
cat >"$WORK/inside" <<'END'
#!/bin/bash
options=$1; shift
sleep 1.5	# what is typed before the shell listens may be lost
for line; do [ "$line" = %w ] && sleep 1 || printf '%b\n' "$line"; done |
	script -qec "docker run -it $options bash" /dev/null >/dev/null
END
chmod +x "$WORK/inside"
U=ubuntu:20.04 P=python:3.9-slim N=nginx:alpine

# What the engine wrote down for a learner, with what it knows of the images; thinned
# of what a package tool runs and writes.
record() {	# LEARNER STEP NAME
	local name=$3-recorded
	[ -n "${RECORD:-}" ] || return 0
	[ "$3" = right-lecture ] && name=right
	curl -s --unix-socket "${DOCKER_HOST#unix://}" http://localhost/drydock/facts |
		awk -v mine="\"session\":\"$1\"" -v step="$2" '
			# No pitfall asks how a container was put together.
			step > 6 && /"type":"(ns\.|cg\.|root\.|ovl\.|image\.|net\.(dis)?connect)/ { next }
			!index($0, mine) && !/"type":"image\.(layer|config)/ { next }
			/"type":"fs.change"/ && !/"path":"(\/usr\/bin\/python3|\/data.txt|\/own|\/tmp\/|\/root\/)/ { next }
			/"type":"proc\./ && /"exe":"\/(usr\/lib|usr\/bin\/(dpkg|mawk|perl|sed|tar|update))/ { next }
			{ print }' | sed -f "$TESTS/helpers/compact.sed" -e "s/\"session\":\"$1\"/\"session\":\"ana\"/" \
		>"$(echo "$TESTS"/../labs/"$(printf %02d "$2")"-*)/runs/$name.jsonl"
}

# ID or ID-WAY, then the lines that are typed into the lab shell.
wrong() {
	local name=$1 id=${1%%-*} step=${1:1:1} learner=${1/./-}
	[ "${id:0:1}" = p ] && step=$((step + 6))	# the pitfalls come after six steps
	shift
	typed "$step" "$learner" "$@"
	like "$("$DRYDOCK" lab check "$step" --learner "$learner" 2>&1)" "^wrong path $id:" "$name" ||
		diag "$(tail -n 40 "$WORK/said")"
	record "$learner" "$step" "$name"
}
# STEP NAME, then the lines.
right() {
	local step=$1 name=$2 learner=right-$1-$2
	shift 2
	typed "$step" "$learner" "$@"
	ok "step $step, $name: a right way" "$DRYDOCK" lab check "$step" --learner "$learner" ||
		diag "$(tail -n 40 "$WORK/said")"
	record "$learner" "$step" "right-$name"
	docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
}
# Rows of an image's history, and layers that hold files, which a learner counts by eye.
rows() { docker history -q "$1" | wc -l; }
layers() { docker image inspect -f '{{len .RootFS.Layers}}' "$1"; }
typed() {	# STEP LEARNER LINE...
	local step=$1 learner=$2
	shift 2
	docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
	printf '%s\n' "step $step" "$@" | timeout 60 "$DRYDOCK" --learner "$learner" >"$WORK/said" 2>&1
}

