#!/bin/bash
# `docker build` by Docker's own client: steps, cache, stages, files, and what is said
# when something is wrong.
. "$(dirname "$0")/../helpers/tap.sh"
need python3 curl
need_real_docker
isolate "$0" "$@"
export DOCKER_BUILDKIT=0
start_daemon

CTX=$WORK/context
# A Dockerfile from standard input, in a context of its own; what build prints.
build() {	# OPTIONS...
	cat >"$CTX/Dockerfile"
	d build "$@" "$CTX" 2>&1
}
fresh() { rm -rf "$CTX"; mkdir -p "$CTX"; }
in_image() { d run --rm --entrypoint sh "$1" -c "$2" 2>&1; }
config() { d image inspect -f "{{json .Config.$2}}" "$1"; }

# ---- steps and cache ----------------------------------------------------------------

fresh
mkdir -p "$CTX/app/sub"
echo one >"$CTX/app/file"
ln -s file "$CTX/app/link"
five='FROM busybox
RUN echo hello >/greeting; echo said
COPY app /app/
ENV A=b
CMD ["cat", "/greeting"]'
out=$(build -t five <<<"$five")
like "$out" '^Step 2/5 : RUN echo hello >/greeting; echo said$' "announces each step"
like "$out" '^ ---> Running in [0-9a-f]{12}$' "runs a step in a container"
like "$out" '^said$' "shows what it prints"
like "$out" '^ ---> Removed intermediate container [0-9a-f]{12}$' "removes the container"
like "$out" '^Successfully built [0-9a-f]{12}$' "says the image"
like "$out" '^Successfully tagged five:latest$' "gives it the name"
is "$(d run --rm five)" hello "the image runs"
is "$(in_image five 'readlink /app/link; ls -ld /app/sub | cut -c1-10')" $'file\ndrwxr-xr-x' \
	"links and folders arrive"
is "$(d ps -aq)" "" "no container is left"
is "$(d images -q | wc -l)" 2 "the steps' images are not in the way"
is "$(d system df --format '{{.TotalCount}}' | head -n1)" 2 "nor counted by system df"
like "$(raw http://d/v1.47/drydock/facts | grep build.step | head -n1)" \
	'"n":2,"text":"RUN echo hello .*","cached":false,"layer":true' "the journal has each step"
like "$(raw http://d/v1.47/drydock/facts | grep build.end)" '"steps":5,"cached":0,"layers":2' "and the build's end"
ok "and are there with -a" test "$(d images -aq | wc -l)" -gt 4

again=$(build -t five <<<"$five")
is "$(grep -c 'Using cache' <<<"$again")" 4 "the same again is all known"
is "$(tail -n2 <<<"$again")" "$(tail -n2 <<<"$out")" "and is the same image"
touch -d 2001-01-01 "$CTX/app/file"
is "$(build <<<"$five" | grep -c 'Using cache')" 4 "another time of a file changes nothing"
echo two >"$CTX/app/file"
is "$(build <<<"$five" | grep -c 'Using cache')" 1 "another content does, from there on"
is "$(build --no-cache <<<"$five" | grep -c 'Using cache')" 0 "--no-cache does all anew"
like "$(build -q <<<"$five")" '^sha256:[0-9a-f]{64}$' "-q prints the id alone"
d build -q --iidfile "$WORK/iid" "$CTX" >/dev/null
like "$(cat "$WORK/iid")" '^sha256:[0-9a-f]{64}$' "--iidfile has it too"
like "$(d history --no-trunc --format '{{.CreatedBy}}' five | head -n3)" \
	'#\(nop\)  CMD \["cat" "/greeting"\]' "history speaks docker's language"
out=$(build -t a:1 -t b:2 <<<"$five")
is "$(grep tagged <<<"$out")" $'Successfully tagged a:1\nSuccessfully tagged b:2' "several names"

# ---- configuration --------------------------------------------------------------------

