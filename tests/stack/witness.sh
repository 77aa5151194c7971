#!/usr/bin/env bash
# The stack as far as it goes in moto, an emulator that shares no code with ministack.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$here/../tools.sh"

moto="$(tool 'moto[server]' 5.2.5)"
scratch="$(mktemp -d)"
port="$("$moto/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_ENDPOINT_URL="http://127.0.0.1:$port" CI=true
"$moto/moto_server" -H 127.0.0.1 -p "$port" >"$scratch/moto.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
for _ in $(seq 150); do
  curl --silent --output /dev/null "$AWS_ENDPOINT_URL" && break
  sleep 0.2
done

"$moto/python" "$here/witness.py"
