#!/usr/bin/env bash
# Pictures of the six dashboards over the demo's data: drawn with the components that Grafana publishes, outside of Grafana.
# The plugin's front end, its process and the harness are built before (make test-editors).
set -euo pipefail
cd "$(dirname "$0")/.."
out="${1:-$PWD/docs/pictures}"
work="$(mktemp -d)"
engine=""
clean() {
  [ -z "$engine" ] || kill -INT "$engine" 2>/dev/null || true
  [ -z "$engine" ] || wait "$engine" 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT

bin/grantwatch demo -q --once --events 60000 --out "$work/demo" --reports "$work/reports" --listen 127.0.0.1:0 --slack 127.0.0.1:0 >/dev/null
export GRANTWATCH_ENGINE_PASSWORD=reader-of-pictures
bin/grantwatch engine --data "$work/data" --listen "127.0.0.1:${PICTURES_PORT:-18123}" >"$work/engine.log" 2>&1 &
engine=$!
until grep -q 'listens on' "$work/engine.log"; do
  kill -0 "$engine" || { cat "$work/engine.log" >&2; exit 1; }
  read -r -t 0.2 <> <(:) || true
done
address="$(grep -o 'http://[0-9.:]*' "$work/engine.log" | head -n 1)"
sed '/^store:/d' "$work/demo/grantwatch.yaml" >"$work/demo/pictures.yaml"
echo "store: {dsn: \"http://default:\${GRANTWATCH_ENGINE_PASSWORD}@${address#http://}/grantwatch\"}" >>"$work/demo/pictures.yaml"
bin/grantwatch run -q --once -c "$work/demo/pictures.yaml" --as-of 2026-09-01T00:00:00Z
export STORE="$address/grantwatch" NOW=2026-09-01T00:05:00Z IDENTITY=arn:aws:iam::444455556666:user/tomas.mendes BOARDS=1 PICTURES="$out"
(cd dashboards/plugin && node harness/run.mjs pictures)