fresh
build -q -t conf --label x=y >/dev/null <<'END'
FROM busybox
MAINTAINER me
ENV P=/q Q="$P/r s" OLD=1
ENV OLD two  words
LABEL a=1 "b c"='d $P'
EXPOSE 80 90-91/udp
VOLUME /data /more
USER 1000:1000
WORKDIR /w
WORKDIR sub
STOPSIGNAL SIGUSR1
SHELL ["/bin/sh", "-ec"]
ENTRYPOINT echo hi
HEALTHCHECK --interval=5s --retries=2 CMD true
ONBUILD RUN echo triggered
END
is "$(config conf Env)" \
	'["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","P=/q","Q=/r s","OLD=two  words"]' \
	"ENV in both forms; a line sees what was before it"
like "$(config conf Labels)" '"a":"1","b c":"d \$P".*"x":"y"' "LABEL, quoted, and --label"
is "$(config conf ExposedPorts)" '{"80/tcp":{},"90/udp":{},"91/udp":{}}' "EXPOSE with a range"
is "$(config conf Volumes)" '{"/data":{},"/more":{}}' "VOLUME"
is "$(config conf User)$(config conf WorkingDir)$(config conf StopSignal)" \
	'"1000:1000""/w/sub""SIGUSR1"' "USER, WORKDIR, STOPSIGNAL"
is "$(config conf Entrypoint)" '["/bin/sh","-ec","echo hi"]' "ENTRYPOINT through SHELL"
is "$(config conf Cmd)" null "which drops the base's CMD"
is "$(d image inspect -f '{{.Author}}' conf)" me "MAINTAINER"
like "$(build <<<'FROM conf')" '^# Executing 1 build trigger$' "ONBUILD is for the next build"
like "$(build <<<'FROM conf')" '^triggered$|Using cache' "and runs there"

out=$(build -t volume <<<$'FROM busybox\nVOLUME /v\nRUN echo x >/v/f; ls /v\nRUN ls -A /v')
like "$out" '^f$' "RUN may write to a volume"
is "$(in_image volume 'ls -A /v')$(d volume ls -q)" "" "but nothing of it stays"
d rmi volume >/dev/null

# ---- arguments --------------------------------------------------------------------------

fresh
args='ARG tag=latest
FROM busybox:$tag
ARG who
ARG what=${who:-nobody}
RUN echo "$who+$what" >/said'
build -q -t arg --build-arg who=me >/dev/null <<<"$args"
is "$(in_image arg 'cat /said')" me+me "build arguments reach RUN"
is "$(config arg Env | grep -c who)" 0 "and aren't kept in the image"
like "$(build --build-arg who=you <<<"$args")" '^ ---> Running in' "another value is another step"
like "$(build --build-arg typo=1 <<<"$args")" \
	'^\[Warning\] One or more build-args \[typo\] were not consumed$' "one that nobody takes is told"
build -q -t proxy --build-arg http_proxy=http://p >/dev/null <<<$'FROM busybox\nRUN echo $http_proxy >/p'
is "$(in_image proxy 'cat /p')" http://p "proxies need no ARG"

# ---- stages -------------------------------------------------------------------------------

fresh
stages='FROM busybox AS one
RUN mkdir /d && echo 1 >/d/f && chown 7:8 /d/f
FROM busybox AS two
COPY --from=one /d /d
COPY --from=0 /d/f /g
FROM scratch
COPY --from=two /d/f /x/
COPY --from=busybox /bin/busybox /bin/'
build -q -t two --target two >/dev/null <<<"$stages"
is "$(in_image two 'cat /d/f /g; stat -c %u:%g /g')" $'1\n1\n7:8' "COPY --from a stage keeps owners"
build -q -t last >/dev/null <<<"$stages"
is "$(d run --rm last /bin/busybox cat /x/f)" 1 "FROM scratch, and --from an image"
like "$(build --target nope <<<"$stages")" 'target stage "nope" could not be found' "a target that isn't there"

# ---- files ----------------------------------------------------------------------------------

