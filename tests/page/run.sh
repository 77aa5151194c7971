#!/usr/bin/env bash
# Drives the page for people in a browser, against the local stack.
#
#   tests/page/run.sh             all of it
#   tests/page/run.sh key alias   the cases whose names contain one of these words
#
# Needs Node.js 20 and a Rust toolchain. CHROMIUM names a Chromium or Chrome; without it, `chromium` is used, and
# installed with apt-get if there is none. The modules, pinned in the lock file, are installed by tests/tools.sh.
# LOCAL_BIN names a `local` program that is built already. With SCREENSHOTS, a directory, every view is photographed
# there: phone and desktop, light and dark. Prints "N passed, N failed" and fails unless all passed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tools.sh"
test_deadline=1800 # seconds, for all cases

PAGE_MODULES=$(node_modules page "$here")
if [[ -z ${CHROMIUM:-} ]]; then
  command -v chromium >/dev/null || packages chromium fonts-dejavu-core
  CHROMIUM=$(command -v chromium)
fi

build_local
[[ -z ${SCREENSHOTS:-} ]] || mkdir -p "$SCREENSHOTS"
export PAGE_MODULES CHROMIUM LOCAL_BIN

timeout --kill-after=10 "$test_deadline" node "$here/main.mjs" "$@"
