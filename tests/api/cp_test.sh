#!/bin/bash
# docker cp: from and to containers that run and that don't, volumes included, by the
# rules of cp; and what a hostile container or archive can't do.
# timeout: 120
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need tar curl

answer() { raw -o "$WORK/answer" -w '%{http_code}' "$@"; }
fails() {	# REGEX NAME ARGS…
	local words=$1 name=$2 said; shift 2
	local cp
	for cp in "$CLIENT" "$BUILD/docker"; do
		if said=$("$cp" cp "$@" 2>&1 </dev/null); then
			tap_result 1 "$name (${cp##*/})"
			diag "it did not fail: $said"
		else
			like "$said" "$words" "$name ($cp)"
		fi
	done
}
start_daemon --bridge ddcp0
d pull -q busybox >/dev/null
cd "$WORK" || exit 1
mkdir -p src/dir/sub host
echo file >src/file; echo one >src/dir/one; echo two >src/dir/sub/two; ln -s one src/dir/link
chmod 640 src/dir/one; chmod 2755 src/dir/sub; mkdir vol ro; echo v >vol/v

d run -d --name run -v "$WORK/vol:/vol" -v "$WORK/ro:/ro:ro" --tmpfs /tmpfs busybox sleep 300 >/dev/null
d create --name made -v "$WORK/vol:/vol" busybox true >/dev/null

# -- in and out, both states, each client
cp_both_ways() {	# CLIENT CONTAINER
	local c=$2 say="$1, $2"
	[ "$1" = theirs ] && local cp="$CLIENT cp" || local cp="$BUILD/docker cp"
	rm -rf out; mkdir out
	$cp -q src/file "$c:/a"
	$cp -q src/file "$c:/tmp"		# into a directory
	$cp -q src/file "$c:/tmp/"
	$cp -q src/dir "$c:/fresh-$1"		# a directory that isn't there gets its content
	$cp -q src/dir "$c:/tmp"		# one that is there gets it
	$cp -q src/dir/. "$c:/tmp/dot-$1"
	$cp -q src/dir/. "$c:/tmp"
	is "$($cp "$c:/a" - | tar -xOf -)" file "$say: a file as tar on stdout"
	is "$($cp "$c:/a" - | tar -tf -)" a "$say: under its own name"
	is "$($cp "$c:/tmp" - | tar -tf - | LC_ALL=C sort | tr '\n' ' ' | sed "s/tmp.dot-$1[^ ]* //g; s/tmp.dot-[a-z]*[^ ]* //g")" \
		"tmp/ tmp/dir/ tmp/dir/link tmp/dir/one tmp/dir/sub/ tmp/dir/sub/two tmp/file tmp/link tmp/one tmp/sub/ tmp/sub/two " \
		"$say: where everything went"
	$cp -q "$c:/fresh-$1" out
	is "$(cat "out/fresh-$1/sub/two")" two "$say: a directory into one"
	is "$(stat -c %a "out/fresh-$1/one" "out/fresh-$1/sub" | tr '\n' ' ')" "640 2755 " "$say: modes"
	is "$(readlink "out/fresh-$1/link")" one "$say: links stay links"
	$cp -q "$c:/fresh-$1" out/new
	is "$(cat out/new/one)" one "$say: a directory as a new one"
	$cp -q "$c:/fresh-$1/." out
	is "$(cat out/one)" one "$say: its content alone"
	$cp -q "$c:/a" out/renamed
	is "$(cat out/renamed)" file "$say: a file under another name"
	$cp -q "$c:/fresh-$1/link" out/l; is "$(readlink out/l)" one "$say: a link itself"
	$cp -q -L "$c:/fresh-$1/link" out/L; is "$(cat out/L)" one "$say: -L: its target"
	tar -C src -cf - file | $cp - "$c:/tmp/dot-$1"
	is "$($cp "$c:/tmp/dot-$1/file" - | tar -xOf -)" file "$say: tar from stdin"
	is "$($cp "$c:/vol/v" - | tar -xOf -)" v "$say: out of a bind"
	$cp -q src/file "$c:/vol/in-$c-$1"
	is "$(cat "vol/in-$c-$1")" file "$say: into a bind"
}
for who in theirs ours; do
	cp_both_ways $who run
	cp_both_ways $who made
done

