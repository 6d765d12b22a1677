#!/bin/bash
# Our registry and the specification: the cases of its conformance suite, plain and
# over TLS with passwords; what is collected as garbage; the words of the command.
. "$(dirname "$0")/../helpers/tap.sh"
need python3 openssl curl
isolate "$0" "$@"

plain=127.0.0.1:5001 safe=127.0.0.1:5003
cases() {	# NAME ARGUMENTS...: one result for all of its cases
	local name=$1 said
	shift
	said=$(python3 "$TESTS/api/registry_conformance.py" "$@" 2>&1)
	is "$(grep -A1 '^not ok\|^Trace\|Error' <<<"$said")" "" "$name: $(grep -c '^ok' <<<"$said") cases"
}
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
serve() { "$ENGINE" registry serve "$@" >"$WORK/serve.log" 2>&1 & }

serve --root "$WORK/plain" --port "${plain#*:}"
plain_pid=$!
ok "it serves" eventually curl -sf "http://$plain/v2/"
cases "the specification, plain" "$plain"

# ---- TLS and passwords --------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=registry \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$WORK/key" -out "$WORK/cert" 2>/dev/null
entry() { python3 -W ignore -c 'import crypt, sys
print(sys.argv[1] + ":" + crypt.crypt(sys.argv[2], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' "$@"; }
entry anna secret >"$WORK/users"
serve --root "$WORK/safe" --port "${safe#*:}" --tls-cert "$WORK/cert" --tls-key "$WORK/key" \
	--htpasswd "$WORK/users"
curls() { status --cacert "$WORK/cert" "$@" "https://$safe/v2/"; }
ok "it serves over TLS" eventually curl -s --cacert "$WORK/cert" "https://$safe/v2/"
is "$(curls)" 401 "nobody comes in without a name"
like "$(curl -si --cacert "$WORK/cert" "https://$safe/v2/")" '^[Ww][Ww][Ww]-Authenticate: Basic realm=' "and is told how"
is "$(curls -u anna:secret) $(curls -u anna:wrong) $(curls -u eve:secret)" "200 401 401" "only with the right password"
is "$(status --cacert "$WORK/cert" -d x "https://$safe/v2/a/blobs/uploads/")" 401 "strangers can't upload"
cases "the specification, TLS and password" "$safe" anna:secret "$WORK/cert"
entry bert geheim >>"$WORK/users"
is "$(curls -u bert:geheim)" 200 "a new user comes in at once"
entry anna other >"$WORK/users"
is "$(curls -u anna:secret) $(curls -u anna:other)" "401 200" "a changed password counts at once"
unlike "$(cat "$WORK/serve.log")" 'secret|geheim' "no password is written to the log"

# ---- garbage ------------------------------------------------------------------------------

blobs() { find "$WORK/plain/blobs/sha256" -type f | wc -l; }
digest=$(printf lonely | sha256sum | cut -d' ' -f1)
curl -s --data-binary lonely "http://$plain/v2/x/blobs/uploads/?digest=sha256:$digest"
"$ENGINE" registry garbage-collect --root "$WORK/plain" >/dev/null
is "$(status "http://$plain/v2/x/blobs/sha256:$digest")" 200 "what was just sent is kept"
before=$(blobs)
like "$("$ENGINE" registry garbage-collect --root "$WORK/plain" --older-than 0)" '^[1-9][0-9]* blobs .* removed' \
	"what no manifest lists is collected"
is "$(status "http://$plain/v2/x/blobs/sha256:$digest")" 404 "it is gone"
is "$(status "http://$plain/v2/suite/app/manifests/empty")" 200 "what a manifest lists stays"
touch -d '2 hours ago' "$WORK"/plain/blobs/sha256/*
curl -s --data-binary lonely "http://$plain/v2/x/blobs/uploads/?digest=sha256:$digest"
touch -d '2 hours ago' "$WORK/plain/blobs/sha256/$digest"
kill $plain_pid
wait $plain_pid 2>/dev/null
serve --root "$WORK/plain" --port "${plain#*:}"
eventually curl -sf "http://$plain/v2/"
is "$(status "http://$plain/v2/x/blobs/sha256:$digest")" 404 "a server collects when it starts"

# ---- the command --------------------------------------------------------------------------

like "$("$ENGINE" registry serve --help)" '--htpasswd FILE' "--help lists the options"
like "$("$ENGINE" registry --help)" 'garbage-collect' "and the commands"
exits 2 "an unknown option" "$ENGINE" registry serve --nope
exits 2 "a port that is no number" "$ENGINE" registry serve --port x
exits 2 "a certificate without its key" "$ENGINE" registry serve --tls-cert "$WORK/cert"
exits 1 "a certificate that is none" "$ENGINE" registry serve --root "$WORK/x" --port 0 \
	--tls-cert "$WORK/users" --tls-key "$WORK/key"
echo anna:secret >"$WORK/clear"
said=$("$ENGINE" registry serve --root "$WORK/x" --port 0 --htpasswd "$WORK/clear" 2>&1)
like "$said" 'entry 1 is not NAME:BCRYPT' "a password in the clear is refused"
unlike "$said" secret "and not repeated"
done_testing
