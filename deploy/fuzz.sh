#!/usr/bin/env bash
# Runs every fuzz test for the given time, one after another: a smoke test, not a campaign.
set -euo pipefail
time=${1:-10s}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# smoke runs one fuzz test. Go's own harness sometimes takes the end of -fuzztime for a failure of the test ("context deadline
# exceeded", with no input that fails): that is run again, and said. An input that fails is written down, and is a failure.
smoke() {
  for try in 1 2 3; do
    if go test -run '^$' -fuzz "^$1\$" -fuzztime "$time" "$2" 2>&1 | tee "$out"; then
      return 0
    fi
    if grep -q 'Failing input written' "$out" || ! grep -q '^ *context deadline exceeded$' "$out"; then
      return 1
    fi
    echo "== $1 ($2): the time ended inside a run and no input failed; once more ($try)"
  done
  return 1
}

grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' . | sort | while read -r file; do
  pkg=./$(dirname "${file#./}")
  grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | sed 's/^func //' | while read -r name; do
    echo "== $name ($pkg)"
    smoke "$name" "$pkg"
  done
done
