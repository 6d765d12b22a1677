#!/bin/bash
# Dependencies point one way: core <- kernel <- {sim, image ... build} <- api <- cmd, and
# what students see (client, labs, trace/show) knows the API, events and facts only.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TESTS/.." || exit 1

# folder | the folders its sources may include from, besides its own
RULES='
engine/core      |
engine/kernel    | core
trace            | core kernel
engine/sim       | core kernel
engine/image     | core kernel trace registry
engine/registry  | core kernel trace image
engine/runtime   | core kernel trace image network volume
engine/network   | core kernel trace
engine/volume    | core kernel trace
engine/build     | core kernel trace image registry runtime network volume
engine/sim/userland | core sim
engine/sim/userland/shell | core sim
engine/sim/userland/tools | core sim
engine/sim/userland/services | core sim
engine/rootless  | core kernel network
engine/doctor    | core kernel trace image network rootless runtime
engine/api       | core kernel trace image registry runtime network volume build
engine/client    | core trace
trace/show       | core kernel trace client
labs             | core trace client
labs/shell       | core trace client labs
labs/look        | core trace client labs
labs/lint        | core trace client labs lessons quiz
lessons          | core trace client labs
quiz             | core trace client labs lessons
'

# The folder that an include names: "image/layer.h" is engine/image's.
included() {	# FOLDER: "file: header" for each quoted include in it
	grep -HoE '^#include "[^"]+"' "$1"/*.[ch] 2>/dev/null |
		sed -E 's/:#include "/: /; s/"$//; s|: engine/|: |'
}

strays() {	# FOLDER ALLOWED...
	local folder=$1 file header top
	shift
	while read -r file header; do
		case $header in
		kernel_ops.h | kernel_*.c | kernel/meta.h) continue ;;	# names of calls: for all
		esac
		[ -e "$folder/$header" ] && continue
		top=${header%/*}
		[ "engine/$top" = "$folder" ] || [ "$top" = "$folder" ] && continue
		[[ " $* " == *" $top "* ]] || [[ " $* " == *" ${top%%/*} "* ]] || echo "$file $header"
	done < <(included "$folder")
}

while IFS='|' read -r folder allowed; do
	folder=${folder// /}
	[ -n "$folder" ] && [ -d "$folder" ] || continue
	# shellcheck disable=SC2086  # a list of names
	is "$(strays "$folder" $allowed)" "" "$folder includes only from: ${allowed# }"
done <<<"$RULES"
done_testing
