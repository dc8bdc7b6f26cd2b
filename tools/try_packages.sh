#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/try_packages.sh   runs what tools/package.sh made where nothing is installed: the archive and the .deb in a Debian
# of the fewest packages (no compiler, no Python, no library of ours), the wheel in a new virtual environment.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=$PWD/build/package
cache=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}
suite=$(. /etc/os-release; echo "$VERSION_CODENAME")
bare=$cache/bare-$suite
work=$(mktemp -d)
trap 'cleanup' EXIT

cleanup() {
  drop_root
  rm -rf --one-file-system "$work"
}

# Never goes into what is mounted, should it be in use still.
drop_root() {
  umount "$work/root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$work/root"
}

mirror() { # the machine's own
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $suite" | head -1
}

fresh_root() {
  if [ ! -e "$bare/.done" ]; then
    rm -rf "$bare"
    debootstrap --variant=minbase "$suite" "$bare" "$(mirror)" >"$work/debootstrap.log" 2>&1 || { tail -20 "$work/debootstrap.log" >&2; exit 2; }
    touch "$bare/.done"
  fi
  drop_root
  cp -a "$bare" "$work/root"
  mount -t proc proc "$work/root/proc"
  local found
  found=$(chroot "$work/root" sh -c 'command -v python3 g++ gcc cmake' || true)
  [ -z "$found" ] || { echo "the clean root is not clean: $found" >&2; exit 1; }
}

# The program's own word for it, a query, and the whole pipeline: Kafka protocol, Parquet, checkpoint, SQL.
try() { # what command...
  local what=$1; shift
  "$@" --version >"$work/out" 2>&1 || fail "$what --version"
  "$@" sql --format csv "SELECT sha2('sluice', 256) AS hash, 1 + 1 AS two" >"$work/out" 2>&1 || fail "$what sql"
  grep -q '^[0-9a-f]\{64\},2$' "$work/out" || fail "$what sql"
  "$@" demo --records 3000 --progress none >"$work/out" 2>&1 || fail "$what demo"
  grep -q 'star_rating' "$work/out" || fail "$what demo"
  echo "$what: version, sql and demo work"
}

fail() {
  echo "$1 failed:" >&2
  tail -20 "$work/out" >&2
  exit 1
}

fresh_root
tar -xzf "$packages"/sluice-*.tar.gz -C "$work/root/opt"
tree=$(basename "$packages"/sluice-*.tar.gz .tar.gz)
try "$tree.tar.gz" chroot "$work/root" "/opt/$tree/bin/sluice"

fresh_root
cp "$packages"/sluice_*.deb "$work/root/tmp/sluice.deb"
chroot "$work/root" dpkg -i /tmp/sluice.deb >"$work/out" 2>&1 || fail "dpkg -i"
try "$(basename "$packages"/sluice_*.deb)" chroot "$work/root" sluice
chroot "$work/root" dpkg -r sluice >"$work/out" 2>&1 || fail "dpkg -r"
[ ! -e "$work/root/opt/sluice" ] || { echo "dpkg -r left files in /opt/sluice" >&2; exit 1; }

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check --no-index "$packages"/sluice_engine-*.whl >"$work/out" 2>&1 || fail "pip install"
mkdir "$work/empty" && cd "$work/empty"
try "$(basename "$packages"/sluice_engine-*.whl)" env -i "PATH=$work/venv/bin" "HOME=$work" sluice
