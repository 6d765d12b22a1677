#!/bin/bash
# Our docker command line against the real one, line by line, on the same daemon:
# what they print on both streams and the exit code must be the same, once ids,
# times and chosen names are made equal.
#
# A line of the list is a shell command in which `d` is the client and $N a letter
# of the client's own, so that each has its own containers.  Lines marked 28 need
# a client from 28 on: older ones word their complaints differently.
# timeout: 180
. "$(dirname "$0")/../helpers/tap.sh"

for REAL in /usr/local/bin/docker /usr/bin/docker; do [ -x "$REAL" ] && break; done
[ -x "$REAL" ] || skip_all "docker's own client is not installed"
isolate "$0" "$@"
major=$("$REAL" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')

lines() { grep -v '^#' <<'END'
any	d pull -q busybox
any	d pull busybox
any	d pull busybox:latest
any	d pull nosuch/image:v1 2>&1 | head -n 1
28	d pull Busybox
any	d images
any	d images --no-trunc
any	d images -q
any	d images busybox
any	d images nosuch
any	d images --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}}'
any	d images --digests --format '{{.Repository}} {{.Digest}}'
any	d image ls
any	d history --format '{{.CreatedBy}}|{{.Size}}' busybox
any	d history busybox
any	d history --no-trunc busybox
any	d history -q busybox
any	d history nosuch
any	d run --rm busybox echo hello
any	d run --rm busybox sh -c 'echo out; echo err >&2; exit 7'
any	echo input | d run --rm -i busybox cat
any	d run --rm -i busybox cat </dev/null
any	d run --rm --network none -e A=1 -e B busybox sh -c 'echo $A $B; hostname | wc -c'
any	d run --rm -w /tmp -u 5:6 busybox sh -c 'pwd; id -u; id -g'
any	d run --rm --entrypoint echo busybox from entrypoint
any	d run --rm --hostname box busybox hostname
any	d run --rm --read-only busybox touch /x
any	d run --rm --tmpfs /t:size=1m busybox sh -c 'touch /t/x && ls /t'
any	d run --rm -v /etc/hostname:/h:ro busybox sh -c 'test -s /h && echo there'
any	d run --rm --mount type=bind,src=/etc/hostname,dst=/h,readonly busybox sh -c 'test -s /h && echo there'
any	d run --rm --ulimit nofile=77:77 busybox sh -c 'ulimit -n'
28	d run --rm busybox nosuchprogram
28	d run --rm busybox /etc/passwd
28	d run nosuch:image
28	d run
28	d run --nosuch busybox
28	d run -Z busybox
28	d run -p
28	d run -p x:y busybox
28	d run -p 99999:80 busybox
28	d run -m abc busybox
28	d run --cpus=x busybox
28	d run --env-file=/nonexistent busybox
28	d run --ulimit x busybox
28	d run --add-host x busybox
28	d run --mount type=bind busybox
28	d run -it busybox
28	d run -d --rm --restart=always busybox
28	d run --name ctr$N-web -d --cidfile /nonexistent/x busybox
any	d run -d --name ctr$N-web -p 80 --label a=b --label c=d busybox sleep 1000
28	d run -d --name ctr$N-web busybox
any	d create --name ctr$N-idle busybox sleep 5
any	d ps -a --filter name=ctr$N
any	d ps -a --no-trunc --filter name=ctr$N --format '{{.ID}} {{.Command}}'
any	d ps -aq --filter name=ctr$N
any	d ps --filter name=ctr$N --format 'table {{.Names}}\t{{.Image}}\t{{.State}}\t{{.Labels}}'
any	d ps --filter name=ctr$N --format '{{lower .Names}} {{.Label "c"}} {{json .Command}} {{len .Names}}'
any	d ps --filter name=nosuch
28	d ps --filter foo
28	d ps --format '{{.Foo}}' --filter name=ctr$N
28	d ps --format '{{.ID'
28	d ps extra
28	d ps --nosuch
28	d ps -n x
any	d container ls --filter name=ctr$N --format '{{.Names}}'
any	d port ctr$N-web | sed 's/:[0-9]*$//'
any	d port ctr$N-web 80 | sed 's/:[0-9]*$//'
any	d port ctr$N-web 81
any	d exec ctr$N-web echo hi
any	d exec -e X=5 -w /tmp ctr$N-web sh -c 'echo $X $(pwd)'
any	echo typed | d exec -i ctr$N-web cat
any	d exec ctr$N-web false
any	d exec -d ctr$N-web true
28	d exec ctr$N-web nosuchprogram
any	d exec ctr$N-idle true
28	d exec ctr$N-web
any	d exec nosuch true
any	d inspect -f '{{.State.Status}} {{json .Config.Cmd}} {{.Config.Labels.a}}' ctr$N-web
any	d inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}{{index .Config.Cmd 0}}' ctr$N-web
any	d inspect -f '{{if .State.Running}}up{{else}}down{{end}} {{len .Mounts}}' ctr$N-web ctr$N-idle
any	d inspect -f '{{.Config.Env}} {{.Config.Cmd}} {{.HostConfig.NetworkMode}}' ctr$N-web
any	d inspect nosuch
any	d inspect --type image ctr$N-web
any	d inspect -f '{{.Nosuch}}' busybox
28	d inspect -f '{{nosuch}}' busybox
any	d inspect busybox
any	d image inspect -f '{{.Id}} {{len .RootFS.Layers}}' busybox
any	d container inspect nosuch
any	d network inspect -f '{{.Name}} {{.Driver}}' bridge
any	d network ls
any	d network ls -q --no-trunc
any	d network ls --format '{{.Name}}'
any	d volume ls
any	d logs nosuch
any	d run --name ctr$N-log busybox sh -c 'echo one; echo two; echo three'
any	d logs ctr$N-log
any	d logs --tail 1 ctr$N-log
any	d logs -t ctr$N-log
any	d logs --since 1h -f ctr$N-log
28	d logs
28	d logs a b
any	d diff ctr$N-log
any	d start -a ctr$N-log
any	d start ctr$N-log ctr$N-idle
any	d wait ctr$N-log
any	d start nosuch
any	d start -a nosuch ctr$N-log
any	d restart -t 0 ctr$N-web
any	d pause ctr$N-web
any	d ps --filter name=ctr$N-web --format '{{.Status}}'
any	d exec ctr$N-web true
any	d unpause ctr$N-web
any	d top ctr$N-web -o pid,comm | wc -l
any	d top nosuch
any	d stats --no-stream --format '{{.Name}} {{.PIDs}}' ctr$N-web
any	d rename ctr$N-web ctr$N-www
any	d rename nosuch other
any	d rename ctr$N-www ctr$N-idle
any	d kill -s BOGUS ctr$N-www
any	d kill ctr$N-www
any	d kill ctr$N-www
any	d attach ctr$N-www
any	d stop nosuch
28	d stop
any	d stop -t 0 ctr$N-www ctr$N-idle
any	d rm ctr$N-www nosuch ctr$N-idle
any	d rm -f nosuch
any	d tag busybox ctr$N:v1
any	d tag nosuch ctr$N:v1
any	d images ctr$N --format '{{.Tag}}'
any	d rmi ctr$N:v1
any	d rmi nosuch
any	d run -d --name ctr$N-use busybox sleep 100
any	d rmi busybox
any	d rm -f ctr$N-use
any	d images --format json
any	d images --format '{{json .}}' busybox
any	d ps -a --filter name=ctr$N --format json
any	d ps -as --filter name=ctr$N-log
28	d history --format json busybox
28	d history --human=false busybox
28	d network ls --format json
any	d inspect --format json busybox
any	d inspect --format '{{json .Config.Cmd}}{{json .Config.Labels}}' ctr$N-log
any	d inspect --format '{{.NetworkSettings.Ports}} {{.Config.Entrypoint}} {{.Path}} {{.Args}}' ctr$N-log
any	d inspect --format '{{.Created}} {{.State.ExitCode}} {{.RestartCount}} {{.HostConfig.Memory}}' ctr$N-log
any	d inspect -f '{{with .State}}{{.Status}}{{end}}{{printf "%-5s|%5d" "a" 7}}{{println}}{{/* no */}}' ctr$N-log
any	d inspect -s -f '{{.SizeRootFs}} {{.SizeRw}}' ctr$N-log
any	d ps -a --filter name=ctr$N-log --format '{{.Size}} {{.Mounts}} {{.LocalVolumes}} {{.Networks}}'
any	d ps -a --filter name=ctr$N-log --format 'table {{.ID}}\t{{.Ports}}\t{{.RunningFor}}'
any	d ps -a --filter name=ctr$N-log --format '{{.Names}}{{"\t"}}{{.State}}\n'
any	d stats --no-stream
any	d stats --no-stream --format json ctr$N-log
any	d stats --no-stream nosuch
any	d events --since 1h --until 0s --filter event=nosuch
any	d events --since soon
any	d logs --since soon ctr$N-log
any	d logs --tail 0 ctr$N-log
any	d wait nosuch ctr$N-log
any	d rm
28	d rm --nosuch ctr$N-log
28	d wait
28	d inspect
28	d top
28	d port
28	d rename a
28	d tag a
28	d rmi
28	d kill
28	d pull
28	d pull a b
28	d attach
28	d exec
28	d history
28	d create
28	d -H bogus://x ps
28	d -H tcp://127.0.0.1:1 ps
28	DOCKER_HOST=unix:///nonexistent.sock d inspect x
28	DOCKER_HOST=unix:///nonexistent.sock d start x
28	DOCKER_HOST=unix:///nonexistent.sock d rename a b
28	DOCKER_HOST=unix:///nonexistent.sock d create busybox
28	DOCKER_HOST=unix:///nonexistent.sock d exec a b
28	DOCKER_HOST=unix:///nonexistent.sock d pull busybox
28	DOCKER_HOST=unix:///nonexistent.sock d logs a
28	DOCKER_HOST=unix:///nonexistent.sock d rm a b
28	d run --pull sometimes busybox
28	d run --pull never nosuch
28	d run --restart bogus:x busybox
28	d run --restart bogus busybox
28	d run -e =x busybox true
28	d run --device a:b:c:d busybox true
28	d run --expose x busybox true
28	d run --health-cmd x --no-healthcheck busybox true
28	d run -a bogus busybox true
28	d run --detach-keys x,yy -it busybox true
28	d run -d -a stdout busybox true
28	d run --network nosuch busybox true
28	d run -v relative:/x:bogus busybox true
28	d run -v /x:relative busybox true
28	d run --memory 1k busybox true
28	d run --user nosuch busybox true
28	d run --workdir relative busybox true
28	d run --cap-add bogus busybox true
28	d run --security-opt bogus busybox true
28	d run --stop-signal bogus busybox true
28	d run --name 'bad name' busybox true
28	d run --label-file /nonexistent busybox true
28	d system df -v | head -4
any	d rm ctr$N-log
any	d container prune -f | tail -1
any	d image prune -f
any	d system prune -f | tail -1
any	d system df --format '{{.Type}} {{.TotalCount}}'
any	sleep 1; d events --since 1h --until 0s --filter container=ctr$N-use --format '{{.Action}}'
28	d nosuch
28	d container nosuch
28	d help nosuch
28	d --nosuch
28	d -l bogus ps
any	DOCKER_HOST=unix:///nonexistent.sock d images
28	DOCKER_HOST=unix:///nonexistent.sock d run busybox
any	d info --format '{{.ServerVersion}} {{.OSType}}'
any	d version --format "{{.Server.Os}}"
END
}

