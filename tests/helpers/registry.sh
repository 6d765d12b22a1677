# registry.sh - other people's registries for tests.  Source it after tap.sh.

# A certificate for an address, $WORK/cert and $WORK/key; and $WORK/users: anna, s3cret.
registry_secrets() {	# IP
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=registry \
		-addext "subjectAltName=IP:$1" -keyout "$WORK/key" -out "$WORK/cert" 2>/dev/null
	python3 -W ignore -c 'import crypt
print("anna:" + crypt.crypt("s3cret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' >"$WORK/users"
}

# Debian's docker-registry, in the background ($!); its files are in $WORK/theirs, which
# blobs may be deleted from.  "secrets": with those of registry_secrets().
docker_registry() {	# HOST:PORT [secrets]
	local tls='' auth=''
	[ -z "${2:-}" ] || {
		tls=", tls: {certificate: $WORK/cert, key: $WORK/key}"
		auth="auth: {htpasswd: {realm: tests, path: $WORK/users}}"
	}
	cat >"$WORK/theirs.yml" <<-END
		version: 0.1
		storage: {filesystem: {rootdirectory: $WORK/theirs}, delete: {enabled: true}}
		http: {addr: $1$tls}
		$auth
	END
	docker-registry serve "$WORK/theirs.yml" >"$WORK/theirs.log" 2>&1 &
}
