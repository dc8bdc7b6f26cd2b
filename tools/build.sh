#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/build.sh debug|release|tsan|fuzz target...   configures build/<kind> when needed and builds. Quiet on success.
# Besides Ninja's targets there is `configure` (build nothing).
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1; shift
folder=build/$kind
case $kind in
  release) options=(-DCMAKE_BUILD_TYPE=Release) ;;
  debug) options=(-DCMAKE_BUILD_TYPE=Debug -DSLUICE_SANITIZE=address,undefined) ;;
  tsan) options=(-DCMAKE_BUILD_TYPE=Debug -DSLUICE_SANITIZE=thread) ;;
  fuzz) options=(-DCMAKE_BUILD_TYPE=Fuzz -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14 -DSLUICE_FUZZ=ON
    -DSLUICE_TESTS=OFF -DSLUICE_SANITIZE=address,undefined) ;;
  *) sed -n '3,4p' "$0"; exit 2 ;;
esac
# Ubuntu 22.04 has g++ 11 by this name, and 12 beside it.
if [ "$kind" != fuzz ] && [ -z "${CXX:-}" ] && [ "$(g++ -dumpversion)" -lt 12 ]; then
  options+=(-DCMAKE_C_COMPILER=gcc-12 -DCMAKE_CXX_COMPILER=g++-12)
fi
log=$folder/configure.log
mkdir -p "$folder"
if [ ! -f "$folder/build.ninja" ]; then
  cmake -S . -B "$folder" -G Ninja -DSLUICE_DEPS="${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}" \
    "${options[@]}" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
fi
targets=()
for target in "$@"; do
  [ "$target" = configure ] || targets+=("$target")
done
[ ${#targets[@]} = 0 ] && exit 0
if [ -t 1 ]; then
  ninja -C "$folder" -j"$(nproc)" "${targets[@]}"
else
  ninja -C "$folder" -j"$(nproc)" --quiet "${targets[@]}" >"$folder/build.log" 2>&1 || { cat "$folder/build.log"; exit 1; }
fi
