#!/usr/bin/env bash
# Takes the screenshots of docs/pictures: the page and the report of the default demo, in headless Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p docs/pictures
tmp=$(mktemp -d)
bin/grantwatch demo -q --listen 127.0.0.1:0 --reports "$tmp/reports" >"$tmp/log" 2>&1 &
pid=$!
trap 'kill -INT $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; rm -rf "$tmp"' EXIT
until grep -q '^page ' "$tmp/log"; do
  kill -0 "$pid" 2>/dev/null || { cat "$tmp/log" >&2; exit 1; }
  read -rt 0.5 <> <(:) || true
done
url=$(awk '/^page /{print $2}' "$tmp/log")

shot() { # file, width, height, address
  chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$(mktemp -d -p "$tmp")" \
    --window-size="$2,$3" --screenshot="docs/pictures/$1" "$4" >/dev/null 2>&1
  echo "docs/pictures/$1"
}
curl -fsS "${url}findings.json" >"$tmp/findings.json"
first=$(grep -oE '"fingerprint": ?"[0-9a-f]+"' "$tmp/findings.json" | sed -n 1p | grep -oE '[0-9a-f]{16,}')
shot page.png 1280 1000 "$url"
shot findings.png 1280 1000 "${url}findings"
shot finding.png 1280 1100 "${url}findings/$first"
shot feeds.png 1280 1000 "${url}feeds"
shot report.png 1000 1414 "file://$(ls "$tmp"/reports/*.html | head -1)"
pdf=$(ls "$tmp"/reports/*.pdf | head -1)
for page in 1 2 5; do # the board's page, the overview, one team
  pdftoppm -r 90 -png -f "$page" -l "$page" -singlefile "$pdf" "docs/pictures/report-pdf-$page"
  echo "docs/pictures/report-pdf-$page.png"
done
