#!/bin/bash
# `drydock lint`: the course is sound, and so is a small one, and whatever breaks the small
# one is caught, with file, line and what was expected (tests/lab/fixtures/broken.list).
. "$(dirname "$0")/../helpers/tap.sh"
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
fixtures=$TESTS/lab/fixtures
lint() { "$DRYDOCK" lint "$@" 2>&1; }

said=$(lint)
is $? 0 "the course is sound" || diag "$said"
like "$said" "^sound: [0-9]+ steps with [0-9]+ recorded runs" "and lint says what it has looked at"
is "$(awk '{ print length }' <<<"$said" | sort -n | tail -n 1 | awk '{ print ($1 <= 80) }')" 1 "in 80 columns"
is "$("$DRYDOCK" lint --map)" "$(sed -n '/^| section/,/^$/{/^$/d;p}' "$TESTS/../docs/lecture-7.4/coverage.md")" \
	"the handbook's map of the lecture is up to date"
is "$("$DRYDOCK" lint --json | python3 -c 'import json, sys; d = json.load(sys.stdin)
print(d["complaints"], len(d["map"]), all(s["lessons"] or s["steps"] or s["questions"] for s in d["map"]))')" \
	"[] $("$DRYDOCK" lint --map | tail -n +3 | wc -l) True" "programs get it as JSON"

said=$(lint "$fixtures/course")
is $? 0 "the small course is sound" || diag "$said"
lint /nowhere >"$WORK/said"
is "$? $(head -n 1 "$WORK/said")" "2 drydock: read the course in /nowhere: No such file or directory" "a directory that is not there"
lint --nothing >/dev/null
is $? 2 "wrong usage"

# Each line breaks one thing; nothing but a complaint is expected.
while IFS= read -r line; do
	case $line in '' | '#'*) continue ;; esac
	name=${line%% ;; *} expected=${line##* ;; } command=${line#* ;; }
	command=${command% ;; *}
	rm -rf "$WORK/broken"
	cp -r "$fixtures/course" "$WORK/broken"
	(cd "$WORK/broken" && eval "$command")
	said=$(cd "$WORK/broken" && lint .)
	code=$?
	diff -rq "$fixtures/course" "$WORK/broken" >/dev/null && said="nothing was broken"
	like "$code $(grep -E -- "$expected" <<<"$said" | head -n 1)" "^1 .+" "caught: $name" ||
		diag "expected: $expected" "said: $said"
done <"$fixtures/broken.list"
done_testing
