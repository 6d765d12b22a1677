#!/bin/bash
# The lab shell without a terminal, and `drydock lab` beside it: progress, hints,
# predictions, reset, a crash in the middle, other learners, wrong usage.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"

plan 48
export DRYDOCK_ROOT=$WORK/root HOME=$WORK/home SHELL=/bin/bash NO_COLOR=1
unset DOCKER_HOST
mkdir -p "$HOME" "$DRYDOCK_ROOT/lib"
test_images "$DRYDOCK_ROOT/lib"
leak_before=$(leak_list)

lab() { "$DRYDOCK" lab "$@"; }
shell() {	# LINES: typed one after the other; says what the shell said
	printf '%s\n' "$@" | "$DRYDOCK" --learner ana 2>&1
}

# ---- usage ------------------------------------------------------------------------
exits 0 "--help" "$DRYDOCK" --plain --help
exits 2 "an unknown option is wrong usage" "$DRYDOCK" --colour
exits 1 "an unknown step is refused" "$DRYDOCK" --lab 17
exits 0 "lab --help" "$DRYDOCK" lab --help
exits 2 "lab without a verb is wrong usage" "$DRYDOCK" lab
exits 2 "lab with an unknown verb is wrong usage" "$DRYDOCK" lab dance
exits 1 "no engine at that address" "$DRYDOCK" --host unix:///nowhere.sock
like "$(DRYDOCK_LABS=/nowhere "$DRYDOCK" lab list 2>&1)" "hint: set DRYDOCK_LABS" "no labs: says what to do"

like "$(echo exit | DRYDOCK_ROOT=$WORK/bare "$DRYDOCK" --learner ana 2>&1)" "images of this course are not made yet" \
	"a machine without the course's images is told at once what to do"

# ---- the first session: starts an engine, and takes it away again -------------------
said=$(shell 'check' '# a comment' '' 'hint' 'hint 4' 'predict b sure' 'docker info | head -n 3' \
	'cd /tmp' 'pwd' 'docker run hello-world' 'predict a' 'check' 'why')
like "$said" "starting one for this session" "starts an engine where none is"
like "$said" "not yet: No container has been made" "check says what is missing"
like "$said" "hint: Four parts" "the first hint"
like "$said" "The hints come one by one" "no hint before its turn"
like "$said" "written down" "a prediction is written down"
like "$said" "^ Version:" "a pipe finds our docker on PATH"
like "$said" "^/tmp$" "cd stays"
like "$said" "Hello from Docker!" "docker runs"
like "$said" "shown: PID 1 of a new pid namespace was /hello \(on the host it was process [0-9]+\)" \
	"a goal says why"
like "$said" "you expected: none in both lists" "the prediction stands beside what happened"
like "$said" "No question is open" "too late to predict"
like "$said" "done: step 1 is shown" "step 1 is done"
like "$said" "^\| +[0-9.]+ ms +namespaces" "the trace tells the story"
unlike "$said" $'\x1b' "no escape sequence without a terminal"
is "$(pgrep -c drydock-engine)" 0 "the engine ended with the shell"

# ---- a killed shell ------------------------------------------------------------------
"$DRYDOCK" --learner ana >"$WORK/killed" 2>&1 < <(printf 'next\nhint\nhint\n'; sleep 30) &
eventually grep -q "Two separate things" "$WORK/killed"
kill -KILL $!
wait $! 2>/dev/null
ok "the engine ends with a killed shell, too" eventually sh -c '! pgrep -x drydock-engine'

# Killed while it was in a container whose program does not want to stop.
run='docker run --stop-timeout 3 --name stubborn busybox sh -c "trap : TERM; while :; do sleep 1; done"'
"$DRYDOCK" --learner ana >"$WORK/killed" 2>&1 < <(echo "$run"; sleep 30) &
eventually pgrep -f 'while :; do sleep'
kill -KILL $!
wait $! 2>/dev/null
ok "what it ran in the foreground ends with it" eventually sh -c '! pgrep -x drydock'
said=$(shell 'docker ps -a --format "{{.Names}} {{.State}}"' 'docker rm stubborn')
like "$said" "^stubborn exited" "the next session waits for the engine that is still ending"
said=$(shell 'hint 3' 'list')
like "$said" "Welcome back, ana. You were at step 2" "the step is found again in the journal"
like "$said" "hint: Both are flags" "the opened hints are found again"
like "$said" "1\. One container.* done" "what was shown is shown still"

# ---- with an engine that runs -----------------------------------------------------------
IMAGES=none start_daemon
export DRYDOCK_LEARNER=ana
exits 0 "lab check: done is 0" "$DRYDOCK" lab check 1
exits 1 "lab check: not yet is 1" "$DRYDOCK" lab check 2
is "$(lab list --json | python3 -c 'import json,sys; print([s["verdict"] for s in json.load(sys.stdin)][:2])')" \
	"['done', 'not yet']" "lab list --json"
like "$(lab why 1)" "\[x\] pivoted" "lab why lists the parts"
like "$(lab hint 3)" "three separate things" "lab hint opens a hint"
like "$(lab recap)" "^## Step 1" "lab recap is Markdown"
is "$(lab check 1 --learner bob; echo $?)" "not yet: No container has been made from the hello-world image with its own command yet.
1" "another learner's work is not bob's"

# what was typed, or done by somebody else, earns nothing
said=$(shell 'step 1' 'reset --yes' 'echo "Hello from Docker!"' 'check')
like "$said" "It removes container [0-9a-f]{12} \(exited\)" "reset says what it removes"
like "$said" "careful: Those words came from your shell" "reset begins anew; an echo is a wrong path"
is "$(docker ps -aq | wc -l)" 0 "reset removed the step's container"
DRYDOCK_ACTOR=demo docker run hello-world >/dev/null
exits 1 "a demonstration earns nothing" "$DRYDOCK" lab check 1
DRYDOCK_SESSION=ana docker run hello-world >/dev/null
DRYDOCK_SESSION=ana docker info >/dev/null
exits 0 "the same from any other terminal counts" "$DRYDOCK" lab check 1
docker container prune -f >/dev/null
exits 0 "what was shown stays shown when its container is gone" "$DRYDOCK" lab check 1

# the fourth hint: a worked example and its question
said=$(shell 'step 1' 'reset --yes' 'hint' 'hint' 'hint' 'hint' 'answer follow b' 'docker info' \
	'docker run hello-world' 'reset')
like "$said" "Which part wrote the text" "the last hint brings a question"
like "$said" "what happens: the program inside the container" "and its answer"
like "$said" "all 7 parts of it, after the last hint" "the verdict says so"
like "$said" "Nothing was changed" "reset asks first"
docker ps -aq | xargs docker rm >/dev/null
stop_daemon
leak_check "nothing is left behind"
