#!/bin/bash
# `drydock doctor` in a container, as in a web IDE: what the container keeps it from is
# named, and the option of `docker run` that gives it is the one that does.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need busybox unshare

start_daemon
binds=()
for dir in /usr /lib /lib32 /lib64 /bin /sbin; do
	[ ! -d $dir ] || binds+=(-v "$dir:$dir:ro")
done
examine() {	# OPTION...
	docker run --rm "${binds[@]}" -v "$BUILD:/b:ro" -v "$DRYDOCK_LABS:/labs:ro" -e DRYDOCK_LABS=/labs \
		-e DRYDOCK_ROOT=/data -e TERM=xterm "$@" busybox /b/drydock-engine doctor >"$WORK/said" 2>&1
}
# The lines of a row: what is said of it, and the command.
row() { sed -n "/^$1[: ]/,/^\$/p" "$WORK/said" | tr -s ' \n' ' ' | sed 's/ \(there\|missing\|costs\|unclear\|untried\) /\n&/g' | grep -F " $2"; }

examine
like "$(row linux root)" 'missing root: root, but without CAP_SYS_ADMIN.* mend: docker run --privileged' \
	"root of a container isn't root"
like "$(row rootless 'user namespace')" 'missing .*seccomp: a seccomp filter.* mend: docker run --security-opt seccomp=unconfined' \
	"the container's filter refuses user namespaces"
not_ok "unshare(1) finds the same" docker run --rm "${binds[@]}" busybox unshare -U true
like "$(cat "$WORK/said")" 'No backend works here' "nothing works"

examine --security-opt seccomp=unconfined
like "$(row rootless 'user namespace')" 'there user namespace' "without the filter there are user namespaces"
ok "for unshare(1), too" docker run --rm --security-opt seccomp=unconfined "${binds[@]}" busybox unshare -U true
like "$(row rootless '/proc of')" 'missing .*masked /proc: .* mend: docker run --security-opt systempaths=unconfined' \
	"but no /proc of one's own, since parts of it are covered"
not_ok "unshare(1) can mount none either" docker run --rm --security-opt seccomp=unconfined "${binds[@]}" busybox \
	unshare -Urpf --mount-proc true
like "$(row rootless overlay)" "missing overlay.*/data/lib lies on an overlay.*can't be the upper layer.*mend: export DRYDOCK_ROOT=" "the container's root is an overlay: no layers on it"

examine --security-opt seccomp=unconfined --security-opt systempaths=unconfined --tmpfs /data
like "$(row rootless '/proc of')" 'there /proc of' "with those options there is /proc"
like "$(row rootless overlay)" 'there overlay' "and on a tmpfs there are layers"
like "$(row rootless 'word of')" 'missing .* listens already, and only one can .*mend: exit' \
	"what our own containers alone do is named"

examine --privileged --tmpfs /data
is "$(sed -n '/^linux/,/^$/p' "$WORK/said" | grep -c '^  missing')" 1 "--privileged: root of the machine lacks nothing else"

docker run -d --name web -p 8080:80 busybox httpd -f >/dev/null
"$DRYDOCK" doctor >"$WORK/said"
like "$(row every 'port 10740')" 'there .*in use, by the daemon that runs' "a daemon's own port isn't held against it"
like "$(row every 'port 8080')" 'costs .* mend: drydock docker ps --filter publish=8080' "nor a container's taken for a stranger"
is "$(docker ps --filter publish=8080 --format '{{.Names}}')" web "which that command names"
docker rm -f web >/dev/null
stop_daemon
leak_check "nothing is left behind"
done_testing
