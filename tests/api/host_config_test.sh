#!/bin/bash
# Every field of Config and HostConfig in Engine API 1.47: honoured, refused or warned of,
# never dropped.  The table in container_config.c says which, and is held to it here; what
# "honoured" means is then looked at inside of containers, by docker's own client.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox curl python3

start_daemon --bridge ddtest7 --bip 10.97.0.1/24
d pull -q busybox >/dev/null
d run -d --name donor --ipc shareable busybox sleep 1000 >/dev/null

mknod "$WORK/disk" b 254 0
python3 - "${DOCKER_HOST#unix://}" "$TESTS/../engine/runtime/container_config.c" "$WORK/disk" <<'PY' >"$WORK/fields"
import http.client, json, os, re, socket, sys
# The names are those of the specification (api/docs/v1.47.yaml of moby).
HOST = """Annotations AutoRemove Binds BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps
BlkioDeviceWriteIOps BlkioWeight BlkioWeightDevice CapAdd CapDrop Cgroup CgroupParent CgroupnsMode
ConsoleSize ContainerIDFile CpuCount CpuPercent CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime
CpuShares CpusetCpus CpusetMems DeviceCgroupRules DeviceRequests Devices Dns DnsOptions DnsSearch
ExtraHosts GroupAdd IOMaximumBandwidth IOMaximumIOps Init IpcMode Isolation KernelMemoryTCP Links
LogConfig MaskedPaths Memory MemoryReservation MemorySwap MemorySwappiness Mounts NanoCpus NetworkMode
OomKillDisable OomScoreAdj PidMode PidsLimit PortBindings Privileged PublishAllPorts ReadonlyPaths
ReadonlyRootfs RestartPolicy Runtime SecurityOpt ShmSize StorageOpt Sysctls Tmpfs UTSMode Ulimits
UsernsMode VolumeDriver VolumesFrom""".split()
CONFIG = """ArgsEscaped AttachStderr AttachStdin AttachStdout Cmd Domainname Entrypoint Env ExposedPorts
Healthcheck Hostname Image Labels MacAddress NetworkDisabled OnBuild OpenStdin Shell StdinOnce StopSignal
StopTimeout Tty User Volumes WorkingDir""".split()
THROTTLE = [{"Path": sys.argv[3], "Rate": 1000000}]
# A value that asks for something; a few need others beside them.
SAMPLE = {
    "Annotations": {"a": "b"}, "Binds": ["/tmp:/x"], "BlkioWeight": 300,
    "BlkioWeightDevice": [{"Path": sys.argv[3], "Weight": 300}], "CapAdd": ["NET_ADMIN"], "CapDrop": ["CHOWN"],
    "Cgroup": "container:x", "CgroupParent": "/x", "CgroupnsMode": "host", "ConsoleSize": [24, 80],
    "CpusetCpus": "0", "CpusetMems": "0", "CpuPeriod": 50000, "CpuQuota": 20000, "DeviceCgroupRules": ["c 1:3 r"],
    "DeviceRequests": [{"Count": 1, "Capabilities": [["gpu"]]}],
    "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}],
    "Dns": ["9.9.9.9"], "DnsOptions": ["ndots:2"], "DnsSearch": ["example.org"], "ExtraHosts": ["a:1.2.3.4"],
    "GroupAdd": ["7"], "IpcMode": "container:donor", "Isolation": "default", "Links": ["donor:x"],
    "LogConfig": {"Type": "local", "Config": {"max-size": "1m"}}, "MaskedPaths": ["/proc/kcore"],
    "Memory": 64 << 20, "MemoryReservation": 32 << 20, "MemorySwap": 128 << 20, "MemorySwappiness": 7,
    "Mounts": [{"Type": "tmpfs", "Target": "/x"}], "NanoCpus": 500000000, "NetworkMode": "none",
    "PidMode": "container:donor", "PidsLimit": 50, "PortBindings": {"80/tcp": [{"HostPort": ""}]},
    "ReadonlyPaths": ["/proc/sys"], "RestartPolicy": {"Name": "always"}, "Runtime": "runc",
    "SecurityOpt": ["no-new-privileges"], "ShmSize": 1 << 20, "StorageOpt": {"size": "1g"},
    "Sysctls": {"net.ipv4.ip_forward": "0"}, "Tmpfs": {"/x": ""}, "UTSMode": "host",
    "Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 100}], "UsernsMode": "host", "VolumeDriver": "local",
    "VolumesFrom": ["donor"], "ContainerIDFile": "/x",
    "Cmd": ["true"], "Entrypoint": ["true"], "Env": ["A=b"], "ExposedPorts": {"80/tcp": {}},
    "Healthcheck": {"Test": ["CMD", "true"]}, "Hostname": "x", "Domainname": "x", "Image": "busybox",
    "Labels": {"a": "b"}, "MacAddress": "02:42:ac:11:00:09", "OnBuild": ["RUN x"], "Shell": ["/bin/sh", "-c"],
    "StopSignal": "SIGINT", "User": "1", "Volumes": {"/x": {}}, "WorkingDir": "/tmp", "OomScoreAdj": 100,
    **{k: THROTTLE for k in HOST if re.match("BlkioDevice", k)},
}
BESIDE = {"MemorySwap": {"Memory": 64 << 20}}
TYPE = {"b": True, "i": 5, "s": "x"}
class Conn(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect(sys.argv[1])
def ask(method, path, body=None):
    c = Conn("x"); c.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
    r = c.getresponse(); text = r.read()
    return r.status, json.loads(text) if text else {}
source = open(sys.argv[2]).read()
def table(name):
    text = source.split("field %s[] = {" % name)[1].split("\n};")[0]
    return {m[1]: (m[2], m[3]) for m in re.finditer(r'\{ "(\w+)",\s+\'(\w)\',\s+(\w+)', text)}
def say(good, what): print("good" if good else "bad", what)
for names, rows, where in ((CONFIG, table("config_fields"), "Config"), (HOST, table("host_fields"), "HostConfig")):
    say(not set(names) - set(rows), f"every {where} field has a row {sorted(set(names) - set(rows))}")
    for name in names:
        kind, treat = rows.get(name, ("s", "none"))
        value = SAMPLE.get(name, TYPE.get(kind))
        part = {name: value, **BESIDE.get(name, {})}
        body = {"Image": "busybox", "Cmd": ["true"]}
        body.update(part) if where == "Config" else body.update(HostConfig=part)
        status, got = ask("POST", "/containers/create", body)
        if name == "DeviceCgroupRules" and not os.path.isdir("/sys/fs/cgroup/devices"):
            treat = "REFUSE"	# no such controller here
        if name == "DeviceRequests":
            treat = "REFUSE"	# by its value, not by the table
        if treat == "REFUSE":
            say(status == 400 and got.get("message"), f"{where}.{name} is refused: {status} {got}")
            continue
        if status != 201:
            say(False, f"{where}.{name}: {status} {got}")
            continue
        seen = ask("GET", f"/containers/{got['Id']}/json")[1][where].get(name)
        ask("DELETE", f"/containers/{got['Id']}?force=1&v=1")
        if treat == "WARN":
            say(any(name in w for w in got["Warnings"]), f"{where}.{name} is warned of: {got['Warnings']}")
        elif seen is None and name in ("ArgsEscaped", "MacAddress") or name == "Links" and seen:
            say(True, f"{where}.{name} is shown in another form")
        else:
            same = seen == value if name not in ("Env", "Labels") else all(v in seen for v in value)
            say(same, f"{where}.{name} is kept as it was: {value} {seen}")
        wrong = {"Image": "busybox"}
        bad = [5] if kind in "sib" else "wrong" if kind != "c" else 5
        wrong.update({name: bad}) if where == "Config" else wrong.update(HostConfig={name: bad})
        say(ask("POST", "/containers/create", wrong)[0] == 400, f"{where}.{name} of another type is refused")
PY
is "$(grep ^bad "$WORK/fields")" "" "each field does what the table says"
ok "and there are as many as in the specification" test "$(grep -c . "$WORK/fields")" -gt 150

# -- what "honoured" means
run() { d run --rm "$@" 2>&1; }
is "$(run --ipc container:donor busybox readlink /proc/self/ns/ipc)" "$(d exec donor readlink /proc/self/ns/ipc)" "--ipc container:"
d exec donor sh -c 'echo shared >/dev/shm/file'
is "$(run --ipc container:donor busybox cat /dev/shm/file)" shared "and its shared memory"
like "$(run --ipc container:nobody busybox true)" "No such container: nobody" "of nobody"
d run -d --name own busybox sleep 1000 >/dev/null
like "$(run --ipc container:own busybox true)" "non-shareable IPC \(hint: use IpcMode:shareable for the donor container\)" "of one that shares nothing"
is "$(run --pid container:donor busybox sh -c 'tr "\0" " " </proc/1/cmdline')" "sleep 1000 " "--pid container:"
d run -d --name guest --pid container:donor busybox sleep 2000 >/dev/null
like "$(d exec guest ps)" "sleep 1000" "and an exec in such a one"
d rm -f guest >/dev/null
is "$(d exec donor ps | grep -c 'sleep 2000')" 0 "which leaves nothing in the other when it goes"
is "$(run --ipc host busybox readlink /proc/self/ns/ipc)" "$(readlink /proc/self/ns/ipc)" "--ipc host"
is "$(run --device /dev/zero:/dev/sub/nothing busybox sh -c 'head -c 3 /dev/sub/nothing | wc -c')" 3 "--device"
not_ok "without it the same number can't be opened" run busybox sh -c 'mknod /x c 1 1 && head -c 1 /x'
not_ok "nor beside another one" run --device /dev/zero:/dev/y busybox sh -c 'mknod /x c 1 1 && head -c 1 /x'
like "$(run --device /dev/none busybox true)" 'error gathering device information while adding custom device "/dev/none": no such file or directory' "--device of nothing"
is "$(run --privileged busybox sh -c 'ls /dev | wc -l')" "$(run --privileged busybox sh -c 'ls /dev | sort -u | wc -l')" "--privileged has devices"
like "$(run --privileged busybox ls /dev)" "^kmsg$" "of the host"
like "$(run --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status)" "1$" "no-new-privileges"
cat >"$WORK/profile.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
	{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]},
	{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_NET_ADMIN"]}}]}
JSON
own() { run --security-opt seccomp="$WORK/profile.json" "$@"; }
like "$(own busybox mkdir /x)" "No space left on device" "seccomp=FILE: the errno it says"
like "$(own --user 7 --security-opt no-new-privileges busybox mkdir /tmp)" "No space left on device" "for a user, too"
is "$(own busybox sh -c 'trap "echo hup" HUP; kill -HUP $$; kill -USR1 $$ 2>/dev/null || echo no')" "$(printf 'hup\nno')" "and only for some arguments"
like "$(own busybox chmod 700 /tmp)" "not permitted" "a rule that a capability lifts"
is "$(own --cap-add NET_ADMIN busybox chmod 700 /tmp)" "" "is lifted by it"
d run -d --name filtered --security-opt seccomp="$WORK/profile.json" busybox sleep 1000 >/dev/null
like "$(d exec filtered mkdir /x 2>&1)" "No space left on device" "and in an exec"
echo '{"defaultAction": "SCMP_ACT_MAYBE"}' >"$WORK/profile.json"
like "$(own busybox true)" "Decoding seccomp profile failed: invalid seccomp action: SCMP_ACT_MAYBE" "a profile of nonsense"
like "$(run --security-opt no-new-privileges=maybe busybox true)" 'invalid --security-opt 2: "no-new-privileges=maybe"' "a value that is none"
like "$(run --security-opt bogus=1 busybox true)" 'invalid --security-opt 2: "bogus=1"' "an option that is none"
like "$(run --security-opt apparmor=x busybox echo on)" 'AppArmor is not used by this engine' "a profile of what is not there"
like "$(run --security-opt label=level:x busybox echo on)" 'SELinux is not used by this engine' "a label of what is not there"
is "$(run --init busybox sh -c 'echo $$; (sleep 0.1 &) ; sleep 0.3; ps -o comm | grep -c "^sleep"' | tr '\n' ' ')" "2 0 " \
	"--init: the program is not PID 1, and who is left over is waited for"
is "$(run --oom-score-adj 77 busybox cat /proc/self/oom_score_adj)" 77 "--oom-score-adj"
is "$(run --ulimit nofile=77:88 busybox sh -c 'ulimit -n; ulimit -Hn' | tr '\n' ' ')" "77 88 " "--ulimit"
like "$(run --shm-size 3m busybox df -k /dev/shm)" " 3072 " "--shm-size"
is "$(run --tmpfs /t:size=1m,mode=700 busybox stat -c %a /t)" 700 "--tmpfs with options"
like "$(run --tmpfs /t:nope=1 busybox true)" 'invalid tmpfs option \["nope" "1"\]' "--tmpfs with an option that is none"
like "$(run --tmpfs /t:nope busybox true)" 'invalid tmpfs option \["nope"\]' "or with a word that is none"
is "$(run --read-only busybox sh -c 'touch /x 2>/dev/null || echo no')" no "--read-only"
is "$(run --group-add 77 busybox id -G)" "0 77" "--group-add"
is "$(run --hostname box --domainname lan busybox hostname)" box "--hostname"
is "$(run --uts host busybox hostname)" "$(hostname)" "--uts host"
like "$(run --uts host --hostname x busybox true)" "conflicting options: hostname and the UTS mode" "with a name of its own"
like "$(run --add-host there:1.2.3.4 busybox cat /etc/hosts)" "^1.2.3.4[[:space:]]there$" "--add-host"
is "$(run --dns 9.9.9.9 --dns-search lan --dns-option ndots:3 busybox cat /etc/resolv.conf | grep -c '9.9.9.9\|search lan\|ndots:3')" 3 "--dns, --dns-search, --dns-option"
is "$(run --sysctl net.ipv4.ip_default_ttl=77 busybox cat /proc/sys/net/ipv4/ip_default_ttl)" 77 "--sysctl"
like "$(run --cap-drop ALL --cap-add CHOWN busybox grep CapEff /proc/self/status)" "0000000000000001$" "--cap-add, --cap-drop"
like "$(run --cap-add NONE_SUCH busybox true)" 'unknown capability: "CAP_NONE_SUCH"' "a capability that is none"
like "$(run --gpus all busybox true)" 'could not select device driver "" with capabilities: \[\[gpu\]\]' "--gpus"
like "$(run --runtime crun busybox true)" 'unknown or invalid runtime name: crun' "--runtime"
like "$(run --cpus 1000 busybox true)" 'range of CPUs is from 0.01 to [0-9]+.00, as there are only [0-9]+ CPUs available' "--cpus beyond the machine"
like "$(run --cpuset-cpus 0-999 busybox true)" 'Requested CPUs are not available - requested 0-999, available: 0-' "--cpuset-cpus beyond it"
like "$(run --cpuset-cpus 0-x busybox true)" 'Invalid value 0-x for cpuset cpus' "--cpuset-cpus of nonsense"
like "$(run -w rel busybox true)" "the working directory 'rel' is invalid, it needs to be an absolute path" "--workdir"

like "$(run --log-opt max-buffer-size=1m busybox true)" "max-buffer-size option is only supported with 'mode=non-blocking'" "a log's buffer alone"
like "$(run --log-opt mode=non-blocking --log-opt max-buffer-size=1m busybox true)" "mode=non-blocking is not supported by this engine and has no effect" "and with the mode for it, warned of"

# -- what the client doesn't look at: the API's own words
created() {	# HOST_CONFIG: the message, or nothing
	curl -s --unix-socket "${DOCKER_HOST#unix://}" -H 'Content-Type: application/json' http://x/v1.47/containers/create \
		-d "{\"Image\": \"busybox\", \"Cmd\": [\"true\"], \"HostConfig\": $1}" | sed -n 's/.*"message":"\(.*\)".*/\1/p'
}
bind() { echo "{\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"$WORK\", \"Target\": \"/m\", \"ReadOnly\": true, \"BindOptions\": $1}]}"; }
tmpfs() { echo "{\"Mounts\": [{\"Type\": \"tmpfs\", \"Target\": \"/m\", \"TmpfsOptions\": {\"Options\": $1}}]}"; }
like "$(created '{"ExtraHosts": ["alone"]}')" 'bad format for add-host: ."alone' "a host without an address"
like "$(created '{"ExtraHosts": ["x:300.1.1.1"]}')" 'invalid IP address in add-host: ."300.1.1.1' "with one that is none"
like "$(created '{"PidMode": "container:nobody"}')" "No such container: nobody" "somebody's processes, of nobody"
like "$(created '{"PortBindings": {"80/xyz": [{}]}}')" "invalid proto: xyz" "a port of no protocol"
like "$(created '{"DeviceRequests": [{"Driver": "nvidia", "Capabilities": [["gpu", "compute"], ["x"]]}]}')" \
	'could not select device driver ."nvidia." with capabilities: \[\[gpu compute\] \[x\]\]' "a device driver"
like "$(created "$(bind '{"ReadOnlyNonRecursive": true, "ReadOnlyForceRecursive": true}')")" "mutually exclusive" "both ways of read-only"
like "$(created "$(bind '{"Propagation": "sideways"}')")" "invalid propagation mode: sideways" "a propagation that is none"
like "$(created "$(tmpfs '[["suid"]]')")" "invalid option: suid" "a tmpfs option the API has not"
like "$(created "$(tmpfs '[["size", "1", "2"]]')")" "invalid option array length" "or one of three words"
is "$(created "$(tmpfs '[["exec"]]')")" "" "and one it has"
is "$(run --add-host 'six:[fe80::1]' busybox sh -c 'grep six /etc/hosts' | tr '\t' ' ')" "fe80::1 six" "an address in brackets"
mkdir -p "$WORK/deep/in" && mount -t tmpfs deep "$WORK/deep/in"
writes() { run --mount "type=bind,source=$WORK/deep,target=/m,readonly$1" busybox sh -c 'for f in /m/x /m/in/x; do touch $f 2>/dev/null && echo yes || echo no; done' | tr '\n' ' '; }
is "$(writes '')" "no no " "read-only is for what is mounted below, too"
is "$(writes ,bind-recursive=writable)" "no yes " "bind-recursive=writable: only for itself"
umount "$WORK/deep/in"

# -- control groups: disks, devices, the group above
like "$(run --blkio-weight 5 busybox true)" "Range of blkio weight is from 10 to 1000" "--blkio-weight beyond its range"
like "$(run --device-read-bps /dev/null:1mb busybox true)" "/dev/null is not a block device" "a rate of no disk"
like "$(run --device-read-bps /dev/none:1mb busybox true)" "no such file or directory" "or of nothing"
for bad in ../x a/../../x drydock; do
	like "$(run --cgroup-parent "$bad" busybox true)" "invalid cgroup parent" "--cgroup-parent $bad"
done
like "$(run --device-cgroup-rule 'c 1:3 x' busybox true)" "invalid device cgroup|invalid device cgroup rule format" "a rule that is none"
like "$(d update --memory 64m own 2>&1; curl -s --unix-socket "${DOCKER_HOST#unix://}" -H 'Content-Type: application/json' \
	-d '{"Devices": [{"PathOnHost": "/dev/zero"}], "OomKillDisable": true}' http://x/v1.47/containers/own/update)" \
	"Devices can't be changed by an update" "an update of what stays as it is is warned of"

tree() { local t=/sys/fs/cgroup/$1; [ -d "$t" ] || t=/sys/fs/cgroup; echo "$t"; }
id=$(d run -d --name lower --cgroup-parent "ddparent$$/in" --cpuset-cpus 0 busybox sleep 1000)
has() { grep -q . "$(tree "$1")/ddparent$$/in/$id/cgroup.procs"; }
ok "--cgroup-parent: the group lies there" has memory
ok "with its limits" has cpuset
is "$(d exec lower cat /proc/1/comm)" sleep "and an exec gets in"
kill_daemon
start_daemon --bridge ddtest7 --bip 10.97.0.1/24
ok "after kill -9 of the daemon it is found again" d exec lower true
d rm -f lower >/dev/null
for i in {1..50}; do [ -d "$(tree memory)/ddparent$$" ] || break; sleep 0.1; done
not_ok "and nothing of it stays" test -d "$(tree memory)/ddparent$$"

# Nobody is left to take the groups away: the next daemon does, but for one that was there.
mkdir "$(tree memory)/ddkept$$"
d run -d --name gone --cgroup-parent "ddkept$$/made" busybox sleep 1000 >/dev/null
pid=$(d inspect -f '{{.State.Pid}}' gone)
supervisor=$(awk '{ print $4 }' "/proc/$pid/stat")
kill_daemon
kill -9 "$supervisor" "$pid"
start_daemon --bridge ddtest7 --bip 10.97.0.1/24
eventually sh -c "! test -d $(tree memory)/ddkept$$/made"
not_ok "a killed supervisor's groups are removed by the next daemon" test -d "$(tree memory)/ddkept$$/made"
ok "the one that was there stays" test -d "$(tree memory)/ddkept$$"
d rm -f gone >/dev/null
rmdir "$(tree memory)/ddkept$$"

odd=$(ls -d /dev/fuse /dev/net/tun 2>/dev/null | head -n 1)	# one that containers have not
if [ -f /sys/fs/cgroup/devices/devices.list ] && [ -n "$odd" ]; then
	number=$(stat -c '%Hr %Lr' "$odd")
	opens() { echo 'for how in "<" "1<>" ">"; do (eval ": $how '"$1"'") 2>/dev/null && printf "yes " || printf "no "; done'; }
	is "$(run --device "$odd:/dev/y" busybox sh -c "$(opens /dev/y)")" "yes yes yes " "--device"
	is "$(run --device "$odd:/dev/y:r" busybox sh -c "$(opens /dev/y)")" "yes no no " "with r it can only be read"
	is "$(run --device "$odd:/dev/y:w" busybox sh -c "$(opens /dev/y)")" "no no yes " "and with w only written"
	is "$(run --device-cgroup-rule "c ${number/ /:} rm" busybox sh -c "mknod /x c $number; $(opens /x)")" "yes no no " "--device-cgroup-rule"
	is "$(run busybox sh -c "mknod /x c $number; $(opens /x)")" "no no no " "without which the number can't be opened"
	is "$(run --device-cgroup-rule 'c 1:1 r' busybox sh -c "mknod /x c $number; $(opens /x)")" "no no no " "nor with another one"
	is "$(run --device "$odd:/dev/y" busybox sh -c 'echo >/dev/null && head -c 1 /dev/urandom | wc -c')" 1 "what all have is there, too"
	is "$(run --privileged busybox sh -c "mknod /x c $number; $(opens /x)" | tail -n 1)" "yes yes yes " "--privileged has all"
	is "$(run --privileged --cgroup-parent "ddparent$$" busybox sh -c "mknod /x c $number; $(opens /x)" | tail -n 1)" "yes yes yes " "below another group, too"
	d run -d --name dev --device "$odd:/dev/y:r" busybox sleep 1000 >/dev/null
	is "$(d exec dev sh -c "$(opens /dev/y)")" "yes no no " "rights hold in an exec, too"
	d rm -f dev >/dev/null
else
	like "$(run --device-cgroup-rule 'c 1:1 rm' busybox true)" "need the devices controller" "--device-cgroup-rule without the controller"
fi
disk=$(awk '$1 == 254 || $1 == 8 || $1 == 259 { print "/dev/" $4; exit }' /proc/partitions)
if [ -b "$disk" ]; then
	id=$(d run -d --name disk --blkio-weight 300 --device-read-bps "$disk:1mb" --device-write-iops "$disk:70" busybox sleep 1000 2>"$WORK/warned")
	group=/sys/fs/cgroup/blkio/drydock/$id
	if [ -d "$group" ]; then
		is "$(awk '{ print $2 }' "$group/blkio.throttle.read_bps_device" "$group/blkio.throttle.write_iops_device" | tr '\n' ' ')" "1048576 70 " "--device-read-bps, --device-write-iops"
		if [ -f "$group/blkio.bfq.weight" ]; then is "$(cat "$group/blkio.bfq.weight")" 300 "--blkio-weight"
		elif [ -f "$group/blkio.weight" ]; then is "$(cat "$group/blkio.weight")" 300 "--blkio-weight"
		else like "$(cat "$WORK/warned")" "does not support Block I/O weight" "--blkio-weight without a scheduler for it"; fi
		d update --blkio-weight 400 disk >/dev/null
		is "$(d inspect -f '{{.HostConfig.BlkioWeight}}' disk)" 400 "and its update"
	fi
	d rm -f disk >/dev/null
fi

d ps -aq | xargs "$CLIENT" rm -f >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
