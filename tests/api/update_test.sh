#!/bin/bash
# docker update, and logs with limits: by docker's own client, looked at in the kernel's files.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox curl
inspect() { d inspect -f "{{$2}}" "$1"; }
# The file of a container's group, v1 or v2, as the machine has it.
group() {	# CONTAINER CONTROLLER V1-FILE V2-FILE
	local id=$(d inspect -f '{{.Id}}' "$1") f
	for f in /sys/fs/cgroup/$2/drydock/$id/$3 /sys/fs/cgroup/*/drydock/$id/$3 /sys/fs/cgroup/drydock/$id/$4; do
		[ -f "$f" ] && { cat "$f"; return; }
	done
}

start_daemon --bridge ddtest6 --bip 10.96.0.1/24
d pull -q busybox >/dev/null
d run -d --name cell -m 64m busybox sleep 1000 >/dev/null
is "$(group cell memory memory.limit_in_bytes memory.max)" 67108864 "the limit of the start"
ok "more memory" d update -m 256m --memory-swap 512m cell
is "$(group cell memory memory.limit_in_bytes memory.max)" 268435456 "is the kernel's at once"
is "$(inspect cell .HostConfig.Memory) $(inspect cell .HostConfig.MemorySwap)" "268435456 536870912" "and what inspect shows"
ok "less" d update -m 32m --memory-swap 64m cell
is "$(group cell memory memory.limit_in_bytes memory.max)" 33554432 "too"
ok "pids" d update --pids-limit 17 cell
is "$(group cell pids pids.max pids.max)" 17 "are limited"
ok "no limit again" d update --pids-limit -1 cell
is "$(group cell pids pids.max pids.max)" max "means none"
ok "half a processor, for one that had all" d update --cpus 0.5 cell
like "$(group cell cpu cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$' "is the kernel's"
is "$(d exec cell sh -c 'grep -c . /proc/self/cgroup >/dev/null; echo in')" in "exec goes on"
pid=$(inspect cell .State.Pid) id=$(inspect cell .Id)
like "$(cat /proc/"$pid"/cgroup)" "(cpu.*|0:):/drydock/$id|0::/" "and the program is in that group"
ok "a restart policy" d update --restart on-failure:3 cell
is "$(inspect cell .HostConfig.RestartPolicy.Name) $(inspect cell .HostConfig.RestartPolicy.MaximumRetryCount)" "on-failure 3" "is kept"
like "$(d update --cpu-quota 5000 cell 2>&1)" "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set" "what clashes"
like "$(d update -m 1g cell 2>&1)" "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time" "more than memory and swap"
like "$(d update -m 1m cell 2>&1)" "Minimum memory limit allowed is 6MB" "too little"
like "$(d update -m 64m nobody 2>&1)" "No such container: nobody" "nobody"
like "$(d events --since 1m --until "$(date +%s.%N)" --filter event=update --format '{{.Actor.Attributes.name}}' | sort -u)" '^cell$' "events"
d create --name later busybox sleep 100 >/dev/null
ok "one that does not run" d update -m 48m --memory-swap 96m later
d start later >/dev/null
is "$(group later memory memory.limit_in_bytes memory.max)" 50331648 "starts with it"
d run -d --rm --name auto busybox sleep 100 >/dev/null
like "$(d update --restart always auto 2>&1)" "Restart policy cannot be updated because AutoRemove is enabled for the container" "a policy for --rm"

# -- logs
d run --name full --log-opt max-size=2k --log-opt max-file=3 busybox sh -c 'for i in $(seq 100 199); do echo line $i; done' >/dev/null
dir=$(dirname "$(inspect full .LogPath)")
is "$(ls "$dir" | grep -c json.log)" 3 "max-file: so many files"
ok "max-size: none much larger" test "$(stat -c %s "$dir"/*json.log* | sort -n | tail -n 1)" -lt 2300
like "$(d logs full | tail -n 1)" "^line 199$" "the last line is there"
n=$(d logs full | wc -l)
is "$(d logs full | head -n 1)" "line $((200 - n))" "and all before it, in order"
is "$(d logs --tail 30 full | head -n 1)" "line 170" "--tail goes back over files"
d run -d --name grow --log-opt max-size=1k --log-opt max-file=2 busybox sh -c 'for i in $(seq 100 160); do echo line $i; sleep 0.02; done' >/dev/null
is "$(d logs -f grow | tail -n 50 | sort -u | wc -l)" 50 "--follow goes on over files"
d run --name marked --label team=blue --log-opt labels=team --log-opt tag='{{.Name}}' busybox echo x >/dev/null
like "$(cat "$(inspect marked .LogPath)")" '"attrs":\{"team":"blue","tag":"marked"\}' "labels and tag on each line"
is "$(d logs marked)" x "which reads as ever"
d run --name loc --log-driver local busybox echo y >/dev/null
is "$(d logs loc)" y "local"
d run --name quiet --log-driver none busybox echo z >/dev/null
like "$(d logs quiet 2>&1)" "configured logging driver does not support reading" "none"
like "$(d create --log-driver syslog busybox 2>&1)" "logger: no log driver named 'syslog' is registered" "a driver that is not there"
like "$(d create --log-opt colour=red busybox 2>&1)" "unknown log opt 'colour' for json-file log driver" "an option that is not there"
like "$(d create --log-opt max-size=many busybox 2>&1)" "invalid size: 'many'" "a size that is none"

d ps -aq | xargs "$CLIENT" rm -f >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
