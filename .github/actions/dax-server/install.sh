#!/usr/bin/env bash
# Installs dax-server outside the job's own projects and hands its path to the next step in DAX_SERVER.
#
#   VERSION (may be empty)  INSTALLER (npm, pip or cargo)  RUNNER_TEMP, GITHUB_ENV (the runner's)
set -euo pipefail

place=$RUNNER_TEMP/dax-server
case $INSTALLER in
  npm)
    npm install --no-audit --no-fund --loglevel=error --prefix "$place" "dax-server${VERSION:+@$VERSION}"
    program=$place/node_modules/.bin/dax-server
    ;;
  pip)
    python3 -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check "dax-server${VERSION:+==$VERSION}"
    program=$place/bin/dax-server
    ;;
  cargo)
    cargo install --locked --quiet --root "$place" dax-server ${VERSION:+--version "$VERSION"}
    program=$place/bin/dax-server
    ;;
  *)
    echo "::error::installer is npm, pip or cargo, not $INSTALLER" >&2
    exit 1
    ;;
esac
"$program" --version
echo "DAX_SERVER=$program" >>"$GITHUB_ENV"
