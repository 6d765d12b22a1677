#!/bin/bash
# Nothing passes the waist: read from the symbols of every object that was built.
#
# banned.h stops a direct call at compile time; a function's address taken, or a
# call out of assembly, shows only here.  engine/kernel/banned.def has the names.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TESTS/.." || exit 1
need nm gcc
[ -d "$BUILD/obj/engine" ] || skip_all "nothing is built in $BUILD"
plan 6

# The waist itself, and the programs' outer shell, which starts other programs.
EXEMPT='/engine/kernel/linux[^/]*\.o$|/engine/cmd/|/engine/client/|/trace/show/'

# System calls that have no row because nobody is taught them, each with its file:
#   openat2   a path is resolved beneath a root, whatever links it holds
#   kill      the tiny init passes a signal on to its one child
RAW='engine/image/resolve.c openat2
engine/runtime/container_files.c openat2
engine/runtime/supervisor/look.c openat2
engine/runtime/supervisor/os.c kill'

banned_names() { sed -n 's/^BANNED(\([a-z0-9_]*\),.*/\1/p' engine/kernel/banned.def; }

objects() { find "$BUILD/$1/engine" "$BUILD/$1/trace" -name '*.o' | grep -vE "$EXEMPT"; }

# "object symbol" for each undefined symbol of the objects on stdin.
undefined() { xargs nm -A -u 2>/dev/null | sed -E 's|^([^:]+):.* U |\1 |; s/@.*//'; }

past_the_waist() { undefined | awk 'NR == FNR { bad[$1]; next } $2 in bad' <(banned_names) -; }

sources_of_syscalls() {
	grep -rHoE '\bsyscall\(SYS_[a-z0-9_]+|\bSYS\([a-z0-9_]+' engine trace --include='*.c' |
		grep -v '^engine/kernel/linux' | sed -E 's/:(syscall\(SYS_|SYS\()/ /' | sort -u
}

ok "the list of banned names can be read" test "$(banned_names | wc -l)" -gt 30
is "$(objects obj | past_the_waist)" "" "the engine's objects call the kernel through the waist"
if [ -d "$BUILD/musl/engine" ]; then
	is "$(objects musl | past_the_waist)" "" "so do the supervisor's"
else
	skip 1 "no supervisor is built"
fi
is "$(objects obj | undefined | awk '$2 ~ /^nft_/')" "" "libnftables is used in the waist only"
is "$(comm -23 <(sources_of_syscalls) <(sort <<<"$RAW"))" "" \
	"raw system calls outside are those this test gives a reason for"

# The guard itself: an address taken, which banned.h can't see, is found.
cat >"$WORK/sneaky.c" <<'C'
#include <sched.h>
int (*sneaky)(int) = unshare;
C
gcc -D_GNU_SOURCE -c "$WORK/sneaky.c" -o "$WORK/sneaky.o"
like "$(echo "$WORK/sneaky.o" | past_the_waist)" 'sneaky.o unshare$' "an address taken is noticed"
