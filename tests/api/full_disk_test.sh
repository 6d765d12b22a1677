#!/bin/bash
# A container fills the disk: what is there can still be listed and, above all, removed.
# timeout: 60
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox

mkdir "$WORK/root"
mount -t tmpfs -o size=60m tmpfs "$WORK/root"
start_daemon --bridge ddtest0
d pull -q busybox >/dev/null
d run --name full busybox sh -c 'head -c 100m /dev/zero >/x' 2>/dev/null
is "$(df --output=avail "$WORK/root" | tail -n 1 | xargs)" 0 "the disk is full"
is "$(d ps -a --format '{{.Names}}')" full "what filled it is listed"
is "$(d rm full)" full "and can be removed"
ok "that makes room" eventually sh -c "[ \$(df --output=avail '$WORK/root' | tail -n 1) -gt 20000 ]"
is "$(d run --rm busybox echo again)" again "containers run again"
like "$(d run --rm busybox sh -c 'head -c 100m /dev/zero >/x' 2>&1; echo $?)" '^1$' "one with --rm fills the disk"
is "$(d ps -aq)" "" "and takes itself away"
is "$(d run --rm busybox echo still)" still "which makes room"
stop_daemon
umount -l "$WORK/root"
done_testing
