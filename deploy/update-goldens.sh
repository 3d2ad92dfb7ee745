#!/usr/bin/env bash
# Rewrites every golden file: runs the tests of each package that has an -update flag with that flag.
set -euo pipefail
cd "$(dirname "$0")/.."
grep -rlE 'flag\.Bool\("update"' --include='*_test.go' . | xargs -n1 dirname | sort -u | while read -r pkg; do
  echo "updating $pkg"
  go test -count=1 "$pkg" -update >/dev/null || go test -count=1 "$pkg" -update
done
