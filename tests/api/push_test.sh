#!/bin/bash
# docker push: to Debian's docker-registry, and to the course registry, which stands
# where Docker Hub is: the lecture's `docker push myuser/my-ml-api:v1`, as printed.
# timeout: 90
. "$(dirname "$0")/../helpers/tap.sh"
. "$TESTS/helpers/registry.sh"
isolate "$0" "$@"
need_real_docker
need curl docker-registry
start_daemon --bridge ddpush0
d pull -q busybox >/dev/null
reg=127.0.0.1:5077
docker_registry $reg
theirs=$!
eventually curl -sf http://$reg/v2/ || bail "docker-registry does not start"

d tag busybox $reg/a/b:v1
out=$(d push $reg/a/b:v1)
like "$out" "The push refers to repository \[$reg/a/b\]" "says where to"
like "$out" '[0-9a-f]{12}: Pushed' "pushes layers"
like "$out" '^v1: digest: sha256:[0-9a-f]{64} size: [0-9]+$' "ends with the digest"
digest=$(sed -n 's/.*digest: \(sha256:[0-9a-f]*\).*/\1/p' <<<"$out")
like "$(d push $reg/a/b:v1)" 'Layer already exists' "again: nothing is sent"
is "$(d image inspect -f '{{index .RepoDigests 0}}' $reg/a/b:v1)" "$reg/a/b@$digest" "the digest is known"
d tag busybox $reg/c:v2
like "$(d push $reg/c:v2)" 'Mounted from a/b' "another repository: layers are taken over"
d tag busybox $reg/c:v3
like "$(d push -a $reg/c)" '^v3: digest' "-a: all tags"
is "$(d push -q $reg/c:v3)" "$reg/c:v3" "-q: the name alone"
like "$(d push $reg/c 2>&1)" 'Using default tag: latest' "no tag is latest"
like "$(d push $reg/c 2>&1)" 'An image does not exist locally with the tag: '$reg/c "which isn't there"
like "$(raw -X POST "http://x/images/$reg/c/push?tag=v3" | tr -d '\r')" '"aux":\{"Tag":"v3","Digest":"'"$digest" "aux: the digest"
d rmi $reg/a/b:v1 $reg/c:v2 $reg/c:v3 busybox >/dev/null
like "$(d pull $reg/a/b:v1)" "Digest: $digest" "and comes back"
is "$(d run --rm $reg/a/b:v1 echo runs)" runs "whole"
kill $theirs; wait $theirs 2>/dev/null
like "$(d push $reg/a/b:v1 2>&1)" 'refused|connect' "no registry there"

# -- the lecture's
d tag $reg/a/b:v1 myuser/my-ml-api:v1
out=$(d push myuser/my-ml-api:v1 2>&1)
like "$out" 'The push refers to repository \[docker.io/myuser/my-ml-api\]' "the lecture's push"
like "$out" '^v1: digest: sha256:' "is done"
d rmi myuser/my-ml-api:v1 $reg/a/b:v1 >/dev/null
like "$(d pull myuser/my-ml-api:v1)" 'Downloaded newer image for myuser/my-ml-api:v1' "its pull takes it"
is "$(d run --rm myuser/my-ml-api:v1 echo runs)" runs "and it runs"
d tag myuser/my-ml-api:v1 my-ml-api:v1
like "$(d push my-ml-api:v1 2>&1)" 'denied: requested access to the resource is denied' "not without a user's name"

# -- our own client
o() { timeout 20 "$BUILD/docker" "$@"; }
like "$(o push myuser/my-ml-api:v1)" 'Layer already exists' "our client: the same lines"
like "$(o push my-ml-api 2>&1)" 'Using default tag: latest' "our client: no tag"
like "$(o push -a my-ml-api:v1 2>&1)" "tag can't be used with --all-tags/-a" "our client: -a with a tag"
not_ok "our client: a failure is one" o push my-ml-api:v1
stop_daemon
leak_check "nothing is left behind"
done_testing
