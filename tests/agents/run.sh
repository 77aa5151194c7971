#!/usr/bin/env bash
# Counts how often the redirector takes a program for a person or a person for a program, by public lists of user agents.
#
#   tests/agents/run.sh
#
# Needs Node.js 20 and a Rust toolchain. The lists, pinned in the lock file, are installed by tests/tools.sh. Fails if
# more than 5 % of the programs are missed or more than 0.5 % of the people are taken for programs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tools.sh"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

modules=$(node_modules agents "$here")
node "$here/lists.mjs" "$modules/node_modules" >"$out/agents"
cd "$here/../.."
# A test that was renamed would pass by not running.
AGENTS=$out/agents cargo test --quiet --workspace --lib -- agent::tests::public_lists_agree --exact --nocapture | tee "$out/report"
grep -q 'programs missed' "$out/report"