fresh
mkdir -p "$CTX/d/.git" "$CTX/e"
echo a >"$CTX/a.txt" && echo b >"$CTX/b.txt" && echo s >"$CTX/d/secret" && echo k >"$CTX/d/keep"
echo h >"$CTX/d/.git/HEAD"
tar -czf "$CTX/t.tar.gz" -C "$CTX" a.txt d
printf '**/secret\nd/.git\n!d/keep\n' >"$CTX/.dockerignore"
build -q -t files >/dev/null <<'END'
FROM busybox
RUN mkdir /real && ln -s /real /to && mkdir -m 700 /own
COPY *.txt /t/
COPY . /all
COPY a.txt /to/
COPY --chown=3:4 --chmod=640 b.txt /own/new
ADD t.tar.gz /u/
COPY t.tar.gz /u/
COPY d /d
END
is "$(in_image files 'ls /t | xargs')" "a.txt b.txt" "COPY of a pattern"
is "$(in_image files 'ls -A /d /all/d | xargs')" "/all/d: keep /d: keep" ".dockerignore, with exceptions"
is "$(in_image files 'ls /real')" a.txt "a link in the image is followed within it"
is "$(in_image files 'stat -c %u:%g:%a /own/new; stat -c %a /own')" $'3:4:640\n700' "--chown and --chmod"
build -q -t twice >/dev/null <<<$'FROM busybox\nCOPY a.txt /x/\nCOPY b.txt /x/\nCOPY a.txt /x/'
is "$(in_image twice 'ls /x | xargs')" "a.txt b.txt" "an image with the same layer twice runs"
build -q -t owner >/dev/null <<<$'FROM busybox\nCOPY --chown=5 d /p/q\nCOPY --chown=6:7 a.txt /r/'
is "$(in_image owner 'stat -c %u:%g /p /p/q /p/q/keep /r /r/a.txt | xargs')" "0:0 5:5 5:5 6:7 6:7" \
	"--chown of folders and files, and those above them"
is "$(in_image files 'ls /u | xargs; cat /u/a.txt')" $'a.txt d t.tar.gz\na' "ADD unpacks, COPY doesn't"

fresh
build -q -t here >/dev/null <<'END'
FROM busybox
ENV X=y
COPY <<one <<"two" /h/
a $X
one
b $X
two
RUN <<EOF
echo first >/r
echo $X >>/r
EOF
RUN cat >/c <<EOF
text of a shell
EOF
RUN <<EOF
#!/bin/cat
a script of its own
EOF
END
is "$(in_image here 'cat /h/one /h/two /r /c')" $'a y\nb $X\nfirst\ny\ntext of a shell' "here-documents"

# ---- where the context comes from --------------------------------------------------------------

like "$(d build -q - <<<'FROM busybox' 2>&1)" ^sha256: "a Dockerfile from standard input"
fresh
echo z >"$CTX/z" && printf 'FROM busybox\nCOPY z /z\n' >"$CTX/Other"
for pack in cat gzip bzip2 xz; do
	like "$(tar -c -C "$CTX" . | $pack | d build -q -f Other - 2>&1)" '^sha256:' \
		"a context from standard input, through $pack"
done
tar -cf "$WORK/ctx.tar" -C "$CTX" .
echo web >"$WORK/z.txt"
(cd "$WORK" && exec python3 -m http.server 8765 --bind 127.0.0.1 >/dev/null 2>&1) & web=$!
eventually curl -sf http://127.0.0.1:8765/
like "$(d build -q -f Other http://127.0.0.1:8765/ctx.tar 2>&1)" '^sha256:' "a context by URL"
build -q -t url >/dev/null <<<$'FROM busybox\nADD http://127.0.0.1:8765/z.txt /got/'
is "$(in_image url 'cat /got/z.txt; stat -c %a /got/z.txt')" $'web\n600' "ADD of a URL"
kill $web

for pack in zstd xz; do
	tar -c -C "$CTX" . | $pack >"$WORK/ctx.packed"
	like "$(raw -X POST --data-binary @"$WORK/ctx.packed" -H 'Content-Type: application/x-tar' \
		'http://d/v1.41/build?dockerfile=Other')" 'Successfully built' "a context that is packed by $pack"
done
tar -cJf "$CTX/a.tar.xz" -C "$CTX" z && tar -cjf "$CTX/a.tar.bz2" -C "$CTX" z && cp "$CTX/z" "$CTX/no.tar.xz"
build -q -t packs >/dev/null <<<$'FROM busybox\nADD a.tar.xz /x\nADD a.tar.bz2 /b\nADD no.tar.xz /n'
is "$(in_image packs 'cat /x/z /b/z /n')" $'z\nz\nz' "ADD unpacks xz and bzip2, and only what is an archive"

# ---- our client beside docker's -------------------------------------------------------------------

