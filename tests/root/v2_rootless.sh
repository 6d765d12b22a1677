# Runs inside the guest of v2_qemu_test.sh: an ordinary user with a control group of his
# own, as systemd's Delegate=yes gives one, and then without.
. "$(dirname "$0")/../helpers/tap.sh"

ME=54321
chmod 711 "$WORK"
mkdir -p "$WORK/home" /etc
chmod 666 /dev/net/tun
printf 'root:x:0:0::/root:/bin/sh\nstudent:x:%s:%s::%s/home:/bin/sh\n' $ME $ME "$WORK" >/etc/passwd
printf 'root:x:0:\nstudent:x:%s:\n' $ME >/etc/group
echo "student:200000:65536" | tee /etc/subuid >/etc/subgid
export HOME=$WORK/home STUDENT="setpriv --reuid=$ME --regid=$ME --clear-groups"
export DRYDOCK_ROOT=$WORK/root
mkdir -p "$DRYDOCK_ROOT/lib" "$DRYDOCK_ROOT/run"
test_images "$DRYDOCK_ROOT/lib"
chown -R $ME:$ME "$DRYDOCK_ROOT" "$HOME"

# What user@.service is to systemd: controllers handed on from above, and a group whose
# files that say who is in it are the user's.
G=/sys/fs/cgroup/user.slice
echo "+memory +pids +cpu +cpuset" >/sys/fs/cgroup/cgroup.subtree_control
mkdir $G
chown $ME $G $G/cgroup.procs $G/cgroup.threads $G/cgroup.subtree_control
cat >/tmp/in-group <<'END'
#!/bin/bash
# Once a daemon has given the group's controllers on, who is in it is in its leaf.
g=/sys/fs/cgroup/user.slice
echo $$ 2>/dev/null >$g/cgroup.procs || echo $$ >$g/drydock-host/cgroup.procs
exec "$@"
END
chmod 755 /tmp/in-group

like "$($STUDENT "$DRYDOCK" doctor)" 'costs +limits of memory \(-m\): version 2, ' "doctor: no group is the user's"
like "$($STUDENT "$DRYDOCK" doctor)" 'systemd-run --user --scope -p Delegate=yes drydock' "and how to have one"
like "$(/tmp/in-group $STUDENT "$DRYDOCK" doctor)" 'there +limits of memory \(-m\): version 2, delegated' \
	"doctor: the delegated group is found"

export DAEMON_AS="/tmp/in-group $STUDENT"
start_daemon
unlike "$(docker info 2>&1)" 'control group|limits|only root' "docker info has nothing to warn of"
docker pull -q busybox >/dev/null
is "$(docker run --rm --memory 64m busybox cat /sys/fs/cgroup/memory.max 2>&1)" 67108864 \
	"a container sees its memory limit"
docker run --name greedy --memory 16m busybox sh -c 'head -c 64m /dev/zero | tail' >/dev/null 2>&1
is "$(docker inspect -f '{{.State.OOMKilled}}' greedy)" true "and is held to it"
is "$(docker run --rm --pids-limit 5 busybox sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 9 & done 2>&1' 2>&1 | grep -c "can't fork")" 1 \
	"no more processes than allowed"
is "$(docker run --rm --cpus 0.5 busybox cat /sys/fs/cgroup/cpu.max 2>&1)" "50000 100000" "processor time"
web=$(docker run -d --memory 32m busybox httpd -f -h /var/www)
like "$(docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$web")" '/ 32MiB 1$' "docker stats counts in it"
like "$(docker run --rm busybox sh -c 'printf "GET / HTTP/1.0\r\n\r\n" | nc -w 5 $0 80' \
	"$(docker inspect -f '{{.NetworkSettings.IPAddress}}' "$web")")" "Welcome to nginx!" "containers reach one another"
kill_daemon
start_daemon
is "$(docker inspect -f '{{.State.Running}}' "$web")" true "a new daemon finds it running"
is "$(docker update --memory 48m --memory-swap 48m "$web" >/dev/null; docker exec "$web" cat /sys/fs/cgroup/memory.max)" 50331648 \
	"and its group: its limit can be changed"
docker rm -f "$web" greedy >/dev/null
stop_daemon
is "$(find $G -type d -path '*drydock/*')" "" "no container's group is left"

export DAEMON_AS=$STUDENT
start_daemon
like "$(docker run --rm -m 32m busybox true 2>&1)" "limit memory: your user has no control group" \
	"without a group a limit is refused"
is "$(docker run --rm busybox echo runs)" runs "and a container without limits runs"
stop_daemon
done_testing
