#!/bin/bash
# The wrong paths of the steps, really gone with the real engine: `check` must
# answer with its own id; and right ways that are not the lecture's. A learner of
# its own for each, so that their journals stay apart. timeout: 600
#
#	RECORD=1 tests/lab/wrong_runs_test.sh	keeps the runs (helpers/runs.sh)
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/runs.sh"

plan 47
wrong s1.w1 'echo "Hello from Docker!"'
wrong s1.w2 'docker pull hello-world'
wrong s1.w3 'docker run hello-world bash'
wrong s1.w4 'docker run helo-world'
wrong s1.w5 'docker run hello-world' 'docker ps' 'docker run hello-world'

wrong s2.w1 "docker run $U bash"
wrong s2.w2 "docker run -i $U bash" 'exit'
wrong s2.w3 'apt-get install --version | head -n 1'
wrong s2.w4 "$WORK/inside $U 'rm -rf /var/lib/apt/lists' 'apt-get install -y nano' exit"
wrong s2.w5 "$WORK/inside $U %w '\020\021' %w"
wrong s2.w6 "$WORK/inside $U 'apt-get update; apt-get install -y nano; exit'" "$WORK/inside $U exit"
wrong s2.w7 "$WORK/inside $U 'apt-get update; apt-get install -y nano; exit'" "docker run $U python3 --version"
wrong s2.w8 "$WORK/inside $U exit" 'exit' 'exit'

wrong s3.w1 "docker run -d -p 80:8080 $N"
wrong s3.w2 "docker run -d $N" 'curl -s http://localhost:8080'
wrong s3.w3 "docker run -d -p 8080:80 --name ww $N" 'docker exec ww curl -s localhost'
wrong s3.w4 "docker run -d -p 8081:80 $N" 'curl -s http://localhost:8080'
wrong s3.w5 "docker create --name my-nginx $U" "docker run -d -p 8080:80 --name my-nginx $N"
wrong s3.w6 "docker run -d -p 8080:80 --name ww $N" 'sleep 0.3' 'curl -s http://localhost:8080' 'docker logs ww' 'docker rm ww'
wrong s3.w7 "docker run -d -p 8080:80 --name ww $N" 'sleep 0.3' 'curl -s http://localhost:8080' 'docker logs ww' \
	'docker stop ww' 'next'
wrong s3.w8 "docker run -d --name oo $N" "docker run -d -p 8080:80 --name ww $N" \
	'sleep 0.3' 'curl -s http://localhost:8080' 'docker logs oo'
wrong s3.w9 "timeout 2 docker run -p 8080:80 $N"

hello="echo \"print('Hello from Docker!')\" > /tmp/test.py"
wrong s4.w1 "${hello//tmp/root/../tmp}"
wrong s4.w2 "$WORK/inside '--rm $P' 'python --version' exit"
wrong s4.w3 "$WORK/inside '--name ww $P' 'echo 1 > /tmp/test.py' 'python /tmp/test.py' exit" \
	'docker start ww' 'docker exec ww cat /tmp/test.py' 'next'
wrong s4.w4 "$WORK/inside $P 'echo 1 > /tmp/test.py' 'python /tmp/test.py' exit" "docker run $P cat /tmp/test.py"
wrong s4.w5 "$WORK/inside $P 'echo print(x > /tmp/test.py' \"echo 'print(' > /tmp/test.py\" 'python /tmp/test.py' exit"
wrong s4.w6 "$WORK/inside $P \"python -c 'print(1)'\" exit"

wrong s5.w1 "docker pull $P"
wrong s5.w2 "docker history $P" "answer layers $(rows $P)"
wrong s5.w3 'predict skip' 'predict b' "docker pull $P"
wrong s5.w5 'docker exec 01234567 ls'

wrong s6.w1 "$WORK/inside $U 'echo x > /data.txt' exit" "docker run $U cat /data.txt"
wrong s6.w2 "$WORK/inside '--name ww $U' 'echo x > /data.txt' exit" 'docker exec ww cat /data.txt'
wrong s6.w3 "$WORK/inside '--name ww $U' 'echo x > /data.txt' exit" 'docker start ww' 'docker exec ww cat /data.txt' 'docker rm ww'
wrong s6.w4 "$WORK/inside '--rm $U' 'echo x > /data.txt' exit"
wrong s6.w5 'echo "Important data" > /tmp/data.txt'
wrong s6.w7 "docker create --name temp-container hello-world" "docker run --name temp-container $U true"
wrong s6.w8 'predict b' "$WORK/inside '--name ww $U' 'echo x > /data.txt' exit" 'docker start ww' \
	'docker exec ww cat /data.txt' 'docker stop -t 1 ww'

right 1 version 'docker version' 'docker pull hello-world' 'docker run --name hi hello-world' 'docker logs hi'
right 4 own-file "$WORK/inside '--name ww $P' 'echo 1 > /tmp/own.py' 'python3 /tmp/own.py' exit" \
	'docker diff ww' 'docker start ww' 'docker exec ww cat /tmp/own.py' "docker run $P ls /tmp"
right 6 own-file "$WORK/inside '--name kept $U' 'echo mine > /own.txt' exit" 'docker start kept' \
	'docker exec kept cat /own.txt' 'docker rm -f kept' "docker run $U cat /own.txt"
n="$(layers $N) $(rows $N)" p="$(layers $P) $(rows $P)"
docker rmi $P $N $U >/dev/null
right 5 base-first "docker pull $U" "docker pull $N" "docker history $N" \
	"answer layers ${n% *}" "answer history ${n#* }"
docker rmi $P $N $U >/dev/null 2>&1
right 5 other-image "docker pull $P" "docker pull $N" "docker history $P" \
	"answer layers ${p% *}" "answer history ${p#* }"
right 3 forced "docker run -d -p 9090:80 --name web $N" 'sleep 0.3' 'curl -s http://localhost:9090' 'docker logs web' \
	'docker rm -f web'
like "$(tail -n 12 "$WORK/said")" "note: You removed it by force" "a note about how it was done"
stop_daemon
leak_check "nothing is left behind"
