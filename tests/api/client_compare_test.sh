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
any	d volume create ctr$N-vol
any	d volume create --label a=b ctr$N-vol2
any	d volume create ctr$N-vol
any	d volume create 'bad name'
28	d volume create -d nosuch ctr$N-vol3
28	d volume create --name ctr$N-x ctr$N-y
28	d volume create a b
any	d volume ls --filter name=ctr$N
any	d volume ls -q --filter name=ctr$N
any	d volume ls --filter label=a=b --format '{{.Name}} {{.Label "a"}} {{.Labels}} {{.Driver}} {{.Scope}}'
any	d volume ls --filter name=ctr$N --format 'table {{.Name}}\t{{.Links}}\t{{.Size}}'
28	d volume ls --filter name=ctr$N --format json
28	d volume ls --filter bogus=x
any	d volume inspect -f '{{.Name}} {{.Driver}} {{.Labels}} {{.Options}}' ctr$N-vol ctr$N-vol2
any	d volume inspect ctr$N-vol nosuch
any	d run --rm -v ctr$N-vol:/data busybox sh -c 'echo kept >/data/x'
any	d run --rm -v ctr$N-vol:/data:ro busybox sh -c 'cat /data/x; echo no >/data/y'
any	d run --name ctr$N-user -v ctr$N-vol:/data busybox true
any	d volume rm ctr$N-vol
any	d volume rm -f nosuch
any	d volume rm nosuch ctr$N-vol2
any	d ps -a --filter volume=ctr$N-vol --format '{{.Names}} {{.Mounts}} {{.LocalVolumes}}'
any	d inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{end}}' ctr$N-user
any	d inspect --type volume -f '{{.Name}}' ctr$N-vol
any	d rm -v ctr$N-user
any	d volume rm ctr$N-vol
28	d volume 2>&1 | head -n 3
28	d volume rm
28	d volume nosuch
any	d network create --subnet 10.77.1.0/24 --label a=b ctr$N-net | wc -c
28	d network create ctr$N-net
any	d network create --subnet x ctr$N-net2
28	d network create -d nosuch ctr$N-net2
28	d network create --gateway 1.2.3.4 ctr$N-net2
28	d network create
any	d network ls --filter name=ctr$N
any	d network ls --filter label=a=b --format '{{.Name}} {{.Driver}} {{.Scope}} {{.Internal}} {{.IPv6}} {{.Labels}}'
any	d network ls --filter driver=null -q --no-trunc | wc -l
28	d network ls --filter bogus=x
any	d network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}} {{.Labels}} {{.Internal}}' ctr$N-net
any	d network inspect nosuch
28	d network inspect -v -f '{{.Name}}' ctr$N-net
any	d run -d --name ctr$N-n1 --network ctr$N-net --network-alias one busybox sleep 100
any	d run --rm --network ctr$N-net busybox nslookup one | tail -n +4
any	d run --rm --network ctr$N-net --ip 10.77.1.99 busybox hostname -i
any	d run --rm --network ctr$N-net --ip 10.9.9.9 busybox true
any	d network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}' ctr$N-net
any	d network rm ctr$N-net
any	d network connect nosuch ctr$N-n1
any	d network connect ctr$N-net nosuch
any	d network connect ctr$N-net ctr$N-n1
any	d network disconnect ctr$N-net ctr$N-n1
any	d network disconnect ctr$N-net ctr$N-n1
any	d network connect --alias two --ip 10.77.1.50 ctr$N-net ctr$N-n1
any	d inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$v.IPAddress}} {{$v.IPAMConfig.IPv4Address}} {{end}}' ctr$N-n1
any	d network disconnect -f ctr$N-net ctr$N-n1
28	d network connect a
28	d network rm
any	d rm -f ctr$N-n1
any	d network rm ctr$N-net
any	d network rm ctr$N-net nosuch
any	d network rm -f nosuch
any	d run -d --name ctr$N-u busybox sleep 100
any	d update -m 64m --memory-swap 128m ctr$N-u
any	d update --restart on-failure:3 ctr$N-u
any	d update --pids-limit 50 ctr$N-u nosuch
28	d update ctr$N-u
28	d update
28	d update --restart bogus ctr$N-u
28	d update --restart always:3 ctr$N-u
28	d update -m 1m ctr$N-u
28	d update --blkio-weight x ctr$N-u
28	d update --blkio-weight 70000 ctr$N-u
28	d update --cpus x ctr$N-u
28	d update --cpuset-cpus 9999 ctr$N-u
any	d inspect -f '{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.PidsLimit}}' ctr$N-u
any	d inspect -f '{{.Config.Labels.nosuch}} {{.ID}} {{.HostConfig.NanoCPUs}}' ctr$N-u
any	echo in | d cp - ctr$N-u:/tmp
any	printf hello >$WORK/f$N; d cp $WORK/f$N ctr$N-u:/tmp/f; d exec ctr$N-u cat /tmp/f
any	d cp ctr$N-u:/tmp/f - | tar tf -
any	d cp -q ctr$N-u:/tmp/f $WORK/g$N; cat $WORK/g$N
any	d cp ctr$N-u:/nosuch .
any	d cp /tmp/nosuch ctr$N-u:/tmp
any	d cp ctr$N-u:/tmp/f /nosuch/dir/
any	d cp ctr$N-u:/tmp/f ctr$N-u:/tmp/g
any	d cp a b
any	d cp nosuch:/x .
28	d cp a
28	d cp - -
any	d diff ctr$N-u
any	d export ctr$N-u | tar tf - | grep -c ^bin/
any	d export nosuch
any	d export -o /nosuch/dir/x ctr$N-u
any	d export -o $WORK/x$N.tar ctr$N-u && test -s $WORK/x$N.tar
any	d import $WORK/x$N.tar ctr$N:imported | cut -c 1-7
any	d import -c 'CMD ["echo","imported"]' -m note $WORK/x$N.tar ctr$N:imported2 | cut -c 1-7
any	d run --rm ctr$N:imported2
any	d import /nosuch
any	d import -c 'BOGUS x' $WORK/x$N.tar
any	d history --format '{{.Comment}}' ctr$N:imported2
any	d commit ctr$N-u ctr$N:v1 | cut -c 1-7
any	d commit -a me -m why -c 'ENV A=b' -c 'CMD ["true"]' ctr$N-u ctr$N:v2 | cut -c 1-7
any	d inspect -f '{{.Author}} {{.Comment}} {{json .Config.Cmd}} {{.Config.Env}}' ctr$N:v2
any	d commit nosuch
any	d commit -c bogus ctr$N-u
any	d commit ctr$N-u Bad:name
28	d commit
any	d save ctr$N:v1 | tar tf - | grep -c json
any	d save -o $WORK/s$N.tar ctr$N:v1 busybox
any	d save nosuch
any	d save -o /nosuch/dir/x busybox
28	d save
28	d save --platform linux/amd64 busybox
any	d rmi ctr$N:v1
any	d load -i $WORK/s$N.tar
any	d load -q -i $WORK/s$N.tar
any	d load <$WORK/s$N.tar
any	d load -i /nosuch
any	echo garbage | d load
28	d load --platform linux/amd64 -i $WORK/s$N.tar
any	d images ctr$N --format '{{.Repository}}:{{.Tag}}' | sort
any	d images --filter reference='ctr$N:v*' -q | wc -l
any	d images --filter dangling=true
any	d images --filter before=ctr$N:v1 --format '{{.Repository}}' | sort
28	d images --filter bogus=x
any	d images --filter label=nosuch -q
any	d images -a --format 'table {{.Tag}}\t{{.Size}}' ctr$N
28	d images a b
any	d image inspect nosuch
28	d image inspect --platform linux/amd64 busybox
28	d rmi --platform linux/amd64 busybox
28	d history --platform linux/amd64 busybox
any	mkdir -p $WORK/b$N; printf 'FROM busybox\nARG X=1\nENV Y=$X\nRUN echo $Y >/y\nCMD ["cat","/y"]\n' >$WORK/b$N/Dockerfile
any	DOCKER_BUILDKIT=0 d build -q -t ctr$N:built $WORK/b$N 2>&1 | grep -v DEPRECATED | grep sha256
any	d run --rm ctr$N:built
any	DOCKER_BUILDKIT=0 d build -q --build-arg X=7 -t ctr$N:built7 $WORK/b$N 2>&1 | grep -c sha256; d run --rm ctr$N:built7
28	DOCKER_BUILDKIT=0 d build 2>&1 | tail -n 5
28	DOCKER_BUILDKIT=0 d build /nosuch/dir 2>&1 | tail -n 1
28	DOCKER_BUILDKIT=0 d build -f nosuch $WORK/b$N 2>&1 | tail -n 1
28	DOCKER_BUILDKIT=0 d build -t 'Bad Tag' $WORK/b$N 2>&1 | tail -n 5
any	d image history -q ctr$N:built | wc -l
any	d rmi ctr$N:built ctr$N:built7 | grep Untagged
any	d rmi -f ctr$N:v1 ctr$N:v2 ctr$N:imported ctr$N:imported2 | grep Untagged
any	d rm -f ctr$N-u
any	sleep 1; d events --since 5m --until 0s --filter container=ctr$N-u --filter event=update --filter event=create --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Scope}}'
any	d events --since 5m --until 0s --filter type=network --filter network=ctr$N-net --format '{{.Action}}'
any	d events --since 5m --until 0s --filter volume=ctr$N-vol --format '{{json .Action}} {{.Actor.ID}}'
any	d events --since 5m --until 0s --filter container=ctr$N-u --filter event=create --format json | grep -o '"Action":"create"'
any	d events --since 5m --until 0s --filter container=ctr$N-u --filter event=create | cut -d' ' -f2,3
28	d events --filter x
28	d events --format '{{.Nosuch}}' --since 5m --until 0s
28	d events extra
any	d version --format '{{.Client.Os}} {{.Server.APIVersion}} {{.Server.Arch}}'
any	d version --format json | grep -o '"Server":{"Platform"'
28	d version extra
any	d info --format '{{json .SecurityOptions}} {{.Swarm.LocalNodeState}} {{len .Plugins.Volume}}'
any	d info --format json | grep -o '"NCPU"'
28	d info --format '{{.Nosuch}}'
any	d system info --format '{{.Driver}}'
28	d system 2>&1 | head -n 3
28	d system df extra
any	d system df --format json | cut -c 1-10
any	d system events --since 5m --until 0s --filter event=nosuch
any	d image ls -q nosuch
any	d container stats --no-stream --format '{{.Name}}' nosuch
any	d container logs nosuch
28	d image prune --filter bogus=1 -f
28	d container prune --filter bogus=1 -f
28	d volume prune --filter bogus=1 -f
28	d network prune --filter bogus=1 -f
28	d system prune --filter until=x -f
any	echo n | d container prune
any	echo n | d image prune -a
any	echo n | d volume prune
any	echo n | d network prune
any	echo n | d system prune
any	echo n | d system prune -a --volumes
28	d logout localhost:1
28	d login -u a -p b localhost:1 2>&1 | head -n 2
28	echo x | d login --password-stdin localhost:1
28	d login --password-stdin -u a -p b localhost:1
28	d search a b
28	d search --limit 200 x
any	d push nosuch
28	d push -a busybox:latest
28	d push
28	d push Bad
28	d pull -a busybox:latest
any	d pull -q -a busybox
28	d pull --platform bogus/x/y/z busybox
28	d run --blkio-weight-device /dev/x busybox true
28	d run --blkio-weight-device x:10 busybox true
28	d run --blkio-weight-device /dev/x:5 busybox true
28	d run --help | head -n 1
28	d container 2>&1 | head -n 3
28	d image 2>&1 | head -n 3
28	d --help container | head -n 1
28	d help run | head -n 1
28	d help container ls | head -n 1
28	d stats --nosuch
28	d rename a b c
28	d wait --nosuch x
28	d top nosuch -o pid
28	d port nosuch 80
28	d port nosuch 80/xyz
28	d kill --signal
28	d restart --time=x a
28	d inspect --type bogus x
28	d inspect -f '{{.a' x
28	d logs --tail x nosuch
28	d exec -e =x nosuch true
28	d exec --env-file /nonexistent nosuch true
28	d exec -it nosuch true
28	d attach nosuch
28	d start --attach a b
28	d create --name
28	d --tlsverify=maybe ps
28	d --config
28	d -c nosuch ps
28	d -c default -H $DOCKER_HOST ps
28	d context ls
28	d context create ctr$N-ctx --docker host=unix:///nonexistent.sock
28	d context create ctr$N-ctx --docker host=unix:///nonexistent.sock
28	d context create ctr$N-two --description word --docker host=$DOCKER_HOST
28	d context create ctr$N-three --from ctr$N-two
28	d context create a/b
28	d context create default
28	d context create ctr$N-x --docker xxx
28	d context ls
28	d context ls -q
28	d context ls --format '{{.Name}} {{.Current}} {{.DockerEndpoint}}'
28	d context ls --format json
28	d context inspect ctr$N-two
28	d context inspect
28	d context inspect nosuch
28	d context inspect -f '{{.Name}} {{.Endpoints.docker.Host}}' ctr$N-two
28	d context show
28	d -c ctr$N-ctx ps
28	d -c ctr$N-two ps -q --filter name=nosuch
28	d context use ctr$N-ctx
28	d context use nosuch
28	DOCKER_HOST= d context show
28	DOCKER_HOST= d ps
28	DOCKER_HOST= d context ls -q
28	DOCKER_CONTEXT=ctr$N-two DOCKER_HOST= d context show
28	DOCKER_HOST= d context rm ctr$N-ctx
28	d context update ctr$N-two --description other
28	d context update nosuch
28	d context update default
28	d context rm nosuch ctr$N-three
28	d context rm -f nosuch
28	d context rm default
28	DOCKER_HOST= d context rm -f ctr$N-ctx ctr$N-two
28	DOCKER_HOST= d context show
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

# Ids, digests, times, sizes of the daemon's own making, our hints, a slip of docker's.
normal() {
	sed -E \
		-e '/^Hint: /d' -e 's/^SRun /Run /' \
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
export CLI N WORK

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