# Ids, digests, times, sizes of the daemon's own making, and our hints.
normal() {
	sed -E \
		-e '/^Hint: /d' \
		-e "s/ctr$N/ctr/g" \
		-e 's/[0-9a-f]{64}/ID/g; s/\b[0-9a-f]{12}\b/ID/g' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]+ \+0000 UTC/TIME/g' \
		-e 's/(About an? |Less than a |[0-9]+ )(second|minute|hour)s?( ago)?/AGO/g' \
		-e 's/:32[0-9]{3}->/:PORT->/g' -e 's/ +/ /g'
}

run_line() {	# COMMAND: what it printed, and its exit code
	local said
	said=$(timeout 30 bash -c "$1" 2>&1)
	printf '%s\nexit %s\n' "$said" $? | normal
}
run_all() {	# FOLDER: one file a line
	local n=0 since command
	while IFS=$'\t' read -r since command; do
		n=$((n + 1))
		run_line "$command" >"$1/$n" </dev/null
	done < <(lines)
}

d() { "$CLI" "$@"; }
export -f d
export CLI N

export DOCKER_CLI_HINTS=false HOME=$WORK
start_daemon
mkdir "$WORK/ours" "$WORK/real"
docker pull -q hello-world >/dev/null
CLI=$BUILD/docker N=a
run_all "$WORK/ours"
docker pull -q busybox >/dev/null
CLI=$REAL N=b
run_all "$WORK/real"

n=0
while IFS=$'\t' read -r since command; do
	n=$((n + 1))
	if [ "$since" = 28 ] && [ "$major" -lt 28 ]; then
		skip 1 "the client here is older than 28"
	else
		is "$(cat "$WORK/ours/$n")" "$(cat "$WORK/real/$n")" "$command"
	fi
done < <(lines)
stop_daemon
done_testing
