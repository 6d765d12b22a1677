#!/bin/bash
# compare: two runs' kernel calls. What it says is checked against the traces themselves.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
export HOME=$WORK NO_COLOR=1 COLUMNS=100
start_daemon
docker pull -q busybox >/dev/null
docker run --name plain busybox true
docker run --name again busybox true
docker start plain >/dev/null; docker wait plain >/dev/null
docker run -d --name back busybox true >/dev/null; docker wait back >/dev/null
docker run --user 1000 --name user busybox true
docker run -t --name tty busybox true
docker run --network none --name lone busybox true
# The engine tidies up behind a container when its client has left already.
last_event() { raw http://localhost/drydock/info | python3 -c 'import json, sys; print(json.load(sys.stdin)["trace"]["last"])'; }
quiet() { local n; n=$(last_event); sleep 0.4; [ "$n" = "$(last_event)" ]; }
eventually quiet
compare() { "$DRYDOCK" compare "$@"; }

# For each call's name: how many more of it the first run has, by compare and by the traces.
# Only calls of a region count; the second start of `plain` is left out.
agree() {	# NAME NAME
	raw "http://localhost/drydock/trace?container=$1" >"$WORK/a"
	raw "http://localhost/drydock/trace?container=$2" >"$WORK/b"
	compare "$1" "$2" --json >"$WORK/diff"
	python3 - "$WORK" <<'PY'
import collections, json, sys
def first_run(path):
	n, spawned, ended = collections.Counter(), False, False
	for line in open(path):
		e = json.loads(line)
		ended = ended or (spawned and e["kind"] == "close" and e["region"] == "exit")
		if ended and e.get("call") == "cg_mkdir":
			break	# the second start
		spawned = spawned or e.get("call") == "spawn"
		if e["kind"] == "call" and e["region"]:
			n[e["text"].split("(")[0]] += 1
	return n
w = sys.argv[1]
a, b, d = first_run(w + "/a"), first_run(w + "/b"), json.load(open(w + "/diff"))
ours = collections.Counter()
for c in d["calls"]:
	ours[c["text"].split("(")[0]] += 1 if c["in"] == "first" else -1
theirs = collections.Counter(a); theirs.subtract(b)
bad = {k for k in set(ours) | set(theirs) if ours[k] != theirs[k]}
only = sum(c["in"] == "first" for c in d["calls"])
assert not bad, bad
assert d["same"] + only == sum(a.values()), (d["same"], only, sum(a.values()))
PY
}
for other in again back user tty lone; do
	ok "plain and $other: the differences add up to those of the traces" agree plain $other
done

like "$(compare plain again)" "^[0-9]+ calls are the same; 0 are only in plain, 0 only in again" \
	"two runs of the same command take the same calls"
exits 0 "and that is success" "$DRYDOCK" compare plain again
exits 0 "starting again takes the same calls, too" "$DRYDOCK" compare plain 'plain#2'
said=$(compare plain user)
exits 1 "another user makes a difference" "$DRYDOCK" compare plain user
like "$said" "^  - setresuid\(0, 0, 0\)" "root in the first"
like "$said" "^  \+ setresuid\(1000, 1000, 1000\)" "1000 in the second"
like "$said" "^      become the user the image asks for" "with the reason"
unlike "$said" "^  [-+] (pivot_root|fsopen|unshare)" "what is the same is not shown"
like "$(compare plain tty)" "^  \+ mount.*/dev/console" "a terminal: the console is mounted"
like "$(compare plain lone)" "^  - setns\(.*CLONE_NEWNET" "no network: no namespace to be entered"
unlike "$(compare plain tty)$(compare plain lone)" "[0-9a-f]{12}" "ids are taken out"
is "$(compare plain user --plain | LC_ALL=C grep -c '[^ -~]')" 0 "plain text is ASCII"
exits 1 "no such run" "$DRYDOCK" compare plain nothing
exits 1 "no such start" "$DRYDOCK" compare plain 'plain#3'
exits 2 "starts are counted from 1" "$DRYDOCK" compare plain 'plain#0'
exits 2 "two are needed" "$DRYDOCK" compare plain
id=$(docker inspect --format '{{.Id}}' user)
docker rm user >/dev/null
exits 1 "a removed one is found by its id" "$DRYDOCK" compare again "$id"
like "$(printf '%s\n' 'compare plain again' | "$DRYDOCK" --learner ana 2>&1)" "calls are the same" "it works in the lab shell"
stop_daemon
leak_check "nothing is left behind"
done_testing
