# student.sh - a user of the test's own who isn't root; source it after `isolate`.
#
#	DAEMON_AS	the command that runs another as this user
#	place NAME	roots of the user's own: DRYDOCK_ROOT
#	one_user	from here on there is no range of users
#
# The range is that of /etc/subuid, which is replaced in this test's mounts only; the
# way out is a cable of this test's network, with a web server at its end.

ME=54321
chmod 711 "$WORK"
own() { cp "$1" "$WORK/${1##*/}" && echo "$2" >>"$WORK/${1##*/}" && mount --bind "$WORK/${1##*/}" "$1"; }
own /etc/passwd "student:x:$ME:$ME::$WORK/home:/bin/sh"
own /etc/group "student:x:$ME:"
own /etc/subuid "student:200000:65536"
own /etc/subgid "student:200000:65536"
mknod -m 666 "$WORK/tun" c 10 200 && mount --bind "$WORK/tun" /dev/net/tun
ip link add outer0 type veth peer name outer1 && ip addr add 10.99.0.1/24 dev outer0 &&
	ip link set outer0 up && ip link set outer1 up &&
	ip route add default dev outer0
mkdir "$WORK/www" && echo "out there" >"$WORK/www/index.html"
busybox httpd -p 10.99.0.1:8099 -h "$WORK/www"

export HOME=$WORK/home DAEMON_AS="setpriv --reuid=$ME --regid=$ME --clear-groups"
place() {	# NAME
	DRYDOCK_ROOT=$WORK/$1
	mkdir -p "$DRYDOCK_ROOT/lib" "$DRYDOCK_ROOT/run" "$HOME"
	"${IMAGES:-test}_images" "$DRYDOCK_ROOT/lib"
	chown -R $ME:$ME "$DRYDOCK_ROOT" "$HOME"
}
one_user() {
	local f
	for f in subuid subgid; do
		grep -v ^student "$WORK/$f" >"$WORK/new"
		cat "$WORK/new" >"$WORK/$f"	# the same inode: it is mounted
	done
}
student_end() {
	ip link del outer0
	umount /dev/net/tun /etc/passwd /etc/group /etc/subuid /etc/subgid
}
