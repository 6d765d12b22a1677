#!/bin/bash
# The daemon's flags and daemon.json: honoured, or refused as dockerd refuses them; what
# SIGHUP reads again; --validate.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need busybox python3
need_real_docker

file() { printf '%s\n' "$1" >"$WORK/daemon.json"; }
# Checks FLAGS... with the file as it is.
check() { DRYDOCK_ROOT=$WORK/no "$ENGINE" daemon --validate --config-file "$WORK/daemon.json" "$@" 2>&1; }
# The same said by dockerd, which ends before it has opened anything.
dockerds() {
	timeout 10 dockerd --data-root "$WORK/dd" --exec-root "$WORK/de" -p "$WORK/dp" \
		-H "unix://$WORK/dd.sock" --config-file "$WORK/daemon.json" "$@" 2>&1 |
		sed -n 's/^unable to configure/unable to configure/p' | tail -n 1
}

# -- daemon.json, good and bad
file '{}'
is "$(check)" "configuration OK" "--validate: an empty file"
ok "... makes nothing" test ! -e "$WORK/no"
file '{"debug": true, "registry-mirrors": ["http://m:1"], "insecure-registries": ["r:5000"],
	"bip": "10.1.0.1/24", "default-address-pools": [{"base": "10.2.0.0/16", "size": 24}],
	"log-level": "warn", "log-driver": "local", "log-opts": {"max-size": "1m"},
	"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 100, "Hard": 200}},
	"default-shm-size": "32M", "labels": ["a=b"], "dns": ["9.9.9.9"], "dns-search": ["x"],
	"dns-opts": ["ndots:2"], "mtu": 1400, "ip": "127.0.0.1", "icc": false, "init": true,
	"userland-proxy": false, "storage-driver": "overlay2", "live-restore": true,
	"exec-opts": ["native.cgroupdriver=cgroupfs"], "default-runtime": "runc", "userns-remap": ""}'
is "$(check)" "configuration OK" "a long one"

same() {	# FILE NAME FLAGS...: dockerd's words
	local name=$2
	file "$1"
	shift 2
	command -v dockerd >/dev/null || { skip 1 "no dockerd"; return; }
	is "$(check "$@" | sed 's/^drydock: //')" "$(dockerds "$@")" "$name"
	exits 1 "... and it ends" check "$@"
}
same '{"no-such-key": 1}' "an unknown key"
same '{"labels": ["a=b"]}' "a flag and a key" --label c=d
same '{"debug": true}' "the same, of yes and no" --debug
same '{"log-level": "warn", "labels": ["x=y"]}' "the same, of texts" --log-level info

bad() {		# FILE REGEX NAME FLAGS...
	local what=$2 name=$3
	file "$1"
	shift 3
	like "$(check "$@")" "$what" "$name"
}
bad '{"hosts": ["tcp://127.0.0.1:1"]}' "specified both as a flag and in the configuration file: hosts: \(from flag: \[" \
	"hosts, too" -H unix:///x
bad '{"storage-opts": ["x"]}' "the directive storage-opts is not supported by this engine" "a key of dockerd's that is not ours"
bad '{"tlsverify": true}' "tlsverify=true: the API is served on unix sockets and loopback, without TLS" "TLS"
bad '{"tlscacert": "/ca.pem"}' "tlscacert /ca.pem: the API" "its files"
bad '{}' "tls=true: the API" "its flag" --tls
bad '{"iptables": false}' "iptables=false: this engine has no networks without rules" "no rules"
bad '{"selinux-enabled": true}' "selinux-enabled=true: this engine sets no labels" "SELinux"
bad '{"experimental": true}' "experimental=true: this engine has no" "experiments"
bad '{"features": {"buildkit": true}}' 'feature "buildkit=true" is not supported' "a feature"
bad '{"runtimes": {"crun": {"path": "/usr/bin/crun"}}}' 'runtime "crun": this engine starts' "another runtime"
bad '{"default-network-opts": {"macvlan": {"parent": "eth0"}}}' 'the only driver with options is bridge' "another driver"
bad '{"max-concurrent-downloads": -1}' "invalid max concurrent downloads: -1" "fewer downloads than none"
bad '{"max-download-attempts": 0}' "invalid max download attempts: 0" "no attempt"
bad '{"shutdown-timeout": "soon"}' "invalid shutdown timeout: soon" "a time that is none"
bad '{"default-cgroupns-mode": "x"}' 'default cgroup namespace mode \(x\) is invalid' "a mode that is none"
bad '{"default-ipc-mode": "host"}' 'default IPC mode setting \(host\) is invalid' "the host's IPC for all"
bad '{"cgroup-parent": "../x"}' 'invalid cgroup parent' "a group outside"
bad '{"host-gateway-ip": "here"}' "here is not an ip address" "a gateway that is none"
bad '{"fixed-cidr": "10.1.2.3"}' "invalid CIDR address: 10.1.2.3" "a range that is none"
bad '{"proxies": {"https": "x"}}' "don't match any configuration option: https" "a proxy for what"
file '{"proxies": {"http-proxy": "http://p:1", "https-proxy": "http://p:2", "no-proxy": "x"}, "tls": false,
	"features": {"buildkit": false}, "runtimes": {"runc": {"path": "runc"}}, "experimental": false,
	"selinux-enabled": false, "iptables": true, "ip-forward": true, "raw-logs": true, "shutdown-timeout": 15,
	"max-concurrent-downloads": 3, "max-concurrent-uploads": 5, "max-download-attempts": 5,
	"seccomp-profile": "builtin", "no-new-privileges": false, "default-cgroupns-mode": "private",
	"default-ipc-mode": "private", "cgroup-parent": "/drydock", "group": "root"}'
