#!/usr/bin/env bash
# Fetches axe-core (MPL-2.0; used by the browser tests only, and not part of what is built) into .cache, once, and prints
# where it is. Version and bytes are pinned.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=4.14.1
want=FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==
dir=$PWD/.cache/axe-core-$version
if [ ! -f "$dir/axe.min.js" ]; then
  mkdir -p .cache
  tmp=$(mktemp -d -p .cache)
  trap 'rm -rf "$tmp"' EXIT
  (cd "$tmp" && npm pack --silent "axe-core@$version" >/dev/null)
  got=$(openssl dgst -sha512 -binary "$tmp/axe-core-$version.tgz" | base64 -w0)
  [ "$got" = "$want" ] || { echo "axe-core-$version.tgz has other bytes than expected" >&2; exit 1; }
  tar -xzf "$tmp/axe-core-$version.tgz" -C "$tmp" package/axe.min.js
  mkdir -p "$dir"
  mv "$tmp/package/axe.min.js" "$dir/axe.min.js"
fi
echo "$dir/axe.min.js"
