#!/usr/bin/env bash
# Makes sure that programs are there: installs their Debian packages through apt when it may, else prints the exact command.
# An argument is a program, or program:package where the package has another name.
set -euo pipefail

missing=()
for name in "$@"; do
  command -v "${name%%:*}" >/dev/null 2>&1 || missing+=("${name##*:}")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

install="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  exit 0
fi
if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null && command -v apt-get >/dev/null 2>&1; then
  echo "installing ${missing[*]}"
  sudo apt-get update -qq
  sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  exit 0
fi
echo "missing: ${missing[*]}. Run: sudo sh -c '$install'" >&2
exit 2
