#!/bin/bash
# The embedded registry and other people's programs: skopeo copies in and out,
# looks and deletes; Debian's docker-registry and ours exchange images; our own
# pull takes what skopeo has put there.
. "$(dirname "$0")/../helpers/tap.sh"
. "$TESTS/helpers/registry.sh"
need skopeo tar gzip sha256sum
isolate "$0" "$@"

ours=127.0.0.1:5001 theirs=127.0.0.1:5002
layout=$WORK/layout

# ---- an image in an OCI layout, made by hand -----------------------------------------

blob() {	# FILE: puts it among the blobs and prints "digest size"
	local digest size
	digest=$(sha256sum <"$1" | cut -d' ' -f1)
	size=$(stat -c %s "$1")
	cp "$1" "$layout/blobs/sha256/$digest"
	echo "sha256:$digest $size"
}
descriptor() {	# TYPE DIGEST SIZE
	printf '{"mediaType":"application/vnd.oci.image.%s","digest":"%s","size":%s}' "$1" "$2" "$3"
}
layer() {	# NAME COMPRESSOR: a layer that holds NAME; sets diff_id and layer_descriptor
	mkdir -p "$WORK/$1"
	head -c 300000 /dev/urandom >"$WORK/$1/$1"
	tar -C "$WORK/$1" --owner=0 --group=0 -cf "$WORK/$1.tar" .
	diff_id=sha256:$(sha256sum <"$WORK/$1.tar" | cut -d' ' -f1)
	$2 <"$WORK/$1.tar" >"$WORK/$1.blob"
	layer_descriptor=$(descriptor "layer.v1.tar+$2" $(blob "$WORK/$1.blob"))
}
make_image() {
	mkdir -p "$layout/blobs/sha256"
	layer base gzip; local base_id=$diff_id base=$layer_descriptor
	layer top zstd;  local top_id=$diff_id top=$layer_descriptor
	printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/top"]},"created":"2024-05-01T10:00:00Z",
"rootfs":{"type":"layers","diff_ids":["%s","%s"]},"history":[{"created_by":"base"},{"created_by":"top"}]}' \
		"$base_id" "$top_id" >"$WORK/config"
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s,%s]}' \
		"$(descriptor config.v1+json $(blob "$WORK/config"))" "$base" "$top" >"$WORK/manifest"
	printf '{"schemaVersion":2,"manifests":[%s]}' \
		"$(descriptor manifest.v1+json $(blob "$WORK/manifest"))" >"$layout/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	digest=sha256:$(sha256sum <"$WORK/manifest" | cut -d' ' -f1)
}

# ---- registries -----------------------------------------------------------------------

wait_port() { eventually curl -sf -o /dev/null "http://$1/v2/"; }
start_ours() {
	"$ENGINE" registry serve --root "$WORK/shelf" --port "${ours#*:}" >"$WORK/ours.log" 2>&1 &
	wait_port $ours || bail "our registry does not start: $(cat "$WORK/ours.log")"
}
start_theirs() {
	docker_registry $theirs
	wait_port $theirs || bail "docker-registry does not start: $(tail "$WORK/theirs.log")"
}
copy() { skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "$@"; }
digest_at() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }

make_image
start_ours

# ---- skopeo and ours ------------------------------------------------------------------

ok "skopeo pushes" copy "oci:$layout" docker://$ours/class/app:v1
is "$(digest_at $ours/class/app:v1)" "$digest" "skopeo inspects: the digest is the same"
like "$(skopeo inspect --tls-verify=false --config docker://$ours/class/app:v1)" '"Cmd": *\[' \
	"skopeo reads the configuration"
ok "skopeo pulls" copy docker://$ours/class/app:v1 "dir:$WORK/out"
is "$(sha256sum <"$WORK/out/manifest.json" | cut -d' ' -f1)" "${digest#*:}" "what it pulled is what was pushed"
ok "a second name shares the blobs" copy docker://$ours/class/app:v1 docker://$ours/class/app:v2
ok "so does a second repository" copy docker://$ours/class/app:v1 docker://$ours/other:v1
is "$(find "$WORK/shelf/blobs" -type f | wc -l)" 4 "every blob is kept once"
like "$(skopeo list-tags --tls-verify=false docker://$ours/class/app | tr -d ' \n')" \
	'"Tags":\["v1","v2"\]' "skopeo lists the tags"
like "$(curl -s "http://$ours/v2/_catalog")" '"repositories": *\["class/app", *"other"\]' "the catalog lists both"
like "$(curl -si "http://$ours/v2/_catalog?n=1")" '^Link: </v2/_catalog\?n=1&last=class/app>; rel="next"' \
	"a page names the next one"
is "$(find "$WORK/shelf/uploads" -type f | wc -l)" 0 "no upload is left"

