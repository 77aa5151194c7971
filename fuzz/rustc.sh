#!/usr/bin/env bash
# The compiler as fuzz/run.sh needs it: the packages that are searched report which of their code ran. They are this
# workspace's own, so this is cargo's RUSTC_WORKSPACE_WRAPPER; what they depend on is compiled as always.
set -euo pipefail

searched=' dax_client dax_protocol dax_server dynamodb_json function infra lambda_local links public redirector writer '
name=
previous=
for argument in "$@"; do
  [[ $previous != --crate-name ]] || name=$argument
  previous=$argument
done
flags=()
if [[ $searched == *" $name "* ]]; then
  flags=(
    -Copt-level=1 -Cdebug-assertions -Coverflow-checks
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
  )
fi
exec "$@" "${flags[@]}"
