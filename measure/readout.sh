#!/usr/bin/env bash
# make measure-readout: what the readout promises, one line each; exit 1 when one falls short. Needs Chromium and Node 20 for site and way.
# Arguments name parts: intake, site, way; without any all are measured. After -- they go to the programs: measure/readout.sh site -- -browser-changes 100
set -uo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
parts=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do parts+=("$1"); shift; done
[ "${1:-}" = -- ] && shift
[ ${#parts[@]} -gt 0 ] || parts=(intake site way)
mkdir -p bin
CHROMIUM=${CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || true)}
export CHROMIUM
fail=0
for part in "${parts[@]}"; do
  go build -o "bin/measure-readout-$part" "./measure/readout/$part" || exit 1
  if [ "$part" != intake ]; then
    go build -trimpath -o bin/visavis ./cmd/visavis && go build -trimpath -o bin/visavis-demo ./cmd/visavis-demo && go build -o bin/publicstore ./test/publicstore || exit 1
    export VISAVIS_BIN=$PWD/bin/visavis VISAVIS_DEMO=$PWD/bin/visavis-demo VISAVIS_STORE=$PWD/bin/publicstore
  fi
  "bin/measure-readout-$part" "$@" || fail=1
done
exit $fail
