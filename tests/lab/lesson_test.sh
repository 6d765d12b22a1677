#!/bin/bash
# The lessons: each can be read at every width, in plain text and in colour, and each
# demonstration really runs and shows what it says.
. "$(dirname "$0")/../helpers/tap.sh"
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
need_root
need curl script
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"
isolate "$0" "$@"
export HOME=$WORK
unset NO_COLOR ACCESSIBLE DOCKER_HOST

lesson() { "$DRYDOCK" lesson "$@"; }
numbers() { python3 -c 'import json, sys; print(*[l["lesson"] for l in json.load(sys.stdin)])'; }
all=$(lesson --json | numbers)

# ---- reading ------------------------------------------------------------------------
is "$all" "$(find "$DRYDOCK_LESSONS" -maxdepth 1 -name '[0-9][0-9]-*.md' ! -name '*.*.md' | sed 's|.*/0*||; s/-.*//' | sort -n | xargs)" \
	"the list for programs has every file, in order"
is "$(lesson | grep -c '^ *[0-9]')" "$(wc -w <<<"$all")" "so has the list for people"
for n in $all; do
	for width in 60 80 120; do
		is "$(COLUMNS=$width lesson "$n" | awk -v w="$width" 'length($0) >= w')" "" \
			"lesson $n fits $width columns"
	done
	is "$(lesson "$n" | LC_ALL=C grep -c '[^ -~]')" 0 "lesson $n is ASCII without escape sequences"
done

# On a terminal there is colour; without the colours the words are the same.
shown() { TERM=xterm COLUMNS=80 script -qec "stty cols 80; $DRYDOCK lesson $1" /dev/null; }
bare() { sed -e 's/\x1b\[[0-9;]*m//g' -e 's/\r//g' -e 's/`//g' | tr -s ' \n' '\n' | grep -v '^--*$'; }
like "$(shown 6)" $'\x1b\\[1m' "a terminal gets colours"
is "$(shown 6 | bare)" "$(COLUMNS=80 lesson 6 | bare)" "and the same words without them"
is "$(lesson vms)" "$(lesson 5)" "a lesson is found by its name, too"
like "$(lesson 5)" '^lecture: "Each VM: ~10 GB' "a figure of the lecture stands there as a quotation"

# ---- trouble ------------------------------------------------------------------------
exits 2 "there is no such lesson" "$DRYDOCK" lesson 77
exits 2 "one lesson at a time" "$DRYDOCK" lesson 1 2
exits 2 "a demonstration belongs to a lesson" "$DRYDOCK" lesson --demo
exits 0 "--help" "$DRYDOCK" lesson --help
mkdir "$WORK/mine"
broken() {	# YAML: what is said about a lesson with this demonstration
	printf -- '---\nlesson: 1\nname: x\ntitle: t\nlecture: l\n%s\n---\n# t\n' "$1" >"$WORK/mine/01-x.md"
	DRYDOCK_LESSONS=$WORK/mine "$DRYDOCK" lesson 2>&1
}
like "$(broken 'labs: [1]')" '01-x.md:2:1: expected a demonstration' "a lesson without demonstration is refused"
like "$(broken 'demo: {title: t, shows: s, script: [{run: x, expect: "("}]}')" \
	'01-x.md:6:[0-9]+: "expect" is no regular expression' "so is a bad pattern, with its line"
like "$(broken 'demo: {title: t, shows: s, script: [{run: x, code: one}]}')" 'is to be an exit code' "a bad code"
like "$(broken 'demo: {title: t, shows: s}')" 'expected a script' "a demonstration of nothing"
like "$(broken 'demo: {title: t, shows: s, script: [{go: x}]}')" 'unknown key "go"' "an unknown key"
like "$(DRYDOCK_LESSONS=/nowhere lesson 2>&1)" "hint: set DRYDOCK_LESSONS" "no lessons: says what to do"

# ---- demonstrations -----------------------------------------------------------------
IMAGES=course start_daemon
demo() { lesson "$1" --demo >"$WORK/demo.$1" 2>&1; }
facts() { raw http://localhost/drydock/facts; }
# Fetched as somebody else, or each of them would have to.
for image in hello-world ubuntu:20.04; do DRYDOCK_ACTOR=seed docker pull -q $image; done >/dev/null
for n in $all; do
	ok "demonstration $n shows what it says" demo "$n" || diag "$(cat "$WORK/demo.$n")"
done
is "$(docker ps -aq; docker volume ls -q)" "" "no container and no volume is left"
is "$(docker images --format '{{.Repository}}:{{.Tag}}' | sort | xargs)" "hello-world:latest ubuntu:20.04" \
	"what was fetched for it is gone again, what was here stays"
is "$(facts | grep -c '"actor":"student".*"type":"ctr.create"')" 0 "nobody earned anything by it"

printf -- '%s\n' --- 'lesson: 1' 'name: x' 'title: t' 'lecture: l' 'demo:' '  title: t' '  shows: done' \
	'  script:' '    - run: docker run --name drydock-demo hello-world' '    - run: echo no' '      expect: ^yes$' \
	'  cleanup: [docker rm -f drydock-demo]' --- '# t' >"$WORK/mine/01-x.md"
said=$(DRYDOCK_LESSONS=$WORK/mine lesson 1 --demo)
is $? 1 "one that comes out otherwise exits with 1"
like "$said" 'otherwise: this was to print something that matches \^yes\$' "and says what came otherwise"
unlike "$said" '^seen:' "without the sentence of the end"
is "$(docker ps -aq)" "" "and cleans up all the same"

said=$(printf '%s\n' 'lesson 3' 'lesson 1 --demo' | "$DRYDOCK" --learner ana 2>&1)
like "$said" "The container: a process with a view of its own" "the lab shell reads a lesson"
like "$said" "^seen: The files came out of the image" "and runs a demonstration"
exits 2 "no engine at the address that was named" "$DRYDOCK" lesson 1 --demo -H unix:///nowhere.sock
stop_daemon
leak_check "nothing is left behind"
done_testing
