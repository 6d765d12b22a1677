#!/bin/bash
# --userns-remap: root inside is an ordinary number of the host's, and nothing else of what
# docker does is any different.  Users and ranges are files of the test's own, mounted over
# those of /etc; who owns what is looked at from the host, by stat.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox python3 curl

mkdir "$WORK/etc"
for f in passwd group subuid subgid; do
	[ -e /etc/$f ] || touch /etc/$f
	cp /etc/$f "$WORK/etc/"
	mount --bind "$WORK/etc/$f" /etc/$f
done
echo 'student:x:4001:4001::/:/bin/false' >>/etc/passwd
echo 'noranges:x:4002:4002::/:/bin/false' >>/etc/passwd
printf 'student:x:4001:\nnoranges:x:4002:\nlab:x:4003:\n' >>/etc/group
printf 'student:200000:1000\n4001:500000:64536\n' >/etc/subuid
printf 'student:300000:65536\nlab:400000:65536\n' >/etc/subgid

# -- who
refused() {	# WHO REGEX NAME
	like "$(DRYDOCK_ROOT=$WORK/no timeout 10 "$ENGINE" daemon --userns-remap "$1" 2>&1)" "$2" "$3"
}
refused nobody-here 'Error during uid lookup for "nobody-here": no matching entries in passwd file' "a user that is none"
refused default 'useradd --system.*dockremap' "\"default\" without dockremap: how to make it"
refused 59999 'Uid 59999 has no entry in /etc/passwd' "a number that nobody has"
refused student:nogroup-here 'Error during groupname lookup for "nogroup-here"' "a group that is none"
refused a:b:c 'invalid user/group specification in --userns-remap: "a:b:c"' "too many words"
refused noranges "Can't create ID mappings: No subuid ranges found for user \"noranges\" in /etc/subuid" "a user without ranges"
refused student:noranges 'No subgid ranges found for group "noranges"' "a group without ranges"

printf '{"userns-remap": "4001:lab"}' >"$WORK/daemon.json"
start_daemon --bridge ddtest8 --bip 10.98.0.1/24 --config-file "$WORK/daemon.json"
HERE=$DRYDOCK_ROOT/lib/200000.400000
owner() { stat -c '%u:%g' "$@"; }
like "$(d info -f '{{.SecurityOptions}} {{.DockerRootDir}}')" "name=userns.* $HERE\$" "docker info tells, and where its files are"
d pull -q busybox >/dev/null

# -- inside, and what of it the host sees
is "$(d run --rm busybox sh -c 'cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; id -u; id -G')" \
	"$(printf ' 0 200000 1000\n 1000 500000 64536\n 0 400000 65536\n0\n0')" "all ranges, one after the other"
is "$(d run --rm busybox stat -c '%u:%g %n' / /bin/sh /dev /dev/null /etc/hosts /etc/resolv.conf /proc/1 /.dockerenv | grep -v '^0:0')" "" \
	"everything is root's inside"
d run -d --name ctr busybox sh -c 'touch /made; mkdir /dir; chown 1000:7 /dir; ln -s x /link; sleep 1000' >/dev/null
pid=$(d inspect -f '{{.State.Pid}}' ctr)
eventually test -L "$HERE/containers/$(d inspect -f '{{.Id}}' ctr)/upper/link"
upper=$HERE/containers/$(d inspect -f '{{.Id}}' ctr)/upper
is "$(owner "$upper/made" "$upper/dir" "$upper/link" "/proc/$pid" | tr '\n' ' ')" \
	"200000:400000 500000:400007 200000:400000 200000:400000 " "outside it is the mapped numbers': files and processes"
is "$(readlink "/proc/$pid/ns/user" | grep -c "$(readlink /proc/self/ns/user)")" 0 "it is in another user namespace"
is "$(readlink "/proc/$(d inspect -f '{{.State.Pid}}' ctr)/ns/user")" \
	"$(d exec ctr readlink /proc/self/ns/user)" "docker exec is in the same"
like "$(d run --rm --cap-add ALL --security-opt seccomp=unconfined busybox date -s 2001-01-01 2>&1)" \
	"can't set date: Operation not permitted" "root inside can't set the host's clock, whatever it is given"
not_ok "nor make a device" d run --rm --cap-add ALL busybox mknod /x b 254 0
not_ok "nor read what is the host root's" d run --rm -v "$WORK/root/lib:/x" busybox ls /x

