#!/bin/bash
# Other people's clients at our registry, and ours and theirs at docker-registry: dockerd
# pushes and pulls; skopeo copies both ways, plain, with passwords over TLS, by tokens.
# timeout: 90
. "$(dirname "$0")/../helpers/tap.sh"
. "$TESTS/helpers/registry.sh"
isolate "$0" "$@"
need_real_docker
need dockerd skopeo docker-registry python3 openssl curl

ours=127.0.0.1:5001 theirs=127.0.0.1:5002 tokens=127.0.0.1:5003 secured=127.0.0.1:5004
registry_secrets 127.0.0.1
docker_registry $theirs secrets
"$ENGINE" registry serve --root "$WORK/shelf" --port "${ours#*:}" >"$WORK/ours.log" 2>&1 &
"$ENGINE" registry serve --root "$WORK/safe" --port "${secured#*:}" --tls-cert "$WORK/cert" \
	--tls-key "$WORK/key" --htpasswd "$WORK/users" >"$WORK/secured.log" 2>&1 &
python3 "$TESTS/api/registry_token.py" "${tokens#*:}" $ours "$WORK/tokens.log" 2>"$WORK/tokens.err" &
start_daemon --bridge ddreg0
mkdir -p "$WORK/dockerd"
dockerd -H "unix://$WORK/dockerd.sock" --data-root "$WORK/dockerd/data" --exec-root "$WORK/dockerd/exec" \
	--pidfile "$WORK/dockerd/pid" --bridge none --iptables=false >"$WORK/dockerd.log" 2>&1 & pid=$!
dockerd_d() { DOCKER_HOST=unix://$WORK/dockerd.sock d "$@"; }
eventually curl -s http://$ours/v2/
eventually curl -sk https://$theirs/v2/
eventually curl -sk https://$secured/v2/
eventually curl -s http://$tokens/v2/
eventually dockerd_d version ||
	{ kill $pid; skip_all "dockerd does not start here: $(tail -1 "$WORK/dockerd.log")"; }

# ---- dockerd at our registry ---------------------------------------------------------------

d pull -q busybox >/dev/null
printf 'FROM busybox\nRUN echo hi >/new\nCMD ["cat","/new"]\n' >"$WORK/Dockerfile"
DOCKER_BUILDKIT=0 d build -q -t $ours/me/app:v1 - <"$WORK/Dockerfile" >/dev/null 2>&1
id=$(d image inspect -f '{{.Id}}' $ours/me/app:v1)
like "$(d push $ours/me/app:v1 2>&1)" '^v1: digest: sha256:' "we push"
like "$(dockerd_d pull $ours/me/app:v1 2>&1)" 'Status: Downloaded newer image' "dockerd pulls it from our registry"
is "$(dockerd_d image inspect -f '{{.Id}}' $ours/me/app:v1)" "$id" "it is the same image"
is "$(dockerd_d run --rm --network none $ours/me/app:v1 2>&1)" hi "and runs there"

printf 'FROM %s\nENV who=dockerd\nCOPY Dockerfile /\n' $ours/me/app:v1 >"$WORK/context.df"
mkdir "$WORK/context"; cp "$WORK/context.df" "$WORK/context/Dockerfile"
DOCKER_BUILDKIT=0 dockerd_d build -q -t $ours/theirs/app:v2 "$WORK/context" >/dev/null 2>&1
out=$(dockerd_d push $ours/theirs/app:v2 2>&1)
like "$out" '^v2: digest: sha256:' "dockerd pushes to our registry"
like "$out" 'Mounted from me/app|Layer already exists' "what is there is not sent again"
like "$(dockerd_d push $ours/theirs/app:v2 2>&1)" 'Layer already exists' "nor is anything the second time"
id=$(dockerd_d image inspect -f '{{.Id}}' $ours/theirs/app:v2)
like "$(d pull $ours/theirs/app:v2 2>&1)" 'Status: Downloaded newer image' "we pull it"
is "$(d image inspect -f '{{.Id}}' $ours/theirs/app:v2)" "$id" "it is the same image"
is "$(d run --rm $ours/theirs/app:v2 sh -c 'echo $who')" dockerd "and runs here"
dockerd_d rmi $ours/theirs/app:v2 >/dev/null
digest=$(d image inspect -f '{{index .RepoDigests 0}}' $ours/theirs/app:v2)
like "$(dockerd_d pull "$digest" 2>&1)" "Digest: ${digest#*@}" "by digest, too"
like "$(dockerd_d pull $ours/nosuch:1 2>&1)" 'not found|repository does not exist' "what is not there, dockerd understands"
like "$(dockerd_d pull $ours/me/app:no 2>&1)" 'manifest for .* not found: manifest unknown' "nor a tag that isn't"
dockerd_d login -u anna -p wrong $secured >"$WORK/said" 2>&1
like "$(cat "$WORK/said")" 'unauthorized|401' "a wrong password at ours, over TLS"
like "$(dockerd_d login -u anna -p s3cret $secured 2>&1)" 'Login Succeeded' "the right one"
dockerd_d tag $ours/me/app:v1 $secured/me/app:v1
like "$(dockerd_d push $secured/me/app:v1 2>&1)" '^v1: digest: sha256:' "and a push"

# ---- skopeo --------------------------------------------------------------------------------

copy() {	# FROM CREDENTIALS TO CREDENTIALS
	skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false \
		${2:+--src-creds "$2"} ${4:+--dest-creds "$4"} "docker://$1" "docker://$3"
}
digest_at() { skopeo inspect --tls-verify=false ${2:+--creds "$2"} --format '{{.Digest}}' "docker://$1"; }
anna=anna:s3cret
digest=$(digest_at $ours/me/app:v1)
ok "ours to docker-registry, passwords over TLS" copy $ours/me/app:v1 "" $theirs/me/app:v1 $anna
is "$(digest_at $theirs/me/app:v1 $anna)" "$digest" "with the same digest"
ok "from there to ours, passwords over TLS" copy $theirs/me/app:v1 $anna $secured/back:v1 $anna
is "$(digest_at $secured/back:v1 $anna)" "$digest" "with the same digest"
not_ok "not with a wrong password" copy $theirs/me/app:v1 $anna $secured/back:v2 anna:wrong
not_ok "nor without one" skopeo inspect --tls-verify=false --no-creds docker://$secured/back:v1
ok "to ours behind a token server" eventually copy $secured/back:v1 $anna $tokens/by/token:v1 $anna
ok "and from there" eventually copy $tokens/by/token:v1 $anna $theirs/by/token:v1 $anna
is "$(digest_at $theirs/by/token:v1 $anna)" "$digest" "with the same digest"
ok "skopeo deletes at docker-registry" skopeo delete --tls-verify=false --creds $anna docker://$theirs/by/token:v1
ok "and at ours" skopeo delete --tls-verify=false --creds $anna docker://$secured/back:v1
not_ok "where it is gone" digest_at $secured/back:v1 $anna

kill $pid; wait $pid 2>/dev/null
stop_daemon
done_testing
