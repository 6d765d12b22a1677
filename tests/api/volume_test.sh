#!/bin/bash
# Volumes, driven by the docker client: named, anonymous, bound, in memory; filled from
# the image; who may remove what; what survives a container and a killed daemon.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
start_daemon --bridge ddvol1
d pull -q busybox >/dev/null

# -- named
is "$(d volume create data)" data "volume create prints the name"
is "$(d volume create data)" data "and once more, it is the same"
like "$(d volume create)" '^[0-9a-f]{64}$' "without a name it gets one"
d run --rm -v data:/d busybox sh -c 'echo kept >/d/file'
is "$(d run --rm -v data:/elsewhere busybox cat /elsewhere/file)" kept "what was written outlives its container"
is "$(cat "$(d volume inspect -f '{{.Mountpoint}}' data)/file")" kept "and lies where inspect says"
is "$(d volume inspect -f '{{.Driver}} {{.Scope}} {{.Name}}' data)" "local local data" "inspect"
like "$(d volume ls)" '^local +data$' "volume ls"
d run -d --name user -v data:/d:ro -v fresh:/e busybox sleep 100 >/dev/null
is "$(d volume ls -q --filter name=fres)" fresh "-v makes a missing volume"
not_ok "read only" d exec user sh -c 'echo no >/d/file'
is "$(d inspect -f '{{range .Mounts}}{{println .Type .Name .Destination .Driver .Mode .RW}}{{end}}' user | sort | xargs)" \
	"volume data /d local ro false volume fresh /e local z true" "inspect's Mounts"
like "$(d volume rm data 2>&1)" "remove data: volume is in use - \[$(d inspect -f '{{.Id}}' user)" "rm of a volume in use"
is "$(d ps -q --filter volume=data)" "$(d ps -q)" "ps --filter volume"
is "$(d volume ls -q --filter dangling=false | tr '\n' ' ')" "data fresh " "volume ls --filter dangling"
d rm -f user >/dev/null
is "$(d volume rm fresh)" fresh "rm prints the name"
like "$(d volume rm fresh 2>&1)" "get fresh: no such volume" "a volume that isn't there"
ok "which --force forgives" d volume rm -f fresh
like "$(d volume inspect fresh 2>&1)" "no such volume" "inspect of none"

# -- wrong
like "$(d volume create a/b 2>&1)" 'includes invalid characters for a local volume name' "a name with a slash"
like "$(d run --rm -v x/y:/d busybox true 2>&1)" 'If you intended to pass a host directory, use absolute path' "-v with a relative path"
like "$(d run --rm -v a1:/d -v a2:/d busybox true 2>&1)" 'Duplicate mount point: /d' "two at one place"
like "$(d run --rm -v a1:/d:wrong busybox true 2>&1)" 'invalid mode: wrong' "a mode that is none"
like "$(d run --rm -v a1:/ busybox true 2>&1)" "destination can't be '/'" "on the root"
like "$(d volume create --driver nope x1 2>&1)" 'plugin "nope" not found' "a driver that isn't there"
like "$(d volume create -o device=/x x1 2>&1)" 'missing required option: "type"' "half of the driver's options"
like "$(d run --rm --mount type=bind,src="$WORK"/none,dst=/d busybox true 2>&1)" "bind source path does not exist" "--mount of what isn't there"
is "$(d volume ls -q | grep -x '[ax].')" "" "none of these made a volume"

# -- filled from the image
d run --rm -v www:/var/www busybox true
is "$(d run --rm -v www:/x busybox sh -c 'cat /x/index.html')" "Welcome to nginx!" "a new volume has what the image has there"
d run --rm -v www:/x busybox sh -c 'rm /x/index.html; echo own >/x/mine'
is "$(d run --rm -v www:/var/www busybox ls /var/www)" mine "but only a new one"
is "$(d run --rm -v bare:/var/www:nocopy busybox ls /var/www)" "" "nocopy"
is "$(d run --rm -v "$WORK/host":/var/www busybox ls /var/www)" "" "a directory of the host isn't filled"
ok "but made" test -d "$WORK/host"

# -- anonymous
d create --name anon -v /a busybox true >/dev/null
name=$(d inspect -f '{{(index .Mounts 0).Name}}' anon)
like "$name" '^[0-9a-f]{64}$' "an anonymous volume"
d rm anon >/dev/null
is "$(d volume ls -q --filter name="$name")" "$name" "stays after rm"
d create --name anon -v /a busybox true >/dev/null
name=$(d inspect -f '{{(index .Mounts 0).Name}}' anon)
d rm -v anon >/dev/null
is "$(d volume ls -q --filter name="$name")" "" "goes with rm -v"
before=$(d volume ls -q | wc -l)
d run --rm -v /a busybox true
is "$(d volume ls -q | wc -l)" "$before" "and with --rm"
d volume prune -f >/dev/null
is "$(d volume ls -q | tr '\n' ' ')" "bare data www " "prune leaves those with names"

