#!/bin/bash
# The unmodified docker client against our daemon: the commands of the lecture's six
# steps and of its section 4, with outputs, errors and exit codes as Docker has them.
# timeout: 180
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need busybox script curl

tty() {	# INPUT COMMAND…: lines typed at a terminal, slowly enough to be at a prompt
	local input=$1; shift
	{ sleep 0.7; printf '%b' "$input" | while IFS= read -r l; do printf '%s\n' "$l"; sleep 0.4; done; sleep 0.3; } |
		timeout 30 script -qec "$CLIENT $*" /dev/null 2>&1 | tr -d '\r'
}
fails() {	# STATUS REGEX NAME ARGS…
	local want=$1 words=$2 name=$3 said rc; shift 3
	said=$(d "$@" 2>&1); rc=$?
	is "$rc" "$want" "$name: exit $want"
	like "$said" "$words" "$name: says so"
}
facts() { raw http://x/drydock/facts | grep -c "\"type\":\"$1\""; }

start_daemon --bridge ddtest0

# -- who is there
like "$(d version)" "API version: +1\.47" "version"
like "$(d info 2>&1)" "Storage Driver: overlay2" "info"
is "$(raw http://x/_ping)" OK "ping"
like "$(raw -I http://x/_ping)" "Api-Version: 1.47" "ping by HEAD says the version"

# -- step 1
like "$(d run hello-world 2>&1)" "Hello from Docker!" "step 1: hello-world is pulled and runs"
is "$(d ps -q)" "" "step 1: it isn't in the running list"
is "$(d ps -aq | wc -l)" 1 "step 1: it is in the list of all"
like "$(d ps -a)" 'hello-world +"/hello" .*Exited \(0\)' "step 1: it ended well"

# -- step 2
out=$(tty 'echo typed $((40 + 2))\nexit 7\n' run -it --name term busybox sh)
like "$out" "typed 42" "step 2: a shell at a terminal"
is "$(d inspect -f '{{.State.ExitCode}}' term)" 7 "step 2: the shell's exit status"
is "$(d inspect -f '{{.Config.Tty}} {{.Config.OpenStdin}}' term)" "true true" "step 2: tty and stdin"
is "$(echo in | d run -i --rm busybox cat)" in "stdin without a terminal"
is "$(d run --rm busybox sh -c 'echo out; echo err >&2' 2>/dev/null)" out "stdout and stderr are apart"

# -- step 3
id=$(d run -d -p 8080:80 --name web busybox httpd -f -vv -p 80 -h /var/www)
is "${#id}" 64 "step 3: detached, prints the id"
like "$(d ps)" "0.0.0.0:8080->80/tcp" "step 3: ps shows the port"
is "$(curl -s -m 5 localhost:8080)" "Welcome to nginx!" "step 3: the page"
ok "step 3: logs have the visit" eventually sh -c "$CLIENT logs web 2>&1 | grep -q 'url:/'"
like "$(d top web)" "httpd -f" "step 3: top"
like "$(d stats --no-stream web)" "web" "step 3: stats"
# An older client writes the address without brackets.
is "$(d port web | sed 's/ :::/ [::]:/')" "80/tcp -> 0.0.0.0:8080
80/tcp -> [::]:8080" "step 3: port"
fails 125 'Bind for 0.0.0.0:8080 failed: port is already allocated' "port taken" run --name second -p 8080:80 busybox true
fails 125 "Conflict. The container name \"/web\" is already in use by container \"$id\". You have to remove \(or rename\) that container to be able to reuse that name." "name taken" run --name web busybox true
fails 1 'cannot remove container "/web": container is running: stop the container before removing or force remove' "rm of a running one" rm web
is "$(d stop -t 1 web)" web "step 3: stop"
like "$(d ps -a --filter name=^web$)" "Exited \(1(37|43)\)" "step 3: stopped"
is "$(d rm web)" web "step 3: rm"
ok "step 3: the port is free again" sh -c '! curl -s -m 2 localhost:8080'
d run -d -P --name any --expose 80 busybox httpd -f -p 80 -h /var/www >/dev/null
is "$(curl -s -m 5 "$(d port any 80 | head -n 1)")" "Welcome to nginx!" "a random host port"
is "$(d rm -f any)" any "rm -f of a running one"

# -- step 4
d run --name files busybox sh -c 'echo token >/tmp/new; rm /etc/layer; echo x >>/etc/passwd' >/dev/null
like "$(d diff files | sort | tr '\n' ' ')" "A /tmp/new .*C /etc/passwd .*D /etc/layer" "step 4: diff: added, changed, deleted"
is "$(d run --rm busybox cat /etc/layer)" second "step 4: another container has the image's file"
like "$(raw http://x/drydock/facts | grep fs.change)" '"path":"/tmp/new","op":"add","sha256":"[0-9a-f]{64}"' "step 4: the journal has the new file"

# -- step 5
d container prune -f >/dev/null
d rmi hello-world >/dev/null
like "$(d pull hello-world)" "Status: Downloaded newer image for hello-world:latest" "step 5: pull"
like "$(d pull hello-world)" "Status: Image is up to date" "step 5: pull again"
like "$(d history busybox)" "RUN" "step 5: history"
like "$(d images)" "busybox +latest" "step 5: images"
is "$(d image inspect -f '{{len .RootFS.Layers}}' busybox)" 2 "step 5: two layers"

# -- step 6
tty 'echo "my data" >/data.txt\nexit\n' run -it --name temp busybox sh >/dev/null
is "$(d start temp)" temp "step 6: start again"
is "$(d exec temp cat /data.txt)" "my data" "step 6: the file is still there"
fails 1 "container is running" "step 6: rm while it runs is refused" rm temp
d stop -t 1 temp >/dev/null
fails 1 "is not running" "step 6: exec in a stopped one" exec temp true
is "$(d rm temp)" temp "step 6: rm"
fails 1 "can't open '/data.txt'" "step 6: a new one hasn't the file" run --rm busybox cat /data.txt

# -- exec
d run -d --name box busybox sleep 1000 >/dev/null
like "$(tty 'echo in $((1 + 1))\nexit 3\n' exec -it box sh)" "in 2" "exec -it"
exits 3 "exec: exit status" d exec box sh -c 'exit 3'
exits 0 "exec -d" d exec -d box touch /made
is "$(d exec -u user -w /tmp -e A=b box sh -c 'id -u; pwd; echo $A' | tr '\n' ' ')" "1000 /tmp b " "exec: user, directory, environment"
fails 127 'exec: "nosuch": executable file not found in \$PATH' "exec of nothing" exec box nosuch
fails 126 'permission denied' "exec of a text file" exec box /etc/passwd
fails 1 "No such container: nobody" "exec nowhere" exec nobody true

# -- states
is "$(d pause box)" box "pause"
like "$(d ps)" "\(Paused\)" "ps shows it"
fails 1 "is paused, unpause the container before exec" "exec in a paused one" exec box true
is "$(d unpause box)" box "unpause"
d rename box crate
is "$(d inspect -f '{{.Name}}' crate)" /crate "rename"
is "$(d restart -t 0 crate)" crate "restart"
( sleep 0.5; d kill crate >/dev/null ) &
is "$(d wait crate)" 137 "wait gives 128 + 9"
wait $!
is "$(d container prune -f | head -n 1)" "Deleted Containers:" "container prune"
is "$(d ps -aq)" "" "nothing is left"

# -- run's exit codes
exits 3 "run: the program's" d run --rm busybox sh -c 'exit 3'
fails 127 'exec: "nosuch": executable file not found in \$PATH: unknown' "run of nothing" run --rm busybox nosuch
fails 127 'no such file or directory' "run of a path that isn't there" run --rm busybox /no/such
fails 126 'permission denied' "run of a text file" run --rm busybox /etc/passwd
fails 125 '(repository|registry|pull|No such image|not found).*' "run of no image" run --rm no-such-image-here true
fails 125 'unable to find user nosuch: no matching entries in passwd file' "run as nobody known" run --rm -u nosuch busybox true
fails 125 'No such container: nobody' "join nobody's network" run --rm --network container:nobody busybox true
is "$(d ps -aq)" "" "--rm leaves nothing, also of those that never ran"
is "$(d run --rm -u user busybox id)" "uid=1000(user) gid=1000(user) groups=1000(user),1001(extra)" "run as the image's user"
is "$(d run --rm -h box --add-host other:10.0.0.9 busybox sh -c 'hostname; grep -c 10.0.0.9 /etc/hosts' | tr '\n' ' ')" "box 1 " "hostname and hosts"
is "$(d run --rm -e A=1 -w /usr busybox sh -c 'echo $A $PWD')" "1 /usr" "environment and directory"
is "$(d run --rm --entrypoint echo busybox word)" word "entry point"
is "$(d run --rm --network none busybox ip -o link | wc -l)" 1 "network none has only lo"
is "$(d run --rm --read-only busybox sh -c 'touch /x 2>/dev/null; echo $?')" 1 "a read-only root"
is "$(d run --rm --tmpfs /scratch:size=1m busybox sh -c 'touch /scratch/x && grep -c /scratch /proc/mounts')" 1 "tmpfs"
echo host >"$WORK/file"
is "$(d run --rm -v "$WORK":/w:ro busybox cat /w/file)" host "a directory of the host"
fails 125 'If you intended to pass a host directory' "a volume's name with a slash" run --rm -v a/b:/w busybox true

# -- logs and events
d run --name say busybox sh -c 'for i in 1 2 3 4 5; do echo line $i; done; echo last >&2' >/dev/null 2>&1
is "$(d logs --tail 2 say 2>/dev/null)" "line 5" "logs --tail counts both streams"
is "$(d logs say 2>&1 >/dev/null)" last "logs: stderr"
like "$(d logs -t say 2>/dev/null | head -n 1)" '^20[0-9-]+T[0-9:.]+Z line 1' "logs -t"
d run -d --name ticks busybox sh -c 'i=0; while [ $i -lt 20 ]; do echo $i; i=$((i+1)); sleep 0.1; done' >/dev/null
is "$(d logs -f ticks | tail -n 1)" 19 "logs -f ends with the container"
like "$(d events --since 60s --until "$(date +%s)" --filter container=ticks)" "container (create|start|die)" "events"
( timeout 5 "$CLIENT" events --filter event=create >"$WORK/events" & sleep 1; d create --name late busybox >/dev/null; sleep 0.5; kill $! ) 2>/dev/null
like "$(cat "$WORK/events")" "container create .*name=late" "events as they come"
like "$(d system df)" "Containers +3" "system df"
like "$(d system prune -f 2>&1)" "Total reclaimed space" "system prune"

# -- the API itself
is "$(raw http://x/nosuch)" '{"message":"page not found"}' "an unknown route"
is "$(status http://x/nosuch)" 404 "an unknown route is 404"
is "$(status -X PUT http://x/containers/json)" 404 "a wrong method is as unknown as a wrong path"
is "$(status -X POST -H 'Content-Type: application/json' -d '{"Image":' http://x/containers/create)" 400 "bad JSON is 400"
is "$(status -X POST -H 'Content-Type: application/json' -d '{"Image":5}' http://x/containers/create)" 400 "a wrong type is 400"
is "$(status -X POST -H 'Content-Type: application/json' -d '{"Image":"busybox","HostConfig":{"Links":["a:b"]}}' http://x/containers/create)" 400 "what isn't supported is refused"
head -c 5000000 /dev/zero | tr '\0' ' ' >"$WORK/big"
is "$(status -X POST -H 'Content-Type: application/json' --data-binary @"$WORK/big" http://x/containers/create)" 413 "a body over the limit is 413"
is "$(status http://x/v1.23/version)" 400 "a client too old"
is "$(status http://x/v1.99/version)" 400 "a client too new"
is "$(status http://x/v1.24/containers/json)" 200 "the oldest client that is served"
is "$(status http://x/swarm)" 503 "no swarm"
is "$(raw http://x/drydock/facts/verify | grep -c '"ok":true')" 1 "the journal's chain holds"
ok "the journal has the whole story" test "$(facts proc.exec)" -gt 20
like "$(raw -H "$JSON" -X POST -d '{"type":"ctr.create","data":{}}' http://x/drydock/facts)" "only the engine writes it" "nobody else writes the engine's facts"
is "$(status -H "$JSON" -X PUT -d '{"session":"s","step":"2"}' http://x/drydock/context)" 204 "context"
d run --rm busybox true
like "$(raw http://x/drydock/facts | grep ctr.rm\" | tail -n 1)" '"session":"s","step":"2"' "labels of the context are on the facts"

stop_daemon
leak_check "nothing is left behind"
done_testing
