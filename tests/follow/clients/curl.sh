#!/usr/bin/env bash
# Follows each URL of standard input with curl.
set -uo pipefail
while read -r url; do
  curl --silent --show-error --location --noproxy '*' --max-time 20 --output /dev/null \
    --resolve "$FOLLOW_HOST:$FOLLOW_PORT:127.0.0.1" "$url"
done
