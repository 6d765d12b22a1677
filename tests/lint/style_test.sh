#!/bin/bash
# What no compiler says: width, tabs, leftovers, things that belong to one machine only.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TESTS/.." || exit 1
plan 6

c_files() { find engine trace labs lessons quiz tests -name '*.[ch]'; }
scripts() { find tests labs .ci -name '*.sh' -o -path '.ci/run' -o -path 'tests/run'; }
texts() { c_files; scripts; find . -maxdepth 1 -name '*.mk' -o -maxdepth 1 -name '*.md'; find docs labs lessons quiz -name '*.md'; }
found() { xargs grep -nE "$@" /dev/null; }

wide() {	# counts columns, not bytes
	local f
	for f in $(c_files); do
		expand -t 8 "$f" | LC_ALL=C.UTF-8 grep -nE '^.{111,}' | sed "s|:.*||; s|^|$f:|"
	done
}
is "$(wide)" "" "no line of C over 110 columns (100 is the aim)"
is "$(c_files | found '^ {4,}[^ *]' | head)" "" "C is indented with tabs"
is "$(texts | found '[ 	]+$' | grep -v '\.md:' | head)" "" "no white space at the end of a line"
is "$(c_files | found '\b(TODO|FIXME|XXX|HACK)\b')" "" "nothing is left for later"
is "$(texts | grep -v 'style_test' | found '/work/(main|shared)|https?://[a-z.]*debian\.org')" "" \
	"no path or host of one machine"
is "$(for s in $(scripts); do bash -n "$s" 2>&1; done)" "" "every script parses"
