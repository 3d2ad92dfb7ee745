#!/usr/bin/env bash
# Ships records through real shippers into a real grantwatch, kills it in the middle, and counts: lost must be 0.
# rsyslog and syslog-ng come from Debian through apt and are unpacked beside each other, since they exclude each other when
# installed; nothing of the machine is changed. Kafka is the one of `make kafka-up`, on a port of its own.
#   deploy/shippers/try.sh [RECORDS]
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT="$(cd "$HERE/../.." && pwd)"
N="${1:-20000}"
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/grantwatch/shippers"
BIN="$ROOT/bin/grantwatch"
"$ROOT/deploy/require.sh" curl apt-get:apt dpkg java:openjdk-17-jre-headless mvn:maven npm node:nodejs
[ -x "$BIN" ] || { echo "no $BIN: make build makes it" >&2; exit 2; }

PACKAGES=(rsyslog rsyslog-kafka syslog-ng-core syslog-ng-mod-http syslog-ng-mod-rdkafka libestr0 libfastjson4 librdkafka1 libivykis0 liblognorm5 libnet1 libpcre3 libwrap0)
if [ ! -d "$CACHE/root" ]; then
  echo "fetching rsyslog and syslog-ng (once)" >&2
  rm -rf "$CACHE" && mkdir -p "$CACHE/part"
  (cd "$CACHE" && apt-get download "${PACKAGES[@]}" > apt.out 2>&1) || { cat "$CACHE/apt.out" >&2; exit 2; }
  for d in "$CACHE"/*.deb; do dpkg -x "$d" "$CACHE/part"; done
  mv "$CACHE/part" "$CACHE/root"
fi
if [ ! -d "$CACHE/hec" ]; then
  cp -r "$HERE/clients/hec" "$CACHE/hec.part"
  (cd "$CACHE/hec.part" && npm ci --no-audit --no-fund --ignore-scripts > npm.out 2>&1) || { cat "$CACHE/hec.part/npm.out" >&2; exit 2; }
  mv "$CACHE/hec.part" "$CACHE/hec"
fi
LIBS="$(echo "$CACHE"/root/usr/lib/*-linux-gnu):$(echo "$CACHE"/root/lib/*-linux-gnu):$CACHE/root/usr/lib/syslog-ng:$CACHE/root/usr/lib/syslog-ng/3.38"
RSYSLOG_MODULES="$(echo "$CACHE"/root/usr/lib/*/rsyslog)"
rsyslogd() { LD_LIBRARY_PATH="$LIBS" "$CACHE/root/usr/sbin/rsyslogd" "$@"; }
syslogng() { LD_LIBRARY_PATH="$LIBS" "$CACHE/root/usr/sbin/syslog-ng" "$@"; }

DIR="$(mktemp -d)"
PIDS=()
stop() {
  for p in "${PIDS[@]}"; do kill "$p" 2> /dev/null || true; done
  [ -z "${GW:-}" ] || kill "$GW" 2> /dev/null || true
  KAFKA_PORT="$KAFKA_PORT" KAFKA_DATA="$DIR/kafka" "$ROOT/deploy/kafka/down.sh" > /dev/null 2>&1 || true
  wait 2> /dev/null || true
  [ -n "${KEEP:-}" ] && echo "kept $DIR" >&2 || rm -rf "$DIR"
}
trap stop EXIT

free_port() { shuf -i 20000-39999 -n 1; }
PUSH="$(free_port)"
export KAFKA_PORT="$(free_port)" KAFKA_DATA="$DIR/kafka" KAFKA_MORE="auto.create.topics.enable=true"
BROKER="$("$ROOT/deploy/kafka/up.sh" 2> /dev/null | tail -1)"

(cd "$HERE/clients/otlp" && go build -o "$DIR/send-otlp" .)
cp "$HERE/clients/hec/send.js" "$CACHE/hec/send.js"

