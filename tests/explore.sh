#!/usr/bin/env bash
# Runs every random test with new seeds. `cargo test` alone always draws the same.
#
#   tests/explore.sh [SEEDS [NAME...]]
#
# SEEDS is how many (default 5), NAME which tests (default: all; see the table below). TEST_SEED=N is the only seed to be
# run, which repeats a find. TEST_STEPS sets the number of requests of `differential`, `truth` and `model`. Stops at the first
# find, with the line that repeats it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Name and arguments of `cargo test`, the quickest first. `--workspace` selects the features that the tests are built
# with anyway, so nothing is compiled twice.
tests=(
  'simulation   --test simulation'
  'session      --test session'
  'clicks       --test exact counts_exactly_once'
  'properties   --test properties'
  'units        --lib'
  'races        --test cluster races'
  'differential --test differential'
  'creators     --test e2e creators'
  'truth        --test e2e every_number_equals_the_truth'
  'model        --test e2e model'
)

count=${1:-5}
shift || true
wanted=" ${*:-all} "
out=$(mktemp)
trap 'rm -f "$out"' EXIT

seeds=("${TEST_SEED:-}")
if [[ -z ${TEST_SEED:-} ]]; then
  mapfile -t seeds < <(shuf --input-range=1-4294967295 --head-count="$count")
fi
for seed in "${seeds[@]}"; do
  for test in "${tests[@]}"; do
    read -r name arguments <<<"$test"
    [[ $wanted == ' all ' || $wanted == *" $name "* ]] || continue
    read -ra arguments <<<"$arguments"
    started=$SECONDS
    # A test that was renamed would pass by not running.
    if ! TEST_SEED=$seed PROPTEST_RNG_SEED=$seed cargo test --quiet --workspace "${arguments[@]}" -- --nocapture >"$out" 2>&1 \
      || ! grep -q 'ok\. [1-9][0-9]* passed' "$out"; then
      tail -n 60 "$out"
      echo "FOUND: TEST_SEED=$seed${TEST_STEPS:+ TEST_STEPS=$TEST_STEPS} tests/explore.sh 1 $name"
      exit 1
    fi
    printf 'seed %-10s %-12s passed (%s s)\n' "$seed" "$name" $((SECONDS - started))
  done
done
