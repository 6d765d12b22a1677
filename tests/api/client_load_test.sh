#!/bin/bash
# load, save, import and export on a terminal and off it: our client shows and refuses what
# docker's own does.
# timeout: 60
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need script
[ "$("$CLIENT" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 28 ] || skip_all "docker's client is older than 28"
start_daemon
cd "$WORK" || exit 1
d pull -q busybox >/dev/null
d create --name box busybox >/dev/null
d save -o images.tar busybox
d tag busybox box:1

on_terminal() { script -eqc "stty cols $1; $2" /dev/null </dev/null; }	# COLUMNS LINE
# How often a bar moves is the clock's doing; what it ends with is not.
ends() { tr '\033' '\n' | grep -E '^\[2K.*Loading layer.* ([0-9.]+[kMG]?B)/\1|Loaded image' | sort -u; }
load() {	# COLUMNS CLIENT
	d rmi -f busybox box:1 >/dev/null
	on_terminal "$1" "$2 load -i images.tar" | ends
}
d rm box >/dev/null
for columns in 130 111 110 80; do
	is "$(load $columns "$BUILD/docker")" "$(load $columns "$CLIENT")" "load on $columns columns"
done
like "$(load 130 "$BUILD/docker")" '=>\].*MB/' "a bar for the layer"
unlike "$(load 130 "$BUILD/docker")" 'json|oci-layout' "and for layers only"
d create --name box busybox >/dev/null

same() {	# LINE: off a terminal, then on one
	is "$(sh -c "$BUILD/docker $1" 2>&1 | grep -v ^Hint:)" "$(sh -c "$CLIENT $1" 2>&1)" "docker $1"
	is "$(on_terminal 80 "$BUILD/docker $1" | grep -v ^Hint:)" "$(on_terminal 80 "$CLIENT $1")" \
	   "docker $1, on a terminal"
}
for line in "load -q -i images.tar" "load -i nofile" "save -o /nodir/x busybox" "save -o /tmp busybox" \
	"export -o /nodir/x box" "export -o /tmp box" "save nosuch -o t.tar" "save" "import nofile" \
	"save --platform linux/amd64 -o t.tar busybox" "load --platform linux/amd64 -i images.tar" \
	"import -q images.tar" "load images.tar"; do
	same "$line"
done
for line in "save busybox" "export box" "load"; do
	is "$(on_terminal 80 "$BUILD/docker $line")" "$(on_terminal 80 "$CLIENT $line")" "docker $line, on a terminal"
done
ok "a refused save leaves no file" test ! -e t.tar
stop_daemon
leak_check "nothing is left behind"
done_testing
