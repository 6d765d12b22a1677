#!/bin/bash
# Course images: baked once, found damaged, killed half-way, unplugged.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need musl-gcc busybox setpriv
plan 18

root=$WORK/data
bake() { "$ENGINE" bake --root "$root" "$@"; }
digests() { grep -oE '"digest":"[^"]*"' "$root/registry/course.json"; }
largest_blob() { ls -S "$root"/registry/blobs/sha256/* | head -n 1; }

like "$(bake --only test 2>&1)" "ready: library/busybox:latest, 2 layers" "the test images are made"
first=$(digests)
is "$(bake --only test 2>&1)" "" "a second time there is nothing to do"
bake --only test --force >/dev/null 2>&1
is "$(digests)" "$first" "made again, every byte is the same"
is "$(ls -A "$root/registry" | grep -c '^\.bake$')" 0 "nothing half made stays"

printf 'X' | dd of="$(largest_blob)" bs=1 seek=1000 conv=notrunc 2>/dev/null
is "$(bake --only test 2>&1)" "" "a changed byte is not looked for each time"
like "$(bake --only test --check 2>&1)" "damaged: .* is not what its digest says" "but --check finds it"
is "$(digests)" "$first" "and makes the image again"

truncate -s 100 "$(largest_blob)"
like "$(bake --only test 2>&1)" "damaged: .* has 100 bytes" "a short file is found at once"
is "$(bake --only test --check 2>&1)" "" "and is whole again"

echo '{"images":' >"$root/registry/course.json"
is "$(bake --only test 2>&1)" "" "a damaged record is written again from the images themselves"
is "$(digests | sort)" "$(sort <<<"$first")" "and says what it said"

cd "$WORK" || exit 1
like "$("$ENGINE" bake --root elsewhere --only hello-world 2>&1)" "ready: library/hello-world" \
	"a root may be given relative to here"

# No network in here: the course images need the package mirror.
said=$(bake --only base 2>&1)
is $? 1 "unplugged, baking fails"
like "$said" "^hint: check the network" "and says what to do"
is "$(ls -A "$root/registry" | grep -c '^\.bake$')" 0 "and leaves nothing half made"

bake --only test --force >/dev/null 2>&1 &
sleep 0.2
kill -9 $!
wait $! 2>/dev/null
like "$(bake --only test --force 2>&1)" "ready: library/busybox" "killed half-way, the next one succeeds"

# Somebody who isn't root, and has no range of users: owners are changed in name only.
mkdir -p "$WORK/recipes/own" "$WORK/user" && cp "$DRYDOCK_LABS/images/step.sh" "$WORK/recipes"
cat >"$WORK/recipes/own/Recipe" <<'END'
NAME library/own:latest
FROM scratch
RUN echo text >"$ROOT/file" && chown 33:33 "$ROOT/file" && chmod 600 "$ROOT/file"
END
chmod 711 "$WORK" && chmod -R a+rX "$WORK/recipes" && chown 54321 "$WORK/user"
like "$(setpriv --reuid=54321 --regid=54321 --clear-groups "$ENGINE" bake --root "$WORK/user" \
	--recipes "$WORK/recipes" 2>&1)" "ready: library/own:latest, 1 layer" "a user bakes"
is "$(for f in "$WORK"/user/registry/blobs/sha256/*; do tar --numeric-owner -tvzf "$f" file 2>/dev/null; done |
	awk '{ print $1, $2 }')" "-rw------- 0/0" "and all files are root's"
