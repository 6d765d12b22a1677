#!/bin/bash
# An image that we built runs under podman, and what podman saves loads and runs here.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need podman runc

start_daemon --bridge ddtest9 --bip 10.99.0.1/24
docker pull -q busybox >/dev/null
printf 'FROM busybox\nRUN echo built >/it\nENV A=b\nUSER 1000\nCMD cat /it; echo $A; id -u\n' >"$WORK/Dockerfile"
docker build -q -t built "$WORK" >/dev/null
docker save -o "$WORK/ours.tar" built

pod() {
	timeout 30 podman --root "$WORK/lib" --runroot "$WORK/run" --storage-driver vfs \
		--cgroup-manager=cgroupfs --runtime=runc "$@"
}
like "$(pod load -i "$WORK/ours.tar" 2>&1)" "Loaded image: .*built:latest" "podman loads what we saved"
is "$(pod run --rm --network none --ulimit host built 2>/dev/null)" "$(docker run --rm built)" \
	"... and runs it as we do"
pod save -q -o "$WORK/theirs.tar" built 2>/dev/null
docker rmi built >/dev/null
like "$(docker load -i "$WORK/theirs.tar")" "Loaded image: .*built:latest" "we load what podman saved"
is "$(docker run --rm built)" "$(printf 'built\nb\n1000')" "... and run it"
stop_daemon
leak_check "nothing is left behind"
done_testing
