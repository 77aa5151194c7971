#!/usr/bin/env bash
# Runs the official DAX clients against the local DAX cluster and compares every answer with DynamoDB's own; then the
# application that kurz grew out of, which uses one of these clients, beside kurz on one table.
#
#   tests/interop/run.sh                 all of it
#   tests/interop/run.sh python node-v3  some of the clients
#   tests/interop/run.sh seed            the application
#
# DAX_SERVER names an installed `dax-server`; then each client goes through the ten operations with that, and no more.
# Needs Node.js 20, Python 3.11 and a Rust toolchain. The clients, pinned in lock files, are installed by tests/tools.sh.
# LOCAL_BIN names a `local` program that is built already. Prints "N passed, N failed" and fails unless all passed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tools.sh"
wanted=("$@")
[[ $# -gt 0 ]] || wanted=(node-v2 node-v3 python seed)
clients=() seed=
for name in "${wanted[@]}"; do
  if [[ $name == seed ]]; then seed=1; else clients+=("$name"); fi
done
client_deadline=300 # seconds, for one client and all its cases
start_deadline=20   # seconds, until the cluster answers
build_deadline=900  # seconds, until the stack has built the functions and answers
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

# Starts a program with these arguments and waits, at most this many seconds, for its readiness line, which it leaves in
# $ready.
start_server() { # seconds, program, arguments...
  rm -f "$work/ready"
  "${@:2}" --json >"$work/ready" 2>"$work/log" &
  server=$!
  for ((tries = 0; tries < $1 * 10; tries++)); do
    if [[ -s $work/ready ]]; then
      ready=$(<"$work/ready")
      return
    fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  echo "no server: ${*:2}" >&2
  cat "$work/log" >&2
  exit 1
}
start_cluster() { # options...
  start_server "$start_deadline" "${cluster[@]}" --port 0 --control-port 0 "$@"
  export INTEROP_CLUSTER=$ready
}
# The whole of kurz, with slugs as the application makes them.
start_stack() {
  start_server "$build_deadline" "$local_bin" --port 0 --dax-port 0 --dynamodb-port 0 --lambda-port 0 --slug-scheme seed
  export INTEROP_STACK=$ready
}

run_client() {
  case $1 in
    node-v2) timeout "$client_deadline" node "$here/node/v2.cjs" ;;
    node-v3) timeout "$client_deadline" node "$here/node/v3.cjs" ;;
    python) timeout "$client_deadline" "$python" "$here/python/client.py" ;;
    *)
      echo "no client $1: node-v2, node-v3, python, seed" >&2
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

if [[ -n ${DAX_SERVER:-} ]]; then
  cluster=("$DAX_SERVER")
else
  build_local
  local_bin=$LOCAL_BIN
  cluster=("$local_bin" dax)
fi
INTEROP_MODULES=$(node_modules interop-node "$here/node")
if [[ " ${clients[*]} " == *" python "* ]]; then
  python=$(python_tools interop-python "$here/python/requirements.txt")/python
fi
export INTEROP_MODULES INTEROP_CASES=$work/cases.json

ten_operations() {
  node "$here/cases.mjs" '^(value s plain|condition on|key HashSRangeN query|batches|transactions)' >"$INTEROP_CASES"
  # shellcheck disable=SC2016 # JavaScript
  node -e 'const { cases } = JSON.parse(fs.readFileSync(process.env.INTEROP_CASES));
    const operations = new Set(cases.flatMap(({ calls }) => calls.map(({ operation }) => operation)));
    if (operations.size !== 10) throw new Error(`not the ten operations: ${[...operations]}`);'
  start_cluster
  round "an installed dax-server, ten operations"
  stop_server
}

official_clients() {
  node "$here/cases.mjs" >"$INTEROP_CASES"
  start_cluster --nodes 3
  round "three nodes, every case"
  stop_server

  # The same bytes within TLS, and connections that have to prove who they are: a few cases of each kind will do.
  node "$here/cases.mjs" '^(value (s|n 1|m)|key HashNRangeN|condition n|projection l|batches|transactions|error)' >"$INTEROP_CASES"
  export INTEROP_SECRET=correct-horse-battery-staple
  DAX_SECRET_ACCESS_KEY="$INTEROP_SECRET" start_cluster --tls
  NODE_EXTRA_CA_CERTS=$(node -p 'JSON.parse(process.env.INTEROP_CLUSTER).ca')
  export NODE_EXTRA_CA_CERTS SSL_CERT_FILE=$NODE_EXTRA_CA_CERTS
  round "one node, TLS and signatures"
  stop_server
  unset INTEROP_SECRET NODE_EXTRA_CA_CERTS SSL_CERT_FILE
}

# Twice, as either may be the first to create, and what one has created is there for the other.
seed_application() {
  echo "the seed application beside kurz"
  for first in seed kurz; do
    start_stack
    timeout "$client_deadline" node "$here/node/seed.cjs" "$first" >"$work/report" || true
    tally "$first first"
    stop_server
  done
}

if [[ -n ${DAX_SERVER:-} ]]; then
  ten_operations
elif [[ ${#clients[@]} -gt 0 ]]; then
  official_clients
fi
[[ -z $seed ]] || seed_application

echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
