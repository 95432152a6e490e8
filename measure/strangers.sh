#!/usr/bin/env bash
# make measure-strangers: clients that know nothing of Visavis publish and play; one line a figure, exit 1 when one falls short.
# Installs what is missing (Debian, as root): aiortc, Firefox, Chromium, ffmpeg, npm packages. Arguments: only these clients.
# STRANGER_SECONDS=10: how long each publishes and plays. STRANGER_LOG=1: the node's log on stderr.
set -uo pipefail
cd "$(dirname "$0")/.."

want=()
/usr/bin/python3 -c 'import aiortc' 2>/dev/null || want+=(python3-aiortc)
command -v firefox-esr >/dev/null || want+=(firefox-esr)
command -v chromium-headless-shell >/dev/null || want+=(chromium-headless-shell)
command -v ffmpeg >/dev/null || want+=(ffmpeg)
if [ ${#want[@]} -gt 0 ]; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get -o DPkg::Lock::Timeout=120 update -qq >&2
    apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "${want[@]}" >/dev/null || echo "MISSING: ${want[*]}" >&2
  else
    echo "MISSING: ${want[*]} (not root, or no apt-get)" >&2
  fi
fi
command -v npm >/dev/null || { echo 'MISSING: npm (Node 20)' >&2; exit 1; }
if [ ! measure/node_modules -nt measure/package-lock.json ]; then
  (cd measure && npm ci --no-audit --no-fund --loglevel=error >&2) || exit 1
  touch measure/node_modules
fi
mkdir -p bin
go build -trimpath -o bin/visavis ./cmd/visavis || exit 1
exec node measure/strangers/run.mjs "$@"