# -- programs
is "$(d exec ctr id -u)" 0 "docker exec: root"
is "$(d exec -u 33:44 ctr sh -c 'id -u; id -g; echo x >/dev/stdout')" "$(printf '33\n44\nx')" "... another user, who can open /dev/stdout"
is "$(d run --rm -u 33 busybox sh -c 'id -u; echo x >/dev/stderr' 2>&1)" "$(printf '33\nx')" "docker run -u, the same"
is "$(echo hi | d run --rm -i busybox cat /dev/stdin)" hi "standard input"
like "$(script -qec "$CLIENT run --rm -t busybox sh -c 'stat -c %u \$(tty); echo x >/dev/tty; ls -l /dev/console'" /dev/null)" "^0" "a terminal is root's"
like "$(script -qec "$CLIENT exec -t ctr sh -c 'stat -c %u \$(tty); echo there >/dev/tty'" /dev/null | tr '\r\n' '  ')" "^0 +there" "... of docker exec, too"
is "$(d run --rm --init busybox ps -o pid,comm | tail -n +2 | wc -l)" 2 "--init"
is "$(d run --rm --ulimit nofile=50:60 --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=9000 busybox \
	sh -c 'ulimit -n; cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax')" "$(printf '50\n1\n9000')" "ulimits and sysctls"
is "$(d run --rm --oom-score-adj 321 busybox cat /proc/self/oom_score_adj)" 321 "--oom-score-adj"
is "$(d run --rm -m 32m --pids-limit 9 busybox sh -c 'ls -d /sys/fs/cgroup/* | wc -l' >/dev/null; echo $?)" 0 "limits"
is "$(d run --rm --read-only --tmpfs /t busybox sh -c 'touch /t/x; stat -c %u /t; touch /x 2>/dev/null || echo ro')" \
	"$(printf '0\nro')" "--read-only and --tmpfs"
is "$(d run --rm --device /dev/zero:/dev/lab/zero busybox sh -c 'stat -c %u:%t:%T /dev/lab/zero; head -c 3 /dev/lab/zero | wc -c')" \
	"$(printf '0:1:5\n3')" "--device"

# -- networks
d network create net >/dev/null
d run -d --name web --network net -p 127.0.0.1:8098:80 busybox sh -c 'mkdir /w; echo up >/w/index.html; httpd -f -p 80 -h /w' >/dev/null
ok "a port below 1024, published" eventually curl -fs http://127.0.0.1:8098/
is "$(d run --rm --network net busybox wget -qO- http://web/)" up "a network of the user's, names in it"
is "$(d run --rm --network container:web busybox wget -qO- http://127.0.0.1/)" up "--network container:"
ok "ping" d run --rm --network net busybox ping -c 1 -W 5 web
is "$(d run --rm --pid container:ctr busybox ps -o comm | grep -c sleep)" 1 "--pid container:"
is "$(d run --rm --cap-add NET_ADMIN busybox sh -c 'ip addr add 10.1.2.3 dev lo && echo made')" made "its network is its own to change"

# -- files in and out
printf 'x\n' >"$WORK/mine"
chown 12:34 "$WORK/mine"
d cp -a "$WORK/mine" ctr:/mine
is "$(d exec ctr stat -c %u:%g /mine)" 12:34 "docker cp in: the archive's numbers, inside"
d stop -t 0 ctr >/dev/null
d cp "$WORK/mine" ctr:/mine2
is "$(owner "$upper/mine2")" 200012:400034 "... of a container that is stopped"
is "$(d cp ctr:/dir - | tar -tv --numeric-owner | awk 'NR == 1 { print $2 }')" 1000/7 "docker cp out: the numbers of inside"
is "$(d diff ctr | grep -v ash_history | sort | tr '\n' ' ')" "A /dir A /link A /made A /mine A /mine2 " "docker diff"
is "$(d export ctr | tar -tv --numeric-owner | awk '$6 == "made" || $6 == "bin/sh" { print $2, $6 }' | sort | tr '\n' ' ')" \
	"0/0 bin/sh 0/0 made " "docker export"
d commit ctr img >/dev/null
is "$(d save img | tar -xO --wildcards '*.tar' 2>/dev/null | tar -tv --numeric-owner 2>/dev/null | awk '$6 == "dir/" { print $2 }')$(
	d save img >"$WORK/img.tar"; mkdir "$WORK/img"; tar -xf "$WORK/img.tar" -C "$WORK/img"
	for l in $(find "$WORK/img" -type f); do tar -tvf "$l" --numeric-owner 2>/dev/null; done | awk '$6 == "dir/" { print $2; exit }')" \
	"1000/7" "docker commit and save: a layer says what is inside"
