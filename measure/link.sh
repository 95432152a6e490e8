#!/usr/bin/env bash
# make measure-link: the figures of the video link, one line each; exit 1 when one falls short. Needs root, Chromium and Node 20.
# Arguments go to the program: --only delay, --joins 5, …
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
go build -o bin/measure-link ./measure/link || exit 1
[ -x bin/visavis ] || go build -trimpath -o bin/visavis ./cmd/visavis || exit 1
exec bin/measure-link "$@"
