#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches and builds what Sluice is built from. Idempotent: when all is there it takes well under a second.
#   tools/deps.sh build    apt packages, the project's .venv (Arrow, Spark Connect protocol), librdkafka, AWS CRT
#   tools/deps.sh test     besides: clang tools, Apache Kafka, MinIO, PySpark 4.2.0 and 3.5.7 with their Kafka connectors
#   tools/deps.sh fuzz     what build needs, clang 14 and its libFuzzer
#   tools/deps.sh package  what build needs, and what makes packages and tries them in a clean root
#   tools/deps.sh s3spark  besides: hadoop-aws for PySpark 4.2.0 (655 MB)
#   tools/deps.sh clients  besides: the JVM's client of Spark Connect, Ibis and dbt (those of Go and Rust come by go.sum and Cargo.pins)
#   tools/deps.sh bench    besides: DuckDB and Polars, to compare with
# Things built or fetched once live in ${SLUICE_CACHE:-~/.cache/sluice}, by version. What is fetched is checked against
# the hashes in tools/pins; Debian's packages are checked by apt.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
pins=$root/tools/pins
cache=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}
venv=$root/.venv

PYARROW=26.0.1
SPARK=4.2.0
SPARK3=3.5.7
LIBRDKAFKA=2.8.0
LIBRDKAFKA_DEBIAN=2.8.0-1
AWSCRT=0.38.0
KAFKA=4.4.0
PYTEST=9.0.2
CONFLUENT=2.16.1
PROMETHEUS=0.26.0
DUCKDB=2.0.0
POLARS=2.1.0
IBIS=12.0.0
DBT=1.11.16
MINIO=v0.0.0-20260212201848-7aac2a2c5b7c

say() { printf 'deps: %s\n' "$*"; }
jobs=$(nproc)

BUILD_APT="g++ cmake ninja-build ccache make git pkg-config python3 python3-venv dpkg-dev lld ca-certificates curl
  libprotobuf-dev protobuf-compiler libgrpc++-dev libpcre2-dev libedit-dev libcli11-dev libspdlog-dev libfmt-dev
  nlohmann-json3-dev
  libgtest-dev libgmock-dev libbenchmark-dev liblz4-dev libsnappy-dev libzstd-dev zlib1g-dev libssl-dev libsasl2-dev"
python=python3
if [ "$(. /etc/os-release; echo "${ID:-}${VERSION_ID:-}")" = ubuntu22.04 ]; then # its g++ 11 and Python 3.10 are too old
  BUILD_APT="$BUILD_APT g++-12 python3.11 python3.11-venv"
  python=python3.11
fi
FUZZ_APT="clang-14 libclang-rt-14-dev"
PACKAGE_APT="patchelf debootstrap binutils"
CLIENTS_APT="cargo-web"
TEST_APT="clang-format clang-tidy openssl zsh openjdk-17-jdk-headless maven golang-go"

# Asks for no package whose command the machine already has from elsewhere (a newer Go, another JDK).
missing_packages() {
  local package
  for package in "$@"; do
    case $package in
      golang-go) command -v go >/dev/null && continue ;;
      cargo-web) cargo --version 2>/dev/null | grep -qE ' 1\.(8[5-9]|9[0-9]|[0-9]{3,})\.' && continue ;;  # what the client asks for
      maven) command -v mvn >/dev/null && continue ;;
      openjdk-17-jdk-headless) [ -x /usr/lib/jvm/java-17-openjdk-amd64/bin/javac ] && continue
                               [ -x /usr/lib/jvm/java-17-openjdk-arm64/bin/javac ] && continue ;;
    esac
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

apt_packages() {
  local missing
  missing=$(missing_packages "$@" | paste -sd' ')
  [ -z "$missing" ] && return 0
  local sudo=""
  if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then sudo="sudo"; else
      printf 'deps: packages are missing and this is not root. Run once:\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n' "$missing" >&2
      exit 2
    fi
  fi
  say "apt: $missing"
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >"$cache/apt.log" 2>&1 ||
    { tail -20 "$cache/apt.log" >&2; exit 2; }
}

