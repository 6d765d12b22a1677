#!/bin/bash
# `drydock export-bundle`: runc, which we didn't write, runs the bundle and sees what a
# container of ours sees.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need runc python3

start_daemon --bridge ddtest8 --bip 10.98.0.1/24
docker pull -q busybox >/dev/null
mkdir "$WORK/data"
echo shared >"$WORK/data/file"

# What a program can find out about the place it runs in.  Both runtimes have names of their
# own for control groups, and mount their hierarchies as the host has them; only whether
# they are there is compared.  /etc's files come from other places of the same disk.
cat >"$WORK/look" <<'LOOK'
env | sort
id
pwd
hostname
grep -E '^(Cap|NoNewPrivs)' /proc/self/status
cat /proc/self/oom_score_adj
ulimit -n -u -c
awk '$5 !~ "^/sys/fs/cgroup" { split($0, t, " - "); split(t[2], f, " "); print $5, $6, $5 == "/" ? "" : f[1] }' \
	/proc/self/mountinfo | sort
ls /sys/fs/cgroup >/dev/null && echo groups
ls /dev | grep -vx core | sort
cat /etc/hosts | wc -l
cat /etc/hostname
cat /data/file 2>&1
cat /root-was-here 2>&1
touch /sys/x /proc/sys/kernel/x /readonly-root 2>&1
head -c1 /proc/kcore 2>&1 | wc -c
ls /proc/acpi /sys/firmware 2>&1 | wc -l
unshare -U true 2>&1
cat /proc/sys/net/ipv4/ip_unprivileged_port_start
df -k /dev/shm | tail -1 | awk '{ print $2 }'
readlink /proc/self/ns/pid | cut -d: -f1
here=$(ls /proc)	# alone: a pipe's other end may be there or not yet
echo "$here" | grep -c '^[0-9]'
LOOK

bundle() { "$DRYDOCK" export-bundle "$@"; }
# Runs DIR by runc, as nothing else on this machine is called.
by_runc() { timeout 20 runc --root "$WORK/runc" run -b "$1" "drydock-test-$$"; }

# Both see the same: NAME OPTIONS...
same() {
	local name=$1 ours theirs code_ours code_theirs
	shift
	docker create --name box "$@" busybox sh -c "$(cat "$WORK/look"); exit 7" >/dev/null
	bundle box "$WORK/b" 2>"$WORK/warnings"
	theirs=$(by_runc "$WORK/b" 2>&1 </dev/null)
	code_theirs=$?
	ours=$(docker start -a box 2>&1 </dev/null)
	code_ours=$?
	is "$theirs" "$ours" "runc and we show a program the same: $name"
	is "$code_theirs" "$code_ours" "... and return its code: $name"
	docker rm -f box >/dev/null
	rm -rf "$WORK/b"
}

same "nothing asked for" --network none
same "another user" --network none -u 1000:5 --group-add 7 -w /tmp -e A=b -e EMPTY=
same "mounts" --network none -v "$WORK/data:/data:ro" --tmpfs /scratch:size=1m,mode=700 -v named:/v
same "limits" --network none --ulimit nofile=123:456 --ulimit core=0 --oom-score-adj 200 --shm-size 1m
same "rights taken and given" --network none --cap-drop ALL --cap-add NET_ADMIN --cap-add CHOWN \
	--security-opt no-new-privileges
same "a read-only root" --network none --read-only
same "names" --network none -h inside --sysctl net.ipv4.ip_unprivileged_port_start=80
same "no filter" --network none --security-opt seccomp=unconfined

# Limits of control groups, as the runtime's own words for them.
docker create --name box -m 64m --memory-swap 128m --cpus 0.5 --pids-limit 50 --cpuset-cpus 0 \
	--device /dev/null:/dev/x busybox true >/dev/null
bundle box "$WORK/b" 2>"$WORK/warnings"
is "$(python3 - "$WORK/b/config.json" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))["linux"]["resources"]
print(r["memory"], r["cpu"], r["pids"], r["devices"][1])
PY
)" "{'limit': 67108864, 'swap': 134217728} {'quota': 50000, 'period': 100000, 'cpus': '0'} {'limit': 50} \
{'allow': True, 'type': 'c', 'major': 1, 'minor': 3, 'access': 'rwm'}" "limits and devices are in it"
like "$(cat "$WORK/warnings")" "loopback" "that a bundle has no network is said"
docker rm box >/dev/null
rm -rf "$WORK/b"

# A running container: its files of now, while it goes on; a terminal; a profile of one's own.
docker run -d --name box --network none busybox sh -c 'echo now >/root-was-here; sleep 1000' >/dev/null
eventually docker exec box cat /root-was-here
bundle box "$WORK/b"
is "$(cat "$WORK/b/rootfs/root-was-here")" now "a running container's files are as they are now"
is "$(docker inspect -f '{{.State.Running}}' box)" true "... and it runs on"
docker rm -f box >/dev/null
rm -rf "$WORK/b"
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
	"action": "SCMP_ACT_ERRNO", "errnoRet": 1}, {"names": ["uname"], "action": "SCMP_ACT_ERRNO",
	"includes": {"caps": ["CAP_SYS_ADMIN"]}}]}' >"$WORK/profile.json"
docker create --name box --network none --security-opt "seccomp=$WORK/profile.json" busybox \
	sh -c 'mkdir /new; uname' >/dev/null
bundle box "$WORK/b"
# Sorted: the two streams have no order between them.
is "$(by_runc "$WORK/b" 2>&1 | sort)" "$(docker start -a box 2>&1 | sort)" "a profile of the user's own goes along"
docker rm box >/dev/null
rm -rf "$WORK/b"

# An image; and what can't be.
if [ -d /sys/fs/cgroup/devices ]; then
	docker create --name ruled --device /dev/zero:/dev/y:r --device-cgroup-rule 'c 10:* mr' busybox true >/dev/null
	bundle ruled "$WORK/r" 2>/dev/null
	is "$(python3 -c 'import json, sys; print([(r["type"], r.get("minor"), r["access"])
		for r in json.load(open(sys.argv[1]))["linux"]["resources"]["devices"][1:]])' "$WORK/r/config.json")" \
		"[('c', 5, 'r'), ('c', None, 'mr')]" "rights and rules of devices are in it"
	docker rm ruled >/dev/null
fi
bundle busybox "$WORK/b" 2>/dev/null
is "$(cd "$WORK/b" && ls)" "$(printf 'config.json\nhostname\nhosts\nresolv.conf\nrootfs')" "an image's bundle"
is "$(docker ps -aq)" "" "... leaves no container"
sed -i 's/"sh"/"ls", "\/bin\/busybox"/' "$WORK/b/config.json"
is "$(by_runc "$WORK/b")" /bin/busybox "... runs"
like "$(bundle busybox "$WORK/b" 2>&1)" "is not empty" "a directory with something in it stays as it is"
like "$(bundle nothing "$WORK/n" 2>&1)" "No such container or image: nothing" "what isn't there"
ok "... makes no directory" test ! -e "$WORK/n"
exits 2 "wrong usage" "$DRYDOCK" export-bundle busybox
cd "$WORK" && bundle busybox relative 2>/dev/null
ok "a relative directory is the caller's" test -f "$WORK/relative/config.json"
cd /
docker volume rm named >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
