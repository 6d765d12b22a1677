#!/bin/bash
# The lecture's model service, labs/images/my-ml-api, by the unmodified client and with
# no network but our own: built, run three times from one image, pushed, pulled, its
# code changed.  What it answers is compared with the model inside the image.
# timeout: 240
. "$(dirname "$0")/../helpers/tap.sh"
isolate "$0" "$@"
need_real_docker
need curl python3
IMAGES=course
start_daemon --bridge ddml0
export DOCKER_BUILDKIT=0
d() { timeout 120 "$CLIENT" "$@"; }
cp -a "$DRYDOCK_LABS/images/my-ml-api" "$WORK/app"
cd "$WORK/app" || bail "no example"

customers='[[3, 95.5, 4], [40, 30, 0], [12, 80, 2]]'
# What the service should say, by the model of the image: rounded probabilities.
by_model() {	# IMAGE
	d run --rm "$1" python -c "import train
for p in train.load().predict_proba($customers): print(round(p[1], 4))"
}
by_service() {	# PORT
	python3 -c "for c in $customers: print('{\"tenure_months\": %s, \"monthly_charge\": %s, \"support_calls\": %s}' % tuple(c))" |
		while read -r customer; do
			curl -s -m 5 -H 'Content-Type: application/json' -d "$customer" "localhost:$1/predict"
			echo
		done | sed -n 's/.*"probability":\([0-9.]*\)}/\1/p'
}
# The steps that a build took from its cache.
cached() { awk '/^Step/ { step = $4 } /Using cache/ { print step }' | tr '\n' ' '; }
answers() { curl -sf -m 5 "localhost:$1/health"; }

# -- build
out=$(d build -t my-ml-api:v1 . 2>&1)
like "$out" 'Successfully tagged my-ml-api:v1' "it is built"
like "$out" 'Processing /usr/share/drydock/wheels/scikit_learn-' "with Debian's scikit-learn, from inside the image"
like "$out" '^trained: right about [0-9.]+% ' "and trained"
is "$(d run --rm my-ml-api:v1 python -c '
import train
model, score = train.train()
left = train.customers()[1]
print(score > max(left.mean(), 1 - left.mean()) + 0.1)')" True "its model knows more than which answer is the most frequent"
is "$(d run --rm my-ml-api:v1 pip check)" "No broken requirements found." "pip finds its packages complete"
is "$(d history --format '{{.CreatedBy}}' --no-trunc my-ml-api:v1 | sed -nE \
	's/.*(bootstrap|install python3|pip install|python train|nop\) COPY).*/\1/p' | tac | tr '\n' ';')" \
	'bootstrap;install python3;nop) COPY;pip install;nop) COPY;python train;nop) COPY;' \
	"layers: operating system, Python, packages, model, code"

# -- one image, three containers
for port in 8000 8001 8002; do
	d run -d -p $port:8000 --name api-$port my-ml-api:v1 >/dev/null
done
expected=$(by_model my-ml-api:v1)
is "$(wc -w <<<"$expected")" 3 "the model says something about each customer"
for port in 8000 8001 8002; do
	eventually answers $port
	is "$(by_service $port)" "$expected" "port $port answers as the model does"
done
is "$(d ps -q --filter ancestor=my-ml-api:v1 | wc -l)" 3 "three containers of one image"
is "$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{"tenure_months": "long"}' \
	localhost:8000/predict)" 422 "what is no customer is refused"
like "$(d logs api-8001 2>&1)" 'POST /predict HTTP/1.1" 200' "its log tells of the visits"
d rm -f api-8000 api-8001 api-8002 >/dev/null

# -- push
d tag my-ml-api:v1 myuser/my-ml-api:v1
out=$(d push myuser/my-ml-api:v1 2>&1)
like "$out" '^v1: digest: sha256:' "pushed, as the lecture prints it"
layers=$(d image inspect -f '{{len .RootFS.Layers}}' my-ml-api:v1)
is "$(grep -cE ': (Pushed|Layer already exists|Mounted from)' <<<"$out")" "$layers" "each layer has its line"

# -- a change of the code
sed -i 's/version="1.0"/version="1.1"/' api.py
out=$(d build -t myuser/my-ml-api:v2 . 2>&1)
is "$(cached <<<"$out")" "WORKDIR COPY RUN COPY RUN " "a change of the code: all before it comes from the cache"
unlike "$out" 'Running in' "nothing is installed or trained again"
out=$(d push myuser/my-ml-api:v2 2>&1)
is "$(grep -c ': Pushed' <<<"$out")" 1 "one layer is pushed"
is "$(grep -c ': Layer already exists' <<<"$out")" $((layers - 1)) "the others are there already"
d run -d -p 8000:8000 --name api myuser/my-ml-api:v2 >/dev/null
eventually answers 8000
like "$(answers 8000)" '"version":"1.1"' "the new code answers"
is "$(by_service 8000)" "$expected" "by the same model"

# -- the preview of 7.5
like "$(d build -t churn-api -f churn-api.Dockerfile . 2>&1)" 'Successfully tagged churn-api:latest' \
	"churn-api is built from the Dockerfile as printed"
d run -d -p 8003:8000 --name churn churn-api >/dev/null
eventually answers 8003
is "$(by_service 8003)" "$expected" "it trains the same model when it starts"
start=$SECONDS
d stop api churn >/dev/null
ok "both stop when they are asked to" test $((SECONDS - start)) -lt 8
is "$(docker build -q -t churn-api -f churn-api.Dockerfile .)" "$(d image inspect -f '{{.Id}}' churn-api)" \
	"our client builds the same, from the cache"
d rm api churn >/dev/null

# -- pull, where nothing of it is left
d rmi my-ml-api:v1 myuser/my-ml-api:v1 myuser/my-ml-api:v2 churn-api >/dev/null
like "$(d pull myuser/my-ml-api:v1 2>&1)" 'Downloaded newer image for myuser/my-ml-api:v1' "v1 is pulled again"
is "$(by_model myuser/my-ml-api:v1)" "$expected" "the model that came back is the same"
out=$(d build --cache-from myuser/my-ml-api:v1 -t my-ml-api:v2 . 2>&1)
is "$(cached <<<"$out")" "WORKDIR COPY RUN COPY RUN " "what was pulled is a cache, if it is named as one"
stop_daemon
leak_check "nothing is left behind"
done_testing
