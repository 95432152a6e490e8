#!/usr/bin/env bash
# The browser tests: the page against a canned node, then a real call through two nodes. Log of node's test runner in $1.
set -uo pipefail
cd "$(dirname "$0")/.."
log=${1:-/dev/null}
: >"$log"
chromium=$(command -v chromium-headless-shell || command -v chromium || true)
if [ -z "$chromium" ] || [ ! -d web/node_modules/playwright-core ]; then
  echo 'SKIPPED: browser tests need Chromium, Node 20 and the npm packages of web/'
  echo '# skipped 1' >>"$log" # all of them, for the count of test/run.sh
  exit 0
fi
export CHROMIUM=$chromium CGO_ENABLED=0
fail=0
tmp=$(mktemp -d)
demo=
finish() {
  if [ -n "$demo" ]; then kill -INT "$demo" 2>/dev/null; wait "$demo" 2>/dev/null; fi
  rm -rf "$tmp"
}
trap finish EXIT

go build -o "$tmp/visavis" ./cmd/visavis && go build -o "$tmp/visavis-demo" ./cmd/visavis-demo && go build -o "$tmp/publicstore" ./test/publicstore || exit 1

# run prints a line for each test, and all that a failed one has to say.
run() {
  node --test --test-concurrency=1 --test-reporter=tap "$@" 2>&1 | tee -a "$log" |
    awk '/^ *(not )?ok /{bad=/not ok/; print; next} /^# (pass|fail|skipped)/{print; next} /^ *\.\.\.$/{bad=0} bad'
  return "${PIPESTATUS[0]}"
}

pages=$(ls web/e2e/*.test.mjs 2>/dev/null | grep -v "/call" || true)
if [ -n "$pages" ]; then VISAVIS_BIN="$tmp/visavis" VISAVIS_DEMO="$tmp/visavis-demo" VISAVIS_STORE="$tmp/publicstore" run $pages || fail=1; fi

"$tmp/visavis-demo" --informal --visavis "$tmp/visavis" --dir "$tmp/demo" --links "$tmp/links.json" --for 10m >"$tmp/demo.log" 2>&1 &
demo=$!
for _ in $(seq 300); do
  [ -s "$tmp/links.json" ] && break
  kill -0 "$demo" 2>/dev/null || break
  sleep 0.1
done
if [ ! -s "$tmp/links.json" ]; then echo 'the demo did not come up:'; tail -n 40 "$tmp/demo.log"; exit 1; fi
VISAVIS="$tmp/visavis" VISAVIS_DEMO_LINKS="$tmp/links.json" run web/e2e/call*.test.mjs || { fail=1; tail -n 60 "$tmp/demo.log"; }
exit $fail
