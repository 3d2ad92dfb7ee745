#!/usr/bin/env bash
# rsyslog's omprog starts this: it takes transactions of lines and posts each as one request, again and again until it is
# taken. To refuse a transaction would be wrong: rsyslog then offers its lines one by one, each of them a request. What is
# not confirmed rsyslog keeps, also when this or rsyslog itself is killed. GRANTWATCH_URL is the feed's address, GRANTWATCH_CURLRC a file
# with the header (curl -K), so that the token is in no list of processes.
set -u
body="$(mktemp)"
trap 'rm -f "$body"' EXIT
echo OK
while IFS= read -r line; do
  case "$line" in
    "BEGIN TRANSACTION") : > "$body"; echo OK ;;
    "COMMIT TRANSACTION")
      until why="$(curl -sS -K "$GRANTWATCH_CURLRC" --fail-with-body --max-time 90 -H 'Content-Type: application/x-ndjson' --data-binary "@$body" "$GRANTWATCH_URL" 2>&1)"; do
        echo "grantwatch: not taken: ${why//$'\n'/ }" >&2
        sleep 1
      done
      echo OK ;;
    *) printf '%s\n' "$line" >> "$body"; echo DEFER_COMMIT ;;
  esac
done
