#!/usr/bin/env bash
# Runs a public suite of DynamoDB tests, moto's, three times: against the embedded DynamoDB, and through the bridge with
# either form of dax-client. What passes directly passes through DAX, or is in exceptions.txt with the reason.
#
#   tests/conformance/run.sh                     all of it
#   tests/conformance/run.sh -k transact         some of the tests; then exceptions.txt is not checked
#
# Needs Python 3.11 and a Rust toolchain. What else it needs, pinned in requirements.txt, is installed by tests/tools.sh.
# DAX_SERVER_BIN names a `dax-server` program that is built already, OUTCOMES a folder to keep outcomes and logs in.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tools.sh"
start_deadline=20 # seconds, until the cluster answers
test_deadline=60  # seconds, for one test
run_deadline=900  # seconds, for one run of the suite
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
outcomes=${OUTCOMES:-$work}

# What does not reach a server, and services other than DynamoDB.
not_ours=(account_mode cloudformation executor export_table expression_tokenizer expressions iam_permission import_table
  resource_policy utils validation)
# Puts 20,000 items, which takes longer than many other tests; expects one order of tables, which the embedded DynamoDB
# leaves to chance; expects random names to be in order.
deselected=(test_dynamodb.py::test_dynamodb_max_1mb_limit test_dynamodb_transact.py::test_valid_transact_get_items
  'test_dynamodb.py::test_list_tables[multiple-tables]')

# The tests are not in the wheel that requirements.txt installs, but in the source archive of the same version.
install_suite() { # folder
  install_python --require-hashes -r "$here/requirements.txt" "$1" || return
  sed -n '/^moto==/,/[^\\]$/p' "$here/requirements.txt" >"$1/source.txt"
  "$1/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary :all: --no-build-isolation \
    --require-hashes -r "$1/source.txt" --dest "$1/source" || return
  tar -xzf "$1"/source/moto-*.tar.gz --directory "$1/source" --strip-components 1
}

# A server for one run, which it ends with. Tables are made anew all the time, so nothing may stay cached.
start_server() { # name, form of the client
  "$DAX_SERVER_BIN" --port 0 --control-port 0 --bridge 0 --bridge-client "$2" --item-ttl 1 --query-ttl 1 --json \
    >"$work/$1.json" 2>"$outcomes/$1.server" &
  server=$!
  trap 'kill "$server" 2>/dev/null || true' EXIT
  for ((tries = 0; tries < start_deadline * 10; tries++)); do
    [[ ! -s $work/$1.json ]] || return 0
    sleep 0.1
  done
  echo 'the cluster does not start' >&2
  cat "$outcomes/$1.server" >&2
  exit 1
}

run_suite() ( # name, form of the client, name of the endpoint, pytest arguments...
  name=$1
  start_server "$name" "$2"
  endpoint() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/$name.json" "$1"; }
  CONFORMANCE_ENDPOINT=$(endpoint "$3") CONFORMANCE_DYNAMODB=$(endpoint dynamodb) CONFORMANCE_CONTROL=$(endpoint control)
  export CONFORMANCE_ENDPOINT CONFORMANCE_DYNAMODB CONFORMANCE_CONTROL CONFORMANCE_OUTCOMES=$outcomes/$name.txt
  : >"$CONFORMANCE_OUTCOMES"
  # Tests that fail directly are no concern of ours, so the status says nothing: 0 is all passed, 1 is some failed.
  status=0
  PYTHONPATH=$here:$suite/source PYTHONDONTWRITEBYTECODE=1 timeout "$run_deadline" "$suite/bin/python" -m pytest \
    -p suite -p no:cacheprovider --timeout "$test_deadline" --rootdir "$suite/source" --color no -q "${tests[@]}" "${@:4}" \
    >"$outcomes/$name.log" 2>&1 || status=$?
  if [[ $status -gt 1 ]] || ! kill -0 "$server"; then
    tail -n 20 "$outcomes/$name.log" "$outcomes/$name.server" >&2
    exit 1
  fi
)

suite=$(installed "$tools/conformance-$(digest "$here/requirements.txt")" install_suite)
if [[ -z ${DAX_SERVER_BIN:-} ]]; then
  cargo build --quiet --manifest-path "$here/../../Cargo.toml" --workspace --bin dax-server
  DAX_SERVER_BIN=${CARGO_TARGET_DIR:-$here/../../target}/debug/dax-server
fi
folder=$suite/source/tests/test_dynamodb
tests=("$folder" --ignore "$folder/models" --ignore "$folder/test_server.py")
for name in "${not_ours[@]}"; do
  tests+=(--ignore "$folder/test_dynamodb_$name.py")
done
for name in "${deselected[@]}"; do
  tests+=(--deselect "tests/test_dynamodb/$name")
done

run_suite direct core dynamodb "$@" &
direct=$!
run_suite core core bridge "$@" &
core=$!
run_suite drop-in drop-in bridge "$@" &
drop_in=$!
wait "$direct" && wait "$core" && wait "$drop_in"
exceptions=$here/exceptions.txt
[[ $# -eq 0 ]] || exceptions=/dev/null
python3 "$here/compare.py" "$exceptions" "$outcomes"/{direct,core,drop-in}.txt
