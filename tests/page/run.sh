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
  if ! command -v chromium >/dev/null; then
    echo 'installing chromium' >&2
    as_root=
    [[ $(id -u) -eq 0 ]] || as_root=sudo
    $as_root apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >&2
  fi
  CHROMIUM=$(command -v chromium)
fi

build_local
[[ -z ${SCREENSHOTS:-} ]] || mkdir -p "$SCREENSHOTS"
export PAGE_MODULES CHROMIUM LOCAL_BIN

timeout --kill-after=10 "$test_deadline" node "$here/main.mjs" "$@"
