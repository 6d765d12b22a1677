#!/bin/bash
# The lab shell in a made-up language and in German: every step, every word of the lab, typed
# at a terminal. All is translated, and no line is torn. timeout: 300
. "$(dirname "$0")/../helpers/tap.sh"
need_root
need python3 msgfmt xgettext
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
# Baking needs the network, which the isolated test has not.
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"
isolate "$0" "$@"

plan 5
export HOME=$WORK/home SHELL=/bin/bash
unset DOCKER_HOST NO_COLOR ACCESSIBLE DRYDOCK_LABS DRYDOCK_LESSONS DRYDOCK_QUIZ
mkdir -p "$HOME"
python3 "$TESTS/helpers/pseudo.py" "$BUILD" "$WORK/place" || bail "no made-up language"

export DRYDOCK_ROOT=$WORK/r
mkdir -p "$DRYDOCK_ROOT/lib"
course_images "$DRYDOCK_ROOT/lib"
session() {	# LANGUAGE COLUMNS: what stands where it should not
	python3 "$TESTS/lab/pseudo_shell.py" "$WORK/place/bin/drydock" "$1" "$2" "$WORK/said.$1" 2>&1
}
leak_before=$(leak_list)
is "$(session en_XA 80)" "" "the made-up language: all is translated, and fits 80 columns"
is "$(session de 60)" "" "German fits 60 columns"
like "$(cat "$WORK/said.de")" "noch nicht: Noch ist kein Container" "it is German"
like "$(cat "$WORK/said.de")" "fertig: Schritt 1 ist gezeigt" "and a proof is a proof in it"
leak_check "nothing is left behind"
