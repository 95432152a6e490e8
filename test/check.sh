#!/usr/bin/env bash
# The checks that read code and run nothing: format, vet, staticcheck, types of the page. Whether web/dist is what its sources give is
# tested by go test ./web/bundle.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
fail=0
step() { printf '\n== %s\n' "$*"; }

step gofmt
unformatted=$(git ls-files '*.go' | xargs -r gofmt -l)
if [ -n "$unformatted" ]; then printf 'not formatted:\n%s\n' "$unformatted"; fail=1; fi

step go vet
go vet ./... || fail=1

step staticcheck
go tool staticcheck ./... || fail=1

step tsc
bash test/browser-tools.sh --npm-only
if [ -x web/node_modules/.bin/tsc ]; then (cd web && node_modules/.bin/tsc --noEmit) || fail=1; else echo 'SKIPPED: tsc (npm could not install it)'; fi

exit $fail
