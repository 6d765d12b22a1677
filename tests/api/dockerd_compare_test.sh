#!/bin/bash
# Debian's dockerd and ours, by the same docker client and the same lines: see
# dockerd_compare.py.  Where there is no dockerd, its recorded answers stand in.
# RECORD=1 records them anew.
# timeout: 400
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need python3 skopeo

HERE=$(dirname "$0")
start_daemon --bridge ddcmp1
d pull -q busybox >/dev/null

# dockerd has a network of its own: both would want the same ports.
their_pid=
start_dockerd() {
	mkdir -p "$WORK/dockerd"
	skopeo copy -q --src-tls-verify=false "docker://127.0.0.1:10740/library/busybox:latest" \
		"docker-archive:$WORK/busybox.tar:busybox:latest" || return
	mount -t tmpfs dockerd "$WORK/dockerd"
	unshare --net sh -c "ip link set lo up; exec dockerd -H unix://$WORK/dockerd.sock \
		--data-root $WORK/dockerd/data --exec-root $WORK/dockerd/exec \
		--pidfile $WORK/dockerd/pid --log-level error" >"$WORK/dockerd.log" 2>&1 &
	their_pid=$!
	DOCKER_HOST=unix://$WORK/dockerd.sock eventually "$CLIENT" version || return
	DOCKER_HOST=unix://$WORK/dockerd.sock "$CLIENT" load -q -i "$WORK/busybox.tar" >/dev/null
}

words=("$HERE/dockerd_lines.txt" "$HERE/dockerd_differences.txt" "$HERE/dockerd_answers.txt"
	"${DOCKER_HOST#unix://}")
if command -v dockerd >/dev/null && start_dockerd; then
	words+=("$WORK/dockerd.sock" "$their_pid")
fi
python3 "$HERE/dockerd_compare.py" ${RECORD:+--record} "${words[@]}"
[ -z "$their_pid" ] || { kill "$their_pid"; wait "$their_pid"; } 2>/dev/null
