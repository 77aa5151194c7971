#!/usr/bin/env bash
# Tries an image of packaging/Containerfile: the official Python and Node.js clients go through the ten operations with a
# container of it.
#
#   packaging/image.sh IMAGE
#
# Needs docker, on Linux, where a container's address can be reached from outside.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A command like any other for tests/interop: it prints where it is, runs until it is stopped, and takes its ports as given.
cat >"$work/dax-server" <<SCRIPT
#!/usr/bin/env bash
exec docker run --rm --init --network host --env DAX_DYNAMODB_PORT=0 "$1" \\
  --listen 127.0.0.1 --http-listen 127.0.0.1 "\$@"
SCRIPT
chmod +x "$work/dax-server"
DAX_SERVER=$work/dax-server tests/interop/run.sh python node-v3
