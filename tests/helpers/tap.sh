# tap.sh - what shell tests share.  Source it first:
#
#	. "$(dirname "$0")/../helpers/tap.sh"
#	isolate "$0" "$@"		# own network, mounts and processes (needs root)
#	plan 3
#	start_daemon			# own root, socket, bridge; DOCKER_HOST is set
#	ok "lists no container"  test -z "$(docker ps -q)"
#	is "$(docker run --rm busybox echo hi)" hi "runs a program"
#	stop_daemon
#	leak_check "nothing is left behind"
#
# Output is TAP.  The file that is sourced works with bash; $BUILD is where the
# programs are, $TESTS the tests folder, $WORK a directory of the test's own.

set -u
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${DRYDOCK_BUILD:-$TESTS/../build}
BUILD=$(readlink -f "$BUILD")
DRYDOCK=$BUILD/drydock
ENGINE=$BUILD/drydock-engine
tap_n=0 tap_failed=0 tap_planned=
export DRYDOCK_LABS=${DRYDOCK_LABS:-$(readlink -f "$TESTS/../labs")}
export DRYDOCK_LESSONS=${DRYDOCK_LESSONS:-$(readlink -f "$TESTS/../lessons")}
export DRYDOCK_QUIZ=${DRYDOCK_QUIZ:-$(readlink -f "$TESTS/../quiz")}

# ---- TAP ------------------------------------------------------------------------

plan() { tap_planned=$1; echo "1..$1"; }
# For tests that learn only on the way how many results they have.
done_testing() { [ -n "$tap_planned" ] || plan "$tap_n"; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }
bail() { echo "Bail out! $*"; exit 1; }

tap_result() {	# 0|1 NAME
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n - $2"
	else
		echo "not ok $tap_n - $2"
		tap_failed=$((tap_failed + 1))
	fi
	return "$1"
}

ok() {		# NAME COMMAND...: passes where the command succeeds
	local name=$1 said rc
	shift
	said=$("$@" 2>&1)
	rc=$?
	tap_result $((rc != 0)) "$name" || diag "$* left with $rc:" "$said"
}
not_ok() {	# NAME COMMAND...: passes where the command fails
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		tap_result 1 "$name" || diag "$* succeeded:" "$said"
	else
		tap_result 0 "$name"
	fi
}
# What a terminal would show of FILE: no escape sequences, no carriage returns.
readable() { sed -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e 's/[\r\x01\x02]//g' "$1"; }
is() {		# GOT EXPECTED NAME
	if [ "$1" = "$2" ]; then tap_result 0 "$3"; return; fi
	tap_result 1 "$3" || { diag "got:"; diag "$1"; diag "expected:"; diag "$2"; }
}
like() {	# GOT REGEX NAME: extended regular expression, over all lines
	if printf '%s\n' "$1" | grep -qE -- "$2"; then tap_result 0 "$3"; return; fi
	tap_result 1 "$3" || { diag "got:"; diag "$1"; diag "no match for: $2"; }
}
unlike() {	# GOT REGEX NAME
	if ! printf '%s\n' "$1" | grep -qE -- "$2"; then tap_result 0 "$3"; return; fi
	tap_result 1 "$3" || { diag "got:"; diag "$1"; diag "should not match: $2"; }
}
exits() {	# STATUS NAME COMMAND...: leaves exactly with this exit status
	local want=$1 name=$2 said rc
	shift 2
	said=$("$@" 2>&1)
	rc=$?
	tap_result $((rc != want)) "$name" || diag "$* left with $rc, not $want:" "$said"
}
skip() {	# COUNT WHY
	local i
	for ((i = 0; i < $1; i++)); do
		tap_n=$((tap_n + 1))
		echo "ok $tap_n - # SKIP $2"
	done
}

# ---- a place of one's own ---------------------------------------------------------

need_root() { [ "$(id -u)" = 0 ] || skip_all "needs root"; }
need() {	# PROGRAM...: each must be installed
	local p
	for p in "$@"; do command -v "$p" >/dev/null || skip_all "$p is not installed"; done
}

# Runs the test again in new network, mount and process namespaces: ports,
# interfaces and mounts then can't collide with the host's, are counted exactly,
# and nothing survives the test.
isolate() {	# "$0" "$@"
	need_root
	[ -n "${TAP_ISOLATED:-}" ] && { ip link set lo up; return; }
	need ip unshare
	rm -rf "$WORK"
	TAP_ISOLATED=1 exec unshare --net --mount --pid --ipc --uts --fork --mount-proc \
		--kill-child bash "$@"
}

