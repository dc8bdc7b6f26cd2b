#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/package.sh    from build/release: build/package/sluice-VERSION-linux-ARCH.tar.gz, a .deb and a wheel of the same tree.
#
# The tree brings each shared library but those of C and C++, with its licence, so it runs on a machine that has neither a
# compiler nor Python nor these packages. It says how new these two must be. The C++ library is not brought because this
# one asks for a newer C library than all the rest does: without it the tree runs on Ubuntu 22.04 too.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/release
out=$PWD/build/package
version=$(sed -n 's/^project(sluice VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
arch=$(uname -m)
tree=$out/sluice-$version-linux-$arch
export LC_ALL=C SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# What a program takes from the machine it runs on: of the C library's own package, and the C++ library's.
from_machine='^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|anl|mvec|stdc\+\+|gcc_s))\.so'

needed() { # the libraries that a file asks for and where they are: "name path" a line
  ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// {print $1, $3}'
}

licence_of() { # the licence text of the Debian package that a file is of
  local package
  package=$(dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "/usr$1" 2>/dev/null || dpkg-query -S "${1#/usr}")
  package=${package%%:*}
  cp -L "/usr/share/doc/$package/copyright" "$tree/share/doc/sluice/licenses/$package"
}

install_tree() {
  rm -rf "$out"
  mkdir -p "$out"
  cmake --install "$build" --prefix "$tree" --strip >/dev/null
  mkdir -p "$tree/share/doc/sluice/licenses"
  cp LICENSE README.md sample.env "$tree/share/doc/sluice/"
  cp -r docs examples "$tree/share/doc/sluice/"
  local file name path
  for file in "$tree/bin/sluice" "$tree/lib/libsluice_remote.so"; do needed "$file"; done | sort -u | while read -r name path; do
    [[ $name =~ $from_machine || $path == "$tree"/* ]] && continue
    cp -L "$path" "$tree/lib/$name"
    patchelf --set-rpath "\$ORIGIN" "$tree/lib/$name"
    licence_of "$(readlink -f "$path")"
  done
  static_licences
}

# Of what is linked statically or compiled in. Headers of Debian carry the same licence as their library.
static_licences() {
  local package folder
  for package in libgrpc++-dev libabsl-dev libre2-dev libc-ares-dev libcli11-dev nlohmann-json3-dev; do
    cp -L "/usr/share/doc/$package/copyright" "$tree/share/doc/sluice/licenses/$package"
  done
  folder=$(sed -n 's/^SLUICE_DEPS:PATH=//p' "$build/CMakeCache.txt")
  cp "$folder"/librdkafka-*/share/licenses/librdkafka/LICENSES.txt "$tree/share/doc/sluice/licenses/librdkafka"
  cp "$folder"/awscrt-*/licenses.txt "$tree/share/doc/sluice/licenses/awscrt"
  cp .venv/lib/python3*/site-packages/pyarrow-*.dist-info/licenses/LICENSE.txt "$tree/share/doc/sluice/licenses/arrow"
}

newest() { # GLIBC or GLIBCXX: the newest version of that library that a file of the tree asks for
  find "$tree" -type f \( -name '*.so*' -o -path '*/bin/*' \) -exec objdump -T {} + 2>/dev/null |
    grep -o "\b$1_[0-9][0-9.]*" | sort -uV | tail -1 | cut -d_ -f2
}

make_deb() {
  local root=$out/deb debarch
  debarch=$(dpkg --print-architecture)
  mkdir -p "$root/DEBIAN" "$root/opt" "$root/usr/bin" "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions"
  cp -a "$tree" "$root/opt/sluice"
  ln -s ../../opt/sluice/bin/sluice "$root/usr/bin/sluice"
  cp "$tree/share/man/man1/sluice.1" "$root/usr/share/man/man1/"
  cp "$tree/share/bash-completion/completions/sluice" "$root/usr/share/bash-completion/completions/"
  cat >"$root/DEBIAN/control" <<END
Package: sluice
Version: $version
Architecture: $debarch
Depends: libc6 (>= $glibc), libstdc++6 (>= 12), libgcc-s1 (>= 12)
Recommends: ca-certificates
Maintainer: The Sluice authors <sluice@localhost>
Section: database
Priority: optional
Description: native engine for Spark Structured Streaming
 Runs streaming queries that were written for Spark, from SQL files, C++ and
 PySpark, as one small process.
END
  dpkg-deb --root-owner-group -Zgzip --build "$root" "$out/sluice_${version}_$debarch.deb" >/dev/null
  rm -rf "$root"
}

make_wheel() {
  local root=$out/wheel
  mkdir -p "$root/sluice_engine" "$root/sluice_engine-$version.dist-info"
  cp -a "$tree/bin" "$tree/lib" "$tree/share" "$root/sluice_engine/"
  rm -rf "$root/sluice_engine/lib/cmake" "$root"/sluice_engine/lib/libsluice{,_remote}.so*
  cat >"$root/sluice_engine/__init__.py" <<'END'
# SPDX-License-Identifier: Apache-2.0
"""The program `sluice`, as a package: the command of that name becomes the program that is in this folder."""
import os
import pathlib
import sys


def main():
    program = pathlib.Path(__file__).parent / "bin" / "sluice"
    # `sluice submit` runs Python programs with this Python, unless the user names another.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.execv(program, ["sluice", *sys.argv[1:]])
END
  cat >"$root/sluice_engine-$version.dist-info/METADATA" <<END
Metadata-Version: 2.1
Name: sluice-engine
Version: $version
Summary: Native engine for Spark Structured Streaming
License: Apache-2.0
Requires-Python: >=3.9
END
  printf '[console_scripts]\nsluice = sluice_engine:main\n' >"$root/sluice_engine-$version.dist-info/entry_points.txt"
  printf 'Wheel-Version: 1.0\nGenerator: sluice\nRoot-Is-Purelib: false\nTag: py3-none-manylinux_%s_%s\n' \
    "${glibc/./_}" "$arch" >"$root/sluice_engine-$version.dist-info/WHEEL"
  .venv/bin/python -m wheel pack --dest-dir "$out" "$root" >/dev/null
  rm -rf "$root"
}

install_tree
glibc=$(newest GLIBC)
glibcxx=$(newest GLIBCXX)
[[ $glibc =~ ^2\.([0-9]|[12][0-9]|3[0-5])$ && $glibcxx =~ ^3\.4(\.([0-9]|[12][0-9]|30))?$ ]] ||
  { echo "the tree asks for GLIBC_$glibc and GLIBCXX_$glibcxx, which Ubuntu 22.04 has not" >&2; exit 1; }
echo "runs with glibc $glibc and GLIBCXX_$glibcxx (libstdc++ of GCC 12), or newer" >"$tree/share/doc/sluice/requires.txt"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$out" -czf "$tree.tar.gz" "$(basename "$tree")"
make_deb
make_wheel
ls -sh --block-size=1 "$out"/*.tar.gz "$out"/*.deb "$out"/*.whl | sed "s|$PWD/||"
