#!/usr/bin/env bash
# Has HTTP clients follow links to more than 400 odd URLs, and looks at what arrives at their server: curl, Python's requests
# and httpx, Node's fetch, and Java's HttpClient, the strictest.
#
#   tests/follow/run.sh
#
# Needs curl, Node.js 20, Python 3.11 and a Rust toolchain. A Java development kit is installed with apt-get if there is
# none; the Python libraries, pinned with hashes, are installed by tests/tools.sh. LOCAL_BIN names a `local` program that
# is built already. Prints "N passed, N failed" and fails unless all passed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tools.sh"
test_deadline=1500 # seconds, for all clients

python=$(python_tools follow-python "$here/requirements.txt")/python
command -v javac >/dev/null || packages default-jdk-headless
build_local
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
javac -d "$work" "$here/clients/Follow.java"
start_local "$work"
FOLLOW_STACK=$(<"$work/ready")
export FOLLOW_STACK FOLLOW_JAVA=$work
timeout --kill-after=10 "$test_deadline" "$python" "$here/follow.py"
