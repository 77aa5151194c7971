# Sourced by the scripts that need outside tools. Each tool has a pinned version and is installed once, outside the clone,
# into $KURZ_TOOLS (default: $XDG_CACHE_HOME/kurz-tools or ~/.cache/kurz-tools).
# shellcheck shell=bash

tools=${KURZ_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/kurz-tools}

# installed FOLDER COMMAND…: prints the folder, after `COMMAND… FOLDER` has filled it unless it was complete already.
# Callers run in `$(…)`, where `set -e` does not reach, hence the `&&`.
installed() {
  if [[ ! -e $1/complete ]]; then
    echo "installing $1" >&2
    rm -rf "$1" && mkdir -p "$1" && "${@:2}" "$1" >&2 && touch "$1/complete" || return
  fi
  echo "$1"
}

# The folder's name holds a digest of the pins, so changed pins are installed afresh.
digest() { sha256sum "$1" | cut -c1-16; }

# tool NAME VERSION: prints the folder with the executables of one Python tool.
tool() {
  local folder
  folder=$(installed "$tools/$1-$2" install_python "$1==$2") && echo "$folder/bin"
}

# python_tools NAME REQUIREMENTS: the same for a requirements file with hashes.
python_tools() {
  local folder
  folder=$(installed "$tools/$1-$(digest "$2")" install_python --require-hashes -r "$2") && echo "$folder/bin"
}

# node_modules NAME FOLDER: prints the folder whose `node_modules` holds what the lock file in FOLDER names.
node_modules() {
  installed "$tools/$1-$(digest "$2/package-lock.json")" install_node "$2"
}

# cargo_tool NAME VERSION: prints the folder with the executables of a Rust program, which is built with its own lock file.
cargo_tool() {
  local folder
  folder=$(installed "$tools/$1-$2" install_cargo "$1@$2") && echo "$folder/bin"
}

install_cargo() { # package, folder
  CARGO_TARGET_DIR="$2/build" cargo install --quiet --locked --root "$2" "$1" && rm -rf "$2/build"
}

install_python() { # pip arguments…, folder
  local folder=${*: -1}
  python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "${@:1:$#-1}"
}

install_node() { # folder of the lock file, folder
  cp "$1/package.json" "$1/package-lock.json" "$2" && npm ci --prefix "$2" --ignore-scripts --no-audit --no-fund --loglevel=error
}

# packages NAME…: installs packages of the system.
packages() {
  local as_root=
  [[ $(id -u) -eq 0 ]] || as_root=sudo
  echo "installing $*" >&2
  $as_root apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >&2
}

# build_local: sets LOCAL_BIN to the `local` program of this workspace, unless it names one that is built already.
build_local() {
  if [[ -z ${LOCAL_BIN:-} ]]; then
    local root
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    # `--workspace` selects the features that other steps of CI build with, so the SDK is compiled once.
    cargo build --quiet --manifest-path "$root/Cargo.toml" --workspace --bin local
    LOCAL_BIN=${CARGO_TARGET_DIR:-$root/target}/debug/local
  fi
}

# start_local FOLDER OPTION…: starts `local` on free ports until this shell exits, when FOLDER is removed as well. Its line
# of JSON is then in FOLDER/ready, what it prints in FOLDER/log.
start_local() {
  local work=$1 start_deadline=900 # seconds, until the functions are built and the stack answers
  "$LOCAL_BIN" "${@:2}" --port 0 --dax-port 0 --dynamodb-port 0 --lambda-port 0 --json >"$work/ready" 2>"$work/log" &
  # shellcheck disable=SC2064 # The values of now.
  trap "kill $! 2>/dev/null || true; wait $! 2>/dev/null || true; rm -rf '$work'" EXIT
  for ((tries = 0; tries < start_deadline * 10; tries++)); do
    [[ ! -s $work/ready ]] || return 0
    if ! kill -0 "$!" 2>/dev/null; then
      cat "$work/log" >&2
      exit 1
    fi
    sleep 0.1
  done
  echo 'the local stack does not get ready' >&2
  exit 1
}
