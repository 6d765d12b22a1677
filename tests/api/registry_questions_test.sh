#!/bin/bash
# What the daemon asks registries for its clients: docker login, what a registry has of a
# name without pulling it, and a pull of every tag.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox curl python3 docker-registry

post() { local path=$1 body=$2; shift 2; raw -X POST -H 'Content-Type: application/json' -d "$body" "http://x$path" "$@"; }

start_daemon --bridge ddtest8
d pull -q busybox >/dev/null

# -- a pull of every tag
"$ENGINE" registry serve --root "$WORK/shelf2" --port 5098 >"$WORK/shelf2.log" 2>&1 &
shelf=$!
eventually curl -sf -o /dev/null http://127.0.0.1:5098/v2/
for i in 1 2 3; do
	d tag busybox 127.0.0.1:5098/many:v$i; d push -q 127.0.0.1:5098/many:v$i >/dev/null; d rmi 127.0.0.1:5098/many:v$i >/dev/null
done
ok "pull --all-tags" d pull -q --all-tags 127.0.0.1:5098/many
is "$(d images --format '{{.Tag}}' 127.0.0.1:5098/many | sort | tr '\n' ' ')" "v1 v2 v3 " "brings them all"
is "$(status -X POST 'http://x/images/create?fromImage=127.0.0.1:5098/none:')" 404 "of a repository that isn't there"
d rmi 127.0.0.1:5098/many:v1 127.0.0.1:5098/many:v2 127.0.0.1:5098/many:v3 >/dev/null
kill $shelf; wait $shelf 2>/dev/null

# -- a name with a tag and a digest: the digest decides, in the words of docker's client
digest=$(d image inspect -f '{{index .RepoDigests 0}}' busybox); digest=${digest#*@}
words() {	# CLIENT: what it says, without the lines of progress
	timeout 20 "$1" rmi -f busybox >/dev/null 2>&1
	timeout 20 "$1" run --rm "busybox:other@$digest" echo ran 2>&1
	timeout 20 "$1" image inspect -f '{{.RepoTags}} {{.RepoDigests}}' "busybox:other@$digest"
	timeout 20 "$1" pull -q "busybox:other@$digest"
	timeout 20 "$1" pull "busybox:other@$digest" | tail -n 1
	echo "FROM busybox:other@$digest" | DOCKER_BUILDKIT=0 timeout 20 "$1" build -q - 2>/dev/null
	timeout 20 "$1" rmi -f "busybox:other@$digest" | head -n 1
}
ours=$(words "$BUILD/docker" | grep -vE '^[0-9a-f]{12}: ')
is "$ours" "$(words "$CLIENT" | grep -vE '^[0-9a-f]{12}: ')" "name:tag@digest in run, pull, build, inspect and rmi"
like "$ours" '^ran$' "runs what has the digest"
like "$("$BUILD/docker" run --rm "busybox:latest@sha256:$(printf 'f%.0s' {1..64})" 2>&1)" \
	'busybox is there, but not with this digest' "a digest that is nobody's"
like "$("$BUILD/docker" pull -a busybox 2>&1)" '^latest: Pulling from library/busybox$' "our client: pull -a"

# -- questions to a registry that wants a name and a password
cat >"$WORK/registry.yml" <<END
version: 0.1
storage: {filesystem: {rootdirectory: $WORK/shelf}}
http: {addr: 127.0.0.1:5099}
auth: {htpasswd: {realm: here, path: $WORK/htpasswd}}
END
echo 'gordon:$2b$04$HXdaWqlyCeWkn8Gt80DXVu/0PG0BSWBZTxRm1bLBZyXsUw4ItNCai' >"$WORK/htpasswd"
docker-registry serve "$WORK/registry.yml" >"$WORK/registry.log" 2>&1 &
registry=$!
eventually sh -c 'curl -s -o /dev/null http://127.0.0.1:5099/v2/'
is "$(echo secret | d login -u gordon --password-stdin 127.0.0.1:5099 2>/dev/null | tail -n 1)" "Login Succeeded" "docker login"
like "$(echo wrong | d login -u gordon --password-stdin 127.0.0.1:5099 2>&1)" "unauthorized" "docker login: the wrong password"
is "$(post /auth '{"username":"gordon","password":"wrong","serveraddress":"127.0.0.1:5099"}' -o /dev/null -w '%{http_code}')" 401 "and its status"
is "$(post /auth '{"username":7}' -o /dev/null -w '%{http_code}') $(status -X POST http://x/auth)" "400 400" "auth: a wrong type, no body"
kill $registry; wait $registry 2>/dev/null
like "$(post /auth '{"username":"gordon","password":"x","serveraddress":"127.0.0.1:5099"}')" "connection refused|onnect" "auth: nobody there"
like "$(raw http://x/distribution/busybox/json)" '"Descriptor":\{"mediaType":"application/vnd[^}]*"digest":"sha256:[0-9a-f]{64}","size":[0-9]+\},"Platforms":\[\{"architecture":"[a-z0-9]+","os":"linux"' "distribution: what the registry has"
is "$(status http://x/distribution/busybox:no-such/json) $(status http://x/distribution/no/such/json)" "404 404" "distribution: what no registry has"
is "$(status http://x/distribution/BAD/json)" 400 "distribution: no name of an image"

stop_daemon
leak_check "nothing is left behind"
done_testing
