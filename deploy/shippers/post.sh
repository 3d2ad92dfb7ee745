#!/usr/bin/env bash
# rsyslog's omprog starts this: it takes transactions of lines and posts each as one request. rsyslog keeps what is not
# confirmed and offers it again, as long as it takes. GRANTWATCH_URL is the feed's address, GRANTWATCH_CURLRC a file
# with the header (curl -K), so that the token is in no list of processes.
set -u
body="$(mktemp)"
trap 'rm -f "$body"' EXIT
echo OK
while IFS= read -r line; do
  case "$line" in
    "BEGIN TRANSACTION") : > "$body"; echo OK ;;
    "COMMIT TRANSACTION")
      if why="$(curl -sS -K "$GRANTWATCH_CURLRC" --fail-with-body --max-time 90 -H 'Content-Type: application/x-ndjson' --data-binary "@$body" "$GRANTWATCH_URL" 2>&1)"; then
        echo OK
      else
        echo "not taken: ${why//$'\n'/ }"
      fi ;;
    *) printf '%s\n' "$line" >> "$body"; echo DEFER_COMMIT ;;
  esac
done
