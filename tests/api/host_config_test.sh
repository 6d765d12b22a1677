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

python3 - "${DOCKER_HOST#unix://}" "$TESTS/../engine/runtime/container_config.c" <<'PY' >"$WORK/fields"
import http.client, json, re, socket, sys
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
THROTTLE = [{"Path": "/dev/null", "Rate": 1000000}]
# A value that asks for something; a few need others beside them.
SAMPLE = {
    "Annotations": {"a": "b"}, "Binds": ["/tmp:/x"], "BlkioWeight": 300,
    "BlkioWeightDevice": [{"Path": "/dev/null", "Weight": 300}], "CapAdd": ["NET_ADMIN"], "CapDrop": ["CHOWN"],
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
like "$(run --ipc container:nobody busybox true)" "failed to join IPC namespace: No such container: nobody" "of nobody"
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
like "$(run --tmpfs /t:nope=1 busybox true)" "." "--tmpfs with an option that is none"
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

d ps -aq | xargs "$CLIENT" rm -f >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
