#!/usr/bin/env bash
# Builds dax-server for people without Rust: a wheel, and two npm packages with the program of that wheel.
#
#   packaging/build.sh FOLDER                      for this machine, as CI tests it: quick to build
#   packaging/build.sh FOLDER TARGET [ARGUMENT…]   as it is released, for a Rust target
#
# More arguments go to maturin: `--zig --compatibility manylinux2014` links against that glibc. The packages end up in
# FOLDER. Needs Node.js 20, Python 3.11 and Rust with the target; maturin and zig are installed by tests/tools.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/tools.sh

out=$1 target=${2:-} work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
out=$(cd "$out" && pwd)

# CI tests the packages around the program. An optimised one is no different there and takes many minutes more.
if [[ -z $target ]]; then
  options=(--profile dev)
  target=$(rustc -vV | sed -n 's/^host: //p')
else
  options=(--profile dist --target "$target" "${@:3}")
fi

version=$(sed -n 's/^requires = \["maturin==\(.*\)"\]$/\1/p' packaging/python/pyproject.toml)
PATH=$(tool maturin "$version"):$PATH
# maturin runs zig as a module of the first Python in the path.
if [[ " ${options[*]} " == *" --zig "* ]]; then
  PATH=$(tool ziglang 0.17.1):$PATH
fi
(cd packaging/python && maturin build --locked --out "$work" "${options[@]}")
python3 -m zipfile -e "$work"/dax_server-*.whl "$work/wheel"
cargo metadata --locked --no-deps --format-version 1 \
  | node packaging/npm/stage.mjs "$target" "$work"/wheel/dax_server-*.data/scripts/dax-server "$work/npm"
for package in command program; do
  npm pack --silent --pack-destination "$out" "$work/npm/$package" >/dev/null
done
mv "$work"/*.whl "$out"
ls -l "$out"