fresh
mkdir -p "$CTX/$(printf 'long%.0s' {1..40})" && echo x >"$CTX/$(printf 'long%.0s' {1..40})/file"
echo skip >"$CTX/skip" && echo skip >"$CTX/.dockerignore" && ln -s "$(printf 'l%.0s' {1..150})" "$CTX/link"
printf 'FROM busybox\nARG a\nCOPY . /c\nRUN ls -R /c; echo $a\n' >"$CTX/Dockerfile"
d build --build-arg a=1 --label l=m -t same "$CTX" >/dev/null 2>&1
if "$CLIENT" --version 2>/dev/null | grep -q 'version 2[89]'; then
	for words in "-t same --build-arg a=1 --label l=m $CTX" "-q $CTX" "--target nope $CTX" "$CTX/none" \
		"-f $CTX/none $CTX" "-t BAD $CTX" "" "$CTX $CTX" "--nope $CTX" "-f $CTX/skip $CTX"; do
		theirs=$(d build $words 2>"$WORK/theirs"; echo $?)
		is "$(docker build $words 2>"$WORK/ours"; echo $?)" "$theirs" "the same output of: build ${words//$CTX/.}"
		is "$(grep -v ^Hint: "$WORK/ours")" "$(sed '/^DEPRECATED/,/^$/d' "$WORK/theirs")" "and the same errors"
	done
else
	skip 20 "no docker client of version 28"
fi
printf 'FROM busybox\nCOPY . /c\n' | docker build -t stdin -f - "$CTX" >/dev/null
is "$(in_image stdin 'ls -A /c | grep -v long | xargs')" ".dockerignore Dockerfile link" \
	"a Dockerfile from standard input with a folder"
like "$(tar -cz -C "$CTX" . | docker build -q --build-arg a - 2>&1)" ^sha256: "a tar from standard input"
like "$(docker build -q - <<<'FROM busybox' 2>&1)" ^sha256: "a Dockerfile alone"
is "$(docker build --iidfile "$WORK/ours.id" "$CTX" >/dev/null; cat "$WORK/ours.id")" \
	"$(docker build -q "$CTX")" "--iidfile and -q"
is "$("$DRYDOCK" build -q "$CTX")" "$(docker build -q "$CTX")" "drydock build is docker build"
is "$("$DRYDOCK" build --dump-ast - <<<$'FROM a\nRUN ["x", "y z"]')" $'(from "a")\n(run "x" "y z")' "--dump-ast"

# ---- what is wrong -------------------------------------------------------------------------------

fresh
like "$(build <<<$'FROM busybox\nRUNN x')" \
	'dockerfile parse error on line 2: unknown instruction: RUNN \(did you mean RUN\?\)' "a wrong word"
like "$(build <<<$'FROM busybox\nRUN false')" \
	"The command '/bin/sh -c false' returned a non-zero code: 1" "a command that fails"
like "$(docker build "$CTX" 2>&1)" '^Hint: docker run --rm -it [0-9a-f]{12} sh shows the image' \
	"our client says how to look into what there is"
like "$(printf 'FROM busybox\nCPOY x y\n' | docker build -f - "$CTX" 2>&1)" \
	'^Hint: in .dockerfile.stdin, line 2 is: CPOY x y' "and names file and line"
d rm -f $(d ps -aq) >/dev/null
exits 1 "with its own exit code" d build "$CTX"
is "$(d ps -aq | wc -l)" 1 "its container stays to look into"
d rm -f $(d ps -aq) >/dev/null
build --force-rm >/dev/null <<<$'FROM busybox\nRUN false'
is "$(d ps -aq)" "" "unless --force-rm"
like "$(build <<<$'FROM busybox\nCOPY nope /')" \
	'COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist' \
	"a file that isn't there"
like "$(build <<<$'FROM busybox\nCOPY ../../etc/passwd /')" 'COPY failed' "a file outside of the context"
like "$(build <<<$'FROM busybox\nRUN --mount=type=cache,target=/x true')" \
	'the --mount option requires BuildKit' "what only BuildKit can"
