#!/bin/bash
# tests/run itself: nothing that goes wrong may look like a pass.
. "$(dirname "$0")/../helpers/tap.sh"
plan 9

# What the runner makes of a test with these lines: its tally, and how it leaves.
tally() {	# SHELL-TEXT
	local file=$WORK/one_test.sh rc
	printf '%s\n' "$1" >"$file"
	B=$BUILD "$TESTS/run" "$file" >"$WORK/out" 2>&1
	rc=$?
	echo "$(tail -n 1 "$WORK/out"); $rc"
}

is "$(tally 'echo 1..2; echo ok 1 - a; echo ok 2 - b')" "2 passed, 0 failed, 0 skipped; 0" "passes"
is "$(tally 'echo 1..2; echo ok 1 - a; echo not ok 2 - b')" "1 passed, 1 failed, 0 skipped; 1" "a failure"
is "$(tally 'echo 1..1; echo "ok 1 - a # SKIP why"')" "0 passed, 0 failed, 1 skipped; 0" "a skip"
is "$(tally 'echo "1..0 # SKIP no qemu"')" "0 passed, 0 failed, 1 skipped; 0" "a test that skips itself"
is "$(tally 'echo 1..2; echo ok 1 - a')" "1 passed, 1 failed, 0 skipped; 1" "a result that is missing"
is "$(tally 'echo 1..1; echo ok 1 - a; exit 3')" "1 passed, 1 failed, 0 skipped; 1" "a bad end"
is "$(tally 'echo ok 1 - a')" "1 passed, 1 failed, 0 skipped; 1" "no plan"
is "$(tally ':')" "0 passed, 1 failed, 0 skipped; 1" "nothing at all"
is "$(tally '# timeout: 1
echo 1..1; sleep 5; echo ok 1 - a')" "0 passed, 1 failed, 0 skipped; 1" "a test that takes too long"