WORK=$(mktemp -d /tmp/drydock-test.XXXXXX) || bail "no temporary directory"
tap_cleanup() {
	stop_daemon
	umount -R -l "$WORK"/* 2>/dev/null
	rm -rf "$WORK"
}
trap 'tap_rc=$?; tap_cleanup; [ $tap_rc -ne 0 ] || [ $tap_failed -eq 0 ] || tap_rc=1; exit $tap_rc' EXIT
trap 'exit 130' INT TERM

# ---- daemon -----------------------------------------------------------------------

daemon_pid=
# A daemon with nothing but its own root.  More words are passed on to it.
# IMAGES says which images its registry has: test (default), course, or none; DAEMON_AS
# who it is: setpriv and its options.
start_daemon() {
	local i
	export DRYDOCK_ROOT=${DRYDOCK_ROOT:-$WORK/root}
	export DOCKER_HOST=unix://$DRYDOCK_ROOT/run/drydock.sock
	mkdir -p "$DRYDOCK_ROOT/run" "$DRYDOCK_ROOT/lib"
	[ "${IMAGES:=test}" = none ] || "${IMAGES}_images" "$DRYDOCK_ROOT/lib"
	[ -n "${leak_before:-}" ] || leak_before=$(leak_list)
	# shellcheck disable=SC2086  # words: a command that runs it as somebody else
	${DAEMON_AS:-} "$ENGINE" daemon -H "$DOCKER_HOST" "$@" >>"$WORK/daemon.log" 2>&1 &
	daemon_pid=$!
	for ((i = 0; i < 100; i++)); do
		[ -S "${DOCKER_HOST#unix://}" ] && "$DRYDOCK" docker version >/dev/null 2>&1 && return 0
		kill -0 $daemon_pid 2>/dev/null || break
		sleep 0.1
	done
	diag "$(tail -n 20 "$WORK/daemon.log")"
	bail "the daemon does not answer"
}
stop_daemon() {
	[ -n "$daemon_pid" ] || return 0
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
}
# As the power going: nothing gets a chance to tidy up.
kill_daemon() {
	kill -9 "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
}

# Images, baked once a build and then linked into a data root, not copied:
# hello-world and busybox for tests; or the whole course's.
test_images() { baked_images test "$BUILD/test-images" "$1"; }	# DATA_ROOT
course_images() { baked_images course "$BUILD/course" "$1"; }	# DATA_ROOT
baked_images() {	# GROUP STORE DATA_ROOT
	"$ENGINE" bake --root "$2" --only "$1" >"$WORK/bake.log" 2>&1 ||
		{ diag "$(cat "$WORK/bake.log")"; bail "the images could not be made"; }
	mkdir -p "$3"
	cp -al "$2/registry" "$3/" 2>/dev/null || cp -a "$2/registry" "$3/"
}

docker() { "$BUILD/docker" "$@"; }
# Debian's or Docker's own client, never ours: the newest that is there, or the one
# that DOCKER_CLIENT names.
CLIENT=${DOCKER_CLIENT:-/usr/local/bin/docker}
[ -x "$CLIENT" ] || CLIENT=/usr/bin/docker
have_real_docker() { [ -x "$CLIENT" ]; }
need_real_docker() {
	have_real_docker || skip_all "no docker client is installed"
	export DOCKER_CLI_HINTS=false HOME=$WORK
}
d() { timeout 20 "$CLIENT" "$@"; }
# The API itself: an answer, or its status alone.
JSON='Content-Type: application/json'
raw() { curl -s -m 10 --unix-socket "${DOCKER_HOST#unix://}" "$@"; }
status() { raw -o /dev/null -w '%{http_code}' "$@"; }

# Waits up to 10 s for a command to succeed.
eventually() {	# COMMAND...
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

# ---- leaks ------------------------------------------------------------------------

# Everything an engine could leave behind, a line each.
leak_list() {
	awk '{ print "mount " $5 }' /proc/self/mountinfo
	find /sys/fs/cgroup -type d -path '*drydock*' 2>/dev/null | sed 's/^/cgroup /'
	# Not /sys/class/net: that shows the network of who mounted it.
	awk -F: 'NR > 2 { gsub(/ /, "", $1); print "interface " $1 }' /proc/self/net/dev
	lsns -n -o TYPE,NS 2>/dev/null | awk '{ print "namespace " $1 " " $2 }'
	pgrep -a drydock 2>/dev/null | sed 's/^/process /'
	awk 'FNR > 1 && $4 == "0A" { print "listening " $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Control groups have one tree for the whole machine: only those of containers
# that our daemon's journal knows are ours.
leak_ours() {
	local kind what id
	while read -r kind what; do
		[ "$kind ${what##*/}" = "cgroup drydock" ] && continue	# the one that stays, for all
		id=${what##*/drydock[./]}
		[ "$kind" != cgroup ] || grep -qaF -- "${id%%/*}" "$DRYDOCK_ROOT"/lib/drydock.db* \
			"$DRYDOCK_ROOT"/lib/*/drydock.db* 2>/dev/null || continue
		echo "$kind $what"
	done
}

leak_new() { comm -13 <(sort <<<"$1") <(leak_list | sort) | leak_ours; }

# Compares with the moment before start_daemon.  Removal is left to a reaper, and
# the kernel itself takes namespaces away late: hence the patience.
leak_check() {	# NAME
	local left i
	for ((i = 0; i < 50; i++)); do
		left=$(leak_new "$leak_before")
		[ -z "$left" ] && break
		sleep 0.1
	done
	is "$left" "" "$1"
}
