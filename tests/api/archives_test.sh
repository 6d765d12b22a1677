#!/bin/bash
# Images and containers as files: save, load, import, export, commit, as the docker
# client asks for them; tar and skopeo read what we write.
# timeout: 120
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need tar

fails() {	# REGEX NAME ARGS…
	local words=$1 name=$2 said; shift 2
	if said=$(d "$@" 2>&1); then tap_result 1 "$name"; diag "it did not fail: $said"; return; fi
	like "$said" "$words" "$name"
}
start_daemon --bridge ddarch0
d pull -q busybox >/dev/null
d pull -q hello-world >/dev/null
id=$(d image inspect -f '{{.Id}}' busybox)

# -- commit
d run --name made busybox sh -c 'echo hi > /new; rm -r /var/www; mkdir -p /d/e' >/dev/null
out=$(d commit -a 'A <a@b>' -m 'a note' -c 'CMD ["cat", "/new"]' -c 'ENV A=1' -c 'ENV B=$A' \
	-c 'LABEL k="v w"' -c 'WORKDIR /d/e' -c 'EXPOSE 80' -c 'USER root' -c 'VOLUME /v' \
	-c 'ONBUILD RUN make it' made me/made:v1)
is "${#out}" 71 "commit: prints the id"
is "$(d run --rm me/made:v1)" hi "commit: the image runs, with the new command"
is "$(d run --rm me/made:v1 pwd)" /d/e "commit: WORKDIR"
like "$(d run --rm me/made:v1 env)" '^A=1$' "commit: ENV"
like "$(d run --rm me/made:v1 env)" '^B=1$' "commit: variables are replaced"
is "$(d run --rm me/made:v1 ls /var/www 2>&1 | grep -c 'No such')" 1 "commit: what was removed is gone"
is "$(d image inspect -f '{{.Author}}|{{.Comment}}|{{.Config.Labels.k}}|{{.Config.OnBuild}}' me/made:v1)" \
	'A <a@b>|a note|v w|[RUN make it]' "commit: author, comment, label, trigger"
like "$(d image inspect -f '{{json .Config}}' me/made:v1)" '"80/tcp":\{\}.*"/v":\{\}' "commit: port and volume"
like "$(d history me/made:v1 | sed -n 2p)" 'sh -c echo hi' "commit: the history names the command"
like "$(d history me/made:v1 | sed -n 2p)" 'a note' "commit: and the note"
fails '[Rr][Uu][Nn] is not a valid change command' "commit: refuses other instructions" commit -c 'RUN x' made x
fails 'No such container: nope' "commit: no such container" commit nope x
fails 'invalid reference format' "commit: a bad name" commit made UPPER
run=$(d run -d --name live busybox sleep 100)
d exec live sh -c 'echo live > /live'
d commit live me/live >/dev/null
is "$(d run --rm me/live cat /live)" live "commit: of a running container"
is "$(d inspect -f '{{.State.Status}}' live)" running "commit: which goes on"
d create --name untouched busybox true >/dev/null
n=$(d image inspect -f '{{len .RootFS.Layers}}' busybox)
d commit untouched me/same >/dev/null
is "$(d image inspect -f '{{len .RootFS.Layers}}' me/same)" "$n" "commit: nothing changed, no layer more"

# -- export
mkdir "$WORK/x"
d export made | tar -C "$WORK/x" -xf - && is "$(cat "$WORK/x/new")" hi "export: tar reads it"
ok "export: what was removed is not in it" test ! -e "$WORK/x/var/www"
ok "export: empty places stay" test -d "$WORK/x/proc"
is "$(d export live | tar -tf - | grep -c '^proc/.')" 0 "export: of a running one, nothing of /proc"
is "$(d export live | tar -xOf - live)" live "export: of a running one, its files"
d export -o "$WORK/e.tar" made
ok "export -o" test -s "$WORK/e.tar"
fails 'No such container: nope' "export: no such container" export nope

