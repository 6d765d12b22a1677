#!/bin/bash
# The quiz at the prompt: practice, confidence, evidence, exam, review with a clock that is
# set, lists for programs, and its way to other programs and back.
. "$(dirname "$0")/../helpers/tap.sh"
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
isolate "$0" "$@"
export HOME=$WORK NO_COLOR=1
unset DOCKER_HOST

quiz() { "$DRYDOCK" quiz "$@" 2>&1; }
flat() { tr -s ' \n' ' '; }	# what was wrapped, on one line
answers() { printf '%s\n' "$@"; }
json() { python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }
# The right letter of a question, and a wrong one.
right() { "$DRYDOCK" quiz --list --json --question "$1" | json 'd[0]["right"]'; }
wrong() { "$DRYDOCK" quiz --list --json --question "$1" | json 'next(o["key"] for o in d[0]["options"] if o["tag"])'; }

# ---- the bank -------------------------------------------------------------------------
ok "the bank is complete" "$DRYDOCK" quiz --check
ok "43 questions at least, three siblings a concept" test "$(quiz --list --json | json 'len(d)')" -ge 43
is "$(quiz --list --json | json 'sorted({q["section"] for q in d})')" \
	"$("$DRYDOCK" lesson --json | json 'sorted(l["name"] for l in d)')" "each lesson has its questions"
is "$(quiz --list --json | json 'max(sum(q["right"] == c for q in d) for c in "abcd") * 2 < len(d)')" True \
	"no letter is right for half of the questions"
