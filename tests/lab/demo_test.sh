#!/bin/bash
# Demonstrations before a class: rehearsed, recorded, voted on at a terminal, and stopped;
# nobody earns anything by one, and nothing is left behind.
. "$(dirname "$0")/../helpers/tap.sh"
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
need_root
need python3 asciinema script
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"
isolate "$0" "$@"
export HOME=$WORK
unset NO_COLOR ACCESSIBLE DOCKER_HOST
cd "$WORK" || bail "no $WORK"

demo() { "$DRYDOCK" demo "$@"; }
ready=$(demo | sed -n '/^$/q; s/ .*//p')
is "$(wc -w <<<"$ready")" "$(find "$DRYDOCK_LESSONS/demos" -name '*.md' ! -name '*.*.md' | wc -l)" "the list has them all"
exits 2 "there is no such demonstration" demo nothing
exits 2 "a file that isn't there" demo ./nothing.md
exits 2 "a speed of nothing" demo layers --speed 0
exits 2 "recorded is one" demo --rehearse --record x.cast
exits 0 "--help" demo --help
broken() {	# YAML of a line: what is said about it
	printf '%s\n' --- 'name: x' 'title: t' 'shows: s' 'script:' "  - $1" --- '# t' >x.md
	demo ./x.md --rehearse 2>&1
}
like "$(broken '{run: x, predict: {ask: q, right: a, why: w, options: {a: one}}}')" \
	'x.md:6:[0-9]+: expected 2 to 6 options' "a choice of one is none, with its line"
like "$(broken '{run: x, predict: {ask: q, right: c, why: w, options: {a: one, b: two}}}')" \
	'"right" is to be the letter of an option' "the right one is among them"

IMAGES=course start_daemon
facts() { raw http://localhost/drydock/facts; }
progress() { "$DRYDOCK" lab list --json; }
DRYDOCK_ACTOR=seed docker pull -q ubuntu:20.04 >/dev/null
before=$(progress)

# ---- rehearsed ----------------------------------------------------------------------
said=$(demo --rehearse </dev/null 2>&1)
is $? 0 "all come as their scripts say, without a terminal" || diag "$said"
is "$(grep -c '^seen:' <<<"$said")" "$(wc -w <<<"$ready")" "each to its end"
is "$(DRYDOCK_ACTOR=grader docker ps -aq)" "" "no container is left"
said=$(broken '{run: docker run --name demo-x ubuntu:20.04 echo no, expect: ^yes$}')
is $? 1 "one that comes out otherwise fails"
like "$said" 'otherwise: this was to print' "and says what"
DRYDOCK_ACTOR=grader docker rm -f demo-x >/dev/null

# ---- recorded -----------------------------------------------------------------------
demo ephemerality --rehearse --record show.cast >shown </dev/null 2>&1
is $? 0 "a rehearsal is recorded"
is "$(script -qec "asciinema cat show.cast" /dev/null </dev/null | tr -d '\r')" "$(tr -d '\r' <shown)" \
	"asciinema plays what was to be seen"
python3 - show.cast <<'EOF'
import json, sys
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
head, events = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
assert head["version"] == 2 and head["width"] > 0 and head["height"] > 0
assert all(len(e) == 3 and e[1] in "om" and isinstance(e[2], str) for e in events)
times = [e[0] for e in events]
assert times == sorted(times) and times[-1] > 20, times[-1]
assert [e[2] for e in events if e[1] == "m"][0] == "A container writes a file, and ends."
EOF
is $? 0 "the file is what asciicast v2 says: times never go back, pauses are in it, and markers"
exits 2 "a place where nothing can be written" demo ephemerality --rehearse --record /nowhere/x.cast
broken '{run: "false"}' >/dev/null
demo ./x.md --rehearse --record bad.cast >/dev/null 2>&1
is "$(ls bad.cast* 2>&1 | grep -vc 'cannot access')" 0 "of one that fails no recording is kept"

# ---- before a class -----------------------------------------------------------------
python3 "$TESTS/lab/demo_pty.py" "$DRYDOCK" >pty.tap 2>&1
while read -r line; do
	case $line in
	ok*) tap_result 0 "${line#*- }" ;;
	not*) tap_result 1 "${line#*- }" ;;
	1..*) pty_end=1 ;;
	*) diag "$line" ;;
	esac
done <pty.tap
is "${pty_end:-0}" 1 "the terminals came to their end"

is "$(facts | grep -c '"actor":"student".*"type":"ctr.create"')" 0 "all that was made, the demonstrations made"
is "$(progress)" "$before" "and nobody has earned anything"
stop_daemon
leak_check "nothing is left behind"
done_testing
