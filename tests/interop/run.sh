#!/usr/bin/env bash
# Runs the official DAX clients against the local DAX cluster and compares every answer with DynamoDB's own.
#
#   tests/interop/run.sh                 all of them
#   tests/interop/run.sh python node-v3  some of them
#
# Needs Node.js 20, Python 3.11 and a Rust toolchain. The clients, pinned in lock files, are installed into
# $DAX_INTEROP_CACHE (default: $XDG_CACHE_HOME/kurz-dax-interop or ~/.cache/kurz-dax-interop). LOCAL_BIN names a
# `local` program that is built already. Prints "N passed, N failed" and fails unless all passed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${DAX_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kurz-dax-interop}
clients=("${@:-node-v2 node-v3 python}")
read -ra clients <<<"${clients[*]}"
client_deadline=300 # seconds, for one client and all its cases
start_deadline=20   # seconds, until the cluster answers
work=$(mktemp -d)
server=

stop_server() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
  fi
}
cleanup() {
  stop_server
  rm -rf "$work"
}
trap cleanup EXIT

# A folder per lock file: changed pins are installed anew, and what is there is complete.
installed() { # name, lock file, command...
  local folder
  folder=$cache/$1-$(sha256sum "$2" | cut -c1-16)
  if [[ ! -e $folder/complete ]]; then
    echo "installing the $1 clients into $folder" >&2
    rm -rf "$folder"
    mkdir -p "$folder"
    "${@:3}" "$folder" >&2
    touch "$folder/complete"
  fi
  echo "$folder"
}
install_node() {
  cp "$here/node/package.json" "$here/node/package-lock.json" "$1"
  npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error
}
install_python() {
  python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$here/python/requirements.txt"
}

# Starts a cluster with these options and waits for its readiness line.
start_server() {
  rm -f "$work/ready"
  "$local_bin" dax --port 0 --control-port 0 --json "$@" >"$work/ready" 2>"$work/log" &
  server=$!
  for ((tries = 0; tries < start_deadline * 10; tries++)); do
    if [[ -s $work/ready ]]; then
      INTEROP_CLUSTER=$(<"$work/ready")
      export INTEROP_CLUSTER
      return
    fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  echo "the cluster did not start:" >&2
  cat "$work/log" >&2
  exit 1
}

run_client() {
  case $1 in
    node-v2) timeout "$client_deadline" node "$here/node/v2.cjs" ;;
    node-v3) timeout "$client_deadline" node "$here/node/v3.cjs" ;;
    python) timeout "$client_deadline" "$python/bin/python" "$here/python/client.py" ;;
    *)
      echo "no client $1: node-v2, node-v3, python" >&2
      return 2
      ;;
  esac
}

passed=0 failed=0
# Adds up what a client reports in its last line; one that reports nothing has failed.
tally() {
  local report
  report=$(tail -n 1 "$work/report")
  if ! node -e 'const r = JSON.parse(process.argv[1]); console.log(r.passed, r.failed, r.calls, r.skipped)' "$report" \
    >"$work/counts" 2>/dev/null; then
    failed=$((failed + 1))
    echo "  $1: no result, or none within $client_deadline s" >&2
    return
  fi
  read -r good bad calls skipped <"$work/counts"
  passed=$((passed + good)) failed=$((failed + bad))
  echo "  $1: $good cases passed, $bad failed, $skipped skipped, $calls calls"
}

round() { # description
  echo "$1"
  for client in "${clients[@]}"; do
    node "$here/node/tables.cjs" create
    run_client "$client" >"$work/report" || true
    tally "$client"
    node "$here/node/tables.cjs" compare || failed=$((failed + 1))
    node "$here/node/tables.cjs" drop
  done
}

if [[ -n ${LOCAL_BIN:-} ]]; then
  local_bin=$LOCAL_BIN
else
  root=$(cd "$here/../.." && pwd)
  cargo build --quiet --manifest-path "$root/Cargo.toml" -p local --bin local
  local_bin=${CARGO_TARGET_DIR:-$root/target}/debug/local
fi
INTEROP_MODULES=$(installed node "$here/node/package-lock.json" install_node)
python=$(installed python "$here/python/requirements.txt" install_python)
export INTEROP_MODULES INTEROP_CASES=$work/cases.json

node "$here/cases.mjs" >"$INTEROP_CASES"
start_server --nodes 3
round "three nodes, every case"
stop_server

# The same bytes within TLS, and connections that have to prove who they are: a few cases of each kind will do.
node "$here/cases.mjs" '^(value (s|n 1|m)|key HashNRangeN|condition n|projection l|batches|transactions|error)' >"$INTEROP_CASES"
export INTEROP_SECRET=correct-horse-battery-staple
start_server --tls --secret "$INTEROP_SECRET"
NODE_EXTRA_CA_CERTS=$(node -p 'JSON.parse(process.env.INTEROP_CLUSTER).ca')
export NODE_EXTRA_CA_CERTS SSL_CERT_FILE=$NODE_EXTRA_CA_CERTS
round "one node, TLS and signatures"

echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