ask="What's the difference between a Docker image and a container?
Why are Docker containers faster to start than VMs?
What happens to data written inside a container when you \`docker rm\` it?"
is "$(for q in image-1 vm-1 life-1; do quiz --list --json --question $q | json 'd[0]["ask"]'; done)" "$ask" \
	"the lecture's three questions are there, word for word"
is "$(for q in image-1 vm-1 life-1; do right $q; done | xargs)" "c b c" "with the lecture's answers"
tags=$(sed -n 's/^  \(M-[A-Z-]*\):.*/\1/p' "$DRYDOCK_QUIZ/misconceptions.md")
is "$(cat "$DRYDOCK_LABS"/*/lab.md "$DRYDOCK_QUIZ"/[0-9]*.md | grep -oE '\bM-[A-Z-]+' | sort -u)" "$(sort <<<"$tags")" \
	"every misconception of labs and quiz is explained, and none is unused"

# ---- without an engine ------------------------------------------------------------------
said=$(answers "$(wrong vm-1) sure" | quiz --question vm-1)
like "$said" "no engine is running, so no answer is written down" "it can be played without an engine, and says so"
like "$said" "^not so:" "a wrong answer is called wrong"
like "$said" "^behind it: the idea that " "what may be behind it is named"
like "$said" "^right is: b\) Containers share the host OS kernel" "and the right one is told"
exits 2 "review needs a record" "$DRYDOCK" review
exits 2 "no such question" "$DRYDOCK" quiz --question none
exits 2 "no such section" "$DRYDOCK" quiz --section 12
exits 2 "no such experiment" "$DRYDOCK" quiz --prove vm-1.z
exits 2 "no such format" "$DRYDOCK" quiz --export qti
exits 2 "an unknown word" "$DRYDOCK" quiz now
exits 0 "--help" "$DRYDOCK" quiz --help
exits 0 "review --help" "$DRYDOCK" review --help

# ---- with one, and with runs of one's own --------------------------------------------------
day=86400000000000
set_clock() { export DRYDOCK_CLOCK=$((1790000000000000000 + $1 * day)); }
set_clock 0
start_daemon
docker run --name mine busybox sh -c 'echo x > /x' 2>/dev/null
docker rm mine >/dev/null
said=$(answers "$(wrong life-1)" s '' | quiz --question life-1)
like "$(flat <<<"$said")" "your own runs: with your container [0-9a-f]{12}, [0-9]+ bytes of its layer were deleted" \
	"an answer quotes the learner's own run"
said=$(answers "$(right vm-1) guess" | quiz --question vm-1)
like "$said" "^right: b\)" "a right answer is called right"
like "$(flat <<<"$said")" "your container [0-9a-f]{12} was started in [0-9.]+ ms" "a figure that was measured here"
# Sentences about runs that no step of the lab asks for.
docker run -d -p 18080:80 --name first busybox sleep 60 >/dev/null
docker run -d -p 18080:80 --name second busybox sleep 60 >/dev/null 2>&1
docker stop -t 0 first >/dev/null
docker run --user 7 busybox true
docker ps >/dev/null; docker ps -a >/dev/null
docker container prune -f >/dev/null
quoted() { answers "$(right "$1") sure" | quiz --question "$1" --learner ana | flat; }
like "$(quoted ports-2)" "port 18080 was refused to you once; first had it" "a port that was refused"
like "$(quoted stop-2)" "ended by signal 9" "a program that was killed"
like "$(quoted root-3)" "a program ran as user 7" "a program of another user"
like "$(quoted tidy-4)" "you have looked at both lists" "both lists"
like "$(quoted tidy-1)" "your prune took 3 containers" "a prune"
facts() { raw http://localhost/drydock/facts | grep '"session":"'"${DRYDOCK_LEARNER:-root}"'"' | grep '"quiz.answer"'; }
is "$(facts | python3 -c '
import json, sys
for l in sys.stdin:
	d = json.loads(l)["data"]; print(d["question"], d["right"], d["confidence"], d["mode"])')" \
	"life-1 False sure free
vm-1 True guess free" "answers, confidence and mode are in the journal"
said=$(answers x "" q | quiz --section 5)
like "$said" '"x" is none of the answers' "another letter is asked for again"
like "$said" "question 2 of" "Enter passes"
is "$(facts | wc -l)" 2 "what was passed is not written down"
is "$(quiz --list --concept lifetime | grep -o '^life-[0-9]  *[a-z]*' | tail -n 1 | xargs)" "life-1 wrong" \
	"new questions come first, those that were missed follow"
like "$(quiz --recap)" '^- \*\*life-1\*\* \(sure\)' "the recap shows what was missed"

# ---- exam -----------------------------------------------------------------------------
exam=$(answers '' '' '' | quiz --exam --count 3)
unlike "$(sed '/^result:/,$d' <<<"$exam")" "^(right|not so|why):" "an exam says nothing before its end"
like "$exam" "^result: 0 of 3 right" "and the result at the end"
is "$(answers '' | quiz --exam --count 1)" "$(answers '' | quiz --exam --count 1)" "the same learner gets the same one"
many() { for who in a b c d e f; do answers q | "$DRYDOCK" quiz --exam --learner "$who" | sed -n 3p; done; }
ok "another learner gets another one" test "$(many | sort -u | wc -l)" -gt 1
# All wrong, with a different certainty each: the surest error comes first.
id_of() { quiz --list --json | ASK=$1 json 'next(q["id"] for q in d if q["ask"].split()[:6] == __import__("os").environ["ASK"].split()[:6])'; }
stems=$(answers '' '' '' | COLUMNS=300 quiz --exam --count 3 | grep -A 1 '^question ' | grep -v '^question \|^--')
mapfile -t words < <(while read -r stem; do id_of "$stem"; done <<<"$stems")
said=$(answers "$(wrong "${words[0]}") guess" "$(wrong "${words[1]}") think" "$(wrong "${words[2]}") sure" |
	quiz --exam --count 3)
is "$(grep '^how sure you were' <<<"$said" | sed 's/.*: //' | xargs)" "sure think guess" \
	"errors made with confidence are shown first"
is "$(facts | tail -n 3 | grep -c '"mode":"exam"')" 3 "exam answers are marked as such"
exam_again=$(answers q | quiz --exam)
unlike "$exam_again" "question 1 of 0" "another exam can be taken"

# ---- review --------------------------------------------------------------------------------
review() { "$DRYDOCK" review "$@" 2>&1; }
learner() { export DRYDOCK_LEARNER=$1; }
# The daemon stamps the facts, so it starts anew on each day.
on_day() { stop_daemon; set_clock "$1"; start_daemon; }
due() { review --json | json 'next(c["state"] for c in d if c["concept"] == "kernel")'; }
asked() { sed -n '/^question 1/{n;p}' <<<"$1"; }
learner ben
answers "$(right vm-1) sure" | quiz --question vm-1 >/dev/null
is "$(due)" later "a concept that was answered is not due at once"
like "$(review)" "Nothing is due. The next is on 2026-" "review says when it will be"
state_over_time=
for d in 1 4 11 27; do
	set_clock $((d - 1)); state_over_time+=" $(due)"
	on_day $d; state_over_time+=" $(due)"
	# Which sibling comes is the program's choice; its right letter is looked up.
	stem=$(asked "$(answers q | COLUMNS=300 review)")
	answers "$(right "$(id_of "$stem")") sure" | review >/dev/null
done
is "$state_over_time" " later due later due later due later due" "it is due after 1, 3, 7 and 16 days, not before"
is "$(due)" settled "after four right answers it is settled"
is "$(facts | grep '"review"' | python3 -c '
import json, sys
print(len({json.loads(l)["data"]["question"] for l in sys.stdin}) >= 3)')" True "each time with another sibling"
learner eva
answers "$(wrong vm-1) sure" | quiz --question vm-1 >/dev/null
on_day 28
is "$(due)" due "a wrong answer comes back the next day"
set_clock 20
like "$(answers q | review)" "the clock is behind your last answer" "a clock that was set back is noticed"
is "$(due)" later "and makes nothing due too early"
set_clock 28
raw http://localhost/drydock/facts | grep '"session":"eva"' >"$WORK/journal"
is "$(review --list --journal "$WORK/journal")" "$(review --list)" "a recorded journal can be listed"
exits 2 "but not answered into" "$DRYDOCK" review --journal "$WORK/journal"

# ---- in the shell ------------------------------------------------------------------------------
said=$(answers 'quiz --question box-1' "$(right box-1) sure" '' 'quiz --list --section 1' 'recap' | "$DRYDOCK" --learner fay 2>&1)
like "$said" "^right: " "the lab shell asks, too"
like "$(flat <<<"$said")" "1 of [0-9]+ questions answered, 1 of them rightly" "and its recap has the quiz"
is "$(quiz --list | LC_ALL=C grep -c '[^ -~]')" 0 "plain text is ASCII"
is "$(answers q | COLUMNS=60 quiz | awk 'length($0) > 60')" "" "60 columns are enough"
stop_daemon
unset DRYDOCK_CLOCK
leak_check "nothing is left behind"
done_testing
