#!/usr/bin/env bash
# Renders the pictures that docs/ shows, with the pages as they are built. Look at each before it is committed.
set -euo pipefail
cd "$(dirname "$0")/.."
CHROMIUM=${CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || true)}
[ -n "$CHROMIUM" ] && [ -d web/node_modules/playwright-core ] || { echo 'pictures need Chromium, Node 20 and the npm packages of web/: make browser-tools'; exit 1; }
export CHROMIUM
node web/e2e/pictures.mjs docs/pictures "$@"
