#!/bin/bash
# What this engine has none of (swarms, plugins, checkpoints, signed names), build caches and
# dial-stdio: our client answers as docker's own does of the same daemon.
# timeout: 60
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
[ "$("$CLIENT" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 28 ] || skip_all "docker's client is older than 28"
IMAGES=none start_daemon
echo text >"$WORK/file"
cd "$WORK" || exit 1

# The exit code, standard output, and standard error without what one of them adds: our
# hints, docker's advice to install another builder, its blanks before a refusal.
said() {	# CLIENT WORD...
	"$@" >"$WORK/out" 2>"$WORK/err" </dev/null
	echo "exit $?"
	cat "$WORK/out"
	grep -v -e '^Hint: ' -e '^DEPRECATED' -e '^            ' -e '^$' "$WORK/err"
}
same() {	# LINE
	local words
	read -ra words <<<"$1"
	is "$(said "$BUILD/docker" "${words[@]}")" "$(said "$CLIENT" "${words[@]}")" "docker $1"
}

while read -r line; do same "$line"; done <<'END'
swarm init
swarm join --token x 192.0.2.1:2377
swarm leave -f
swarm update --autolock
swarm ca
swarm unlock
swarm unlock-key
swarm join-token worker
swarm join-token nobody
swarm nothing
node ls
node inspect self
node ps n
node rm a b
node promote n
node update --role worker n
service ls
service create --name s nginx
service create
service inspect s
service logs s
service rm s
service rollback s
service update s
stack ls
stack ps s
stack rm s
secret ls
secret create s file
secret inspect s
secret rm a b
config ls
config create c file
config rm c
plugin ls
plugin ls --format {{.Name}}
plugin inspect p
plugin install p
plugin enable p
plugin rm p
plugin set p a=b
checkpoint ls c
checkpoint rm c p
trust inspect i
builder prune -f
builder prune
builder prune --keep-storage 1g -a
END

# Through dial-stdio, as `ssh HOST docker system dial-stdio` is used.
answer=$(printf 'GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n' | docker system dial-stdio)
like "$answer" '^HTTP/1.1 200 OK' "dial-stdio passes a request on and the answer back"
is "$(tail -n 1 <<<"$answer")" OK "to its last byte"
exits 1 "dial-stdio where no daemon is" docker -H unix:///nowhere/at/all system dial-stdio
stop_daemon
leak_check "nothing is left behind"
done_testing
