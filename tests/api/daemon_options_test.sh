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
bad '{"tlsverify": true}' "the directive tlsverify is not supported by this engine" "a key of dockerd's that is not ours"
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
leak_check "nothing is left behind"
done_testing
