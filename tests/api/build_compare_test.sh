#!/bin/bash
# timeout: 180
# The same builds by Debian's dockerd and by Drydock, with the same client: what is
# said, what the image holds, and each other's images.
. "$(dirname "$0")/../helpers/tap.sh"
need_real_docker
need dockerd
isolate "$0" "$@"
export DOCKER_BUILDKIT=0
start_daemon

OURS=$DOCKER_HOST THEIRS=unix://$WORK/dockerd/sock
mkdir "$WORK/dockerd" && mount -t tmpfs dockerd "$WORK/dockerd"
dockerd -H "$THEIRS" --data-root "$WORK/dockerd/data" --exec-root "$WORK/dockerd/exec" \
	--pidfile "$WORK/dockerd/pid" --log-level error >"$WORK/dockerd.log" 2>&1 & dockerd_pid=$!
end() { kill $dockerd_pid; wait $dockerd_pid; umount -R -l "$WORK/dockerd"; } 2>/dev/null
eventually d -H "$THEIRS" info || { diag "$(tail -n5 "$WORK/dockerd.log")"; end; skip_all "dockerd doesn't run here"; }

d pull -q busybox >/dev/null
d save busybox | d -H "$THEIRS" load >/dev/null

C=$WORK/context
mkdir -p "$C/d/e" "$C/top"
echo 1 >"$C/a.txt" && echo 2 >"$C/b.txt" && echo 3 >"$C/d/f"
chmod 755 "$C/d/f" && chmod 700 "$C/d/e" && chmod 750 "$C/d" && chmod 711 "$C/top"
ln -s a.txt "$C/link" && ln -s d "$C/dirlink" && ln -s /etc "$C/outside"
tar -czf "$C/t.tgz" -C "$C" a.txt d

