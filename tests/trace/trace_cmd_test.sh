#!/bin/bash
# timeout: 120
# drydock trace and drydock explain, on a real run.
. "$(dirname "$0")/../helpers/tap.sh"
need python3
isolate "$0" "$@"
plan 20
start_daemon
trace() { "$DRYDOCK" trace "$@"; }
explain() { "$DRYDOCK" explain "$@"; }

docker pull -q hello-world >/dev/null
docker pull -q busybox >/dev/null
docker run --name greet hello-world >/dev/null
docker run --rm --memory 64m --pids-limit 50 --tmpfs /scratch --init busybox true
docker run -d --name sleeper busybox sleep 60 >/dev/null
docker exec sleeper true
sleep 0.3

story=$(trace --as story --container greet)
is "$(awk '/ ms / { print $3 }' <<<"$story" | awk '!seen[$0]++' | paste -sd' ')" \
	"cgroup namespaces image rootfs security exec exit" "the story tells the phases in order"
is "$(grep -c '^container' <<<"$story")" 1 "and of one container only"
is "$(grep -cE ' ms +(namespaces|exec) ' <<<"$story") $(awk 'length > 77' <<<"$story")" "2 " "each phase is one line, that fits the screen"
like "$story" '^ +[0-9.]+ ms  rootfs +the merged view becomes / \([0-9]+ calls\)$' "a line a phase, with milliseconds"

how=$(trace --container greet)
like "$how" '^   pivot_root\("\.", "\."\) = 0  # the merged view becomes /' "mechanism gives the reason"
like "$how" '^   execve\("/hello", \["/hello"\].* = 0  # this process becomes' "and ends with the program"
unlike "$how" '  # *$' "no call is without a reason"
like "$(trace --as raw --container greet)" ' child +[0-9]+ +rootfs +pivot_root' "raw has stage and process"
like "$(trace --as strace --container greet)" \
	'^\[pid +[0-9]+\] [0-9:]{8}\.[0-9]{6} pivot_root\("\.", "\."\) = 0 <[0-9.]+>$' "strace-alike looks like strace"

ok "every line of json can be read, and numbers rise without gaps" python3 - <<PY
import json, subprocess
last = 0
for line in subprocess.run(["$DRYDOCK", "trace", "--as", "json"], capture_output=True, text=True).stdout.splitlines():
    e = json.loads(line)
    assert e["seq"] == last + 1, (e["seq"], last)
    last = e["seq"]
    if e["kind"] == "call":
        assert e["start"] <= e["end"] and e["call"] and e["text"] and e["why"] and e["strace"], e
        assert (e["errno"] == "") == (e["result"] >= 0), e
assert last > 300
PY
like "$(trace --as json --container sleeper)" '"stage":"exec".*"call":"execve"' "docker exec is in it"

# What a run shows, explain knows: calls, flags, the files of its control group.
names=$(trace --as json | python3 -c '
import json, re, sys
names = set()
for line in sys.stdin:
    e = json.loads(line)
    if e["kind"] != "call": continue
    names.add(e["call"])
    for a in e["args"]:
        if a["value"][:1] == "\"":
            m = re.search(r"/sys/fs/cgroup/.*/((?:memory|pids|cpu|cpuset|cgroup|freezer|devices|tasks)[\w.]*)\"$", a["value"])
            if m and "." in m[1] or m and m[1] == "tasks": names.add(m[1])
        elif not a["value"].startswith("["):
            names.update(re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", re.sub(r"\"[^\"]*\"", "", a["value"])))
print(" ".join(sorted(names - {"CLD_EXITED", "CLD_KILLED", "RLIM64_INFINITY", "NULL"})))')
ok "explain knows all that a run shows ($(wc -w <<<"$names") names)" explain $names
exits 1 "what it doesn't know it says" explain xyzzy
exits 2 "a wrong option is a usage error" explain --nonsense
exits 2 "so it is for trace" trace --nonsense
exits 2 "a wrong level too" trace --as opera
exits 0 "trace --help" trace --help

timeout 5 "$DRYDOCK" trace -f --as story >"$WORK/live" &
follower=$!
sleep 0.5
docker run --rm --name late hello-world >/dev/null
sleep 0.7
kill $follower
wait $follower 2>/dev/null
like "$(cat "$WORK/live")" ' ms  exec ' "-f shows what comes"
is "$(grep -c '^container' "$WORK/live")" 1 "and nothing of what was before"

docker rm -f sleeper greet >/dev/null
last=$("$DRYDOCK" trace --as json | tail -n 1 | grep -o '"seq":[0-9]*')
stop_daemon
start_daemon
like "$(trace --as json | head -n 100000 | grep -o '"seq":[0-9]*')" "^$last\$" "a new daemon still has it"
stop_daemon
