#!/bin/bash
# Completion in a real bash: verbs, options, and names that the daemon knows.
# timeout: 60
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need script
start_daemon
d() { "$BUILD/docker" "$@"; }
d pull -q busybox >/dev/null
d create --name webfront busybox true >/dev/null
d create --name webback busybox true >/dev/null
d network create inner >/dev/null
d volume create stuff >/dev/null

# The function itself, with what bash would set.
"$DRYDOCK" docker completion bash >"$WORK/completion"
. "$WORK/completion"
PATH=$BUILD:$PATH
typed() {	# LINE: the candidates
	COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	_drydock
	echo "${COMPREPLY[*]}"
}
is "$(typed 'docker renam')" "rename" "a verb"
is "$(typed 'docker netw')" "network" "a group"
is "$(typed 'docker network in')" "inspect" "a verb of a group"
is "$(typed 'docker run --hostn')" "--hostname" "an option"
is "$(typed 'docker --con')" "--config --context" "an option before the verb"
is "$(typed "docker -H $DOCKER_HOST start webf")" "webfront" "behind one with a value"
is "$(typed 'docker rm web')" "webback webfront" "containers"
is "$(typed 'docker rm webback web')" "webback webfront" "a further one"
is "$(typed 'docker stop web')" "" "none that doesn't run, where it matters"
is "$(typed 'docker rmi busybox:la')" "latest" "a tag: bash has split before it"
is "$(typed 'docker run --network in')" "inner" "the value of an option"
is "$(typed 'docker volume rm st')" "stuff" "volumes"
is "$(typed 'docker inspect st')" "stuff" "any object"
is "$(typed 'docker kill -s TE')" "TERM" "signals"
is "$(typed 'docker nosuch x')" "" "nothing for what is no verb"
is "$(typed 'drydock tra')" "trace" "our own verbs"
is "$(typed 'drydock docker image pru')" "prune" "and docker's behind docker"
is "$(d __complete run -v "")" ":0" "file names where they fit"
is "$(DOCKER_HOST=unix:///nonexistent.sock typed 'docker rm web')" "" "no daemon: no names, no noise"

# With a terminal, a tabulator, and docker's own script in the other direction.
press() {	# SCRIPT KEYS: what an interactive bash shows
	printf 'PS1=; . %s\n%s\nexit\n' "$1" "$2" |
		timeout 20 script -qec "env PATH=$BUILD:$PATH TERM=dumb bash --norc --noprofile -i" /dev/null 2>&1
}
like "$(press "$WORK/completion" $'docker renam\t --help')" 'Give a container another name' "a tabulator completes"
like "$(press "$WORK/completion" $'docker inspect webfr\t')" '"Name": "/webfront"' "a name, too"

# ---- make install puts it, and the man pages, in place ----
make -s -C "$TESTS/.." B="$BUILD" PREFIX=/usr DESTDIR="$WORK/inst" install >"$WORK/install.log" 2>&1
share=$WORK/inst/usr/share
ok "bash-completion finds it under both names" diff "$share/bash-completion/completions/drydock" "$share/bash-completion/completions/docker"
ok "it is a script" bash -n "$share/bash-completion/completions/docker"
is "$(ls "$share"/man/man8)" "drydock-daemon.8" "the daemon's page is in section 8"
missing=$("$BUILD/docker" --help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p' | while read -r verb; do
	ls "$share/man/man1/drydock-docker-$verb"*.1 >/dev/null 2>&1 || echo "$verb"
done)
is "$missing" "" "every verb and group has a page"
if command -v groff >/dev/null; then
	said=$(for page in "$share"/man/man?/*; do groff -man -ww -Tutf8 -z "$page" 2>&1; done)
	is "$said" "" "roff has nothing to say against any"
	like "$(groff -man -Tutf8 "$share/man/man1/drydock-docker-run.1" | col -b)" '-p, --publish list' "options are there"
	like "$(groff -man -Tutf8 "$share/man/man8/drydock-daemon.8" | col -b)" '--data-root DIR' "the daemon's, too"
else
	skip 3 "groff is not installed"
fi
stop_daemon
done_testing
