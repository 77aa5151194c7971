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

install_python() { # pip arguments…, folder
  local folder=${*: -1}
  python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "${@:1:$#-1}"
}

install_node() { # folder of the lock file, folder
  cp "$1/package.json" "$1/package-lock.json" "$2" && npm ci --prefix "$2" --ignore-scripts --no-audit --no-fund --loglevel=error
}
