#!/usr/bin/env bash
# Searches for inputs that break an invariant, with coverage guidance.
#
#   fuzz/run.sh                      every target for 5 seconds
#   fuzz/run.sh 3600 writer import   these for an hour each
#   fuzz/run.sh keep writer import   adds what was found to their corpora: the fewest inputs that reach the same code
#
# Needs a stable Rust and a C++ compiler. What is found is kept in $FUZZ_DIR (default: $XDG_CACHE_HOME/kurz-fuzz or
# ~/.cache/kurz-fuzz), so the next search goes on from there. Stops at the first failure and prints the input as a line
# for fuzz/corpus/TARGET, with which `cargo test` repeats it. FUZZ_OPTIONS are further options of libFuzzer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-5}
shift || true
wanted=" ${*:-all} "
export FUZZ_DIR=${FUZZ_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/kurz-fuzz}
given=${FUZZ_OPTIONS:-}
mkdir -p "$FUZZ_DIR"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Only programs that hold targets: others lack what the instrumentation calls.
packages=(dax-server fuzz infra lambda-local redirector writer)
RUSTC_WORKSPACE_WRAPPER=$PWD/fuzz/rustc.sh cargo test --quiet --no-run --message-format=json-render-diagnostics \
  "${packages[@]/#/--package=}" --lib --test public --features fuzz/libfuzzer >"$work/build"
python3 - "$work/build" >"$work/programs" <<'END'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as build:
    for message in map(json.loads, build):
        if message.get("executable") and message["profile"]["test"]:
            print(message["executable"])
END

# TARGET PROGRAM TEST
while read -r program; do
  "$program" --list --format terse | sed -n "s|^\(\(.*::\)\?targets::\([a-z_]*\)\): test\$|\3 $program \1|p"
done <"$work/programs" | sort >"$work/targets"
[[ -s $work/targets ]] || {
  echo 'no targets' >&2
  exit 1
}

search() { # program, test
  "$1" --exact "$2" --nocapture --test-threads=1 >"$work/out" 2>&1
}

ran=0
while read -r target program test; do
  [[ $wanted == ' all ' || $wanted == *" $target "* ]] || continue
  export FUZZ_TARGET=$target
  ran=$((ran + 1))
  if [[ $seconds == keep ]]; then
    mkdir -p "$work/$target"
    # libFuzzer runs itself for this, so that a crash costs one input; it must find the test again.
    cat >"$work/again" <<END
#!/bin/sh
unset FUZZ_MERGE
FUZZ_OPTIONS="\$*" exec '$program' --exact '$test' --nocapture --test-threads=1
END
    chmod +x "$work/again"
    if ! FUZZ_MERGE=$work/$target FUZZ_PROGRAM=$work/again FUZZ_OPTIONS="$given" search "$program" "$test" \
      || [[ -z $(ls "$work/$target") ]]; then
      tail -n 40 "$work/out"
      exit 1
    fi
    # What was committed stays: a past find may reach nothing new any more.
    find "$work/$target" -type f -size +0 -exec sh -c 'for f; do base64 -w 0 "$f"; echo; done' sh {} + \
      | sort -u -o "fuzz/corpus/$target" - "fuzz/corpus/$target"
    printf '%-14s %s inputs\n' "$target" "$(wc -l <"fuzz/corpus/$target")"
    continue
  fi
  if ! FUZZ_OPTIONS="-max_total_time=$seconds -max_len=4096 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix=$work/$target- $given" \
    search "$program" "$test"; then
    tail -n 60 "$work/out"
    for input in "$work/$target"-*; do
      echo "FOUND: a line for fuzz/corpus/$target"
      base64 -w 0 "$input"
      echo
    done
    exit 1
  fi
  printf '%-14s %s executions, %s\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/out")" \
    "$(grep -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$work/out" | tail -n 1)"
done <"$work/targets"
((ran > 0))
