#!/bin/bash
# What the fuzzers have kept runs through once more, with sanitizers: no input that
# was ever interesting may crash, hang or leak.  `make fuzz` looks for new ones.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TESTS/.." || exit 1
[ -d "$BUILD/fuzz/fuzzer" ] || skip_all "make fuzz-build makes the fuzzers"
for f in tests/fuzz/*_fuzz.c; do
	name=$(basename "$f" _fuzz.c)
	ok "$name: $(ls tests/fuzz/corpus/"$name" | wc -l) inputs" \
		"$BUILD/fuzz/fuzzer/$name" -runs=0 -timeout=10 "tests/fuzz/corpus/$name"
done
done_testing
