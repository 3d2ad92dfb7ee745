#!/usr/bin/env bash
# Takes pictures of the PDF report of the default demo, page by page as a board member sees it, into docs/pictures.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bin/grantwatch demo -q --once --listen 127.0.0.1:0 --reports "$tmp" >/dev/null
pdf=$(ls "$tmp"/*.pdf | head -1)
for page in 1 2 5; do # the board's page, the overview, one team
  pdftoppm -r 90 -png -f "$page" -l "$page" -singlefile "$pdf" "docs/pictures/report-pdf-$page"
  echo "docs/pictures/report-pdf-$page.png"
done
