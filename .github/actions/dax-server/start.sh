#!/usr/bin/env bash
# Starts a cluster that runs until the job ends, waits until it answers, and tells the following steps where it is.
#
#   DAX_SERVER (the program)  OPTIONS (its options)  RUNNER_TEMP, GITHUB_ENV, GITHUB_OUTPUT (the runner's)
set -euo pipefail

deadline=60 # seconds
ready=$RUNNER_TEMP/dax-server.json log=$RUNNER_TEMP/dax-server.log
: >"$ready"

read -ra options <<<"${OPTIONS:-}"
nohup "$DAX_SERVER" "${options[@]}" --json >"$ready" 2>"$log" </dev/null &
server=$!

fail() {
  echo "::error::dax-server $1" >&2
  cat "$log" >&2
  exit 1
}
for ((tries = 0; tries < deadline * 10; tries++)); do
  [[ ! -s $ready ]] || break
  kill -0 "$server" 2>/dev/null || fail 'ended at once'
  sleep 0.1
done
[[ -s $ready ]] || fail "did not get ready within $deadline s"

# A field of the line that says where everything is; nothing if it has none.
field() { sed -n "s/.*\"$1\":\[\{0,1\}\"\([^\"]*\)\".*/\1/p" "$ready"; }

curl --silent --show-error --fail --max-time 10 "$(field control)/health" >/dev/null || fail 'does not answer'
{
  echo "endpoint=$(field dax)"
  echo "dynamodb=$(field dynamodb)"
  echo "control=$(field control)"
  echo "ca=$(field ca)"
  echo "bridge=$(field bridge)"
} >>"$GITHUB_OUTPUT"
{
  echo "DAX_ENDPOINT=$(field dax)"
  echo "DYNAMODB_ENDPOINT=$(field dynamodb)"
  echo "DAX_CONTROL_ENDPOINT=$(field control)"
  [[ -z $(field bridge) ]] || echo "DAX_BRIDGE_ENDPOINT=$(field bridge)"
  [[ -z $(field ca) ]] || echo "DAX_CA_FILE=$(field ca)"
  echo "DAX_SERVER_PID=$server"
} >>"$GITHUB_ENV"
echo "DAX is at $(field dax)"