like "$(build -f nope <<<'FROM busybox')" 'nope' "a Dockerfile that isn't there"
printf 'FROM busybox\nRUN sleep 60\n' >"$CTX/Dockerfile"
timeout -s INT 1 "$CLIENT" build --no-cache "$CTX" >/dev/null 2>&1
none_left() { test -z "$(d ps -aq)"; }
ok "a build that is cancelled takes its container with it" eventually none_left
like "$(build </dev/null)" 'the Dockerfile \(Dockerfile\) cannot be empty' "an empty one"
like "$(build <<<'FROM no-such-image-here')" 'no-such-image-here' "a base that nobody has"

# ---- docker's Python library ---------------------------------------------------------------------------

if python3 -c 'import docker' 2>/dev/null; then
	is "$(python3 - "$CTX" <<'END'
import io, sys, docker
client = docker.from_env()
image, log = client.images.build(fileobj=io.BytesIO(b"FROM busybox\nRUN echo hi\nLABEL a=b"), tag="py",
                                 labels={"c": "d"}, buildargs={"x": "y"}, network_mode="none",
                                 container_limits={"memory": 1 << 26}, extra_hosts={"h": "1.2.3.4"})
print(image.tags, image.labels["a"], image.labels["c"], any(l.get("stream") == "hi\n" for l in log))
try:
    client.images.build(fileobj=io.BytesIO(b"FROM busybox\nRUN exit 4"), forcerm=True)
except docker.errors.BuildError as why:
    print(why.msg)
END
	)" "['py:latest'] b d True
The command '/bin/sh -c exit 4' returned a non-zero code: 4" "docker's Python library builds"
else
	skip 1 "python3-docker is not installed"
fi

# ---- a context that means harm ---------------------------------------------------------------------

hostile() {	# NAME=LINK|NAME=@TEXT...: a tar of links and files in this order, and what comes of its build
	python3 - "$@" <<'END' >"$WORK/hostile.tar"
import io, sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
    for word in sys.argv[1:]:
        name, value = word.split("=", 1)
        info = tarfile.TarInfo(name)
        if value.startswith("@"):
            info.size = len(value) - 1
        else:
            info.type, info.linkname = tarfile.SYMTYPE, value
        tar.addfile(info, io.BytesIO(value[1:].encode()))
END
	raw -X POST --data-binary @"$WORK/hostile.tar" -H 'Content-Type: application/x-tar' http://d/v1.41/build
}
base=$'@FROM busybox\nCOPY . /c\nRUN cat /c/* 2>&1; true\n'
like "$(hostile "Dockerfile=$base" "../../../../../tmp/evil-$$=@x")" 'leaves the' "a name that leads out is refused"
hostile "out=/tmp" "out/evil-$$=@x" "Dockerfile=$base" >/dev/null
not_ok "and a link doesn't lead out either" test -e "/tmp/evil-$$"
echo "secret $$" >"$WORK/secret"
unlike "$(hostile "Dockerfile=@FROM busybox
COPY s /c
RUN cat /c" "s=$WORK/secret")" "secret $$" "COPY of a link reads nothing outside"
like "$(hostile "Dockerfile=$WORK/secret")" 'Cannot locate specified Dockerfile' "nor does a Dockerfile that is one"
like "$(hostile "Dockerfile=@FROM busybox
COPY a /to/passwd" "a=@x" | tail -n1)" 'Successfully built|aux' "a folder that isn't there is made"
like "$(raw -X POST --data-binary "no tar at all" -H 'Content-Type: application/x-tar' http://d/v1.41/build)" \
	'message' "what is no tar is refused"
like "$(head -c 700 "$WORK/hostile.tar" | raw -X POST --data-binary @- -H 'Content-Type: application/x-tar' \
	http://d/v1.41/build)" 'message' "and so is half of one"

# ---- afterwards -----------------------------------------------------------------------------------

d rm -f $(d ps -aq) >/dev/null 2>&1
for t in five a:1 b:2 conf arg proxy two last files twice owner packs here url same stdin py; do
	d rmi -f "$t" >/dev/null 2>&1
done
d image prune -f >/dev/null
is "$(d images -a --format '{{.Repository}}')" busybox "what was built can all be removed"
stop_daemon
is "$(find "$DRYDOCK_ROOT/lib/image/tmp" -mindepth 1 | wc -l)" 0 "no half-made files are left"
leak_check "nothing is left behind"
done_testing
