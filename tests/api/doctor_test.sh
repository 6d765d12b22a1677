#!/bin/bash
# `drydock doctor`: its rows follow the machine, and agree with programs that we didn't
# write.  For each thing that is taken away, the row that says so and its command.
. "$(dirname "$0")/../helpers/tap.sh"
need_root
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"	# needs the network
isolate "$0" "$@"
need ip nft unshare setpriv python3 newuidmap slirp4netns busybox script

. "$TESTS/helpers/student.sh"
IMAGES=course place root
export DRYDOCK_ROOT TERM=xterm
student() { $DAEMON_AS "$@"; }

# The document as lines "linux/overlay/state there"; a step's row is its name.
cat >"$WORK/lines.py" <<'PY'
import json, sys
d = json.load(sys.stdin)
rows = [("", d)]
for b in d["backends"]:
    rows += [(b["name"] + "/", b)]
    rows += [(f"{b['name']}/{r.get('id', r['name'] if 'name' in r else '')}/", r) for r in b["probes"] + b["steps"]]
for where, row in rows:
    for key, value in row.items():
        if not isinstance(value, list):
            print(where + key, value)
PY
examine() {
	"$@" "$DRYDOCK" doctor --json >"$WORK/said.json" 2>"$WORK/said.err"
	rc=$?
	python3 "$WORK/lines.py" <"$WORK/said.json" >"$WORK/said"
}
ask() { sed -n "s|^$1 ||p" "$WORK/said"; }
missing() {	# BACKEND ID COMMAND NAME
	is "$(ask "$1/$2/state")" missing "$4"
	is "$(ask "$1/$2/mend")" "$3" "... mended by: $3"
}

# ---- its form -------------------------------------------------------------------------
examine env
cat >"$WORK/form.py" <<'PY'
import json, os, sys
d = json.load(open(sys.argv[1]))
assert set(d) == {"version", "good", "backend", "why", "backends"} and d["version"] == 1, d.keys()
steps = sorted(f[3:] for f in os.listdir(sys.argv[2]) if f[:2].isdigit())
for b in d["backends"]:
    ids = [p["id"] for p in b["probes"]]
    assert len(ids) == len(set(ids)) and ids, ids
    assert sorted(s["name"] for s in b["steps"]) == steps, b["steps"]
    lacking = [p["id"] for p in b["probes"] if p["required"] and p["state"] == "missing"]
    assert b["lacks"] == (lacking or [None])[0] and b["works"] == (not lacking), (b["name"], lacking)
    for p in b["probes"]:
        assert p["state"] in ("there", "missing", "unclear", "untried"), p
        assert ("mend" in p) == ("cost" in p) == ("as_root" in p) == (p["state"] == "missing"), p
    assert all(s["because"] in ids + [None] for s in b["steps"])
works = [b["name"] for b in d["backends"] if b["works"]]
assert d["backend"] == (works or [None])[0], d["backend"]
PY
ok "the JSON has the form that the handbook gives" python3 "$WORK/form.py" "$WORK/said.json" "$DRYDOCK_LABS"
is "$(ask backend)" linux "root's backend is linux"
is "$rc $(ask good) $(ask linux/hello/runs)" "0 True fully" "with the course images its steps run"
like "$("$DRYDOCK" doctor)" 'The backend is linux' "the text says which backend"
unlike "$("$DRYDOCK" doctor | LC_ALL=C.UTF-8 awk 'length > 80')" . "in 80 columns"
is "$(NO_COLOR=1 script -qec "$DRYDOCK doctor" /dev/null | tr -d '\r' | grep -c $'\033')" 0 "NO_COLOR: no colours"
is "$(script -qec "$DRYDOCK doctor --plain" /dev/null | grep -c $'\033')" 0 "--plain: none either"
ok "else there are" sh -c "env -u NO_COLOR script -qec '$DRYDOCK doctor' /dev/null | grep -q '\\[1m'"
exits 2 "a wrong word is wrong usage" "$DRYDOCK" doctor everything
like "$("$DRYDOCK" doctor --help)" '--json' "--help names its options"
like "$("$DRYDOCK" __complete doc)" '^doctor$' "completion knows it"

