#!/bin/bash
# Whatever is needed to build Drydock or to make its images has a row in the handbook's
# table, with its reason and its cost; nothing is in the table that isn't needed any more.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TESTS/.." || exit 1
plan 2

needed=$(sed -n 's/^\(build\|bake\|lab\)+\? \+\([^ |]*\).*/\2/p' tests/helpers/packages | sort -u)
told=$(grep -o '`[a-z][a-z0-9.-]*`' docs/lecture-7.4/dependencies.md | tr -d '`' | sort -u)
is "$(comm -23 <(echo "$needed") <(echo "$told"))" "" "every package has its reason and its cost in dependencies.md"
is "$(comm -13 <(echo "$needed") <(echo "$told") | grep -vxE 'pasta|drydock-engine|newuidmap|uidmap|slirp4netns')" "" \
	"no row is left of a package that isn't needed"
