# Runs inside the guest of v2_qemu_test.sh: daemon, client and containers where
# cgroup v2 is all there is, and overlayfs has no lowerdir+.
. "$(dirname "$0")/../helpers/tap.sh"
plan 9
ok "cgroup v2 only" test -e /sys/fs/cgroup/cgroup.controllers
not_ok "this kernel is older than lowerdir+" awk -F. '{ exit !($1 > 6 || ($1 == 6 && $2 >= 8)) }' \
	/proc/sys/kernel/osrelease
export DRYDOCK_ROOT=$WORK/root
start_daemon
like "$(docker run --rm hello-world 2>&1)" "Hello from Docker!" "hello-world runs"
docker pull -q busybox >/dev/null
is "$(docker run --rm --memory 64m busybox cat /sys/fs/cgroup/memory.max 2>&1)" 67108864 \
	"a container sees its memory limit"
is "$(docker run --rm --pids-limit 50 busybox cat /sys/fs/cgroup/pids.max 2>&1)" 50 \
	"and its limit of processes"
is "$(docker run --rm --device-cgroup-rule 'c 10:229 r' busybox sh -c 'mknod /n c 10 229
	(: </n) 2>&1 | grep -c permitted; (: >/n) 2>&1 | grep -c permitted' 2>&1)" "$(printf '0\n1')" \
	"a rule of devices: reading is allowed, writing isn't"
is "$(docker run --rm --device /dev/zero:/dev/z:rw busybox sh -c 'head -c 2 /dev/z | wc -c' 2>&1)" 2 "--device"
web=$(docker run -d -p 8080:80 busybox httpd -f -h /var/www)
like "$(eventually curl -sf -o "$WORK/page" http://127.0.0.1:8080/; cat "$WORK/page")" "Welcome to nginx!" \
	"a published port answers"
docker rm -f "$web" >/dev/null
stop_daemon
leak_check "nothing is left behind"
