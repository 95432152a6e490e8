#!/usr/bin/env bash
# make fuzz: every fuzz target, FUZZTIME each (default 60s), one after the other.
# An input of several kB is made smaller for up to a minute where nothing says otherwise, and nothing else is tried meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-60s}
for pkg in $(go list ./internal/...); do
  for f in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
    echo "== $pkg $f"
    go test -run '^$' -fuzz "^$f\$" -fuzztime "$time" -fuzzminimizetime 10x "$pkg"
  done
done