is "$(d run --rm img stat -c %u:%g /dir /made | tr '\n' ' ')" "1000:7 0:0 " "... and a container of it sees that"

(cd "$WORK" && tar --owner=70000 --group=1 -cf far.tar mine)
like "$(d cp - ctr:/ <"$WORK/far.tar" 2>&1)" "Container ID 70000 cannot be mapped to a host ID" "a number there is none for"

# -- volumes
d run --rm -v data:/data busybox sh -c 'touch /data/x; chown 5 /data/x; stat -c %u /data' >"$WORK/out"
is "$(cat "$WORK/out") $(owner "$HERE/volumes/data/_data" "$HERE/volumes/data/_data/x" | tr '\n' ' ')" \
	"0 200000:400000 200005:400000 " "a volume, and what is written there"
d run --rm -v filled:/dir img true
is "$(owner "$HERE/volumes/filled/_data")" 500000:400007 "one that is filled from the image"
d run --rm -v "$WORK/new/dir:/x" busybox touch /x/y
is "$(owner "$WORK/new/dir" "$WORK/new/dir/y" | tr '\n' ' ')" "200000:400000 200000:400000 " "a folder that -v makes"

# -- builds
mkdir "$WORK/b"
printf 'FROM busybox\nCOPY f /f\nCOPY --chown=9:8 f /deep/g\nRUN id -u >/who && chown 3 /who\nADD a.tar /a/\nWORKDIR /w\nUSER 5\nRUN id -u >/tmp/five\n' >"$WORK/b/Dockerfile"
echo f >"$WORK/b/f"
chown 77:77 "$WORK/b/f"
(cd "$WORK" && chown 66:66 mine && tar -cf b/a.tar mine)
like "$(DOCKER_BUILDKIT=0 d build -t built "$WORK/b" 2>&1)" "Successfully tagged" "docker build"
is "$(d run --rm built stat -c %u:%g /f /deep/g /who /a/mine /w /tmp/five | tr '\n' ' ')" \
	"0:0 9:8 3:0 66:66 0:0 5:0 " "... of COPY, --chown, RUN, ADD, WORKDIR and USER"
like "$(DOCKER_BUILDKIT=0 d build "$WORK/b" 2>&1 | grep -c 'Using cache')" "[567]" "... and again: from the cache"

# -- the host's own namespace
is "$(d run --rm --userns host busybox sh -c 'cat /proc/self/uid_map | tr -s " "')" " 0 0 4294967295" "--userns host"
is "$(d run --rm --userns host --privileged --network host --pid host busybox echo in)" in "... may have all of the host's"
like "$(d run --rm --privileged busybox true 2>&1)" "privileged mode is incompatible with user namespaces" "--privileged may not"
like "$(d run --rm --network host busybox true 2>&1)" "cannot share the host's network namespace when user namespaces are enabled" "nor --network host"
like "$(d run --rm --pid host busybox true 2>&1)" "cannot share the host PID namespace when user namespaces are enabled" "nor --pid host"

# -- again, as another daemon finds it
d start ctr >/dev/null
kill_daemon
start_daemon --bridge ddtest8 --bip 10.98.0.1/24 --config-file "$WORK/daemon.json"
is "$(d exec ctr stat -c %u:%g /dir /mine | tr '\n' ' ')" "1000:7 12:34 " "docker exec after the daemon was killed"
is "$(d run --rm --network container:web busybox wget -qO- http://127.0.0.1/)" up "... and joining what runs since before"
d rm -f ctr web >/dev/null
d network rm net >/dev/null
stop_daemon
start_daemon --bridge ddtest8 --bip 10.98.0.1/24
is "$(d images -q)" "" "without the mapping: images and containers of its own"
d pull -q busybox >/dev/null
is "$(d run --rm busybox cat /proc/self/uid_map | tr -s ' ')" " 0 0 4294967295" "... in the host's namespace"
chown 0:0 /dev/null
d run --rm -u 33 busybox true
is "$(owner /dev/null)" 0:0 "the host's /dev/null, a program's input, stays the host's"
stop_daemon
leak_check "nothing is left behind"
done_testing
