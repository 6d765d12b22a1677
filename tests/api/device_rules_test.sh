#!/bin/bash
# Which devices a container may open: --device with its rights, --device-cgroup-rule and
# docker's default, on cgroup v2, where the kernel asks a program of ours.  runc, given the
# same rules, makes its own program of them: both must give the same answers.  What v1 does
# with them is in host_config_test.sh.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox python3

# Alone in a mount namespace of its own, the one tree of v2 is all that the daemon finds.
umount -l -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || skip_all "no cgroup v2 here"
start_daemon --bridge ddtest9 --bip 10.99.0.1/24
d pull -q busybox >/dev/null
d run --rm --device-cgroup-rule 'c 10:1 r' busybox true 2>/dev/null || skip_all "this kernel takes no device programs"

# Makes nodes of its own and opens them: one line each, "kind major:minor: read write mknod".
# Whether there is such a device doesn't matter: the kernel asks before it looks.
cat >"$WORK/probe" <<'EOS'
tell() { case $1 in *"not permitted"*) printf -- '-' ;; *) printf "$2" ;; esac; }
for dev in 'c 1 3' 'c 1 5' 'c 5 0' 'c 136 9' 'c 10 229' 'c 10 230' 'c 11 229' 'c 180 0' 'b 7 99' 'b 7 98' 'b 8 0' 'c 7 99'; do
	set -- $dev
	made=$(mknod /tmp/n $1 $2 $3 2>&1)
	printf '%s %s:%s ' $1 $2 $3
	tell "$( (: </tmp/n) 2>&1)" r
	tell "$( (: >/tmp/n) 2>&1)" w
	tell "$( (: <>/tmp/n) 2>&1)" b
	tell "$made" m
	echo
	rm -f /tmp/n
done
EOS
ours() { d run --rm -i "$@" busybox sh -c 'mkdir -p /tmp; sh' <"$WORK/probe" 2>&1; }

# The same program below runc, with the same rules as the OCI's configuration has them.
mkdir -p "$WORK/bundle/rootfs"
have_runc=
if command -v runc >/dev/null; then
	d create --name files busybox >/dev/null
	d export files | tar -xf - -C "$WORK/bundle/rootfs"
	d rm files >/dev/null
	mkdir -p "$WORK/bundle/rootfs/tmp"
	cp "$WORK/probe" "$WORK/bundle/rootfs/probe"
	(cd "$WORK/bundle" && runc spec) && have_runc=1
fi
runcs() {	# RULE...
	python3 - "$WORK/bundle/config.json" "$@" <<'PY'
import json, re, sys
path, rules = sys.argv[1], sys.argv[2:]
c = json.load(open(path))
c["process"].update(terminal=False, args=["sh", "/probe"])
caps = ["CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_FOWNER"]
c["process"]["capabilities"] = {k: caps for k in ("bounding", "effective", "permitted")}
c["root"]["readonly"] = False
devices = [{"allow": False, "access": "rwm"}]
for rule in rules:
    kind, major, minor, access = re.match(r"(.) (\S+):(\S+) (\S+)", rule).groups()
    device = {"allow": True, "type": kind, "access": access}
    device.update({k: int(v) for k, v in (("major", major), ("minor", minor)) if v != "*"})
    devices.append(device)
c["linux"]["resources"] = {"devices": devices}
json.dump(c, open(path, "w"))
PY
	(cd "$WORK/bundle" && timeout 20 runc --root "$WORK/runc" run "probe-$$" 2>&1)
}
same() {	# NAME RULE...
	local name=$1 args=() r
	shift
	[ -n "$have_runc" ] || { skip 1 "no runc"; return; }
	for r in "$@"; do args+=(--device-cgroup-rule "$r"); done
	is "$(ours ${args[@]+"${args[@]}"})" "$(runcs "$@")" "$name"
}

is "$(ours | grep -E '^c (1:3|10:229) |^b 7:99 ' | tr '\n' ' ')" "c 1:3 rwbm c 10:229 ---m b 7:99 ---m " \
	"docker's default: few may be opened, all made"
same "no rule: as runc"
same "reading alone: as runc" 'c 10:229 r'
same "reading, and then writing: both at once, too" 'c 10:229 r' 'c 10:229 w'
same "one allows reading of many, one writing of one" 'c 10:* r' 'c 10:229 w'
same "a block device, making and reading" 'b 7:99 rm'
same "any major, one minor" 'c *:229 rw'
same "all of a kind" 'b *:* rwm'
same "everything" 'a *:* rwm'
same "rules behind one that is everything" 'a *:* rwm' 'c 10:229 r'

mknod "$WORK/loop" b 7 99
for rights in r w rw rwm m; do
	same "b 7:99 $rights: as runc" "b 7:99 $rights"
	is "$(ours --device "$WORK/loop:/dev/loop:$rights" | grep '^b 7:99')" \
		"$(ours --device-cgroup-rule "b 7:99 $rights" | grep '^b 7:99')" "--device with $rights is the rule of it"
done
like "$(ours --privileged | tr '\n' ' ')" "c 10:229 rwbm .*b 8:0 rwbm" "--privileged: all of them"
is "$(d run --rm --security-opt seccomp=unconfined --cap-add ALL busybox sh -c 'mknod /n b 7 99; (: </n) 2>&1' | grep -c 'not permitted')" 1 \
	"whatever its rights are, a container without the rule may not"
d run -d --name up --device "$WORK/loop:/dev/loop:r" busybox sleep 1000 >/dev/null
like "$(d exec --privileged up sh -c ': >/dev/loop' 2>&1)" "not permitted" "docker exec is under the same rules"
d rm -f up >/dev/null
rules=()
for i in $(seq 1 180); do rules+=(--device-cgroup-rule "c $((300 + i)):* rw"); done
is "$(d run --rm "${rules[@]}" busybox sh -c 'mknod /n c 480 1; (: </n) 2>&1' | grep -c 'not permitted')" 0 "180 rules, the last of them counts"
like "$("$DRYDOCK" trace 2>/dev/null | grep bpf)" "BPF_PROG_TYPE_CGROUP_DEVICE" "the trace shows the program"
stop_daemon
leak_check "nothing is left behind"
done_testing
