#!/bin/bash
# docker login: our client's words against docker's own, what is kept and where, and
# that a registry with users can then be used.
. "$(dirname "$0")/../helpers/tap.sh"
need python3 openssl curl
isolate "$0" "$@"

export HOME=$WORK/home DOCKER_CONFIG=$WORK/config
mkdir -p "$HOME" "$WORK/bin"
ours=127.0.0.1:5001
config=$DOCKER_CONFIG/config.json
entry() { python3 -W ignore -c 'import crypt, sys
print(sys.argv[1] + ":" + crypt.crypt(sys.argv[2], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' "$@"; }
entry anna s3cret >"$WORK/users"
"$ENGINE" registry serve --root "$WORK/shelf" --port "${ours#*:}" --htpasswd "$WORK/users" >/dev/null 2>&1 &
start_daemon
eventually curl -s "http://$ours/v2/"

# ---- words, beside docker's own client -----------------------------------------------------

dialogue() {	# CLIENT: every way to say it, with what is kept in between
	local client=$1
	rm -rf "$DOCKER_CONFIG"
	say() { echo "\$ $*"; "$client" "$@" </dev/null 2>&1; echo "= $?"; cat "$config" 2>/dev/null; }
	say login $ours
	say login -u anna $ours
	say login -p x $ours
	say login -u anna -p s3cret --password-stdin $ours
	say login --password-stdin $ours
	say login -u "" -p "" $ours
	say login -u anna -p wrong $ours
	say login -u anna -p s3cret $ours
	say login -u anna -p s3cret http://$ours/v1/
	say login $ours
	say login -u anna nosuch.invalid:1 -p x
	say logout $ours
	say logout
	echo '{"credsStore":"nope"}' >"$config"
	say login -u anna -p s3cret $ours
}
same() { grep -v '^Hint:' | sed 's/[[:space:]]*$//'; }
if "$CLIENT" --version 2>/dev/null | grep -q 'version 2[89]'; then
	dialogue "$BUILD/docker" | same >"$WORK/ours"
	dialogue "$CLIENT" | same >"$WORK/docker"
	is "$(diff "$WORK/docker" "$WORK/ours")" "" "login and logout as docker's client"
else
	skip 1 "no docker client of version 28"
fi

# ---- what is kept --------------------------------------------------------------------------

rm -rf "$DOCKER_CONFIG"
mkdir -p "$DOCKER_CONFIG"
echo '{"auths":{"https://127.0.0.1:5001/v1/":{"auth":"YW5uYTpzM2NyZXQ="}}}' >"$config"
like "$(docker login $ours 2>&1)" 'existing credentials.*Username: anna' "an entry of an older client is found"
rm -rf "$DOCKER_CONFIG"
is "$(printf 's3cret\n' | docker login -u anna --password-stdin $ours 2>/dev/null)" "Login Succeeded" "by standard input"
is "$(stat -c %a "$config")" 600 "nobody else can read the file"
is "$(python3 -c 'import json; print(json.load(open("'"$config"'"))["auths"]["'$ours'"]["auth"])')" \
	"$(printf anna:s3cret | base64)" "it holds what docker's client would"
echo '{"other":{"a":[{},"x: {}"]}}' >"$config"
docker login -u anna -p s3cret $ours >/dev/null 2>&1
like "$(tr -d '\n\t' <"$config")" '^\{"other": *\{"a": *\[\{\}, *"x: \{\}"\]\},"auths": \{' "what we don't know in it stays"
docker --config "$WORK/elsewhere" login -u anna -p s3cret $ours >/dev/null 2>&1
ok "--config names another folder" test -f "$WORK/elsewhere/config.json"
like "$(docker login --help)" '--password-stdin' "--help"

# ---- and used ------------------------------------------------------------------------------

docker pull -q busybox >/dev/null
docker tag busybox $ours/mine:1
like "$(docker push $ours/mine:1 2>&1)" '1: digest: sha256:' "who is logged in pushes"
[ ! -x "$CLIENT" ] || like "$("$CLIENT" push $ours/mine:1 2>&1)" '1: digest: sha256:' "and with docker's client, which reads the same file"
docker rmi $ours/mine:1 >/dev/null 2>&1
like "$(docker pull $ours/mine:1)" 'Status: (Downloaded|Image is up)' "and pulls"
docker rmi $ours/mine:1 >/dev/null 2>&1
like "$(docker build - <<<"FROM $ours/mine:1")" 'Successfully built' "and builds on it"
docker rmi $ours/mine:1 >/dev/null 2>&1
[ ! -x "$CLIENT" ] || like "$(DOCKER_BUILDKIT=0 "$CLIENT" build - <<<"FROM $ours/mine:1" 2>&1)" \
	'Successfully built' "with docker's client, too"
docker rmi $ours/mine:1 >/dev/null 2>&1
docker logout $ours >/dev/null
like "$(docker pull $ours/mine:1 2>&1)" 'no basic auth credentials|pull access denied' "logged out, no more"

# ---- a credential helper -------------------------------------------------------------------

cat >"$WORK/bin/docker-credential-drawer" <<'END'
#!/bin/sh
case $1 in
store) cat >"$DRAWER" ;;
get) read -r key; grep -q "\"$key\"" "$DRAWER" 2>/dev/null && cat "$DRAWER" ||
	{ echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm -f "$DRAWER" ;;
esac
END
chmod +x "$WORK/bin/docker-credential-drawer"
export PATH=$WORK/bin:$PATH DRAWER=$WORK/drawer
echo "{\"credHelpers\":{\"$ours\":\"drawer\"}}" >"$config"
said=$(docker login -u anna -p s3cret $ours 2>&1)
unlike "$said" unencrypted "a helper keeps the password"
unlike "$(cat "$config")" 'auths' "config.json doesn't"
like "$(docker pull $ours/mine:1)" 'Status: (Downloaded|Image is up)' "and gives it back"
docker logout $ours >/dev/null
not_ok "logout erases it there" test -f "$WORK/drawer"

# ---- nothing of it is written down ----------------------------------------------------------

stop_daemon
is "$(grep -rlaE 's3cret|YW5uYTpzM2NyZXQ' "$DRYDOCK_ROOT" "$WORK/daemon.log" 2>/dev/null)" "" \
	"neither journal, trace nor log has the password"
done_testing
