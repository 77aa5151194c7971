#!/usr/bin/env bash
# Measures what kurz costs, beside the smallest functions that there can be. README.md says what each figure means.
#
#   tests/bench/run.sh                 every figure, as Markdown, in half an hour once everything is built
#   tests/bench/run.sh quick           the same with fewer rounds: within ten minutes
#     --baseline DIR                   an old `redirector` and `writer`, which take turns with the new ones
#     --baseline REVISION              the same, built from a revision of this repository
#   tests/bench/run.sh load [OPTION…]  drives the whole service; `--help` lists the options
#   tests/bench/run.sh check           instructions and sizes against expected.toml: what CI runs
#   tests/bench/run.sh update          writes expected.toml
#   tests/bench/run.sh lint            the lints and tests of the yardsticks themselves
#
# Builds into $CARGO_TARGET_DIR. Needs Linux, Python 3.11 and valgrind, which is installed with apt-get if there is none.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
. "$here/../tools.sh"
lambda=$CARGO_TARGET_DIR/lambda
release=$CARGO_TARGET_DIR/release

usage() {
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

# product, yardsticks: cargo build in this repository, and in the workspace of this folder.
product() { cargo build --quiet --locked --manifest-path "$root/Cargo.toml" "$@"; }
yardsticks() { cargo build --quiet --locked --manifest-path "$here/Cargo.toml" "$@"; }

# The peers are built one package at a time, or the features of one would change the others.
build() {
  product --profile lambda --package redirector --package writer
  yardsticks --profile lambda --package peers
  yardsticks --release --package stopwatch
}

# bench_program NAME OPTION…: builds a benchmark with these options of cargo and prints its program.
bench_program() {
  product "${@:2}" --bench "$1" --message-format json \
    | sed -n 's,.*"executable":"\([^"]*/'"$1"'-[0-9a-f]*\)".*,\1,p' | tail -1
}

stopwatch() { "$release/stopwatch" --functions "$lambda" --peers "$lambda" "$@"; }

need_valgrind() { command -v valgrind >/dev/null || packages valgrind; }

# same_runtime: fails unless the peers stand on the same version of the runtime as the functions.
same_runtime() {
  version() { grep -A1 '^name = "lambda_runtime"$' "$1/Cargo.lock"; }
  if [[ $(version "$root") != "$(version "$here")" ]]; then
    echo 'Cargo.lock and tests/bench/Cargo.lock have different versions of lambda_runtime: cargo update' >&2
    exit 1
  fi
}

# old_build REVISION: prints a folder with the functions of a revision. It is kept for the next time.
old_build() {
  local commit folder tree
  commit=$(git -C "$root" rev-parse --verify "$1^{commit}")
  folder=$CARGO_TARGET_DIR/baseline/$commit
  if [[ ! -x $folder/writer ]]; then
    tree=$(mktemp -d)
    git -C "$root" archive "$commit" | tar -x -C "$tree"
    echo "building $1" >&2
    (cd "$tree" && CARGO_TARGET_DIR="$CARGO_TARGET_DIR/baseline/build" \
      cargo build --quiet --locked --profile lambda --package redirector --package writer) || return
    mkdir -p "$folder"
    cp "$CARGO_TARGET_DIR/baseline/build/lambda/redirector" "$CARGO_TARGET_DIR/baseline/build/lambda/writer" "$folder"
    rm -rf "$tree"
  fi
  echo "$folder"
}

# sizes FOLDER: a row for each function: its executable, and as it is uploaded.
sizes() {
  python3 - "$1" <<'END'
import io
import pathlib
import sys
import zipfile

for name in ("redirector", "writer"):
    program = pathlib.Path(sys.argv[1], name).read_bytes()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("bootstrap", program)
    print(f"| {name} | {len(program) / 1e6:.2f} MB | {len(zipped.getvalue()) / 1e6:.2f} MB |")
END
}

# figures ROUNDS STARTS SECONDS: everything but load, as Markdown.
figures() {
  local call get_item options=()
  build
  yardsticks --profile lambda --package peers-http
  yardsticks --profile lambda --package peers-sdk
  product --release --package dax-server --bin dax-server
  call=$(bench_program call --release --package dax-client)
  get_item=$(bench_program get_item --release --package dax-server)
  [[ -z $baseline ]] || options=(--baseline "$baseline")

  printf '## Functions\n\n'
  stopwatch --dax-server "$release/dax-server" --call "$call" figures --rounds "$1" --starts "$2" "${options[@]}"
  printf '## Instructions and sizes\n\n```\n'
  # Fails where CI would, which is no reason to stop here.
  stopwatch --dax-server "$release/dax-server" --call "$(bench_program call --workspace)" check "$here/expected.toml" || true
  printf '```\n\n| | executable | zip |\n| --- | --- | --- |\n'
  sizes "$lambda"
  [[ -z $baseline ]] || { echo '| before | | |' && sizes "$baseline"; }
  # shellcheck disable=SC2016 # Markdown.
  printf '\n## `cargo bench -p dax-client --bench call`\n\n```\n'
  "$call" --bench --rounds "$1"
  # shellcheck disable=SC2016
  printf '```\n\n## `cargo bench -p dax-server --bench get_item`\n\n'
  printf '| | | all cores | CPU of the server | | |\n| --- | --- | --- | --- | --- | --- |\n'
  "$get_item" "$3"
  printf '| dax.r5.large, 2 vCPU, by its documentation | | 75000 items/s | 37500 a core | | |\n'
  # shellcheck disable=SC2016
  printf '\n## `cargo bench -p redirector`\n\n```\n'
  "$(bench_program cache --release --package redirector)"
  printf '```\n'
}

mode=full
case ${1:-} in
  quick | load | check | update | lint) mode=$1 && shift ;;
  '' | --baseline) ;;
  *) usage ;;
esac

baseline=
if [[ $mode == full || $mode == quick ]] && (($# > 0)); then
  [[ $1 == --baseline && $# == 2 ]] || usage
  if [[ -d $2 ]]; then baseline=$(cd "$2" && pwd); else baseline=$(old_build "$2"); fi
fi

case $mode in
  lint)
    same_runtime
    cd "$here"
    cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
    cargo test --quiet --locked --release --package stopwatch --package load
    ;;
  check | update)
    need_valgrind
    build
    # Not optimised, as other steps of CI have built them: the server's speed does not matter here, and to build the client
    # once more with all that it depends on would take longer than everything else.
    product --workspace --bin dax-server
    stopwatch --dax-server "$CARGO_TARGET_DIR/debug/dax-server" --call "$(bench_program call --workspace)" \
      "$mode" "$here/expected.toml"
    ;;
  load)
    product --release --package local --bin local
    yardsticks --release --package load
    "$release/load" --local "$release/local" "$@"
    ;;
  full)
    need_valgrind
    figures 9 31 5
    ;;
  quick)
    need_valgrind
    figures 3 9 1
    ;;
esac
