#!/bin/bash
# The daemon of a user who isn't root, with a range of users and without: what a class
# does there works as with root, and what can't be is said.
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need setpriv newuidmap curl busybox
command -v slirp4netns pasta >/dev/null || skip_all "neither slirp4netns nor pasta is installed"

. "$TESTS/helpers/student.sh"

host_id() { stat -c %u "/proc/$(docker inspect -f '{{.State.Pid}}' "$1")"; }
site() { curl -s -m 5 --retry 5 --retry-all-errors "$1"; }

# What holds with many users and with one.
common() {
	is "$(docker info -f '{{.Name}}' | wc -l)" 1 "$1: the daemon answers"
	like "$(docker run --rm busybox id)" '^uid=0\(root\)' "$1: root inside"
	docker run -d --name web -p 8080:80 busybox httpd -f -p 80 -h /var/www >/dev/null
	is "$(host_id web)" $ME "$1: who is nobody but the user outside"
	is "$(site localhost:8080)" "Welcome to nginx!" "$1: a published port is the host's"
	is "$(docker exec web hostname)" "$(docker inspect -f '{{slice .Id 0 12}}' web)" "$1: exec"
	like "$(docker top web)" 'httpd' "$1: its processes are found without control groups"
	is "$(docker run --rm busybox wget -qO- http://10.99.0.1:8099/)" "out there" "$1: containers reach the network"
	like "$(docker run --rm busybox sh -c 'echo x >/dev/null && head -c 4 /dev/zero | wc -c; ls /dev/null')" 4 "$1: devices work"
	like "$(docker run --rm -m 32m busybox true 2>&1)" "limit memory: your user has no control group" "$1: a limit that can't be kept is refused"
	docker run --name changed busybox sh -c 'rm /etc/group; mkdir /new; echo 1 >/new/f' >/dev/null
	is "$(docker diff changed | sort | xargs)" "A /new A /new/f C /etc D /etc/group" "$1: docker diff"
	docker commit changed made:1 >/dev/null
	is "$(docker run --rm made:1 sh -c 'cat /new/f; ls /etc/group 2>&1')" "$(printf '1\nls: /etc/group: No such file or directory')" "$1: a commit keeps what was removed"
	printf 'FROM busybox\nRUN mkdir -p /a/b && echo built >/a/b/c\n' | DOCKER_BUILDKIT=0 docker build -q -t built - >/dev/null
	is "$(docker run --rm built cat /a/b/c)" built "$1: a build"
	docker network create inner >/dev/null
	docker run -d --name named --network inner busybox httpd -f -p 80 -h /var/www >/dev/null
	is "$(docker run --rm --network inner busybox wget -qO- http://named/)" "Welcome to nginx!" "$1: networks and names"
	is "$(docker run --rm -v data:/d busybox sh -c 'echo kept >/d/f'; docker run --rm -v data:/d busybox cat /d/f)" kept "$1: volumes"
}

place many
start_daemon
common "many users"
is "$(docker run --rm -u 1000:1000 busybox id -u)" 1000 "another user is another"
docker run -d --name other -u 33 busybox sleep 1000 >/dev/null
is "$(host_id other)" 200032 "with a number of the user's range outside"
kill_daemon
start_daemon
is "$(docker ps --format '{{.Names}}' | sort | xargs)" "named other web" "containers outlive a killed daemon"
is "$(site localhost:8080)" "Welcome to nginx!" "with their ports"
is "$(docker exec other id -u)" 33 "and the next one finds its way into their namespaces"
docker rm -f $(docker ps -aq) >/dev/null
stop_daemon

one_user
like "$($DAEMON_AS "$ENGINE" daemon -H "$DOCKER_HOST" 2>&1)" "was made by a daemon for a range of users" \
	"the data of many users isn't taken for one's"
place one
DOCKER_HOST=unix://$DRYDOCK_ROOT/run/drydock.sock
start_daemon
common "one user"
is "$(docker run --rm -u 1000 busybox id -u)" 0 "another user is root all the same"
like "$(docker info 2>&1)" 'users: there is only root in containers' "which docker info says"
is "$(docker run --rm busybox sh -c 'touch /f && chown 33:33 /f && echo done')" "done" "a change of owner doesn't stop a program"
docker rm -f $(docker ps -aq) >/dev/null
stop_daemon
student_end
leak_check "nothing is left behind"
done_testing
