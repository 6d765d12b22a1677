#!/bin/bash
# Our engine at other people's registries: Debian's docker-registry with passwords over
# TLS, trusted by certs.d; a token server; limits with Retry-After; address ranges.
. "$(dirname "$0")/../helpers/tap.sh"
. "$TESTS/helpers/registry.sh"
need python3 openssl curl docker-registry
isolate "$0" "$@"

# What certs.d holds is read from /etc: this test gets one of its own.
mkdir -p "$WORK/etc" "$WORK/etc.work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$WORK/etc,workdir=$WORK/etc.work" /etc ||
	skip_all "no overlay over /etc"
ip addr add 10.99.0.1/32 dev lo
export HOME=$WORK/home
backend=127.0.0.1:5001 theirs=10.99.0.1:5002 tokens=127.0.0.1:5003 plain=10.99.0.1:5004
lasting=127.0.0.1:5005	# gives refresh tokens

# ---- the registries ------------------------------------------------------------------------

registry_secrets 10.99.0.1
docker_registry $theirs secrets
"$ENGINE" registry serve --root "$WORK/shelf" --port "${backend#*:}" >/dev/null 2>&1 &
"$ENGINE" registry serve --root "$WORK/shelf" --address 10.99.0.1 --port "${plain#*:}" >/dev/null 2>&1 &
python3 "$TESTS/api/registry_token.py" "${tokens#*:}" $backend "$WORK/tokens.log" 2>"$WORK/tokens.err" &
python3 "$TESTS/api/registry_token.py" "${lasting#*:}" $backend "$WORK/lasting.log" identity \
	2>"$WORK/lasting.err" &
start_daemon --insecure-registry 10.98.0.0/15
eventually curl -sk "https://$theirs/v2/"
eventually curl -s "http://$tokens/v2/"
docker pull -q busybox >/dev/null
login() { docker login -u anna -p "$1" "$2" 2>&1; }

# ---- TLS and passwords ---------------------------------------------------------------------

stop_daemon
start_daemon
like "$(login s3cret $theirs)" 'certificate|SSL' "an authority nobody knows is not trusted"
mkdir -p "/etc/docker/certs.d/$theirs"
cp "$WORK/cert" "/etc/docker/certs.d/$theirs/ca.crt"
like "$(login wrong $theirs)" 'unauthorized' "trusted by certs.d, but a wrong password"
like "$(login s3cret $theirs)" 'Login Succeeded' "and the right one"
docker tag busybox $theirs/mine:1
like "$(docker push $theirs/mine:1 2>&1)" '1: digest: sha256:' "a push"
docker rmi $theirs/mine:1 >/dev/null
like "$(docker pull $theirs/mine:1 2>&1)" 'Status: ' "a pull"
cp "$WORK/key" "/etc/docker/certs.d/$theirs/me.key"
like "$(docker pull $theirs/mine:1 2>&1)" 'missing me.cert for me.key' "a key without its certificate is told"
rm -r /etc/docker/certs.d
mkdir -p "/etc/drydock/certs.d/$theirs"
cp "$WORK/cert" "/etc/drydock/certs.d/$theirs/ca.crt"
like "$(login s3cret $theirs)" 'Login Succeeded' "our own certs.d counts, too"

# ---- tokens and limits ---------------------------------------------------------------------

like "$(login wrong $tokens)" 'unauthorized' "the token server knows the wrong password"
like "$(login s3cret $tokens)" 'Login Succeeded' "and the right one"
docker tag busybox $tokens/mine:1
like "$(docker push $tokens/mine:1 2>&1)" '1: digest: sha256:' "a push with a token"
like "$(cat "$WORK/tokens.log")" '^token repository:mine:pull,push$' "which was asked for that"
like "$(cat "$WORK/tokens.log")" '^cut$' "which went on after the connection was cut"
docker rmi $tokens/mine:1 >/dev/null
like "$(docker pull $tokens/mine:1 2>&1)" 'Status: ' "a pull that was asked to wait for a second"
like "$(cat "$WORK/tokens.log")" '^429$' "as it was"
said=$(docker pull $tokens/limited:1 2>&1)
like "$said" 'toomanyrequests' "a limit that lasts is told"
like "$said" 'wait \(3600 seconds\)' "with how long"

docker tag $tokens/mine:1 $tokens/other:1
like "$(docker push $tokens/other:1 2>&1)" 'Mounted from mine' "a layer is taken over from a private repository"
like "$(cat "$WORK/tokens.log")" '^token repository:other:pull,push repository:mine:pull$' \
	"with a token for both"

# ---- a token in place of the password --------------------------------------------------------

config=$HOME/.docker/config.json
like "$(login s3cret $lasting)" 'Login Succeeded' "a registry that gives refresh tokens"
like "$(tr -d '\n\t' <"$config")" "\"$lasting\": \{[^}]*\"identitytoken\": \"R-anna\"" "config.json has its token"
is "$(tr -d '\n\t' <"$config" | sed "s/.*\"$lasting\": {[^}]*\"auth\": \"\([^\"]*\)\".*/\1/" | base64 -d)" "anna:" \
	"and not the password"
docker tag busybox $lasting/kept:1
like "$(docker push $lasting/kept:1 2>&1)" '1: digest: sha256:' "a push with it"
like "$(cat "$WORK/lasting.log")" '^refresh repository:kept:pull,push$' "which it bought a token for"
docker rmi $lasting/kept:1 >/dev/null
like "$(docker pull $lasting/kept:1 2>&1)" 'Status: ' "a pull"
like "$(docker login $lasting 2>&1)" 'Login Succeeded' "a login with it"
like "$(cat "$WORK/lasting.log")" '^refresh none$' "which asks for nothing in particular"
sed -i 's/R-anna/R-old/' "$config"
like "$(docker pull $lasting/kept:1 2>&1)" 'unauthorized' "a token that is no longer good is told"

# ---- insecure ------------------------------------------------------------------------------

like "$(docker pull $plain/mine:1 2>&1)" 'Error' "a registry without TLS that is not on this machine is refused"
stop_daemon
start_daemon --insecure-registry 10.98.0.0/15
like "$(docker pull $plain/mine:1 2>&1)" 'Status: ' "unless its range is listed"
stop_daemon
umount -l /etc
done_testing