# ---- the protocol by hand ---------------------------------------------------------------

top=$(sha256sum <"$WORK/top.blob" | cut -d' ' -f1)
curl -s -r 1000-1999 "http://$ours/v2/class/app/blobs/sha256:$top" >"$WORK/part"
is "$(sha256sum <"$WORK/part")" "$(tail -c +1001 "$WORK/top.blob" | head -c 1000 | sha256sum)" "ranges are served"
is "$(status -r 99999999- "http://$ours/v2/class/app/blobs/sha256:$top")" 416 "a range past the end is 416"
is "$(status "http://$ours/v2/class/app/blobs/sha256:${top//[0-9]/0}")" 404 "an unknown blob is 404"
like "$(curl -s "http://$ours/v2/class/app/manifests/no")" '"code": *"MANIFEST_UNKNOWN"' "an unknown tag says so"
like "$(curl -s "http://$ours/v2/nobody/manifests/no")" '"code": *"NAME_UNKNOWN"' "an unknown repository, too"
is "$(status -X PUT -d '{' "http://$ours/v2/class/app/manifests/bad")" 400 "a manifest that is no JSON is 400"
is "$(status -X PUT -d '{"layers":[{"digest":"sha256:no"}]}' "http://$ours/v2/class/app/manifests/bad")" 404 \
	"a manifest of unknown blobs is refused"
is "$(status -X BREW "http://$ours/v2/class/app/tags/list")" 405 "an unknown method is 405"
is "$(status --path-as-is "http://$ours/v2/../../etc/tags/list")" 400 "names can't leave the folder"

place=$(curl -si -X POST "http://$ours/v2/chunks/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
head -c 1000 "$WORK/top.blob" >"$WORK/part"
is "$(status -X PATCH -H 'Content-Range: 0-999' --data-binary "@$WORK/part" "http://$ours$place")" 202 "a first chunk"
is "$(status -X PATCH -H 'Content-Range: 5-1004' --data-binary "@$WORK/part" "http://$ours$place")" 416 \
	"a chunk that doesn't go on where the last one ended is 416"
like "$(curl -si "http://$ours$place")" '^Range: 0-999' "the upload tells how far it is"
tail -c +1001 "$WORK/top.blob" >"$WORK/part"
is "$(status -X PUT --data-binary "@$WORK/part" "http://$ours$place?digest=sha256:$top")" 201 "the last chunk and the digest"
is "$(status -X PUT "http://$ours$place?digest=sha256:$top")" 404 "the upload is over"

head -c 6000000 /dev/urandom >"$WORK/large"
large=$(sha256sum <"$WORK/large" | cut -d' ' -f1)
is "$(status --data-binary "@$WORK/large" "http://$ours/v2/chunks/blobs/uploads/?digest=sha256:$large")" 201 \
	"a blob in a single request"
is "$(status --data-binary "@$WORK/part" "http://$ours/v2/chunks/blobs/uploads/?digest=sha256:${large//[0-9]/0}")" 400 \
	"which must be what it says"
is "$(status -X POST "http://$ours/v2/new/blobs/uploads/?mount=sha256:$large&from=chunks")" 201 "a blob is taken over"
is "$(status -X POST -d x "http://$ours/v2/Bad/blobs/uploads/")" 400 "not for a name that is none"
is "$(find "$WORK/shelf/uploads" -type f | wc -l)" 0 "no upload is left"

# ---- deletion ---------------------------------------------------------------------------

is "$(status -X DELETE "http://$ours/v2/class/app/manifests/v2")" 202 "a tag is deleted"
is "$(digest_at $ours/class/app:v1)" "$digest" "the other one stays"
ok "skopeo deletes" skopeo delete --tls-verify=false docker://$ours/class/app:v1
is "$(status "http://$ours/v2/class/app/manifests/v1")" 404 "and it is gone"
is "$(digest_at $ours/other:v1)" "$digest" "the other repository still has it"

# ---- Debian's registry --------------------------------------------------------------------

if command -v docker-registry >/dev/null; then
	start_theirs
	ok "from ours to docker-registry" copy docker://$ours/other:v1 docker://$theirs/x:v1
	is "$(digest_at $theirs/x:v1)" "$digest" "with the same digest"
	ok "and back" copy docker://$theirs/x:v1 docker://$ours/back:v1
	NO_IMAGES=1 start_daemon
	like "$(docker pull $theirs/x:v1 2>&1)" "Status: Downloaded newer image for $theirs/x:v1" "our pull takes it"
	like "$(docker pull $theirs/nosuch 2>&1)" 'not found|pull access denied' "and says what is not there"
	like "$(docker image history $theirs/x:v1)" 'top' "it has the history of the image"
	stop_daemon
else
	skip 6 "docker-registry is not installed"
fi
done_testing