python_packages() { # venv-folder stamp set...: the packages of tools/pins/python-<set>.txt, each by its hash
  local target=$1 stamp=$1/.sluice-$2 set; shift 2
  [ -e "$stamp" ] && return 0
  say "python: $* into ${target##*/}"
  [ -x "$target/bin/pip" ] || "$python" -m venv "$target"
  # The lists are whole. With dependencies pip asks for a pin of each name[extra] besides that of the name.
  local pip=("$target/bin/pip" install -q --disable-pip-version-check --require-hashes --no-deps)
  for set in "$@"; do
    if grep -q '^pyspark' "$pins/python-$set.txt"; then
      # A source package: what builds it is pinned too, and not fetched behind our back.
      "${pip[@]}" -r "$pins/python-sources.txt"
      "${pip[@]}" --no-build-isolation -r "$pins/python-$set.txt"
    else
      "${pip[@]}" --only-binary :all: -r "$pins/python-$set.txt"
    fi
  done
  touch "$stamp"
}

# Compares files of a folder with a list of theirs in tools/pins.
check_files() { # list folder
  (cd "$2" && sha256sum --quiet --strict -c "$pins/$1" >&2) ||
    { say "a file that was fetched is not the one that tools/pins/$1 names" >&2; return 1; }
}

# Debian 12's librdkafka cannot log in by SCRAM to current brokers, so the source package of Debian 13 is built here. It is
# fetched from the mirror of Debian that this machine uses, or that SLUICE_DEBIAN_MIRROR names, with a sources list and a state
# folder of its own: nothing of the system changes. On another system the hashes in tools/pins alone say that the files are the
# right ones: it has no keys of Debian's archive.
librdkafka_source() { # folder
  local apt=$1/apt mirror keys=/usr/share/keyrings/debian-archive-keyring.gpg trust=trusted=yes
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -nE 's#^(deb .*|URIs: *)(https?://[^ ]*/debian)/?( .*)?$#\2#p' | head -1)
  mirror=${SLUICE_DEBIAN_MIRROR:-$mirror}
  if [ -z "$mirror" ]; then
    say "the source of librdkafka $LIBRDKAFKA comes from Debian, whose mirror this machine's apt does not use."
    say "Name one, any: SLUICE_DEBIAN_MIRROR=http://HOST/debian make (the files are checked against tools/pins)"
    return 1
  fi
  [ -r "$keys" ] && [ "$(. /etc/os-release; echo "$ID")" = debian ] && trust=signed-by=$keys
  echo "deb-src [$trust] $mirror trixie main" >"$apt/sources.list"
  local options=(-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update -qq
  (cd "$1" && apt-get "${options[@]}" source -qq --download-only "librdkafka=$LIBRDKAFKA_DEBIAN") &&
    check_files librdkafka.sha256 "$1" &&
    (cd "$1" && dpkg-source --no-check -x "librdkafka_$LIBRDKAFKA_DEBIAN.dsc" src >/dev/null)
}

# The hardening of cmake/SluiceFlags.cmake, for the libraries that are linked into the program.
hardening() {
  local flags="-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
  [ "$(uname -m)" = x86_64 ] && flags="$flags -fcf-protection=full"
  printf '%s' "$flags"
}

librdkafka() {
  local target=$cache/librdkafka-$LIBRDKAFKA
  [ -e "$target/.done" ] && return 0
  say "librdkafka $LIBRDKAFKA (about a minute)"
  local work; work=$(mktemp -d)
  librdkafka_source "$work" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 2; }
  { cmake -S "$work/src" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DRDKAFKA_BUILD_STATIC=ON \
      -DCMAKE_C_FLAGS="$(hardening)" -DCMAKE_CXX_FLAGS="$(hardening)" \
      -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DRDKAFKA_BUILD_EXAMPLES=OFF -DRDKAFKA_BUILD_TESTS=OFF -DWITH_SSL=ON -DWITH_SASL=ON \
      -DWITH_ZSTD=ON -DENABLE_LZ4_EXT=ON -DWITH_CURL=OFF -DCMAKE_INSTALL_PREFIX="$target" -DCMAKE_INSTALL_LIBDIR=lib &&
    cmake --build "$work/build" -j"$jobs" && cmake --install "$work/build"; } >"$work/log" 2>&1 ||
    { tail -20 "$work/log" >&2; exit 2; }
  touch "$target/.done"; rm -rf "$work"
}

