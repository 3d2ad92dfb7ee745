#!/usr/bin/env bash
# Stops the broker that up.sh started and removes its data; KEEP=1 keeps the data. What Maven fetched stays in the cache.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$HERE/place.sh"

if running; then
  pid="$(cat "$PID")"
  kill "$pid"
  for _ in $(seq 1 120); do
    running || break
    sleep 0.25
  done
  if running; then
    kill -KILL "$pid"
  fi
fi
rm -f "$PID"
if [ -z "${KEEP:-}" ]; then
  rm -rf "$DATA"
fi