SHIPPERS=(curl otlp hec rsyslog-http syslog-ng-http rsyslog-kafka syslog-ng-kafka)
umask 077
TOKEN="$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')"
{
  echo "teams: [{name: platform}]"
  echo "store: {path: data}"
  echo "listen: 127.0.0.1:0"
  echo "ingest: {http: {listen: \"127.0.0.1:$PUSH\"}}"
  echo "kafka: {brokers: [\"$BROKER\"], session_timeout: 6s}"
  echo "feeds:"
  for s in "${SHIPPERS[@]}"; do
    case "$s" in
      *-kafka) from="{kafka: {topic: $s}}" ;;
      *) from="{http: {token_file: $s.token}}"; echo "$TOKEN$s" > "$DIR/$s.token"; echo "header = \"Authorization: Bearer $TOKEN$s\"" > "$DIR/$s.curlrc" ;;
    esac
    echo "  - {name: $s, team: platform, format: k8s_audit, accounts: [$s], from: $from}"
  done
} > "$DIR/grantwatch.yaml"

start() { (cd "$DIR" && exec "$BIN" ingest -c grantwatch.yaml >> grantwatch.out 2>&1) & GW=$!; }
ask() { curl -sS --max-time 10 --unix-socket "$DIR/data/run/engine.sock" "http://engine/?database=grantwatch" --data-binary "$1" 2> /dev/null || true; }
until_() { # until_ SECONDS COMMAND…: polls
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.5; done
}
answers() { [ "$(ask 'SELECT 1')" = 1 ]; }
start
until_ 60 answers || { cat "$DIR/grantwatch.out" >&2; exit 1; }

fill() { sed -e "s|@INPUT@|$DIR/$1.jsonl|g; s|@STATE@|$DIR/$1|g; s|@POST@|$DIR/$1/post|g; s|@BROKER@|$BROKER|g; s|@TOPIC@|$1|g; s|@URL@|http://127.0.0.1:$PUSH/v1/logs/$1|g; s|@TOKEN@|$TOKEN$1|g" "$HERE/$1.conf" > "$DIR/$1/conf"; }
for s in "${SHIPPERS[@]}"; do
  mkdir -p "$DIR/$s"
  : > "$DIR/$s.jsonl"
  case "$s" in curl | otlp | hec) continue ;; esac
  fill "$s"
  if [ "$s" = rsyslog-http ]; then
    printf '#!/bin/sh\nexport GRANTWATCH_URL=http://127.0.0.1:%s/v1/logs/%s GRANTWATCH_CURLRC=%s\nexec %s\n' "$PUSH" "$s" "$DIR/$s.curlrc" "$HERE/post.sh" > "$DIR/$s/post"
    chmod 700 "$DIR/$s/post"
  fi
  case "$s" in
    rsyslog-*) rsyslogd -n -f "$DIR/$s/conf" -i "$DIR/$s/pid" -M "$RSYSLOG_MODULES" > "$DIR/$s/out" 2>&1 & PIDS+=($!) ;;
    syslog-ng-*) syslogng -F --no-caps -f "$DIR/$s/conf" -R "$DIR/$s/persist" -p "$DIR/$s/pid" -c "$DIR/$s/ctl" --module-path "$CACHE/root/usr/lib/syslog-ng/3.38" > "$DIR/$s/out" 2>&1 & PIDS+=($!) ;;
  esac
done

