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

go build -o "$tmp/visavis" ./cmd/visavis && go build -o "$tmp/visavis-demo" ./cmd/visavis-demo || exit 1

# run gives its files to node's test runner. What fails is run once more, and what it says then counts (see suite in test/run.sh).
run() {
  for attempt in 1 2; do
    if once "$@" | tee "$tmp/seen"; then cat "$tmp/tap" >>"$log"; return 0; fi
    [ $attempt = 2 ] || echo "FAILED AT FIRST (load $(cut -d' ' -f1 /proc/loadavg)), run once more: $*"
  done
  cat "$tmp/tap" >>"$log"
  return 1
}
once() { node --test --test-concurrency=1 --test-reporter=tap "$@" 2>&1 | tee "$tmp/tap" | grep -E '^ *(not ok|ok|# (pass|fail|skipped)|  (error|failureType|expected|actual):)'; return "${PIPESTATUS[0]}"; }

pages=$(ls web/e2e/*.test.mjs 2>/dev/null | grep -v '/call' || true)
for page in $pages; do run "$page" || fail=1; done

# call starts a demo of its own and makes the call through its two nodes.
call() {
  "$tmp/visavis-demo" --visavis "$tmp/visavis" --dir "$tmp/demo$1" --links "$tmp/links$1.json" --for 10m >"$tmp/demo.log" 2>&1 &
  demo=$!
  for _ in $(seq 300); do
    [ -s "$tmp/links$1.json" ] && break
    kill -0 "$demo" 2>/dev/null || break
    sleep 0.1
  done
  if [ ! -s "$tmp/links$1.json" ]; then echo 'the demo did not come up:'; tail -n 40 "$tmp/demo.log"; exit 1; fi
  VISAVIS_DEMO_LINKS="$tmp/links$1.json" once web/e2e/call*.test.mjs
  local code=$?
  kill -INT "$demo" 2>/dev/null
  wait "$demo" 2>/dev/null
  demo=
  return $code
}
if ! call 1; then
  echo "FAILED AT FIRST (load $(cut -d' ' -f1 /proc/loadavg)), called once more"
  call 2 || { fail=1; tail -n 60 "$tmp/demo.log"; }
fi
cat "$tmp/tap" >>"$log"
exit $fail
