#!/bin/bash
# Questions leave for other programs and come back: GIFT, read by somebody else's parser
# where there is one; Aiken, read by a checker written from its description.
. "$(dirname "$0")/../helpers/tap.sh"
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
export HOME=$WORK
quiz() { "$DRYDOCK" quiz "$@"; }
count=$(quiz --list --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')

# ---- GIFT ---------------------------------------------------------------------------------
quiz --export gift >"$WORK/1.gift"
is "$(grep -c '^::' "$WORK/1.gift")" "$count" "every question is exported"
ok "GIFT is read" quiz --import "$WORK/1.gift" --into "$WORK/bank"
DRYDOCK_QUIZ=$WORK/bank quiz --export gift >"$WORK/2.gift"
ok "and written again the same, byte for byte" cmp "$WORK/1.gift" "$WORK/2.gift"
is "$(DRYDOCK_QUIZ=$WORK/bank quiz --list --json | python3 -c '
import json, sys
def key(q): return (q["id"], q["concept"], q["ask"], q["right"], q["why"],
	[(o["key"], o["text"], o["tag"], o["say"]) for o in q["options"]])
print(json.dumps(sorted(key(q) for q in json.load(sys.stdin))))')" "$(quiz --list --json | python3 -c '
import json, sys
def key(q): return (q["id"], q["concept"], q["ask"], q["right"], q["why"],
	[(o["key"], o["text"], o["tag"], o["say"]) for o in q["options"]])
print(json.dumps(sorted(key(q) for q in json.load(sys.stdin))))')" "texts, tags, feedback and answers are the same"
exits 2 "files that are there are not overwritten" "$DRYDOCK" quiz --import "$WORK/1.gift" --into "$WORK/bank"
exits 2 "an import needs a place to go to" "$DRYDOCK" quiz --import "$WORK/1.gift"
DRYDOCK_QUIZ=$WORK/bank quiz --check >"$WORK/findings"
is $? 1 "imported questions are not complete"
like "$(cat "$WORK/findings")" "has no experiment" "and the check says what they lack"

# What gift-pegjs, another people's reader, finds in this very export is kept with the tests,
# since it comes from npm and not from Debian: gift_read.sh writes it anew.
read=$TESTS/lab/gift_read.jsonl
is "$(head -n 1 "$read")" "$(sha256sum <"$WORK/1.gift" | cut -d ' ' -f 1)" \
	"the export is the one that was read (after a change: tests/lab/gift_read.sh)"
is "$(tail -n +2 "$read")" "$(quiz --list --json | python3 -c '
import json, sys
for q in json.load(sys.stdin):
	tags = [q["concept"]] + [o["tag"] for o in q["options"] if o["tag"]]
	print(json.dumps([q["id"], tags, q["ask"], q["why"], [[o["text"], o["key"] == q["right"], o["say"]]
		for o in q["options"]]], separators=(",", ":"), ensure_ascii=False))')" \
	"another program's GIFT reader finds the same texts, tags, answers and feedback"

# ---- GIFT of others --------------------------------------------------------------------------
n=0
import() {	# TEXT: what is said about it; the bank is in $WORK/inN
	n=$((n + 1))
	printf '%s\n' "$1" >"$WORK/in.txt"
	rm -rf "$WORK/in"
	quiz --import "$WORK/in.txt" --into "$WORK/in" 2>&1
}
field() { DRYDOCK_QUIZ=$WORK/in quiz --list --json | python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }
import '// a comment
$CATEGORY: tests/odd names

::Two\: plus::[html]What is 1 + 1 \= ? {
  =2#yes \{so\}
  ~3#no
  ~11
}

::tf::The kernel is shared. {TRUE#It is.#Right.}

One line{=a~b#x#### because}' >/dev/null
is "$(field '[(q["id"], q["ask"], q["right"], [o["text"] for o in q["options"]]) for q in d]')" \
	"[('Two: plus', 'What is 1 + 1 = ?', 'a', ['2', '3', '11']), ('tf', 'The kernel is shared.', 'a', ['true', 'false']), ('imported-3', 'One line', 'a', ['a', 'b'])]" \
	"escapes, formats, true and false, questions on one line"
is "$(field '(d[0]["options"][0]["say"], d[1]["options"][1]["say"], d[2]["why"], d[0]["section"])')" \
	"('yes {so}', 'It is.', 'because', 'odd-names')" "feedback and category"
like "$(import 'x {#4:0}')" 'in.txt:1: only multiple choice' "a numerical question is refused, with its line"
like "$(import $'ok {=a ~b}\n\nx {=1 -> 2 =3 -> 4}')" 'in.txt:3: a matching question' "a matching question"
like "$(import 'x {=a ~%50%b}')" 'answers with a weight' "weights"
like "$(import 'x {~a ~b}')" 'expected one right answer' "no right answer"
like "$(import 'x {=a =b}')" 'expected one right answer' "two right answers"
like "$(import 'x {}')" 'only multiple choice' "an essay"
like "$(import 'just text')" "can't be kept" "a description"
like "$(import 'x {=a ~b')" 'expected "}"' "no end"
like "$(import '')" 'there is no question in it' "an empty file"
like "$(quiz --import /nowhere --into "$WORK/in" 2>&1)" 'No such file' "no file"

# ---- Aiken -----------------------------------------------------------------------------------
quiz --export aiken >"$WORK/1.aiken"
# From the description: question, options A) B) … in order, ANSWER with one of them.
aiken() { awk '
	length($0) < 2 { next }
	/^ANSWER: [A-Z]$/ { a = substr($0, 9, 1); if (n < 2 || index(letters, a) == 0) bad = NR; good++; n = 0; stem = 0; letters = ""; next }
	/^[A-Z][).] / { if (!stem || substr($0, 1, 1) != sprintf("%c", 65 + n)) bad = NR; letters = letters substr($0, 1, 1); n++; next }
	{ if (stem) bad = NR; stem = 1 }
	END { if (stem) bad = NR; if (bad) print "line " bad; else print good }' "$1"; }
is "$(aiken "$WORK/1.aiken")" "$count" "an independent checker reads every question of the Aiken export"
quiz --import "$WORK/1.aiken" --into "$WORK/aiken" >/dev/null
DRYDOCK_QUIZ=$WORK/aiken quiz --export aiken >"$WORK/2.aiken"
ok "Aiken comes back the same" cmp "$WORK/1.aiken" "$WORK/2.aiken"
DRYDOCK_QUIZ=$WORK/aiken quiz --export gift >"$WORK/3.gift"
is "$(grep -E '^	[=~]' "$WORK/3.gift")" "$(grep -E '^	[=~]' "$WORK/1.gift" | sed -E 's/(^|[^\\])#.*/\1/')" \
	"by way of Aiken the answers in GIFT are the same"
like "$(import $'A) x\nB) y\nANSWER: A')" 'in.txt:1: an option without a question' "an option before any question"
like "$(import $'q one\nA) x\nANSWER: A')" 'at least two options' "one option only"
like "$(import $'q one\nA) x\nB) y\nANSWER: C')" 'none of the options' "an answer that is no option"
like "$(import $'q one\nA) x\nB) y\nq two\nA) x\nB) y\nANSWER: A')" 'in.txt:4: a question begins before' "no answer in between"
like "$(import $'q one\nA) x\nC) y\nANSWER: A')" 'in order' "a letter left out"
like "$(import $'q\nq one\nA) x\nB) y\nANSWER: A\nq two\nA) x\nB) y')" 'in.txt:6: this question has no ANSWER' "no answer at the end"
done_testing
