#!/bin/bash
# docker images --tree, and contexts in files: what docker's own client prints and takes.
# timeout: 60
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need script tar
[ "$("$CLIENT" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 28 ] || skip_all "docker's client is older than 28"
start_daemon
ours() { "$BUILD/docker" "$@"; }
on_terminal() { script -qc "stty cols $1; $2 images --tree" /dev/null </dev/null; }	# COLUMNS CLIENT

docker pull -q busybox >/dev/null
docker pull -q hello-world >/dev/null
docker tag busybox a:1
docker tag busybox far/longer/than/the/others/this/name/is:1
docker rmi hello-world >/dev/null 2>&1	# a name less
is "$(ours images --tree)" "$(d images --tree)" "a tree of images"
for columns in 130 70 50 30 10; do
	is "$(on_terminal $columns "$BUILD/docker")" "$(on_terminal $columns "$CLIENT")" \
	   "on a terminal of $columns columns"
done
is "$(ours images --tree busybox)" "$(d images --tree busybox)" "of one name"
for option in -q --digests --no-trunc "--format json"; do
	# shellcheck disable=SC2086
	is "$(ours images --tree $option 2>&1)" "$(d images --tree $option 2>&1)" "not with $option"
done

# ---- contexts in files -----------------------------------------------------------------
cd "$WORK" || exit 1
unset DOCKER_HOST
d context create far --description "a far one" --docker "host=tcp://192.0.2.1:2375" >/dev/null 2>&1
mkdir -p "$HOME/.docker/contexts/tls/$(printf far | sha256sum | cut -c -64)/docker"
echo key >"$HOME/.docker/contexts/tls/$(printf far | sha256sum | cut -c -64)/docker/key.pem"

facts() {	# CONTEXT
	d context inspect "$1" | python3 -c 'import json, sys
c = json.load(sys.stdin)[0]
print(c["Endpoints"]["docker"]["Host"], c["Metadata"]["Description"], *c["TLSMaterial"]["docker"], sep=", ")'
}

is "$(ours context export far 2>&1)" 'Written file "far.dockercontext"' "a context is exported"
is "$(stat -c %a far.dockercontext)" 600 "for its owner alone"
not_ok "an existing file stays" ours context export far
is "$(d context import theirs far.dockercontext 2>&1)" \
   "$(printf 'theirs\nSuccessfully imported context "theirs"')" "docker's client imports it"
is "$(facts theirs)" "tcp://192.0.2.1:2375, a far one, key.pem" "with its keys"
d context export far - >docker.tar
is "$(ours context import mine - <docker.tar 2>&1)" \
   "$(printf 'mine\nSuccessfully imported context "mine"')" "and ours what docker's exported"
is "$(facts mine)" "tcp://192.0.2.1:2375, a far one, key.pem" "with its keys, too"
is "$(ours context import mine docker.tar 2>&1)" "$(d context import mine docker.tar 2>&1)" "a name is taken once"
is "$(ours context import other nofile 2>&1)" "$(d context import other nofile 2>&1)" "no such file"
is "$(ours context import default docker.tar 2>&1)" "$(d context import default docker.tar 2>&1)" "default is nobody's"
echo hi >readme && tar cf no-context.tar readme
like "$(ours context import other no-context.tar 2>&1)" 'no metadata found' "a tar of something else"
ln -s /etc/shadow meta.json && tar cf link.tar meta.json
like "$(ours context import other link.tar 2>&1)" 'no metadata found' "a link in the place of the file"
head -c 600 docker.tar >short.tar
not_ok "half an archive" ours context import other short.tar
ours context rm mine theirs >/dev/null
is "$(ls "$HOME/.docker/contexts/tls" | wc -l)" 1 "keys go with their context"
is "$(find /tmp -maxdepth 1 -name 'drydock-context.*')" "" "nothing is left in /tmp"
stop_daemon
leak_check "nothing is left behind"
done_testing
