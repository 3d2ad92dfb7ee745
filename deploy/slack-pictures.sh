#!/usr/bin/env bash
# Takes the pictures of docs/slack.md: one message of every kind, and the demo's made-up workspace with a form open in it.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p docs/pictures
tmp=$(mktemp -d)
bin/grantwatch demo -q --listen 127.0.0.1:0 --slack 127.0.0.1:0 --reports "$tmp/reports" >"$tmp/log" 2>&1 &
pid=$!
trap 'kill -INT $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; rm -rf "$tmp"' EXIT
until grep -q '^page ' "$tmp/log"; do
  kill -0 "$pid" 2>/dev/null || { cat "$tmp/log" >&2; exit 1; }
  read -rt 0.5 <> <(:) || true
done

shot() { # file, width, height, address
  timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$(mktemp -d -p "$tmp")" \
    --window-size="$2,$3" --screenshot="docs/pictures/$1" "$4" >/dev/null 2>&1
  echo "docs/pictures/$1"
}

# Slack: one message of every kind, and the made-up workspace of the demo with a form open in it.
bin/grantwatch dev slack --samples --listen 127.0.0.1:0 >"$tmp/slack.log" 2>&1 &
samples=$!
trap 'kill -INT $pid $samples 2>/dev/null || true; wait $pid $samples 2>/dev/null || true; rm -rf "$tmp"' EXIT
until grep -q '^slack ' "$tmp/slack.log"; do
  kill -0 "$samples" 2>/dev/null || { cat "$tmp/slack.log" >&2; exit 1; }
  read -rt 0.5 <> <(:) || true
done
slack=$(awk '/^slack /{print $2}' "$tmp/slack.log")
n=0
for kind in first acknowledged snoozed marked-revoked requested worse reminder escalation storm unverifiable resolved digest report; do
  id=$(printf 'C0SAMPLE%02d' "$n"); [ "$kind" = report ] && id=C0SAMPLE99
  height=700; case $kind in storm) height=2150 ;; worse | reminder) height=980 ;; requested) height=730 ;; report | unverifiable | resolved) height=420 ;; esac
  shot "slack-$kind.png" 1180 "$height" "${slack}?still=1&at=$id"
  n=$((n + 1))
done
thread=$(curl -fsS "${slack}?at=C0SAMPLE01" | grep -oE 'thread=[0-9.]+' | head -1)
shot slack-thread.png 1380 1330 "${slack}?still=1&at=C0SAMPLE01&$thread"
work=$(awk '/^slack /{print $2}' "$tmp/log")
shot slack.png 1280 1000 "${work}?still=1"
at=$(curl -fsS "$work" | grep -oE 'name="channel" value="[A-Z0-9]+"' | head -1 | grep -oE 'C0[A-Z0-9]+')
ts=$(curl -fsS "$work" | grep -oE 'name="ts" value="[0-9.]+"' | head -1 | grep -oE '[0-9]+[.][0-9]+')
curl -fsS -o /dev/null -d "channel=$at&ts=$ts&action=gw_except&at=$at" "${work}press"
shot slack-except.png 1180 800 "${work}?still=1"