# -- import
out=$(d import -m 'from afar' -c 'CMD ["cat","/new"]' "$WORK/e.tar" me/imported:v2)
like "$out" '^sha256:' "import: prints the id"
is "$(d run --rm me/imported:v2)" hi "import: the image runs"
is "$(d image inspect -f '{{len .RootFS.Layers}} {{.Comment}}' me/imported:v2)" "1 from afar" "import: one layer, the note"
is "$(d run --rm "$(gzip -c "$WORK/e.tar" | d import -c 'CMD cat /new' -)")" hi "import: packed, from stdin, without a name"
for pack in bzip2 xz; do
	is "$(d run --rm "$($pack -c "$WORK/e.tar" | d import -c 'CMD cat /new' -)")" hi "import: packed by $pack"
done
is "$(d history -q "$(d import - </dev/null)" | wc -l)" 1 "import: nothing at all is an empty layer"
is "$(echo junk | d import - x/junk >/dev/null 2>&1; echo $?)" 1 "import: what is no tar is refused"
(cd "$WORK" && exec timeout 20 busybox httpd -f -p 127.0.0.1:8099 2>/dev/null) & web=$!
eventually curl -sf http://127.0.0.1:8099/e.tar -o /dev/null
d import http://127.0.0.1:8099/e.tar me/fromurl >/dev/null
is "$(d run --rm me/fromurl cat /new)" hi "import: from a URL"
fails '404|error' "import: a URL that isn't there" import http://127.0.0.1:8099/none.tar x
kill $web 2>/dev/null

# -- save
d tag busybox me/two:a; d tag hello-world me/two:b
d save -o "$WORK/s.tar" busybox:latest me/two
names=$(tar -tf "$WORK/s.tar")
for pack in bzip2 xz; do
	like "$($pack -c "$WORK/s.tar" | d load 2>&1)" "Loaded image: me/two" "load: packed by $pack"
done
for f in manifest.json index.json oci-layout repositories; do
	like "$names" "^$f\$" "save: $f"
done
mkdir "$WORK/layout"; tar -C "$WORK/layout" -xf "$WORK/s.tar"
is "$(cd "$WORK/layout/blobs/sha256" && sha256sum -- * | awk '$1 != $2' | wc -l)" 0 "save: every blob has its digest"
like "$(cat "$WORK/layout/manifest.json")" '"RepoTags":\["busybox:latest","me/two:a"\]' "save: an image's names together"
like "$(cat "$WORK/layout/manifest.json")" '"me/two:b"' "save: a name without tag stands for all"
ok "save: to stdout" sh -c "$CLIENT save busybox | tar -tf - >/dev/null"
fails 'No such image|reference does not exist' "save: no such image" save nope
if command -v skopeo >/dev/null; then
	like "$(skopeo inspect docker-archive:"$WORK/s.tar":busybox:latest 2>&1)" '"Architecture"' "save: skopeo reads it as docker's"
	d save -o "$WORK/one.tar" busybox
	like "$(skopeo inspect oci-archive:"$WORK/one.tar" 2>&1)" '"Architecture"' "save: and as OCI's"
	ok "save: skopeo copies it" skopeo --insecure-policy copy -q oci-archive:"$WORK/one.tar" dir:"$WORK/dir"
else
	skip 3 "skopeo is not installed"
fi

# -- load
everything() { d ps -aq | xargs -r "$CLIENT" rm -f >/dev/null; d images -aq | sort -u | xargs -r "$CLIENT" rmi -f >/dev/null 2>&1; }
everything
is "$(d images -q | wc -l)" 0 "load: nothing is there"
is "$(d load -i "$WORK/s.tar" | sort | tr '\n' ' ')" \
	"Loaded image: busybox:latest Loaded image: me/two:a Loaded image: me/two:b " "load: tells the names"