# -- words
fails 'Could not find the file /nope in container run' "no such file" run:/nope .
fails 'No such container: nope' "no such container" nope:/x .
fails 'read-only' "a read-only bind" src/file run:/ro
fails 'no such (directory|file)|does not exist|not find' "no such directory" src/file run:/nope/sub/x
fails 'not a directory' "a file is no directory" src/file run:/etc/passwd/x
fails 'cannot copy directory' "a directory over a file" src/dir run:/etc/passwd
fails 'no such file or directory' "no such local file" src/nope run:/tmp
fails 'copying between containers' "between containers" run:/a made:/a
fails 'must specify at least one container source' "no container" src/file host
is "$(answer 'http://x/containers/run/archive?path=/etc/passwd' -X PUT -T src/file)" 400 "API: unpack into a file"
like "$(cat answer)" "extraction point is not a directory" "API: in docker's words"
tar -C src -cf dir.tar dir
is "$(answer 'http://x/containers/run/archive?path=/nope' -X PUT -T dir.tar)" 404 "API: into nothing"
is "$(answer 'http://x/containers/run/archive?path=/' -X PUT -T src/file)" 400 "API: what is no tar"
is "$(answer 'http://x/containers/run/archive')" 400 "API: no path"
mkdir kind; : >kind/tmp; tar -C kind -cf kind.tar tmp
is "$(answer 'http://x/containers/run/archive?path=/&noOverwriteDirNonDir=1' -X PUT -T kind.tar)" 400 "API: a file over a directory, forbidden"
like "$(cat answer)" 'cannot overwrite directory' "API: and said"
raw -I 'http://x/containers/run/archive?path=/etc/' | tr -d '\r' | sed -n 's/^X-Docker-Container-Path-Stat: //pI' | base64 -d >answer
like "$(cat answer)" '"name":"etc",.*"mode":2147484[0-9]*,.*"linkTarget":""' "API: HEAD tells what it is"
d exec run ln -s /etc/../vol/./v /deep
raw -I 'http://x/containers/run/archive?path=/deep' | tr -d '\r' | sed -n 's/^X-Docker-Container-Path-Stat: //pI' | base64 -d >answer
like "$(cat answer)" '"linkTarget":"/vol/v"' "API: and where a link leads"

# -- owners
d run -d --name owned -u 1234:4321 busybox sleep 100 >/dev/null
chown 77:88 src/file
d cp -q src/file owned:/plain; d cp -q -a src/file owned:/archive
is "$(d exec owned stat -c %u:%g /plain)" 77:88 "the owner is kept"
is "$(d exec owned stat -c %u:%g /archive)" 1234:4321 "-a: the container's user"
d run -d --name robot --read-only busybox sleep 100 >/dev/null
fails 'rootfs is marked read-only' "a read-only container" src/file robot:/

# -- nothing leads out
echo secret >"$WORK/secret"
d exec run ln -s / /root-link; d exec run ln -s "$WORK/secret" /out; d exec run ln -s ../../../../.. /up
fails "Could not find the file|no such file" "a link to the host's file" -L run:/out .
ok "through links to the root" sh -c "'$CLIENT' cp run:/up/root-link/etc/passwd - | tar -tf - | grep -qx passwd"
d cp run:/proc - 2>/dev/null | tar -tf - >listed 2>/dev/null
is "$(grep -c '^proc/.' listed)" 0 "nothing of /proc"
fails 'Could not find' "no file of /proc" run:/proc/self/environ .
fails 'cannot overwrite directory' "no file of a tmpfs" src/file run:/tmpfs
mkdir evil; ln -s "$WORK" evil/lnk; tar -C evil -cf evil.tar lnk
mkdir evil2 evil2/lnk; echo x >evil2/lnk/hit; tar -C evil2 -rf evil.tar lnk/hit
raw -X PUT -T evil.tar 'http://x/containers/run/archive?path=/tmp' >/dev/null
ok "an archive's link doesn't lead out" test ! -e "$WORK/hit"
echo no >upper; tar --transform 's|^|../../../|' -P -cf up.tar upper
is "$(answer 'http://x/containers/run/archive?path=/tmp' -X PUT -T up.tar)" 400 "names with .. are refused"
not_ok "and nothing was written" d exec run test -e /upper

