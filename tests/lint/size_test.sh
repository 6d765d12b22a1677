#!/bin/bash
# Functions a reader can hold in mind, files that fit a sitting: half of all
# functions have at most 20 lines, 95 in 100 under 60, none over 100; no file has 600.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TESTS/.." || exit 1
plan 4

sources() { find engine trace labs lessons quiz tests -name '*.[ch]' | sort; }

# "lines file:line" for each function, from its opening to its closing brace, both
# of which our style puts at the start of a line.
functions() {
	sources | xargs awk '
		FNR == 1 { open = 0 }
		/^\{/    { open = FNR }
		/^\}[ \t]*$/ && open { print FNR - open - 1, FILENAME ":" open; open = 0 }'
}

lengths=$(functions | sort -n)
count=$(printf '%s\n' "$lengths" | wc -l)
at() { printf '%s\n' "$lengths" | sed -n "$(((count * $1 + 99) / 100))p"; }

is "$(sources | xargs wc -l | awk '$2 != "total" && $1 >= 600')" "" "no file of 600 lines or more"
is "$(printf '%s\n' "$lengths" | awk '$1 > 100')" "" "no function over 100 lines"
median=$(at 50) most=$(at 95)
ok "half of $count functions have at most 20 lines (${median%% *})" test "${median%% *}" -le 20
ok "95 in 100 have fewer than 60 (${most%% *})" test "${most%% *}" -lt 60
