#!/usr/bin/env bash
# Figures of the main job: printed as a table and written to bench/out/main.json. Whole processes are timed, so that what a
# user waits for is what is measured. Compare figures of one run only: machines are noisy.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bench/out
bin=bin/grantwatch
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rows=()

# measure NAME COMMAND…: wall seconds and peak resident memory of the process and its children.
measure() {
  local name=$1; shift
  local out
  out=$(python3 - "$@" <<'PY'
import resource, subprocess, sys, time
t = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
wall = time.monotonic() - t
r = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, round(wall, 2), round(r.ru_utime + r.ru_stime, 2), round(r.ru_maxrss / 1024))
PY
)
  read -r code wall cpu rss <<<"$out"
  [ "$code" -le 1 ] || { echo "$name failed with $code" >&2; exit 1; }
  rows+=("$name wall|$wall|s" "$name cpu|$cpu|s" "$name peak memory of the largest process, detection too|$rss|MiB")
}

measure "demo, 500 000 records" "$bin" demo --once -q --reports "$tmp/r"
measure "demo, 2 000 000 records" "$bin" demo --once -q --events 2000000 --reports "$tmp/r"
measure "audit of the quickstart" "$bin" audit -q -c examples/quickstart/grantwatch.yaml --as-of 2026-09-01T00:00:00Z

# What the reading process holds at most until the logs are read, beside the engine; the generator is in it.
peak=$("$bin" demo --once -q --debug --events 2000000 --reports "$tmp/r" 2>&1 >/dev/null | sed -n 's/^stage evaluate .* \([0-9]*\) kB$/\1/p')
rows+=("ingester peak memory, 2 000 000 records|$((peak / 1024))|MiB")

# The page: how long it takes to answer, over a demo that is being served.
"$bin" demo -q --events 100000 --listen 127.0.0.1:0 --reports "$tmp/r" >"$tmp/log" 2>&1 &
pid=$!
for _ in $(seq 1 240); do grep -q '^page ' "$tmp/log" && break; kill -0 "$pid" 2>/dev/null || break; read -rt 0.5 <> <(:) || true; done
url=$(awk '/^page /{print $2}' "$tmp/log")
for path in "" findings feeds teams; do
  best=$(for _ in 1 2 3 4 5; do curl -fsS -o /dev/null -w '%{time_total}\n' "$url$path"; done | sort -n | sed -n 3p)
  rows+=("page /$path, median of five|$(awk "BEGIN{print $best*1000}")|ms")
done
kill -INT "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true

# What the ingester itself holds in memory, and what an event costs.
go test -run '^$' -bench 'ToColumns|ToEngine' -benchtime 3x ./ingest 2>/dev/null | awk '/^Benchmark/{for(i=3;i<NF;i+=2) if ($(i+1) ~ /events|rec/) print $1"|"$i"|"$(i+1)}' >"$tmp/bench" || true
while IFS='|' read -r n v u; do rows+=("$n|$v|$u"); done <"$tmp/bench"

echo "machine: $(nproc) cores, $(awk -F': ' '/model name/{print $2; exit}' /proc/cpuinfo), $(awk '/MemTotal/{printf "%.0f GiB", $2/1048576}' /proc/meminfo), $(go version | cut -d' ' -f3)"
printf '%s\n' "${rows[@]}" | awk -F'|' '{printf "%-56s %12s %s\n", $1, $2, $3}'
printf '%s\n' "${rows[@]}" | awk -F'|' 'BEGIN{printf "["} {printf "%s\n  {\"name\":\"%s\",\"value\":%s,\"unit\":\"%s\"}", (NR>1?",":""), $1, $2, $3} END{print "\n]"}' >bench/out/main.json