# -- who is slow holds up nobody but those who want the same files
d run --name slow busybox dd if=/dev/zero of=/f bs=1M count=4 2>/dev/null
slowly() { exec curl -s -o /dev/null --unix-socket "${DOCKER_HOST#unix://}" "$@"; }
mkfifo never; exec 9<>never
slowly --limit-rate 1k 'http://x/containers/slow/archive?path=/f' & reader=$!
slowly -X PUT -T - 'http://x/containers/made/archive?path=/' <never & writer=$!
sleep 0.5
started() { d inspect -f '{{.State.StartedAt}}' slow; }
before=$(started)
like "$(d ps -a --format '{{.Names}} {{.Status}}')" '^slow Exited' "ps while archives are under way"
is "$(d inspect -f '{{.State.Status}}' slow made | xargs)" "exited created" "inspect"
timeout 1 "$CLIENT" start slow >/dev/null 2>&1
is "$(started)" "$before" "a start waits"
kill $reader $writer; wait $reader $writer 2>/dev/null; exec 9>&-
ok "until it is over" eventually d start -a slow
ok "cp again" d cp -q src/file slow:/g
d rm -f slow >/dev/null

# -- pipes, devices and files of several names
mkdir odd; mkfifo -m 604 odd/p; mknod -m 646 odd/c c 1 5; mknod -m 660 odd/b b 7 3; echo one >odd/f; ln odd/f odd/g
d run -d --name odd busybox sh -c 'mkdir /x; mkfifo -m 640 /x/fifo; mknod /x/null c 1 3; mknod -m 600 /x/blk b 7 9
	echo two >/x/f; ln /x/f /x/g; echo made; sleep 1000' >/dev/null
eventually sh -c "'$CLIENT' logs odd | grep -q made"
kinds() { (cd "$1" && stat -c '%n %F %a %t:%T %h' -- *) | sed 's/regular empty file/regular file/' | tr '\n' ','; }
for cp in "$CLIENT cp -q" "$BUILD/docker cp -q"; do
	say=${cp%% *}; say=${say%/docker}; say=${say##*/}
	rm -rf back there
	$cp odd "odd:/in-$say"
	d cp -q "odd:/in-$say" back
	is "$(kinds back)" "$(kinds odd)" "in: a pipe, devices, one file of two names ($say)"
	$cp odd:/x there
	is "$(kinds there)" "blk block special file 600 7:9 1,f regular file 644 0:0 2,fifo fifo 640 0:0 1,g regular file 644 0:0 2,null character special file 644 1:3 1," \
		"out: the same ($say)"
	$cp odd/p "odd:/p-$say"; $cp odd/c "odd:/c-$say"
	is "$(d exec odd stat -c '%F %a %t:%T' "/p-$say" "/c-$say" | tr '\n' ',')" "fifo 604 0:0,character special file 646 1:5," "in: each alone ($say)"
	rm -f one-p one-c; $cp odd:/x/fifo one-p; $cp odd:/x/null one-c
	is "$(stat -c '%F' one-p one-c | tr '\n' ',')" "fifo,character special file," "out: each alone ($say)"
done
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("odd/sock")'
like "$("$BUILD/docker" cp odd odd:/sock 2>&1; "$BUILD/docker" cp odd/sock odd:/alone 2>&1)" "sockets not supported" "a socket is left out"
exits 1 "... and nothing comes of it" d exec odd ls /alone
if command -v setpriv >/dev/null; then
	mkdir theirs && chown 65534 theirs && chmod 666 "${DOCKER_HOST#unix://}" && chmod 711 "$WORK" "$DRYDOCK_ROOT" "$DRYDOCK_ROOT/run"
	like "$(cd theirs && setpriv --reuid 65534 --clear-groups "$BUILD/docker" cp odd:/x/null n 2>&1)" "not permitted|Permission denied" "devices are for root to make"
else
	skip 1 "no setpriv"
fi
d rm -f odd >/dev/null

# -- directories inside each other, deeper than anybody means
dig='i=0; while [ $i -lt 1500 ]; do mkdir d && cd d || exit; i=$((i+1)); done'
d run --name deep1500 busybox sh -c "$dig"
d run --name deep3000 busybox sh -c "mkdir /e; cd /e; $dig; cd /; $dig; mv /e ."
is "$(raw -m 60 'http://x/containers/deep1500/archive?path=/d' | tar -tf - | wc -l)" 1500 "1,500 deep: all come"
ok "and are exported" sh -c "'$CLIENT' export deep1500 >/dev/null"
ok "and committed" d commit deep1500 deep
like "$(d commit deep3000 deeper 2>&1)" 'more than 2048 directories inside each other' "3,000 deep: refused"
raw 'http://x/containers/deep3000/archive?path=/d' >/dev/null
is "$(d diff deep1500 | grep -c '^A /d')" 1500 "docker diff tells all of them"
ok "and the daemon goes on" d info
d rm -f deep1500 deep3000 >/dev/null; d rmi deep >/dev/null

d rm -f run made owned robot >/dev/null
cd /
stop_daemon
leak_check "nothing is left behind"
done_testing