is "$(check)" "configuration OK" "all that is as it is anyhow"
bad '{"labels": "a=b"}' "wrong type for labels" "a text for a list"
bad '{"labels": ["ab"]}' "bad attribute format: ab" "a label without a value"
bad '{"debug": "yes"}' "wrong type for debug" "a text for a yes"
bad '{"registry-mirrors": ["m:1"]}' "invalid mirror: no scheme specified" "a mirror without a scheme"
bad '{"log-level": "loud"}' "invalid logging level: loud" "a level that is none"
bad '{"log-driver": "syslog"}' "no log driver named 'syslog' is registered" "a driver that is none"
bad '{"log-opts": {"max-size": "x"}}' "x" "an option of it that is none"
bad '{"storage-driver": "btrfs"}' "driver not supported: btrfs" "another storage driver"
bad '{"default-ulimits": {"x": {"Name": "x", "Soft": 1, "Hard": 1}}}' "invalid ulimit type: x" "a limit that is none"
bad '{"default-shm-size": "big"}' "invalid size: 'big'" "a size that is none"
bad '{"dns": ["x"]}' "x is not an ip address" "an address that is none"
bad '{"mtu": "wide"}' "invalid default MTU size" "an MTU that is none"
bad '{"exec-opts": ["native.cgroupdriver=systemd"]}' "invalid exec-opt" "systemd's control groups"
bad '[1' "unable to configure the Docker daemon with file .*daemon.json: invalid JSON" "a torn file"

# -- what containers get
file '{"labels": ["a=b", "c=d"], "registry-mirrors": ["http://127.0.0.1:1"]}'
start_daemon --config-file "$WORK/daemon.json" --bridge ddtest6 --bip 10.96.0.1/24 --log-driver local \
	--log-opt max-size=1m --default-ulimit nofile=100:200 --default-shm-size 2m --init \
	--dns 9.9.9.9 --dns-search example.org --dns-opt ndots:3 --mtu 1400 --ip 127.0.0.1 --icc=false
docker pull -q busybox >/dev/null
is "$(d run --rm busybox sh -c 'ulimit -n; ulimit -Hn; df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2
	cat /sys/class/net/eth0/mtu; grep -v "^#" /etc/resolv.conf; ps -o comm | sed -n 2p')" \
	"$(d run --rm --ulimit nofile=100:200 --shm-size 2m --init --dns 9.9.9.9 --dns-search example.org \
	--dns-option ndots:3 busybox sh -c 'ulimit -n; ulimit -Hn; df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2
	cat /sys/class/net/eth0/mtu; grep -v "^#" /etc/resolv.conf; ps -o comm | sed -n 2p')" "defaults are what options would be"
is "$(d run --rm busybox sh -c 'ulimit -n; cat /sys/class/net/eth0/mtu; grep -c 9.9.9.9 /etc/resolv.conf')" \
	"$(printf '100\n1400\n1')" "... and are there"
is "$(d run --rm --ulimit nofile=50:60 busybox sh -c 'ulimit -n')" 50 "a container's own option wins"
d run -d --name ct -p 80 busybox sleep 1000 >/dev/null
is "$(d inspect -f '{{.HostConfig.LogConfig.Type}} {{.HostConfig.LogConfig.Config}}' ct)" "local map[max-size:1m]" "the log's driver and options"
like "$(d port ct)" "^80/tcp -> 127.0.0.1:" "ports are bound to --ip"
is "$(d network inspect -f '{{index .Options "com.docker.network.bridge.enable_icc"}} {{index .Options "com.docker.network.driver.mtu"}}' bridge)" \
	"false 1400" "the bridge's options tell"
