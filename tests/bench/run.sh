#!/usr/bin/env bash
# Measures what kurz costs, beside the smallest functions that there can be. README.md says what each figure means.
#
#   tests/bench/run.sh check     instructions and sizes against expected.toml: what CI runs
#   tests/bench/run.sh update    writes expected.toml
#   tests/bench/run.sh lint      the lints and tests of the yardsticks themselves
#
# Builds into $CARGO_TARGET_DIR. Needs Linux and valgrind, which is installed with apt-get if there is none.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
. "$here/../tools.sh"

usage() {
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

# The peers are built one package at a time, or the features of one would change the others.
build() {
  cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --profile lambda --package redirector --package writer
  cargo build --quiet --locked --manifest-path "$here/Cargo.toml" --profile lambda --package peers
  cargo build --quiet --locked --manifest-path "$here/Cargo.toml" --release --package stopwatch
}

# call_bench: prints the program of `cargo bench -p dax-client --bench call`.
call_bench() {
  cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --release --package dax-client --bench call \
    --message-format json | sed -n 's,.*"executable":"\([^"]*/call-[0-9a-f]*\)".*,\1,p' | tail -1
}

stopwatch() {
  "$CARGO_TARGET_DIR/release/stopwatch" --functions "$CARGO_TARGET_DIR/lambda" --peers "$CARGO_TARGET_DIR/lambda" "$@"
}

need_valgrind() {
  command -v valgrind >/dev/null || packages valgrind
}

# same_runtime: fails unless the peers stand on the same version of the runtime as the functions.
same_runtime() {
  version() { grep -A1 '^name = "lambda_runtime"$' "$1/Cargo.lock"; }
  if [[ $(version "$root") != "$(version "$here")" ]]; then
    echo 'Cargo.lock and tests/bench/Cargo.lock have different versions of lambda_runtime: cargo update' >&2
    exit 1
  fi
}

case ${1:-} in
  lint)
    same_runtime
    cd "$here"
    cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
    cargo test --quiet --locked --release --package stopwatch
    ;;
  check | update)
    need_valgrind
    build
    # Its speed does not matter here, and other steps of CI have built it like this.
    cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --workspace --bin dax-server
    stopwatch --dax-server "$CARGO_TARGET_DIR/debug/dax-server" --call "$(call_bench)" "$1" "$here/expected.toml"
    ;;
  *) usage ;;
esac
