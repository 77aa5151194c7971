# Sourced by the rehearsals: starts an emulator of AWS on this machine, strict and with enforced roles, makes an operator
# who is no administrator, and defines what the rehearsals are written in.
# shellcheck shell=bash
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
. "$here/../tools.sh"

python="$(tool ministack 1.5.33)/python"
CFN_SCHEMAS="$(echo "$(tool cfn-lint 1.58.0)"/../lib/python3*/site-packages/cfnlint/data/schemas)"
export profile="${PROFILE:-dev}"
scratch="$(mktemp -d)"
export CFN_SCHEMAS CONTROL="$scratch/control"
mkdir "$CONTROL"
free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port="$(free_port)"
dax_port="$(free_port)"

unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_ENDPOINT_URL="http://127.0.0.1:$port" CI=true

# Starts the emulator with a configuration that does not depend on the user's.
cd "$scratch"
mkdir objects
AUTH=true BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" S3_DATA_DIR="$scratch/objects" \
  AWS_ENDPOINT_URL_DYNAMODB="$AWS_ENDPOINT_URL" AWS_ENDPOINT_URL_S3="$AWS_ENDPOINT_URL" AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
  DAX_URL="dax://127.0.0.1:$dax_port" \
  "$python" "$here/emulator.py" >emulator.log 2>&1 &
started=($!)
stop() {
  local code=$?
  if [ "$code" != 0 ] && [ -n "${KEEP_LOG:-}" ]; then cp "$scratch/emulator.log" "$scratch/said" "$CONTROL"/* "$KEEP_LOG" 2>/dev/null || true; fi
  kill "${started[@]}" 2>/dev/null || true
  wait "${started[@]}" 2>/dev/null || true
  rm -rf "$scratch"
}
trap stop EXIT
for _ in $(seq 100); do
  curl --silent --output /dev/null "$AWS_ENDPOINT_URL" && break
  if ! kill -0 "${started[0]}"; then
    cat emulator.log >&2
    exit 1
  fi
  sleep 0.2
done

cd "$root"
# built PACKAGE: builds it and prints the path of its executable.
built() { cargo build --quiet --package "$1" --message-format json | sed -n 's,.*"executable":"\([^"]*/'"$1"'\)".*,\1,p' | tail -1; }
infra="$(built infra)"
# built_functions: builds them and prints their folder. All packages are named, as when they were packaged: building one
# alone would unite other features and make another binary.
built_functions() {
  dirname "$(cargo build --quiet --profile "$profile" --package redirector --package writer --package clicks \
    --message-format json \
    | sed -n 's,.*"executable":"\([^"]*/redirector\)".*,\1,p' | tail -1)"
}

# The cluster behind the emulated DAX resources: our own, in front of the emulator's DynamoDB.
"$(built local)" dax --dynamodb "$AWS_ENDPOINT_URL" --port "$dax_port" --control-port 0 >"$scratch/dax.log" 2>&1 &
started+=($!)

act() { "$python" "$here/aws.py" "$@"; }

# From here on nothing is done with more than the operator's policy, except by `act`.
read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY < <(act operator "$root/infra/operator.yaml")
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY

# expect EXIT-CODE TEXT COMMAND…: runs infra, and checks its exit code and that it prints TEXT.
expect() {
  local code="$1" text="$2" actual=0
  shift 2
  echo "infra $*" | tee -a "$CONTROL/commands" >"$CONTROL/step"
  "$infra" --config "$scratch/infra.toml" "$@" >"$scratch/said" 2>&1 || actual=$?
  if [ "$actual" != "$code" ] || ! grep -qF -- "$text" "$scratch/said"; then
    cat "$scratch/said" >&2
    echo "FAILED: infra $*: exit $actual instead of $code, or \"$text\" was not said" >&2
    exit 1
  fi
  if [ -s "$CONTROL/violations" ]; then
    cat "$CONTROL/violations" >&2
    echo "FAILED: infra $*: AWS might have done that differently" >&2
    exit 1
  fi
  printf 'ok  %-3s %-58s %s\n' "$code" "$text" "infra $*"
}

# during URL WHAT EXPECTATION…: as `expect`, while links are created and followed (WHAT: both or redirects) without one failure.
during() {
  local url="$1" what="$2" traffic
  shift 2
  "$python" "$here/traffic.py" "$url" "$what" >"$scratch/traffic" &
  traffic=$!
  started+=("$traffic")
  expect "$@"
  kill "$traffic"
  wait "$traffic" || true
  if ! grep -q '"failed": 0' "$scratch/traffic" || ! grep -q '"redirects": [1-9]' "$scratch/traffic"; then
    cat "$scratch/traffic" "$scratch/said" >&2
    echo "FAILED: links failed during infra ${*:3}" >&2
    exit 1
  fi
  echo "        meanwhile $(cat "$scratch/traffic")"
}
output() { "$infra" --config "$scratch/infra.toml" --stage "${2:-test}" outputs | awk -v name="$1" '$1 == name { print $2 }'; }
# The host in the URL exists only inside the emulator; this is the same API by path.
reachable() { echo "$AWS_ENDPOINT_URL/_aws/execute-api/$(output ApiEndpoint "$1" | sed 's,http://\([a-z0-9]*\).*,\1,')/\$default"; }
same() {
  if [ "$1" != "$2" ]; then
    echo "FAILED: $3: $1 instead of $2" >&2
    exit 1
  fi
  echo "ok      $3"
}