is "$(d run --rm busybox ping -c 1 -W 1 "$(d inspect -f '{{.NetworkSettings.IPAddress}}' ct)" >/dev/null 2>&1; echo $?)" 1 \
	"--icc=false: containers don't reach one another"
ok "--userns host is what all have where nothing is mapped" d run --rm --userns host busybox true

# -- docker info, and SIGHUP
info() { d info -f '{{.Debug}} {{.Labels}} {{.LoggingDriver}} {{.RegistryConfig.Mirrors}}' 2>/dev/null; }
like "$(info)" '^false \[a=b c=d\] local \[.*http://127.0.0.1:1/?\]$' "docker info tells"
file '{"labels": ["e=f"], "debug": true, "registry-mirrors": ["http://127.0.0.1:2"]}'
kill -HUP "$daemon_pid"
ok "SIGHUP: the file is read again" eventually sh -c "$CLIENT info -f '{{.Debug}} {{.Labels}}' 2>/dev/null | grep -qx 'true \[e=f\]'"
like "$(info)" '^true \[e=f\] local \[.*http://127.0.0.1:2/?\]$' "labels, debug and mirrors"
file '{"labels": ["bad"]}'
kill -HUP "$daemon_pid"
ok "SIGHUP with a bad file is said" eventually grep -q "bad attribute format: bad" "$WORK/daemon.log"
like "$(info)" '^true \[e=f\]' "... and changes nothing"
d rm -f ct >/dev/null
stop_daemon

# -- more of what containers, networks and sockets get
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' \
	>"$WORK/profile.json"
file '{"seccomp-profile": "'"$WORK"'/profile.json", "no-new-privileges": true, "default-ipc-mode": "shareable",
	"default-cgroupns-mode": "host", "cgroup-parent": "ddopts'$$'", "fixed-cidr": "10.96.0.64/26",
	"host-gateway-ip": "192.0.2.9", "group": "daemon", "max-concurrent-downloads": 1,
	"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1300"}},
	"proxies": {"http-proxy": "http://127.0.0.1:8129", "https-proxy": "http://127.0.0.1:8129", "no-proxy": "example.org"}}'
echo 0 >/proc/sys/net/ipv4/ip_forward
start_daemon --config-file "$WORK/daemon.json" --bridge ddtest6 --bip 10.96.0.1/24 --ip-forward=false
is "$(cat /proc/sys/net/ipv4/ip_forward)" 0 "--ip-forward=false leaves it off"
is "$(stat -c %G "${DOCKER_HOST#unix://}")" daemon "the socket is the group's"
d run -d --name ct --add-host up:host-gateway busybox sleep 1000 >/dev/null
is "$(d exec ct mkdir /x >/dev/null 2>&1; echo $?)" 1 "the profile holds"
is "$(d exec ct grep NoNewPrivs /proc/1/status | tr -d '\t')" "NoNewPrivs:1" "no new privileges"
is "$(d run --rm --security-opt no-new-privileges=false --security-opt seccomp=unconfined busybox \
	sh -c 'mkdir /x && grep NoNewPrivs /proc/1/status | tr -d "\t"')" "NoNewPrivs:0" "a container's own words win"
is "$(d inspect -f '{{.HostConfig.IpcMode}} {{.HostConfig.CgroupnsMode}} {{.HostConfig.CgroupParent}} {{.HostConfig.SecurityOpt}}' ct)" \
	"shareable host ddopts$$ []" "modes and the group above"
like "$(d exec ct cat /proc/self/cgroup)" "ddopts$$/" "which is there"
like "$(d inspect -f '{{.NetworkSettings.IPAddress}}' ct)" '^10\.96\.0\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])$' "an address of the range"
like "$(d exec ct cat /etc/hosts)" "^192.0.2.9	up$" "host-gateway is what was said"
d network create other >/dev/null
is "$(d network inspect -f '{{index .Options "com.docker.network.driver.mtu"}}' other)" 1300 "options of new networks"
is "$(d run --rm --network other busybox cat /sys/class/net/eth0/mtu)" 1300 "which are kept to"
is "$(d info -f '{{.HTTPProxy}} {{.NoProxy}}')" "http://127.0.0.1:8129 example.org" "docker info tells the proxies"
python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 8129))
open(sys.argv[2], "w").close()
c = s.accept()[0]
open(sys.argv[1], "wb").write(c.recv(4096))' "$WORK/asked" "$WORK/listening" & proxy=$!
eventually test -e "$WORK/listening"
d pull example.net/x >/dev/null 2>&1
wait $proxy
like "$(cat "$WORK/asked")" "^CONNECT example.net:443 " "which are asked"
d rm -f ct >/dev/null
d network rm other >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