is "$(d image inspect -f '{{.Id}}' busybox)" "$id" "load: the image is the same"
is "$(d run --rm busybox echo up)" up "load: and runs"
is "$(d load -q <"$WORK/s.tar" | wc -l)" 3 "load: again, from stdin, quietly"
everything
is "$(gzip -c "$WORK/s.tar" | d load | wc -l)" 3 "load: packed by gzip"
if command -v zstd >/dev/null; then is "$(zstd -qc "$WORK/s.tar" | d load | wc -l)" 3 "load: packed by zstd"; fi

# docker's form of before: plain layers in folders, links between them
old=$WORK/old; mkdir -p "$old/1"
layer=$(d image inspect -f '{{index .RootFS.Layers 0}}' me/two:b)
cfg=$(d image inspect -f '{{.Id}}' me/two:b); cfg=${cfg#sha256:}
d save me/two:b | tar -C "$old" -xf - "blobs"
cp "$old/blobs/sha256/$cfg" "$old/$cfg.json"
for b in "$old"/blobs/sha256/*; do gzip -t "$b" 2>/dev/null && gzip -dc <"$b" >"$old/1/layer.tar"; done
is "sha256:$(sha256sum <"$old/1/layer.tar" | cut -d' ' -f1)" "$layer" "save: the layer unpacks to its DiffID"
mkdir "$old/2"; ln -s ../1/layer.tar "$old/2/layer.tar"; rm -r "$old/blobs"
echo "[{\"Config\":\"$cfg.json\",\"RepoTags\":[\"old/form:1\"],\"Layers\":[\"2/layer.tar\"]}]" >"$old/manifest.json"
everything
is "$(tar -C "$old" -cf - . | d load)" "Loaded image: old/form:1" "load: docker's older form, a layer behind a link"
like "$(d run --rm old/form:1)" "Hello from Docker" "load: it runs"

# an OCI layout alone
everything
rm "$WORK/layout/manifest.json" "$WORK/layout/repositories"
like "$(tar -C "$WORK/layout" -cf - . | d load)" "Loaded image: busybox:latest" "load: an OCI layout"

# -- hostile
everything
blob=$(cd "$WORK/layout/blobs/sha256" && ls -S | head -1)
cp -r "$WORK/layout" "$WORK/bad"; printf x >>"$WORK/bad/blobs/sha256/$blob"
like "$(tar -C "$WORK/bad" -cf - . | d load 2>&1)" "its name is|gzip|invalid" "load: a blob with another digest is refused"
like "$(tar -C "$WORK/old" -cf - 1 | d load 2>&1)" "no manifest.json" "load: no list of images"
sed -i 's/2\/layer/3\/layer/' "$old/manifest.json"
like "$(tar -C "$old" -cf - . | d load 2>&1)" "it has no 3/layer.tar" "load: a layer that is missing"
echo "[{\"Config\":\"../../../etc/passwd\",\"RepoTags\":null,\"Layers\":[]}]" >"$old/manifest.json"
like "$(tar -C "$old" -cf - . | d load 2>&1)" "invalid archive" "load: a path that leads out"
touch "$WORK/evil"; tar -C "$WORK" --transform 's|^|../../|' -P -cf "$WORK/evil.tar" evil
like "$(d load -i "$WORK/evil.tar" 2>&1)" "leaves" "load: names with .. are refused"
like "$(head -c 100000 "$WORK/s.tar" | d load 2>&1)" "invalid|truncated|damaged|unexpected" "load: cut off"
is "$(d images -q | wc -l)" 0 "load: nothing stays of all that"
is "$(ls "$DRYDOCK_ROOT/lib/image/tmp" | wc -l)" 0 "load: nothing half-made is left"
is "$(find "$DRYDOCK_ROOT/lib/image/layers" -mindepth 1 -maxdepth 1 | wc -l)" 0 "load: no layer is left"

stop_daemon
leak_check "nothing is left behind"
done_testing
