#!/usr/bin/env bash
# make fuzz: every fuzz target, FUZZTIME each (default 60s), one after the other; the first that finds something ends it.
# An input of several kB is made smaller for up to a minute where nothing says otherwise, and nothing else is tried meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-60s}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# timeup says whether a run that failed only came to its end: Go 1.26 takes one for the other now and then (golang/go#75804). All that it
# says then is this one line; of an input that fails it says what failed and where it has written it. One that it was still making smaller
# when the time was up, or has written without a word, is a find as well.
timeup() {
  [ "$(sed -n '/^--- FAIL: Fuzz/,$p' "$said" | sed -n '2,3p')" = $'    context deadline exceeded\nFAIL' ] &&
    ! grep -q -e 'Failing input' -e '^fuzz: minimizing .* failing input' "$said" && [ "$(inputs)" = "$had" ]
}

# inputs are the inputs that failed once, with what is in them: as git has them or not, and in a tree without git.
inputs() {
  find internal -path '*/testdata/fuzz/*' -type f -exec cksum {} + | sort
}

for pkg in $(go list ./internal/...); do
  for f in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
    echo "== $pkg $f"
    had=$(inputs)
    go test -run '^$' -fuzz "^$f\$" -fuzztime "$time" -fuzzminimizetime 10x "$pkg" 2>&1 | tee "$said" || timeup
  done
done
