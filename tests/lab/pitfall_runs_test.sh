#!/bin/bash
# The four pitfalls, really fallen into with the real engine: wrong ways must get their own
# answer, right ways (several for each) must be accepted.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/runs.sh"

# held SIGNAL OPTIONS...: docker run in the foreground, and the signal for the client as soon
# as the container runs, however long that takes.
cat >"$WORK/held" <<'END'
#!/usr/bin/python3
import os, signal, subprocess, sys, time
client = subprocess.Popen(["docker", "run", "--cidfile", os.environ["WORK"] + "/cid", *sys.argv[2:]])
quiet = {**os.environ, "DRYDOCK_ACTOR": "engine"}
def running():
    try:
        cid = open(os.environ["WORK"] + "/cid").read()
    except FileNotFoundError:
        return False
    return cid and subprocess.run(["docker", "ps", "-q", "--no-trunc"], capture_output=True, text=True,
                                  env=quiet).stdout.find(cid) >= 0
while client.poll() is None and not running():
    time.sleep(0.05)
client.send_signal(getattr(signal, sys.argv[1]))
client.wait()
os.unlink(os.environ["WORK"] + "/cid")
END
chmod +x "$WORK/held"
held="$WORK/held SIGINT $N"	# Ctrl-C
up() { echo "until docker inspect -f '{{.State.Running}}' $1 2>/dev/null | grep -q true; do sleep 0.1; done"; }	# NAME
wrong p1.w1 "docker run $N -d"
wrong p1.w2 "docker run --name ww $N &" "$(up ww)" 'docker rm -f ww'
wrong p1.w5 "$held" "docker run -d --name back $U bash" 'docker wait back' 'docker ps'
wrong p1.w6 "$held" "docker run -dit $N"
wrong p1.w3 "$WORK/held SIGKILL --name ww $N"
# Ctrl-C at a program that ignores it: the client stays until somebody else stops the container.
wrong p1.w4 "$WORK/held SIGINT --name ww $U sleep 60 &" "$(up ww)" 'sleep 1' 'docker stop -t 1 ww' 'wait'
wrong p1.w5-sh "$held" "docker run -d --name back $U sh" 'docker wait back'
wrong p1.w6-shell "$held" "docker run -it -d --name back $U bash"
right 7 lecture "$held" "docker run -d $N" 'docker ps'
right 7 stopped "docker run --name web $N & $(up web); docker stop web; wait" "docker run -d --name back $N" 'docker logs back'
right 7 other-program "$WORK/held SIGKILL --name one $U sleep 60" 'docker rm -f one' \
	"docker run --detach $U sleep 60" 'docker inspect --format "{{.State.Status}}" $(docker ps -lq)'
right 7 look-top "$held" "docker run -d --name top $N" 'docker top top'
right 7 create-start "$held" "docker create --name later $N" 'docker start later' 'docker ps -a'

web() { echo "docker run -d -p $1:$2 --name $3 $N"; }	# OUTSIDE INSIDE NAME
page='curl -s --retry 9 --retry-all-errors --retry-delay 1 -o /dev/null http://localhost:'
wrong p2.w1 "$(web 8000 80 aa)" "$(web 8000 80 bb)" "$(web 8000 81 cc)"
wrong p2.w2 "$(web 8000 80 aa)" "$(web 8000 80 bb)" 'docker stop aa'
wrong p2.w4 "$(web 8000 80 aa)" "$(web 8000 80 bb)" "$(web 8001 80 bb)"
wrong p2.w5 "$(web 8000 80 aa)" "$(web 8000 80 bb)" "$(web 8000 80 cc)"
wrong p2.w6 "$(web 8000 80 aa)" "$(web 8001 80 bb)"
wrong p2.w1-removed "$(web 8000 80 aa)" "$(web 8000 80 bb)" 'docker rm bb' "$(web 8000 8080 bb)"
wrong p2.w3 "$(web 8000 80 aa)" "$(web 8000 80 bb)" 'kill -0 1'
wrong p2.w4-same "$(web 8000 80 aa)" "$(web 8000 80 bb)" "$(web 8000 80 bb)"
right 8 lecture "$(web 8000 80 aa)" "$(web 8000 80 bb)" "$(web 8001 80 cc)" "${page}8000" "${page}8001" 'docker ps -a'
right 8 removed "$(web 9000 80 aa)" "$(web 9000 80 bb)" 'docker rm bb' "$(web 9001 80 bb)" "${page}9000" "${page}9001"
right 8 after-detour "$(web 8000 80 aa)" "$(web 8000 80 bb)" "$(web 8000 81 cc)" 'docker rm bb cc' "$(web 8002 80 cc)" \
	"${page}8002" "${page}8000"
right 8 create-start "docker create -p 8000:80 --name aa $N" 'docker start aa' "docker create -p 8000:80 --name bb $N" \
	'docker start bb' "$(web 8123 80 cc)" "${page}8000" "${page}8123" 'docker container ls --all'