aws_crt() {
  local target=$cache/awscrt-$AWSCRT
  [ -e "$target/.done" ] && return 0
  say "AWS CRT $AWSCRT (about a minute)"
  local work; work=$(mktemp -d)
  { aws_crt_source "$work" &&
    cmake -S "$work/awscrt-$AWSCRT/crt" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DUSE_OPENSSL=ON -DBUILD_TESTING=OFF \
      -DCMAKE_C_FLAGS="$(hardening)" \
      -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF -DCMAKE_INSTALL_PREFIX="$target" -DCMAKE_INSTALL_LIBDIR=lib &&
    cmake --build "$work/build" -j"$jobs" && cmake --install "$work/build"; } >"$work/log" 2>&1 ||
    { tail -20 "$work/log" >&2; exit 2; }
  touch "$target/.done"; rm -rf "$work"
}

aws_crt_source() { # folder
  "$venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary :all: -d "$1" "awscrt==$AWSCRT" &&
    check_files awscrt.sha256 "$1" &&
    tar -xzf "$1/awscrt-$AWSCRT.tar.gz" -C "$1"
}

# The licences and notices of the CRT's parts, which a package that contains them must bring.
aws_crt_licences() {
  local target=$cache/awscrt-$AWSCRT/licenses.txt work part
  [ -e "$target" ] && return 0
  work=$(mktemp -d)
  aws_crt_source "$work" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 2; }
  for part in "$work/awscrt-$AWSCRT"/crt/*/LICENSE; do
    part=$(dirname "$part")
    printf '%s\n\n' "== $(basename "$part")"
    find "$part" -maxdepth 1 \( -name 'NOTICE*' -o -name LICENSE \) -exec cat {} +
  done >"$work/licenses.txt"
  mv "$work/licenses.txt" "$target"
  rm -rf "$work"
}

# Jars of one Maven artifact with its runtime dependencies: those that the list in tools/pins names, and no others.
maven_jars() { # target-folder list artifact...
  local target=$1 list=$2; shift 2
  [ -e "$target/.done" ] && return 0
  say "maven: $*"
  local work; work=$(mktemp -d)
  mkdir -p "$target"
  { echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>local</groupId>'
    echo '<artifactId>jars</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
    local artifact
    for artifact in "$@"; do
      IFS=: read -r group name version <<<"$artifact"
      echo "<dependency><groupId>$group</groupId><artifactId>$name</artifactId><version>$version</version>"
      case $group in org.apache.spark) # Spark itself is in the PySpark wheel
        echo '<exclusions><exclusion><groupId>org.apache.spark</groupId><artifactId>spark-core_*</artifactId></exclusion><exclusion><groupId>org.apache.hadoop</groupId><artifactId>*</artifactId></exclusion><exclusion><groupId>org.scala-lang*</groupId><artifactId>*</artifactId></exclusion></exclusions>' ;;
      esac
      echo '</dependency>'
    done
    echo '</dependencies></project>'; } >"$work/pom.xml"
  mvn -B -q -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$target" -DincludeScope=runtime >"$work/log" 2>&1 ||
    { tail -20 "$work/log" >&2; return 1; }
  check_files "$list" "$target" || return 1
  [ "$(find "$target" -name '*.jar' | wc -l)" = "$(wc -l <"$pins/$list")" ] ||
    { say "there are jars that tools/pins/$list does not name" >&2; return 1; }
  touch "$target/.done"; rm -rf "$work"
}

minio() {
  local target=$cache/minio-${MINIO##*-}
  [ -x "$target/minio" ] && return 0
  say "MinIO $MINIO (a test server; about six minutes)"
  mkdir -p "$target"
  local work module
  work=$(mktemp -d)
  # Built in the module's own folder, its go.sum pins what it is made of; its own hash is pinned here.
  { (cd "$work" && go mod download -json "github.com/minio/minio@$MINIO" >module.json) &&
    module=$(python3 "$root/tools/pinned_module.py" "$work/module.json" "$pins/minio.h1") &&
    cp -r "$module" "$work/minio" && chmod -R u+w "$work/minio" &&
    (cd "$work/minio" && GOBIN=$target GOFLAGS="-p=$jobs -mod=readonly" go install -buildvcs=false -trimpath -ldflags "-s -w" .); } \
    >"$cache/minio.log" 2>&1 || { tail -20 "$cache/minio.log" >&2; return 1; }
  rm -rf "$work"
}

build() {
  mkdir -p "$cache"
  # shellcheck disable=SC2086
  apt_packages $BUILD_APT
  python_packages "$venv" "build-$PYARROW-$SPARK" build
  librdkafka
  aws_crt
}

# One server that cannot be had does not stop the others: the tests say what was skipped.
test_servers() {
  # shellcheck disable=SC2086
  apt_packages $TEST_APT
  local failed=0
  python_packages "$venv" "test-$PYTEST-$CONFLUENT-$PROMETHEUS" test
  maven_jars "$cache/kafka-$KAFKA" jars-kafka.sha256 "org.apache.kafka:kafka_2.13:$KAFKA" org.apache.logging.log4j:log4j-slf4j-impl:2.25.5 || failed=1
  minio || failed=1
  python_packages "$cache/spark-$SPARK" done "spark-$SPARK" || failed=1
  maven_jars "$cache/spark-$SPARK/kafka-jars" "jars-spark-$SPARK-kafka.sha256" "org.apache.spark:spark-sql-kafka-0-10_2.13:$SPARK" || failed=1
  python_packages "$cache/spark-$SPARK3" done "spark-$SPARK3" || failed=1
  maven_jars "$cache/spark-$SPARK3/kafka-jars" "jars-spark-$SPARK3-kafka.sha256" "org.apache.spark:spark-sql-kafka-0-10_2.12:$SPARK3" || failed=1
  if [ $failed = 1 ] && [ "${CI:-}" = true ]; then say "a test server could not be had" >&2; exit 1; fi
}

case ${1:-build} in
  build) build ;;
  test) build; test_servers ;;
  fuzz)
    build
    # shellcheck disable=SC2086
    apt_packages $FUZZ_APT ;;
  package)
    build
    # shellcheck disable=SC2086
    apt_packages $PACKAGE_APT
    aws_crt_licences ;;
  s3spark) build; test_servers; maven_jars "$cache/spark-$SPARK/s3-jars" "jars-spark-$SPARK-s3.sha256" org.apache.hadoop:hadoop-aws:3.5.0 ;;
  clients)
    build; test_servers
    # shellcheck disable=SC2086
    apt_packages $CLIENTS_APT
    python_packages "$cache/ibis-$IBIS" done clients
    python_packages "$cache/dbt-$DBT" done dbt
    maven_jars "$cache/connect-client-$SPARK" jars-connect-client.sha256 "org.apache.spark:spark-connect-client-jvm_2.13:$SPARK" \
      org.scala-lang:scala-library:2.13.18 org.scala-lang:scala-reflect:2.13.18 org.scala-lang.modules:scala-xml_2.13:2.4.0 \
      org.scala-lang.modules:scala-parser-combinators_2.13:2.4.0 ;;
  bench) build; test_servers; python_packages "$cache/bench-peers" "$DUCKDB-$POLARS" bench || say "no DuckDB and Polars to compare with" ;;
  *) sed -n '3,12p' "$0"; exit 2 ;;
esac
