#!/usr/bin/env bash
# Installs what the browser tests need and what is missing: Chromium, fonts for six languages, network tools (Debian), npm packages.
# --npm-only: only the npm packages. Says loudly what could not be installed; the tests that need it then say so and are skipped.
set -uo pipefail
cd "$(dirname "$0")/.."

npm_packages() {
  command -v npm >/dev/null || { echo 'MISSING: npm (Node 20); browser tests and type checks are skipped'; return; }
  [ -d web/node_modules/playwright-core ] && [ web/node_modules -nt web/package-lock.json ] && return
  (cd web && npm ci --no-audit --no-fund --loglevel=error) || echo 'MISSING: npm packages of web/; browser tests are skipped'
  touch web/node_modules 2>/dev/null || true
}

debian_packages() {
  local want=()
  command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || want+=(chromium-headless-shell)
  fc-list 2>/dev/null | grep -qi 'NotoNaskhArabic\|Noto Naskh Arabic' || want+=(fonts-noto-core)
  fc-list 2>/dev/null | grep -qi 'NotoSansCJK\|Noto Sans CJK' || want+=(fonts-noto-cjk)
  command -v nft >/dev/null || want+=(nftables)
  command -v ip >/dev/null || want+=(iproute2)
  command -v node >/dev/null || want+=(nodejs)
  command -v npm >/dev/null || want+=(npm)
  [ ${#want[@]} -eq 0 ] && return
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then echo "MISSING: ${want[*]} (not root, or no apt-get)"; return; fi
  apt-get -o DPkg::Lock::Timeout=120 update -qq
  apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "${want[@]}" >/dev/null || echo "MISSING: ${want[*]}"
}

[ "${1:-}" = --npm-only ] || debian_packages # first: npm may be among them
npm_packages
exit 0
