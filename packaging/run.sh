#!/usr/bin/env bash
# Builds the packages of dax-server, installs each as its users do, and has the official Python and Node.js clients go
# through the ten operations with the command that comes out. Then the GitHub action starts a cluster with it.
#
#   packaging/run.sh           builds first, quickly
#   packaging/run.sh FOLDER    takes the packages that are there
#
# Nothing is fetched but the clients, which tests/tools.sh installs. Prints "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=${1:-$work/packages}
[[ -n ${1:-} ]] || packaging/build.sh "$packages"
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)

passed=0 failed=0
check() { # what, command…
  if "${@:2}" >"$work/log" 2>&1; then
    passed=$((passed + 1))
    echo "  $1: $(tail -n 1 "$work/log")"
  else
    failed=$((failed + 1))
    echo "FAILED $1" >&2
    cat "$work/log" >&2
  fi
}
# Names the installed command, and refuses wrong use with the status that the program itself has.
answers() { # program
  local status=0
  [[ $("$1" --version) == "dax-server $version" ]] || return 1
  "$1" --no-such-option 2>/dev/null || status=$?
  [[ $status -eq 2 ]] && "$1" --version
}
ten_operations() { # program
  DAX_SERVER=$1 tests/interop/run.sh python node-v3
}
# The wheel says what pip and a licence scanner ask for.
described() {
  "$1/bin/python" - <<'PYTHON'
from importlib.metadata import metadata

about = metadata("dax-server")
assert about["License-Expression"] == "Apache-2.0", about["License-Expression"]
assert about.get_all("License-File"), "the licence is in the wheel"
assert about["Description-Content-Type"].startswith("text/markdown")
assert "DAX" in about.get_payload(), "PyPI shows the README"
print(about["Summary"])
PYTHON
}
# Without its optional dependency, the npm package says what is missing.
explains() { # program
  ! "$1" --version 2>"$work/why" && grep 'is not installed' "$work/why"
}
# The action's steps, as a runner calls them.
action() { # program
  local environment=$work/environment
  : >"$environment"
  GITHUB_ENV=$environment GITHUB_OUTPUT=$work/output RUNNER_TEMP=$work DAX_SERVER=$1 \
    OPTIONS='--nodes 2 --port 0 --control-port 0' .github/actions/dax-server/start.sh || return
  # shellcheck disable=SC1090 # What a later step would see.
  (set -a && . "$environment" && python3 - <<'PYTHON') || return
import json, os, urllib.request

status = json.load(urllib.request.urlopen(os.environ["DAX_CONTROL_ENDPOINT"] + "/status", timeout=10))
endpoints = [node["endpoint"] for node in status["nodes"]]
assert len(endpoints) == 2 and os.environ["DAX_ENDPOINT"] == endpoints[0], (os.environ["DAX_ENDPOINT"], endpoints)
assert os.environ["DYNAMODB_ENDPOINT"].startswith("http://127.0.0.1:")
print("a cluster of two nodes for", os.environ["DAX_ENDPOINT"])
PYTHON
  kill "$(sed -n 's/^DAX_SERVER_PID=//p' "$environment")"
}

echo 'pip'
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$packages"/*.whl
check 'metadata' described "$work/venv"
check 'command' answers "$work/venv/bin/dax-server"
check 'ten operations' ten_operations "$work/venv/bin/dax-server"

echo 'npm'
install_npm() { # folder, packages…
  mkdir -p "$work/$1"
  npm install --offline --silent --no-audit --no-fund --prefix "$work/$1" "${@:2}"
}
install_npm npm "$packages"/*.tgz
check 'command' answers "$work/npm/node_modules/.bin/dax-server"
check 'ten operations' ten_operations "$work/npm/node_modules/.bin/dax-server"
install_npm half "$packages/dax-server-$version.tgz"
check 'half installed' explains "$work/half/node_modules/.bin/dax-server"

echo 'the action'
check 'cluster' action "$work/npm/node_modules/.bin/dax-server"

echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
