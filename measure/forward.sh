#!/usr/bin/env bash
# The core of make measure-forward: cost of a forwarded packet against pion/webrtc and a floor, one line each; exit 1 when one falls short.
# Arguments go to the program: -rounds 100, -receivers 500.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
go build -o bin/measure-forward ./measure/forward || exit 1
exec bin/measure-forward "$@"