# records FROM TO SHIPPER: audit events of the API server, each with an id of its own.
records() {
  awk -v from="$1" -v to="$2" -v s="$3" -v now="$(date -u +%Y-%m-%dT%H:%M:%S)" 'BEGIN { for (i = from; i < to; i++)
    printf "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\"%s-%d\",\"stage\":\"ResponseComplete\",\"requestURI\":\"/api/v1/namespaces/shop/pods/p%d\",\"verb\":\"get\",\"user\":{\"username\":\"system:serviceaccount:shop:worker-%d\"},\"objectRef\":{\"resource\":\"pods\",\"namespace\":\"shop\",\"name\":\"p%d\",\"apiVersion\":\"v1\"},\"responseStatus\":{\"code\":200},\"requestReceivedTimestamp\":\"%s.%06dZ\",\"stageTimestamp\":\"%s.%06dZ\"}\n", s, i, i % 500, i % 50, i % 500, now, i % 1000000, now, i % 1000000 }'
}
write() { # write FROM TO
  local s
  for s in "${SHIPPERS[@]}"; do
    case "$s" in curl | otlp | hec) continue ;; esac # they send a file that is whole
    records "$1" "$2" "$s" > "$DIR/part"
    cat "$DIR/part" >> "$DIR/$s.jsonl"
  done
}
post_with_curl() { # in pieces of 500, each of which curl repeats until it is taken
  split -l 500 "$DIR/curl.jsonl" "$DIR/curl/piece."
  for f in "$DIR"/curl/piece.*; do
    curl -sS -K "$DIR/curl.curlrc" --fail-with-body --retry 1000 --retry-all-errors --retry-delay 1 -o /dev/null --data-binary "@$f" "http://127.0.0.1:$PUSH/v1/logs/curl" 2>> "$DIR/curl/out"
  done
}

STEPS=20
kills=0
for step in $(seq 1 $STEPS); do
  write $(((step - 1) * N / STEPS)) $((step * N / STEPS))
  if [ "$step" = 6 ]; then # the next kill comes while they send
    for s in curl otlp hec; do records 0 "$N" "$s" > "$DIR/$s.jsonl"; done
    post_with_curl & PIDS+=($!)
    "$DIR/send-otlp" -url "http://127.0.0.1:$PUSH/v1/logs" -token "$DIR/otlp.token" -in "$DIR/otlp.jsonl" > "$DIR/otlp/out" 2>&1 & PIDS+=($!)
    node "$CACHE/hec/send.js" "http://127.0.0.1:$PUSH" "$DIR/hec.token" "$DIR/hec.jsonl" > "$DIR/hec/out" 2>&1 & PIDS+=($!)
  fi
  if [ "$step" = 7 ] || [ "$step" = 14 ]; then
    kill -9 "$GW" 2> /dev/null || true
    wait "$GW" 2> /dev/null || true
    kills=$((kills + 1))
    sleep 3 # nobody listens for a while
    start
  fi
  sleep 0.5
done

total=$((N * ${#SHIPPERS[@]}))
all_there() { [ "$(ask 'SELECT uniqExact(feed, id) FROM events')" = "$total" ]; }
failed=0
until_ 180 all_there || failed=1
printf '%-16s %8s %8s %6s %6s %6s\n' shipper sent stored lost twice dead
for s in "${SHIPPERS[@]}"; do
  read -r stored rows <<< "$(ask "SELECT uniqExact(id), count() FROM events WHERE feed = '$s'" | tr '\t' ' ')"
  dead="$(ask "SELECT count() FROM dead_letters FINAL WHERE feed = '$s'")"
  lost=$((N - stored)); twice=$((rows - stored))
  [ "$lost" = 0 ] && [ "${dead:-0}" = 0 ] || failed=1
  printf '%-16s %8d %8d %6d %6d %6d\n' "$s" "$N" "$stored" "$lost" "$twice" "${dead:-0}"
done
echo "ours was killed with -9 $kills times while they shipped and was away for 3 s each time"
echo "$(rsyslogd -v | head -1 | sed 's/ (aka.*//' | tr -s ' '), $(syslogng --version 2> /dev/null | head -1), $(curl --version | head -1 | cut -d' ' -f1,2), OpenTelemetry's exporter $(cd "$HERE/clients/otlp" && go list -m -f '{{.Version}}' go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp), Splunk's splunk-logging $(sed -n 's/.*"splunk-logging": "\(.*\)".*/\1/p' "$HERE/clients/hec/package.json")"
exit $failed