# ---- against util-linux ------------------------------------------------------------------
# The same question to unshare(1): a namespace of each kind, as root and as a user.
agree() {	# WHO BACKEND COMMAND...
	local who=$1 backend=$2 kind said theirs
	shift 2
	examine "$@"
	for kind in mount:-m pid:-pf network:-n ipc:-i uts:-u cgroup:-C; do
		theirs=missing
		# shellcheck disable=SC2046,SC2086  # options
		"$@" unshare $([ "$backend" = linux ] || echo -Ur) ${kind#*:} true 2>/dev/null && theirs=there
		said=$(ask "$backend/namespace-${kind%:*}/state")
		is "${said/untried/missing}" $theirs "$who, $backend: unshare ${kind#*:} says the same"
	done
}
# And mount(8), ip(8), nft(8), each in namespaces of its own.
agree_tools() {	# WHO BACKEND COMMAND...
	local who=$1 backend=$2 row try theirs
	shift 2
	rm -rf "$HOME"/? && "$@" mkdir "$HOME"/{l,u,w,m}
	while IFS='|' read -r row try; do
		theirs=missing
		[ -n "$(ask "$backend/$row/state")" ] || continue	# not a need of this one
		# shellcheck disable=SC2046  # options
		"$@" unshare $([ "$backend" = linux ] || echo -Ur) -mnpf sh -c "$try" "$HOME" >/dev/null 2>&1 && theirs=there
		is "$(ask "$backend/$row/state" | sed s/untried/missing/)" $theirs "$who, $backend: ${try%% *} says the same of $row"
	done <<-END
		overlay|mount -t overlay -o $([ "$backend" = linux ] || echo userxattr,)lowerdir=\$0/l,upperdir=\$0/u,workdir=\$0/w o \$0/m && echo x >\$0/m/f
		proc|mount -t proc proc /proc
		bridge|ip link add doctor0 type bridge
		veth|ip link add doctor0 type veth peer name doctor1
		masquerade|nft 'add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c masquerade'
		devices|mount -t tmpfs t /mnt && mknod /mnt/n c 1 3
	END
}
agree root linux env
agree_tools root linux env
agree "a user" rootless student
agree_tools "a user" rootless student
agree "a user" linux student
examine student
is "$(ask backend), $(ask why)" "rootless, linux lacks root" "a user's backend is rootless, and why"
missing linux root "sudo drydock" "a user isn't root"
is "$(ask linux/overlay/state)" untried "what only root can try is left alone"
is "$(ask rootless/users/state)" there "newuidmap's range of users works"
is "$(ask rootless/outgoing/found)" slirp4netns "slirp4netns is named"

# ---- what is taken away --------------------------------------------------------------------
# Nothing is a machine's: each is so in namespaces of its own.
in_own() { student unshare -Ur --kill-child -mf sh -c "$1; exec \"\$@\"" sh "${@:2}"; }
examine in_own 'echo 0 >/proc/sys/user/max_user_namespaces' env
missing rootless user-namespace "sysctl user.max_user_namespaces=10000" "no user namespace is allowed"
like "$(ask rootless/user-namespace/found)" '^user.max_user_namespaces: ' "the switch is named"
not_ok "unshare(1) is refused the same" in_own 'echo 0 >/proc/sys/user/max_user_namespaces' unshare -U true
is "$rc $(ask backend)" "1 None" "then no backend works: root of a namespace has no devices"
like "$(in_own 'echo 0 >/proc/sys/user/max_user_namespaces' "$ENGINE" daemon 2>&1)" \
	'no backend works here: .*rootless lacks user namespace' "the daemon decides the same"
like "$(in_own 'echo 0 >/proc/sys/user/max_user_namespaces' "$ENGINE" daemon 2>&1)" \
	'^hint: .drydock doctor. says' "and sends to the doctor"
examine in_own 'echo 0 >/proc/sys/user/max_net_namespaces' env
missing rootless namespace-network "sysctl user.max_net_namespaces=10000" "no network namespace is allowed"

# AppArmor's and Debian's own switches, which this kernel need not have: files in their place.
switch() {	# NAME VALUE
	examine in_own "echo 0 >/proc/sys/user/max_user_namespaces; mount -t tmpfs none /proc/sys/kernel &&
		echo $2 >/proc/sys/kernel/$1"
	missing rootless user-namespace "sysctl kernel.$1=$((1 - $2))" "$1 is known by name"
}
switch apparmor_restrict_unprivileged_userns 1
switch unprivileged_userns_clone 0

examine env
is "$(ask linux/route/found)" "by way of outer0" "the way to the network is named"
examine unshare -n
missing linux route dhclient "in a network of its own nothing leads out"
examine unshare -m sh -c 'umount -R /sys/fs/cgroup && exec "$@"' sh
missing linux limit-pids "mount -t cgroup2 none /sys/fs/cgroup" "no control groups"
is "$(ask linux/works)" True "which costs limits, not containers"

cp "$WORK/subuid" "$WORK/subgid" "$WORK/home"
one_user
examine student
missing rootless subuid "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 student" "no range of users"
is "$(ask rootless/users/state)" missing "then there is but one user"
is "$(ask rootless/root/runs), $(ask rootless/root/because)" "partly, subuid" "and the step about root says less"
for f in subuid subgid; do cat "$WORK/home/$f" >"$WORK/$f"; done

mkdir "$WORK/bin" && touch "$WORK/none"
hide() { examine unshare -m sh -c 'for f in "$1"; do mount --bind "$0" "$f"; done; shift; exec "$@"' \
	"$WORK/none" "$(command -v "$1")" $DAEMON_AS; }
hide slirp4netns
if command -v pasta >/dev/null; then
	is "$(ask rootless/outgoing/found)" pasta "without slirp4netns it is pasta"
else
	missing rootless outgoing "apt-get install --no-install-recommends slirp4netns" "no slirp4netns"
fi
hide newuidmap
missing rootless newuidmap "apt-get install --no-install-recommends uidmap" "no newuidmap"
hide curl
missing rootless curl "apt-get install --no-install-recommends curl" "no curl"
is "$(ask rootless/web/runs), $(ask rootless/web/because)" "partly, curl" "step web needs another way to visit"

examine unshare -m sh -c 'mount -t proc -o hidepid=2 proc /proc && exec "$@"' sh $DAEMON_AS
missing rootless processes "mount -o remount,hidepid=0 /proc" "hidepid: others' processes are hidden"
examine setpriv --bounding-set=-sys_admin
is "$(ask backend), $(ask linux/root/mend)" "rootless, docker run --privileged ..." "root without its rights is a user"
examine $DAEMON_AS --no-new-privs
missing rootless users "apt-get install --no-install-recommends uidmap" "no_new_privs: newuidmap has no rights"

# ---- the data root ---------------------------------------------------------------------------
on() { examine unshare -m sh -c "mount -t tmpfs -o $1 none \"\$DRYDOCK_ROOT/lib\" && exec \"\$@\"" sh; }
on ro
missing linux data-root "mount -o remount,rw $DRYDOCK_ROOT/lib" "a read-only data root"
is "$(ask backend)" None "no backend can do without"
on size=1m
missing linux space "drydock docker system prune" "a full disk"
is "$(ask linux/overlay/state)" there "the overlay is not at fault"
on nr_inodes=100
missing linux inodes "drydock docker system prune" "no inodes left"
on noexec
missing linux data-mount "mount -o remount,exec,suid,dev $DRYDOCK_ROOT/lib" "a data root with noexec"
examine env DRYDOCK_ROOT="$WORK/root/lib/deep/er"
is "$(ask linux/data-root/found)" "$WORK/root/lib/deep/er/lib" "a folder that isn't there yet will do"

# ---- ports, programs, settings --------------------------------------------------------------------
python3 -c 'import socket, time
s = socket.socket(); s.bind(("", 8080)); s.listen(); open("'"$WORK/listens"'", "w"); time.sleep(60)' &
taken=$!
eventually test -e "$WORK/listens"
examine env
missing linux port-8080 "ss -ltnp 'sport = :8080'" "port 8080 is taken"
is "$(ask linux/port-8080/as_root)" False "its command is anybody's"
kill $taken
mkdir "$WORK/etc" && mount -t tmpfs none "$WORK/etc" && mkdir "$WORK/etc"/{upper,work,upper/drydock}
echo '{ "bippo": 5 }' >"$WORK/etc/upper/drydock/daemon.json"
examine unshare -m sh -c 'mount -t overlay -o "lowerdir=/etc,upperdir=$0/upper,workdir=$0/work" none /etc &&
	exec "$@"' "$WORK/etc"
missing linux settings "drydock daemon --validate" "daemon.json is wrong"
examine env DRYDOCK_ROOT="$WORK/other"
is "$rc $(ask good) $(ask linux/hello/because)" "1 False images" "without the course images no step can be done"
like "$(ask linux/images/found)" 'hello-world.*ubuntu:20.04' "which are named"
TERM=dumb examine env
missing linux terminal "export TERM=xterm-256color" "a dumb terminal"

is "$(find "$DRYDOCK_ROOT" "$WORK/home" -name '.drydock-doctor*')" "" "it leaves nothing behind"
umount "$WORK/etc"
student_end
done_testing
