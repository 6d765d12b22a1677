#!/bin/bash
# gift_read.sh - records what gift-pegjs (npm, MIT) reads in our GIFT export, for
# quiz_exchange_test.sh.  To be run again when questions or the export change:
#
#	npm install gift-pegjs@1.0.2
#	NODE_PATH=$PWD/node_modules tests/lab/gift_read.sh build/drydock
set -euo pipefail
out=$(dirname "$0")/gift_read.jsonl
gift=$(mktemp)
trap 'rm -f "$gift"' EXIT
"$1" quiz --export gift >"$gift"
{
	sha256sum <"$gift" | cut -d ' ' -f 1
	node -e '
const { parse } = require("gift-pegjs");
for (const q of parse(require("fs").readFileSync(0, "utf8"))) {
	if (q.type != "MC") continue;
	const f = c => c.feedback ? c.feedback.text : null;
	console.log(JSON.stringify([q.id, q.tags, q.stem.text, q.globalFeedback.text,
		q.choices.map(c => [c.text.text, c.isCorrect, f(c)])]));
}' <"$gift"
} >"$out"