right 8 pages-first "$(web 8000 80 aa)" "${page}8000" "$(web 8000 80 bb)" 'docker ps -a' "$(web 8001 80 cc)" "${page}8001" \
	"${page}8000"

# The seed makes from two to five containers, and one with the report: so many a prune takes.
count='docker ps -aq --filter status=exited | wc -l'
prune="answer stopped \$($count)"	# a person would count and type a number
stopped() {	# LEARNER: how many that are, derived as the seed derives it
	local hex
	hex=$(printf 'drydock lecture 7.4 token for %s' "$1" | sha256sum | cut -c6)
	echo $((2 + ($(printf '%d' "'$hex") & 3) + 1))
}
wrong p3.w1 'docker ps'
wrong p3.w2 'docker ps -a' 'docker system df' 'docker rm -f busy'
wrong p3.w3 'docker ps -a' 'docker system df' 'docker container prune -f'
wrong p3.w4 'docker ps -a' 'docker image prune -f'
wrong p3.w1-images 'docker ps' 'docker images'
wrong p3.w2-both 'docker ps -a' 'docker rm -f busy keep-me'
wrong p3.w3-at-once 'docker ps -a' 'docker container prune -f'
wrong p3.w5 'docker ps -a' 'docker system df' 'docker system prune -f'
clean() { right 9 "$1" "${@:2}"; }
clean lecture 'docker ps -a' 'docker system df' "docker cp keep-me:/report.txt $WORK/report" \
	"answer stopped $(stopped right-9-lecture)" 'docker container prune -f' 'docker system df'
is "$(cat "$WORK/report")" "dd-$(printf 'drydock lecture 7.4 token for right-9-lecture' | sha256sum | cut -c1-6)" \
	"the report has the learner's own token"
clean started 'docker ps -a' 'docker start -a keep-me' 'docker system df -v' "answer stopped $(stopped right-9-started)" \
	'echo y | docker container prune' 'docker system df'
clean detour 'docker ps -a' 'docker system df' 'docker container cp keep-me:/report.txt - | tar -tf -' 'answer stopped 1' \
	"answer stopped $(stopped right-9-detour)" 'docker container prune -f' 'docker system df'
clean own "docker run --name own $U true" 'docker system df' 'docker ps -a' 'docker cp keep-me:/report.txt -' \
	"answer stopped $(($(stopped right-9-own) + 1))" 'docker container prune -f' 'docker system df'
clean one-removed 'docker ps -a' 'docker system df' 'docker cp keep-me:/report.txt -' 'docker rm old-1' \
	"answer stopped $(($(stopped right-9-one-removed) - 1))" 'docker container prune -f' 'docker system df'

said=$(printf '%s\n' 'step 9' 'docker container prune -f' 'reset --yes' 'docker ps -a' | "$DRYDOCK" --learner again 2>&1)
is "$(grep -c '  keep-me$' <<<"$said")" 1 "reset puts back what was prepared"
like "$said" "It removes container [0-9a-f]{12} \(running\)" "and takes away what was left of it"
is "$(docker ps -aq | wc -l)" "$(stopped again | awk '{ print $1 + 1 }')" "nothing is there twice"

who="docker run -d --name who $N"
wrong p4.w1 "$who" 'docker exec who useradd another'
wrong p4.w5 'whoami'
wrong p4.w6 "$who" 'docker exec who id' 'docker top who' 'answer root 0' "docker run --user nobody-here $U id"
wrong p4.w7 "$who" 'docker exec who id' 'docker top who' 'answer root 1000'
wrong p4.w1-su "$who" 'docker exec who su nginx -s /bin/id'
wrong p4.w2 'predict c' "$who" 'docker exec who id' 'docker top who'
wrong p4.w3 "docker run $U hostname other"
wrong p4.w4 "$who" 'docker exec who id' 'docker top who' 'answer root 0' "docker run --name other --user 1000 $N" 'docker wait other'
right 10 lecture "$who" 'docker exec who whoami' 'docker top who' 'answer root 0' "docker run --user 1000 $U touch /root/x"
right 10 exec-user "$who" 'docker exec who id -u' 'docker top who' 'answer root 0' \
	"docker run -d -u 1000 --name other $U sleep 60" 'docker exec other touch /etc/x'
right 10 inside "docker run -d --name who $P sleep 60" 'docker exec who id' 'docker container top who' 'answer root 0' \
	"docker run --user 33:33 $P sh -c 'cat /root/.bashrc'"
right 10 named "$who" 'docker exec who whoami' 'docker top who' 'answer root 7' 'answer root 0' \
	"docker run --user www-data $U mkdir /usr/x"
right 10 other-order "docker run --user 65534 $U touch /var/x" "$who" 'docker exec who id' 'docker top who' 'answer root 0' \
	"docker run --user 1 $U touch /var/x"
stop_daemon
leak_check "nothing is left behind"
done_testing
