#!/bin/bash
# The handbook's table of calls is the one that kernel_ops.def gives; the generator
# refuses rows it can't read, with the line's number.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TESTS/.." || exit 1
plan 5
generate() { awk -v out="$WORK" -f engine/kernel/generate.awk "$@"; }

ok "the table can be generated" generate engine/kernel/kernel_ops.def
ok "docs/lecture-7.4/kernel-calls.md is up to date (make coverage renews it)" \
	diff -q "$WORK/kernel_coverage.md" docs/lecture-7.4/kernel-calls.md

refused() {	# ROW
	echo "$1" >"$WORK/bad.def"
	generate "$WORK/bad.def" 2>&1
}
like "$(refused 'x | fd:a | file | x | x(2) | l | full')" 'bad.def:1: 7 columns' "a row with a column too few is refused"
like "$(refused 'x | oops:a | file | x | x(2) | l | full | why')" 'unknown kind oops' "so is an unknown kind"
like "$(refused 'x | fd:a fd:b fd:c fd:d fd:e fd:f fd:g | file | x | x(2) | l | full | why')" \
	'more than six' "and a seventh argument"
