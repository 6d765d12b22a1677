#!/bin/bash
# docker manifest: our client and docker's own print the same, put the same list into the
# same registry, and read what the other has begun.
# timeout: 60
. "$(dirname "$0")/../helpers/tap.sh"
. "$TESTS/helpers/registry.sh"
isolate "$0" "$@"
need_real_docker
need docker-registry skopeo
[ "$("$CLIENT" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 28 ] || skip_all "docker's client is older than 28"
start_daemon
export DOCKER_CLI_EXPERIMENTAL=enabled
registry=127.0.0.1:5123
docker_registry $registry
registry_pid=$!
eventually curl -sf "http://$registry/v2/" || bail "docker-registry does not answer"

theirs() { DOCKER_CONFIG=$WORK/docker timeout 20 "$CLIENT" manifest "$@"; }
mine() { DOCKER_CONFIG=$WORK/mine timeout 20 "$BUILD/docker" manifest "$@"; }
same() {	# NAME WORD...: with --insecure where the verb has it
	local name=$1 verb=$2 secure=--insecure
	shift 2
	case $verb in annotate | rm) secure= ;; esac
	# shellcheck disable=SC2086
	is "$(mine $verb $secure "$@" 2>&1; echo "exit $?")" "$(theirs $verb $secure "$@" 2>&1; echo "exit $?")" "$name"
}

d pull -q busybox >/dev/null
d pull -q hello-world >/dev/null
for name in app/one:1 other/two:1; do
	d tag "$([ $name = app/one:1 ] && echo busybox || echo hello-world)" $registry/$name
	d push -q $registry/$name >/dev/null
done
skopeo copy --src-tls-verify=false --dest-tls-verify=false -f oci docker://$registry/app/one:1 \
	docker://$registry/app/oci:1 >/dev/null

same "a manifest" inspect $registry/app/one:1
same "with platform and digest" inspect -v $registry/app/one:1
same "an OCI one" inspect -v $registry/app/oci:1
same "none of that name" inspect $registry/app/none:1
same "a name that is none" inspect 'A B'
same "a list is begun" create $registry/app/all:1 $registry/app/one:1 $registry/other/two:1
same "once" create $registry/app/all:1 $registry/app/one:1
same "a platform is set" annotate --os linux --arch arm64 --variant v8 --os-features a,b $registry/app/all:1 $registry/other/two:1
same "which there must be" annotate --arch vax $registry/app/all:1 $registry/other/two:1
same "of a manifest in the list" annotate --arch arm64 $registry/app/all:1 $registry/app/none:1
same "the list" inspect $registry/app/all:1
same "all of it" inspect -v $registry/app/all:1
same "one of it" inspect $registry/app/all:1 $registry/other/two:1
is "$(DOCKER_CONFIG=$WORK/mine d manifest inspect -v $registry/app/all:1)" \
   "$(theirs inspect -v $registry/app/all:1)" "docker's client reads what ours keeps"
same "it is pushed" push $registry/app/all:1
is "$(skopeo inspect --raw --tls-verify=false docker://$registry/app/all:1)" "$(mine inspect $registry/app/all:1)" \
   "and is in the registry as shown"
same "and forgotten" rm $registry/app/all:1
same "which can't be done twice" rm $registry/app/all:1
same "the list as the registry has it" inspect --insecure $registry/app/all:1
same "with what it lists" inspect -v $registry/app/all:1
same "a list in a list" create $registry/app/twice:1 $registry/app/all:1
same "an OCI list" create $registry/app/index:1 $registry/app/oci:1
same "is pushed as such" push -p $registry/app/index:1
same "nothing to push" push $registry/app/index:1
like "$(mine create $registry/app/far:1 127.0.0.2:5123/app/one:1 2>&1)" "can.t be reached" "a registry that isn't there"
is "$(cd "$WORK/mine" && find manifests -type f)" "" "no file is left"
# The whole list can be pulled for this machine.
d rmi $registry/app/one:1 >/dev/null
ok "the list is pulled" d pull -q $registry/app/all:1
kill $registry_pid
stop_daemon
leak_check "nothing is left behind"
done_testing
