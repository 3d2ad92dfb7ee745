#!/usr/bin/env bash
# Runs every fuzz test for the given time, one after another: a smoke test, not a campaign.
set -euo pipefail
time=${1:-10s}
grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' . | sort | while read -r file; do
  pkg=./$(dirname "${file#./}")
  grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | sed 's/^func //' | while read -r name; do
    echo "== $name ($pkg)"
    go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$pkg"
  done
done
