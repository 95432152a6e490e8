#!/usr/bin/env bash
# Part (b) of make measure-forward: a whole node from outside beside a plain pion/webrtc forwarder. About eight minutes.
# Arguments go to the program: --rounds 3, --memory 0, --raw, …
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
go build -o bin/measure-whole ./measure/whole || exit 1
go build -o bin/measure-plain ./measure/plain || exit 1
[ -x bin/visavis ] || go build -trimpath -o bin/visavis ./cmd/visavis || exit 1
exec bin/measure-whole "$@"
