#!/usr/bin/env bash
# make measure-network: what bad networks do to a call, in virtual time, one line each; exit 1 when a figure falls short.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
go build -o bin/measure-network ./measure/network || exit 1
exec bin/measure-network "$@"