# Ids and sums differ; a step that starts no container here has no such line; where an
# older dockerd says it otherwise than today's, today's words count.
plain() {
	sed -E 's/\b[0-9a-f]{12}\b/ID/g; s/(file|dir|multi):[0-9a-f]{64}/\1:SUM/g
		s/error line ([0-9]+):/error on line \1:/; s/Unknown flag: (\w+)/unknown flag: --\1/
		s/^Invalid /invalid /; s/--chown=([0-9:]+)(file|dir)/--chown=\1 \2/
		s/HEALTHCHECK &\{.*/HEALTHCHECK/; s/\x1b\[[0-9]+m//g' |
		grep -vE 'Running in|[Rr]emov(ed|ing) intermediate|^DEPRECATED|BuildKit is currently|environment-variable|^Hint:|^$'
}
both() {	# COMMAND...: into $ours and $theirs
	ours=$("$@" "$OURS" 2>&1 | plain)
	theirs=$("$@" "$THEIRS" 2>&1 | plain)
}
build_on() { timeout 90 "$CLIENT" -H "$1" build -t compared "$C"; echo "left with $?"; }
config_on() {
	d -H "$1" inspect -f '{{with .Config}}{{json .Env}} {{json .Cmd}} {{json .Entrypoint}} {{.WorkingDir}} {{.User}}
{{json .ExposedPorts}} {{json .Volumes}} {{json .OnBuild}} {{json .Shell}} {{.StopSignal}}{{end}} {{.Author}}' compared
	d -H "$1" history --no-trunc --format '{{.CreatedBy}}' compared
}
files_on() {
	d -H "$1" run --rm --entrypoint sh compared -c 'cd /; find . -xdev \( -path ./proc -o -path ./sys \
		-o -path ./dev -o -path ./etc \) -prune -o -exec stat -c "%n %F %a %u:%g" {} + | sort'
}

cat >"$C/Dockerfile" <<'END'
FROM busybox
RUN mkdir /real && ln -s /real /to && mkdir -m 711 /own && chown 3:4 /own
COPY a.txt b.txt /y/
COPY *.txt /z/
COPY d /dd
COPY d/ /to/
COPY link /lnk
COPY link /lnkd/
COPY dirlink /dlc
COPY d /own
COPY a.txt /to
COPY --chown=7:8 d /ch/deep
COPY --chown=9 a.txt /ch9/b/
COPY top /t2/t3
COPY */f /pat/
COPY ["a.txt", "/js on/"]
ADD t.tgz /ar
WORKDIR /w/v
COPY a.txt .
COPY . all/
END
both build_on
is "$ours" "$theirs" "copies are told alike"
both files_on
is "$ours" "$theirs" "and give the same files, modes and owners"

cat >"$C/Dockerfile" <<'END'
ARG base=busybox
FROM $base AS one
ARG base
LABEL a=b c="d e" 'f g'=h
ENV A=1 B="$A x" C=${A:-z}
ENV D e f  g
ENV E=$D F='$D' G=a\ b
EXPOSE 80 443/tcp $A
EXPOSE 53/udp
VOLUME /v1 /v2
VOLUME ["/v3"]
USER nobody:1
WORKDIR /a
WORKDIR b
WORKDIR ../c$A
STOPSIGNAL 9
SHELL ["/bin/sh", "-c"]
CMD echo $A
ENTRYPOINT ["a", "b\"c"]
HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD ["x", "y"]
ONBUILD COPY a.txt /ob
MAINTAINER some body <x@y>
ENTRYPOINT foo bar
CMD
END
both build_on
is "$ours" "$theirs" "settings are told alike"
both config_on
is "$ours" "$theirs" "and are the same"

wrong() {	# a Dockerfile, with \n
	printf '%b\n' "$1" >"$C/Dockerfile"
	both build_on
	is "$ours" "$theirs" "the same words for: $1"
}
wrong 'FROM busybox\nCOPY nope /x'
wrong 'FROM busybox\nCOPY no* /x'
wrong 'FROM busybox\nCOPY a.txt b.txt /x'
wrong 'FROM busybox\nADD a.txt'
wrong 'FROM busybox\nCOPY --from=0 /x /y'
wrong 'FROM busybox\nCOPY --from=1 /x /y'
wrong 'FROM busybox\nCOPY --chown=nobodyx a.txt /'
wrong 'FROM busybox\nCOPY http://x/y /'
wrong 'FROM busybox\nRUN'
wrong 'FROM busybox\nRUN exit 3'
wrong 'FROM busybox\nRUN echo err >&2; exit 4'
wrong 'FROM busybox\nCOPY outside /x'
wrong 'FROM busybox\nEXPOSE abc'
wrong 'FROM busybox\nSTOPSIGNAL NOPE'
wrong 'FROM busybox\nUSER'
wrong 'FROM busybox\nLABEL'
wrong 'FROM busybox\nHEALTHCHECK CMD'
wrong 'FROM busybox AS a\nFROM busybox AS a'
wrong 'ENV a=b\nFROM busybox'
wrong 'FROM busybox:no tag'
wrong 'FROM ${x}'
wrong 'FROM scratch'
wrong '# nothing'
wrong ''

# ---- each other's images ----------------------------------------------------------------

printf 'FROM busybox\nRUN echo hello >/said; rm /bin/ash\nCOPY d /d\nRUN rm /d/f\nCMD ["cat", "/said"]\n' >"$C/Dockerfile"
d build -q -t mine "$C" >/dev/null 2>&1
d save mine | d -H "$THEIRS" load >/dev/null
is "$(d -H "$THEIRS" run --rm mine)" hello "dockerd runs an image of ours"
is "$(d -H "$THEIRS" run --rm mine sh -c 'ls -A /d /bin/ash 2>&1 | grep -v :')" e "with what was removed gone"
is "$(d -H "$THEIRS" inspect -f '{{.Id}}' mine)" "$(d inspect -f '{{.Id}}' mine)" "under the same id"
printf 'FROM mine\nRUN echo again >>/said\n' | d -H "$THEIRS" build -q -t theirs - >/dev/null 2>&1
d -H "$THEIRS" save theirs | d load >/dev/null
is "$(d run --rm theirs)" $'hello\nagain' "and we run what it builds on that"
end
done_testing
