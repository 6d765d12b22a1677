#!/bin/bash
# Build contexts from elsewhere: git repositories (branch, tag, commit, folder, submodules),
# tars and Dockerfiles by URL; by our client, docker's own, and the API's remote parameter.
# timeout: 60
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need git python3 curl
start_daemon
docker pull -q busybox >/dev/null
export HOME=$WORK GIT_CONFIG_NOSYSTEM=1 DOCKER_BUILDKIT=0
git config --global user.email anna@example.org
git config --global user.name Anna
git config --global init.defaultBranch master

# A repository with two commits, a tag, a branch with a folder, and a link that leads out.
mkdir -p "$WORK/www/work" "$WORK/bare"
cd "$WORK/www/work" || exit 1
git init -q
printf 'FROM busybox\nCOPY said /said\nCMD cat /said\n' >Dockerfile
echo first >said
git add . && git commit -qm one && git tag v1
first=$(git rev-parse HEAD)
echo second >said && printf 'FROM busybox\nCMD echo other file\n' >other.df
git add . && git commit -qm two
git checkout -qb wide
mkdir sub && printf 'FROM busybox\nCOPY . /all\nCMD ls -A /all\n' >sub/Dockerfile
echo x >sub/file && ln -s / out && ln -s sub way
git add . && git commit -qm three && git checkout -q master
git clone -q --bare . "$WORK/bare/repo.git"
git -C "$WORK/bare/repo.git" update-server-info
tar cf "$WORK/bare/context.tar" Dockerfile said && gzip -k "$WORK/bare/context.tar"
cp other.df "$WORK/bare/other.df"
python3 -c 'import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".df": "text/plain", "": "application/octet-stream"}
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8123), functools.partial(Handler, directory=sys.argv[1])).serve_forever()
' "$WORK/bare" & web=$!
git daemon --export-all --base-path="$WORK/bare" --listen=127.0.0.1 --port=9418 --reuseaddr \
	>"$WORK/git.log" 2>&1 & gitd=$!
eventually curl -sf http://127.0.0.1:8123/ || bail "no web server"
eventually git ls-remote git://127.0.0.1/repo.git || bail "no git server"

built() {	# CLIENT URL [WORD...]: what the image says
	local id
	id=$("$1" build -q "${@:3}" "$2" 2>"$WORK/err") && "$1" run --rm "$id" || cat "$WORK/err"
}
remote() {	# URL: the same by the API
	local id
	id=$(raw -G -X POST "http://d/v1.41/build" --data-urlencode "remote=$1" -d q=1 --max-time 20 |
		python3 -c 'import json, sys
for line in sys.stdin:
    o = json.loads(line)
    print(o.get("stream", o.get("error", o.get("message", ""))).strip())' | tail -n 1)
	case $id in sha256:*) docker run --rm "$id" ;; *) echo "$id" ;; esac
}
for url in git://127.0.0.1/repo.git http://127.0.0.1:8123/repo.git; do
	is "$(built docker $url)" second "${url%%:*}: the master branch"
	is "$(built docker $url#v1)" first "a tag"
	is "$(built docker "$url#wide:sub")" "$(printf 'Dockerfile\nfile')" "a folder of a branch"
	is "$(remote $url#v1)" first "by the API: a tag"
	is "$(remote "$url#wide:sub")" "$(printf 'Dockerfile\nfile')" "a folder of a branch"
done
url=git://127.0.0.1/repo.git
is "$(built docker "$url#wide:way")" "$(printf 'Dockerfile\nfile')" "a link in the repository"
like "$(built docker "$url#wide:out")" 'not within git root' "but none out of it"
like "$(remote "$url#wide:out")" 'not within git root' "nor for the daemon"
like "$(built docker "$url#:said")" 'not a directory' "a file is no context"
like "$(built docker "$url#nope")" "error fetching: .*nope" "no such branch"
like "$(remote "$url#nope")" "error fetching: .*nope" "nor for the daemon"
like "$(built docker "$url#--upload-pack=x")" 'invalid refspec: --upload-pack=x' "what looks like an option"
is "$(built docker $url -f other.df)" "other file" "another Dockerfile of the repository"
git -C "$WORK/bare/repo.git" config uploadpack.allowAnySHA1InWant true
is "$(built docker "$url#$first")" first "a commit"
like "$(PATH=/nowhere "$BUILD/docker" build $url 2>&1)" \
	"unable to prepare context: unable to find 'git': exec: \"git\": executable file not found" "no git"
is "$(find /tmp -maxdepth 1 -name 'drydock-git.*'; find "$DRYDOCK_ROOT/lib/image/tmp" -mindepth 1)" "" "nothing is left of clones"

if have_real_docker; then
	export DOCKER_CLI_HINTS=false
	is "$(built "$CLIENT" $url#v1 | grep -v -e DEPREC -e Install -e https -e '^$')" first "docker's client does the same"
else
	skip 1 "no docker client is installed"
fi

# A submodule whose address is a path of this machine isn't followed.
git clone -q "$WORK/bare/repo.git" "$WORK/www/sneaky" && cd "$WORK/www/sneaky" || exit 1
git -c protocol.file.allow=always submodule --quiet add "$WORK/bare/repo.git" inner && git commit -qm sub
git clone -q --bare . "$WORK/bare/sneaky.git"
like "$(built docker git://127.0.0.1/sneaky.git)" "transport 'file' not allowed" "a submodule can't name our files"

is "$(built docker http://127.0.0.1:8123/context.tar)" second "a tar by URL"
is "$(built docker http://127.0.0.1:8123/context.tar.gz)" second "a packed one"
is "$(built docker http://127.0.0.1:8123/other.df)" "other file" "a Dockerfile by URL"
like "$(built docker http://127.0.0.1:8123/nothing)" '404' "which isn't there"
kill $web $gitd
stop_daemon
leak_check "nothing is left behind"
done_testing