# -- from another container, in memory, below, with options
d run -d --name giver -v data:/d -v /b busybox sleep 100 >/dev/null
is "$(d run --rm --volumes-from giver:ro busybox cat /d/file)" kept "--volumes-from"
not_ok "--volumes-from :ro" d run --rm --volumes-from giver:ro busybox touch /b/x
is "$(d run --rm --tmpfs /t:size=1m busybox sh -c 'grep " /t " /proc/mounts | grep -o size=1024k')" size=1024k "--tmpfs"
is "$(d run --rm --mount type=tmpfs,dst=/t,tmpfs-mode=1700 busybox stat -c %a /t)" 1700 "--mount type=tmpfs"
is "$(d run --rm -v data:/d -v www:/d/below busybox sh -c 'ls /d/below; ls /d')" "$(printf 'mine\nbelow\nfile')" "one inside the other"
is "$(d run --rm --mount type=volume,src=www,dst=/w,volume-subpath=. busybox ls /w)" mine "volume-subpath"
d run --rm -v links:/v busybox sh -c 'mkdir /v/a; touch /v/a/in; ln -s a /v/b; ln -s /etc /v/out; ln -s ../../.. /v/up'
below() { d run --rm --mount "type=volume,src=links,dst=/w,volume-subpath=$1" busybox ls /w 2>&1; }
is "$(below b)" in "volume-subpath: through a link"
like "$(below out)" 'cannot access path .*/out: ' "but not out of the volume"
is "$(below up | xargs)" "a b out up" "nor up"
like "$(below none)" 'cannot access path .*/none: ' "a path that isn't there"
d volume rm links >/dev/null
d run -d --name holder -v early:/x busybox sleep 100 >/dev/null
d run --rm -v early:/etc busybox true
ok "an empty volume in use is filled where it is" d exec holder test -f /x/passwd
d rm -f holder >/dev/null; d volume rm early >/dev/null
long=$(printf 'n%.0s' {1..248})
ok "the longest name" d volume create "$long"; ok "can be removed" d volume rm "$long"
like "$(d volume create "n$long" 2>&1)" 'at most 248 letters' "a longer one is refused"
mkdir "$WORK/dev"; echo dev >"$WORK/dev/f"
d volume create -o type=none -o device="$WORK/dev" -o o=bind bound >/dev/null
is "$(d run --rm -v bound:/b busybox cat /b/f)" dev "a volume that binds a directory"
not_ok "is let go of after" mountpoint -q "$(d volume inspect -f '{{.Mountpoint}}' bound)"
d volume create -o type=tmpfs -o device=tmpfs -o o=size=2m mem >/dev/null
is "$(d run --rm -v mem:/m busybox sh -c 'df -k /m | tail -1 | tr -s " " | cut -d" " -f2')" 2048 "a volume in memory"

# -- mounts that follow the host's
mkdir -p "$WORK/shared"; mount -t tmpfs shared "$WORK/shared"; mount --make-shared "$WORK/shared"
d run -d --name slave -v "$WORK/shared":/s:rslave busybox sleep 100 >/dev/null
d run -d --name private -v "$WORK/shared":/s busybox sleep 100 >/dev/null
mkdir "$WORK/shared/in"; mount -t tmpfs inner "$WORK/shared/in"; touch "$WORK/shared/in/late"
is "$(d exec slave ls /s/in)" late "rslave: what the host mounts later is seen"
is "$(d exec private ls /s/in)" "" "private: it is not"
umount "$WORK/shared/in"
d rm -f slave private >/dev/null; umount "$WORK/shared"
like "$(d run --rm -v "$WORK/dev":/s:rshared busybox true 2>&1)" "is not a shared mount" "rshared of what isn't shared"

# -- several names of one file
printf 'FROM busybox\nRUN mkdir -p /many/sub && echo x >/many/a && ln /many/a /many/sub/b && ln /many/a /many/c\nFROM busybox\nCOPY --from=0 /many /copied\n' |
	DOCKER_BUILDKIT=0 d build -q -t many - >/dev/null
DOCKER_BUILDKIT=0 d build -q -t first --target 0 - >/dev/null 2>&1 <<<"$(printf 'FROM busybox\nRUN mkdir -p /many/sub && echo x >/many/a && ln /many/a /many/sub/b && ln /many/a /many/c\n')"
is "$(d run --rm many sh -c 'stat -c %h /copied/a /copied/sub/b /copied/c | tr "\n" " "; cat /copied/sub/b')" "3 3 3 x" "COPY of a directory keeps them one file"
is "$(d run --rm -v many:/many first sh -c 'stat -c %h /many/a /many/sub/b /many/c | tr "\n" " "; echo y >/many/a; cat /many/sub/b')" "3 3 3 y" \
	"so does the first filling of a volume"
d volume rm many >/dev/null
d rmi many first >/dev/null

# -- the daemon killed
kill_daemon
start_daemon --bridge ddvol1
is "$(d exec giver cat /d/file)" kept "killed: the volume is still there"
is "$(d volume ls -q | tr '\n' ' ' | wc -w)" 6 "killed: and listed"
like "$(d system df)" 'Local Volumes +6 +' "system df counts them"
d rm -fv giver >/dev/null
d volume prune -af >/dev/null
is "$(d volume ls -q)" "" "prune --all"
is "$(ls "$DRYDOCK_ROOT/lib/volumes")" "" "leaves no directory"
stop_daemon
leak_check "nothing is left behind"
done_testing
