#!/usr/bin/env bash
# make test: everything. Counts what ran; fails when anything failed or nothing ran.
set -uo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
fail=0
passed=0 failed=0 skipped=0
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

note() { printf '\n==== %s\n' "$*"; }

# count adds the results of one `go test -v` log.
count() {
  passed=$((passed + $(grep -c '^ *--- PASS' "$1"))); failed=$((failed + $(grep -c '^ *--- FAIL' "$1"))); skipped=$((skipped + $(grep -c '^ *--- SKIP' "$1")))
}

note 'tools'
bash test/browser-tools.sh

note 'checks'
bash test/check.sh || { fail=1; echo 'CHECKS FAILED: see above'; }

note 'go test'
go test -count=1 -timeout 15m -v ./... >"$out/go.log" 2>&1 || fail=1
count "$out/go.log"
grep -E '^(FAIL|ok|panic|--- FAIL)|^ *--- (FAIL|SKIP)|_test.go:[0-9]+:.*(SKIP|skip)' "$out/go.log" || true
[ $fail -eq 0 ] || grep -vE '^(=== |--- PASS| *--- PASS|ok |\?)' "$out/go.log" | tail -n 150

note 'race detector'
if command -v cc >/dev/null; then
  CGO_ENABLED=1 go test -race -count=1 -short -timeout 15m ./internal/... >"$out/race.log" 2>&1 || { fail=1; tail -n 80 "$out/race.log"; }
  grep -E '^(FAIL|ok)' "$out/race.log" || true
else
  echo 'SKIPPED: the race detector needs a C compiler'
fi

note 'browser'
bash test/browser.sh "$out/browser.log" || fail=1
if [ -f "$out/browser.log" ]; then
  p=$(sed -n 's/^# pass \([0-9]*\)$/\1/p' "$out/browser.log" | awk "{s+=\$1} END {print s+0}"); passed=$((passed + ${p:-0}))
  p=$(sed -n 's/^# fail \([0-9]*\)$/\1/p' "$out/browser.log" | awk "{s+=\$1} END {print s+0}"); failed=$((failed + ${p:-0}))
  p=$(sed -n 's/^# skipped \([0-9]*\)$/\1/p' "$out/browser.log" | awk "{s+=\$1} END {print s+0}"); skipped=$((skipped + ${p:-0}))
fi

note 'result'
[ $passed -gt 0 ] || { echo 'no test ran'; fail=1; }
[ $failed -eq 0 ] || fail=1
echo "$passed passed, $failed failed, $skipped skipped"
exit $fail
