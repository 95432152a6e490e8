#!/usr/bin/env bash
# make measure-meeting: what the rules of a formal meeting promise, one line each; exit 1 when one falls short.
# Arguments go to the program: --only close, --rounds 5, …
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
go build -o bin/measure-meeting ./measure/meeting || exit 1
[ -x bin/visavis ] || go build -trimpath -o bin/visavis ./cmd/visavis || exit 1
exec bin/measure-meeting "$@"
