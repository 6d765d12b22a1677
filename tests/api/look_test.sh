#!/bin/bash
# layers, where, lost: each answer is compared with what docker diff, find, stat and the
# container itself say.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
export HOME=$WORK NO_COLOR=1 COLUMNS=100
start_daemon
json() { python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }

mkdir "$WORK/build"
cat >"$WORK/build/Dockerfile" <<'F'
FROM busybox
RUN echo one > /one && echo base > /shared && mkdir /gone && echo x > /gone/x
ENV NOTE=1
RUN rm -r /gone && echo two > /shared && echo three > /three
F
docker build -q -t mine "$WORK/build" >/dev/null
docker pull -q busybox >/dev/null
docker run --name box mine sh -c 'echo data > /data.txt; rm /one; echo changed > /shared; mkdir /dir; echo a > /dir/a; echo t > /tmp/t; rm /tmp/t'

# ---- an image -------------------------------------------------------------------------
image=$("$DRYDOCK" layers mine --json)
is "$(json '[l["diff_id"] for l in d["layers"]][::-1]' <<<"$image")" \
	"$(docker image inspect --format '{{json .RootFS.Layers}}' mine | json 'd')" "the layers are those of the image, top first"
is "$(json '[l["bytes"] for l in d["layers"]]' <<<"$image")" \
	"$(raw http://localhost/images/mine/history | json '[r["Size"] for r in d if r["Size"]]')" "with the sizes of its history"
is "$(json 'all(l["step"] in h for l, h in zip(d["layers"], d["layers"]) for h in [l["step"]])' <<<"$image")" True \
	"each has its step"
like "$(json 'd["layers"][0]["step"]' <<<"$image")" "rm -r /gone" "and it is the right one: notes are passed over"
is "$(json '[d["layers"][0][k] for k in ("added", "changed", "deleted")]' <<<"$image")" "[1, 1, 1]" \
	"the top layer: /three is new, /shared changed, /gone deleted"
is "$("$DRYDOCK" layers mine --files --json | json 'sorted((f["op"], f["path"]) for f in d["layers"][0]["files"])')" \
	"[('add', '/three'), ('delete', '/gone'), ('modify', '/shared')]" "--files names them"
is "$(json 'd["layers"][1]["added"]' <<<"$image")" 4 "the layer below: /one, /shared, /gone, /gone/x"
base=$(json 'd["layers"][-1]["dir"]' <<<"$image")
is "$(json 'd["layers"][-1]["added"]' <<<"$image")" "$(find "$base" -mindepth 1 | wc -l)" "find counts as many in the base"
is "$(json 'd["layers"][-1]["shared"]' <<<"$image")" "['busybox:latest']" "the base is shared with the image it came from"
said=$("$DRYDOCK" layers mine busybox)
like "$said" "^Together they take [0-9.]+.?B of the disk; [0-9.]+.?B of it serves both" "two images: what they share"
unlike "$(sed -n '/only busybox:latest has/,$p' <<<"$said")" "^  - " "the base has nothing that the other lacks"

# ---- a container ----------------------------------------------------------------------
docker diff box | sort >"$WORK/diff"
"$DRYDOCK" layers box --json | json '"\n".join({"add": "A", "modify": "C", "delete": "D"}[f["op"]] + " " + f["path"] for f in d["layers"][0]["files"])' |
	sort >"$WORK/ours"
# Docker also lists directories that only hold what has changed.
is "$(comm -23 "$WORK/ours" "$WORK/diff")" "" "every change of the writable layer is in docker diff as well"
is "$(comm -13 "$WORK/ours" "$WORK/diff" | grep -v '^C /\(tmp\|etc\)*$')" "" "and the other way round, but for directories"
like "$("$DRYDOCK" layers box)" "^          A /data.txt  5B" "they are shown with their sizes"
unlike "$("$DRYDOCK" layers box)" "/tmp/t$" "what came and went is not there"

# ---- where a path comes from -----------------------------------------------------------
# What is seen, by the container's own account, against the layer's file that we name.
seen() { docker cp "box:$1" - 2>/dev/null | tar -xO 2>/dev/null; }
from() {	# PATH: the content of the layer that `where` names
	"$DRYDOCK" where "box:$1" --json | python3 -c '
import json, sys
d = json.load(sys.stdin)
sys.stdout.write(open(d["layers"][d["from"]]["dir"] + d["path"]).read() if d["from"] >= 0 else "")'
}
for path in /data.txt /shared /three /dir/a /one /gone/x /nowhere; do
	is "$(from $path)" "$(seen $path)" "where $path: the layer has what the container sees"
done
like "$("$DRYDOCK" where /data.txt)" "its bytes are free. No other layer" "rm of one's own file frees it"
like "$("$DRYDOCK" where box:/shared)" "leaves a mark" "rm of a changed one leaves a mark"
like "$("$DRYDOCK" where box:/three)" "The layer below keeps it" "rm of an image's file only hides it"
like "$("$DRYDOCK" where box:/one)" "hides what is below" "a deleted one is hidden"
exits 1 "which is no success" "$DRYDOCK" where box:/one
like "$("$DRYDOCK" where box:/gone/x)" "hides what is below" "so is what was in a deleted directory"
like "$("$DRYDOCK" where mine:/shared)" "^seen: the one of .*rm -r /gone" "in an image, too"
# What was said about rm is what happens.
docker start box >/dev/null 2>&1
docker rename box was
docker run --name box -d mine sh -c 'echo mine > /own; echo x > /shared; sleep 60' >/dev/null
eventually docker exec box test -e /own
docker exec box rm /own /shared /three
upper=$("$DRYDOCK" layers box --json | json 'd["layers"][0]["dir"]')
is "$(cd "$upper" && stat -c '%n %F' own shared three 2>/dev/null)" \
	"$(printf '%s\n' 'shared character special file' 'three character special file')" "marks are where rm was said to leave them, and nowhere else"

# ---- what was lost -----------------------------------------------------------------------
docker rm -f box >/dev/null
exits 1 "nothing is lost with a container that is there" "$DRYDOCK" lost was
files=$(docker diff was | sed -n 's/^[AC] //p' | grep -vx '/tmp\|/dir\|/etc' | sort)
docker rm -f was >/dev/null
is "$("$DRYDOCK" lost was --json | json '"\n".join(f["path"] for f in d["files"])')" "$files" \
	"lost with a container is what docker diff had shown"
like "$("$DRYDOCK" lost)" "^with container was \([0-9a-f]{12}\) went" "the last removal is meant where none is named"
is "$(raw http://localhost/drydock/facts | grep -c '"type":"view".*layers')" 0 "to look earns nothing"

# ---- in the shell, and trouble ---------------------------------------------------------------
said=$(printf '%s\n' 'docker run --name dd busybox sh -c "echo 1 > /f"' 'layers dd' 'where /f' 'docker rm dd' 'lost dd' |
	"$DRYDOCK" --learner ana 2>&1)
like "$said" "^lost: 1 file went with container dd" "the shell says what a removal has cost"
like "$said" "^          A /f  2B" "layers works there"
like "$said" "^seen: the one of the writable layer" "where with a path, too"
like "$said" "^  /f  2B" "and lost"
exits 1 "no such container or image" "$DRYDOCK" layers nothing
exits 2 "a path begins with /" "$DRYDOCK" where data.txt
exits 2 "layers of what?" "$DRYDOCK" layers
exits 0 "--help" "$DRYDOCK" where --help
stop_daemon
leak_check "nothing is left behind"
done_testing
